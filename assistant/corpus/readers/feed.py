"""Feeds as files: RSS, Atom and JSON Feed, an article for each item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.corpus.readers.html import html_text, read_html
from assistant.corpus.readers.piece import Piece, Raw, needs, slug
from assistant.corpus.report import PassedOver

_ROOT = re.compile(rb"<(?!\?|!)\s*(?:[\w-]+:)?([A-Za-z][\w-]*)")
_PROLOGUE = re.compile(rb"<!--(?:.*?-->|.*)|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>", re.DOTALL)
_TAG = re.compile(r"<[a-zA-Z/!]")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);")


def read_xml(piece: Piece) -> Iterator[Raw]:
    """What an XML file turns out to be: a feed, a page, or nothing that holds articles."""
    with piece.open() as stream:
        head = stream.read(8192)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    match = _ROOT.search(_PROLOGUE.sub(b"", head))
    root = match[1].decode().lower() if match else ""
    if root in ("rss", "feed", "rdf"):
        yield from read_feed(piece)
    elif root == "html":
        yield from read_html(piece)
    else:
        message = (
            f"{piece.where}: XML that is no feed and no page (<{root or '?'}>); convert it to HTML or RSS"
        )
        raise PassedOver(message, "no feed and no page")


def read_feed(piece: Piece) -> Iterator[Raw]:
    """The items of an RSS or Atom feed; the feed's title is their outlet."""
    needs(piece.where, "feedparser", "lxml")
    import feedparser

    data = piece.data()
    if re.search(rb"<!ENTITY", data[:65536], re.IGNORECASE):
        raise PassedOver(
            f"{piece.where}: a feed that defines entities is not read; remove them", "XML entities"
        )
    try:
        feed = feedparser.parse(data, resolve_relative_uris=False, sanitize_html=True)
    except Exception as error:  # what its many parsers raise is not documented
        raise PassedOver(f"{piece.where}: a broken feed ({type(error).__name__}); save it again") from None
    if not feed.entries:
        raise PassedOver(f"{piece.where}: a feed without items; save it again or remove it", "no items")
    about = feed.feed
    for number, entry in enumerate(feed.entries, start=1):
        # Asked for where it is not, feedparser gives the day of publication, and warns.
        updated = entry["updated"] if "updated" in entry else None  # noqa: SIM401
        yield _item(
            {
                "id": entry.get("id"),
                "url": entry.get("link"),
                "title": entry.get("title"),
                "content": max(
                    (one.get("value", "") for one in entry.get("content", [])), key=len, default=""
                ),
                "summary": entry.get("summary"),
                "date": entry.get("published") or entry.get("created"),
                "updated": updated,
                "outlet": entry.get("source", {}).get("title") or about.get("title"),
                "author": entry.get("author"),
                "section": next((tag.get("term") for tag in entry.get("tags", [])), None),
                "language": about.get("language"),
            },
            piece,
            number,
        )


def feed_items(feed: Mapping[str, Any], piece: Piece) -> Iterator[Raw]:
    """The items of a JSON Feed."""
    for number, entry in enumerate(feed["items"], start=1):
        if not isinstance(entry, Mapping):
            continue
        authors = entry.get("authors") or feed.get("authors") or [entry.get("author")]
        author = authors[0] if isinstance(authors, list) and authors else None
        yield _item(
            {
                "id": entry.get("id"),
                "url": entry.get("url") or entry.get("external_url"),
                "title": entry.get("title"),
                "content": entry.get("content_html") or entry.get("content_text"),
                "summary": entry.get("summary"),
                "date": entry.get("date_published"),
                "updated": entry.get("date_modified"),
                "outlet": feed.get("title"),
                "author": author.get("name") if isinstance(author, Mapping) else None,
                "section": next(iter(entry.get("tags") or []), None),
                "language": entry.get("language") or feed.get("language"),
            },
            piece,
            number,
        )


def _item(fields: dict[str, Any], piece: Piece, number: int) -> Raw:
    """An item whose texts are plain, named after its address: its number changes with every new one."""
    for name in ("content", "summary", "title"):
        value = fields[name]
        if isinstance(value, str) and _is_marked_up(value):
            needs(piece.where, "lxml")
            fields[name] = html_text(value)
    identity = str(fields.pop("id") or "")
    address = str(fields.get("url") or (identity if identity.startswith("http") else ""))
    named = slug(address) or slug(identity)
    return Raw(fields, f"{piece.name}/{named or number}", f"{piece.where}:{number}")


def _is_marked_up(text: str) -> bool:
    """Whether a text holds a tag or an entity."""
    tag = _TAG.search(text)
    return bool(tag and text.find(">", tag.end()) >= 0) or _ENTITY.search(text) is not None
