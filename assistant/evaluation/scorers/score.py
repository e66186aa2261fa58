"""A score: one measure of one answer, and what gives one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.corpus.articles import Article
from assistant.evaluation.gold.cases import Case
from assistant.schema import Answer

Outcome = Literal["right", "wrong", "abstained"]
Articles = Mapping[str, Article]


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is None where it cannot be taken, `why` says what was seen."""

    name: str
    value: float | None
    why: str


Scorer = Callable[[Case, Answer], Score]


def share(name: str, total: int, failing: Sequence[str], fault: str) -> Score:
    """The share that does not fail, of `total`."""
    why = f"{fault}: {', '.join(failing)}" if failing else f"all {total}"
    return Score(name, 1 - len(failing) / total, why)
