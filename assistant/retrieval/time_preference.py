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

_NAMES = [name for name in calendar.month_name if name]
_SURE = "|".join(name for name in _NAMES if name not in ("March", "May"))
"""Months that are nothing else; the others, and short forms, need a day, a year or their capital."""
_MONTH = rf"(?:{'|'.join(_NAMES)}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_YEAR = r"(?:,? \d{4})?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_PHRASE = re.compile(
    rf"\b(?:(?P<part>early|beginning of|mid|middle of|late|end of)[- ])?"
    rf"(?P<month>{_MONTH} \d{{4}}|(?:{_SURE})|(?-i:March|May))(?! \d)\b"
    rf"|\b(?:(?P<first>{_DAY}) ?(?:and|to|through|until|till|-|–) ?)?"
    rf"(?P<day>{_DAY}(?: of)? {_MONTH}{_YEAR}|{_MONTH} {_DAY}{_YEAR})(?!\w)"
    r"|\b(?P<iso>20\d\d-\d\d-\d\d)\b"
    r"|\b(?P<numeric>\d{1,2}\.\d{1,2}\.20\d\d)\b"
    r"|\b(?P<relative>today|yesterday|(?:last|this) (?:week|month)|\d+ (?:day|week|month)s? ago)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(
    r"\b(?:latest|newest|most recent|now|currently?|still|so far|to date|today|at (?:the moment|present))\b",
    re.IGNORECASE,
)
_NO_STEP = r"(?<!\bday )(?<!\bdays )(?<!\bweek )(?<!\bweeks )"
"""The day after a day is no span of time."""
_SINCE = re.compile(rf"\b(?:since|{_NO_STEP}after) (?:the )?$", re.IGNORECASE)
_BEFORE = re.compile(rf"\b(?:{_NO_STEP}before|until|till|prior to|up to) (?:the )?$", re.IGNORECASE)
_AS_OF = re.compile(r"\bas of (?:the )?", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from) (?:the )?$", re.IGNORECASE)
_TO = re.compile(r" ?(?:and|to|through|until|till|-|–) ?(?:the )?", re.IGNORECASE)
_AHEAD = re.compile(r"\b(?:will|planned|scheduled|upcoming|due|expected|next)\b", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"\s*(?:May|March)\b(?! \d)")
"""A question's first word has a capital anyway, and may be no month."""
_PERSON = re.compile(
    r"\b(?!(?:In|On|Since|During|By|Until|From|To|And|Of|Last|This|Early|Mid|Late)\b)[A-Z]\w+ $"
)
"""A name before May or March, which is somebody's then."""
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
    """The times of a question that is asked as of `today`.

    A month or day without a year is the last such one, or the next in a question about what is planned. What
    is asked "since" or "after" a day is asked up to today, "before" a day of all that was until then, and
    "between" two days of what lies between.
    """
    start = _AMBIGUOUS.match(question)
    periods: list[Period] = []
    earlier, end = "", 0
    for phrase in _PHRASE.finditer(question, start.end() if start else 0):
        period = _read(phrase, today, ahead=bool(_AHEAD.search(question)))
        if period is None or (phrase[0] in ("May", "March") and _PERSON.search(question, 0, phrase.start())):
            continue
        before = question[: phrase.start()]
        if periods and _TO.fullmatch(question, end, phrase.start()) and _BETWEEN.search(earlier):
            periods[-1] = Period(min(periods[-1].start, period.start), max(periods[-1].end, period.end))
        elif _SINCE.search(before) and period.start <= today:
            periods.append(Period(period.start, today))
        elif _BEFORE.search(before):
            periods.append(Period(dt.date.min, period.start))
        else:
            periods.append(period)
        earlier, end = before, phrase.end()
    return Times(today, tuple(periods), bool(_PRESENT.search(question)))


def day_asked_as_of(question: str, today: dt.date) -> dt.date | None:
    """The day of a question that says itself "as of 26 November", if that is past; else None."""
    for match in _AS_OF.finditer(question):
        phrase = _PHRASE.match(question, match.end())
        period = _read(phrase, today, ahead=False) if phrase and not phrase["month"] else None
        if period and period.start == period.end < today:
            return period.end
    return None


def _read(phrase: re.Match[str], today: dt.date, *, ahead: bool) -> Period | None:
    """The period of a phrase; None for one that is no date after all, such as 31 February."""
    from dateparser.date import DateDataParser

    base = dt.datetime.combine(today, dt.time(12))
    settings = {
        "RELATIVE_BASE": base,
        "PREFER_DATES_FROM": "future" if ahead else "past",
        "PREFER_DAY_OF_MONTH": "first",
        "DATE_ORDER": "DMY",
    }
    text = phrase["month"] or phrase["day"] or phrase["iso"] or phrase["numeric"] or phrase["relative"]
    try:
        found = DateDataParser(languages=["en"], settings=settings).get_date_data(text).date_obj
        if found is None:
            return None
        day = found.date()
        if phrase["month"] or "month" in text.lower():
            return _month(day, (phrase["part"] or "").lower())
        margin = dt.timedelta(days=3 if "week" in text.lower() else 0)
        first = _first(phrase, day)
        return Period((first or day) - margin, day + margin)
    except OverflowError:  # at the ends of the calendar
        return None


def _first(phrase: re.Match[str], day: dt.date) -> dt.date | None:
    """The first day of "18 to 25 November", and of "between 18 and 25 November"."""
    if not phrase["first"]:
        return None
    number = int(re.sub(r"\D", "", phrase["first"]))
    return day.replace(day=number) if 1 <= number <= day.day else None


def _month(day: dt.date, part: str) -> Period:
    last = calendar.monthrange(day.year, day.month)[1]
    first, end = _PARTS.get(part, (20, last) if part else (1, last))
    return Period(day.replace(day=first), day.replace(day=end))


def _nearness(published: dt.date, period: Period) -> float:
    """1 within the period or reported shortly after it, falling to 0 with the days further off."""
    early = (period.start - published).days
    late = (published - period.end).days - REPORTING_DAYS
    return math.exp(-max(0, early, late) / FADING_DAYS)
