"""What the tools of a server take."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from assistant.errors import quoted
from assistant.index.filters import Filters

SLICE = 20_000
"""Characters of an article that one call gives at most: some 5,000 tokens of whoever reads them."""


def _described(text: str, **more: Any) -> Any:
    return Field(description=text, **more)


class Arguments(BaseModel):
    """What a tool takes; unknown names are refused, since a filter that is misspelt would not filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(Arguments):
    """Which articles a request is about. An empty string is no limit, as models write one for none."""

    as_of: Annotated[dt.date | None, _described("Hide articles after this day, as 2025-11-26.")] = None
    since: Annotated[dt.date | None, _described("Hide articles from before this day, as 2025-11-26.")] = None
    section: Annotated[str | None, _described("Only articles of this section.")] = None
    outlet: Annotated[
        str | None, _described("Only articles that draw on this outlet; part of its name will do.")
    ] = None

    @field_validator("section", "outlet", mode="before")
    @classmethod
    def _name(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("as_of", "since", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        if value is None or value == "":
            return None
        try:
            # pydantic would take a number for seconds since 1970.
            return dt.date.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"{quoted(value)} is not a date; write it as 2025-11-26") from None

    def filters(self) -> Filters:
        return Filters(self.as_of, self.since, self.section, self.outlet)


class SearchFor(Limits):
    query: Annotated[str, _described("What to look for, in words or as a question.")]
    k: Annotated[int, _described("How many passages at most.", ge=1, le=50)] = 8


class Ask(Limits):
    question: Annotated[str, _described("The question, complete in itself: nothing before it is remembered.")]


class About(Limits):
    topic: Annotated[str, _described("What it is about, in a few words.")]


class Brief(About):
    words: Annotated[int, _described("How long it may be, in words.", ge=20, le=2000)] = 200


class ListArticles(Limits):
    limit: Annotated[int, _described("How many articles at most.", ge=1, le=100)] = 20
    offset: Annotated[
        int, _described("How many to pass over: `next_offset` of the page before.", ge=0, le=10**9)
    ] = 0


class ReadArticle(Arguments):
    article: Annotated[str, _described("The article's id, as the other tools give it.")]
    start: Annotated[int, _described("First character to read, counted in code points.", ge=0)] = 0
    end: Annotated[
        int | None,
        _described(f"Where to stop; left out, the end. At most {SLICE:,} characters are given.", ge=0),
    ] = None
