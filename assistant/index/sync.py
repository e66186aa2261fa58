"""Updates an index from a corpus, and can be interrupted at any time.

An article is marked pending, then written to Chroma, then committed to the catalogue in one transaction that
also removes the mark. So the next run finishes a killed one and redoes only the pending articles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.corpus.articles import Article, compare
from assistant.corpus.chunking import split_article
from assistant.corpus.report import Summary
from assistant.errors import IndexMismatch, IndexOutdated
from assistant.index import snapshots, vectors
from assistant.index.encoding import Encode, Encoder, batches
from assistant.index.lexical import CATALOGUE, Catalogue
from assistant.index.vectors import REBUILD, Identity

if TYPE_CHECKING:
    from langchain_chroma import Chroma

    from assistant.models.encoders.kinds import Embeddings


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


def sync(
    path: Path,
    articles: Iterable[Article],
    embeddings: Embeddings,
    identity: Identity,
    *,
    encode: Encode | None = None,
    stamp: str = "",
    facts: Mapping[str, str] | None = None,
    rebuild: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Changes:
    """Brings the index at `path` in line with `articles`; embeds only what is new or changed.

    One that an earlier version of this program wrote is made anew. The articles are gone through three times
    and never held together. `encode` encodes them elsewhere than in this process. `stamp` is remembered as
    the corpus's state, and `facts` beside it; `on_progress` gets chunks done and chunks to do.

    Raises:
        IndexBusy: another process is writing it.
        IndexMismatch: it was made with another embedder or chunking and not `rebuild`, or it is damaged.
    """
    with snapshots.lock(path), vectors.store_errors(path):
        state = snapshots.begin(path, rebuild)
        with ExitStack() as stack:
            try:
                catalogue = Catalogue(state / CATALOGUE, writable=True)
            except IndexOutdated:
                state = snapshots.begin(path, rebuild=True)
                catalogue = Catalogue(state / CATALOGUE, writable=True)
            stack.callback(catalogue.close)
            store = vectors.open_store(path, state, identity)
            stack.callback(vectors.close_store, store)
            vectors.check_identity(store._collection.metadata or {}, identity, path)
            _forget(catalogue, store, catalogue.pending())
            if store._collection.count() != catalogue.counts()[1]:
                raise IndexMismatch(f"the index at {path} has lost some of its vectors; {REBUILD}")
            changes = _sync(
                catalogue,
                store,
                articles,
                identity,
                encode or partial(map, Encoder(embeddings, identity.most_words)),
                {"stamp": stamp, **(facts or {})},
                on_progress,
            )
        snapshots.finish(path, state)
        return changes


def _sync(
    catalogue: Catalogue,
    store: Chroma,
    articles: Iterable[Article],
    identity: Identity,
    encode: Encode,
    facts: Mapping[str, str],
    on_progress: Callable[[int, int], None],
) -> Changes:
    known = catalogue.fingerprints()
    difference = compare(known, articles)
    changed = frozenset(difference.changed)
    todo = changed.union(difference.added)
    _forget(catalogue, store, difference.removed)

    def left() -> Iterator[Article]:
        """What is to be embedded, one article at a time."""
        return (article for article in articles if article.id in todo)

    total = sum(len(split_article(article, identity.most_words)) for article in left()) if todo else 0
    done = 0
    on_progress(done, total)
    for batch in encode(batches(left())) if todo else ():
        with catalogue.transaction():
            catalogue.mark_pending(encoded.article.id for encoded in batch)
        _delete_chunks(store, [encoded.article.id for encoded in batch if encoded.article.id in changed])
        vectors.upsert(store, batch)
        with catalogue.transaction():
            for encoded in batch:
                catalogue.add(encoded.article, encoded.chunks)
        done += sum(len(encoded.chunks) for encoded in batch)
        on_progress(done, total)
    with catalogue.transaction():
        for name, value in facts.items():
            catalogue.set_fact(name, value)

    unchanged = len(known) - len(difference.removed) - len(changed)
    counts = (len(difference.added), len(changed), len(difference.removed), unchanged)
    return Changes(*counts, catalogue.counts()[1])


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
