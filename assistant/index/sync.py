"""Updates an index from a corpus, and can be interrupted at any time.

An article is marked pending, then written to Chroma, then committed to the catalogue in one transaction that
also removes the mark. So the next run finishes a killed one and redoes only the pending articles.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.corpus.articles import Article, CorpusDifference, compare
from assistant.corpus.chunking import split_article
from assistant.corpus.report import Summary
from assistant.errors import IndexMismatch, IndexMissing, IndexOutdated
from assistant.index import snapshots
from assistant.index.catalogue.database import REBUILD
from assistant.index.catalogue.lexical import CATALOGUE, LARGE, Catalogue
from assistant.index.encoding import Encode, Encoder, batches
from assistant.index.manifest import Manifest, check
from assistant.index.merging import Upper, read_upper
from assistant.index.vectors import chroma, reading, served
from assistant.index.vectors.chroma import Identity
from assistant.index.vectors.connection import Server
from assistant.index.vectors.writing import Store

if TYPE_CHECKING:
    from assistant.models.encoders.kinds import Embeddings

FEW = 100
"""Articles that are held together where no more are new or changed, lest all be gone through again."""

log = logging.getLogger(__name__)


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
    server: Server | None = None,
    encode: Encode | None = None,
    stamp: str = "",
    facts: Mapping[str, str] | None = None,
    rebuild: bool = False,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Changes:
    """Brings the index at `path` in line with `articles`; embeds only what is new or changed.

    One that an earlier version of this program wrote is made anew. The articles are gone through several
    times, never all held together. `server` holds the vectors, else the index's folder. `encode` encodes
    articles elsewhere than in this process. `stamp` is remembered as the corpus's state, and `facts` beside
    it; `on_progress` gets chunks done and chunks to do.

    Raises:
        IndexBusy: another process is writing it.
        IndexMismatch: it was made with another embedder or chunking and not `rebuild`, or it is damaged.
    """
    encode = encode or partial(map, Encoder(embeddings, identity.most_words))
    facts = {"stamp": stamp, **(facts or {})}
    with snapshots.lock(path), chroma.store_errors(path, OSError):
        changes, outgrown = _run(path, articles, identity, server, encode, facts, on_progress, rebuild)
        if outgrown:
            _run(path, articles, identity, server, encode, facts)
        return changes


def _run(
    path: Path,
    articles: Iterable[Article],
    identity: Identity,
    server: Server | None,
    encode: Encode,
    facts: Mapping[str, str],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    rebuild: bool = False,
) -> tuple[Changes, bool]:
    """Writes a state, and says whether too much lies on its base by now."""
    with ExitStack() as stack:
        state = _begun(path, identity, server, rebuild, stack)
        difference = compare(state.catalogue.fingerprints(), articles)
        if state.catalogue.outgrown_by(len(difference)):
            stack.close()
            folder = snapshots.begin(path, snapshots.layers(state.folder)[-1])
            state = _opened(path, folder, identity, server, stack)
            difference = compare(state.catalogue.fingerprints(), articles)
        changes = _sync(state, articles, difference, identity, encode, facts, on_progress)
        outgrown = state.catalogue.outgrown()
    state.manifest.write()  # once Chroma is closed
    snapshots.finish(path, state.folder)
    return changes, outgrown


@dataclass(frozen=True, slots=True)
class _State:
    """A state that is being written."""

    folder: Path
    catalogue: Catalogue
    store: Store
    manifest: Manifest
    upper: Upper | None = None
    """What lay on the base that this state is a copy of, and is to be taken over."""


def _begun(path: Path, identity: Identity, server: Server | None, rebuild: bool, stack: ExitStack) -> _State:
    """The state to write, closed by `stack`: the one that a killed run left, unless it had other settings or
    is damaged, else a new one."""
    left = None if rebuild else snapshots.left(path)
    if left is not None:
        try:
            state = _opened(path, left, identity, server, stack)
        except IndexMismatch as error:
            log.info("what a killed run left is not continued: %s", error)
        else:
            snapshots.tidy(path, left)
            return state
    try:
        state = _opened(path, _new(path, rebuild), identity, server, stack)
    except IndexOutdated:
        state = _opened(path, snapshots.begin(path), identity, server, stack)
    state.store.tidy(path)
    return state


def _new(path: Path, rebuild: bool) -> Path:
    """The folder of a new state: empty, a copy of the current one, on it if it is large, or a copy of its
    base if too much lies on that."""
    now = snapshots.current(path)
    if now is None or rebuild:
        return snapshots.begin(path)
    try:
        base = snapshots.base(now)
        with closing(Catalogue(now / CATALOGUE, outdated=base is None)) as catalogue:
            if base is None and catalogue.most_chunks() > LARGE:
                return snapshots.begin(path, on=now)
            return snapshots.begin(path, base if catalogue.outgrown() else now)
    except (IndexMissing, IndexMismatch):  # told when the copy is opened
        return snapshots.begin(path, now)


def _opened(path: Path, folder: Path, identity: Identity, server: Server | None, stack: ExitStack) -> _State:
    """The state in a folder, without what a killed run did by halves.

    Raises IndexMismatch when it was made with other settings, or is damaged.
    """
    with ExitStack() as own, chroma.store_errors(path, OSError):
        manifest, base = Manifest(folder), snapshots.base(folder)
        check(path, manifest, *([Manifest(base)] if base else []))
        if base is not None and server is None:
            chroma.check_identity(reading.open_vectors(path, base).metadata, identity, path)
        catalogue = own.enter_context(closing(Catalogue(folder / CATALOGUE, writable=True)))
        above = None
        if base is None and catalogue.fact("stamp") is not None:  # a rebuild has none, until it is complete
            with suppress(IndexMismatch):  # then it is embedded again
                above = read_upper(path, identity, server)
        store = served.store_of(path, folder, catalogue, server, identity)
        own.callback(store.close)
        chroma.check_identity(store.metadata, identity, path)
        state = _State(folder, catalogue, store, manifest, above)
        state.manifest.write()  # so that what Chroma writes from now on can be told from it
        _forget(state, catalogue.pending())
        held, chunks = store.count(), catalogue.counts(alone=not store.shared)[1]  # Chroma counts slowly
        if held < chunks or (held > chunks and not store.shared):
            raise IndexMismatch(f"the index at {path} has lost some of its vectors; {REBUILD}")
        stack.push(own.pop_all())
        return state


def _sync(
    state: _State,
    articles: Iterable[Article],
    difference: CorpusDifference,
    identity: Identity,
    encode: Encode,
    facts: Mapping[str, str],
    on_progress: Callable[[int, int], None],
) -> Changes:
    catalogue, upper = state.catalogue, state.upper
    changed = frozenset(difference.changed)
    todo = changed.union(difference.added)
    _forget(state, difference.removed)
    source = articles if todo else ()
    if 0 < len(todo) <= FEW:
        source = list(islice((article for article in articles if article.id in todo), len(todo)))

    def left(held: bool | None = None) -> Iterator[Article]:
        """What is to be written, one article at a time; or that of it which is held encoded, or not held."""
        for article in source:
            if article.id in todo and held in (None, upper is not None and upper.holds(article)):
                yield article

    total = sum(len(split_article(article, identity.most_words)) for article in left())
    held = batches(left(held=True)) if upper else ()
    taken_over = ([upper.encoded[article.id] for article in batch] for batch in held if upper)
    done = 0
    on_progress(done, total)
    for batch in chain(taken_over, encode(batches(left(held=False))) if todo else ()):
        with catalogue.transaction():
            catalogue.mark_pending(encoded.article.id for encoded in batch)
        state.store.forget(one.article.id for one in batch if one.article.id in changed)
        state.store.upsert(batch)
        state.manifest.write()
        with catalogue.transaction():
            for encoded in batch:
                catalogue.add(encoded.article, encoded.chunks)
        done += sum(len(encoded.chunks) for encoded in batch)
        on_progress(done, total)
    with catalogue.transaction():
        for name, value in facts.items():
            catalogue.set_fact(name, value)

    if upper:  # told against what was there, not against the base
        difference = compare(upper.known, articles)
    added, replaced, removed = map(len, (difference.added, difference.changed, difference.removed))
    count, chunks, _ = catalogue.counts()
    return Changes(added, replaced, removed, count - added - replaced, chunks)


def _forget(state: _State, article_ids: list[str]) -> None:
    """Removes articles: marked first, so that a run killed in between is finished by the next."""
    if not article_ids:
        return
    with state.catalogue.transaction():
        state.catalogue.mark_pending(article_ids)
    state.store.forget(article_ids)
    state.manifest.write()
    with state.catalogue.transaction():
        for article_id in article_ids:
            state.catalogue.remove(article_id)
