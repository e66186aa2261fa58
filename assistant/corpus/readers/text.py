"""Markdown with YAML, TOML or JSON front matter, and plain text with a head of "Title: ..." lines."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Iterator

from assistant.corpus.encodings import decoded, newlines
from assistant.corpus.fields.metadata import Fields, is_known, plain_key
from assistant.corpus.readers.front_matter import yaml_fields
from assistant.corpus.readers.html import page_fields
from assistant.corpus.readers.piece import LONGEST_TITLE, Piece, Raw, first_line
from assistant.corpus.report import Report
from assistant.errors import reason

_HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
_YAML = re.compile(
    r"\n*+-{3,}+[ \t]*+(?P<kind>yaml|json|toml)?[ \t]*+\n(?P<head>.*?)^(?:-{3,}+|\.\.\.)[ \t]*+(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_TOML = re.compile(r"\n*+\+\+\+[ \t]*+\n(?P<head>.*?)^\+\+\+[ \t]*+(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_HEAD_LINE = re.compile(r"\*{0,2}([^\W\d_][\w ./-]{1,30}?)\*{0,2}[ \t]*[:\uff1a]\*{0,2}[ \t]*(\S.{0,159})")
"""A longer value is a sentence."""
_RULE = re.compile(r"[-=*_]{3,}[ \t]*")
_PAGE = re.compile(r"\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL)
_TITLES = (
    "title",
    "headline",
    "subject",
    "titel",
    "titre",
    "titolo",
    "titulo",
    "título",
    "заголовок",
    "标题",
)


def read_markdown(piece: Piece) -> Iterator[Raw]:
    """One article; the title is that of the front matter, else the first heading."""
    text = newlines(decoded(piece.data(), piece.where, piece.report))
    if _PAGE.match(text):
        yield Raw(page_fields(text, piece.where), piece.name, piece.where, alone=True)
        return
    fields, body = front_matter(text, piece)
    heading = _HEADING.search(body)
    title = {} if _has_title(fields) or not heading else {"title": heading[1]}
    yield Raw({**fields, **title, "text": body}, piece.name, piece.where, alone=True)


def markdown_of(data: bytes, where: str) -> Fields:
    """The fields of an article in Markdown, its text among them. Raises PassedOver."""
    piece = Piece("", ".md", where, lambda: io.BytesIO(data), Report(), {})
    return next(read_markdown(piece)).fields


def read_plain(piece: Piece) -> Iterator[Raw]:
    """One article; the title is that of its head, else the first line."""
    text = newlines(decoded(piece.data(), piece.where, piece.report))
    if _PAGE.match(text):
        yield Raw(page_fields(text, piece.where), piece.name, piece.where, alone=True)
        return
    fields, body = front_matter(text, piece)
    title = {} if _has_title(fields) else {"title": first_line(body)}
    yield Raw({**fields, **title, "text": body}, piece.name, piece.where, alone=True)


def _has_title(fields: Fields) -> bool:
    return any(plain_key(str(key)) in _TITLES and value for key, value in fields.items())


def front_matter(text: str, piece: Piece) -> tuple[Fields, str]:
    """The fields that stand before the text in whatever notation, and the text; what is not understood is
    told, and what can be is used."""
    if text.lstrip("\n").startswith("---") and (found := _yaml(text, piece)):
        return found
    if match := _TOML.match(text):
        try:
            return tomllib.loads(match["head"]), text[match.end() :]
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            _notice(piece, f"TOML is broken ({reason(error)})")
            return _lines(match["head"].replace(" = ", ": ")), text[match.end() :]
    if text.lstrip().startswith("{") and (found := _json(text)):
        return found
    return headed(text)


def _yaml(text: str, piece: Piece) -> tuple[Fields, str] | None:
    """None where the line of hyphens begins no front matter."""
    match = _YAML.match(text)
    if not match:
        start = text.index("---")
        head, blank, body = text[start:].partition("\n")[2].partition("\n\n")
        fields = _lines(head)
        if not blank or not any(map(is_known, fields)):
            return None
        _notice(piece, "has no end; put a line '---' below it")
        return fields, body
    head, body = match["head"], text[match.end() :]
    if match["kind"] in ("json", "toml") or head.lstrip().startswith("{"):
        try:
            fields = tomllib.loads(head) if match["kind"] == "toml" else json.loads(head)
            if isinstance(fields, dict):
                return fields, body
        except (ValueError, RecursionError):
            pass
    line = text.count("\n", 0, match.start("head")) + 1
    found = yaml_fields(head, line, piece)
    return (found, body) if found is not None else None


def _json(text: str) -> tuple[Fields, str] | None:
    start = len(text) - len(text.lstrip())
    try:
        fields, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    body = text[end:]
    named = isinstance(fields, dict) and any(is_known(str(key)) for key in fields)
    return (fields, body.lstrip("\n")) if named and body.startswith("\n") and body.strip() else None


def headed(text: str) -> tuple[Fields, str]:
    """Lines such as "Date: 26 November 2025" at the top of a text, and the text behind them.

    They count where two of them have known names, or one stands below a headline; else they are text.
    """
    lines = text.lstrip("\n").split("\n")
    fields: dict[str, object] = {}
    at = 0
    if lines and not _named(lines[0]) and 0 < len(lines[0].strip()) <= LONGEST_TITLE:
        fields["title"] = lines[0].strip().lstrip("#").strip()
        at = 1
        while at < len(lines) and at < 3 and not lines[at].strip():
            at += 1
    needed = len(fields) + (1 if fields else 2)
    while at < len(lines) and (pair := _named(lines[at])):
        fields[pair[0]] = pair[1]
        at += 1
    ends = at >= len(lines) or not lines[at].strip() or _RULE.fullmatch(lines[at])
    if not ends or len(fields) < needed:
        return {}, text
    if at < len(lines) and _RULE.fullmatch(lines[at]):
        at += 1
    body = "\n".join(lines[at:])
    return (fields, body) if body.strip() else ({}, text)


def headed_document(text: str) -> tuple[Fields, str]:
    """The same of a document, in which each line of the head is a paragraph."""
    return headed(re.sub(r"(?m)^([^\n:]{2,30}:[^\n]*)\n\n(?=[^\n:]{2,30}:[ \t])", r"\1\n", text))


def _named(line: str) -> tuple[str, str] | None:
    match = _HEAD_LINE.fullmatch(line.strip())
    if (
        not match
        or not is_known(match[1])
        or plain_key(match[1]) in ("text", "content", "body", "news", "story")
    ):
        return None
    return match[1], match[2].strip()


def _lines(head: str) -> dict[str, object]:
    """The lines of the form "key: value", with quotation marks around a whole value left out."""
    pairs = (line.partition(":") for line in head.split("\n") if line[:1].strip())
    return {key.strip(): value.strip().strip("\"'") for key, colon, value in pairs if colon and value.strip()}


def _notice(piece: Piece, what: str) -> None:
    piece.report.notice(f"{piece.where}: front matter {what}; read line by line", "front matter mended")
