"""Times: what day or month a question is about, and how near an article is to it.

A question that names a day, a month or a relative day prefers articles of about that time; one about the
present ("latest", "now", "still") prefers newer ones; any other prefers none. Phrases are found here and read
by dateparser, relative to the day the question is asked as of.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from dataclasses import dataclass

PERIOD_WEIGHT = 2.0
"""What being of the right time adds to a passage's logit; chosen on the dev half of gold."""

PRESENT_WEIGHT = 1.0
"""What being new adds to a passage's logit when the question is about the present; chosen likewise."""

REPORTING_DAYS = 7
"""An event is still reported a week after it; an article that much later is as near as one of the day."""

FADING_DAYS = 10.0
"""Days further off at which nearness has fallen to 1/e."""

PRESENT_FADING_DAYS = 60.0
"""Age at which an article's newness has fallen to 1/e."""

_MONTH = "(?:" + "|".join(calendar.month_name[1:]) + ")"
_YEAR = r"(?:,? 20\d\d)?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_PHRASE = re.compile(
    rf"\b(?:(?P<part>early|beginning of|mid|middle of|late|end of)[- ])?"
    rf"(?P<month>{_MONTH}(?: 20\d\d)?)(?! \d)\b"
    rf"|\b(?P<day>{_DAY}(?: of)? {_MONTH}{_YEAR}|{_MONTH} {_DAY}{_YEAR})\b"
    r"|\b(?P<iso>20\d\d-\d\d-\d\d)\b"
    r"|\b(?P<relative>today|yesterday|(?:last|this) (?:week|month)|\d+ (?:day|week|month)s? ago)\b"
)
_PRESENT = re.compile(
    r"\b(?:latest|newest|most recent|now|currently?|still|so far|to date|today|at (?:the moment|present))\b",
    re.IGNORECASE,
)
_SINCE = re.compile(r"\bsince (?:the )?$", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"\s*(?:May|March)\b(?! \d)")
"""A question's first word has a capital anyway, and may be no month."""
_PARTS = {"early": (1, 10), "beginning of": (1, 10), "mid": (10, 20), "middle of": (10, 20)}


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    start: dt.date
    end: dt.date


@dataclass(frozen=True, slots=True)
class Times:
    """What a question says about time, seen from `today`: the periods it names, or that it is about now."""

    today: dt.date
    periods: tuple[Period, ...] = ()
    present: bool = False

    def preference(self, published: dt.date | None) -> float:
        """What an article's day adds to its passages' logits; 0 for an undated one."""
        if published is None:
            return 0.0
        if self.periods:
            return PERIOD_WEIGHT * max(_nearness(published, period) for period in self.periods)
        if self.present:
            return PRESENT_WEIGHT * math.exp(-max(0, (self.today - published).days) / PRESENT_FADING_DAYS)
        return 0.0


def question_times(question: str, today: dt.date) -> Times:
    """The times of a question that is asked as of `today`; a month without a year is the last such month, and
    what is asked "since" a day is asked up to today."""
    start = _AMBIGUOUS.match(question)
    phrases = list(_PHRASE.finditer(question, start.end() if start else 0))
    periods = []
    for phrase in phrases:
        if period := _read(phrase, today):
            lasting = period.start <= today and _SINCE.search(question, 0, phrase.start())
            periods.append(Period(period.start, today) if lasting else period)
    return Times(today, tuple(periods), bool(_PRESENT.search(question)))


def _read(phrase: re.Match[str], today: dt.date) -> Period | None:
    """The period of a phrase; None for one that is no date after all, such as 31 February."""
    from dateparser.date import DateDataParser

    base = dt.datetime.combine(today, dt.time(12))
    settings = {"RELATIVE_BASE": base, "PREFER_DATES_FROM": "past", "PREFER_DAY_OF_MONTH": "first"}
    text = phrase["month"] or phrase["day"] or phrase["iso"] or phrase["relative"]
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(text).date_obj
    if found is None:
        return None
    day = found.date()
    if phrase["month"] or "month" in text:
        return _month(day, phrase["part"] or "")
    margin = dt.timedelta(days=3 if "week" in text else 0)
    return Period(day - margin, day + margin)


def _month(day: dt.date, part: str) -> Period:
    last = calendar.monthrange(day.year, day.month)[1]
    first, end = _PARTS.get(part, (20, last) if part else (1, last))
    return Period(day.replace(day=first), day.replace(day=end))


def _nearness(published: dt.date, period: Period) -> float:
    """1 within the period or reported shortly after it, falling to 0 with the days further off."""
    early = (period.start - published).days
    late = (published - period.end).days - REPORTING_DAYS
    return math.exp(-max(0, early, late) / FADING_DAYS)
