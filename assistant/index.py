"""The index: chunks embedded in a persistent Chroma collection, beside the catalogue that remembers them.

    index folder
    ├── catalogue.sqlite3   what is indexed: stored articles, chunk offsets, BM25 (see `catalogue`)
    ├── chroma/             the vectors (cosine), under the chunks' deterministic ids
    └── write.lock          held by the one process that writes

`sync` brings an index in line with a corpus; `Index.open` opens one for questions and never writes. An article
is first marked pending, then written to Chroma, then committed to the catalogue together with the removal of
its mark, so a run that is killed leaves only work that the next run finds and does again.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from assistant.articles import Article, fingerprint
from assistant.catalogue import Catalogue
from assistant.chunks import CHUNKING, Chunk, split_article, to_document
from assistant.errors import IndexBusy, IndexMismatch, IndexMissing
from assistant.filters import Filters

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

COLLECTION = "passages"
CATALOGUE = "catalogue.sqlite3"
STORE = "chroma"

BATCH = 64
"""Chunks embedded and committed at a time: what a killed run loses at most."""

REBUILD = "run: assistant index --rebuild"


@dataclass(frozen=True, slots=True)
class Identity:
    """What must be the same on both sides of an index: how text was embedded, and how it was split."""

    embedder: str
    most_words: int

    def metadata(self) -> dict[str, Any]:
        """As kept in the Chroma collection, which needs the distance named there as well."""
        return {"hnsw:space": "cosine", "embedder": self.embedder, "chunking": f"{CHUNKING}/{self.most_words}"}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run of `sync` did, in articles, and how many chunks the index holds now."""

    added: int
    changed: int
    removed: int
    unchanged: int
    chunks: int


class Index:
    """An index opened for questions."""

    def __init__(self, catalogue: Catalogue, store: Chroma) -> None:
        self.catalogue = catalogue
        self._store = store

    @classmethod
    def open(cls, path: Path, identity: Identity) -> Index:
        """Opens without writing.

        Raises:
            IndexMissing: there is none, or its first run was never finished.
            IndexMismatch: it was made with another embedder or chunking, or cannot be read.
        """
        catalogue = Catalogue(path / CATALOGUE)
        if not is_complete(catalogue) or not (path / STORE / "chroma.sqlite3").is_file():
            catalogue.close()
            raise IndexMissing(f"the index at {path} is not finished; finish it with: assistant index")
        try:
            store = _open_store(path, None, create=False)
            check_identity(store, identity, path)
        except BaseException:
            catalogue.close()
            raise
        return cls(catalogue, store)

    def close(self) -> None:
        self.catalogue.close()

    def dense(self, vector: list[float], k: int, filters: Filters) -> list[tuple[str, int, float]]:
        """The k nearest chunks by cosine similarity: (article id, position, score), best first."""
        articles = self.catalogue.matching(filters) if filters.names_articles() else None
        if articles == []:
            return []
        found = self._store.similarity_search_by_vector_with_relevance_scores(
            vector, k=k, filter=filters.chroma(articles)
        )
        # Chroma gives distances; ties are broken by id so that a ranking does not depend on insertion order.
        hits = [
            (document.metadata["article"], document.metadata["position"], 1.0 - distance)
            for document, distance in found
        ]
        return sorted(hits, key=lambda hit: (-hit[2], hit[0], hit[1]))


def is_complete(catalogue: Catalogue) -> bool:
    """Whether some run has brought the index in line with a corpus from start to end."""
    return catalogue.fact("complete") == "yes"


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
    articles: list[Article],
    embeddings: Embeddings,
    identity: Identity,
    *,
    stamp: str = "",
    rebuild: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Changes:
    """Brings the index at `path` in line with `articles`; embeds only what is new or changed.

    `stamp` is remembered as the corpus's state; `on_progress` gets chunks done and chunks to do.

    Raises:
        IndexBusy: another process is writing it.
        IndexMismatch: it was made with another embedder or chunking, and `rebuild` is not set.
    """
    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path / "write.lock", timeout=0)
    try:
        with lock:
            if rebuild:
                shutil.rmtree(path / STORE, ignore_errors=True)
                (path / CATALOGUE).unlink(missing_ok=True)
            catalogue = Catalogue(path / CATALOGUE, writable=True)
            try:
                store = _open_store(path, embeddings, create=True, identity=identity)
                check_identity(store, identity, path)
                return _sync(catalogue, store, articles, identity, stamp, on_progress)
            finally:
                catalogue.close()
    except Timeout:
        message = f"another process is writing the index at {path}; wait for it to end, then try again"
        raise IndexBusy(message) from None


def _sync(
    catalogue: Catalogue,
    store: Chroma,
    articles: list[Article],
    identity: Identity,
    stamp: str,
    on_progress: Callable[[int, int], None],
) -> Changes:
    _forget(catalogue, store, catalogue.pending())
    known = catalogue.fingerprints()
    now = {article.id: fingerprint(article) for article in articles}
    gone = [article_id for article_id in known if article_id not in now]
    todo = [article for article in articles if known.get(article.id) != now[article.id]]
    _forget(catalogue, store, gone)

    split = [(article, split_article(article, identity.most_words)) for article in todo]
    total = sum(len(chunks) for _, chunks in split)
    done = 0
    on_progress(done, total)
    for batch in _batches(split):
        with catalogue.transaction():
            catalogue.mark_pending(article.id for article, _ in batch)
        _delete_chunks(store, [article.id for article, _ in batch if article.id in known])
        documents = [to_document(chunk, article) for article, chunks in batch for chunk in chunks]
        if documents:
            store.add_documents(documents)
        with catalogue.transaction():
            for article, chunks in batch:
                catalogue.add(article, now[article.id], chunks)
        done += len(documents)
        on_progress(done, total)
    with catalogue.transaction():
        catalogue.set_fact("complete", "yes")
        catalogue.set_fact("stamp", stamp)

    added = sum(1 for article in todo if article.id not in known)
    return Changes(added, len(todo) - added, len(gone), len(now) - len(todo), catalogue.counts()[1])


def _batches(
    split: list[tuple[Article, list[Chunk]]],
) -> Iterator[list[tuple[Article, list[Chunk]]]]:
    """Whole articles, about `BATCH` chunks at a time."""
    batch: list[tuple[Article, list[Chunk]]] = []
    size = 0
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
    if not article_ids:
        return
    ids = store.get(where={"article": {"$in": article_ids}}, include=[])["ids"]
    if ids:
        store.delete(ids)


def _open_store(
    path: Path, embeddings: Embeddings | None, *, create: bool, identity: Identity | None = None
) -> Chroma:
    """The Chroma collection below `path`, with telemetry off."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings
    from chromadb.errors import ChromaError, NotFoundError
    from langchain_chroma import Chroma

    try:
        client = chromadb.PersistentClient(
            path=str(path / STORE), settings=ChromaSettings(anonymized_telemetry=False)
        )
        existing = {collection.name for collection in client.list_collections()}
        # An existing collection keeps its own metadata: it is what the identity is checked against.
        metadata = identity.metadata() if identity and COLLECTION not in existing else None
        return Chroma(
            client=client,
            collection_name=COLLECTION,
            embedding_function=embeddings,
            collection_metadata=metadata,
            create_collection_if_not_exists=create,
        )
    except NotFoundError:
        raise IndexMissing(f"the index at {path} is not finished; finish it with: assistant index") from None
    except (ChromaError, sqlite3.Error, ValueError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise IndexMismatch(f"the index at {path} cannot be opened ({reason}); {REBUILD}") from None
