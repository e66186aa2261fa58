"""How well the scorers agree with people who read the same answers.

    python -m eval.benchmarks.check_scorers [--gold FILE]

The sheet is JSON Lines, a `LabelledAnswer` a line: an answer of some system to a gold case, what a reader
found, and for some rows what a second reader found. For every scorer that has a human counterpart the four
counts and the agreement are told, and how often two readers agree: more cannot be asked of a scorer. Cohen's
kappa between the readers is told too. `fit_threshold` chooses from which support on a claim counts as
supported.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from sklearn import metrics

from assistant.api.build import load_encoders
from assistant.corpus.articles import read_corpus
from assistant.errors import AssistantError, GoldError, reason
from assistant.evaluation.gold.cases import Case, read_gold
from assistant.evaluation.harness import GOLD
from assistant.evaluation.scorers.answer_quality import (
    SUPPORTED,
    claim_quotes,
    claim_support,
    helpful_claims,
    no_false_sentence,
    not_degenerate,
)
from assistant.evaluation.scorers.score import Articles
from assistant.evaluation.scorers.standard import outcome
from assistant.retrieval.support import Support, support_of
from assistant.schema import Answer
from assistant.settings import Settings, load_settings
from eval.benchmarks.command import notice

FILE = "labelled.jsonl"
AGREED = 0.95
"""Share in which a scorer should say what people say; the outcome must."""

Seen = tuple[bool, bool, bool | None]
"""What a scorer, a reader and a second reader, if there is one, say of the same answer or sentence."""


class Labels(BaseModel):
    """What a reader found; sentences are the answer's claims, counted from 0."""

    model_config = ConfigDict(frozen=True)

    correct: bool
    complete: bool
    false_sentences: tuple[int, ...] = ()
    beside_the_point: tuple[int, ...] = ()
    degenerate: bool = False


class LabelledAnswer(BaseModel):
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
    readers: float | None = None
    """The share that two readers see alike, of what both read; None without any."""

    @property
    def total(self) -> int:
        return self.both + self.scorer_only + self.people_only + self.neither

    @property
    def agreement(self) -> float | None:
        """The share that both see alike; None without any."""
        return (self.both + self.neither) / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Rated:
    """A claim's support by its quotes, and whether a reader, and a second one, did not call it false."""

    support: float
    sound: bool
    second: bool | None = None


def read_sheet(path: Path, cases: Sequence[Case]) -> list[Labelled]:
    """The rows of the sheet whose case there is. Raises GoldError for a file that cannot be used."""
    known = {case.id: case for case in cases}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [LabelledAnswer.model_validate_json(line) for line in lines if line.strip()]
        found = [_labelled(known[row.case], row) for row in rows if row.case in known]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise GoldError(f"{path}: cannot be used ({reason(error)}); correct it") from error
    if not found:
        raise GoldError(f"{path}: holds no answer to a gold case; add some")
    return found


def _labelled(case: Case, row: LabelledAnswer) -> Labelled:
    """Raises ValidationError."""
    given = {"question": case.question, "confidence": 0.0, "model": row.system} | row.answer
    return Labelled(case, Answer.model_validate(given), row.labels, row.labels_second)


def confusions(sheet: Sequence[Labelled], articles: Articles, claims: Sequence[Rated]) -> list[Confusion]:
    """Every scorer with a human counterpart; the first is the outcome. `claims` are of `claim_labels`."""
    return [
        _confusion("right", _answers(sheet, _right, lambda found: found.correct)),
        _confusion("no false sentence", _answers(sheet, _sound, lambda found: not found.false_sentences)),
        _confusion("not degenerate", _answers(sheet, _whole, lambda found: not found.degenerate)),
        _confusion("sentences that help", _helping(sheet, articles)),
        _confusion(
            "supported sentences", ((one.support >= SUPPORTED, one.sound, one.second) for one in claims)
        ),
    ]


def _confusion(name: str, seen: Iterable[Seen]) -> Confusion:
    told = list(seen)
    counts = Counter((scorer, people) for scorer, people, _ in told)
    twice = [people == second for _, people, second in told if second is not None]
    readers = sum(twice) / len(twice) if twice else None
    return Confusion(
        name, counts[True, True], counts[True, False], counts[False, True], counts[False, False], readers
    )


def _answers(
    sheet: Sequence[Labelled],
    scorer: Callable[[Labelled], float | None],
    good: Callable[[Labels], bool],
) -> Iterator[Seen]:
    for one in sheet:
        value = scorer(one)
        if value is not None:
            yield bool(value), good(one.labels), good(one.second) if one.second else None


def _right(one: Labelled) -> bool:
    return outcome(one.case, one.answer) == "right"


def _sound(one: Labelled) -> float | None:
    return no_false_sentence(one.case, one.answer).value


def _whole(one: Labelled) -> float | None:
    return not_degenerate(one.case, one.answer).value


def _helping(sheet: Sequence[Labelled], articles: Articles) -> Iterator[Seen]:
    for one in sheet:
        if one.case.answerable:
            for place, helps in enumerate(helpful_claims(one.case, one.answer, articles)):
                second = place not in one.second.beside_the_point if one.second else None
                yield helps, place not in one.labels.beside_the_point, second


def claim_labels(sheet: Sequence[Labelled], support: Support) -> list[Rated]:
    """The claims that have quotes; of others people say whether they are true, and not how well supported."""
    return [
        Rated(
            value,
            place not in one.labels.false_sentences,
            place not in one.second.false_sentences if one.second else None,
        )
        for one in sheet
        for place, (value, quotes) in enumerate(
            zip(claim_support(one.answer, support), claim_quotes(one.answer), strict=True)
        )
        if quotes
    ]


def fit_threshold(claims: Sequence[Rated]) -> float:
    """The support from which on calling a claim supported is right most often, both kinds weighing the same.

    The middle between the two scores that it parts. Raises GoldError unless there are claims of both kinds.
    """
    sound = [one.support for one in claims if one.sound]
    false = [one.support for one in claims if not one.sound]
    if not sound or not false:
        raise GoldError("the sheet has no true or no false sentences; label more answers")
    values = sorted({*sound, *false})

    def balanced(threshold: float) -> float:
        found = sum(value >= threshold for value in sound) / len(sound)
        return (found + sum(value < threshold for value in false) / len(false)) / 2

    middles = [(low + high) / 2 for low, high in zip([0.0, *values], values, strict=False)]
    return max(middles, key=balanced)


def kappas(sheet: Sequence[Labelled]) -> Mapping[str, float]:
    """Cohen's kappa between the two readers, by label."""
    twice = [(one.labels, one.second) for one in sheet if one.second]
    if not twice:
        return {}
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
    print(f"{'':22}{'both':>6}{'scorer':>8}{'people':>8}{'none':>6}  agreement  of two readers")
    for one in found:
        counts = f"{one.both:6}{one.scorer_only:8}{one.people_only:8}{one.neither:6}"
        print(f"{one.name:22}{counts}  {_percent(one.agreement):9}  {_percent(one.readers)}")
    if below := [one.name for one in found if one.agreement is not None and one.agreement < AGREED]:
        print(f"Below {AGREED:.0%}: {', '.join(below)}")
    if kappa := kappas(sheet):
        print("Between two readers, kappa: " + ", ".join(f"{name} {k:.2f}" for name, k in kappa.items()))
    rated = [one for one in claims if one.support < 1]  # the others are copies of their quotes
    if len({one.sound for one in rated}) > 1:
        print(f"Support that parts true sentences from false ones best: {fit_threshold(rated):.3f}")
    for row in sheet:
        if _right(row) != row.labels.correct:
            said = "right" if row.labels.correct else "wrong"
            print(f"{row.answer.model} {row.case.id}: people say {said}")
    right = found[0].agreement
    if right is not None and right < AGREED:
        print(f"The outcome agrees in {right:.1%} of the answers, and at least {AGREED:.0%} must")
        return 1
    return 0


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part:.1%}"


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Prints the agreement; 0, 1 where there is too little of it, or 2 and what is wrong."""
    parser = argparse.ArgumentParser(prog="check_scorers", description="Measures agreement with people.")
    parser.add_argument("--gold", type=Path, default=GOLD, help="gold cases; the sheet lies beside them")
    chosen = parser.parse_args(arguments)
    settings = settings or load_settings()
    try:
        sheet = read_sheet(chosen.gold.parent / FILE, read_gold(chosen.gold))
        articles = {article.id: article for article in read_corpus(settings.corpus_path)}
        encoders = load_encoders(settings)
        return print_agreement(sheet, articles, support_of(encoders.reader, encoders.reranker))
    except AssistantError as error:
        notice(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main())
