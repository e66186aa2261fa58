"""Dates: the one grammar of days and months, in articles, questions and claims.

A date that stands alone, as in front matter or an option, is parsed whole (`parse_day`). In plain words each
day of a month becomes one word, 23april (`join`), so that all orders of a date are the same (`named_days`).
The phrases of a question, relative ones too, are found here and read by dateparser (`question_times`).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MONTH_NAMES = "|".join(MONTHS)
MONTH = rf"(?:(?:{MONTH_NAMES})\b|(?:{'|'.join(month[:3] for month in MONTHS)}|sept)\b\.?)"
"""A month, in full or in short."""
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
"""A day of a month."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month, its year None where it is not said."""

    month: int
    day: int
    year: int | None

    def agrees(self, date: dt.date | Day) -> bool:
        years = self.year is None or date.year is None or self.year == date.year
        return years and (self.month, self.day) == (date.month, date.day)

    def __str__(self) -> str:
        """18 November."""
        return f"{self.day} {_name(self.month)}"


def in_words(day: dt.date) -> str:
    """18 November 2025."""
    return f"{day.day} {_name(day.month)} {day.year}"


def with_weekday(day: dt.date) -> str:
    """Tuesday, 18 November 2025."""
    return f"{WEEKDAYS[day.weekday()].capitalize()}, {in_words(day)}"


def in_short(day: dt.date) -> str:
    """18 Nov 2025."""
    return f"{day.day} {_name(day.month)[:3]} {day.year}"


def _name(month: int) -> str:
    return MONTHS[month - 1].capitalize()


# Dates that stand alone

_FORMS = (
    *(
        weekday + form
        for weekday in ("", "%A, ", "%A ")
        for form in ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")
    ),
    "%Y-%m-%d",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %Z",
)


def parse_day(text: str) -> dt.date | None:
    """The day that a text is, as "2025-11-26", "26 Nov 2025" or "November 26, 2025"; else None."""
    with suppress(ValueError):
        return dt.datetime.fromisoformat(text).date()
    for form in _FORMS:
        with suppress(ValueError):
            return dt.datetime.strptime(text, form).date()
    return None


# Dates in a text of plain words

_VERB = re.compile(r"(?<=\d )(?=(?:may|march)\b(?!,? \d{4}))")
_APART = "\ue000"
"""Keeps two words apart; itself part of none."""
_LONE_DAY = r"(?<!\d[.:])\b(\d{1,2})(?:st|nd|rd|th)?\b(?![.:]\d)"
_ISO_DATE = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_DAYS_OF_MONTH = re.compile(rf"{_LONE_DAY} (to|and|or) {_LONE_DAY}(?: of)? ({MONTH})")
_MONTH_DAYS = re.compile(rf"\b({MONTH}) (?:the )?{_LONE_DAY} (to|and|or) {_LONE_DAY}")
_DAY_OF_MONTH = re.compile(rf"{_LONE_DAY}(?: of)? ({MONTH})")
_MONTH_DAY = re.compile(rf"\b({MONTH}) (?:the )?{_LONE_DAY}")
_JOINED = re.compile(rf"(\d{{1,2}})({MONTH_NAMES})")


def set_verbs_apart(text: str) -> str:
    """The text, with a mark between a number and "may" or "march" in small letters and without a year, which
    are verbs: "30 may have died"."""
    return _VERB.sub(_APART, text)


def join_iso(text: str) -> str:
    """The text, 2026-04-23 in it as "23april 2026"."""
    return _ISO_DATE.sub(_iso_date, text)


def join(text: str) -> str:
    """The text in small letters with each day of a month as one word: "april the 23rd" is "23april"."""
    text = _DAYS_OF_MONTH.sub(lambda m: f"{_joined(m[1], m[4])} {m[2]} {_joined(m[3], m[4])}", text)
    text = _MONTH_DAYS.sub(lambda m: f"{_joined(m[2], m[1])} {m[3]} {_joined(m[4], m[1])}", text)
    text = _DAY_OF_MONTH.sub(lambda m: _joined(m[1], m[2]), text)
    return _MONTH_DAY.sub(lambda m: _joined(m[2], m[1]), text)


def _iso_date(match: re.Match[str]) -> str:
    month = int(match[2])
    return f"{int(match[3])}{MONTHS[month - 1]} {match[1]}" if 1 <= month <= 12 else match[0]


def _joined(day: str, month: str) -> str:
    if not 1 <= int(day) <= 31:
        return f"{day} {month}"
    return str(int(day)) + next(name for name in MONTHS if name.startswith(month[:3]))


def is_day(word: str) -> bool:
    """Whether a word is a joined day, 23april."""
    return _JOINED.fullmatch(word) is not None


def is_year(word: str) -> bool:
    return len(word) == 4 and word.isdecimal() and word[:2] in ("18", "19", "20")


def named_days(words: Sequence[str]) -> list[Day]:
    """The days of a month among words in which they are joined, with the year that stands behind."""
    found = []
    for word, after in zip(words, [*words[1:], ""], strict=False):
        if match := _JOINED.fullmatch(word):
            year = int(after) if is_year(after) else None
            found.append(Day(MONTHS.index(match[2]) + 1, int(match[1]), year))
    return found


# Dates in a question

_SURE = "|".join(month for month in MONTHS if month not in ("march", "may"))
"""Months that are nothing else; the others, and short forms, need a day, a year or their capital."""
_YEAR = r"(?:,? \d{4})?"
_PHRASE = re.compile(
    rf"\b(?:(?P<part>early|beginning of|mid|middle of|late|end of)[- ])?"
    rf"(?P<month>{MONTH} \d{{4}}|(?:{_SURE})|(?-i:March|May))(?! \d)\b"
    rf"|\b(?:(?P<first>{DAY}) ?(?:and|to|through|until|till|-|–) ?)?"
    rf"(?P<day>{DAY}(?: of)? {MONTH}{_YEAR}|{MONTH} {DAY}{_YEAR})(?!\w)"
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
MOST_PHRASES = 50
"""Phrases of a question that are looked at."""
NEAR = 60
"""Characters before a phrase in which the words that go with it stand."""
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


def question_times(question: str, today: dt.date) -> Times:
    """The times of a question that is asked as of `today`.

    A month or day without a year is the last such one, or the next in a question about what is planned. What
    is asked "since" or "after" a day is asked up to today, "before" a day of all that was until then, and
    "between" two days of what lies between.
    """
    start = _AMBIGUOUS.match(question)
    ahead = bool(_AHEAD.search(question))
    periods: list[Period] = []
    earlier, end = (0, 0), 0
    for phrase in islice(_PHRASE.finditer(question, start.end() if start else 0), MOST_PHRASES):
        period = _period(phrase, today, ahead=ahead)
        before = max(0, phrase.start() - NEAR), phrase.start()
        if period is None or (phrase[0] in ("May", "March") and _PERSON.search(question, *before)):
            continue
        if periods and _TO.fullmatch(question, end, phrase.start()) and _BETWEEN.search(question, *earlier):
            periods[-1] = Period(min(periods[-1].start, period.start), max(periods[-1].end, period.end))
        elif _SINCE.search(question, *before) and period.start <= today:
            periods.append(Period(period.start, today))
        elif _BEFORE.search(question, *before):
            periods.append(Period(dt.date.min, period.start))
        else:
            periods.append(period)
        earlier, end = before, phrase.end()
    return Times(today, tuple(periods), bool(_PRESENT.search(question)))


def day_asked_as_of(question: str, today: dt.date) -> dt.date | None:
    """The day of a question that says itself "as of 26 November", if that is past; else None."""
    for match in islice(_AS_OF.finditer(question), MOST_PHRASES):
        phrase = _PHRASE.match(question, match.end())
        period = _period(phrase, today, ahead=False) if phrase and not phrase["month"] else None
        if period and period.start == period.end < today:
            return period.end
    return None


def _period(phrase: re.Match[str], today: dt.date, *, ahead: bool) -> Period | None:
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
            return _within_month(day, (phrase["part"] or "").lower())
        margin = dt.timedelta(days=3 if "week" in text.lower() else 0)
        first = _first_day(phrase, day)
        return Period((first or day) - margin, day + margin)
    except OverflowError:  # at the ends of the calendar
        return None


def _first_day(phrase: re.Match[str], day: dt.date) -> dt.date | None:
    """The first day of "18 to 25 November", and of "between 18 and 25 November"."""
    if not phrase["first"]:
        return None
    number = int(re.sub(r"\D", "", phrase["first"]))
    return day.replace(day=number) if 1 <= number <= day.day else None


def _within_month(day: dt.date, part: str) -> Period:
    last = calendar.monthrange(day.year, day.month)[1]
    first, end = _PARTS.get(part, (20, last) if part else (1, last))
    return Period(day.replace(day=first), day.replace(day=end))
