"""Verification: which sentences of a draft are supported by what they cite.

Code checks what can be checked exactly: that the cited sentences exist, and that they contain the quoted
words, numbers, currencies and dates. A capable model checks that each quote supports its sentence; with
`verify = "exact"` nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.answering.evidence import Sentence, described, plain
from assistant.models.asking import Prompt, StructuredChat
from assistant.models.chat.json_replies import object_of, parse_object
from assistant.schema import CheckedBy, Tokens
from assistant.text.normalize import words
from assistant.text.numbers import CitedText, unconfirmed

BEFORE = 500
"""Characters before a quote that a model sees, to know who "he" is. With 240, two of 260 supported sentences
were sent back for a name that came just before."""

UNCHECKED = {"problem": "it was not checked", "supported": False}

FEWEST = 2
"""Fewest words between quotation marks that count as a quotation; a single one may be a term."""

_QUOTED = re.compile(
    r"„([^„“”\"]+)[“”\"]|«([^«»]+)»|»([^«»]+)«|[“\"]([^“”\"]+)[”\"]|(?<!\w)[‘']([^‘’']+)[’'](?!\w)"
)
_GAP = re.compile(r"(?:(?<!\s)\s++)?+(?:\.{3}|…|\[[^\[\]]*\])\s*")

_CHECK = object_of(sentence={"type": "integer"}, problem={"type": "string"}, supported={"type": "boolean"})
SCHEMA = object_of(checks={"type": "array", "items": _CHECK})


@dataclass(frozen=True, slots=True)
class Drafted:
    """A drafted sentence, with the ids that it cites."""

    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """An accepted sentence, with the article sentences it cites."""

    text: str
    sentences: tuple[Sentence, ...]
    support: float = 1.0
    by: CheckedBy = "verbatim"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected sentence, and why."""

    text: str
    reason: str


def check_exactly(
    drafted: Drafted, evidence: Mapping[str, Sentence], *, computed: bool
) -> Statement | Rejected:
    """Checks ids, quotations and, unless values may be `computed`, numbers and dates.

    `by` is "verbatim" if the text equals a cited sentence, else "exact".
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
    """The cited sentences, plus ones of the same articles that contain quoted words missing from them."""
    articles = {sentence.article.id for sentence in cited}
    for part in misquoted(text, [sentence.text for sentence in cited]):
        others = (sentence for sentence in evidence.values() if sentence.article.id in articles)
        cited += tuple(sentence for sentence in others if not misquoted(f'"{part}"', [sentence.text]))[:1]
    return cited


def misquoted(text: str, quotes: Sequence[str]) -> list[str]:
    """The quotations in a text that no quote contains, ignoring spelling; an ellipsis may skip words."""
    known = [f" {words(plain(quote))} " for quote in quotes]
    said = (match[match.lastindex or 0] for match in _QUOTED.finditer(text))
    parts = [part for quotation in said for part in _GAP.split(quotation) if len(part.split()) >= FEWEST]
    return [part for part in parts if not any(f" {words(plain(part))} " in quote for quote in known)]


def sources_of(sentences: Sequence[Sentence]) -> list[CitedText]:
    """The cited sentences for `unconfirmed`, each after its headline."""
    return [CitedText(f"{one.article.title}. {one.text}", one.article.published) for one in sentences]


def check_by_model(
    statements: Sequence[Statement],
    chat: StructuredChat,
    prompt: Prompt,
    on_kept: Callable[[Statement], object] = lambda statement: None,
) -> tuple[list[Statement | Rejected], Tokens]:
    """Checks in one call to a model that quotes support their statements. Raises ModelError.

    `on_kept` receives each accepted statement as soon as the model says so. A statement that the model does
    not mention is unchecked and therefore rejected.
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
    """The model's checks so far, by sentence number; `supported` is written last."""
    given = parse_object(raw).get("checks")
    checks = given if isinstance(given, list) else []
    return {
        str(check.get("sentence")): {"problem": None} | check
        for check in checks
        if isinstance(check, dict) and isinstance(check.get("supported"), bool)
    }


def _shown(number: str, statement: Statement) -> str:
    """A sentence and its quotes as a model reads them, with the values that code did not find there."""
    lines = [f"Sentence {number}: {plain(statement.text)}"]
    lines += [f"Quote from [{described(one.article)}]: {_in_context(one)}" for one in statement.sentences]
    if values := unconfirmed(statement.text, sources_of(statement.sentences)):
        lines.append(f"Not found in the quotes by a search: {', '.join(values)}")
    return "\n".join(lines)


def _in_context(sentence: Sentence) -> str:
    """The sentence after the text before it, which says who "he" is."""
    before = plain(sentence.article.text[max(0, sentence.start - BEFORE) : sentence.start])
    return f"(… {before}) {plain(sentence.text)}" if before else plain(sentence.text)
