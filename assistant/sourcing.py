"""Sourcing: how many reports stand behind an answer, and until when its corpus reaches.

Five sites that print one dispatch are five articles and one report. Articles are taken for one report where
the words that an answer quotes stand in each of them, nearly alike. Whose report it is follows from the
outlets that they all name, where "Harbour Post (Axios)" is the Harbour Post passing on what Axios reported.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.copies import OVERLAP, containment, trigrams
from assistant.interface import Citation
from assistant.retrieval import Passage
from assistant.surface import in_words
from assistant.times import question_times

FEWEST = 6
"""Word trigrams a quote needs at least to tell a copy from chance."""

_PASSED_ON = re.compile(r"^.*\(([^()]+)\)\s*$")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Report:
    """One report: ids of the articles that carry it, and the outlets that it can be by."""

    articles: frozenset[str]
    outlets: frozenset[str]


def origins(outlets: Iterable[str]) -> frozenset[str]:
    """Who reported it: of "Open.kg (Meduza, Axios)" Meduza and Axios, of "Axios" Axios itself."""
    names = (_PASSED_ON.sub(r"\1", outlet).split(",") for outlet in outlets)
    return frozenset(name.strip() for some in names for name in some)


def reports(citations: Sequence[Citation], passages: Sequence[Passage]) -> list[Report]:
    """The reports behind the cited articles and those that hold near copies of what is quoted, as cited."""
    found: list[Report] = []
    for citation in citations:
        new = _report(citation, citations, passages)
        same = [report for report in found if report.articles & new.articles]
        for report in same:
            found.remove(report)
            new = _merged(report, new)
        found.append(new)
    return found


def _report(citation: Citation, citations: Sequence[Citation], passages: Sequence[Passage]) -> Report:
    """The article of a citation together with those that say the same in nearly the same words."""
    near = [copy for passage in passages if passage.article.id == citation.article for copy in passage.copies]
    others = [
        *((other.article, other.outlets, other.quote) for other in citations),
        *(
            (copy.article.id, [source.outlet for source in copy.article.sources], copy.chunk.text)
            for copy in near
        ),
    ]
    report = Report(frozenset({citation.article}), origins(citation.outlets))
    for article, outlets, text in others:
        if article != citation.article and copied(citation.quote, text):
            report = _merged(report, Report(frozenset({article}), origins(outlets)))
    return report


def _merged(one: Report, other: Report) -> Report:
    """Both as one report, by an outlet that both name; where they name none in common, by any of theirs."""
    return Report(one.articles | other.articles, one.outlets & other.outlets or one.outlets | other.outlets)


def copied(quote: str, text: str) -> bool:
    """Whether one of them nearly holds the other, and is long enough to tell."""
    one, other = trigrams(quote), trigrams(text)
    return min(len(one), len(other)) >= FEWEST and containment(one, other) >= OVERLAP


def sourcing(citations: Sequence[Citation], passages: Sequence[Passage]) -> str:
    """What is to be known of the cited articles: "Three articles, one report by Axios."

    Empty for a single article, and where outlets overlap so that nothing can be told.
    """
    found = reports(citations, passages)
    total = sum(len(report.articles) for report in found)
    if total < 2:
        return ""
    articles = f"{_number(total).capitalize()} articles"
    authors = [report.outlets for report in found]
    if len(found) == 1:
        return f"{articles}, one report{_by(authors[0])}."
    if len(found) < total:
        shared = [report for report in found if len(report.articles) > 1]
        parts = ", ".join(
            f"{_number(len(one.articles))} carry the same one{_by(one.outlets)}" for one in shared
        )
        return f"{articles}, {_number(len(found))} reports: {parts}."
    if len(set(authors)) == 1 and len(authors[0]) == 1:
        return f"{articles}, {'both' if total == 2 else 'all'}{_by(authors[0])}."
    if all(authors) and len(frozenset().union(*authors)) == sum(map(len, authors)):
        return f"{articles}, by different outlets."
    return ""


def _by(outlets: frozenset[str]) -> str:
    """Whose it is, if that is clear."""
    return f" by {next(iter(outlets))}" if len(outlets) == 1 else ""


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def about_now(question: str, today: dt.date) -> bool:
    """Whether a question asked as of `today` is about the present, and not about a day or month before."""
    times = question_times(question, today)
    return times.present and all(period.end >= today for period in times.periods)


def reach(question: str, today: dt.date, corpus_ends: dt.date | None) -> str:
    """Until when the articles reach, for a question about now; else empty."""
    if corpus_ends is None or not about_now(question, today):
        return ""
    return f"The corpus reaches until {in_words(corpus_ends)}."
