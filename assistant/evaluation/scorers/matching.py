"""The scorers' own eyes: what stands in a text, up to spelling, and where its sentences end.

Nothing here is shared with the assistant, so that what an answer is made with cannot also pass it. A text is
brought to plain words: "€90bn" to "90 billion euro", "April 23rd, 2026" and "2026-04-23" to "@23 april 2026".
A form stands in a text when its words do, whole, unbroken and in their order. Meaning is not considered:
"not Paris" holds "Paris".
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sentencex import get_sentence_boundaries

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = (
    {"zero": 0}
    | {word: value for value, word in enumerate(_ONES + _TEENS, 1)}
    | {word: 10 * value for value, word in enumerate(_TENS, 2)}
)
_POWERS = {"million": 6, "billion": 9, "trillion": 12}
_SCALES = {"m": "million", "mn": "million", "bn": "billion", "tn": "trillion"}
_CURRENCIES = {
    "€": "euro", "eur": "euro", "$": "dollar", "us$": "dollar", "usd": "dollar", "£": "pound", "gbp": "pound",
    "¥": "yen", "jpy": "yen", "₴": "hryvnia", "uah": "hryvnia", "₽": "rouble",
}  # fmt: skip
_PLURALS = {
    "euros": "euro", "dollars": "dollar", "pounds": "pound", "hryvnias": "hryvnia", "roubles": "rouble",
    "rubles": "rouble", "ruble": "rouble",
}  # fmt: skip

_MARKER = re.compile(r"(?<!\s)\s*+\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_VOICED = "\u3099\u309a"
"""Marks that make another letter of a Japanese one; all others are accents."""

_DAY = r"(?<![\d.,:])(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\b(?![.:,]\d|%)"
_MONTH = rf"\b(?:{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS)}|sept)\b"
_DAYS = rf"{_DAY}(?:(?: ?- ?| to | and | or ){_DAY})*"
_DATE = re.compile(
    rf"(?P<before>{_DAYS})(?: of)?[ -](?P<month>{_MONTH})\.?"
    rf"|(?P<first>{_MONTH})\.? (?:the )?(?P<after>{_DAYS})"
    rf"|(?P<alone>{_MONTH})\.?(?=,? (?:19|20)\d\d\b)",
    re.IGNORECASE,
)
_ISO_DATE = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b")
_YEAR = re.compile(r",? (?:19|20)\d\d\b")
_ON = re.compile(r"\b(?:on|the) $", re.IGNORECASE)

# A comma, an apostrophe or a space that cannot break a line; a plain space may stand between two numbers.
_THOUSANDS = re.compile("(?<![\\d.,])\\d{1,3}(?:[,'’\u00a0\u2009\u202f]\\d{3})+(?!\\d)")
_INITIALS = re.compile(r"\b(?:[a-z]\.)+[a-z]\b\.?")
_UNIT = re.compile(r"(?<=\d)(?=(?:[ap]m|k[mg]|[mc]m)\b)")
_SCALE = re.compile(r"(?<=\d)(?:(mn?)| ?(bn|tn))\b")
_AMOUNT = r"\d+(?:\.\d+)?(?: (?:thousand|million|billion|trillion)\b)?"
_MONEY = re.compile(rf"(us\$|[€$£¥₴₽]|\b(?:eur|usd|gbp|jpy|uah)\b) ?({_AMOUNT})")
_SMALL = rf"\b(?:(?:{'|'.join(_TENS)})(?: (?:{'|'.join(_ONES)}))?|{'|'.join(_TEENS)}|{'|'.join(_ONES)})\b"
_HUNDREDS = rf"(?:{_SMALL} hundred\b(?: (?:and )?{_SMALL}(?! hundred))?|{_SMALL})"
_SPELLED = re.compile(rf"({_HUNDREDS}) thousand\b(?: (?:and )?({_HUNDREDS}))?|({_HUNDREDS})|\bzero\b")
_MULTIPLIED = re.compile(r"(?<![\d.,])(\d{1,9}(?:\.\d{1,3})?)(?: (thousand|hundred)|k)\b")
_LARGE = re.compile(r"(?<![\w.])(\d{1,9})(?:\.(\d{1,6}))? (million|billion|trillion)(?!\w)")
_BETWEEN_DIGITS = re.compile(r"(?<=\d) ?- ?(?=@?\d)")
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Letters of scripts without spaces: each is a word, so that a form is found anywhere among them."""

_WORD = re.compile(rf"[{_UNSPACED}]|[€$£¥₴₽]|@?[^\W{_UNSPACED}]+(?:(?<=\d)[.:](?=\d)[^\W{_UNSPACED}]+)*")
_SPACE = re.compile(r"\s+")


_DATED = r"\d{1,2} [A-Z][a-z]+ \d{4}"
_DAY_BEFORE, _DAY_BEHIND = re.compile(rf"^{_DATED}: "), re.compile(rf" \({_DATED}\)(?=[.!?]?$)")
_LINKING = frozenset(
    "a about after an and are as at be because been before but by did do does for from had has have he her "
    "his how if in into is it its my not of on or our over she than that the their these they this those to "
    "up was were what when where which while who whom whose why will with would your".split()
)


def without_markers(text: str) -> str:
    """The text without its citation markers, such as [1] or [2, 3]."""
    return _MARKER.sub("", text)


def without_day(text: str) -> str:
    """The text without its markers, and without the day of its source set before or behind it."""
    return _DAY_BEHIND.sub("", _DAY_BEFORE.sub("", without_markers(text).strip()))


@lru_cache(maxsize=4096)
def telling(text: str) -> frozenset[str]:
    """The plain words of a text that do more than link others."""
    return frozenset(words(text).split()) - _LINKING


def holds(text: str, form: str) -> bool:
    """Whether `form` stands in `text`, up to spelling.

    Words and numbers match whole: 30 is not in 300, 1930 or 30.5, nor six in twenty-six, nor is a number
    found in a day of a month (26 in "26 November"). Large numbers match with and without their scale.
    """
    plain = words(form)
    if not plain:
        return False
    shown = words(text)
    return f" {plain} " in f" {shown} " or f" {_whole(plain)} " in f" {_whole(shown)} "


def held(text: str, group: tuple[str, ...]) -> bool:
    """Whether one of a group's forms stands in the text."""
    return any(holds(text, form) for form in group)


@lru_cache(maxsize=4096)
def words(text: str) -> str:
    """The plain words of a text, joined by single spaces; a day of a month is marked: @23 april."""
    text = unicodedata.normalize("NFC", "".join(_bare(text)))
    text = _DASH.sub("-", text).replace("_", " ").replace("\u02bc", "'")
    text = _THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    text = _SPACE.sub(" ", text).strip()
    text = _ISO_DATE.sub(lambda match: f"@{int(match[3])} {MONTHS[int(match[2]) - 1]} {match[1]}", text)
    text = _DATE.sub(_day_first, text).casefold()
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), text)
    text = _BETWEEN_DIGITS.sub(" to ", _UNIT.sub(" ", text))
    text = re.sub(r"(?<=\w)-(?=\w)", " ", text)
    text = _SCALE.sub(lambda match: " " + _SCALES[match[1] or match[2]], text)
    text = _MULTIPLIED.sub(_multiplied, _SPELLED.sub(_in_digits, text))
    text = _MONEY.sub(lambda match: f"{match[2]} {_CURRENCIES[match[1]]}", text)
    text = re.sub(r" ?%| per cent\b", " percent", text).replace(" us dollar", " dollar")
    found = (_CURRENCIES.get(word, word) if not word.isalpha() else word for word in _WORD.findall(text))
    return " ".join(_PLURALS.get(word, word) for word in found)


def _bare(text: str) -> list[str]:
    """The characters of a text without their accents."""
    return [
        character
        for character in unicodedata.normalize("NFD", text)
        if character in _VOICED or not unicodedata.combining(character)
    ]


def _day_first(match: re.Match[str]) -> str:
    """A date as @23 april, several days as @7 april and @8 april; what is no date stays."""
    month = match["month"] or match["first"] or match["alone"]
    name = next(one for one in MONTHS if one.startswith(month[:3].casefold()))
    if match["alone"]:
        return name
    days = match["before"] or match["after"]
    if not _is_date(match, month, days):
        return match[0]
    dated = re.sub(r"0?(\d+)(?:st|nd|rd|th)?", rf"@\1 {name}", days, flags=re.IGNORECASE)
    return re.sub(r" ?- ?", " to ", dated)


def _is_date(match: re.Match[str], month: str, days: str) -> bool:
    """ "30 may have died" and "20 march in protest" are counts: these two months are also verbs.

    In small letters they are months only before a year, behind "on" or "the", with an ordinal, or alone.
    """
    if month not in ("may", "march", "mar"):
        return True
    text = match.string
    dated = _YEAR.match(text, match.end()) or re.search("[a-z]", days)
    behind = match["before"] and _ON.search(text[: match.start()])
    return bool(dated or behind or match.span() == (0, len(text)))


def _in_digits(match: re.Match[str]) -> str:
    """A number that is spelled out."""
    thousands, rest, alone = (_value(part or "") for part in match.groups())
    return str(1000 * thousands + rest + alone)


def _value(spelled: str) -> int:
    hundreds, found, rest = spelled.rpartition("hundred")
    return (100 * _value(hundreds) if found else 0) + sum(_VALUES.get(word, 0) for word in rest.split())


def _multiplied(match: re.Match[str]) -> str:
    """5 thousand and 800k as digits."""
    whole, _, part = match[1].partition(".")
    zeros = 2 if match[2] == "hundred" else 3
    return str(int(whole + part.ljust(zeros, "0"))) if len(part) <= zeros else match[0]


def _whole(plain: str) -> str:
    """The plain words with "1.5 million" as 1500000."""
    return _LARGE.sub(
        lambda match: str(int(match[1] + (match[2] or "").ljust(_POWERS[match[3]], "0"))), plain
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text without markers, in order; abbreviations, initials and decimals end none."""
    found: list[str] = []
    joined = False
    for boundary in get_sentence_boundaries("en", without_markers(text)):
        raw = boundary["text"]
        piece = raw.strip()
        if found and (joined or piece[:1].islower()):
            found[-1] += ("" if joined else " ") + piece
        elif re.search(r"\w", piece):
            found.append(piece)
        if piece:
            joined = raw == raw.rstrip() and raw[-1] == "."  # a full stop inside a name: Novosti.Live
    return found
