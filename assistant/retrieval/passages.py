"""Passages: what retrieval finds, with each stage's ranks and scores."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.corpus.articles import Article
from assistant.corpus.chunking import Chunk
from assistant.models.encoders.reader import Reading
from assistant.retrieval.scores import Scores


@dataclass(frozen=True, slots=True)
class Ranks:
    """1-based ranks after each stage; None where the stage did not hold the passage."""

    dense: int | None = None
    lexical: int | None = None
    fused: int | None = None
    reranked: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found, with its scores as they came.

    `score` is the probability made of them, between 0 and 1, higher is better; of a hit that a stage passed
    over at most that of those it ranked before it.
    """

    chunk: Chunk
    article: Article
    score: float
    ranks: Ranks = field(default_factory=Ranks)
    scores: Scores = field(default_factory=Scores)
    reading: Reading | None = None
    """What the reader made of the chunk's text, where it read it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`article.text[start:end]`: the best of its hits with its neighbours. The hits come best first."""

    article: Article
    start: int
    end: int
    hits: tuple[Hit, ...]
    copies: tuple[Hit, ...] = ()
    """Near copies of its hits in other articles, as citable as the passage itself."""

    @property
    def text(self) -> str:
        return self.article.text[self.start : self.end]

    @property
    def score(self) -> float:
        return self.hits[0].score
