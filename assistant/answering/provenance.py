"""Provenance: how many reports stand behind an answer, and until when its corpus reaches.

Five sites that print one dispatch are five articles and one report. Articles are taken for one report where
the words that an answer quotes stand in each of them, nearly alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assistant.corpus.near_duplicates import OVERLAP, containment, trigrams
from assistant.retrieval.passages import Passage
from assistant.schema import Citation
from assistant.text.dates import in_words, question_times

FEWEST = 6
"""Word trigrams a quote needs at least to tell a copy from chance."""


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
    """Whether one of them nearly holds the other, and is long enough to tell."""
    one, other = trigrams(quote), trigrams(text)
    return min(len(one), len(other)) >= FEWEST and containment(one, other) >= OVERLAP


def sourcing(citations: Sequence[Citation], passages: Sequence[Passage]) -> str:
    """What is to be known of the cited articles: "3 articles carry one report.", if that is so."""
    found = reports(citations, passages)
    total = sum(map(len, found))
    if total == len(found):
        return ""
    return f"{total} articles carry {f'{len(found)} reports' if len(found) > 1 else 'one report'}."


def reach(question: str, today: dt.date, corpus_ends: dt.date | None) -> str:
    """Until when the articles reach, for a question about now; else empty."""
    times = question_times(question, today)
    if corpus_ends is None or not times.present or any(period.end < today for period in times.periods):
        return ""
    return f"The corpus reaches until {in_words(corpus_ends)}."
