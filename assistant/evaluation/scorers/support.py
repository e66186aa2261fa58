"""Support: does a quote say what a claim says, as far as words can tell?

A check that shares nothing with the grounding that it grades. How well it agrees with people is measured on
WiCE (`make bench-answers SET=wice`) and stands in `eval/RESULTS.md`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Sequence

from assistant.evaluation.scorers.matching import words
from assistant.schema import Citation

SHARED = 0.5
"""Share of a claim's words that must stand in its quotes."""

PREFIX = 5
"""Letters by which a longer word is compared, so that "Iceland" and "Icelandic" are one."""

UNTOLD = frozenset(
    "a an and are as at be been but by can could did do does for from had has have he her him his how i if "
    "in into is it its me my of on or our she should so than that the their them then there these they this "
    "those to up us was we were what when where which who whom whose why will with would you your".split()
)
"""Words that carry nothing to be supported; the scorers' own, whatever the search passes over."""
_DAYS = re.compile(
    rf"\b(?:yesterday|today|tomorrow|{'|'.join(calendar.day_name)}"
    r"|(?:last|this|next) (?:week|month|year))\b",
    re.IGNORECASE,
)


def supports(claim: str, citations: Sequence[Citation]) -> bool:
    """Whether these quotes together carry the claim.

    Every number of the claim must stand in a quote, or in the headline or date of its article, or be a day
    that a relative one of the quote may mean; at least half of its other words that are no stop words must
    stand there too.
    """
    quoted = " ; ".join(
        " ; ".join((one.title, str(one.date or ""), one.quote, *_days_meant(one.quote, one.date)))
        for one in citations
    )
    return overlap(claim, quoted) >= SHARED


def overlap(claim: str, text: str) -> float:
    """Share of the claim's words that stand in the text, 0 to 1; 0 if the text lacks one of its numbers."""
    claimed = [word for word in words(claim).split() if word not in UNTOLD]
    known = {_stem(word) for word in words(text).split()}
    lacking = [word for word in claimed if _stem(word) not in known]
    if not claimed or any(_is_number(word) for word in lacking):
        return 0.0
    return 1 - len(lacking) / len(claimed)


def _stem(word: str) -> str:
    return word if _is_number(word) else word[:PREFIX]


def _is_number(word: str) -> bool:
    return word.lstrip("@")[:1].isdigit()


def _days_meant(quote: str, published: dt.date | None) -> Iterator[str]:
    """Every day that a relative one may mean in an article of that day: a Tuesday is the last or the next."""
    if published is None or not dt.MINYEAR + 1 < published.year < dt.MAXYEAR - 1:  # the ends of the calendar
        return
    steps = {"yesterday": (-1,), "today": (0,), "tomorrow": (1,)}
    for match in _DAYS.finditer(quote):
        said = match[0].lower()
        if said.title() in calendar.day_name:
            ahead = (list(calendar.day_name).index(said.title()) - published.weekday()) % 7
            meant: Sequence[int] = (ahead, ahead - 7)
        elif " " in said:
            weeks = {"last": -1, "this": 0, "next": 1}[said.split()[0]]
            meant = (7 * weeks - published.weekday(),) if said.endswith("week") else ()
            yield str(published.year + weeks * said.endswith("year"))
        else:
            meant = steps[said]
        yield from (str(published + dt.timedelta(days=days)) for days in meant)
