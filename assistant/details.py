"""Details of a text that can be checked: numbers and days, names, initials, quoted words, negation."""

from __future__ import annotations

import re
from itertools import takewhile

from assistant.surface import words

STEM, ENDING = 5, 3
"""Letters that two forms of a name share at least, and that each may have behind them: Ukraine and Ukrainian,
but not Austria and Australia."""

PUNCTUATION = " ,.;:!?"


def knows(name: str, known: frozenset[str]) -> bool:
    """Whether a name's words are known; one form of a long name stands for another (Ukraine, Ukrainian)."""
    return all(part in known or any(_same_name(part, word) for word in known) for part in name.split())


def common_start(one: str, other: str) -> int:
    """How many letters two words begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _same_name(one: str, other: str) -> bool:
    shared = common_start(one, other)
    return len(one) > STEM and shared >= STEM and max(len(one), len(other)) - shared <= ENDING


_CAPITALS = re.compile(r"\b[A-Z]\w+(?: (?:of |the |and )*[A-Z]\w+)+")


def initials(text: str) -> dict[str, list[str]]:
    """The initials of each run of words with capitals, in lower case, with the run: eu, [European, Union].

    Of each end of a run too, since a sentence may start with it: The European Union.
    """
    runs = [re.findall(r"\b[A-Z]\w+", run) for run in _CAPITALS.findall(text)]
    ends = [run[first:] for run in runs for first in range(len(run) - 1)]
    return {"".join(word[0] for word in end).lower(): end for end in ends}


def numbers(text: str) -> list[str]:
    """The numbers and days of a text in plain spelling, each once."""
    return list(dict.fromkeys(word for word in words(text, dates=True).split() if word[0].isdigit()))


_ONE = re.compile(r"(?<![\w-])(?<!ty )one\b(?! (?:hundred|thousand|million|billion))", re.IGNORECASE)
_SCALE = r"(?:thousand|million|billion|trillion|percent)"
_AMOUNT = re.compile(rf"(?<!\S)\d\S*(?: {_SCALE}\b)?")
_RANGE = re.compile(rf"(?<!\S)(\d\S*) ((?:to|or|and) \d\S*) ({_SCALE})\b")


def amounts(text: str) -> list[str]:
    """The numbers and days as `numbers` has them, with what they count in: 20 billion, 20 percent.

    "20 to 30 billion" gives both their scale. "One" in letters is none: it often stands for somebody.
    """
    plain = _RANGE.sub(r"\1 \3 \2 \3", words(_ONE.sub("a", text), dates=True))
    return list(dict.fromkeys(match[0] for match in _AMOUNT.finditer(plain)))


_NAME = re.compile(r"[^\W\d_][\w'’.-]*")
_TITLES = frozenset("Mr Mrs Ms Dr Prof St Lt Gen Col Capt Sgt Sen Rep Gov".split())
_NO_END = "".join(rf"(?<!\b{title})" for title in sorted(_TITLES))
_START = re.compile(rf"(?:^|(?:{_NO_END}\.|[!?:])\s+|[\"“]\s*)$")


def names(text: str) -> list[str]:
    """The words of a text that are written with a capital although no sentence starts with them, titles of
    persons aside."""
    found = []
    for match in _NAME.finditer(text):
        word = match.group().rstrip(".'’")
        word = re.sub(r"['’]s$", "", word)
        plain = word[:1].isupper() and word not in _TITLES and not re.match(r"I(?:['’]|$)", word)
        if plain and not _START.search(text[: match.start()]):
            found.append(word)
    return list(dict.fromkeys(found))


QUOTED = re.compile('["“]([^"“”]+)["”]')
QUOTED_LETTERS = 8
"""From which length words in quotation marks have to stand verbatim; shorter ones may be a distance."""


def quoted(text: str) -> list[str]:
    """What stands in double quotation marks, without the punctuation at its ends."""
    found = (match[1] for match in QUOTED.finditer(text))
    return [inner.strip(PUNCTUATION) for inner in found if len(inner) >= QUOTED_LETTERS]


_REFERRING = re.compile(
    r"^(?:and|but|so|why|what about|how about)\b(?! (?:did|do|does|is|are|was|were|has|have|had)\b)"
    r"|\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|then|so|also"
    r"|again|ones?|same|former|latter|else|others?|another|more|both|later|(?:before|after)(?= ?[,.?!]|$))\b"
)


def stands_alone(question: str) -> bool:
    """Whether a question names what it is about, and no word of it refers back to something said before."""
    return bool(names(question)) and not _REFERRING.search(folded(question).strip())


_NOT = r"not|no|never|none|nobody|nothing|neither|nor|without|cannot|\w+n't"
_NEGATION = re.compile(rf"\b(?:{_NOT})\b")
_DENIAL = re.compile(
    rf"\b(?:{_NOT}|(?:den|refus|reject|declin|fail|lack|absen|avoid|stopp)\w*|un(?=\w{{5}})\w+"
    r"|rul\w* (?:\S+ ){0,4}out|call\w* (?:\S+ ){0,4}off)\b"
)


def negated(text: str) -> bool:
    """Whether a word of the text plainly negates: not, no, never, without, didn't."""
    return bool(_NEGATION.search(folded(text)))


def denies(text: str) -> bool:
    """Whether the text negates in any way that could be worded as a "not": also refused, called off,
    unsigned."""
    return bool(_DENIAL.search(folded(text)))


def folded(text: str) -> str:
    """In lower case, with straight apostrophes: as patterns of words are written."""
    return text.casefold().replace("’", "'")
