"""Generation: a language model's structured reply from the evidence.

A draft is only what the model claims the articles say; `verify` decides which sentences are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from assistant.answering.evidence import Sentence, render
from assistant.answering.query import Query
from assistant.answering.verify import Drafted, Rejected
from assistant.models.chat.json_replies import object_of, parse_object, readable, strings
from assistant.models.chat.structured_output import Reply, StructuredChat
from assistant.models.prompts import Prompt
from assistant.schema import Tokens

Verdict = Literal["answered", "partly", "not_stated", "search"]
VERDICTS: tuple[Verdict, ...] = ("answered", "partly", "not_stated", "search")

MOST_SEARCHES = 3
"""Searches that a model may request per round."""

_ID = r"\d{1,3}\.\d{1,3}"
# White space is looked at once, from where it begins, and a sentence from where the one before it ends.
_MARKER = re.compile(rf"(?:(?<!\s)\s++)?+[\[(]\s*{_ID}(?:\s*[,;]\s*{_ID})*\s*[\])]")
_BULLETS = re.compile(r"^(?:[*• ]|-(?![\d€$£]))+")
"""At the start of a line; a hyphen before a number is a minus sign."""
_MARKED_SENTENCE = re.compile(
    rf"(?:(?<![^\[\]])|(?<=\][.!?]))([^\[\]]++)((?:\s*\[\s*{_ID}(?:\s*[,;]\s*{_ID})*\s*\])+)[.!?]?"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A model's reply: its verdict, its sentences with their citations, and its remarks."""

    verdict: Verdict
    sentences: tuple[Drafted, ...] = ()
    searches: tuple[str, ...] = ()
    accounts_differ: bool = False
    premise: str | None = None
    missing: str | None = None
    tokens: Tokens = Tokens()
    messages: tuple[BaseMessage, ...] = ()
    """The messages sent and the reply; a repair continues from these."""


def schema(*, may_search: bool) -> dict[str, Any]:
    """JSON schema of a reply; in the last round no search can be requested."""
    text = {"type": "string"}
    optional = {"anyOf": [text, {"type": "null"}]}
    listed = {"type": "array", "items": text}
    sentence = object_of(text=text, cites=listed)
    verdicts = [verdict for verdict in VERDICTS if may_search or verdict != "search"]
    properties: dict[str, dict[str, Any]] = {
        "verdict": {"type": "string", "enum": verdicts},
        "search": listed,
        "wrong_premise": optional,
        "sentences": {"type": "array", "items": sentence},
        "accounts_differ": {"type": "boolean"},
        "missing": optional,
    }
    if not may_search:
        del properties["search"]
    return object_of(**properties)


def draft(
    chat: StructuredChat,
    prompt: Prompt,
    query: Query,
    evidence: Sequence[Sentence],
    *,
    may_search: bool,
    on_text: Callable[[str], None],
) -> Draft:
    """A model's draft answer from the evidence; `on_text` receives its prose as it streams.

    Raises ModelError, and ContextExceeded if the evidence is too long for the model.
    """
    messages = prompt.format_messages(
        evidence=render(evidence), question=query.as_asked(), today=query.asked_on()
    )
    return _asked(chat, messages, may_search=may_search, on_text=on_text)


def repair(chat: StructuredChat, before: Draft, rejected: Sequence[Rejected]) -> Draft:
    """A new draft, after telling the model which of its sentences failed and why."""
    problems = "\n".join(f"- {one.text}\n  Problem: {one.reason}" for one in rejected)
    told = (
        "These sentences are not supported by what they cite:\n"
        f"{problems}\n"
        "Give the whole reply again. Put each of them right, with the ids that say so, or leave it out; keep "
        "the others as they are. If nothing is left that answers the question, the verdict is not_stated."
    )
    return _asked(chat, [*before.messages, HumanMessage(told)], may_search=False, on_text=lambda text: None)


def points(chat: StructuredChat, messages: Sequence[BaseMessage]) -> Draft:
    """The points of a brief. Raises ModelError."""
    sentences = schema(may_search=False)["properties"]["sentences"]
    return parse_draft(chat.ask(messages, object_of(sentences=sentences)))


def _asked(
    chat: StructuredChat, messages: Sequence[BaseMessage], *, may_search: bool, on_text: Callable[[str], None]
) -> Draft:
    reply = chat.ask(messages, schema(may_search=may_search), on_text=lambda raw: on_text(readable(raw)))
    return parse_draft(reply, (*messages, AIMessage(reply.text)), may_search=may_search)


def parse_draft(reply: Reply, messages: Sequence[BaseMessage] = (), *, may_search: bool = True) -> Draft:
    """Parses a reply: an object of the schema, or prose whose sentences carry ids such as [3.2]."""
    given = parse_object(reply.text)
    if given:
        sentences = [_drafted(item) for item in _list(given.get("sentences"))]
    else:
        sentences = [
            Drafted(clean(text), tuple(re.findall(_ID, ids)))
            for text, ids in _MARKED_SENTENCE.findall(reply.text)
        ]
    stated = tuple(one for one in sentences if one.text)
    searches = tuple(strings(given.get("search"))[:MOST_SEARCHES])
    verdict: Verdict = next(
        (one for one in VERDICTS if one == given.get("verdict")), "answered" if stated else "not_stated"
    )
    if verdict == "search" and not (may_search and searches):
        verdict = "answered" if stated else "not_stated"
    return Draft(
        verdict=verdict,
        sentences=() if verdict in ("not_stated", "search") else stated,
        searches=searches if verdict == "search" else (),
        accounts_differ=given.get("accounts_differ") is True,
        premise=_optional(given.get("wrong_premise")),
        missing=_optional(given.get("missing")),
        tokens=reply.tokens,
        messages=tuple(messages),
    )


def _drafted(item: Any) -> Drafted:
    if not isinstance(item, dict):
        return Drafted("", ())
    text = str(item.get("text") or "")
    ids = " ".join(strings(item.get("cites", item.get("citations", [])))) or " ".join(_MARKER.findall(text))
    return Drafted(clean(text), tuple(dict.fromkeys(re.findall(_ID, ids))))


def clean(text: str) -> str:
    """The sentence in one line, without ids and with a full stop."""
    line = _BULLETS.sub("", " ".join(_MARKER.sub("", text).split()))
    return f"{line}." if line and line[-1].isalnum() else line


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _optional(value: Any) -> str | None:
    text = " ".join(str(value).split()) if isinstance(value, str) else ""
    return text if text and text.lower() not in ("null", "none") else None
