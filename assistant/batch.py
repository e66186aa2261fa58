"""Batches: many questions from JSON Lines, one JSON object a line out, in order, models loaded once."""

from __future__ import annotations

import codecs
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.context import Turn, standalone
from assistant.errors import AssistantError, SettingsError
from assistant.filters import Filters


class HistoryTurn(BaseModel):
    """A question with its answer, or one side of it as `role` and `text`."""

    model_config = ConfigDict(extra="ignore")

    question: str | None = None
    answer: str | None = None
    role: str | None = None
    text: str | None = None


class Line(BaseModel):
    """One line of a batch; other keys are passed over with a warning."""

    model_config = ConfigDict(extra="allow")

    question: str = Field(min_length=1)
    id: str | int | None = None
    as_of: dt.date | None = None
    history: list[HistoryTurn] = []

    @field_validator("as_of", mode="before")
    @classmethod
    def _written_out(cls, value: object) -> object:
        # A number would be taken for seconds since 1970.
        if value is not None and not isinstance(value, str):
            raise ValueError('write it as "2025-11-26"')
        return value

    def turns(self) -> list[Turn]:
        """The history as questions with answers; a role that speaks twice in a row is joined."""
        turns: list[Turn] = []
        for entry in self.history:
            if entry.question is not None:
                turns.append(Turn(entry.question, entry.answer or ""))
            elif entry.text is not None and entry.role == "user":
                turns.append(Turn(entry.text, ""))
            elif entry.text is not None and turns:
                turns[-1] = replace(turns[-1], answer=f"{turns[-1].answer} {entry.text}".strip())
        return turns

    def query(self) -> str:
        """What `search` looks for: the question, with the conversation before it if there is one."""
        turns = self.turns()
        return standalone(self.question, turns)


def run_batch(
    file: str,
    filters: Filters,
    answer: Callable[[Line, Filters], BaseModel],
    notice: Callable[[str], None],
) -> int:
    """Answers each line on standard output; a line that fails gives its error there, and the run goes on.

    Returns how many failed. Raises SettingsError when the file cannot be read.
    """
    failed = 0
    unknown: set[str] = set()
    for number, raw in _lines(file):
        given: dict[str, Any] | None = None
        try:
            given = _object(raw)
            line = Line.model_validate(given)
            new = set(line.model_extra or {}) - unknown
            if new:
                unknown |= new
                notice(f"line {number}: unknown keys are passed over: {', '.join(sorted(new))}")
            days = [day for day in (filters.as_of, line.as_of) if day is not None]
            limits = replace(filters, as_of=min(days, default=None))
            shown = {"id": line.id, **answer(line, limits).model_dump(mode="json")}
        except (ValidationError, AssistantError) as error:
            failed += 1
            name = given.get("id") if given else None
            known = name if isinstance(name, str | int) else None
            shown = {"id": known, "error": f"line {number}: {_one_line(error)}"}
        print(json.dumps(shown, ensure_ascii=False), flush=True)
    return failed


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
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}; correct the line"
    return " ".join(str(error).split())
