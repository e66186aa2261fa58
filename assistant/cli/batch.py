"""Batches: many questions from JSON Lines, one JSON object a line out, in order, models loaded once."""

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
from assistant.errors import AssistantError, SettingsError


class Line(BaseModel):
    """One line of a batch; other keys are passed over with a warning."""

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
        """The question behind the turn before it, as one text that can be searched for."""
        turns = self.turns()
        return f"{turns[-1].question} {self.question}" if turns else self.question


Limits = dict[str, Any]
"""as_of, since, section and outlet, as `Assistant.ask` takes them."""

Answering = Callable[[Line, Limits], BaseModel]


def run_batch(
    file: str, limits: Limits, answer: Answering, notice: Callable[[str], None], *, jobs: int = 1
) -> int:
    """Answers each line on standard output, in their order, up to `jobs` at a time.

    A line that fails gives its error there, and the run goes on. Returns how many failed. Raises
    SettingsError when the file cannot be read.
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

    def read(self, number: int, raw: bytes) -> tuple[int, str | int | None, Line | Exception]:
        """A line's number, its id, and the line, or what is wrong with it."""
        given: dict[str, Any] = {}
        line: Line | Exception
        try:
            given = _object(raw)
            line = Line.model_validate(given)
        except (ValidationError, AssistantError) as error:
            line = error
        else:
            new = set(line.model_extra or {}) - self._unknown
            if new:
                self._unknown |= new
                self._notice(f"line {number}: unknown keys are passed over: {', '.join(sorted(new))}")
        name = given.get("id")
        return number, name if isinstance(name, str | int) else None, line

    def answered(self, number: int, name: str | int | None, line: Line | Exception) -> str:
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
    """Threads that work, and print what comes of it in the order in which it was given to them.

    When the block is left by an exception, such as an interrupt, nothing more is printed, and what is still
    being done is left to itself and ends with the process.
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
        """Waits until a thread is free. Raises what went wrong in one."""
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
    """The lines that are not blank, as they come: standard input may still be written to."""
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
    return " ".join(str(error).split())
