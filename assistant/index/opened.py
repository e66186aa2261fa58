"""An open index: the vectors and the catalogue, for questions.

a state of the index (see `snapshots`)
├── catalogue.sqlite3   what is indexed: stored articles, chunk offsets, BM25 (see `lexical`)
└── chroma/             the vectors (cosine), under the chunks' deterministic ids (see `vectors`)
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from pathlib import Path

from assistant.errors import IndexMissing
from assistant.index import reading, snapshots, vectors
from assistant.index.filters import Filters
from assistant.index.lexical import CATALOGUE, Catalogue
from assistant.index.vectors import Identity


class Index:
    """An index opened for questions; it follows when a run has brought it up to date, and closes what it read
    before when it follows again: other threads may still read that."""

    def __init__(self, path: Path, identity: Identity) -> None:
        if (state := snapshots.current(path)) is None:
            raise IndexMissing(f"no finished index at {path}; make one with: assistant index")
        self._path, self._identity, self._state = path, identity, state
        with ExitStack() as stack:
            self.catalogue = stack.enter_context(closing(Catalogue(state / CATALOGUE)))
            self._store = stack.enter_context(closing(reading.open_vectors(path, state)))
            vectors.check_identity(self._store.metadata, identity, path)
            stack.pop_all()
        self._opened = [(self.catalogue, self._store)]
        self.lock = threading.RLock()
        """Held by whoever needs that vectors and catalogue stay those of one state meanwhile."""

    @classmethod
    def open(cls, path: Path, identity: Identity) -> Index:
        """Opens what the last finished run wrote.

        Raises:
            IndexMissing: there is none, or its first run was never finished.
            IndexMismatch: it was made with another embedder or chunking, or cannot be read.
        """
        return cls(path, identity)

    def close(self, *, but: int = 0) -> None:
        """Closes all but the newest, and lets go of Chroma's clients, which the process would keep."""
        while len(self._opened) > but:
            catalogue, store = self._opened.pop(0)
            store.close()
            catalogue.close()

    def dense(self, vector: list[float], k: int, filters: Filters) -> list[tuple[str, int, float]]:
        """The k nearest chunks by cosine similarity: (article id, position, score), best first.

        Raises what `open` does, when the index was made anew or damaged since it was opened.
        """
        self.follow()
        articles = self.catalogue.matching(filters) if filters.names_articles() else None
        parts = [None] if articles is None else vectors.in_parts(articles, vectors.MOST_IDS)
        versions = self.catalogue.has_versions()
        with vectors.store_errors(self._path):
            found = [
                pair
                for part in parts
                for pair in self._store.nearest(vector, k, filters.chroma(part, versions=versions))
            ]
        # Chroma gives distances; ties are broken by id so that a ranking does not depend on insertion order.
        hits = [
            (str(metadata["article"]), int(metadata["position"]), 1.0 - distance)
            for metadata, distance in found
        ]
        return sorted(hits, key=lambda hit: (-hit[2], hit[0], hit[1]))[:k]

    def follow(self) -> None:
        """Opens what the last run wrote, unless another thread has the lock: then that one has followed.

        Raises what `open` does.
        """
        if not self.lock.acquire(blocking=False):
            return
        try:
            if snapshots.current(self._path) != self._state:
                new = Index.open(self._path, self._identity)
                self.close(but=1)
                self._opened += new._opened
                self.catalogue, self._store, self._state = new.catalogue, new._store, new._state
        finally:
            self.lock.release()
