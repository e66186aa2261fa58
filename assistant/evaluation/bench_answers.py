"""Answers on public question sets, read where they lie.

    python -m assistant.evaluation.bench_answers --set clapnq --bench FOLDER [--sample 60] [--model NAME]

A sample of the set's questions, the same everywhere, is asked of the assistant over an index of the set's
articles. The index and the answers are kept in the cache folder, so an interrupted run goes on where it was.
The set "wice" has claims in place of questions: see `bench_support`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.build import build_assistant, provenance
from assistant.evaluation.abstention import area, curve
from assistant.evaluation.bench_command import conclude, notice
from assistant.evaluation.bench_data import SETS, asked, read_lines, sampled, usable
from assistant.evaluation.bench_index import indexed
from assistant.evaluation.bench_support import support_section
from assistant.evaluation.gold import Case, Evidence, Turn
from assistant.evaluation.harness import ask_case
from assistant.evaluation.matching import holds
from assistant.evaluation.run import Graded, run
from assistant.evaluation.score import Score, Scorer
from assistant.evaluation.scorers import abstention_recall, bag_f1, correctness, graded_text, token_bag
from assistant.evaluation.statistics import mean_interval
from assistant.interface import Answer
from assistant.settings import Settings, load_settings

CLAIMS = "wice"


@dataclass(frozen=True, slots=True)
class Item:
    """A question as a case, with what its set says beyond that."""

    case: Case
    references: tuple[str, ...]
    """Whole answers to compare with."""
    wrong: tuple[str, ...]
    """Surface forms of answers that are known to be wrong: planted, or of another time."""


def read_items(file: Path, name: str, sample: int) -> list[Item]:
    """The first questions by the digests of their ids. Raises GoldError when the file cannot be used."""
    with usable(file):
        return [_item(line, several=name == "ramdocs") for line in sampled(read_lines(file), sample)]


def _item(line: Mapping[str, Any], *, several: bool) -> Item:
    """With `several`, each of the answers must be given, else any of them will do."""
    answerable = bool(line["answerable"])
    answers = tuple(dict.fromkeys(line["answers"])) if answerable else ()
    case = Case(
        id=line["id"],
        question=line["question"],
        type=("conflict" if several else "lookup") if answerable else "unanswerable",
        as_of=None,
        history=tuple(Turn(question=turn.question, answer=turn.answer) for turn in asked(line).turns()),
        answerable=answerable,
        expect=tuple((answer,) for answer in answers) if several else (answers,) if answers else (),
        # Articles alone are known; what stands in them is not asked for here.
        evidence=tuple(Evidence(article=article, quote="-") for article in line["evidence_ids"]),
    )
    others = (*line.get("wrong_answers", ()), *line.get("other_times", ()))
    wrong = tuple(form for form in dict.fromkeys(others) if not any(holds(right, form) for right in answers))
    return Item(case, answers, wrong)


def token_overlap(items: Mapping[str, Item], part: str) -> Scorer:
    """Words shared with the most similar reference, as "F1" or as "recall"; an abstention shares none."""

    def scorer(case: Case, answer: Answer) -> Score:
        name = f"token {part}"
        if not case.answerable:
            return Score(name, None, "the case has no answer")
        given = token_bag(graded_text(case, answer))
        references = [token_bag(text) for text in items[case.id].references]
        values = [bag_f1(one, given) if part == "F1" else bag_recall(one, given) for one in references]
        return Score(name, max(values), f"{given.total()} words given")

    return scorer


def bag_recall(expected: Counter[str], given: Counter[str]) -> float:
    """Share of the expected words that are given, 0 to 1."""
    return (expected & given).total() / expected.total() if expected else 0.0


def answers_wrongly(items: Mapping[str, Item], name: str) -> Scorer:
    """1 if the answer holds a form that is known to be wrong; answerable cases that have one."""

    def scorer(case: Case, answer: Answer) -> Score:
        wrong = items[case.id].wrong
        if not case.answerable or not wrong:
            return Score(name, None, "nothing wrong is known")
        text = graded_text(case, answer)
        found = [form for form in wrong if holds(text, form)]
        return Score(name, float(bool(found)), ", ".join(found))

    return scorer


def strictly_right(items: Mapping[str, Item]) -> Scorer:
    """1 if the answer is right and holds no form that is known to be wrong; answerable cases."""

    def scorer(case: Case, answer: Answer) -> Score:
        right = correctness(case, answer).value
        text = graded_text(case, answer)
        wrong = [form for form in items[case.id].wrong if holds(text, form)]
        value = None if right is None else float(right == 1 and not wrong)
        return Score("right, and nothing wrong", value, ", ".join(wrong))

    return scorer


def wrong_unmarked(items: Mapping[str, Item]) -> Scorer:
    """1 if the answer holds a form that is known to be wrong, and does not say that accounts differ."""

    def scorer(case: Case, answer: Answer) -> Score:
        score = answers_wrongly(items, "")(case, answer)
        value = float(score.value and answer.status != "conflicting") if score.value is not None else None
        return Score("a planted answer, not as conflicting", value, score.why)

    return scorer


def wrongly_abstained(case: Case, answer: Answer) -> Score:
    """1 if the assistant abstained; answerable cases."""
    value = float(answer.status == "abstained") if case.answerable else None
    return Score("abstained, answerable", value, answer.status)


def rightly_abstained(case: Case, answer: Answer) -> Score:
    """1 if the assistant abstained; unanswerable cases."""
    score = abstention_recall(case, answer)
    return Score("abstained, unanswerable", score.value, score.why)


def right(case: Case, answer: Answer) -> Score:
    """As `correctness`."""
    score = correctness(case, answer)
    return Score("right", score.value, score.why)


def scorers_of(name: str, items: Mapping[str, Item]) -> tuple[Scorer, ...]:
    """What is measured on this set."""
    abstaining = (rightly_abstained, wrongly_abstained)
    if name == "ramdocs":
        planted = answers_wrongly(items, "a planted answer"), wrong_unmarked(items)
        return (right, *planted, strictly_right(items), wrongly_abstained)
    if name == "timeqa":
        return (right, answers_wrongly(items, "a stale answer"), strictly_right(items), *abstaining)
    return (*abstaining, token_overlap(items, "F1"), token_overlap(items, "recall"))


LOSSES = {"ramdocs": "right, and nothing wrong", "timeqa": "right, and nothing wrong"}
"""The score whose lack is what an answer loses; else token recall."""


def section(name: str, graded: Sequence[Graded], made: Mapping[str, str], command: str) -> str:
    """Means with bootstrapped intervals and the area under the risk-coverage curve, as Markdown."""
    lines = ["| measure | n | mean |", "| --- | ---: | ---: |"]
    names = dict.fromkeys(score.name for one in graded for score in one.scores)
    for measure in names:
        values = [value for one in graded if (value := _value(one, measure)) is not None]
        if values:
            mean, low, high = mean_interval(values, seed=0)
            lines.append(f"| {measure} | {len(values)} | {mean:.2f} ({low:.2f}–{high:.2f}) |")
    points = curve(_losses(graded, LOSSES.get(name, "token recall")), len(graded))
    if points:
        lines.append(
            f"| mean risk over coverages (AURC) | {len(graded)} | {area(points):.2f}; at full coverage of "
            f"{points[-1].coverage:.2f}: {points[-1].risk:.2f} |"
        )
    unmeasured = sum(one.answer is None for one in graded)
    told = f" {unmeasured} are unmeasured." if unmeasured else ""
    model = made["model"]
    return "\n\n".join(
        (
            f"## Answers on {name}, {model}",
            f"`{command}`",
            f"A sample of {len(graded)} questions.{told} In brackets bootstrapped 95% intervals. Of risk, an "
            f"answer to an unanswerable question is a whole loss, another loses what its "
            f"{LOSSES.get(name, 'token recall')} lacks.",
            "\n".join(f"- {key}: {value}" for key, value in made.items()),
            "\n".join(lines),
        )
    )


def _losses(graded: Sequence[Graded], measure: str) -> list[tuple[float, float]]:
    return [
        (one.answer.confidence, 1 - (_value(one, measure) or 0.0))
        for one in graded
        if one.answer and one.answer.status != "abstained"
    ]


def _value(graded: Graded, measure: str) -> float | None:
    return next((score.value for score in graded.scores if score.name == measure), None)


def answers_section(
    settings: Settings, name: str, folder: Path, sample: int, command: str, notice: Callable[[str], None]
) -> str:
    """One set asked and scored. Raises AssistantError."""
    items = {item.case.id: item for item in read_items(folder / "questions.jsonl", name, sample)}
    settings, index = indexed(settings, name, folder / "corpus.jsonl")
    with closing(index):
        assistant = build_assistant(settings, index)
        made = provenance(settings, assistant)
        version = hashlib.sha256(json.dumps(made).encode()).hexdigest()[:12]
        done = 0

        def told(graded: Graded) -> None:
            nonlocal done
            done += 1
            status = graded.answer.status if graded.answer else f"unmeasured, {graded.error}"
            notice(f"{done}/{len(items)} {graded.case.id}: {status} in {graded.seconds:.1f} s")

        report = run(
            [item.case for item in items.values()],
            lambda case, on_event: ask_case(assistant, case, on_event),
            scorers=scorers_of(name, items),
            on_progress=told,
            provenance=made,
            resume=settings.index_path.parent / f"answers-{name}-{version}.jsonl",
        )
    return section(name, report.graded, made, command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="bench_answers", description="Measures answers on public sets.")
    parser.add_argument("--set", choices=(*SETS, CLAIMS), required=True)
    parser.add_argument("--bench", type=Path, required=True, help="folder of public question sets")
    parser.add_argument("--sample", type=int, default=60, help="questions asked")
    parser.add_argument("--model", help="default: that of the settings")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)

    def measure() -> tuple[str, str]:
        settings = load_settings(model=chosen.model)
        folder = chosen.bench / chosen.set
        command = f"make bench-answers SET={chosen.set} BENCH=FOLDER"
        if chosen.set == CLAIMS:
            by, body = settings.reranker, support_section(settings, folder, command)
        else:
            by = settings.model
            command += f" N={chosen.sample} MODEL={by}"
            body = answers_section(settings, chosen.set, folder, chosen.sample, command, notice)
        return f"answers-{chosen.set} {by}", body

    return conclude(chosen.results, measure)


if __name__ == "__main__":
    sys.exit(main())
