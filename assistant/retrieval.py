"""Retrieval: the passages that may answer a question, best first.

    question ─┬─► dense   nearest vectors in Chroma  ─┬─► fused (RRF) ─► reranked ─► near copies grouped ─► k passages
              └─► lexical BM25 in the catalogue      ─┘

Filters (a day, a section, an outlet) are applied inside both searches. Every passage carries its rank at each
stage, so that a miss can be understood.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.cross_encoders import BaseCrossEncoder
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever

from assistant.articles import Article
from assistant.chunks import Chunk, heading, to_document
from assistant.filters import Filters
from assistant.index import Index

POOL = 50
"""Chunks taken from each of the two searches."""

RRF_K = 10
"""Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009), who use 60 for long rankings; chosen
on the dev half of gold."""

COPY_OVERLAP = 0.6
"""Share of the shorter passage's word trigrams that also stand in the other, from which the two are near copies."""

Key = tuple[str, int]
"""A chunk by its article's id and its position."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """1-based ranks after each stage; None where the stage did not hold the passage."""

    dense: int | None = None
    lexical: int | None = None
    fused: int | None = None
    reranked: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found, with its article. `score` lies between 0 and 1, higher is better."""

    chunk: Chunk
    article: Article
    score: float
    ranks: Ranks = field(default_factory=Ranks)
    copies: tuple[Passage, ...] = ()
    """Near copies in other articles, as citable as the passage itself."""


class Retriever(BaseRetriever):
    """Hybrid retrieval over an index, as a LangChain retriever."""

    index: Any  # Index; pydantic need not look into it
    embeddings: Embeddings
    reranker: Any = None  # BaseCrossEncoder or None
    candidates: int = 20
    k: int = 8

    def retrieve(self, question: str, filters: Filters = Filters(), k: int | None = None) -> list[Passage]:
        """The k best passages for a question, near copies grouped, best first."""
        index: Index = self.index
        dense = index.dense(self.embeddings.embed_query(question), POOL, filters)
        lexical = index.catalogue.search(question, POOL, filters)
        passages = self._fuse(dense, lexical)
        if self.reranker is not None:
            passages = rerank(self.reranker, question, passages, self.candidates)
        return group_copies(passages)[: k if k is not None else self.k]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [to_document(passage.chunk, passage.article) for passage in self.retrieve(query)]

    def _fuse(self, dense: list[tuple[str, int, float]], lexical: list[tuple[str, int, float]]) -> list[Passage]:
        """Candidates by reciprocal rank fusion. The score is the cosine similarity until a reranker gives one."""
        dense_rank = {(article, position): rank for rank, (article, position, _) in enumerate(dense, 1)}
        lexical_rank = {(article, position): rank for rank, (article, position, _) in enumerate(lexical, 1)}
        similarity = {(article, position): score for article, position, score in dense}
        passages: list[Passage] = []
        articles: dict[str, Article] = {}
        catalogue = self.index.catalogue
        for key in reciprocal_rank_fusion(list(dense_rank), list(lexical_rank)):
            if len(passages) == self.candidates * 2:
                break
            article = articles.get(key[0]) or catalogue.article(key[0])
            chunk = catalogue.chunk(article, key[1]) if article else None
            if article is None or chunk is None:
                continue  # left in the vector store by a run that was killed; the next run removes it
            articles[key[0]] = article
            ranks = Ranks(dense_rank.get(key), lexical_rank.get(key), len(passages) + 1)
            score = min(1.0, max(0.0, similarity.get(key, 0.0)))
            passages.append(Passage(chunk, article, score, ranks))
        return passages


def reciprocal_rank_fusion(*rankings: list[Key]) -> list[Key]:
    """One ranking out of several: each gives 1 / (k + rank) to what it holds; ties are broken by id."""
    scores: dict[Key, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (RRF_K + rank)
    return sorted(scores, key=lambda key: (-scores[key], key))


def rerank(reranker: BaseCrossEncoder, question: str, passages: list[Passage], most: int) -> list[Passage]:
    """The first `most` passages ordered by the cross-encoder, and the rest behind them in their old order."""
    head, rest = passages[:most], passages[most:]
    texts = [f"{heading(passage.article)}\n{passage.chunk.text}" for passage in head]
    logits = reranker.score([(question, text) for text in texts]) if head else []
    scored = [replace(passage, score=_sigmoid(logit)) for passage, logit in zip(head, logits, strict=True)]
    # Rounded, so that the last digits of another processor do not decide an order.
    scored.sort(key=lambda passage: (-round(passage.score, 6), passage.chunk.article_id, passage.chunk.position))
    ranked = [
        replace(passage, ranks=replace(passage.ranks, reranked=rank)) for rank, passage in enumerate(scored, 1)
    ]
    floor = ranked[-1].score if ranked else 1.0
    return ranked + [replace(passage, score=min(passage.score, floor)) for passage in rest]


def group_copies(passages: list[Passage]) -> list[Passage]:
    """Passages without those that repeat a better one of another article, which are kept as its `copies`."""
    kept: list[Passage] = []
    shingles: list[frozenset[tuple[str, ...]]] = []
    for passage in passages:
        mine = _trigrams(passage.chunk.text)
        for n, other in enumerate(kept):
            if other.article.id != passage.article.id and _overlap(mine, shingles[n]) >= COPY_OVERLAP:
                kept[n] = replace(other, copies=(*other.copies, passage))
                break
        else:
            kept.append(passage)
            shingles.append(mine)
    return kept


def _trigrams(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _overlap(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Broder's (1997) containment of the smaller set in the larger."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
