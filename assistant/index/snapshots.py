"""Snapshots: the folders of an index, which let it be written while others read it.

    index folder
    ├── current               names the state that questions read
    ├── state-1f0c9a2e/       a finished state, never changed again
    ├── state-77d3b0c4.new/   the state a run is writing
    └── write.lock            held by that run

Chroma corrupts a database that one process reads while another writes it. So a run works on a copy, then
points `current` to it. Where the file system can, the copy shares the blocks that the run does not change.
A large state is not copied: the new one lies on it, names it in a file `base`, and holds only what is new.
Later runs copy that, until so much lies on the base that the two are made one.

The previous state is kept until the next run, and for a minute at least, for those still reading it.
Everything is on the disk before `current` is written, so that a power cut leaves one state or the other.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import IndexBusy, IndexMismatch, reason
from assistant.index.catalogue.database import REBUILD

CURRENT = "current"
PREFIX = "state-"
UNFINISHED = ".new"
BASE = "base"

GRACE = 60.0
"""Seconds for which a state that was replaced may still be read: a search that began with it opens Chroma's
files as it goes, and several short runs may end meanwhile."""

FICLONE = 0x40049409
"""Linux's request that a file share the blocks of another."""

_PASSING = shutil.ignore_patterns("*.sqlite3-*")
"""SQLite's journals, which come and go as others read: a copy of a database is whole without them, and would
be undone by one of another moment."""

_FINISHED = re.compile(rf"{PREFIX}[0-9a-f]+")


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Holds the index's write lock; makes the index's folder."""
    lock = FileLock(path / "write.lock", timeout=0)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        message = f"another process is writing the index at {path}; wait for it to end, then try again"
        raise IndexBusy(message) from None
    except OSError as error:
        message = (
            f"the index at {path} cannot be written ({reason(error)}); choose another folder with --index"
        )
        raise IndexMismatch(message) from None
    try:
        yield
    finally:
        lock.release()


def current(path: Path) -> Path | None:
    """The state that questions read; None if no run was ever finished."""
    try:
        name = (path / CURRENT).read_text(encoding="ascii")
        state = path / name
        return state if _FINISHED.fullmatch(name) and state.is_dir() else None
    except (OSError, ValueError):
        return None


def base(state: Path) -> Path | None:
    """The state on which this one lies; None if it is whole by itself."""
    try:
        name = (state / BASE).read_text(encoding="ascii")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise IndexMismatch(f"{state / BASE} cannot be read ({reason(error)}); {REBUILD}") from None
    if not _FINISHED.fullmatch(name):
        raise IndexMismatch(f"{state / BASE} names no finished state; {REBUILD}")
    return state.parent / name


def layers(state: Path) -> list[Path]:
    """The state, and the one on which it lies. Raises IndexMismatch."""
    below = base(state)
    return [state] if below is None else [state, below]


def left(path: Path) -> Path | None:
    """The state that a killed run was writing."""
    return next(path.glob(f"{PREFIX}*{UNFINISHED}"), None)


def litter(path: Path) -> list[Path]:
    """What killed runs left, apart from work that can be continued: half copies, and states that never
    became current."""
    kept = _with_bases(current(path), left(path))
    states = sorted(path.glob(f"{PREFIX}*"), key=lambda state: state.stat().st_mtime, reverse=True)
    finished = [state for state in states if _FINISHED.fullmatch(state.name) and state not in kept]
    broken = [state for state in states if state not in kept and state not in finished]
    # The newest is kept, and what may still be read.
    kept = _with_bases(*finished[:1], *filter(_may_be_read, finished))
    return [
        *broken,
        *(state for state in finished if state not in kept),
        *path.glob(f"{CURRENT}.tmp"),
    ]


def tidy(path: Path, keep: Path | None = None) -> None:
    """Removes all states but the current one, another, and those that may still be read."""
    states = list(path.glob(f"{PREFIX}*"))
    kept = _with_bases(current(path), keep, *filter(_may_be_read, states))
    for folder in states:
        if folder not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def _with_bases(*states: Path | None) -> set[Path]:
    """The states, and those on which they lie."""
    found = set[Path]()
    for state in filter(None, states):
        with suppress(IndexMismatch):  # told when it is opened
            found.update(layers(state))
        found.add(state)
    return found


def _may_be_read(state: Path) -> bool:
    """Whether it was finished, and current until a moment ago (`finish` notes the time)."""
    return bool(_FINISHED.fullmatch(state.name)) and time.time() - state.stat().st_mtime < GRACE


def settled(path: Path) -> bool:
    """Whether nobody reads a state any more that was replaced by the current one."""
    try:
        return time.time() - (path / CURRENT).stat().st_mtime >= GRACE
    except OSError:
        return False


def begin(path: Path, copied: Path | None = None, *, on: Path | None = None) -> Path:
    """A new state to write: a copy of one, or an empty one, which may lie on another. Removes what nobody
    reads."""
    tidy(path)
    # A new name each time, because in each process Chroma remembers by path what it has opened.
    state = path / f"{PREFIX}{secrets.token_hex(4)}{UNFINISHED}"
    # Renamed when it is whole, so that half a copy is not taken for the work of a run.
    work = state.with_suffix(".copy")
    if copied is None:
        work.mkdir()
        if on is not None:
            (work / BASE).write_text(on.name, encoding="ascii")
    else:
        shutil.copytree(copied, work, copy_function=_copy_file, ignore=_PASSING)
    return work.rename(state)


def _copy_file(source: str, target: str) -> None:
    """Copies a file, by sharing its blocks where the file system can.

    A database is kept from being written meanwhile, as Chroma writes to it even when it reads; one whose
    blocks cannot be shared is copied by SQLite's own means.
    """
    if not source.endswith(".sqlite3"):
        if not _shared(source, target):
            shutil.copyfile(source, target)
        return
    shared = False
    with closing(sqlite3.connect(source, isolation_level=None)) as old:
        # With a write-ahead log the file alone is not the whole database; a read-only one cannot be locked.
        with suppress(sqlite3.OperationalError):
            if old.execute("PRAGMA journal_mode").fetchone() == ("delete",):
                old.execute("BEGIN IMMEDIATE")
                shared = _shared(source, target)
                old.execute("ROLLBACK")
        if not shared:
            with closing(sqlite3.connect(target)) as new:
                old.backup(new)


def _shared(source: str, target: str) -> bool:
    """Whether a copy could be made that shares the blocks until either is written: on Btrfs, on XFS."""
    if sys.platform != "linux":
        return False
    import fcntl

    with Path(source).open("rb") as old, Path(target).open("wb") as new:
        try:
            fcntl.ioctl(new, FICLONE, old.fileno())
        except OSError:
            return False
    return True


def finish(path: Path, state: Path) -> None:
    """Lets questions read the state that was written."""
    for file in state.rglob("*"):
        _to_disk(file)
    _to_disk(state)
    final = state.rename(state.with_suffix(""))
    _to_disk(path)
    if (before := current(path)) is not None:
        os.utime(before)
    named = path / f"{CURRENT}.tmp"
    named.write_text(final.name, encoding="ascii")
    _to_disk(named)
    named.replace(path / CURRENT)
    _to_disk(path)


def _to_disk(file: Path) -> None:
    """Waits until a file or a folder's list of names is on the disk."""
    if os.name == "nt" and file.is_dir():  # cannot be opened there
        return
    descriptor = os.open(file, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
