"""A SQLite file of an index: its connections, its version, and what is said when it cannot be read."""

from __future__ import annotations

import re
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from assistant.errors import MORE_MEMORY, IndexMismatch, IndexMissing, IndexOutdated, lacks_memory, reason

REBUILD = "run: assistant index --rebuild"

_NO_ROOM = re.compile("disk is full|disk I/O error|No space left|File too large|quota", re.IGNORECASE)
_NOT_WRITABLE = re.compile(
    "readonly database|Read-only file system|Permission denied|unable to open database"
)
"""What SQLite, Chroma and the system say when the file is not to blame."""


def remedy(error: object, otherwise: str = REBUILD) -> str:
    """What to do about an error of a database."""
    if lacks_memory(error):
        return MORE_MEMORY
    if _NO_ROOM.search(str(error)):
        return "make room for it and try again"
    if _NOT_WRITABLE.search(str(error)):
        return "make it writable, or choose another folder with --index"
    return otherwise


class Database:
    """One open file; a reader opens it read-only, so that a question never writes.

    Each thread has a connection of its own: one that is shared would let threads wait for each other. They
    are closed by `close`, or when nobody holds the database any more.
    """

    def __init__(self, path: Path, schema: str, version: int, *, writable: bool, outdated: bool) -> None:
        """`version` is that of `schema`, by which a new file is made; `outdated` opens an earlier one, too.

        Raises IndexMissing when a reader finds none, IndexMismatch for one that cannot be read.
        """
        self._path = path
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.is_file():
            raise IndexMissing(f"no index at {path.parent}; make one with: assistant index")
        self._uri = f"{path.resolve().as_uri()}?mode={'rwc' if writable else 'ro'}"
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._closed = weakref.finalize(self, _close, self._opened)
        try:
            self._check(schema, version, writable, outdated)
        except BaseException:
            self.close()
            raise

    def _check(self, schema: str, version: int, writable: bool, outdated: bool) -> None:
        found = self._rows("PRAGMA user_version")[0][0]
        if found == 0 and writable:
            with self._readable():
                self._db.executescript(f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;")
            return
        if found == 0:
            raise IndexMissing(f"no index at {self._path.parent}; make one with: assistant index")
        check_version(self._path, version if outdated and found < version else found, version)

    @property
    def _db(self) -> sqlite3.Connection:
        """The connection of the thread that asks for it."""
        own: sqlite3.Connection | None = getattr(self._own, "db", None)
        if own is None:
            if not self._closed.alive:
                raise sqlite3.ProgrammingError("the catalogue is closed")
            # Whichever thread closes the database closes them all.
            own = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
            self._opened.append(own)
            self._prepare(own)
            self._own.db = own
        return own

    def _prepare(self, db: sqlite3.Connection) -> None:
        """What a new connection needs. Raises IndexMismatch."""
        # SQLite's own lower() knows only ASCII.
        db.create_function("casefold", 1, str.casefold, deterministic=True)

    def close(self) -> None:
        """Closes the connections of all threads."""
        self._closed()

    def _rows(self, query: str, values: Iterable[Any] = ()) -> list[Any]:
        """The rows that a query gives. Raises IndexMismatch when the file is damaged."""
        with self._readable():
            return self._db.execute(query, tuple(values)).fetchall()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Raises IndexMismatch for what a damaged file leads to."""
        try:
            yield
        except sqlite3.ProgrammingError:  # no damage
            raise
        # A wrong value is one, too: SQLite stores any in any column.
        except (sqlite3.Error, ValueError, TypeError, OverflowError, KeyError) as error:
            raise IndexMismatch(f"{self._path} cannot be used ({reason(error)}); {remedy(error)}") from None


def check_version(path: Path, found: int, version: int) -> None:
    """Raises IndexMismatch for a file of a later version than this, IndexOutdated for one of an earlier."""
    if found > version:
        raise IndexMismatch(f"{path} was written by a later version; {REBUILD}")
    if found < version:
        raise IndexOutdated(f"{path} was written by an earlier version; run: assistant index")


def faults(path: Path, full_text: str = "") -> list[str]:
    """What SQLite itself finds wrong with a file, and with its full-text table of this name."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as file:
            found = [str(text) for (text,) in file.execute("PRAGMA integrity_check(3)") if text != "ok"]
            if full_text and not found:
                with closing(sqlite3.connect("")) as copy:  # as this check is written like a change
                    file.backup(copy)
                    copy.execute(f"INSERT INTO {full_text}({full_text}, rank) VALUES ('integrity-check', 1)")
            return [f"{path.name}: {' '.join(text.split())}" for text in found]
    except sqlite3.Error as error:
        return [f"{path.name} cannot be read ({reason(error)})"]


def _close(opened: list[sqlite3.Connection]) -> None:
    for connection in opened:
        connection.close()
