"""Surface forms: whether an acceptable wording of an answer stands in a text.

Both sides are brought to the same plain words first, so that "€90bn", "EUR 90 billion" and "90 billion euros"
are one, and so are "April 23rd, 2026", "23 April 2026" and "2026-04-23". Then a form is found when its words
stand in the text in their order, whole and unbroken. Meaning is not considered: "not Paris" holds "Paris".
"""

from __future__ import annotations

import re
import unicodedata

from assistant.text.dates import join, join_iso, set_verbs_apart

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBER_WORDS = {word: value for value, word in enumerate(_UNITS)} | {
    word: 10 * value for value, word in enumerate(_TENS, 2)
}
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "bn": "billion", "tn": "trillion"}
_CURRENCIES = {
    "€": "euro", "eur": "euro", "euros": "euro",
    "$": "dollar", "us$": "dollar", "usd": "dollar", "dollars": "dollar",
    "£": "pound", "gbp": "pound", "pounds": "pound",
}  # fmt: skip

# White space is looked at once, from where it begins, and not from each of its characters.
_MARKER = re.compile(r"(?:(?<!\s)\s++)?+\[\d+(?:\s*,\s*\d+)*\]")
_DASH = re.compile("[\u2010-\u2015\u2212]")
_INITIALS = re.compile(r"\b(?:[a-z]\.)+[a-z]\b\.?")
# A comma or a space that cannot break a line; an ordinary space may as well stand between two numbers.
_THOUSANDS = re.compile("(?<![\\d.,])\\d{1,3}(?:[,\u00a0\u2009\u202f]\\d{3})+(?!\\d)")
_SCALE = re.compile(r"(?<=\d)(?:(k|mn?)| ?(bn|tn))\b")
_HALF_OF_DAY = re.compile(r"(?<=\d)(?=[ap]m\b)")
_AMOUNT = r"\d+(?:\.\d+)?(?: (?:thousand|million|billion|trillion)\b)?"
_MONEY = re.compile(rf"(us\$|[€$£]|\b(?:eur|usd|gbp)\b) ?({_AMOUNT})")
_PERCENT = re.compile(r" ?%| per cent\b")
_RANGE = re.compile(r"(?<=\d) ?- ?(?=\d)")
_WORD = re.compile(r"[€$£]|\w+(?:(?<=\d)[.:](?=\d)\w+)*")
_ACRONYM = re.compile(r"\b(?:[A-Z]{2,}|(?:[A-Z]\.)+[A-Z])\b")
MOST_DIGITS = 15
"""Of a number that is multiplied; a longer one is a code, and Python refuses to read one of thousands."""


def acronyms(text: str) -> set[str]:
    """The plain words of what stands in capitals: US and U.S. are "us" and no pronoun. None in a text that is
    all in capitals."""
    return set() if text.isupper() else {words(match[0]) for match in _ACRONYM.finditer(text)}


def without_markers(text: str) -> str:
    """The text without its citation markers, such as [1] or [2, 3]."""
    return _MARKER.sub("", text)


def holds(text: str, form: str) -> bool:
    """Whether `form` stands in `text`, up to spelling.

    Folded: case, accents, quotation marks, hyphens, thousands separators, currencies, scales (90bn), number
    words below a hundred (and times hundred or thousand), initials (U.S.), orders and abbreviations of dates.
    Words and numbers match whole: 30 is not in 300, 1930 or 30.5, 18 not in 18:00, six not in twenty-six. Nor
    is a number found in a day of a month (26 not in "26 November"), or dates would hold every count.
    """
    plain = words(form)
    if not plain:
        return False
    if any(character.isdigit() for character in plain):
        return f" {words(form, dates=True)} " in f" {words(text, dates=True)} "
    return f" {plain} " in f" {words(text)} "


def words(text: str, *, dates: bool = False) -> str:
    """The plain words of a text, joined by single spaces; with `dates`, a day is one word (23april)."""
    folded = _without_marks(set_verbs_apart(text).casefold())
    folded = _DASH.sub("-", folded).replace("_", " ").replace("\u02bc", "'")
    folded = _INITIALS.sub(lambda match: match[0].replace(".", ""), folded)
    folded = _THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), folded)
    folded = re.sub(r"\s+", " ", folded)
    folded = _SCALE.sub(lambda match: " " + _SCALES[match[1] or match[2]], folded)
    folded = _HALF_OF_DAY.sub(" ", folded)
    folded = _MONEY.sub(lambda match: f"{match[2]} {_CURRENCIES[match[1]]}", folded)
    folded = _PERCENT.sub(" percent", folded)
    if dates:
        folded = join_iso(folded)
    folded = _RANGE.sub(" to ", folded)
    if dates:
        folded = join(folded)
    return " ".join(_in_digits([_CURRENCIES.get(word, word) for word in _WORD.findall(folded)]))


def _without_marks(text: str) -> str:
    """The text without accents. Each character alone, since NFD sorts the marks of a row of them slowly."""
    if text.isascii():
        return text
    parts = {character: unicodedata.normalize("NFD", character) for character in set(text)}
    bare = {
        ord(character): "".join(part for part in decomposed if not unicodedata.combining(part))
        for character, decomposed in parts.items()
        if not character.isascii()
    }
    return text.translate(bare)


def _in_digits(tokens: list[str]) -> list[str]:
    """Number words as digits: twenty six is 26, one hundred and five 105, five thousand 5000; a "thousand"
    alone stays a word."""
    spelled: list[str] = []
    room = 0  # below which a number word is added to the number before it
    for token, following in zip(tokens, [*tokens[1:], ""], strict=False):
        value = _NUMBER_WORDS.get(token)
        if token == "and" and room == 100 and following in _NUMBER_WORDS:
            continue
        if value is not None and 0 < value < room:
            spelled[-1] = str(int(spelled[-1]) + value)
        elif value is not None:
            spelled.append(str(value))
        elif token in ("hundred", "thousand") and spelled and _is_short_number(spelled[-1]):
            spelled[-1] = str(int(spelled[-1]) * (100 if token == "hundred" else 1000))
        else:
            spelled.append(token)
        multiplied = token == "hundred" and spelled[-1] != token
        room = 10 if token in _TENS else 100 if multiplied else 0
    return spelled


def _is_short_number(word: str) -> bool:
    return word.isdecimal() and len(word) <= MOST_DIGITS
