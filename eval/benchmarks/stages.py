"""Configurations of retrieval: the assistant's own `Retriever` with some of its stages turned off.

A stage is turned off by what the retriever is given, so no configuration retrieves in a way of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from assistant.index.catalogue.lexical import Catalogue
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.models.encoders.embeddings import BGE, MINILM
from assistant.models.encoders.kinds import Embeddings, Reranker
from assistant.retrieval.retriever import PRIOR, Retriever

EMBEDDERS = (MINILM, BGE)

Change = Callable[[Retriever], Retriever]


class DenseOnly:
    """An index whose catalogue finds no words."""

    def __init__(self, index: Index) -> None:
        self.lock, self.catalogue = index.lock, _Wordless(index.catalogue)
        self.dense = index.dense


class _Wordless:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)

    def search(self, query: str, k: int, filters: Filters) -> list[tuple[str, int, float]]:
        return []


class LexicalOnly:
    """An index that finds no vectors."""

    def __init__(self, index: Index) -> None:
        self.lock, self.catalogue = index.lock, index.catalogue

    def dense(self, vector: list[float], k: int, filters: Filters) -> list[tuple[str, int, float]]:
        return []


class NoEmbeddings(Embeddings):
    """Takes no time, since BM25 has no use for a vector."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0] for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        return [1.0]


@dataclass(frozen=True, slots=True)
class Without:
    """A reranker that is not shown the heading, or whose prior is taken back."""

    reranker: Reranker
    heading: bool = False
    prior: bool = False

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        if self.heading:
            text_pairs = [(question, text.partition("\n")[2]) for question, text in text_pairs]
        logits = self.reranker.score(text_pairs)
        if self.prior:
            # The pairs come in fused order, and `retrieval.rerank` is about to subtract the same.
            return [logit + PRIOR * math.log(rank) for rank, logit in enumerate(logits, 1)]
        return logits


def lexical(retriever: Retriever) -> Retriever:
    return replace(retriever, index=cast("Index", LexicalOnly(retriever.index)), embeddings=NoEmbeddings())


def dense(retriever: Retriever) -> Retriever:
    return replace(retriever, index=cast("Index", DenseOnly(retriever.index)))


def unranked(retriever: Retriever) -> Retriever:
    return replace(retriever, reranker=None)


def narrow(retriever: Retriever) -> Retriever:
    """Paragraphs alone: no neighbour fits into one word."""
    return replace(retriever, most_words=1)


def without_prior(retriever: Retriever) -> Retriever:
    return replace(retriever, reranker=Without(cast("Reranker", retriever.reranker), prior=True))


def without_heading(retriever: Retriever) -> Retriever:
    return replace(retriever, reranker=Without(cast("Reranker", retriever.reranker), heading=True))


def candidates(most: int) -> Change:
    return lambda retriever: replace(retriever, candidates=most)


def eager(retriever: Retriever) -> Retriever:
    return replace(retriever, eager=True)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A row: the default retriever over an embedder, changed step by step."""

    name: str
    embedder: str
    changes: tuple[Change, ...] = ()

    def apply(self, retriever: Retriever) -> Retriever:
        for change in self.changes:
            retriever = change(retriever)
        return retriever


LEXICAL_ROW = Configuration("BM25", BGE, (lexical, unranked, narrow))
DENSE_ROWS = tuple(Configuration(f"dense, {name}", name, (dense, unranked, narrow)) for name in EMBEDDERS)
DEFAULT_ROW = Configuration("**default**", BGE)
PUBLIC_ROWS = (LEXICAL_ROW, *DENSE_ROWS, DEFAULT_ROW)
GOLD_ROWS = (
    LEXICAL_ROW,
    *DENSE_ROWS,
    *(Configuration(f"fused, {name}", name, (unranked, narrow)) for name in (MINILM, BGE)),
    *(Configuration(f"fused, {name}, reranked", name, (without_prior, narrow)) for name in (MINILM, BGE)),
    DEFAULT_ROW,
    Configuration(f"default, but {MINILM}", MINILM),
    Configuration("default without BM25", BGE, (dense,)),
    Configuration("default without dense", BGE, (lexical,)),
    Configuration("default without reranker", BGE, (unranked,)),
    Configuration("default without prior", BGE, (without_prior,)),
    Configuration("default without heading in the reranker", BGE, (without_heading,)),
    Configuration("default without widening", BGE, (narrow,)),
    Configuration("default, 10 candidates", BGE, (candidates(10),)),
    Configuration("as `search` ranks", BGE, (eager,)),
    Configuration("as for a capable model", BGE, (Retriever.thorough,)),
)
