"""Questions as JSON: the parts that a line of a batch and a request to the server have in common."""

from __future__ import annotations

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
        # Else a history in other words would be passed over, and the follow-up taken for a question alone.
        if self.question is None and self.text is None:
            raise ValueError("write question and answer, or role and text")
        return self


def turns_of(history: Sequence[HistoryTurn]) -> list[Turn]:
    """The history as questions with answers; what is answered in several entries is joined."""
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
    """A day that is text or None, as it is. Raises ValueError for a number."""
    # It would be taken for seconds since 1970.
    if value is not None and not isinstance(value, str):
        raise ValueError('write it as "2025-11-26"')
    return value


def first_problem(error: ValidationError) -> str:
    """What is wrong first, in one line, as "as_of: write it as ..."."""
    first = error.errors(include_input=False, include_url=False)[0]
    place, wrong = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
    return f"{place}: {wrong}" if place else wrong
