"""HTML, XHTML and MHTML: the article's text by trafilatura, what is said of it by the page's own metadata."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assistant.corpus.encodings import decoded
from assistant.corpus.fields.metadata import is_known
from assistant.corpus.readers.mime import message_of
from assistant.corpus.readers.piece import Piece, Raw, needs
from assistant.corpus.report import PassedOver, Report
from assistant.errors import reason

if TYPE_CHECKING:
    from email.message import EmailMessage

    from lxml.html import HtmlElement

LARGEST_PAGE = 32 << 20
"""Bytes; larger ones are data that calls itself a page."""

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ARTICLE_TYPE = re.compile(r"Article|Posting|Report|Review|LiveBlog|WebPage", re.IGNORECASE)
_TAKEN = ("headline", "datePublished", "dateModified", "inLanguage", "articleSection", "author", "publisher")
_META = re.compile(
    r"(?:article:(?:published|modified)_time|og:(?:site_name|updated_time|locale)|article:(?:author|section)"
    r"|(?:dc|dcterms)[.:].*|parsely-.*|sailthru\..*|date|pubdate|publish-?date|last-modified|author"
    r"|application-name|datePublished|dateModified)",
    re.IGNORECASE,
)


def read_html(piece: Piece) -> Iterator[Raw]:
    """One article."""
    data = piece.data(LARGEST_PAGE)
    html = decoded(data, piece.where, piece.report, declares=True)
    yield Raw(page_fields(html, piece.where), piece.name, piece.where, alone=True)


def saved_page(data: bytes, where: str) -> dict[str, object]:
    """The fields of a page that was fetched. Raises PassedOver."""
    return page_fields(decoded(data, where, Report(), declares=True), where)


def read_mhtml(piece: Piece) -> Iterator[Raw]:
    """The page that a browser saved with all its parts. The date of saving is not the article's."""
    data = piece.data()
    try:
        page, place = _page_in(message_of(data))
    except Exception as error:  # the parser raises many kinds for headers that are none
        message = f"{piece.where}: a broken MHTML ({type(error).__name__}); save the page again"
        raise PassedOver(message, "broken file") from None
    if not page.strip():
        raise PassedOver(f"{piece.where}: no page in this file; save the page again", "no page in it")
    html = decoded(page, piece.where, piece.report, declares=True)
    address = place if place.startswith("http") else ""
    yield Raw(page_fields(html, piece.where, address), piece.name, piece.where, alone=True)


def _page_in(message: EmailMessage) -> tuple[bytes, str]:
    """The first page among the parts of a message, and where it was found; nothing where there is none."""
    for part in message.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            data = part.get_payload(decode=True)
            if isinstance(data, bytes) and data.strip():
                place = message.get("Snapshot-Content-Location") or part.get("Content-Location") or ""
                return data, str(place)
    return b"", ""


def page_fields(html: str, where: str, address: str = "") -> dict[str, object]:
    """The fields of a page. `address` is where it was found, if known. Raises PassedOver."""
    needs(where, "trafilatura")
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    html = _DECLARATION.sub("", html)
    # Extensive search would take a date from any number on the page, such as a copyright notice's year;
    # without max_date, what is read would depend on the day it is read.
    dates = {"original_date": True, "extensive_search": False, "max_date": dt.datetime.max}
    try:
        page = bare_extraction(
            html,
            url=address or None,
            with_metadata=True,
            include_comments=False,
            date_extraction_params=dates,
        )
    except Exception as error:  # it documents none: whatever a page provokes is that page's problem
        raise PassedOver(f"{where}: HTML that cannot be read ({reason(error)}); correct the page") from None
    if not isinstance(page, Document) or not page.text:
        message = f"{where}: no article text in this page; save the whole page or remove it"
        raise PassedOver(message, "no article text")
    told = _told(html)
    source = page.sitename or told.get("publisher") or told.get("og:site_name")
    return {
        **told,
        "title": page.title or told.get("headline"),
        "date": page.date or told.get("datePublished"),
        "updated": told.get("dateModified") or told.get("article:modified_time"),
        "source": source,
        "publisher": None,
        "author": told.get("author") or page.author,
        "url": page.url or address,
        "language": page.language or told.get("language"),
        "text": re.sub(r"\n+", "\n\n", page.text),
    }


def html_text(html: str) -> str:
    """The text of a piece of HTML that is no whole page, paragraph by paragraph."""
    from lxml.etree import LxmlError
    from lxml.html import fromstring

    try:
        tree = fromstring(f"<div>{_DECLARATION.sub('', html)}</div>")
    except (LxmlError, ValueError):
        # Behind the last ">" no tag ends, and looking for its end from each "<" would take long.
        tags, end, rest = html.rpartition(">")
        return re.sub(r"<[^>]*>", " ", tags + end) + rest
    return element_text(tree)


_BLOCKS = frozenset(
    "p div br li tr h1 h2 h3 h4 h5 h6 section article header footer blockquote pre table ul ol td hr figure"
    " figcaption dd dt main aside center title".split()
)
_SILENT = frozenset("script style noscript template head svg iframe object form button nav".split())


def element_text(tree: HtmlElement) -> str:
    """The words of an element, a paragraph for each block, without scripts and styles."""
    pieces: list[str] = []
    silent = 0
    from lxml.etree import iterwalk

    for event, node in iterwalk(tree, events=("start", "end", "comment", "pi")):
        tag = node.tag if isinstance(node.tag, str) else ""
        name = tag.rpartition("}")[2].lower()
        if event == "start":
            silent += name in _SILENT
            if name in _BLOCKS:
                pieces.append("\n")
            if not silent and node.text:
                pieces.append(re.sub(r"\s+", " ", node.text))
            continue
        if event == "end":
            silent -= name in _SILENT
            if name in _BLOCKS:
                pieces.append("\n")
        if not silent and node.tail and node is not tree:
            pieces.append(re.sub(r"\s+", " ", node.tail))
    paragraphs = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _told(html: str) -> dict[str, object]:
    """What a page says of itself in JSON-LD and meta tags, under the names it uses."""
    from lxml.etree import LxmlError
    from lxml.html import fromstring

    try:
        tree = fromstring(html)
    except (LxmlError, ValueError, AssertionError):
        return {}
    told: dict[str, object] = {}
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        value = (meta.get("content") or "").strip()
        if value and _META.fullmatch(name) and is_known(name):
            told.setdefault(name, value)
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            told |= {key: value for key, value in _linked(script.text or "").items() if value}
    if language := tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang"):
        told["language"] = language
    return told


def _linked(text: str) -> dict[str, Any]:
    """The fields of the first article in a block of JSON-LD."""
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return {}
    waiting = [found]
    for _ in range(200):
        if not waiting:
            break
        thing = waiting.pop(0)
        if isinstance(thing, list):
            waiting.extend(thing[:50])
        elif isinstance(thing, Mapping):
            if _ARTICLE_TYPE.search(str(thing.get("@type", ""))) and thing.get("datePublished"):
                return {name: thing[name] for name in _TAKEN if name in thing}
            waiting.extend(thing[name] for name in ("@graph", "mainEntity") if name in thing)
    return {}
