"""Articles: what a corpus is made of, and how one is read.

`read_corpus(path)` turns a folder or a single file (Markdown with YAML front matter, plain text, HTML, JSON
Lines) into a list of `Article`, in a stable order.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


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
