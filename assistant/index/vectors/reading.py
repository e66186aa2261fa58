"""The vectors, opened for reading by Chroma's own library in Rust.

Importing chromadb takes longer than a search, and a question needs nothing of its server, its telemetry and
its client for other servers. What chromadb calls is called here in the same way. Should a release call it
otherwise, chromadb itself is imported instead, which is slower and finds the same.
"""

from __future__ import annotations

import json
import logging
import sys
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from assistant.errors import IndexMismatch
from assistant.index.catalogue.database import REBUILD
from assistant.index.vectors import chroma

TENANT, DATABASE = "default_tenant", "default_database"
"""Chroma's, of a collection that was made without naming any."""

FILES = 5
"""Files of one HNSW index, by which chromadb limits how many are open."""

Found = list[tuple[Mapping[str, Any], float]]

log = logging.getLogger(__name__)


class Vectors(Protocol):
    """A collection that is only read; its files are closed when nobody holds it any more."""

    metadata: Mapping[str, Any]

    def nearest(self, vector: Sequence[float], k: int, where: dict[str, Any] | None) -> Found:
        """The metadata of the k nearest chunks that pass `where`, and their cosine distances, in order."""

    def count(self) -> int:
        """How many there are."""


def open_vectors(path: Path, state: Path) -> Vectors:
    """The vectors of one state of the index at `path`. Raises IndexMismatch."""
    folder = state / chroma.STORE
    if not (folder / "chroma.sqlite3").is_file():
        raise IndexMismatch(f"the index at {path} has lost its vectors; {REBUILD}")
    with chroma.store_errors(path, OSError, ValueError):
        copy = chroma.copied(state)
        if copy is not None:
            opened = open_vectors(path, Path(copy.name))
            weakref.finalize(opened, copy.cleanup)
            return opened
        try:
            return Direct(folder)
        except (ImportError, AttributeError, TypeError) as error:
            log.info("this release of Chroma is read by way of chromadb: %s", error)
    return ByChroma(path, state)


class Direct:
    """By `chromadb_rust_bindings`, as `chromadb.api.rust` uses it."""

    def __init__(self, folder: Path) -> None:
        import chromadb_rust_bindings as rust

        self._rust: Any = rust.Bindings(
            allow_reset=False,
            sqlite_db_config=rust.SqliteDBConfig(
                hash_type=rust.MigrationHash.MD5,
                migration_mode=rust.MigrationMode.Apply,
                url=str(folder / "chroma.sqlite3"),
            ),
            persist_path=str(folder),
            hnsw_cache_size=_most_files() // FILES,
        )
        collection = self._rust.get_collection(chroma.COLLECTION, TENANT, DATABASE)
        self._id = str(collection.id)
        self.metadata: Mapping[str, Any] = collection.metadata or {}

    def nearest(self, vector: Sequence[float], k: int, where: dict[str, Any] | None) -> Found:
        """As `Vectors`."""
        condition = json.dumps(where) if where else None
        include = ["metadatas", "distances"]
        found = self._rust.query(
            self._id, None, [list(vector)], k, condition, None, include, TENANT, DATABASE
        )
        return list(zip(found.metadatas[0], found.distances[0], strict=True))

    def count(self) -> int:
        """As `Vectors`."""
        return int(self._rust.count(self._id, TENANT, DATABASE))


class ByChroma:
    """By chromadb's client."""

    def __init__(self, path: Path, state: Path) -> None:
        self._store = chroma.open_store(path, state)
        self.close = weakref.finalize(self, chroma.close_store, self._store)
        self.metadata: Mapping[str, Any] = self._store._collection.metadata or {}

    def nearest(self, vector: Sequence[float], k: int, where: dict[str, Any] | None) -> Found:
        """As `Vectors`."""
        pairs = self._store.similarity_search_by_vector_with_relevance_scores(list(vector), k=k, filter=where)
        return [(document.metadata, distance) for document, distance in pairs]

    def count(self) -> int:
        """As `Vectors`."""
        return self._store._collection.count()


class Layers:
    """Vectors that lie on those of a base, some of which are gone."""

    def __init__(self, upper: Vectors, base: Vectors, gone: Collection[str], gone_chunks: int) -> None:
        """`gone` are the ids of the base's articles that are not to be found; so many chunks they have."""
        self._upper, self._base, self._gone, self._gone_chunks = upper, base, gone, gone_chunks
        self.metadata = base.metadata

    def nearest(self, vector: Sequence[float], k: int, where: dict[str, Any] | None) -> Found:
        """As `Vectors`."""
        live = live_only(
            lambda most: self._base.nearest(vector, most, where),
            lambda pairs: [pair for pair in pairs if pair[0]["article"] not in self._gone],
            k,
            spare=self._gone_chunks,
        )
        found = [*self._upper.nearest(vector, k, where), *live]
        return sorted(found, key=lambda pair: pair[1])[:k]

    def count(self) -> int:
        """As `Vectors`."""
        return self._upper.count() + self._base.count() - self._gone_chunks


def live_only(
    nearest: Callable[[int], Found], live: Callable[[Found], Found], k: int, spare: int = 0
) -> Found:
    """The k nearest of those that are `live`, where `nearest` gives so many, whether they are or not; about
    `spare` of all are not."""
    asked = k + min(k, spare)
    while True:
        pairs = nearest(asked)
        found = live(pairs)
        if len(found) >= k or len(pairs) < asked:
            return found[:k]
        asked *= 2


def _most_files() -> int:
    """Files that this process may have open."""
    if sys.platform == "win32":
        import ctypes

        return int(ctypes.cdll.msvcrt._getmaxstdio())
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
