"""From articles to what an index holds of them: chunks and their vectors.

It needs no open index, so it can run elsewhere, too (see `assistant.cluster`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.corpus.article import Article
from assistant.corpus.chunking import Chunk, passage_text, split_article
from assistant.errors import ModelError
from assistant.index.vectors.chroma import in_parts

if TYPE_CHECKING:
    from assistant.models.encoders.kinds import Embeddings

BATCH = 40_000
"""Characters embedded and committed at a time, about 64 chunks: what a killed run loses at most."""

PART = 64
"""Texts given to the embedder at a time, so that a very long article takes no more memory than others."""


@dataclass(frozen=True, slots=True)
class EncodedArticle:
    """An article with its chunks, and a vector for each: (chunks, dimensions)."""

    article: Article
    chunks: list[Chunk]
    vectors: NDArray[np.float32]


Encode = Callable[[Iterable[list[Article]]], Iterable[list[EncodedArticle]]]
"""Encodes batches in the order in which they come."""


class Encoder:
    """Splits and embeds batches of articles."""

    def __init__(self, embeddings: Embeddings, most_words: int) -> None:
        self._embeddings = embeddings
        self._most_words = most_words

    def __call__(self, articles: list[Article]) -> list[EncodedArticle]:
        """Raises ModelError for a vector that is no direction."""
        split = [(article, split_article(article, self._most_words)) for article in articles]
        texts = [passage_text(chunk, article) for article, chunks in split for chunk in chunks]
        parts = [
            np.asarray(self._embeddings.embed_documents(part), np.float32) for part in in_parts(texts, PART)
        ]
        vectors = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
        if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise ModelError("the embedder gave a vector that is no direction; choose another --embedder")
        encoded, first = [], 0
        for article, chunks in split:
            encoded.append(EncodedArticle(article, chunks, vectors[first : first + len(chunks)]))
            first += len(chunks)
        return encoded


def batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Whole articles, about `BATCH` at a time."""
    batch, size = list[Article](), 0
    for article in articles:
        batch.append(article)
        size += len(article.text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
