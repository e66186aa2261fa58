"""Values: the numbers with their units, and the dates, that a text states; what code can check exactly."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.text.dates import WEEKDAYS, Day, is_day, is_year, named_days
from assistant.text.normalize import words

SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
UNITS = {
    "euro", "dollar", "pound", "percent", "point", "km", "kilometre", "kilometer", "mile", "metre", "meter",
    "tonne", "ton", "barrel", "hectare", "acre", "degree", "megawatt", "gigawatt", "kilogram", "kg", "second",
    "minute", "hour", "day", "week", "month", "year", "yen", "yuan", "rouble", "ruble", "rupee", "hryvnia",
    "franc", "peso", "won",
}  # fmt: skip
SPELLED = {"dozen": 12.0, "half": 50.0, "quarter": 25.0, "third": 100 / 3}
"""Words that state a number: a dozen, and shares as per cent."""
NEAR = 8
"""Days around an article's own within which its "on Tuesday", "yesterday" and "next week" lie."""
MOST = 24
"""Numbers, and days, that are combined with each other; more of them would make anything up."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_RELATIVE = re.compile(
    rf"\b(?:{'|'.join(WEEKDAYS)}|yesterday|today|tomorrow|tonight|overnight"
    r"|(?:last|this|next) (?:week|night)|\w+ days? (?:ago|earlier|later))\b"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with what it counts in, None where that is no known unit."""

    value: float
    unit: str | None
    text: str
    derived: bool = False
    """Whether it is worked out from others; then its unit is no one else's."""

    def agrees(self, other: Amount) -> bool:
        """Whether both are one amount; a unit that is missing on one side may be the other's, unless that
        is derived."""
        same = math.isclose(
            self.value, other.value
        )  # which an endless number, such as a code, is to no other
        return same and (
            self.unit == other.unit
            or (self.unit is None and not other.derived)
            or (other.unit is None and not self.derived)
        )


def amounts(text: str) -> list[Amount]:
    """The numbers of a text, years and days of a month aside."""
    tokens = words(text, dates=True).split()
    found = []
    for place, token in enumerate(tokens):
        after = tokens[place + 1 : place + 3]
        if token in SPELLED:
            unit = None if token == "dozen" else "percent"
            found.append(Amount(SPELLED[token], unit, token))
        elif _NUMBER.fullmatch(token) and not (place and is_day(tokens[place - 1]) and is_year(token)):
            scale = SCALES.get(after[0], 1.0) if after else 1.0
            following = after[1:] if scale > 1 else after
            unit = next(map(_unit, (word for word in following if word != "percentage")), None)
            shown = " ".join([token, *after[: 1 if scale > 1 else 0], *([unit] if unit else [])])
            found.append(Amount(float(token) * scale, unit, shown))
    return found


def _unit(word: str) -> str | None:
    return next((form for form in (word, word.removesuffix("s")) if form in UNITS), None)


def days(text: str) -> list[Day]:
    """The days of a month that a text names."""
    return named_days(words(text, dates=True).split())


@dataclass(frozen=True, slots=True)
class CitedText:
    """A text that was cited, and the day of its article."""

    text: str
    published: dt.date | None = None


def unconfirmed(claim: str, sources: Sequence[CitedText], *, computed: bool = True) -> list[str]:
    """The numbers and dates of a claim that its sources neither state nor, if `computed`, yield.

    Yielded are sums, differences, counts of days between dates, and shares of two amounts, and days that a
    source names by "on Tuesday", as far as its article's date allows. What is yielded in a unit confirms a
    claim in that unit alone: 38 of 61 is 62 per cent, which is no 62 votes.
    """
    stated = [amount for source in sources for amount in amounts(source.text)]
    known = list(stated)
    dates = list(dict.fromkeys(_known_days(sources)))
    if computed:
        known += _derived(stated[:MOST]) + _spans(dates[:MOST])
    years = {str(date.year) for date in dates if date.year}
    lacking = [
        amount.text
        for amount in amounts(claim)
        if amount.text not in years and not any(amount.agrees(other) for other in known)
    ]
    dates += _meant(sources)
    return lacking + [str(day) for day in days(claim) if not any(day.agrees(date) for date in dates)]


def _known_days(sources: Iterable[CitedText]) -> Iterator[dt.date | Day]:
    for source in sources:
        yield from days(source.text)
        if source.published:
            yield source.published


def _meant(sources: Iterable[CitedText]) -> Iterator[dt.date]:
    """The days that sources may mean by relative ones: near their article's day, and of the weekday that
    they name."""
    for source in sources:
        named = _RELATIVE.findall(words(source.text))
        if not named or source.published is None:
            continue
        here = source.published.toordinal()
        weekdays = [name for name in named if name in WEEKDAYS]
        for ordinal in range(max(here - NEAR, 1), min(here + NEAR, dt.date.max.toordinal()) + 1):
            date = dt.date.fromordinal(ordinal)
            if len(weekdays) < len(named) or WEEKDAYS[date.weekday()] in weekdays:
                yield date


def _derived(stated: Sequence[Amount]) -> list[Amount]:
    """Sums and differences of two amounts in one unit, the sum of them all, and shares of one in another.

    Percentages lie points apart.
    """
    found = []
    for one, other in combinations(stated, 2):
        if one.unit is None or other.unit is None or one.unit == other.unit:
            unit = one.unit or other.unit
            apart = "point" if one.unit == other.unit == "percent" else unit
            found += [_worked_out(one.value + other.value, unit)]
            found += [_worked_out(abs(one.value - other.value), apart)]
            small, large = sorted((one.value, other.value))
            if small > 0 and large < math.inf:
                share = 100 * small / large
                found += [_worked_out(share, "percent"), _worked_out(round(share), "percent")]
                found.append(_worked_out(large / small, None))
    if len(stated) > 2:
        found.append(_worked_out(sum(amount.value for amount in stated), None))
    return found


def _worked_out(value: float, unit: str | None) -> Amount:
    return Amount(float(value), unit, "", derived=True)


def _spans(dates: Sequence[dt.date | Day]) -> list[Amount]:
    """Days, weeks, months and years between two of the dates."""
    found = []
    for one, other in combinations(dates, 2):
        year = one.year or other.year or 2000
        try:
            gap = abs((_date(one, year) - _date(other, other.year or year)).days)
        except ValueError:
            continue
        found += [_worked_out(count, "day") for count in (gap, gap + 1)]
        units = (("week", 7), ("month", 30.4), ("year", 365.25))
        found += [_worked_out(round(gap / length), unit) for unit, length in units]
    return found


def _date(day: dt.date | Day, year: int) -> dt.date:
    return dt.date(year, day.month, day.day)
