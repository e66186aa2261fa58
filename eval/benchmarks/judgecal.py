"""How well the correctness scorer, or a judge, agrees with people.

    python -m eval.benchmarks.judgecal --bench FOLDER [--judge MODEL] [--sample N]

`FOLDER/judgecal/items.jsonl` holds answers of five systems to open questions, each graded right or wrong by a
person (Wang et al., "Evaluating Open-QA Evaluation", NeurIPS 2023). Each becomes a case with one group of
expected forms, and is graded as gold is, whatever its length. Most of these answers are right, so what
counts is balanced accuracy: the mean of the shares of right and of wrong answers graded as people do.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import GoldError
from assistant.evaluation.gate.statistics import Interval, wilson_interval
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.judge import SLOTS, judge_scorer
from assistant.evaluation.report import table
from assistant.evaluation.scorers.score import Scorer
from assistant.evaluation.scorers.standard import right_if_length_ignored
from assistant.models.chat.loading import load_chat_model
from assistant.models.prompts import load_prompt
from assistant.schema import Answer
from assistant.settings import load_settings, prompts_folder
from eval.benchmarks.command import conclude
from eval.benchmarks.data import read_lines, sampled, usable


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """An answer and a person's grade of it."""

    case: Case
    answer: Answer
    system: str
    """What gave the answer."""
    right: bool


def read_items(file: Path, sample: int | None) -> list[GradedAnswer]:
    """All items, or a sample of them that is the same everywhere. Raises GoldError."""
    with usable(file):
        lines = read_lines(file)
        return [_item(line) for line in (sampled(lines, sample) if sample else lines)]


def _item(line: dict[str, object]) -> GradedAnswer:
    question, given = str(line["question"]), str(line["answer"])
    case = Case.model_validate(
        {
            "id": line["id"],
            "question": question,
            "type": "lookup",
            "as_of": None,
            "history": (),
            "answerable": True,
            "expect": (tuple(form for form in line["gold"] if form.strip()),),  # type: ignore[attr-defined]
            "evidence": (Evidence(article="none", quote="none"),),
        }
    )
    answer = Answer(question=question, status="answered", confidence=1, answer=given, model="")
    return GradedAnswer(case, answer, str(line["model"]), bool(line["correct"]))


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of the answers that people call right and wrong which the scorer grades the same."""

    right: Interval
    wrong: Interval
    ungraded: int

    @property
    def balanced(self) -> float:
        return (self.right.estimate + self.wrong.estimate) / 2


def agree(items: Sequence[GradedAnswer], grades: Sequence[bool | None]) -> Shares:
    """Raises GoldError unless there are graded answers of both kinds."""
    graded = [(one.right, grade) for one, grade in zip(items, grades, strict=True) if grade is not None]
    right = [grade for person, grade in graded if person]
    wrong = [not grade for person, grade in graded if not person]
    if not right or not wrong:
        raise GoldError("the sample has no right or no wrong answers; take a larger one")
    return Shares(
        wilson_interval(sum(right), len(right)),
        wilson_interval(sum(wrong), len(wrong)),
        len(items) - len(graded),
    )


def interval_by_question(
    items: Sequence[GradedAnswer], grades: Sequence[bool | None], *, seed: int = 0
) -> tuple[float, float]:
    """The bootstrapped 95% interval of balanced accuracy, whole questions drawn with replacement.

    The systems' answers to one question are right or wrong together, so they are drawn together.
    """
    by_question: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(4))
    for one, grade in zip(items, grades, strict=True):
        if grade is not None:
            by_question[one.case.question][2 * one.right + (grade == one.right)] += 1
    counts = np.array(list(by_question.values()))
    draws = np.random.default_rng(seed).integers(0, len(counts), (2000, len(counts)))
    totals = counts[draws].sum(axis=1)
    # A draw without a right or without a wrong answer has no balanced accuracy.
    both = totals[(totals[:, :2].sum(axis=1) > 0) & (totals[:, 2:].sum(axis=1) > 0)]
    missed_wrong, found_wrong, missed_right, found_right = both.T
    shares = (found_wrong / (found_wrong + missed_wrong) + found_right / (found_right + missed_right)) / 2
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def section(items: Sequence[GradedAnswer], grades: Sequence[bool | None], grader: str, command: str) -> str:
    """The agreement as Markdown, over all answers and for each system that gave them."""
    low, high = interval_by_question(items, grades)
    head = ("answers of", "n", "balanced accuracy", "of the right ones", "of the wrong ones")
    rows = {"all": list(range(len(items)))}
    for place, one in enumerate(items):
        rows.setdefault(one.system, []).append(place)
    lines = []
    for name, places in rows.items():
        found = agree([items[place] for place in places], [grades[place] for place in places])
        interval = f" ({low:.2f}–{high:.2f})" if name == "all" else ""
        cells = (f"{found.balanced:.2f}{interval}", found.right.decimals, found.wrong.decimals)
        lines.append((name, str(len(places)), *cells))
    ungraded = sum(grade is None for grade in grades)
    left_out = f" {ungraded} answers could not be graded and are left out." if ungraded else ""
    return (
        f"## Agreement with people, {grader}\n\n`{command}`\n\nShares of {len(items)} answers to "
        f"{len({one.case.question for one in items})} questions that are graded as a person did; in brackets "
        f"95% intervals.{left_out}\n\n" + table(head, lines)
    )


def grade(items: Sequence[GradedAnswer], scorer: Scorer) -> list[bool | None]:
    """What the scorer says of each; None where it cannot say."""
    values = (scorer(one.case, one.answer).value for one in items)
    return [None if value is None else value == 1 for value in values]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="judgecal", description="Measures agreement with people.")
    parser.add_argument("--bench", type=Path, required=True, help="folder of public question sets")
    parser.add_argument("--judge", help="a model, in place of the deterministic scorer")
    parser.add_argument("--sample", type=int, help="answers; default: all")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)

    def measure() -> tuple[str, str]:
        items = read_items(chosen.bench / "judgecal" / "items.jsonl", chosen.sample)
        scorer = _judge(chosen.judge) if chosen.judge else right_if_length_ignored
        options = "".join(
            f' {name}="{value}"'
            for name, value in (("JUDGE", chosen.judge), ("N", chosen.sample))
            if value is not None
        )
        grader = f"judge {chosen.judge}" if chosen.judge else "the deterministic scorer"
        command = f"make bench-judgecal BENCH=FOLDER{options}"
        body = section(items, grade(items, scorer), grader, command)
        return f"judgecal {chosen.judge or 'scorer'}", body

    return conclude(chosen.results, measure)


def _judge(name: str) -> Scorer:
    settings = load_settings()
    model = load_chat_model(name, settings.cache, base_url=settings.base_url, threads=settings.threads)
    return judge_scorer(model, name, load_prompt(prompts_folder(), "judge", SLOTS))


if __name__ == "__main__":
    sys.exit(main())
