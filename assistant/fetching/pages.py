"""Pages: extracts the article from a web page."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from html import escape
from typing import Any
from urllib.parse import urlsplit

from assistant.corpus.readers.html import saved_page
from assistant.errors import CorpusError, FetchRefused
from assistant.fetching.addresses import target_of
from assistant.fetching.replies import Reply

HTML = {"text/html", "application/xhtml+xml"}

_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified")
_DAY = re.compile(r"\s*(\d{4}-\d{2}-\d{2})(?!\d)")
_DEEPEST = 20
"""Levels of JSON-LD that are looked through."""


@dataclass(frozen=True, slots=True)
class Page:
    """An article from the web; everything is text in one line but `text`, and empty where not known."""

    url: str
    text: str
    title: str = ""
    date: str = ""
    updated: str = ""
    source: str = ""
    author: str = ""
    section: str = ""
    language: str = ""

    @property
    def digest(self) -> str:
        """Equal exactly when a reader would see the same article."""
        seen = json.dumps([self.title, self.date, self.source, self.text])
        return hashlib.sha256(seen.encode()).hexdigest()

    def filled(self, other: Page) -> Page:
        """This page, with what it lacks taken from the other: a feed knows what a page may not say."""
        lacking = [one.name for one in fields(self) if not getattr(self, one.name)]
        return replace(self, **{name: getattr(other, name) for name in lacking})


def page_of(reply: Reply) -> Page:
    """The article of a page that was fetched. Raises FetchRefused: no HTML, or no article in it."""
    if reply.kind not in HTML and not (reply.kind == "application/octet-stream" and _looks_html(reply.data)):
        raise FetchRefused(
            f"{reply.url}: not HTML but {reply.kind}; save it as a file and add that", "not HTML"
        )
    page = _read(_in_utf8(reply.data, reply.charset), reply.url)
    return replace(page, updated=_updated(reply.data))


def page_of_fragment(html: str, url: str) -> Page:
    """The text of a piece of HTML, or of text, as a feed carries it. Raises FetchRefused."""
    if "<" not in html:
        html = "".join(f"<p>{escape(part)}</p>" for part in html.splitlines() if part.strip())
    whole = f"<html><head></head><body><article>{html}</article></body></html>"
    return Page(url=url, text=_read(whole.encode("utf-8", "replace"), url).text)


def _read(data: bytes, url: str) -> Page:
    """A page as the reader of saved pages reads it."""
    try:
        read = saved_page(data, url)
    except CorpusError:
        raise FetchRefused(
            f"{url}: no article text in this page; give an article's page", "no text"
        ) from None
    names = ("title", "date", "source", "author", "section", "language")
    words = {name: line(read.get(name)) for name in names}
    return Page(url=target_of(url).url, text=clean(str(read.get("text") or "")).strip(), **words)


def line(value: object) -> str:
    """A field as one line of text without control characters; empty for anything but text and dates."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return " ".join(clean(value).split()) if isinstance(value, str) else ""


def clean(text: str) -> str:
    """The text without characters that no article has and some readers refuse."""
    return _UNWANTED.sub("", text)


def _looks_html(data: bytes) -> bool:
    return b"<html" in data[:2000].lower()


def _in_utf8(data: bytes, charset: str) -> bytes:
    """UTF-8 as it is, else what the server names, if it can be that; the reader of pages guesses the rest."""
    with contextlib.suppress(UnicodeDecodeError):
        data.decode("utf-8-sig")
        return data
    with contextlib.suppress(LookupError, ValueError):
        return data.decode(charset or "utf-8").encode()
    return data


def _updated(data: bytes) -> str:
    """The day on which a page says it was last changed, as 2025-11-26; empty where it does not say."""
    from lxml import etree
    from lxml import html as parser

    try:
        tree = parser.fromstring(data)
    except (etree.LxmlError, ValueError):
        return ""
    days = []
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        if name.lower() in _MODIFIED:
            days.append(day(element.get("content")))
    for script in tree.iter("script"):
        if (script.get("type") or "").strip().lower() == "application/ld+json":
            with contextlib.suppress(ValueError, RecursionError):
                days += [day(value) for value in _modified(json.loads(script.text or ""))]
    return max(filter(None, days), default="")


def _modified(value: Any, depth: int = 0) -> Iterator[object]:
    """Each `dateModified` in JSON-LD."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield value.get("dateModified")
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _modified(inner, depth + 1)


def day(value: object) -> str:
    """The day of a date as machines write it, as 2025-11-26; empty for any other."""
    match = _DAY.match(value) if isinstance(value, str) else None
    if match is None:
        return ""
    try:
        return dt.date.fromisoformat(match[1]).isoformat()
    except ValueError:
        return ""


def with_host(page: Page) -> Page:
    """The page, with its host as the outlet where neither it nor a feed names one."""
    host = urlsplit(page.url).hostname or ""
    return page if page.source else replace(page, source=host.removeprefix("www."))


def markdown(page: Page, fetched_at: str, feed: str) -> bytes:
    """The article as a file: front matter, and the text. `feed` is the feed that had the text, if one did."""
    import yaml

    head: dict[str, Any] = {
        "title": page.title or page.url,
        "date": page.date,
        "updated": page.updated,
        "source": page.source,
        "author": page.author,
        "section": page.section,
        "language": page.language,
        "url": page.url,
        "feed": feed,
        "fetched_at": fetched_at,
    }
    written = yaml.safe_dump(
        {name: value for name, value in head.items() if value},
        allow_unicode=True,
        sort_keys=False,
        width=10**6,
    )
    return f"---\n{written}---\n\n{page.text}\n".encode()
