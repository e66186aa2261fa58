"""Batches: JSON Lines of questions in, JSON Lines of answers out, in order, with models loaded once."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.answering.query import Turn
from assistant.api.asked import HistoryTurn, first_problem, turns_of, written_out
from assistant.errors import AssistantError, SettingsError, reason


class BatchLine(BaseModel):
    """One line of a batch; unknown keys are ignored with a notice."""

    model_config = ConfigDict(extra="allow")

    question: str = Field(min_length=1)
    id: str | int | None = None
    as_of: dt.date | None = None
    history: list[HistoryTurn] = []

    _written_out = field_validator("as_of", mode="before")(written_out)

    def turns(self) -> list[Turn]:
        """The history as questions with answers."""
        return turns_of(self.history)

    def query(self) -> str:
        """The question with the previous one before it, as one search text."""
        turns = self.turns()
        return f"{turns[-1].question} {self.question}" if turns else self.question


Limits = dict[str, Any]
"""as_of, since, section and outlet, as `Assistant.ask` takes them."""

Answering = Callable[[BatchLine, Limits], BaseModel]


def run_batch(
    file: str, limits: Limits, answer: Answering, notice: Callable[[str], None], *, jobs: int = 1
) -> int:
    """Prints an answer for each line to standard output, in order, answering up to `jobs` at a time.

    A line that fails prints its error, and the run continues. Returns the number of failures. Raises
    SettingsError if the file cannot be read.
    """
    batch = _Batch(limits, answer, notice)
    if jobs == 1:
        for number, raw in _lines(file):
            print(batch.answered(*batch.read(number, raw)), flush=True)
    else:
        with Workers(jobs) as workers:
            for number, raw in _lines(file):
                workers.give(partial(batch.answered, *batch.read(number, raw)))
    return batch.failed


class _Batch:
    """What the lines of a batch share."""

    def __init__(self, limits: Limits, answer: Answering, notice: Callable[[str], None]) -> None:
        self._limits = limits
        self._answer = answer
        self._notice = notice
        self._unknown: set[str] = set()
        self._lock = threading.Lock()
        self.failed = 0

    def read(self, number: int, raw: bytes) -> tuple[int, str | int | None, BatchLine | Exception]:
        """A line's number, its id, and the parsed line or its error."""
        given: dict[str, Any] = {}
        line: BatchLine | Exception
        try:
            given = _object(raw)
            line = BatchLine.model_validate(given)
        except (ValidationError, AssistantError) as error:
            line = error
        else:
            new = set(line.model_extra or {}) - self._unknown
            if new:
                self._unknown |= new
                self._notice(f"line {number}: unknown keys are ignored: {', '.join(sorted(new))}")
        name = given.get("id")
        return number, name if isinstance(name, str | int) else None, line

    def answered(self, number: int, name: str | int | None, line: BatchLine | Exception) -> str:
        """The JSON of a line's answer, or of its error."""
        try:
            if isinstance(line, Exception):
                raise line
            days = [day for day in (self._limits.get("as_of"), line.as_of) if day is not None]
            limits = {**self._limits, "as_of": min(days, default=None)}
            shown = {"id": line.id, **self._answer(line, limits).model_dump(mode="json")}
        except (ValidationError, AssistantError) as error:
            with self._lock:
                self.failed += 1
            shown = {"id": name, "error": f"line {number}: {_one_line(error)}"}
        return json.dumps(shown, ensure_ascii=False)


class Workers:
    """Worker threads that print results in the order in which the work was given.

    If the block exits with an exception, such as an interrupt, nothing more is printed, and unfinished work
    is abandoned and ends with the process.
    """

    def __init__(self, jobs: int) -> None:
        self._room = threading.Semaphore(jobs)
        self._waiting: SimpleQueue[tuple[int, Callable[[], str]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(jobs)]
        self._given = self._printed = 0
        self._done: dict[int, str] = {}
        self._lock = threading.Lock()
        self._left = False
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def give(self, work: Callable[[], str]) -> None:
        """Waits for a free thread. Raises any error from an earlier one."""
        self._room.acquire()
        if self._failure is not None:
            raise self._failure
        self._waiting.put((self._given, work))
        self._given += 1

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._left = kind is not None
        for _ in self._threads:
            self._waiting.put(None)
        if self._left:
            return
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (given := self._waiting.get()) is not None and not self._left:
            place, work = given
            try:
                if self._failure is None:
                    self._print(place, work())
            except BaseException as error:  # raised by the thread that gives
                self._failure = error
            finally:
                self._room.release()

    def _print(self, place: int, text: str) -> None:
        with self._lock:
            self._done[place] = text
            while self._printed in self._done and not self._left:
                print(self._done.pop(self._printed), flush=True)
                self._printed += 1


def _lines(file: str) -> Iterator[tuple[int, bytes]]:
    """The non-blank lines, as they arrive: standard input may still be open for writing."""
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as lines:
            for number, raw in enumerate(lines, 1):
                if raw.removeprefix(codecs.BOM_UTF8).strip():
                    yield number, raw
    except OSError as error:
        raise SettingsError(
            f"cannot read --batch {file} ({error.strerror}); give a JSON Lines file"
        ) from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        given = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise SettingsError('not a JSON object in UTF-8; write {"question": "..."}')
    return given


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return f"{first_problem(error)}; correct the line"
    return reason(error, most=None)
