"""Filters: which articles a question may see, applied inside both indexes so that k stays k."""

from __future__ import annotations

import datetime as dt
import json
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.corpus.chunking import NEVER


@dataclass(frozen=True, slots=True)
class Filters:
    """Limits on what is read; None is no limit. Both dates are inclusive; undated articles pass neither.

    As of a day, a text passes that was there by then: one that was changed later does not. Of the versions of
    an article, the newest passes, as of a day the one that was the newest then.
    """

    as_of: dt.date | None = None
    since: dt.date | None = None
    section: str | None = None
    outlet: str | None = None
    articles: tuple[str, ...] | None = None
    """Only these, by their ids."""
    earlier: bool = field(default=False, repr=False)
    """Whether earlier versions pass too, as for somebody who names one that an answer cites. No search has
    it, so it is not in the `repr` by which searches of gold are remembered."""

    def sql(self) -> tuple[str, list[Any]]:
        """A condition on the catalogue's `articles` table, with its parameters."""
        parts: list[str] = ["1"]
        values: list[Any] = []
        if self.as_of is not None:
            parts.append("articles.written <= ?")
            values.append(self.as_of.toordinal())
        if self.as_of is None and not self.earlier:
            parts.append("articles.superseded IS NULL")
        elif self.as_of is not None and not self.earlier:
            parts.append("(articles.superseded IS NULL OR articles.superseded > ?)")
            values.append(self.as_of.toordinal())
        if self.since is not None:
            parts.append("articles.published >= ?")
            values.append(self.since.toordinal())
        if self.section is not None:
            parts.append("articles.section = ? COLLATE NOCASE")
            values.append(self.section)
        if self.outlet is not None:
            # Outlets carry remarks, as in "Suriname Times (BBC)", so a part of the name is enough.
            parts.append(
                "EXISTS (SELECT 1 FROM json_each(articles.sources) AS source"
                " WHERE instr(casefold(json_extract(source.value, '$[0]')), casefold(?)) > 0)"
            )
            values.append(self.outlet)
        if self.articles is not None:
            parts.append("articles.id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(self.articles))
        return " AND ".join(parts), values

    def names_articles(self) -> bool:
        """Whether the vector store needs the ids of the articles that pass, not only dates."""
        return self.section is not None or self.outlet is not None or self.articles is not None

    def chroma(self, articles: Collection[str] | None, *, versions: bool = False) -> dict[str, Any] | None:
        """The same condition for the vector store; `articles` are the ids that pass the rest, `versions` says
        whether there are earlier versions to be hidden, which takes time."""
        parts: list[dict[str, Any]] = []
        if self.as_of is not None:
            parts.append({"written": {"$lte": self.as_of.toordinal()}})
        if versions and not self.earlier:
            day = self.as_of.toordinal() if self.as_of else NEVER - 1
            parts.append({"superseded": {"$gt": day}})
        if self.since is not None:
            parts.append({"published": {"$gte": self.since.toordinal()}})
        if articles is not None:
            parts.append({"article": {"$in": articles}})
        if len(parts) > 1:
            return {"$and": parts}
        return parts[0] if parts else None


@dataclass(frozen=True, slots=True)
class Hidden:
    """Articles that a question about a day does not see, for what is not known of them."""

    undated: int = 0
    changed: int = 0
    """Published by then and changed later, where the earlier text is not there."""


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$in": lambda value, names: value in names,
}


def holds(where: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Whether a condition that `Filters.chroma` made holds of a chunk, by what the vector store has of it."""
    if "$and" in where:
        return all(holds(part, metadata) for part in where["$and"])
    return all(
        name in metadata and _TESTS[sign](metadata[name], value)
        for name, test in where.items()
        for sign, value in test.items()
    )
