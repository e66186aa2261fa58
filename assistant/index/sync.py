"""Brings an index in line with a corpus, however often it is interrupted.

An article is marked pending, then written to Chroma, then committed to the catalogue in one transaction that
also removes the mark. So a killed run is finished by the next, which does only those again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.corpus.articles import Article, compare, fingerprint
from assistant.corpus.chunking import Chunk, split_article, to_document
from assistant.errors import IndexMismatch
from assistant.index import snapshots, vectors
from assistant.index.lexical import CATALOGUE, Catalogue
from assistant.index.vectors import REBUILD, Identity

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

SplitArticle = tuple[Article, list[Chunk]]

BATCH = 64
"""Chunks embedded and committed at a time: what a killed run loses at most."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run of `sync` did, in articles, and how many chunks the index holds now."""

    added: int
    changed: int
    removed: int
    unchanged: int
    chunks: int


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
        IndexMismatch: it was made with another embedder or chunking and not `rebuild`, or it is damaged.
    """
    with snapshots.lock(path), vectors.store_errors(path):
        state = snapshots.begin(path, rebuild)
        with ExitStack() as stack:
            catalogue = stack.enter_context(closing(Catalogue(state / CATALOGUE, writable=True)))
            store = vectors.open_store(path, state, embeddings, identity)
            stack.callback(vectors.close_store, store)
            vectors.check_identity(store, identity, path)
            _forget(catalogue, store, catalogue.pending())
            if store._collection.count() != catalogue.counts()[1]:
                raise IndexMismatch(f"the index at {path} has lost some of its vectors; {REBUILD}")
            changes = _sync(catalogue, store, articles, identity, stamp, on_progress)
        snapshots.finish(path, state)
        return changes


def _sync(
    catalogue: Catalogue,
    store: Chroma,
    articles: list[Article],
    identity: Identity,
    stamp: str,
    on_progress: Callable[[int, int], None],
) -> Changes:
    difference = compare(catalogue.fingerprints(), articles)
    added, changed = frozenset(difference.added), frozenset(difference.changed)
    todo = [article for article in articles if article.id in added | changed]
    _forget(catalogue, store, difference.removed)

    split = [(article, split_article(article, identity.most_words)) for article in todo]
    total = sum(len(chunks) for _, chunks in split)
    done = 0
    on_progress(done, total)
    for batch in _batches(split):
        with catalogue.transaction():
            catalogue.mark_pending(article.id for article, _ in batch)
        _delete_chunks(store, [article.id for article, _ in batch if article.id in changed])
        documents = [to_document(chunk, article) for article, chunks in batch for chunk in chunks]
        for part in vectors.in_parts(documents, BATCH):
            store.add_documents(part)
            done += len(part)
            on_progress(done, total)
        with catalogue.transaction():
            for article, chunks in batch:
                catalogue.add(article, fingerprint(article), chunks)
    with catalogue.transaction():
        catalogue.set_fact("stamp", stamp)

    unchanged = len(articles) - len(todo)
    return Changes(len(added), len(changed), len(difference.removed), unchanged, catalogue.counts()[1])


def _batches(split: list[SplitArticle]) -> Iterator[list[SplitArticle]]:
    """Whole articles, about `BATCH` chunks at a time."""
    batch, size = list[SplitArticle](), 0
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
    for part in vectors.in_parts(article_ids, vectors.MOST_IDS):
        where: Any = {"article": {"$in": part}}
        if ids := store.get(where=where, include=[])["ids"]:
            store.delete(ids)
