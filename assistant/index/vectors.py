"""The index: chunks embedded in a persistent Chroma collection, beside the catalogue that remembers them.

    a state of the index (see `states`)
    ├── catalogue.sqlite3   what is indexed: stored articles, chunk offsets, BM25 (see `catalogue`)
    └── chroma/             the vectors (cosine), under the chunks' deterministic ids

`Index.open` opens an index for questions and changes nothing of what is indexed; `sync` brings one in line
with a corpus. A killed run is finished by the next: an article is marked pending, then written to Chroma,
then committed to the catalogue in one transaction that also removes the mark. Only those are done again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from assistant.corpus.articles import Article, compare, fingerprint
from assistant.corpus.chunking import CHUNKING, Chunk, split_article, to_document
from assistant.corpus.report import Summary
from assistant.errors import IndexMismatch, IndexMissing
from assistant.index import snapshots
from assistant.index.filters import Filters
from assistant.index.lexical import Catalogue

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

Thing = TypeVar("Thing")
Split = tuple[Article, list[Chunk]]

COLLECTION = "passages"
CATALOGUE = "catalogue.sqlite3"
STORE = "chroma"

BATCH = 64
"""Chunks embedded and committed at a time: what a killed run loses at most."""

MOST_IDS = 30_000
"""Ids named in one call to Chroma; SQLite takes 32,766 variables in a query."""

REBUILD = "run: assistant index --rebuild"


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be the same on both sides of an index: how text was embedded, and how it was split."""

    embedder: str
    most_words: int

    def metadata(self) -> dict[str, Any]:
        """As kept in the Chroma collection, which needs the distance named there as well."""
        chunking = f"{CHUNKING}/{self.most_words}"
        return {"hnsw:space": "cosine", "embedder": self.embedder, "chunking": chunking}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run of `sync` did, in articles, and how many chunks the index holds now."""

    added: int
    changed: int
    removed: int
    unchanged: int
    chunks: int
    reading: Summary | None = field(default=None, compare=False)
    """What reading the corpus came across, where it was read for this run."""


class Index:
    """An index opened for questions; it follows when a run has brought it up to date, and closes what it read
    before when it follows again: other threads may still read that."""

    def __init__(self, path: Path, identity: Identity) -> None:
        if (state := snapshots.current(path)) is None:
            raise IndexMissing(f"no finished index at {path}; make one with: assistant index")
        self._path, self._identity, self._state = path, identity, state
        with ExitStack() as stack:
            self.catalogue = stack.enter_context(closing(Catalogue(state / CATALOGUE)))
            self._store = _open_store(path, state, None)
            stack.callback(_close_store, self._store)
            check_identity(self._store, identity, path)
            stack.pop_all()
        self._opened = [(self.catalogue, self._store)]

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
            _close_store(store)
            catalogue.close()

    def dense(self, vector: list[float], k: int, filters: Filters) -> list[tuple[str, int, float]]:
        """The k nearest chunks by cosine similarity: (article id, position, score), best first.

        Raises what `open` does, when the index was made anew or damaged since it was opened.
        """
        self._follow()
        articles = self.catalogue.matching(filters) if filters.names_articles() else None
        parts = [None] if articles is None else _parts(articles, MOST_IDS)
        versions = self.catalogue.has_versions()
        with _store_errors(self._path):
            found = [
                pair
                for part in parts
                for pair in self._store.similarity_search_by_vector_with_relevance_scores(
                    vector, k=k, filter=filters.chroma(part, versions=versions)
                )
            ]
        # Chroma gives distances; ties are broken by id so that a ranking does not depend on insertion order.
        hits = [
            (document.metadata["article"], document.metadata["position"], 1.0 - distance)
            for document, distance in found
        ]
        return sorted(hits, key=lambda hit: (-hit[2], hit[0], hit[1]))[:k]

    def _follow(self) -> None:
        if snapshots.current(self._path) != self._state:
            new = Index.open(self._path, self._identity)
            self.close(but=1)
            self._opened += new._opened
            self.catalogue, self._store, self._state = new.catalogue, new._store, new._state


def check_identity(store: Chroma, identity: Identity, path: Path) -> None:
    """Raises IndexMismatch when the collection was made with another embedder or chunking."""
    made = store._collection.metadata or {}
    for name, wanted in identity.metadata().items():
        if made.get(name) != wanted:
            raise IndexMismatch(
                f"the index at {path} was made with {name} {made.get(name)}, the settings ask for {wanted};"
                f" change the settings back, or {REBUILD}"
            )


def sync(
    path: Path,
    articles: Iterable[Article],
    embeddings: Embeddings,
    identity: Identity,
    *,
    stamp: str = "",
    facts: Mapping[str, str] | None = None,
    rebuild: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Changes:
    """Brings the index at `path` in line with `articles`; embeds only what is new or changed.

    The articles are gone through three times and never held together. `stamp` is remembered as the corpus's
    state, and `facts` beside it; `on_progress` gets chunks done and chunks to do.

    Raises:
        IndexBusy: another process is writing it.
        IndexMismatch: it was made with another embedder or chunking and not `rebuild`, or it is damaged.
    """
    with snapshots.lock(path), _store_errors(path):
        state = snapshots.begin(path, rebuild)
        with ExitStack() as stack:
            catalogue = stack.enter_context(closing(Catalogue(state / CATALOGUE, writable=True)))
            store = _open_store(path, state, embeddings, identity)
            stack.callback(_close_store, store)
            check_identity(store, identity, path)
            _forget(catalogue, store, catalogue.pending())
            if store._collection.count() != catalogue.counts()[1]:
                raise IndexMismatch(f"the index at {path} has lost some of its vectors; {REBUILD}")
            changes = _sync(
                catalogue, store, articles, identity, {"stamp": stamp, **(facts or {})}, on_progress
            )
        snapshots.finish(path, state)
        return changes


def _sync(
    catalogue: Catalogue,
    store: Chroma,
    articles: Iterable[Article],
    identity: Identity,
    facts: Mapping[str, str],
    on_progress: Callable[[int, int], None],
) -> Changes:
    known = catalogue.fingerprints()
    difference = compare(known, articles)
    changed = frozenset(difference.changed)
    todo = changed.union(difference.added)
    _forget(catalogue, store, difference.removed)

    def split() -> Iterator[Split]:
        """What is to be embedded, one article at a time."""
        for article in articles if todo else ():
            if article.id in todo:
                yield article, split_article(article, identity.most_words)

    total = sum(len(chunks) for _, chunks in split())
    done = 0
    on_progress(done, total)
    for batch in _batches(split()):
        with catalogue.transaction():
            catalogue.mark_pending(article.id for article, _ in batch)
        _delete_chunks(store, [article.id for article, _ in batch if article.id in changed])
        documents = [to_document(chunk, article) for article, chunks in batch for chunk in chunks]
        for part in _parts(documents, BATCH):
            store.add_documents(part)
            done += len(part)
            on_progress(done, total)
        with catalogue.transaction():
            for article, chunks in batch:
                catalogue.add(article, fingerprint(article), chunks)
    with catalogue.transaction():
        for name, value in facts.items():
            catalogue.set_fact(name, value)

    unchanged = len(known) - len(difference.removed) - len(changed)
    counts = (len(difference.added), len(changed), len(difference.removed), unchanged)
    return Changes(*counts, catalogue.counts()[1])


def _batches(split: Iterable[Split]) -> Iterator[list[Split]]:
    """Whole articles, about `BATCH` chunks at a time."""
    batch, size = list[Split](), 0
    for article, chunks in split:
        batch.append((article, chunks))
        size += len(chunks)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _forget(catalogue: Catalogue, store: Chroma, article_ids: list[str]) -> None:
    """Removes articles: marked first, so that a run killed in between is finished by the next."""
    if not article_ids:
        return
    with catalogue.transaction():
        catalogue.mark_pending(article_ids)
    _delete_chunks(store, article_ids)
    with catalogue.transaction():
        for article_id in article_ids:
            catalogue.remove(article_id)


def _delete_chunks(store: Chroma, article_ids: list[str]) -> None:
    for part in _parts(article_ids, MOST_IDS):
        where: Any = {"article": {"$in": part}}
        if ids := store.get(where=where, include=[])["ids"]:
            store.delete(ids)


def _parts(things: list[Thing], size: int) -> Iterator[list[Thing]]:
    """Runs of at most `size`, in order."""
    return (things[first : first + size] for first in range(0, len(things), size))


def _open_store(
    path: Path, state: Path, embeddings: Embeddings | None, made_as: Identity | None = None
) -> Chroma:
    """A state's Chroma collection, with telemetry off; it is made if there is none and `made_as` is given."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from langchain_chroma import Chroma

    if made_as is None and not (state / STORE / "chroma.sqlite3").is_file():
        raise IndexMismatch(f"the index at {path} has lost its vectors; {REBUILD}")
    with _store_errors(path, OSError, ValueError), ExitStack() as stack:
        settings = ChromaSettings(anonymized_telemetry=False)
        client = cast("Client", chromadb.PersistentClient(path=str(state / STORE), settings=settings))
        stack.callback(client.close)
        existing = {collection.name for collection in client.list_collections()}
        # An existing collection keeps its own metadata: it is what the identity is checked against.
        metadata = made_as.metadata() if made_as and COLLECTION not in existing else None
        store = Chroma(
            client=client,
            collection_name=COLLECTION,
            embedding_function=embeddings,
            collection_metadata=metadata,
            create_collection_if_not_exists=made_as is not None,
        )
        stack.pop_all()
        return store


def _close_store(store: Chroma) -> None:
    """Chroma shares one database between the clients of a process, and closes it with the last of them."""
    cast("Client", store._client).close()


@contextmanager
def _store_errors(path: Path, *others: type[Exception]) -> Iterator[None]:
    """Raises IndexMismatch for the exceptions of Chroma and SQLite, and for others named."""
    from chromadb.errors import ChromaError

    errors: tuple[type[Exception], ...] = (ChromaError, sqlite3.Error, *others)
    try:
        yield
    except errors as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise IndexMismatch(
            f"the index at {path} cannot be used ({reason}); try again, or {REBUILD}"
        ) from None
