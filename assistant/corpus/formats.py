"""Formats: the fields of an article as a file, or a line of JSON Lines, writes them.

frontmatter, yaml, trafilatura and charset_normalizer are imported only inside the functions that need them,
so that importing this module stays cheap.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assistant.errors import CorpusError, reason
from assistant.extras import require

if TYPE_CHECKING:
    from yaml.events import Event

LONGEST_TITLE = 150
"""Characters; a longer first line of plain text is its first paragraph, not a headline."""

DEEPEST_FRONT_MATTER = 10
"""Levels; libyaml's Python binding crashes the process on front matter nested some ten thousand deep."""

_HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)

Fields = Mapping[str, object]
Notice = Callable[[str], None]
Parser = Callable[[bytes, str, Notice], Fields]
"""Takes the bytes, the place they stand at (for messages), and whom to tell of an encoding that was guessed;
raises CorpusError."""


def _markdown(data: bytes, where: str, report: Notice) -> Fields:
    from frontmatter.default_handlers import YAMLHandler

    text = newlines(_utf8(data, where))
    handler = YAMLHandler()
    fields: Fields = {}
    if handler.detect(text.lstrip("\n")):
        try:
            head, body = handler.split(text)
        except ValueError:
            raise CorpusError(f"{where}: front matter without an end; put a line '---' below it") from None
        fields = _front_matter(head, where, text.count("\n", 0, text.index(head)) + 1)
        text = body
    heading = _HEADING.search(text)
    return {**fields, "text": text, "title": fields.get("title") or (heading and heading[1])}


def _front_matter(head: str, where: str, first_line: int) -> Fields:
    """The mapping, every scalar a string as written ("007", "Yes", "2025-13-45"), except YAML's null."""
    import yaml

    # BaseLoader constructs nothing but strings, lists and mappings: it is safer than SafeLoader.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        problem = _bomb(yaml.parse(head, Loader=loader))
        fields = {} if problem else _without_nulls(yaml.load(head, Loader=loader) or {})
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{where}:{first_line + mark.line}" if mark else where
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "broken YAML"
    if problem:
        raise CorpusError(f"{where}: front matter: {problem}; correct the YAML")
    if not isinstance(fields, dict):
        raise CorpusError(f"{where}: front matter is not a mapping; write it as 'title: ...' lines")
    return fields


def _bomb(events: Iterator[Event]) -> str:
    """What in a stream of YAML events could exhaust memory or the stack; empty if nothing."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_FRONT_MATTER:
            return "nested too deeply"
        if isinstance(event, yaml.AliasEvent):
            return f"'*{event.anchor}' is an alias, which is not read here"
    return ""


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return None if value in ("", "~", "null", "Null", "NULL") else value


def _plain(data: bytes, where: str, report: Notice) -> Fields:
    text = _decode(data, where, report)
    return {"text": text, "title": _first_line(text)}


def _html(data: bytes, where: str, report: Notice) -> Fields:
    require("formats", where)
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    # Extensive search would take a date from any number on the page, such as a copyright notice's year;
    # without max_date, what is read would depend on the day it is read.
    dates = {"original_date": True, "extensive_search": False, "max_date": dt.datetime.max}
    html = _decode(data, where, report)
    try:
        page = bare_extraction(html, with_metadata=True, include_comments=False, date_extraction_params=dates)
    except Exception as error:  # it documents none: whatever a page provokes is that page's problem
        raise CorpusError(f"{where}: HTML that cannot be read ({reason(error)}); correct the page") from None
    if not isinstance(page, Document) or not page.text:
        raise CorpusError(f"{where}: no article text in this page; save the whole page or remove it")
    text = re.sub(r"\n+", "\n\n", page.text)
    return {"title": page.title, "date": page.date, "source": page.sitename, "url": page.url, "text": text}


def json_line(data: bytes, where: str, report: Notice) -> Fields:
    """One line of JSON Lines, which `PARSERS` names for a whole file of them."""
    try:
        fields = json.loads(_utf8(data, where))
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else reason(error)
        raise CorpusError(f"{where}: not JSON ({why}); write one object a line") from None
    if not isinstance(fields, dict):
        raise CorpusError(f'{where}: not a JSON object; write {{"id": ..., "title": ..., "text": ...}}')
    text = fields.get("text")
    return {
        **fields,
        "title": fields.get("title") or (_first_line(text) if isinstance(text, str) else None),
    }


PARSERS: Mapping[str, Parser] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain,
    ".html": _html,
    ".htm": _html,
    ".jsonl": json_line,
    ".ndjson": json_line,
}


def _first_line(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return first if len(first) <= LONGEST_TITLE else ""


def _decode(data: bytes, where: str, report: Notice) -> str:
    """UTF-8, else what the bytes declare or most look like; a mere guess is reported."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes
        from charset_normalizer.utils import any_specified_encoding
    match = from_bytes(data).best()
    if match is None:
        raise CorpusError(f"{where}: unknown encoding; convert it to UTF-8")
    if not match.bom and match.encoding != any_specified_encoding(data):
        report(f"{where}: not UTF-8, read as {match.encoding}; convert it to UTF-8")
    return str(match).removeprefix("\ufeff")


def _utf8(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CorpusError(f"{where}: not UTF-8; convert it to UTF-8") from None


def newlines(text: str) -> str:
    """The text with line feeds alone between its lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
