"""The bodies of requests to the server, as pydantic models.

Fields are named as in a batch line. Unknown fields are an error, since a misspelt limit would limit nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.answering.query import Turn
from assistant.api.asked import HistoryTurn, first_problem, turns_of, written_out
from assistant.server.guard import LEFT, Refused

if TYPE_CHECKING:
    from starlette.requests import Request

BODY = 256 * 1024
"""Bytes that a request's body may have."""

BODY_SECONDS = 30
"""How long it may take to arrive."""

LONGEST = 4_000
"""Characters of a question, a query or a topic."""

LONGEST_TURN = 20_000
"""Characters of one side of an earlier turn."""

TURNS = 100
"""Earlier turns; only the last few are looked at."""

Words = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Name = Annotated[str, Field(min_length=1, max_length=200)]

Model = TypeVar("Model", bound=BaseModel)


class Limited(BaseModel):
    """The limits that narrow the articles down; days are written "2025-11-26" and included."""

    model_config = ConfigDict(extra="forbid")

    as_of: dt.date | None = None
    since: dt.date | None = None
    section: Name | None = None
    outlet: Name | None = None

    _written_out = field_validator("as_of", "since", mode="before")(written_out)

    def limits(self) -> dict[str, Any]:
        """The limits as `Assistant.ask` takes them."""
        return {name: getattr(self, name) for name in ("as_of", "since", "section", "outlet")}


class FollowUp(Limited):
    """What may follow earlier turns."""

    history: list[HistoryTurn] = Field(default=[], max_length=TURNS)

    @field_validator("history")
    @classmethod
    def _short_enough(cls, history: list[HistoryTurn]) -> list[HistoryTurn]:
        for turn in history:
            if any(len(text or "") > LONGEST_TURN for text in (turn.question, turn.answer, turn.text)):
                raise ValueError(f"a turn has more than {LONGEST_TURN} characters")
        return history

    def turns(self) -> list[Turn]:
        """The history as questions with answers."""
        return turns_of(self.history)


class AskRequest(FollowUp):
    """POST /ask. With `stream`, the answer comes as server-sent events."""

    question: Words
    stream: bool = False


class SearchRequest(FollowUp):
    """POST /search: `k` passages; with `explain`, each has its rank at every stage."""

    query: Words
    k: int | None = Field(default=None, ge=1, le=100)
    explain: bool = False


class BriefRequest(Limited):
    """POST /brief: dated points in about so many words."""

    topic: Words
    words: int = Field(default=200, ge=20, le=2000)


class TimelineRequest(Limited):
    """POST /timeline."""

    topic: Words


class ListRequest(Limited):
    """The query of GET /articles; `limit` articles from the `offset`-th on, by id."""

    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


async def body_of(request: Request, model: type[Model]) -> Model:
    """The request's body, read and checked. Raises Refused."""
    from starlette.requests import ClientDisconnect

    too_large = Refused(413, f"the body has more than {BODY // 1024} KiB; ask for less at a time")
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > BODY:
                    raise too_large
    except ClientDisconnect:
        raise Refused(LEFT, "the client is gone") from None
    except TimeoutError:
        raise Refused(408, f"the body took more than {BODY_SECONDS} seconds to arrive") from None
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise Refused(400, f"{first_problem(error)}; correct the request") from None


def query_of(request: Request, model: type[Model]) -> Model:
    """The query behind the path, checked. Raises Refused."""
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise Refused(400, f"{first_problem(error)}; correct the request") from None
