"""What no reader would take for an answer: repetition, an echo, a mere headline, a cut-off end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from assistant.evaluation.scorers.matching import sentences, without_day, without_markers, words
from assistant.schema import Answer

PHRASE = range(2, 7)
"""Words of a phrase that must not come three times in a row."""
SAME = 0.9
"""Share of their words, in order, by which two sentences are the same."""
NEARLY = 0.8
"""Share of the shorter sentence's words, in their order in the longer, by which it tells nothing new."""
LEAST = 4
"""Words below which a sentence is too short to tell whether it is a headline, or told before."""

_CLOSED = re.compile(r"[.!?…。\uff01\uff1f][\"'”’»)\]*_]*$")
_ABBREVIATED = re.compile(
    r"\b(?:Lt|Col|Gen|Maj|Capt|Sgt|Adm|Brig|Cmdr|Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Amb|Hon|vs|approx|i\.e|e\.g)"
    r"\.$"
)
_UNFINISHED = frozenset(
    "a an the of and or but nor with from into than as if because which whose whom while between among "
    "during towards upon its their his her my our your".split()
)


def faults(answer: Answer) -> list[str]:
    """What is degenerate about an answer, a line each; nothing for a sound one and for an abstention."""
    if answer.status == "abstained":
        return []
    return [*_repetitions(answer.answer), *_echoes(answer), *_headlines(answer), *_ends(answer)]


def blemishes(answer: Answer) -> list[str]:
    """What readers mind although the answer is not wrong for it, a line each; nothing for an abstention."""
    if answer.status == "abstained":
        return []
    found = ["a sentence is told twice"] * _told_twice(answer)
    return found + ["a claim is a headline with its day"] * _is_headline(answer, without_day)


def _told_twice(answer: Answer) -> bool:
    """Whether a sentence comes again nearly word for word."""
    told = [found for one in sentences(answer.answer) if len(found := words(one).split()) > LEAST]
    return any(
        _in_order(one, other) >= NEARLY * min(len(one), len(other)) for one, other in combinations(told, 2)
    )


def _in_order(one: Sequence[str], other: Sequence[str]) -> int:
    """Words that both have in the same order."""
    return sum(
        block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    )


def _repetitions(text: str) -> Iterator[str]:
    told = [plain for sentence in sentences(text) if len((plain := words(sentence)).split()) > 1]
    if any(count > 1 for count in Counter(told).values()):
        yield "a sentence is repeated"
    found = words(without_markers(text)).split()
    if any(found[place] == found[place + 1] == found[place + 2] for place in range(len(found) - 2)):
        yield "a word is repeated"
    if any(_thrice(found, size) for size in PHRASE):
        yield "a phrase is repeated"


def _thrice(found: Sequence[str], size: int) -> bool:
    """Whether `size` words come three times, one after the other."""
    phrases = [tuple(found[place : place + size]) for place in range(len(found) - size + 1)]
    return any(
        phrases[place] == phrases[place + size] == phrases[place + 2 * size]
        for place in range(len(phrases) - 2 * size)
    )


def _echoes(answer: Answer) -> Iterator[str]:
    if any(_same(sentence, answer.question) for sentence in sentences(answer.answer)):
        yield "the question is echoed"


def _headlines(answer: Answer) -> Iterator[str]:
    if _is_headline(answer, str):
        yield "a claim is a headline"


def _is_headline(answer: Answer, plain: Callable[[str], str]) -> bool:
    """Whether a claim, made plain, is the title of something cited."""
    titles = {citation.title for citation in answer.citations if len(citation.title.split()) >= LEAST}
    return any(_same(plain(claim.text), title) for claim in answer.claims for title in titles)


def _same(one: str, other: str) -> bool:
    mine, theirs = words(without_markers(one)).split(), words(other).split()
    return bool(mine) and SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= SAME


def _ends(answer: Answer) -> Iterator[str]:
    """Of the last claim; an answer without claims is one that nobody cut into sentences."""
    last = without_markers(answer.claims[-1].text).strip() if answer.claims else ""
    if not last:
        return
    plain = words(last).split()
    if not _CLOSED.search(last):
        yield "the end lacks a full stop"
    elif _ABBREVIATED.search(last) or (plain and plain[-1] in _UNFINISHED):
        yield "the end is cut off"
    if last.count('"') % 2 or last.count("“") > last.count("”"):
        yield "a quotation is not closed"
