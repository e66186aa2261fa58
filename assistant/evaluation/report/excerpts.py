"""Excerpts: quotes where they stand in their article, for reading what is around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.corpus.articles import Article
from assistant.evaluation.gold.cases import quote_spans
from assistant.evaluation.run import Graded

AROUND = 400
"""Characters shown on either side of a quote, as far as its paragraph goes."""

_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters of an article that a citation quotes (its number) or the gold names as evidence (None)."""

    start: int
    end: int
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of an article, the same marks holding for all of it; `ends` are the citations that end here."""

    text: str
    cited: bool
    evidence: bool
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The parts of an article around its marks, in order, each in segments."""

    article: Article
    parts: tuple[tuple[Segment, ...], ...]


def excerpts(graded: Graded, articles: Mapping[str, Article]) -> list[Excerpt]:
    """Every article that the answer quotes (or comes nearest) or the gold names, with all that is marked."""
    marks: dict[str, list[Mark]] = {}
    answer = graded.answer
    for citation in (answer.citations or answer.nearest) if answer else ():
        marks.setdefault(citation.article, []).append(Mark(citation.start, citation.end, citation.number))
    for evidence in graded.case.evidence:
        article = articles.get(evidence.article)
        spans = quote_spans(article.text, evidence.quote) if article else ()
        marks.setdefault(evidence.article, []).extend(Mark(start, end) for start, end in spans)
    return [
        Excerpt(articles[article], marked(articles[article].text, some))
        for article, some in marks.items()
        if article in articles and some
    ]


def marked(text: str, marks: Sequence[Mark]) -> tuple[tuple[Segment, ...], ...]:
    """The parts of a text around the marks, each in segments."""
    return tuple(tuple(_segments(text, part, marks)) for part in _parts(text, marks))


def _parts(text: str, marks: Iterable[Mark]) -> list[tuple[int, int]]:
    """Where the parts stand: each mark with what is around it in its paragraph, joined where they meet."""
    breaks = [match.span() for match in _BLANK_LINE.finditer(text)]
    parts: list[tuple[int, int]] = []
    for mark in sorted(marks, key=lambda mark: mark.start):
        begin = max((end for _, end in breaks if end <= mark.start), default=0)
        stop = min((start for start, _ in breaks if start >= mark.end), default=len(text))
        low, high = max(begin, mark.start - AROUND), min(stop, mark.end + AROUND)
        if parts and low <= parts[-1][1]:
            parts[-1] = (parts[-1][0], max(parts[-1][1], high))
        else:
            parts.append((low, high))
    return parts


def _segments(text: str, part: tuple[int, int], marks: Sequence[Mark]) -> Iterator[Segment]:
    low, high = part
    inside = [mark for mark in marks if low <= mark.start and mark.end <= high]
    borders = sorted({low, high, *(edge for mark in inside for edge in (mark.start, mark.end))})
    for start, end in pairwise(borders):
        over = [mark for mark in inside if mark.start <= start and end <= mark.end]
        yield Segment(
            text[start:end],
            cited=any(mark.number is not None for mark in over),
            evidence=any(mark.number is None for mark in over),
            ends=tuple(mark.number for mark in over if mark.number is not None and mark.end == end),
        )
