"""Relative days: what "on Tuesday", "yesterday" and "next week" mean in an article of a known day.

Read weeks later, such words mislead, so the day is put behind them: "on Tuesday (18 November 2025)". Only
where it is certain: not in somebody's quoted words, not beside a date of another time, which the words may
be relative to, and a weekday only where its sentence is plainly about the past or the future. Quotes stay
as they are.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator

from assistant.surface import MONTHS, in_words

_WEEKDAYS = tuple(calendar.day_name)
_PHRASE = re.compile(
    r"\b(?:(?P<day>yesterday|today|tomorrow)"
    rf"|on (?P<weekday>{'|'.join(_WEEKDAYS)})(?: (?:morning|afternoon|evening|night))?"
    r"|(?<!\bthe )(?P<which>last|this|next) (?P<unit>week|month|year))\b(?!['’]|-)",
    re.IGNORECASE,
)
_SPOKEN = re.compile(r"[\"“][^\"“”]*[\"”]|(?<!\w)['‘][^'‘’]*['’](?!\w)")
_MONTH = rf"(?P<month>{'|'.join(month.capitalize() for month in MONTHS)})"
_DATE = re.compile(
    rf"(?:\b(?P<before>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?\b{_MONTH}\b(?: (?P<after>\d{{1,2}})\b)?"
    r"(?:,? (?P<year>(?:19|20)\d\d))?"
)
_WEEKDAY_DATED = re.compile(rf"[\w ,]{{0,24}}?\d{{1,2}}(?: (?:and|to|or) \d{{1,2}})? {_MONTH}\b")
"""A date behind a weekday, as in "on Tuesday, 18 November": the day is known."""

_FUTURE = re.compile(r"\b(?:will|shall|(?:is|are) (?:to|due to|expected to|scheduled to|set to))\b")
_UNCERTAIN = re.compile(
    r"\b(?:would|could|might|may|should|must|can|due|(?:plan|expect|schedul|hope|propos|want|prepar)\w*"
    r"|(?:was|were|had) to|to \w+|(?:is|are) \w+ing)\b"
)
_SAID = re.compile(r"\b(?:said|told|announced|reported|wrote|stated|declared|confirmed|added|warned)\b")
_STEPS = {"last": -1, "this": 0, "next": 1, "yesterday": -1, "today": 0, "tomorrow": 1}


def meanings(sentence: str, published: dt.date | None) -> dict[str, str]:
    """The relative days of a sentence, as written, each with the day, week, month or year that it means.

    "on Tuesday": "18 November 2025"; "next week": "the week of 24 November 2025". What is not certain is left
    out; everything is where the article has no date.
    """
    if published is None or not dt.MINYEAR + 1 < published.year < dt.MAXYEAR - 1:  # the ends of the calendar
        return {}
    found: dict[str, set[str | None]] = {}
    for match in _outside_speech(sentence):
        found.setdefault(match[0], set()).add(_meaning(match, sentence, published))
    return {phrase: said for phrase, days in found.items() if len(days) == 1 and (said := next(iter(days)))}


def with_days(text: str, meant: dict[str, str]) -> str:
    """The text with what its relative days mean behind each first of them, in brackets."""
    parts, place = [], 0
    left = dict(meant)
    for match in _outside_speech(text):
        day = left.pop(match[0], None)
        if day and not text.startswith(" (", match.end()):
            parts.append(f"{text[place : match.end()]} ({day})")
            place = match.end()
    return "".join([*parts, text[place:]])


def _outside_speech(text: str) -> Iterator[re.Match[str]]:
    spoken = [match.span() for match in _SPOKEN.finditer(text)]
    for match in _PHRASE.finditer(text):
        before = text[: match.start()].rstrip(" \"“‘'")
        # Russia Today is no day, and This Week a programme.
        name = match[0][0].isupper() and before and before[-1] not in ".!?:;"
        if not name and not any(start <= match.start() < end for start, end in spoken):
            yield match


def _meaning(match: re.Match[str], sentence: str, published: dt.date) -> str | None:
    dates = list(_dates(sentence, published))
    if match["weekday"]:
        day = _weekday(match, sentence, published)
        near = all(abs(other - published) < dt.timedelta(days=7) for other in dates)
        return in_words(day) if day and near else None
    if match["day"]:
        day = published + dt.timedelta(days=_STEPS[match["day"].casefold()])
        return in_words(day) if all(other in (day, published) for other in dates) else None
    unit, step = match["unit"].casefold(), _STEPS[match["which"].casefold()]
    beginning = _beginning(published, unit)
    if any(_beginning(other, unit) != beginning for other in dates):
        return None
    if unit == "week":
        return f"the week of {in_words(beginning + dt.timedelta(weeks=step))}"
    year, month = divmod(beginning.year * 12 + beginning.month - 1 + step * (12 if unit == "year" else 1), 12)
    return str(year) if unit == "year" else f"{calendar.month_name[month + 1]} {year}"


def _weekday(match: re.Match[str], sentence: str, published: dt.date) -> dt.date | None:
    """The last such day for what has happened, the next for what will; None where it is not clear which."""
    if _WEEKDAY_DATED.match(sentence, match.end()):
        return None
    # What a person said on Tuesday may be about the future; the saying is not.
    governing = _SAID.split(sentence[: match.start()])[-1]
    ahead = (_WEEKDAYS.index(match["weekday"].capitalize()) - published.weekday()) % 7
    if _FUTURE.search(governing):
        return published + dt.timedelta(days=ahead) if ahead else None
    if _UNCERTAIN.search(governing):
        return None
    return published - dt.timedelta(days=-ahead % 7)


def _beginning(day: dt.date, unit: str) -> dt.date:
    """The first day of its week, month or year."""
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)


def _dates(sentence: str, published: dt.date) -> Iterator[dt.date]:
    """The days that a sentence names, and the first of each month; without a year, those nearest to
    `published`."""
    for match in _DATE.finditer(sentence):
        month = MONTHS.index(match["month"].lower()) + 1
        number = match["before"] or match["after"]
        years = [int(match["year"])] if match["year"] else [published.year + step for step in (-1, 0, 1)]
        days = []
        for year in years:
            last = calendar.monthrange(year, month)[1]
            days.append(dt.date(year, month, min(int(number or 1) or 1, last)))
        yield min(days, key=lambda day: abs(day - published))
