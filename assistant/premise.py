"""Premises: does an article deny what a question takes for granted?

"What sanctions did Trump impose on 8 August?" takes for granted that there were sanctions; "the deadline ran
out without new sanctions" denies it. Such a sentence is the answer, since it corrects the question. It is
found by what is negated: a word of the question stands right behind a "not", "no", "never" or "without".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.catalogue import STOP_WORDS
from assistant.details import common_start, denies, folded, names
from assistant.evidence import Sentence
from assistant.surface import acronyms, words

REACH = 4
"""Words behind a negation that it is taken to negate."""

NEARLY = 0.15
"""Share of the likeliest sentence's chance from which a denial counts; chosen on the dev half of gold."""

_VAGUE = STOP_WORDS | frozenset(
    "about again any continue else explain happen happened happening more next now say says said so tell "
    "thing things think was way well".split()
)

_NEGATION = re.compile(
    rf"\b(?:not|no|nobody|none|nothing|never|without|\w+n't)\b"
    r"(?! (?:only|all|least|clear|fewer|less|more|later|doubt)\b)"
    rf"(?=((?:\W+\w+){{1,{REACH}}}))"
)
_OPEN = re.compile(r"\b(?:who|whom|whose|what|which|when|where|why|how)\b")


def is_clear(question: str) -> bool:
    """Whether a question names anything that could be looked for; "And why did they?" does not."""
    known = acronyms(question)
    return any(word not in _VAGUE or word in known for word in words(question).split())


def denial(question: str, sentences: Sequence[Sentence]) -> Sentence | None:
    """The likeliest sentence that denies what an open question takes for granted, if there is one.

    A question that can be answered with yes or no takes nothing for granted, and one that denies something
    itself is asked about the denial.
    """
    if denies(question) or not _OPEN.search(folded(question)):
        return None
    named = {word for name in names(question) for word in words(name).split()}
    asked = [word for word in words(question).split() if word.isalpha() and word not in STOP_WORDS | named]
    least = NEARLY * max((one.chance for one in sentences), default=0.0)
    found = [one for one in sentences if one.chance >= least > 0 and _negates(one.text, asked)]
    return max(found, key=lambda one: (one.chance, -one.number), default=None)


def _negates(text: str, asked: Sequence[str]) -> bool:
    for match in _NEGATION.finditer(folded(text)):
        # Not the parts of "19-point".
        reached = re.findall(r"(?<![\w-])[^\W\d_]+(?![\w-])", match.group(1))
        if any(same_word(word, other) for word in reached for other in asked):
            return True
    return False


def same_word(one: str, other: str) -> bool:
    """Whether two words differ at most by their endings: sign and signed, sanction and sanctions."""
    shared = common_start(one, other)
    return shared >= 4 and max(len(one), len(other)) - shared <= 3
