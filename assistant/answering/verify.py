"""Verification: which sentences of a draft stand, by what they cite.

Code checks what code can check exactly: that the cited sentences exist, that quoted words stand there, that
numbers, currencies and dates do. Whether a quote says what a sentence says is understood by a model, or else
by the reader's support score.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.prompts import ChatPromptTemplate

from assistant.answering.evidence import Sentence, described, plain
from assistant.models.chat.json_replies import parse_object
from assistant.models.chat.structured_output import StructuredChat
from assistant.schema import CheckedBy, Tokens
from assistant.text.normalize import words
from assistant.text.numbers import CitedText, unconfirmed

BEFORE = 500
"""Characters of what stands before a quote that a model sees, to know who "he" is. With 240, of 260
supported sentences two were sent back for a name that stood just before."""

UNCHECKED = {"problem": "it was not checked", "supported": False}

FEWEST = 2
"""Words between quotation marks that make a quotation; one alone may be a term."""

_QUOTED = re.compile(
    r"„([^„“”\"]+)[“”\"]|«([^«»]+)»|»([^«»]+)«|[“\"]([^“”\"]+)[”\"]|(?<!\w)[‘']([^‘’']+)[’'](?!\w)"
)
_GAP = re.compile(r"\s*(?:\.{3}|…|\[[^\]]*\])\s*")

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "checks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sentence": {"type": "integer"},
                    "problem": {"type": "string"},
                    "supported": {"type": "boolean"},
                },
                "required": ["sentence", "problem", "supported"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["checks"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Drafted:
    """A sentence as it was drafted, with the ids that it cites."""

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that stands, with the sentences it rests on."""

    text: str
    sentences: tuple[Sentence, ...]
    support: float = 1.0
    by: CheckedBy = "verbatim"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A sentence that does not stand, and why."""

    text: str
    reason: str


def check_exactly(
    drafted: Drafted, evidence: Mapping[str, Sentence], *, computed: bool
) -> Statement | Rejected:
    """The sentence with what it cites, if its ids, quotations and, unless they may be `computed`, values
    hold.

    `by` is "verbatim" for the very words of one sentence, else "exact".
    """
    cited = tuple(evidence[name] for name in dict.fromkeys(drafted.cites) if name in evidence)
    if not cited:
        return Rejected(drafted.text, "it cites no sentence that was read")
    if any(words(plain(sentence.text)) == words(drafted.text) for sentence in cited):
        return Statement(drafted.text, cited)
    cited = _with_quoted(drafted.text, cited, evidence)
    if missing := misquoted(drafted.text, [sentence.text for sentence in cited]):
        return Rejected(drafted.text, f"“{missing[0]}” is not what it cites")
    if not computed and (values := unconfirmed(drafted.text, sources_of(cited), computed=False)):
        return Rejected(drafted.text, f"{', '.join(values)} is not in what it cites")
    return Statement(drafted.text, cited, by="exact")


def _with_quoted(
    text: str, cited: tuple[Sentence, ...], evidence: Mapping[str, Sentence]
) -> tuple[Sentence, ...]:
    """What is cited, and the sentences of the same articles that hold quoted words which it lacks."""
    articles = {sentence.article.id for sentence in cited}
    for part in misquoted(text, [sentence.text for sentence in cited]):
        others = (sentence for sentence in evidence.values() if sentence.article.id in articles)
        cited += tuple(sentence for sentence in others if not misquoted(f'"{part}"', [sentence.text]))[:1]
    return cited


def misquoted(text: str, quotes: Sequence[str]) -> list[str]:
    """The quotations in a text that stand in none of the quotes, up to spelling; omissions count as gaps."""
    known = [f" {words(plain(quote))} " for quote in quotes]
    said = (match[match.lastindex or 0] for match in _QUOTED.finditer(text))
    parts = [part for quotation in said for part in _GAP.split(quotation) if len(part.split()) >= FEWEST]
    return [part for part in parts if not any(f" {words(plain(part))} " in quote for quote in known)]


def sources_of(sentences: Sequence[Sentence]) -> list[CitedText]:
    """What is cited as `values` reads it: each sentence behind its headline."""
    return [CitedText(f"{one.article.title}. {one.text}", one.article.published) for one in sentences]


def check_by_model(
    statements: Sequence[Statement],
    chat: StructuredChat,
    prompt: ChatPromptTemplate,
    on_kept: Callable[[Statement], object] = lambda statement: None,
) -> tuple[list[Statement | Rejected], Tokens]:
    """Statements that a model finds in their quotes, in one call over all of them. Raises ModelError.

    `on_kept` gets each that stands as soon as the model has said so. A sentence that the model does not speak
    of has not been checked, and does not stand.
    """
    numbered = {str(number): statement for number, statement in enumerate(statements, 1)}

    def hear(raw: str) -> None:
        for number, check in _checks(raw).items():
            if check["supported"] and number in numbered:
                on_kept(replace(numbered[number], by="model"))

    shown = "\n\n".join(_shown(number, statement) for number, statement in numbered.items())
    reply = chat.ask(prompt.format_messages(sentences=shown), SCHEMA, on_text=hear)
    checks = _checks(reply.text)
    return [_judged(one, checks.get(number, UNCHECKED)) for number, one in numbered.items()], reply.tokens


def _judged(statement: Statement, check: Mapping[str, Any]) -> Statement | Rejected:
    problem = " ".join(str(check["problem"] or "what it cites does not say so").split())
    return replace(statement, by="model") if check["supported"] else Rejected(statement.text, problem)


def _checks(raw: str) -> dict[str, dict[str, Any]]:
    """What a model has said of each sentence by now, by its number; `supported` is said last."""
    given = parse_object(raw).get("checks")
    checks = given if isinstance(given, list) else []
    return {
        str(check.get("sentence")): {"problem": None} | check
        for check in checks
        if isinstance(check, dict) and isinstance(check.get("supported"), bool)
    }


def _shown(number: str, statement: Statement) -> str:
    """A sentence and its quotes as a model checks them, with the values that code did not find there."""
    lines = [f"Sentence {number}: {plain(statement.text)}"]
    lines += [f"Quote from [{described(one.article)}]: {_in_context(one)}" for one in statement.sentences]
    if values := unconfirmed(statement.text, sources_of(statement.sentences)):
        lines.append(f"Not found in the quotes by a search: {', '.join(values)}")
    return "\n".join(lines)


def _in_context(sentence: Sentence) -> str:
    """The sentence, behind the end of what stands before it, which says who "he" is."""
    before = plain(sentence.article.text[max(0, sentence.start - BEFORE) : sentence.start])
    return f"(… {before}) {plain(sentence.text)}" if before else plain(sentence.text)
