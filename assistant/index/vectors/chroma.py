"""The vectors: chunks embedded in a persistent Chroma collection, under their deterministic ids.

Opens and closes it, checks that it matches the settings, and translates its errors.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from assistant.corpus.chunking import CHUNKING
from assistant.errors import ChromaServerError, IndexMismatch, reason, without_secrets
from assistant.index.catalogue.database import REBUILD, remedy

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from langchain_chroma import Chroma

Element = TypeVar("Element")

COLLECTION = "passages"
STORE = "chroma"

MOST_IDS = 30_000
"""Ids named in one call to Chroma; SQLite takes 32,766 variables in a query."""

ROOM = 1 << 20
"""Bytes on the disk that Chroma needs free when it opens an index."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be the same on both sides of an index: how text was embedded, and how it was split."""

    embedder: str
    most_words: int

    def metadata(self) -> dict[str, Any]:
        """As kept in the Chroma collection, which needs the distance named there as well."""
        chunking = f"{CHUNKING}/{self.most_words}"
        return {"hnsw:space": "cosine", "embedder": self.embedder, "chunking": chunking}


def check_identity(made: Mapping[str, Any], identity: Identity, path: Path) -> None:
    """Raises IndexMismatch when the collection was made with another embedder or chunking.

    `made` is its metadata.
    """
    for name, wanted in identity.metadata().items():
        if made.get(name) != wanted:
            raise IndexMismatch(
                f"the index at {path} was made with {name} {made.get(name)}, the settings ask for {wanted};"
                f" change the settings back, or {REBUILD}"
            )


def open_store(path: Path, state: Path, made_as: Identity | None = None) -> Chroma:
    """A state's Chroma collection, with telemetry off; it is made if there is none and `made_as` is given."""
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings as ChromaSettings
    from langchain_chroma import Chroma

    if made_as is None and not (state / STORE / "chroma.sqlite3").is_file():
        raise IndexMismatch(f"the index at {path} has lost its vectors; {REBUILD}")
    with store_errors(path, OSError, ValueError), ExitStack() as stack:
        settings = ChromaSettings(anonymized_telemetry=False)
        try:
            client = cast("Client", chromadb.PersistentClient(path=str(state / STORE), settings=settings))
        except BaseException:
            # What could not be opened would be taken for open at the next try.
            SharedSystemClient._identifier_to_system.pop(str(state / STORE), None)
            raise
        stack.callback(client.close)
        existing = {collection.name for collection in client.list_collections()}
        # An existing collection keeps its own metadata: it is what the identity is checked against.
        metadata = made_as.metadata() if made_as and COLLECTION not in existing else None
        store = Chroma(
            client=client,
            collection_name=COLLECTION,
            collection_metadata=metadata,
            create_collection_if_not_exists=made_as is not None,
        )
        stack.pop_all()
        return store


def copied(state: Path) -> tempfile.TemporaryDirectory[str] | None:
    """A copy of a state's vectors where they cannot be written, as Chroma writes even when it reads; None
    where they can. Raises OSError."""
    folder = state / STORE
    enough = shutil.disk_usage(folder).free >= ROOM
    if enough and os.access(folder, os.W_OK) and os.access(folder / "chroma.sqlite3", os.W_OK):
        return None
    copy = tempfile.TemporaryDirectory(prefix="assistant-", ignore_cleanup_errors=True)
    shutil.copytree(folder, Path(copy.name) / STORE, copy_function=shutil.copyfile)
    return copy


def close_store(store: Chroma) -> None:
    """Chroma shares one database between the clients of a process, and closes it with the last of them."""
    cast("Client", store._client).close()


@contextmanager
def store_errors(path: Path, *others: type[Exception]) -> Iterator[None]:
    """Raises IndexMismatch for the exceptions of Chroma and SQLite, and for others named."""
    try:
        yield
    except BaseException as error:
        network = _of_network(error)
        if not (network or isinstance(error, (sqlite3.Error, *others)) or _of_chroma(error)):
            raise
        what = without_secrets(reason(error, most=None))[:200]
        if network:
            message = f"the Chroma server of the index at {path} does not answer ({what}); try again"
            raise ChromaServerError(message) from None
        full = path.is_dir() and shutil.disk_usage(path).free < ROOM
        todo = remedy("disk is full" if full else error, f"try again, or {REBUILD}")
        raise IndexMismatch(f"the index at {path} cannot be used ({what}); {todo}") from None


def _of_network(error: BaseException) -> bool:
    """Whether it is one of the library by which chromadb reaches a server."""
    httpx = sys.modules.get("httpx")
    return httpx is not None and isinstance(error, httpx.HTTPError)


def _of_chroma(error: BaseException) -> bool:
    """Whether it is an exception of Chroma, or one of its library in Rust that gave up."""
    if type(error).__name__ == "PanicException":
        return True
    if not isinstance(error, Exception):
        return False
    from chromadb.errors import ChromaError  # takes a second to import

    return isinstance(error, ChromaError)


def in_parts(items: list[Element], size: int) -> Iterator[list[Element]]:
    """Runs of at most `size`, in order."""
    return (items[first : first + size] for first in range(0, len(items), size))
