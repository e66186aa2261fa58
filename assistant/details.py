"""Details of a text that can be checked: numbers and days, names, initials, quoted words, negation."""

from __future__ import annotations

import re

from assistant.surface import words

STEM = 5
"""Letters that two forms of a name share at least."""

PUNCTUATION = " ,.;:!?"


def knows(name: str, known: frozenset[str]) -> bool:
    """Whether a name's words are known; one form of a long name stands for another (Ukraine, Ukrainian)."""
    return all(
        part in known or (len(part) > STEM and any(word.startswith(part[:STEM]) for word in known))
        for part in name.split()
    )


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


_NAME = re.compile(r"[^\W\d_][\w'’.-]*")
_START = re.compile(r"(?:^|[.!?:]\s+|[\"“]\s*)$")


def names(text: str) -> list[str]:
    """The words of a text that are written with a capital although no sentence starts with them."""
    found = []
    for match in _NAME.finditer(text):
        word = match.group().rstrip(".'’")
        word = re.sub(r"['’]s$", "", word)
        if word[:1].isupper() and word != "I" and not _START.search(text[: match.start()]):
            found.append(word)
    return list(dict.fromkeys(found))


QUOTED = re.compile('["“]([^"“”]{8,})["”]')


def quoted(text: str) -> list[str]:
    """What stands in double quotation marks, without the punctuation at its ends."""
    return [match.group(1).strip(PUNCTUATION) for match in QUOTED.finditer(text)]


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
