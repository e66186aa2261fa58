"""Feeds: the items of RSS, Atom and JSON Feed.

feedparser parses RSS and Atom, even malformed feeds; it is given bytes, never a URL. It does not support JSON
Feed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin

from assistant.errors import FetchRefused
from assistant.fetching.pages import HTML, day, line
from assistant.fetching.replies import Reply

FULL_TEXT = 200
"""Words from which the content of an item counts as the article itself; else its page is fetched."""

_XML_START = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]", re.IGNORECASE)
_JSON_START = re.compile(rb'\s*\{.{0,2000}"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org', re.DOTALL)
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|read more|continue reading)\W*$", re.IGNORECASE)
"""How content ends that is only the beginning of an article."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed; everything is empty where it is not known. `content` is HTML or text."""

    url: str
    title: str = ""
    date: str = ""
    updated: str = ""
    author: str = ""
    content: str = ""

    @property
    def stamp(self) -> str:
        """Changes when the feed says anything else of the item."""
        seen = json.dumps([self.title, self.date, self.updated, self.content])
        return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def full_text(self) -> bool:
        """Whether the content is the article, and not a few lines of it."""
        text = _TAG.sub(" ", self.content).strip()
        return len(text.split()) >= FULL_TEXT and not _CUT.search(text[-100:])


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's title and items with an address, in its order, each address once; `problem` is what is wrong
    with its spelling, empty where nothing is."""

    title: str
    items: tuple[Item, ...]
    problem: str = ""


def is_feed(reply: Reply) -> bool:
    """Whether this is a feed, and no page."""
    if reply.kind in HTML and not reply.data.lstrip().startswith(b"<?xml"):
        return False
    start = reply.data.replace(b"\0", b"")[:5000]
    return bool(_XML_START.search(start) or _JSON_START.match(start.removeprefix(b"\xef\xbb\xbf")))


def feed_of(reply: Reply) -> Feed:
    """The feed in what was fetched, or stands in a file. Raises FetchRefused."""
    start = reply.data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return _json_feed(reply)
    # Entities can be made to expand without end, and no feed needs its own. NUL bytes are UTF-16's.
    if _ENTITY.search(reply.data.replace(b"\0", b"")):
        raise FetchRefused(f"{reply.url}: a feed with entities of its own is not read", "entities")
    import feedparser

    headers = {"content-type": _xml_type(reply), "content-location": reply.url}
    try:
        read = feedparser.parse(io.BytesIO(reply.data), response_headers=headers)
    except Exception:  # it documents none: whatever a feed provokes is that feed's problem
        raise _no_feed(reply.url) from None
    if not read.get("version") and not read.get("entries"):
        raise _no_feed(reply.url)
    problem = " ".join(str(read.get("bozo_exception", "")).split())[:150] if read.bozo else ""
    return Feed(
        line(read.feed.get("title")), _once(_item(entry, reply.url) for entry in read.entries), problem
    )


def _xml_type(reply: Reply) -> str:
    """Feeds come under many media types; a charset is kept, since it tells more than the bytes."""
    return "application/xml" + (f"; charset={reply.charset}" if reply.charset else "")


def _item(entry: Any, base: str) -> Item:
    # Some feeds have the whole article as the description, which is meant for a few lines of it.
    contents = [*(one.get("value") for one in entry.get("content") or []), entry.get("summary")]
    return Item(
        url=_joined(base, line(entry.get("link"))),
        title=_plain(entry.get("title")),
        date=_date(entry, "published"),
        # feedparser gives the date of publication under this name too, where there is no other.
        updated=_date(entry, "updated") if "updated" in dict.keys(entry) else "",
        author=line(entry.get("author")),
        content=max((str(one or "") for one in contents), key=len),
    )


def _date(entry: Any, name: str) -> str:
    """The day on the publisher's clock where the feed tells it, else on that of Greenwich."""
    written = line(entry.get(name))
    if found := day(written):
        return found
    with contextlib.suppress(ValueError, IndexError, OverflowError):
        return parsedate_to_datetime(written).date().isoformat()
    with contextlib.suppress(ValueError, OverflowError):  # feedparser reads 0000-00-00 as a day of its own
        if parsed := entry.get(f"{name}_parsed"):
            return dt.date(*parsed[:3]).isoformat()
    return ""


def _json_feed(reply: Reply) -> Feed:
    try:
        read = json.loads(reply.data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _no_feed(reply.url) from None
    items = read.get("items") if isinstance(read, dict) else None
    if not isinstance(items, list):
        raise _no_feed(reply.url)
    entries = [one for one in items if isinstance(one, dict)]
    problem = "" if len(entries) == len(items) else "items that are no objects"
    return Feed(line(read.get("title")), _once(_json_item(one, reply.url) for one in entries), problem)


def _json_item(entry: dict[str, Any], base: str) -> Item:
    authors = entry.get("authors")
    names = (
        [line(one.get("name")) for one in authors if isinstance(one, dict)]
        if isinstance(authors, list)
        else []
    )
    content = entry.get("content_html") or entry.get("content_text")
    return Item(
        url=_joined(base, line(entry.get("url"))),
        title=_plain(entry.get("title")),
        date=day(entry.get("date_published")),
        updated=day(entry.get("date_modified")),
        author=", ".join(filter(None, names)),
        content=content if isinstance(content, str) else "",
    )


def _plain(title: object) -> str:
    """A title without tags and entities, which many feeds write although they should not."""
    return line(unescape(_TAG.sub("", title))) if isinstance(title, str) else ""


def _joined(base: str, link: str) -> str:
    """A link as a whole address; empty where there is none, or none that can be read."""
    if not link:
        return ""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def _once(items: Iterator[Item]) -> tuple[Item, ...]:
    found: dict[str, Item] = {}
    for item in items:
        if item.url:
            found.setdefault(item.url, item)
    return tuple(found.values())


def _no_feed(url: str) -> FetchRefused:
    return FetchRefused(
        f"{url}: no feed that can be read; give the address of RSS, Atom or JSON Feed", "no feed"
    )
