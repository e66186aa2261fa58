"""How well the scorers agree with people who read the same answers.

The sheet is JSON Lines, a `Row` a line: an answer of some system to a gold case, what a reader found, and for
some rows what a second reader found. For every scorer that has a human counterpart the four counts and the
agreement are told, and for the readers Cohen's kappa between them. `fit_threshold` chooses from which support
on a claim counts as supported.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import GoldError, ModelError
from assistant.evaluation.answer_quality import (
    SUPPORTED,
    Support,
    claim_support,
    helpful_claims,
    no_false_sentence,
    not_degenerate,
)
from assistant.evaluation.gold import Case
from assistant.evaluation.score import Articles
from assistant.evaluation.scorers import outcome
from assistant.interface import Answer

FILE = "labelled.jsonl"
AGREED = 0.95
"""Share of the answers on which the outcome must be what people say."""


class Labels(BaseModel):
    """What a reader found; sentences are the answer's claims, counted from 0."""

    model_config = ConfigDict(frozen=True)

    correct: bool
    complete: bool
    false_sentences: tuple[int, ...] = ()
    beside_the_point: tuple[int, ...] = ()
    degenerate: bool = False


class Row(BaseModel):
    """A line of the sheet; what else stands in it is for people."""

    model_config = ConfigDict(frozen=True)

    id: str
    system: str
    case: str
    answer: dict[str, Any]
    labels: Labels
    labels_second: Labels | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """An answer to a case, with what readers found."""

    case: Case
    answer: Answer
    labels: Labels
    second: Labels | None


@dataclass(frozen=True, slots=True)
class Confusion:
    """A scorer beside people, over answers or sentences: how many both call good, and so on."""

    name: str
    both: int
    scorer_only: int
    people_only: int
    neither: int

    @property
    def total(self) -> int:
        return self.both + self.scorer_only + self.people_only + self.neither

    @property
    def agreement(self) -> float | None:
        """The share that both see alike; None without any."""
        return (self.both + self.neither) / self.total if self.total else None


def read_sheet(path: Path, cases: Sequence[Case]) -> list[Labelled]:
    """The rows of the sheet whose case there is. Raises GoldError for a file that cannot be used."""
    known = {case.id: case for case in cases}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [Row.model_validate_json(line) for line in lines if line.strip()]
        found = [_labelled(known[row.case], row) for row in rows if row.case in known]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise GoldError(
            f"{path}: cannot be used ({' '.join(str(error).split())[:200]}); correct it"
        ) from error
    if not found:
        raise GoldError(f"{path}: holds no answer to a gold case; add some")
    return found


def _labelled(case: Case, row: Row) -> Labelled:
    """Raises ValidationError."""
    given = {"question": case.question, "confidence": 0.0, "model": row.system} | row.answer
    return Labelled(case, Answer.model_validate(given), row.labels, row.labels_second)


def confusions(
    sheet: Sequence[Labelled], articles: Articles, claims: Sequence[tuple[float, bool]]
) -> list[Confusion]:
    """Every scorer with a human counterpart; the first is the outcome. `claims` are of `claim_labels`."""
    return [
        _confusion("right", ((_right(one), one.labels.correct) for one in sheet)),
        _confusion("no false sentence", _false(sheet)),
        _confusion("not degenerate", _degenerate(sheet)),
        _confusion("sentences that help", _helping(sheet, articles)),
        _confusion("supported sentences", ((value >= SUPPORTED, sound) for value, sound in claims)),
    ]


def _right(one: Labelled) -> bool:
    return outcome(one.case, one.answer) == "right"


def _confusion(name: str, pairs: Iterable[tuple[bool, bool]]) -> Confusion:
    counts = Counter(pairs)
    return Confusion(name, counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def _false(sheet: Sequence[Labelled]) -> Iterator[tuple[bool, bool]]:
    for one in sheet:
        value = no_false_sentence(one.case, one.answer).value
        if value is not None:
            yield bool(value), not one.labels.false_sentences


def _degenerate(sheet: Sequence[Labelled]) -> Iterator[tuple[bool, bool]]:
    for one in sheet:
        value = not_degenerate(one.case, one.answer).value
        if value is not None:
            yield bool(value), not one.labels.degenerate


def _helping(sheet: Sequence[Labelled], articles: Articles) -> Iterator[tuple[bool, bool]]:
    for one in sheet:
        if one.case.answerable:
            for place, helps in enumerate(helpful_claims(one.case, one.answer, articles)):
                yield helps, place not in one.labels.beside_the_point


def claim_labels(sheet: Sequence[Labelled], support: Support) -> list[tuple[float, bool]]:
    """Each claim's support by its quotes, and whether people did not call it false."""
    return [
        (value, place not in one.labels.false_sentences)
        for one in sheet
        for place, value in enumerate(claim_support(one.answer, support))
    ]


def fit_threshold(labelled: Sequence[tuple[float, bool]]) -> float:
    """The support from which on calling a claim supported is right most often, both kinds weighing the same.

    The middle between the two scores that it parts. Raises GoldError unless there are claims of both kinds.
    """
    sound = [value for value, label in labelled if label]
    false = [value for value, label in labelled if not label]
    if not sound or not false:
        raise GoldError("the sheet has no true or no false sentences; label more answers")
    values = sorted({*sound, *false})

    def balanced(threshold: float) -> float:
        found = sum(value >= threshold for value in sound) / len(sound)
        return (found + sum(value < threshold for value in false) / len(false)) / 2

    middles = [(low + high) / 2 for low, high in zip([0.0, *values], values, strict=False)]
    return max(middles, key=balanced)


def kappas(sheet: Sequence[Labelled]) -> Mapping[str, float]:
    """Cohen's kappa between the two readers, by label. Raises ModelError where scikit-learn is missing."""
    twice = [(one.labels, one.second) for one in sheet if one.second]
    if not twice:
        return {}
    try:
        metrics = importlib.import_module("sklearn.metrics")
    except ImportError as error:
        raise ModelError(
            "Cohen's kappa needs scikit-learn; install it with: pip install 'news-assistant[bench]'"
        ) from error
    labels: dict[str, list[tuple[bool, bool]]] = {
        "correct": [(one.correct, two.correct) for one, two in twice],
        "complete": [(one.complete, two.complete) for one, two in twice],
        "false sentences": [(bool(one.false_sentences), bool(two.false_sentences)) for one, two in twice],
        "degenerate": [(one.degenerate, two.degenerate) for one, two in twice],
    }
    return {
        name: float(metrics.cohen_kappa_score(*zip(*pairs, strict=True)))
        for name, pairs in labels.items()
        if len({value for pair in pairs for value in pair}) > 1  # chance alone always agrees
    }


def print_agreement(sheet: Sequence[Labelled], articles: Articles, support: Support) -> int:
    """Prints all of it; 0, or 1 where the outcome is too often not what people say."""
    claims = claim_labels(sheet, support)
    found = confusions(sheet, articles, claims)
    print(f"{len(sheet)} answers that people read")
    print(f"{'':22}{'both':>6}{'scorer':>8}{'people':>8}{'none':>6}  agreement")
    for one in found:
        counts = f"{one.both:6}{one.scorer_only:8}{one.people_only:8}{one.neither:6}"
        print(f"{one.name:22}{counts}  {'-' if one.agreement is None else f'{one.agreement:.1%}'}")
    if kappa := kappas(sheet):
        print("Between two readers, kappa: " + ", ".join(f"{name} {k:.2f}" for name, k in kappa.items()))
    if len({sound for _, sound in claims}) > 1:
        print(f"Support that parts true sentences from false ones best: {fit_threshold(claims):.3f}")
    for row in sheet:
        if _right(row) != row.labels.correct:
            said = "right" if row.labels.correct else "wrong"
            print(f"{row.answer.model} {row.case.id}: people say {said}")
    right = found[0].agreement
    if right is not None and right < AGREED:
        print(f"The outcome agrees in {right:.1%} of the answers, and at least {AGREED:.0%} must")
        return 1
    return 0
