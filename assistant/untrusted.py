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

LONGEST = 400
"""Characters before what was found that may belong to its sentence."""

_PARAGRAPH = re.compile(r"\n\s*\n")
_END = re.compile(r"[.!?…][\"'”’»)\]*_]*(?=\s)|\n")
"""Where a sentence ends, roughly: whoever overlaps it by a character is left out whole."""

_UNSEEN = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks on the character before them, which part no words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`text[start:end]` addresses a machine, in whole sentences or by text that no reader sees."""

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
    """Whether what a reader sees of `text[start:end]` addresses a machine, or is part of what does."""
    return bool(_legible(text, start, len(text) if end is None else end))


def without_instructions(text: str, start: int = 0, end: int | None = None) -> str:
    """What is left of `text[start:end]` without what addresses a machine: what may be judged and ranked."""
    end = len(text) if end is None else end
    inside = _legible(text, start, end)
    starts = [start, *(finding.end for finding in inside)]
    ends = [*(finding.start for finding in inside), end]
    parts = (text[first:last].strip() for first, last in zip(starts, ends, strict=True))
    return " ".join(part for part in parts if part)


def blanked(text: str, start: int, end: int) -> str:
    """`text[start:end]` with spaces in place of what addresses a machine, so that offsets stay."""
    shown = list(text[start:end])
    for finding in _legible(text, start, end):
        first, last = max(finding.start, start) - start, min(finding.end, end) - start
        shown[first:last] = " " * (last - first)
    return "".join(shown)


def _legible(text: str, start: int, end: int) -> list[Finding]:
    """The findings in `text[start:end]` but for invisible text, which no model sees anyway."""
    found = (finding for finding in instructions_in(text) if finding.kind != "invisible")
    return [finding for finding in found if finding.start < end and start < finding.end]


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
    return tuple(_joined(_whole(finding, text) for finding in found))


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


def _whole(finding: Finding, text: str) -> Finding:
    """The finding with the rest of its sentences, or of its paragraph where it begins something."""
    if finding.kind == "invisible":
        return finding
    before = text[max(0, finding.start - LONGEST) : finding.start]
    start = finding.start - len(before) + max((end.end() for end in _END.finditer(before)), default=0)
    start += len(text[start : finding.start]) - len(text[start : finding.start].lstrip())
    after = (_PARAGRAPH if finding.kind in OPENERS else _END).search(text, finding.end - 1)
    end = after.start() + len(after[0].rstrip()) if after else len(text)
    return Finding(start, max(end, finding.end), finding.kind)


def _joined(findings: Iterable[Finding]) -> list[Finding]:
    """The findings apart from each other, those near each other as one."""
    joined: list[Finding] = []
    for finding in findings:
        last = joined[-1] if joined else None
        if last is not None and finding.start - last.end <= NEAR:
            kind = finding.kind if last.kind == "invisible" else last.kind
            joined[-1] = Finding(last.start, max(last.end, finding.end), kind)
        else:
            joined.append(finding)
    return joined
