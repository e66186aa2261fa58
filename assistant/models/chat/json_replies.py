"""JSON that a model is asked for, and its reply read tolerantly: no answer must be lost over its wrapping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

from langchain_core.utils.json import parse_json_markdown, parse_partial_json

MOST_BEGINNINGS = 4
_BEGINS = re.compile(r"\{\s*[\"']\w+[\"']\s*:")
_STRING = re.compile(r'"(?:text|answer|question)"\s*:\s*"((?:[^"\\]|\\.)*)')


def object_of(**properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object that has just these properties, in this order."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def parse_object(raw: str) -> dict[str, Any]:
    """The JSON object in a reply, behind whatever was said before it; empty where there is none."""
    begins = islice((match.start() for match in _BEGINS.finditer(raw)), MOST_BEGINNINGS)
    for start in (0, *begins):
        try:
            parsed = parse_json_markdown(raw[start:], parser=parse_partial_json)
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            return parsed
    return {}


def strings(value: Any) -> list[str]:
    """The strings of a list, of a single one, or of none."""
    items = value if isinstance(value, list) else [value]
    return [text for item in items if isinstance(item, str | int | float) and (text := str(item).strip())]


def readable(raw: str) -> str:
    """The prose in a reply that is still being written: the texts of its JSON, or the reply itself."""
    texts: Sequence[str] = _STRING.findall(raw)
    if not texts:
        return "" if raw.lstrip()[:1] in ("{", "[", "`") else raw.strip()
    return " ".join(text.replace('\\"', '"').replace("\\n", " ") for text in texts)
