"""Untrusted text: what of an article a model may see, and where an article addresses a machine.

An article is data. Whoever wrote it may have tried to speak to the assistant in it; what such text says is
neither shown to a model nor quoted as an answer, and an answer that cites the article carries a warning.
Only the sentences that do so are marked; what it merely reports is news. Offsets are those of the text as
stored, which is never changed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from assistant.corpus.articles import Article
from assistant.injection.deobfuscate import UNSEEN, PlainView, decoded, folded, invisible, views
from assistant.injection.patterns import SUSPICIOUS, TOKENS, TURNS, Kind, phrases
from assistant.schema import AnswerWarning

NEAR = 300
"""Characters at most between the mark of a turn and another mark or an order for what stands between to be
that turn."""

DEPTH = 2
"""How many encodings within one another are looked into."""

LONGEST = 400
"""Characters on either side of what was found that may belong to its sentence."""

_END = re.compile(r"[.!?…][\"'”’»)\]*_]*+(?=\s)|\n")
"""Where a sentence ends, roughly: whoever overlaps it by a character is left out whole."""

_MORE = re.compile(
    r"[ \t]{0,3}\n?[ \t]{0,3}(?:[-*•] |\(?\d{1,2}[.)] |step \d"
    r"|(?:say|answer|reply|respond|output|print|repeat|confirm|do not|your?|new rule|the (?:assistant|user)"
    r"|in \w{1,12} mode)\b)",
    re.IGNORECASE,
)
"""How a sentence begins that goes on with the orders of the one before it."""

_QUOTED = re.compile('[“"„«][^“”"„«»]*+[”"“»]')
_SAYS = re.compile(
    r"\b(?:said|says|told|read|reads|wrote|asked|shouted|demanded|urged|joked|warned|began|advise[sd]|reported"
    r"|ordered|recalled|such as|sagte|schrieb|verlangte|dit|exigé|dijo|aconseja|сказал\w?|сказав|каже)\b"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """`text[start:end]` addresses a machine, in whole sentences or by text that no reader sees."""

    start: int
    end: int
    kind: Kind


def visible(text: str) -> str:
    """The text as a reader sees it: a space for every invisible character, line ends among them."""
    text = UNSEEN.sub("", text)
    return text.translate({ord(character): " " for character in set(text) if invisible(character)})


def neutral(text: str) -> str:
    """The text with a space in what could pass for a control token, a role's tag or turn, in disguise too.

    `<|im_end|>` becomes `< |im_end|>`, and "System:" at the beginning of a line "System :".
    """
    text = UNSEEN.sub("", text)
    places = {
        view.span(*match.span())[1]
        for view in (PlainView(text, range(len(text))), folded(text))
        for pattern in (TOKENS, TURNS)
        for match in pattern.finditer(view.text)
    }
    return " ".join(text[start:end] for start, end in pairwise([0, *sorted(places), len(text)]))


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
    ends = [end.end() for end in _END.finditer(text)]
    found: list[Finding] = []
    for one in sorted([*_phrases(text), *_encoded(text, depth)], key=lambda one: (one.start, one.end)):
        if found and one.end <= found[-1].end and found[-1].kind != "invisible":
            continue
        whole: Finding | None = one if one.kind == "invisible" else _whole(text, ends, one)
        while whole and found and _belong(found[-1], whole):
            last = found.pop()
            kind = whole.kind if last.kind == "invisible" else last.kind
            whole = Finding(min(last.start, whole.start), max(last.end, whole.end), kind)
        found += [whole] if whole else []
    return tuple(found)


def _belong(last: Finding, one: Finding) -> bool:
    turn = last.kind == "marker" and one.kind != "invisible"
    return one.start - last.end <= (NEAR if turn else 0)


def _phrases(text: str) -> Iterator[Finding]:
    plain, *disguises = views(text)
    # Most texts are not disguised, and read backwards they hold no such word.
    for view in (plain, *(view for view in disguises if SUSPICIOUS.search(view.text))):
        for token in TOKENS.finditer(view.text):
            yield Finding(*view.span(*token.span()), "marker")
        for match in phrases().finditer(view.text):
            kind: Kind = match.lastgroup  # type: ignore[assignment]
            words = match.end() - len(match[0].lstrip("\n .!?:;>"))
            yield Finding(*view.span(min(words, match.end() - 1), match.end()), kind)


def _encoded(text: str, depth: int) -> Iterator[Finding]:
    for run in decoded(text):
        if run.hidden:
            yield Finding(run.start, run.end, "invisible")
        elif depth and _instructions_in(run.text, depth - 1):
            yield Finding(run.start, run.end, "encoded")


def _whole(text: str, ends: list[int], one: Finding) -> Finding | None:
    """The finding with the rest of its sentences and what goes on with them; None where it is reported."""
    start, end = _sentence(text, ends, one.start, one.end)
    if one.kind != "marker":
        if _reported(text[start:end], one.start - start, one.end - start):
            return None
    elif text[end : end + 1] == "\n" != text[end + 1 : end + 2] and not _MORE.match(text, end):
        # The mark of a turn that ends its line is followed by the turn.
        end = _sentence(text, ends, end + 1, end + 2)[1]
    while more := _MORE.match(text, end):
        end = _sentence(text, ends, more.end() - 1, more.end())[1]
    return Finding(start, end, one.kind)


def _sentence(text: str, ends: list[int], first: int, last: int) -> tuple[int, int]:
    """Where the sentences of `text[first:last]` begin and end, or the nearest `LONGEST` characters."""
    before, after = bisect_right(ends, first), bisect_right(ends, last - 1)
    start = max(ends[before - 1] if before else 0, first - LONGEST)
    end = min(ends[after] if after < len(ends) else len(text), last + LONGEST)
    start += len(text[start:first]) - len(text[start:first].lstrip())
    return start, max(min(last, len(text)), start + len(text[start:end].rstrip()))


def _reported(sentence: str, start: int, end: int) -> bool:
    """Whether somebody is quoted with these words of the sentence."""
    quotes = any(quote.start() <= start and end <= quote.end() for quote in _QUOTED.finditer(sentence))
    return quotes and _SAYS.search(_QUOTED.sub(" ", sentence)) is not None
