"""Questions as JSON: what batch lines and server requests have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from assistant.answering.query import Turn


class HistoryTurn(BaseModel):
    """A question with its answer, or one side of it as `role` and `text`."""

    model_config = ConfigDict(extra="ignore")

    question: str | None = None
    answer: str | None = None
    role: str | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        # Otherwise other keys would be ignored, and the follow-up taken as a standalone question.
        if self.question is None and self.text is None:
            raise ValueError("write question and answer, or role and text")
        return self


def turns_of(history: Sequence[HistoryTurn]) -> list[Turn]:
    """The history as questions with answers; an answer in several entries is joined."""
    turns: list[Turn] = []
    for entry in history:
        if entry.question is not None:
            turns.append(Turn(entry.question, entry.answer or ""))
        elif entry.text is not None and entry.role == "user":
            turns.append(Turn(entry.text, ""))
        elif entry.text is not None and turns:
            turns[-1] = replace(turns[-1], answer=f"{turns[-1].answer} {entry.text}".strip())
    return turns


def written_out(value: object) -> object:
    """Returns a date given as text or None unchanged. Raises ValueError for a number."""
    # Pydantic would take it as seconds since 1970, also one in quotation marks.
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)):
        raise ValueError('write it as "2025-11-26"')
    return value


def first_problem(error: ValidationError) -> str:
    """The first problem in one line, such as "as_of: write it as ..."."""
    first = error.errors(include_input=False, include_url=False)[0]
    place, wrong = ".".join(map(str, first["loc"]))[:100], first["msg"].removeprefix("Value error, ")
    return f"{place}: {wrong}" if place else wrong
