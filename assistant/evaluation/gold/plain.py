"""Plain gold lines: a question and its answer, in the few keys that a person types.

    {"question": "What will the dam cost?", "answer": "90 billion"}
    {"question": "Who is the minister?", "answers": ["Ilse Brandt", "Brandt"]}
    {"question": "What will the tunnel cost?", "unanswerable": true}

`id`, `type`, `as_of`, `evidence` and `draft` may be added, and mean what they mean in a full case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

FULL = frozenset({"answerable", "expect", "history", "reject", "plain"})
"""Keys that only a full case has."""
KEYS = frozenset(
    {"question", "answer", "answers", "unanswerable", "id", "type", "as_of", "evidence", "draft"}
)
ID_WORDS = 6
"""Words of the question that stand in an id made of it."""


def is_plain(line: object) -> bool:
    """Whether a line, parsed as JSON, is meant as a plain one."""
    return isinstance(line, dict) and "question" in line and not line.keys() & FULL


def unknown_keys(line: Mapping[str, Any]) -> set[str]:
    """Keys of a plain line that mean nothing here."""
    return set(line.keys() - KEYS)


def as_case(line: Mapping[str, Any]) -> dict[str, Any]:
    """The full case's keys and values for a plain line; their types are checked by whoever makes the case.

    Raises ValueError for a line with no answer, or with several kinds of one.
    """
    given = [key for key in ("answer", "answers", "unanswerable") if line.get(key) not in (None, False)]
    if len(given) != 1:
        found = f"both {' and '.join(given)}" if given else "no answer"
        raise ValueError(f'{found}; give one of "answer", "answers" and "unanswerable": true')
    answerable = given != ["unanswerable"]
    if not answerable and line["unanswerable"] is not True:
        raise ValueError('unanswerable: must be true, or left out; write "unanswerable": true')
    forms = [line["answer"]] if given == ["answer"] else line.get("answers")
    if answerable and not (isinstance(forms, list) and forms and all(map(_is_text, forms))):
        raise ValueError(f"{given[0]}: must be text, and not empty; write it in quotation marks")
    evidence = line.get("evidence") or []
    return {
        "id": line.get("id") or plain_id(line["question"], line.get("as_of")),
        "question": line["question"],
        "type": line.get("type") or ("lookup" if answerable else "unanswerable"),
        "as_of": line.get("as_of"),
        "history": [],
        "answerable": answerable,
        "expect": [forms] if answerable else [],
        "evidence": evidence,
        "plain": not evidence,
        "draft": line.get("draft", False),
    }


def plain_id(question: object, as_of: object) -> str:
    """An id from the question's first words and a digest of the whole; independent of the line's position."""
    text = str(question)
    slug = "-".join(re.findall(r"[^\W_]+", text.lower())[:ID_WORDS])
    digest = hashlib.sha256(f"{text}\n{as_of or ''}".encode()).hexdigest()[:6]
    return f"{slug}-{digest}" if slug else digest


def _is_text(form: object) -> bool:
    return isinstance(form, str) and bool(form.strip())
