"""An article as stored, and its fingerprint."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, fields

from assistant.text.languages import READ

LATER_FIELDS = ("updated", "superseded", "author", "language")
"""Fields that count in a fingerprint only where they are filled: an article without them keeps the one it had
before there were such fields."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an article's facts come from: an outlet's name and, where known, an address."""

    outlet: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One news article. Offsets anywhere in this project count characters (code points) of `text`."""

    id: str
    title: str
    text: str
    published: dt.date | None = None
    section: str = ""
    sources: tuple[Source, ...] = ()
    url: str | None = None
    updated: dt.date | None = None
    """The day its text was last changed, where that is told and is not the day it was published."""
    superseded: dt.date | None = None
    """The day a later version of the same article, which is here too, took its place."""
    author: str = ""
    language: str = ""
    """As the article declares it, such as "de"; empty where it does not."""

    @property
    def opening(self) -> str:
        """The headline and as much of the text as tells its language."""
        return f"{self.title}\n{self.text[:READ]}"

    @property
    def written(self) -> dt.date | None:
        """The day from which this text is known to have been there: the later of its two dates."""
        return max((day for day in (self.published, self.updated) if day), default=None)


_FIELDS = tuple(field.name for field in fields(Article))


def fingerprint(article: Article) -> str:
    """The sha256 (hex) of every field: equal exactly when nothing about the article changed."""
    # Not by `asdict`, which copies what it reads, and takes twice as long as all the rest.
    known = {name: value for name in _FIELDS if (value := getattr(article, name)) or name not in LATER_FIELDS}
    known["sources"] = [{"outlet": source.outlet, "url": source.url} for source in article.sources]
    canonical = json.dumps(known, sort_keys=True, default=dt.date.isoformat)
    return hashlib.sha256(canonical.encode()).hexdigest()
