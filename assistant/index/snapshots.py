"""Snapshots: the folders of an index, which let it be written while others read it.

    index folder
    ├── current               names the state that questions read
    ├── state-1f0c9a2e/       a finished state, never changed again
    ├── state-77d3b0c4.new/   the state a run is writing
    └── write.lock            held by that run

Chroma corrupts a database that one process reads while another writes it. So a run works on a copy, then
points `current` to it. The previous state is kept until the next run, for processes still reading it.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import IndexBusy, IndexMismatch, reason

CURRENT = "current"
PREFIX = "state-"
UNFINISHED = ".new"


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
        state = path / (path / CURRENT).read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    return state if state.name.startswith(PREFIX) and state.is_dir() else None


def begin(path: Path, rebuild: bool) -> Path:
    """The state to write: the one a killed run left, else a copy of the current one, or an empty one."""
    now = current(path)
    left = None if rebuild else next(path.glob(f"{PREFIX}*{UNFINISHED}"), None)
    for folder in path.glob(f"{PREFIX}*"):
        if folder not in (now, left):
            shutil.rmtree(folder, ignore_errors=True)
    if left:
        return left
    # A new name each time, because in each process Chroma remembers by path what it has opened.
    state = path / f"{PREFIX}{secrets.token_hex(4)}{UNFINISHED}"
    if now is None or rebuild:
        state.mkdir()
        return state
    # Renamed when it is whole, so that half a copy is not taken for the work of a run.
    copy = state.with_suffix(".copy")
    shutil.copytree(now, copy, copy_function=_copy_file)
    return copy.rename(state)


def _copy_file(source: str, target: str) -> None:
    """Copies a file; a database by SQLite's own means, as Chroma writes to it even when it reads."""
    if not source.endswith(".sqlite3"):
        shutil.copyfile(source, target)
        return
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def finish(path: Path, state: Path) -> None:
    """Lets questions read the state that was written."""
    final = state.rename(state.with_suffix(""))
    named = path / f"{CURRENT}.tmp"
    named.write_text(final.name, encoding="ascii")
    named.replace(path / CURRENT)
