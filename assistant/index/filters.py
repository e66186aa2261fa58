"""Filters: which articles a question may see, applied inside both indexes so that k stays k."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Filters:
    """Limits on what is read; None is no limit. Both dates are inclusive; undated articles pass neither."""

    as_of: dt.date | None = None
    since: dt.date | None = None
    section: str | None = None
    outlet: str | None = None
    articles: tuple[str, ...] | None = None
    """Only these, by their ids."""

    def sql(self) -> tuple[str, list[Any]]:
        """A condition on the catalogue's `articles` table, with its parameters."""
        parts: list[str] = ["1"]
        values: list[Any] = []
        if self.as_of is not None:
            parts.append("articles.published <= ?")
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

    def chroma(self, articles: list[str] | None) -> dict[str, Any] | None:
        """The same condition for the vector store; `articles` are the ids that pass the rest."""
        parts: list[dict[str, Any]] = []
        if self.as_of is not None:
            parts.append({"published": {"$lte": self.as_of.toordinal()}})
        if self.since is not None:
            parts.append({"published": {"$gte": self.since.toordinal()}})
        if articles is not None:
            parts.append({"article": {"$in": articles}})
        if len(parts) > 1:
            return {"$and": parts}
        return parts[0] if parts else None
