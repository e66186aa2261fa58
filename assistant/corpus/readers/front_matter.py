"""YAML front matter as people and exporters write it: what is no YAML is read line by line.

A headline with a colon, or that begins with @, [, * or a quotation mark, is broken YAML and good journalism.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.corpus.fields.metadata import plain_key
from assistant.corpus.readers.piece import Piece

if TYPE_CHECKING:
    from yaml.events import Event

DEEPEST = 10
"""Levels; libyaml's Python binding crashes the process on front matter nested some ten thousand deep."""

_LINE = re.compile(r"(?P<key>[^\s#:\-\[{][^:\n]{0,60}?)[ \t]*:(?:[ \t]+(?P<value>.*))?")
_ITEM = re.compile(r"\s*-[ \t]+(\S.*)")
_NULLS = ("", "~", "null", "Null", "NULL")
_TITLES = ("title", "headline")


def yaml_fields(head: str, first_line: int, piece: Piece) -> dict[str, object] | None:
    """The mapping, every scalar a string as written ("007", "Yes", "2025-13-45"), except YAML's null.

    What is mended is told. None where `head` is no front matter at all.
    """
    problem, line, fields = _parsed(head)
    where = f"{piece.where}:{first_line + line}"
    if not problem and isinstance(fields, dict):
        return _with_whole_titles(fields, head, where, piece)
    if not problem and not head.strip():
        return {}
    mended = _line_by_line(head)
    if not mended:
        if not problem and fields is None:
            return {}
        told = f"{where}: front matter is not a mapping; write it as 'title: ...' lines"
        piece.report.notice(told, "front matter not understood")
        return None
    why = problem or "it is not a mapping"
    told = f"{where}: front matter: {why}; read line by line, put quotation marks around the value"
    piece.report.notice(told, "front matter mended")
    return mended


def _parsed(head: str) -> tuple[str, int, Any]:
    """What is wrong with it and in which line, from 0; and what it says if nothing is."""
    import yaml

    # BaseLoader constructs nothing but strings, lists and mappings: it is safer than SafeLoader.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        problem = _bomb(yaml.parse(head, Loader=loader))
        return problem, 0, None if problem else _without_nulls(yaml.load(head, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "broken YAML"
        return why, mark.line if mark else 0, None
    except RecursionError:
        return "nested too deeply", 0, None


def _bomb(events: Iterator[Event]) -> str:
    """What in a stream of YAML events could exhaust memory or the stack; empty if nothing."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return "nested too deeply"
        if isinstance(event, yaml.AliasEvent):
            return f"'*{event.anchor}' is an alias, which is not read here"
    return ""


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_nulls(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return None if value in _NULLS else value


def _with_whole_titles(fields: dict[str, object], head: str, where: str, piece: Piece) -> dict[str, object]:
    """The fields, with a headline that YAML takes for a list or cuts at " #" as it was written."""
    for key, value in fields.items():
        if plain_key(key) not in _TITLES or value is None:
            continue
        line = re.search(rf"^{re.escape(key)}[ \t]*:[ \t]*(\S.*)$", head, re.MULTILINE)
        written = line[1].rstrip(" \t") if line else ""
        cut = isinstance(value, str) and written.startswith(f"{value} #")
        if cut or (written and not isinstance(value, str) and written[0] in "[{"):
            fields[key] = written
            told = f"{where}: front matter: the headline {written[:60]!r} is read as plain text; quote it"
            piece.report.notice(told, "front matter mended")
    return fields


def _line_by_line(head: str) -> dict[str, object]:
    """Each "key: value" line with its value as plain text; items below a key without one are its list."""
    fields: dict[str, object] = {}
    items: list[object] | None = None
    for line in head.split("\n"):
        if match := _LINE.fullmatch(line):
            value = (match["value"] or "").strip()
            if value in _NULLS:
                items = []
                fields[match["key"].strip()] = items
            else:
                items = None
                fields[match["key"].strip()] = _unquoted(value)
        elif items is not None and (item := _ITEM.fullmatch(line)):
            items.append(_unquoted(re.sub(r"^(?:outlet|name|url):[ \t]+", "", item[1].rstrip(" \t"))))
    return fields


def _unquoted(value: str) -> str:
    """A value without the quotation marks that stand around all of it."""
    inner = value[1:-1]
    return (
        inner
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" and value[0] not in inner
        else value
    )
