"""The day that a date names, in whatever spelling people and machines write it.

A day is the one that is written, in the zone it is written in: nothing here depends on the machine's clock or
zone. What could be two days is refused. dateparser is imported only for what the plainer spellings are not.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from email.utils import parsedate_tz
from functools import lru_cache

LONGEST = 80
"""Characters; a longer text is a sentence and no date."""

_EPOCH = re.compile(r"-?\d{9,10}(?:\.\d+)?|\d{12,13}")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:T?\d{4,6}Z?)?")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)")
_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{4})")
_DAY_AND_YEAR = re.compile(r"(?<!\d)\d{1,2}(?!\d).*(?<!\d)(?:\d{4}|\d{2})(?!\d)|\d{4}(?!\d).*\d", re.DOTALL)
_WORD_AND_YEAR = re.compile(r"([^\W\d_]+)\.?,?\s+(?:de\s+)?(\d{4})")
_LABEL = re.compile(r"^[^\W\d]+(?: on| at)?:\s+")
_IN_NAME = re.compile(
    r"(?:^|/)((?:19|20)\d{2})([-_/.]?)(\d{2})\2(\d{2})(?=[-_ /.T]|$)|[-_ ]((?:19|20)\d{2})-(\d{2})-(\d{2})$"
)


class Ambiguous(ValueError):
    """It could be two days; the text of it says which."""


@lru_cache(maxsize=20_000)
def day_of(text: str) -> dt.date | None:
    """The day that `text` names; of a month alone its last day, so that nothing is known before it was out.

    None where it names none. Raises Ambiguous.
    """
    text = _LABEL.sub("", " ".join(text.split())).strip(" .,;")
    if not text or len(text) > LONGEST:
        return None
    for read in (_machine, _numeric, _mail, _month, _words):
        if (day := read(text)) is not None:
            return day if day.year >= 1000 else None
    return None


def is_month(text: str) -> bool:
    """Whether a date that was understood names a month and no day."""
    text = text.strip()
    return _month(text) is not None and _machine(text) is None and _numeric(text) is None


def day_in_name(name: str) -> dt.date | None:
    """The day with which a file's name begins or ends, as in "2025-11-20-library", or its folders are."""
    match = _IN_NAME.search(name)
    if not match:
        return None
    year, month, day = (match[1], match[3], match[4]) if match[1] else (match[5], match[6], match[7])
    return _valid(int(year), int(month), int(day))


def _machine(text: str) -> dt.date | None:
    """ISO 8601, seconds or milliseconds since 1970, and digits alone as in 20251126T063000Z."""
    if match := _COMPACT.fullmatch(text):
        return _valid(*map(int, match.groups()))
    if _EPOCH.fullmatch(text):
        seconds = float(text) / (1000 if len(text.partition(".")[0]) > 10 else 1)
        return (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)).date()
    try:
        # Hours alone, as some write them, and weeks are no days that a person would have meant.
        return dt.datetime.fromisoformat(text).date() if text[:4].isdigit() and "W" not in text else None
    except ValueError:
        return None


def _numeric(text: str) -> dt.date | None:
    """Three numbers, whichever of them is the day, where only one order of them is a date."""
    match = _NUMBERS.search(text)
    if not match:
        return None
    first, _, second, third = match.groups()
    orders = []
    if len(first) > 2:
        orders = [(first, second, third)]
    elif len(third) in (2, 4):
        orders = [(third, second, first), (third, first, second)]
        if len(first) == len(third) == 2:
            orders.append((first, second, third))
    days = {day for year, month, day_ in orders if (day := _valid(_year(year), int(month), int(day_)))}
    if len(days) > 1:
        raise Ambiguous(" or ".join(day.isoformat() for day in sorted(days)))
    return days.pop() if days else None


def _mail(text: str) -> dt.date | None:
    """RFC 822, with two-digit years and zone names."""
    found = parsedate_tz(text)
    return _valid(*found[:3]) if found else None


def _month(text: str) -> dt.date | None:
    if match := _MONTH.fullmatch(text):
        year, month = (match[1], match[2]) if match[1] else (match[4], match[3])
    elif match := _WORD_AND_YEAR.fullmatch(text):
        first = _words(f"1 {match[1]} {match[2]}")
        year, month = match[2], str(first.month) if first else "0"
    else:
        return None
    if not 1 <= int(month) <= 12 or not int(year):
        return None
    return dt.date(int(year), int(month), calendar.monthrange(int(year), int(month))[1])


def _words(text: str) -> dt.date | None:
    """A day with its month in words, of any language."""
    if not _DAY_AND_YEAR.search(text):
        return None  # dateparser would look through every language for what cannot be a day
    import dateparser

    settings = {
        "PARSERS": ["absolute-time"],
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RETURN_AS_TIMEZONE_AWARE": True,  # else times with a zone become the machine's
        "STRICT_PARSING": True,
    }
    try:
        found = dateparser.parse(text, settings=settings)
    except (ValueError, OverflowError, RecursionError, TypeError, AttributeError, KeyError, IndexError):
        return None
    return found.date() if found else None


def _year(digits: str) -> int:
    """Two digits mean 1969 to 2068, as everywhere since POSIX."""
    year = int(digits)
    return year + (1900 if year >= 69 else 2000) if len(digits) <= 2 else year


def _valid(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
