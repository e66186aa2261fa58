"""Provenance: how many independent reports an answer rests on, and where its corpus ends.

Five sites that print one agency dispatch are five articles but one report. Articles count as one report if
each contains nearly the words that the answer quotes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assistant.corpus.near_duplicates import OVERLAP, containment, trigrams
from assistant.retrieval.passages import Passage
from assistant.schema import Citation
from assistant.text.dates import in_words, question_times

FEWEST = 6
"""Fewest word trigrams in a quote to tell a copy from coincidence."""


def reports(citations: Sequence[Citation], passages: Sequence[Passage]) -> list[frozenset[str]]:
    """The reports behind the cited articles: ids of the articles that carry each, as cited."""
    texts: dict[str, list[str]] = {}
    for citation in citations:
        texts.setdefault(citation.article, []).append(citation.quote)
    for passage in passages:
        if passage.article.id in texts:
            for copy in passage.copies:
                texts.setdefault(copy.article.id, []).append(copy.chunk.text)
    found: list[frozenset[str]] = []
    for article, own in texts.items():
        merged = frozenset({article})
        for report in list(found):
            if any(copied(one, other) for one in own for name in report for other in texts[name]):
                found.remove(report)
                merged |= report
        found.append(merged)
    return found


def copied(quote: str, text: str) -> bool:
    """Whether one text nearly contains the other, and both are long enough to tell."""
    one, other = trigrams(quote), trigrams(text)
    return min(len(one), len(other)) >= FEWEST and containment(one, other) >= OVERLAP


def sourcing(citations: Sequence[Citation], passages: Sequence[Passage]) -> str:
    """A note such as "3 articles carry one report."; empty if every article is its own report."""
    found = reports(citations, passages)
    total = sum(map(len, found))
    if total == len(found):
        return ""
    return f"{total} articles carry {f'{len(found)} reports' if len(found) > 1 else 'one report'}."


def reach(question: str, today: dt.date, corpus_ends: dt.date | None) -> str:
    """For a question about the present, a note on where the corpus ends; else empty."""
    times = question_times(question, today)
    if corpus_ends is None or not times.present or any(period.end < today for period in times.periods):
        return ""
    return f"The corpus reaches until {in_words(corpus_ends)}."
