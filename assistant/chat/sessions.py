"""Sessions: conversations kept as readable files in the user's data folder.

    sessions/talks.jsonl
    {"kind": "session", "version": 1, "as_of": null, "model": "...", ...}   the terms of what follows
    {"kind": "turn", "answer": {...}, ...}                                  appended as each turn ends
    {"kind": "undo"}                                                        takes back the turn before it
    {"kind": "session", "as_of": "2025-11-26", ...}                         from here on, these terms

Lines are only ever appended, so that a crash loses at most the running turn. A line that is an `Answer`
alone, as an earlier form of these files had them, is a turn too. A session is open in one chat at a time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from assistant.errors import SettingsError
from assistant.index.filters import Filters
from assistant.schema import Answer, StageRanks
from assistant.settings import APP

VERSION = 1
SUFFIX = ".jsonl"


class SessionLine(BaseModel):
    """A line of a session file; keys of a later version are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Terms(SessionLine):
    """What a conversation's questions are asked of: which articles, up to which day, and which model."""

    kind: Literal["session"] = "session"
    version: int = VERSION
    as_of: dt.date | None = None
    since: dt.date | None = None
    section: str | None = None
    outlet: str | None = None
    model: str | None = None
    corpus: str | None = None
    """A path; None is the built-in corpus."""

    def limits(self) -> dict[str, Any]:
        """The limits, as `Assistant.ask` takes them."""
        return {"as_of": self.as_of, "since": self.since, "section": self.section, "outlet": self.outlet}

    def filters(self) -> Filters:
        """The limits, as the searches take them."""
        return Filters(self.as_of, self.since, self.section, self.outlet)


class Record(SessionLine):
    """A finished turn, with what `/why` tells beyond the answer."""

    kind: Literal["turn"] = "turn"
    answer: Answer
    topic: str | None = None
    """What a timeline or brief is about; None for a question."""
    brief: bool = False
    """Whether it is a brief of its topic."""
    ranks: list[StageRanks] = []
    """Of each of the answer's passages."""


class Undo(SessionLine):
    """Takes back the turn before it."""

    kind: Literal["undo"] = "undo"


_LINE: TypeAdapter[Terms | Record | Undo] = TypeAdapter(
    Annotated[Terms | Record | Undo, Field(discriminator="kind")]
)


@dataclass(slots=True)
class SavedSession:
    """What a session file says."""

    terms: Terms | None = None
    turns: list[Record] = field(default_factory=list)
    unreadable: int = 0
    """Lines torn by a crash, or edited by hand."""


def replay(data: bytes) -> SavedSession:
    """The turns that a session file ends with, and its last terms; what cannot be read is counted."""
    kept = SavedSession()
    for text in data.decode("utf-8", errors="replace").split("\n"):
        if not text.strip():
            continue
        try:
            line = _parse(json.loads(text))
        except (ValueError, RecursionError):
            kept.unreadable += 1
            continue
        if isinstance(line, Terms):
            kept.terms = line
        elif isinstance(line, Record):
            kept.turns.append(line)
        else:
            del kept.turns[-1:]
    return kept


def _parse(given: Any) -> Terms | Record | Undo:
    if isinstance(given, dict) and "kind" not in given:
        return Record(answer=Answer.model_validate(given))
    return _LINE.validate_python(given)


class Session:
    """A conversation: its turns, its terms, and, if it is kept, the file that holds them."""

    def __init__(self, name: str | None, terms: Terms, *, keep: bool = True) -> None:
        """Opens the session of that name, which goes on with its own terms, or a new one with these.

        Without a name, or without `keep`, it is written nowhere. Raises SettingsError for a bad name, a
        session that is open in another chat, and a file that cannot be read or written.
        """
        self.name = name if keep else None
        self._file = file_of(name) if name is not None and keep else None
        with contextlib.ExitStack() as stack:
            if self._file is not None:
                self._lock = _lock(self._file.stem)
                stack.callback(self._lock.release)
            data = _read(file_of(name)) if name is not None else b""
            stack.pop_all()
        kept = replay(data)
        self.terms, self.turns, self.unreadable = kept.terms or terms, kept.turns, kept.unreadable
        self._begun = bool(data)
        # A line torn by a crash is left as it is, and what follows starts a line of its own.
        self._torn = bool(data) and not data.endswith(b"\n")

    def close(self) -> None:
        """Lets another chat open it; where nothing was kept, nothing is left behind."""
        if self._file is None:
            return
        if not self._begun:
            _remove(_lock_file(self._file.stem))
        self._lock.release()

    def add(self, turn: Record) -> None:
        """Keeps a finished turn. Raises SettingsError when its file cannot be written; the turn stays."""
        self.turns.append(turn)
        if self._file is not None and not self._begun:
            self._append(self.terms)
        self._append(turn)

    def undo(self) -> None:
        """Takes back the last turn."""
        self.turns.pop()
        self._append(Undo())

    def change(self, terms: Terms) -> None:
        """Goes on with other terms."""
        changed = terms != self.terms
        self.terms = terms
        if changed and self._file is not None and self._begun:
            self._append(terms)

    def _append(self, line: SessionLine) -> None:
        if self._file is None:
            return
        data = line.model_dump_json().encode() + b"\n"
        try:
            # For the user's eyes only, and on the disk before the next question.
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as out:
                out.write(b"\n" + data if self._torn else data)
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise SettingsError(f"cannot write {self._file} ({error.strerror}); free space there") from None
        self._begun, self._torn = True, False


def folder() -> Path:
    """Where sessions are kept."""
    return Path(platformdirs.user_data_dir(APP)) / "sessions"


def file_of(name: str) -> Path:
    """The file of a session. Raises SettingsError for what is no name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", name):
        raise SettingsError(f"{name!r} is no session name; use letters, digits, '.', '_' and '-'")
    return folder() / f"{name}{SUFFIX}"


def automatic_name() -> str:
    """A name that no session has yet: the day and the time."""
    first = name = f"{dt.datetime.now():%Y-%m-%d-%H%M%S}"
    number = 1
    while file_of(name).exists() or _lock_file(name).exists():
        number += 1
        name = f"{first}-{number}"
    return name


def names() -> list[str]:
    """The sessions there are, the last used first."""
    used = [(file.stat().st_mtime, file.stem) for file in folder().glob(f"*{SUFFIX}") if file.is_file()]
    return [name for _, name in sorted(used, key=lambda pair: (-pair[0], pair[1]))]


def delete(name: str) -> None:
    """Removes a session for good. Raises SettingsError when there is none, or it is open in a chat."""
    file = file_of(name)
    if not file.is_file():
        raise unknown(name)
    lock = _lock(name)
    try:
        file.unlink()
        _remove(_lock_file(name))
    except OSError as error:
        raise SettingsError(f"cannot remove {file} ({error.strerror}); check its permissions") from None
    finally:
        lock.release()


def unknown(name: str) -> SettingsError:
    """The error that there is no such session, with the names that are most like it."""
    from rapidfuzz.process import extract

    near = [match[0] for match in extract(name, names(), limit=3)]
    return SettingsError(
        f"no session {name!r}; " + (f"there are: {', '.join(near)}" if near else "none is kept")
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SettingsError(f"cannot keep the session {file} ({error.strerror}); give another name") from None


def _lock_file(name: str) -> Path:
    return folder() / "locks" / f"{name}.lock"


def _remove(lock_file: Path) -> None:
    """Removes a lock's file while the lock is held; Windows keeps it, which does no harm."""
    with contextlib.suppress(OSError):
        lock_file.unlink()


def _lock(name: str) -> FileLock:
    """Held until it is released or the process ends, however it ends."""
    file = _lock_file(name)
    lock = FileLock(file, timeout=0)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise SettingsError(
            f"the session {name!r} is open in another chat; close it there, or give another name"
        ) from None
    except OSError as error:
        raise SettingsError(
            f"cannot keep sessions in {folder()} ({error.strerror}); make it writable, or use --no-save"
        ) from None
    return lock
