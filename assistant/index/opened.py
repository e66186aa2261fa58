"""An open index: the vectors and the catalogue, for questions.

a state of the index (see `snapshots`)
├── catalogue.sqlite3   what is indexed: stored articles, chunk offsets, BM25 (see `lexical`)
├── chroma/             the vectors (cosine), under the chunks' deterministic ids (see `vectors`)
├── manifest.json       the checksums of the vectors (see `manifest`)
└── base                names the state on which it lies, if it lies on one (see `snapshots`)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import IndexMismatch, IndexMissing
from assistant.index import manifest, snapshots
from assistant.index.catalogue.database import REBUILD
from assistant.index.catalogue.lexical import AMONG, CATALOGUE, LARGE, Catalogue
from assistant.index.filters import Filters, holds
from assistant.index.vectors import chroma, reading, served
from assistant.index.vectors.chroma import Identity
from assistant.index.vectors.connection import Server


@dataclass(frozen=True, slots=True)
class State:
    """A finished state, open. Its files are closed when nobody holds its parts any more."""

    folder: Path
    catalogue: Catalogue
    store: reading.Vectors

    @classmethod
    def newest(cls, path: Path, identity: Identity, server: Server | None) -> State:
        """What the last finished run wrote. Raises IndexMissing, IndexMismatch and
        ChromaServerError."""
        while True:
            folder = snapshots.current(path)
            if folder is None:
                raise IndexMissing(f"no finished index at {path}; make one with: assistant index")
            try:
                return cls._open(path, folder, identity, server)
            except IndexMismatch:
                # Two runs that end meanwhile remove what is being opened.
                if snapshots.current(path) == folder:
                    raise

    @classmethod
    def _open(cls, path: Path, folder: Path, identity: Identity, server: Server | None) -> State:
        manifest.check(path, *map(manifest.Manifest, snapshots.layers(folder)))
        try:
            catalogue = Catalogue(folder / CATALOGUE)
        except IndexMissing:
            raise IndexMismatch(f"the index at {path} has lost its catalogue; {REBUILD}") from None
        try:
            store = served.vectors_of(path, folder, catalogue, server)
            chroma.check_identity(store.metadata, identity, path)
        except BaseException:
            catalogue.close()
            raise
        return cls(folder, catalogue, store)


class Index:
    """An index opened for questions, which follows when a run has brought it up to date.

    Several threads may read it. What a thread reads inside `steady`, or while it has the `lock`, is of one
    state, which stays open for as long as somebody holds it.
    """

    def __init__(self, path: Path, identity: Identity, server: Server | None = None) -> None:
        self._path, self._identity, self._server = path, identity, server
        self._newest: State | None = State.newest(path, identity, server)
        self._held = threading.local()
        self._following = threading.Lock()
        self.lock = Turns(self)
        """Held by threads that take turns; who has it is `steady`."""

    @classmethod
    def open(cls, path: Path, identity: Identity, server: Server | None = None) -> Index:
        """Opens what the last finished run wrote; its vectors are on the server, if one is given.

        Raises:
            IndexMissing: there is none, or its first run was never finished.
            IndexMismatch: it was made with another embedder or chunking, or cannot be read.
            ChromaServerError: the server does not answer.
        """
        return cls(path, identity, server)

    def close(self) -> None:
        """Lets go of the files: those that nobody reads are closed, and Chroma's clients with them."""
        self._newest = None

    @property
    def catalogue(self) -> Catalogue:
        """That of the state which this thread reads. Raises IndexMissing once the index is closed."""
        return self._state().catalogue

    def _state(self) -> State:
        state: State | None = getattr(self._held, "state", None) or self._newest
        if state is None:
            raise IndexMissing(f"the index at {self._path} was closed; open it again")
        return state

    @contextmanager
    def steady(self) -> Iterator[State]:
        """What this thread reads inside is of one state: what the last run wrote, as the outermost begins.

        Raises what `follow` does.
        """
        before = getattr(self._held, "state", None)
        if before is None:
            self.follow()
        self._held.state = self._state()
        try:
            yield self._held.state
        finally:
            self._held.state = before

    def dense(self, vector: list[float], k: int, filters: Filters) -> list[tuple[str, int, float]]:
        """The k nearest chunks by cosine similarity: (article id, position, score), best first.

        Raises what `open` does, when the index was made anew or damaged since it was opened.
        """
        with self.steady() as state, chroma.store_errors(self._path):
            found = _nearest(state, vector, k, filters)
        # Chroma gives distances; ties are broken by id so that a ranking does not depend on insertion order.
        hits = [
            (str(metadata["article"]), int(metadata["position"]), 1.0 - distance)
            for metadata, distance in found
        ]
        return sorted(hits, key=lambda hit: (-hit[2], hit[0], hit[1]))[:k]

    def follow(self) -> None:
        """Opens what the last run wrote, unless another thread is at it.

        Raises what `open` does.
        """
        if not self._following.acquire(blocking=False):
            return
        try:
            if self._newest is not None and snapshots.current(self._path) != self._newest.folder:
                self._newest = State.newest(self._path, self._identity, self._server)
        finally:
            self._following.release()


def _nearest(state: State, vector: list[float], k: int, filters: Filters) -> reading.Found:
    """The k nearest chunks that pass the filters, or more, with their distances; in no order."""
    articles = state.catalogue.matching(filters) if filters.names_articles() else None
    versions = state.catalogue.has_versions()
    where = filters.chroma(articles and frozenset(articles), versions=versions)
    if state.catalogue.most_chunks() > LARGE:
        # HNSW misses fewer where more are asked for. Chroma lists all that pass a filter before it searches:
        # quick where few do, but seconds where half a million do.
        among = state.store.nearest(vector, AMONG * k, None)
        if len(found := [pair for pair in among if holds(where or {}, pair[0])]) >= k:
            return found
    parts = [None] if articles is None else chroma.in_parts(articles, chroma.MOST_IDS)
    return [
        pair
        for part in parts
        for pair in state.store.nearest(vector, k, filters.chroma(part, versions=versions))
    ]


class Turns:
    """A lock, to be entered again by the thread that has it; the index is `steady` for that thread."""

    def __init__(self, index: Index) -> None:
        self._index, self._lock = index, threading.RLock()
        self._entered: list[ExitStack] = []

    def __enter__(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(self._lock)
            stack.enter_context(self._index.steady())
            self._entered.append(stack.pop_all())

    def __exit__(self, *_: object) -> None:
        self._entered.pop().close()
