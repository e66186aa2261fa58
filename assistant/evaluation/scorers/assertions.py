"""Whether a sentence asserts a value, or only mentions it to deny it or to say what was said before.

A few words tell; what they are not, and what takes understanding, is left to people and to a judge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.evaluation.gold.cases import Group
from assistant.evaluation.scorers.matching import held, holds

_MARK = re.compile(
    r"\b(?:not(?! (?:only|just|merely|until|before))|no longer|neither|nor|never|without|no evidence"
    r"|contrary to|den(?:y|ies|ied|ying|ial)|reject(?:s|ed|ing)?|dismiss(?:es|ed|ing)?|refut(?:es|ed|ing)"
    r"|rul(?:es|ed|ing) out|rather than|instead of|unlike|false(?:ly)?|untrue|wrong(?:ly)?|mistaken(?:ly)?"
    r"|incorrect(?:ly)?|misreported|(?:up|down|revised|lowered|raised|changed|cut) from|initial(?:ly)?"
    r"|original(?:ly)?|previous(?:ly)?|former(?:ly)?|at first|earlier (?:\w+ )?(?:report|claim|estimate"
    r"|figure|account|version|statement|toll|plan|draft|proposal)s?)\b"
    r"|n['’]t\b(?! (?:only|just|until|before))",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"\b(?:until|before)\b", re.IGNORECASE)
_DENIED = re.compile(
    r"^(?!\s*who\b).*\b(?:den(?:y|ies|ied)|false|untrue|wrong|incorrect|not true|retracted|withdrawn"
    r"|corrected)\b",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"\b(?:but|while|whereas|although|though|than|compared|against|versus|from)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"[,;:](?=\s)|\s[–—-]\s|\b(?:but|while|whereas|although|though)\b", re.IGNORECASE)


def asserts(sentence: str, form: str, expected: Sequence[Group] = ()) -> bool:
    """Whether the sentence says that it is so.

    It does not where the form stands in a clause that denies it or tells of an earlier value, where the next
    clause calls it wrong, or where a form that is `expected` stands in contrast to it.
    """
    if not holds(sentence, form):
        return False
    if _CONTRAST.search(sentence) and any(held(sentence, group) for group in expected):
        return False
    clauses = [clause for clause in _CLAUSE.split(sentence) if clause.strip()]
    places = [place for place, clause in enumerate(clauses) if holds(clause, form)]
    if not places:  # it reaches over several
        clauses, places = [sentence], [0]
    return any(
        not _marked(clauses[place]) and not any(map(_DENIED.search, clauses[place : place + 2]))
        for place in places
    )


def _marked(clause: str) -> bool:
    """Whether a clause denies, or tells of what was; "did not begin until" does neither."""
    return any(not _UNTIL.search(clause, match.end()) for match in _MARK.finditer(clause))
