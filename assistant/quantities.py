"""Quantities: which kind of value a question asks for, and the values of that kind that a text gives.

Kinds are durations, money, shares, dates, and counts of something. Two values of one kind can be compared:
"about 90 minutes" and "an hour and a half" are the same, "28 points" and "19 points" are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.catalogue import STOP_WORDS
from assistant.surface import MONTHS, words

SAME, SAME_DURATION = 1.02, 1.1
"""Ratios up to which two amounts are one, since outlets round, and durations more than others."""

COMPARABLE = 5.0
"""Ratio from which two amounts can hardly be of the same thing."""

_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080, "month": 43830, "year": 525960}
_UNIT = "|".join(_MINUTES)
_HOW_MANY = re.compile(
    r"\b(?:how many|(?:number|count|toll) of|(?:is|was) the(?= population))"
    r"((?: (?!(?:did|do|does|is|are|was|were|of)\b)\w+){1,3})"
)
_ASKED = (
    ("duration", re.compile(rf"\bhow long\b|\bhow many(?: \w+)? (?:{_UNIT})s?\b|\bwhat duration\b")),
    ("share", re.compile(
        r"\b(?:what|which) (?:share|percent|percentage|proportion)\b|\bhow many percent\b"
    )),
    ("date", re.compile(
        r"\b(?:since|by|until) when\b|\bwhen (?:exactly )?(?:did|was|were|is|are|had|has|have|will|does|do)\b"
        r"|\b(?:what|which) (?:exact )?(?:day|date)\b"
    )),
    ("money", re.compile(
        r"\bhow much\b(?! (?:time|longer|territory|land))"
        r"|\bhow many (?:euros?|dollars?|pounds?|(?:b|m)illions?)\b"
        r"|\b(?:what|which) (?:\w+ )*?(?:sum|amount|price|cost)\b"
        r"|\bhow (?:big|large) (?:a|the|is|was)\b.*\b(?:loan|fund|aid)\b"
    )),
)  # fmt: skip

_NUMBER = r"\d+(?:\.\d+)?(?: (?:thousand|million|billion|trillion))?"
_DURATION = re.compile(
    rf"\b(?:(?P<number>{_NUMBER})(?P<half> and a half)?(?: to {_NUMBER})?|(?P<part>half)(?: an?)?|an?)"
    rf" (?P<unit>{_UNIT})s?(?P<after> and a half)?(?: and (?P<minutes>\d+) minutes)?\b"
)
_ADJECTIVE = re.compile(rf"\b\w+-(?:{_UNIT}) (\w+)")
"""The duration of something else, as in "a 30-day ceasefire"."""

_SAID_ON = re.compile(r"\b(?:said|told|wrote|reported|added|warned)(?: \w+)? on (?:\w+day,? )?\d{1,2} \w+")
"""The day of a remark, which is not the day that the remark is about."""

_MONEY = re.compile(rf"\b({_NUMBER}) (euro|dollar|pound|crown|rouble|ruble|hryvnia)s?\b")
_SHARE = re.compile(r"\b(\d+(?:\.\d+)?) percent\b")
_DATE = re.compile(rf"\b(\d{{1,2}}(?:{'|'.join(MONTHS)}))(?: (?:19|20)\d\d)?\b")
_YEAR = re.compile(r"(?<![\w-])((?:1[5-9]|20)\d\d)\b")
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}


@dataclass(frozen=True, slots=True)
class Asked:
    """The kind of value that a question asks for, and what is counted, in plain singular words; of a duration
    all words of the question."""

    kind: str
    things: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """A value that can be compared: an amount in its unit (minutes, euros, percent), or a date or name, which
    have none."""

    unit: str
    amount: float
    text: str
    """Its plain words."""

    def same(self, other: Value) -> bool:
        """Whether both are the same, up to rounding."""
        if self.unit == "name":
            return bool(set(self.text.split()) & set(other.text.split()) - STOP_WORDS)
        if self.unit == "date":
            mine, theirs = set(self.text.split()), set(other.text.split())
            return mine <= theirs or theirs <= mine
        if not self.amount or not other.amount:
            return self.amount == other.amount
        return self.ratio(other) <= (SAME_DURATION if self.unit == "minute" else SAME)

    def differs(self, other: Value) -> bool:
        """Whether both can be of one thing, and are not the same."""
        if self.unit != other.unit or self.same(other):
            return False
        return self.unit in ("date", "name") or self.ratio(other) <= COMPARABLE

    def ratio(self, other: Value) -> float:
        """The larger amount over the smaller."""
        low, high = sorted((self.amount, other.amount))
        return high / low if low else float("inf")


def asked_quantity(question: str) -> Asked | None:
    """What kind of value the question asks for; None for anything else, as a name or a yes or no."""
    plain = words(question)
    for kind, pattern in _ASKED:
        if pattern.search(plain):
            return Asked(kind, frozenset(map(singular, plain.split())))
    if match := _HOW_MANY.search(plain):
        named = match[1].split()
        if len(named) > 1 and named[-1].endswith("ed"):  # how many soldiers died
            named.pop()
        return Asked("count", frozenset(map(singular, named)) - STOP_WORDS)
    return None


def quantities(text: str, asked: Asked) -> list[Value]:
    """The values of that kind in a text, in order, each once."""
    if asked.kind == "duration":
        text = _ADJECTIVE.sub(
            lambda match: match[0] if singular(match[1].lower()) in asked.things else " ", text
        )
    if asked.kind == "date":
        text = _SAID_ON.sub(" said ", text)
    plain = words(text, dates=True)
    match asked.kind:
        case "duration":
            found = _durations(plain)
        case "money":
            found = _amounts(_MONEY, plain)
        case "share":
            found = _amounts(_SHARE, plain)
        case "date":
            found = _dates(plain)
        case _:
            found = _counts(plain, asked.things)
    return list({(one.unit, one.text): one for one in found}.values())


def singular(word: str) -> str:
    """The word without its plural ending, roughly: countries, country; points, point."""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _durations(plain: str) -> Iterator[Value]:
    for match in _DURATION.finditer(plain):
        if match["part"]:
            amount = 0.5
        else:
            amount = _amount(match["number"]) if match["number"] else 1.0
            amount += 0.5 if match["half"] or match["after"] else 0.0
        minutes = amount * _MINUTES[match["unit"]] + float(match["minutes"] or 0)
        yield Value("minute", minutes, match[0])


def _amounts(pattern: re.Pattern[str], plain: str) -> Iterator[Value]:
    for match in pattern.finditer(plain):
        yield Value(match[2] if pattern.groups > 1 else "percent", _amount(match[1]), match[0])


def _dates(plain: str) -> Iterator[Value]:
    days = [match[0] for match in _DATE.finditer(plain)]
    for text in days or [match[0] for match in _YEAR.finditer(plain)]:
        yield Value("date", 0.0, text)


def _counts(plain: str, things: frozenset[str]) -> Iterator[Value]:
    """Numbers that stand up to three words before or behind what is counted."""
    tokens = [singular(word) for word in plain.split()]
    for place, token in enumerate(tokens):
        scale = next((word for word in tokens[place + 1 : place + 2] if word in _SCALES), "")
        near = {*tokens[max(0, place - 3) : place], *tokens[place + 1 : place + 4]}
        if things & near and re.fullmatch(r"\d+(?:\.\d+)?", token) and not _YEAR.fullmatch(token):
            yield Value("count", float(token) * _SCALES.get(scale, 1.0), f"{token} {scale}".strip())


def _amount(text: str) -> float:
    number, _, scale = text.partition(" ")
    return float(number) * _SCALES.get(scale, 1.0)
