"""The vectors, opened for writing: a state's own Chroma collection, which nobody reads yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from assistant.corpus.chunking import to_document
from assistant.index.vectors import chroma
from assistant.index.vectors.chroma import Identity

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.documents import Document

    from assistant.corpus.articles import Article
    from assistant.corpus.chunking import Chunk
    from assistant.index.encoding import EncodedArticle

MOST_CHUNKS = 1000
"""Chunks written in one call to Chroma."""


class Store:
    """An open collection. What is lost of it when a run is killed, the next run writes again."""

    shared = False
    """Whether it also holds what other states need."""

    def __init__(self, chroma: Chroma) -> None:
        self._chroma = chroma

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The embedder and the chunking that it was made with."""
        return self._chroma._collection.metadata or {}

    def count(self) -> int:
        """How many chunks it holds."""
        return self._chroma._collection.count()

    def record(self, document: Document, article: Article) -> tuple[str, dict[str, Any]]:
        """The id and the metadata under which a chunk of an article is kept."""
        return str(document.id), document.metadata

    def upsert(self, encoded: Iterable[EncodedArticle]) -> None:
        """Writes chunks with their vectors, in place of those with the same ids."""
        rows = [
            (*self.record(document, one.article), document.page_content, vector)
            for one in encoded
            for chunk, vector in zip(one.chunks, one.vectors, strict=True)
            for document in [to_document(chunk, one.article)]
        ]
        for part in chroma.in_parts(rows, MOST_CHUNKS):
            ids, metadatas, texts, embeddings = zip(*part, strict=True)
            self._chroma._collection.upsert(
                ids=list(ids),
                embeddings=np.stack(embeddings),
                documents=list(texts),
                metadatas=list(metadatas),
            )

    def forget(self, articles: Iterable[str]) -> None:
        """Removes the chunks of articles."""
        for part in chroma.in_parts(list(articles), chroma.MOST_IDS):
            if ids := self.get({"article": {"$in": part}}, []).get("ids"):
                self._chroma.delete(ids)

    def tidy(self, path: Path) -> None:
        """Removes what no state of the index at `path` needs any more, where states share a collection."""

    def get(self, where: dict[str, Any], include: list[str]) -> dict[str, Any]:
        """What is kept of the chunks that meet a condition."""
        return self._chroma.get(where=cast("Any", where), include=include)

    def name(self, chunk: Chunk, article: Article) -> str:
        """The id under which a chunk is kept."""
        return self.record(to_document(chunk, article), article)[0]

    def vectors(self, names: list[str]) -> dict[str, Any]:
        """The vectors of the chunks of these ids, as far as they are there."""
        found = dict[str, Any]()
        for part in chroma.in_parts(names, MOST_CHUNKS):
            got = self._chroma._collection.get(ids=part, include=["embeddings"])
            found.update(zip(got["ids"], cast("Any", got["embeddings"]), strict=True))
        return found

    def close(self) -> None:
        """Lets go of the database."""
        chroma.close_store(self._chroma)


def open_store(path: Path, state: Path, identity: Identity | None = None) -> Store:
    """The collection of a state; made if there is none and `identity` is given. Raises IndexMismatch."""
    return Store(chroma.open_store(path, state, identity))
