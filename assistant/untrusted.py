"""Untrusted text: what of an article a model may see, and where an article addresses a machine.

An article is data. Whoever wrote it may have tried to speak to the assistant in it; what such text says is
neither shown to a model nor quoted as an answer, and an answer that cites the article carries a warning.
Offsets are those of the text as stored, which is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from assistant.articles import Article
from assistant.disguises import View, decoded, folded, invisible, views
from assistant.interface import AnswerWarning
from assistant.phrases import SUSPICIOUS, TOKENS, TURNS, Kind, phrases

OPENERS = frozenset({"override", "role", "address", "marker"})
"""Kinds that begin something: the rest of their paragraph is what the machine was meant to do."""

NEAR = 300
"""Characters between two findings at most for what stands between them to belong to them."""

DEPTH = 2
"""How many encodings within one another are looked into."""

_UNSEEN = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks on the character before them, which part no words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`text[start:end]` addresses a machine."""

    start: int
    end: int
    kind: Kind


def visible(text: str) -> str:
    """The text as a reader sees it: a space for every invisible character, line ends among them."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if invisible(character) else character for character in _UNSEEN.sub("", text))


def neutral(text: str) -> str:
    """The text with a space in what could pass for a control token, a role's tag or turn, in disguise too.

    `<|im_end|>` becomes `< |im_end|>`, and "System:" at the beginning of a line "System :".
    """
    text = _UNSEEN.sub("", text)
    places = {
        view.span(*match.span())[1]
        for view in (View(text, range(len(text))), folded(text))
        for pattern in (TOKENS, TURNS)
        for match in pattern.finditer(view.text)
    }
    for place in sorted(places, reverse=True):
        text = f"{text[:place]} {text[place:]}"
    return text


def instructions_in(text: str) -> tuple[Finding, ...]:
    """Where the text addresses a machine, in order and apart; empty for ordinary news."""
    return _instructions_in(text, DEPTH)


def is_instruction(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether `text[start:end]` is, or is part of, something that addresses a machine."""
    end = len(text) if end is None else end
    return any(finding.start < end and start < finding.end for finding in instructions_in(text))


def instruction_warnings(articles: Iterable[Article]) -> list[AnswerWarning]:
    """A warning for each of the articles that addresses a machine in its headline or text."""
    return [
        AnswerWarning(
            article=article.id,
            code="instruction-in-article",
            message=f"{article.id} addresses AI assistants; that part of it was passed over",
        )
        for article in {article.id: article for article in articles}.values()
        if instructions_in(article.title) or instructions_in(article.text)
    ]


@lru_cache(maxsize=512)
def _instructions_in(text: str, depth: int) -> tuple[Finding, ...]:
    found = sorted([*_phrases(text), *_encoded(text, depth)], key=lambda finding: finding.start)
    return tuple(_joined(_with_payload(finding, text) for finding in found))


def _phrases(text: str) -> Iterator[Finding]:
    plain, *disguises = views(text)
    # Most texts are not disguised, and read backwards they hold no such word.
    for view in (plain, *(view for view in disguises if SUSPICIOUS.search(view.text))):
        for token in TOKENS.finditer(view.text):
            yield Finding(*view.span(*token.span()), "marker")
        for kind, pattern in phrases().items():
            for match in pattern.finditer(view.text):
                words = match.end() - len(match[0].lstrip())
                yield Finding(*view.span(words, match.end()), kind)


def _encoded(text: str, depth: int) -> Iterator[Finding]:
    for run in decoded(text):
        if run.hidden:
            yield Finding(run.start, run.end, "invisible")
        elif depth and (SUSPICIOUS.search(run.text) or _instructions_in(run.text, depth - 1)):
            yield Finding(run.start, run.end, "encoded")


def _with_payload(finding: Finding, text: str) -> Finding:
    if finding.kind not in OPENERS:
        return finding
    end = text.find("\n\n", finding.end)
    return Finding(finding.start, end if end >= 0 else len(text), finding.kind)


def _joined(findings: Iterable[Finding]) -> list[Finding]:
    """The findings apart from each other, those near each other as one of the first's kind."""
    joined: list[Finding] = []
    for finding in findings:
        last = joined[-1] if joined else None
        if last is not None and finding.start - last.end <= NEAR:
            joined[-1] = Finding(last.start, max(last.end, finding.end), last.kind)
        else:
            joined.append(finding)
    return joined
