"""Articles and vectors, as many as are wanted, that an index holds as it would hold real ones.

The articles are made of the built-in corpus's passages over and over, 20 to an article, each with a word of
its own, and dated over ten years. A vector is that of its passage, embedded, moved by half the difference of
two others, so that a million of them lie where real ones would.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.corpus.articles import Article, read_corpus
from assistant.corpus.chunking import Chunk, passage_text, split_article
from assistant.index.encoding import EncodedArticle
from assistant.models.encoders.embeddings import load_embeddings
from assistant.settings import Settings

PASSAGES = 20
"""Of an article."""

FIRST, YEARS = dt.date(2016, 1, 1), 10
MIDDLE = FIRST + dt.timedelta(days=YEARS * 365 // 2)
"""A day by which half of the articles are there."""

SPREAD = 0.5
"""Of the difference between two real directions, by which a third is moved."""


@dataclass(frozen=True)
class Made:
    """Articles made of real passages, and their vectors; always the same."""

    texts: Sequence[str]
    directions: NDArray[np.float32]
    """(texts, dimensions), of length 1."""
    articles: int
    changed: bool = False
    """Whether the first article has another word in each passage."""

    def __iter__(self) -> Iterator[Article]:
        return map(self.article, range(self.articles))

    def article(self, number: int) -> Article:
        word = f"{'changed' if self.changed and number == 0 else 'copy'}{number}"
        text = "\n\n".join(f"{self.texts[place]} {word}." for place in self._places(number))
        day = FIRST + dt.timedelta(days=number * 7919 % (YEARS * 365))
        return Article(f"{number:07}", f"Report {number}", text, day, "made")

    def _places(self, number: int) -> NDArray[np.int64]:
        return np.arange(number * PASSAGES, (number + 1) * PASSAGES) % len(self.texts)

    def encode(self, batches: Iterable[list[Article]]) -> Iterator[list[EncodedArticle]]:
        for batch in batches:
            yield [
                EncodedArticle(article, list(_chunks(article)), self.vectors(int(article.id)))
                for article in batch
            ]

    def vectors(self, number: int) -> NDArray[np.float32]:
        real = self.directions
        one, other = np.random.default_rng(number).integers(len(real), size=(2, PASSAGES))
        moved = real[self._places(number)] + SPREAD * (real[one] - real[other])
        scaled: NDArray[np.float32] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
        return scaled


def _chunks(article: Article) -> Iterator[Chunk]:
    """As `split_article` has them, in a hundredth of the time."""
    start = 0
    for position, text in enumerate(article.text.split("\n\n")):
        yield Chunk(article.id, position, start, start + len(text), text)
        start += len(text) + 2


def real(settings: Settings) -> tuple[list[str], NDArray[np.float32]]:
    """The texts of the corpus's passages, each a paragraph, and their vectors."""
    embeddings = load_embeddings(settings.embedder, settings.cache, for_queries=False)
    pairs = [
        (chunk, article)
        for article in read_corpus(settings.corpus_path)
        for chunk in split_article(article, settings.chunk_words)
    ]
    vectors = embeddings.embed_documents([passage_text(*pair) for pair in pairs])
    return [" ".join(chunk.text.split()) for chunk, _ in pairs], np.asarray(vectors, np.float32)
