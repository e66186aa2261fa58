"""The vectors on a Chroma server, for an index that several machines read.

The rest of the index stays in its folder, on a disk that they share. On the server the index has a
collection, which its catalogue names. The vectors of its states lie there side by side, each with the
fingerprint of its article: it counts for a state whose catalogue holds that very text. So a run only adds
vectors; those that no state needs any more are removed by a later one.
"""

from __future__ import annotations

import secrets
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from assistant.corpus.article import fingerprint
from assistant.errors import IndexMismatch, IndexMissing
from assistant.index import snapshots
from assistant.index.catalogue.database import REBUILD
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.vectors import chroma, reading, writing
from assistant.index.vectors.chroma import Identity
from assistant.index.vectors.connection import Server, disconnect
from assistant.index.vectors.reading import Found, Vectors
from assistant.index.vectors.writing import Store

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from langchain_chroma import Chroma
    from langchain_core.documents import Document

    from assistant.corpus.articles import Article

T = TypeVar("T")

NAME = "collection"
"""The catalogue's fact that names the collection."""

PREFIX = "chroma-prefix"
"""A file in the index's folder: what the names of its collections begin with."""


class SharedStore(Store):
    """A collection on a server, which others read while it is written."""

    shared = True

    def __init__(self, chroma: Chroma, catalogue: Catalogue) -> None:
        super().__init__(chroma)
        self._catalogue = catalogue

    def record(self, document: Document, article: Article) -> tuple[str, dict[str, Any]]:
        """As `Store`; two texts of an article have different ids."""
        mark = fingerprint(article)
        return f"{mark}/{document.id}", {**document.metadata, "fingerprint": mark}

    def forget(self, articles: Iterable[str]) -> None:
        """Notes that chunks of articles can be removed once no state has them."""
        self._catalogue.note_replaced(self._catalogue.fingerprints_of(articles).values())

    def close(self) -> None:
        """As `Store`."""
        disconnect(self._chroma._client)

    def tidy(self, path: Path) -> None:
        """Removes what no state needs any more: chunks that were replaced, and collections of states before
        an index was made anew."""
        if not snapshots.settled(path):
            return
        for part in chroma.in_parts(self._catalogue.replaced(), chroma.MOST_IDS // 10):
            of_these: Any = {"fingerprint": {"$in": part}}
            self._chroma._collection.delete(where=of_these)
            self._catalogue.forget_replaced(part)
        client: Any = self._chroma._client
        needed = {self._catalogue.fact(NAME), _of_current(path, lambda catalogue: catalogue.fact(NAME))}
        for collection in client.list_collections():
            if collection.name.startswith(_prefix(path)) and collection.name not in needed:
                client.delete_collection(collection.name)


class SharedVectors:
    """A collection on a server, read with the catalogue of one state."""

    def __init__(self, client: Client, name: str, catalogue: Catalogue) -> None:
        self._collection = client.get_collection(name, embedding_function=None)
        self._catalogue = catalogue
        self.metadata: Mapping[str, Any] = self._collection.metadata or {}
        self.close = weakref.finalize(self, disconnect, client)

    def nearest(self, vector: Sequence[float], k: int, where: dict[str, Any] | None) -> Found:
        """As `reading.Vectors`."""

        def found(most: int) -> Found:
            got: Any = self._collection.query(
                query_embeddings=np.array([vector], np.float32),
                n_results=most,
                where=where,
                include=["metadatas", "distances"],
            )
            return list(zip(got["metadatas"][0], got["distances"][0], strict=True))

        return reading.live_only(found, self._live, k)

    def _live(self, pairs: Found) -> Found:
        """Those of the texts that the state holds."""
        known = self._catalogue.fingerprints_of({str(metadata["article"]) for metadata, _ in pairs})
        return [pair for pair in pairs if pair[0]["fingerprint"] == known.get(pair[0]["article"])]

    def count(self) -> int:
        """As `reading.Vectors`, those of other states among them."""
        return self._collection.count()


def store_of(
    path: Path, folder: Path, catalogue: Catalogue, server: Server | None, identity: Identity | None = None
) -> Store:
    """The collection of a state for its writer, on the server or else in its folder; made if there is none
    and `identity` is given. Raises ChromaServerError and IndexMismatch."""
    _check_place(path, catalogue, server)
    if server is None:
        return writing.open_store(path, folder, identity)
    return _open_store(server, path, catalogue, identity)


def vectors_of(path: Path, folder: Path, catalogue: Catalogue, server: Server | None) -> Vectors:
    """The collection of a state for its readers. Raises ChromaServerError and IndexMismatch."""
    _check_place(path, catalogue, server)
    if server is None:
        base = snapshots.base(folder)
        upper = reading.open_vectors(path, folder)
        if base is None:
            return upper
        below = reading.open_vectors(path, base)
        return reading.Layers(upper, below, catalogue.gone(), catalogue.gone_chunks())
    with _connected(server, path) as (client, stack):
        shared = SharedVectors(client, catalogue.fact(NAME) or "", catalogue)
        stack.pop_all()
        return shared


def _check_place(path: Path, catalogue: Catalogue, server: Server | None) -> None:
    """Raises IndexMismatch where the vectors are not where the settings say, in the folder or on a server."""
    name = catalogue.fact(NAME)
    if name is not None and server is None:
        raise IndexMismatch(
            f"the vectors of the index at {path} are on a Chroma server; name it with "
            f"ASSISTANT_CHROMA=http://HOST:8000, or {REBUILD}"
        )
    if name is None and server is not None and catalogue.counts()[0]:
        raise IndexMismatch(
            f"the vectors of the index at {path} are in its folder, not at {server.address}; unset "
            f"ASSISTANT_CHROMA, or {REBUILD}"
        )


def _open_store(server: Server, path: Path, catalogue: Catalogue, identity: Identity | None) -> SharedStore:
    from langchain_chroma import Chroma

    with _connected(server, path) as (client, stack):
        name = catalogue.fact(NAME)
        if name is None and identity is not None:
            name = f"{_prefix(path)}{secrets.token_hex(4)}"
            client.create_collection(name, metadata=identity.metadata(), embedding_function=None)
            with catalogue.transaction():
                catalogue.set_fact(NAME, name)
        if identity is not None:
            catalogue.note_replaced(_of_current(path, Catalogue.replaced) or ())
        store = Chroma(client=client, collection_name=name or "", create_collection_if_not_exists=False)
        stack.pop_all()
        return SharedStore(store, catalogue)


@contextmanager
def _connected(server: Server, path: Path) -> Iterator[tuple[Client, ExitStack]]:
    """A client, closed by the stack unless what it was opened for was made."""
    client = server.client()
    with chroma.store_errors(path, ValueError), ExitStack() as stack:
        stack.callback(disconnect, client)
        yield client, stack


def _prefix(path: Path) -> str:
    """What the names of an index's collections begin with, noted in its folder; the writer holds the lock."""
    file = path / PREFIX
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError:
        prefix = f"assistant-{secrets.token_hex(8)}-"
        file.write_text(prefix, encoding="ascii")
        return prefix


def _of_current(path: Path, ask: Callable[[Catalogue], T]) -> T | None:
    """What the catalogue of the state that is read now says, without its base."""
    state = snapshots.current(path)
    if state is None:
        return None
    with (
        suppress(IndexMismatch, IndexMissing),  # it may be why an index is made anew
        closing(Catalogue(state / CATALOGUE, outdated=True)) as catalogue,
    ):
        return ask(catalogue)
    return None
