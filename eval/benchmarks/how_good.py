"""How good it is: one page over every set and every system, of the runs that were kept.

    python -m eval.benchmarks.how_good --bench FOLDER [--runs FOLDER]

Nothing is asked: the answers of kept runs are scored by the scorers of now, so that what changed in scoring
shows in every figure alike. `make bench-answers` keeps a run, and so does `assistant eval --resume FILE` of
gold. The page is the first section of `eval/RESULTS.md`; the README holds its overview.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError
from assistant.evaluation.report import table, update_results
from assistant.evaluation.report.figures import Slice
from assistant.evaluation.run import Graded
from assistant.evaluation.scorers.score import Outcome
from assistant.settings import load_settings
from eval.benchmarks.command import notice
from eval.benchmarks.kept_runs import DEFAULT, KeptRun, find_cached, find_runs, rank, score_runs
from eval.benchmarks.scores import PLANTED, RECALL, STALE
from eval.benchmarks.sets import ALL_SETS, GOLD, WITH_CASES
from eval.benchmarks.table import (
    COUNT,
    FIRST,
    LENGTH,
    LENGTH_IGNORED,
    NOTHING,
    Column,
    answerable,
    half,
    mean,
    rate,
    unanswerable,
)

SECTION = "how-good"
LONG = frozenset({"clapnq", "mtragun"})
"""Sets whose references are long prose, of which no short form could be asked for."""

RIGHT, WRONG, WITHHELD = rate("right", "right"), rate("wrong", "wrong"), rate("withheld", "abstained")
SHORT_COLUMNS = (COUNT, RIGHT, LENGTH_IGNORED, FIRST, WRONG, WITHHELD)
RECALLED = mean(RECALL, RECALL)
LONG_COLUMNS = (COUNT, RECALLED, WITHHELD)
MORE = {"ramdocs": (mean(PLANTED, PLANTED),), "timeqa": (mean(STALE, STALE),)}
"""What is told of one set alone."""
DECLINED = rate("declined", "right")
OF_UNANSWERABLE = (Column("n, unanswerable", COUNT.cell), DECLINED)

ABOUT = {
    "wikinews": "Wikinews, 294 articles by other people; the questions by this project.",
    "wikinews-extra": "The same questions, among 347 more articles that answer none of them.",
    "clapnq": "Questions to Wikipedia with long answers (CLAP NQ).",
    "mtragun": "Conversations, of which the last question is asked (MTRAG).",
    "ramdocs": "Articles that contradict each other, some of them planted; every true answer must be given.",
    "timeqa": "The same question at different times (TimeQA).",
    "gold": "This project's own questions over its own articles, of which it chose its thresholds on the dev "
    "half: go by the test half.",
}  # fmt: skip

EXPLAINED = """
Runs that were kept, scored now. Right, wrong and withheld (an abstention) are shares of the answerable
questions, declined is the share of the unanswerable that were abstained from; in brackets 95% intervals.
Right is an answer that holds all that is expected early enough; length ignored, anywhere. Where references
are long prose there is no right: instead, the share of the words of the nearest reference that stand in the
first 60 of the answer, an abstention having none. Where n differs, systems were asked different numbers of
questions, the smaller a part of the larger.
"""


EXTREMES: tuple[tuple[Column, Outcome, Callable[[list[tuple[float, str]]], tuple[float, str]]], ...] = (
    (RIGHT, "right", min),
    (WRONG, "wrong", max),
    (WITHHELD, "abstained", max),
)
"""What is worst of each share."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one system comes to on one set, or on its half."""

    graded: Sequence[Graded]
    long: bool

    @property
    def asked(self) -> Slice:
        return answerable(self.graded)

    @property
    def text(self) -> str:
        """All of it in a few words, what is bad as well as what is good."""
        if self.long:
            told = [f"{_short(RECALLED, self.asked)} recalled"]
        else:
            told = [f"{RIGHT.cell(self.asked)} right", f"{_short(FIRST, self.asked)} in the first sentence"]
            told.append(f"{_short(WRONG, self.asked)} wrong")
        told.append(f"{_short(WITHHELD, self.asked)} withheld")
        told.append(f"{_short(DECLINED, unanswerable(self.graded))} declined")
        told.append(f"{_short(LENGTH, Slice('', self.graded))} words")
        return ", ".join(one for one in told if not one.startswith(NOTHING))


def _short(column: Column, some: Slice) -> str:
    """Without the interval."""
    return column.cell(some).split()[0]


def overview(runs: Sequence[KeptRun]) -> str:
    """A row for each system and a column for each set, as Markdown; of gold the test half."""
    cells = {(run.set, run.system): _overview_cell(run) for run in runs}
    labels = {run.system: run.label for run in runs}
    sets = [name for name in ALL_SETS if any(run.set == name for run in runs)]
    head = ["", *(_heading(name, [cell for (of, _), cell in cells.items() if of == name]) for name in sets)]
    rows = []
    for system in sorted(labels, key=rank):
        found = [cells.get((name, system)) for name in sets]
        rows.append([labels[system], *(cell.text if cell else NOTHING for cell in found)])
    return table(head, rows)


def _overview_cell(run: KeptRun) -> Cell:
    graded = run.report.graded
    return Cell(half(graded, "test") if run.set == GOLD else graded, run.set in LONG)


def _heading(name: str, cells: Sequence[Cell]) -> str:
    counts = sorted({sum(one.answer is not None for one in cell.graded) for cell in cells})
    told = f"{counts[0]}–{counts[-1]}" if len(counts) > 1 else str(counts[0])
    return f"{name}{', test half' if name == GOLD else ''} ({told})"


def worst(runs: Sequence[KeptRun]) -> str:
    """Where the default does worst, in a sentence; empty without a run of it."""
    cells = [(run.set, _overview_cell(run)) for run in runs if run.system == DEFAULT]
    short = [(name, cell) for name, cell in cells if not cell.long and cell.asked.measured]
    told = []
    for column, kind, pick in EXTREMES:
        rates = [(found.estimate, name) for name, cell in short if (found := cell.asked.rate(kind))]
        if rates:
            value, name = pick(rates)
            told.append(f"{value:.0%} {column.title} ({name})")
    declined = [
        (found.estimate, name) for name, cell in cells if (found := unanswerable(cell.graded).rate("right"))
    ]
    if declined:
        value, name = min(declined)
        told.append(f"{value:.0%} of the unanswerable declined ({name})")
    return f"At its worst, the default: {', '.join(told)}." if told else ""


def details(runs: Sequence[KeptRun], name: str) -> str:
    """All figures of one set, a row for each system; of a set with halves, its test half too."""
    some = [run for run in runs if run.set == name]
    columns: tuple[Column, ...] = (*(LONG_COLUMNS if name in LONG else SHORT_COLUMNS), *MORE.get(name, ()))
    rows = []
    for run in some:
        rows.append(_row(run.label, run.report.graded, columns))
        if name in WITH_CASES:
            rows.append(_row(f"{run.label}, test half", half(run.report.graded, "test"), columns))
    head = ["", *(column.title for column in (*columns, *OF_UNANSWERABLE, LENGTH)), "unmeasured"]
    return f"### {name}\n\n{ABOUT[name]}\n\n{table(head, rows)}"


def _row(label: str, graded: Sequence[Graded], columns: Sequence[Column]) -> list[str]:
    everything = Slice("", graded)
    return [
        label,
        *(column.cell(answerable(graded)) for column in columns),
        *(column.cell(unanswerable(graded)) for column in OF_UNANSWERABLE),
        LENGTH.cell(everything),
        str(everything.unmeasured),
    ]


SUMMARY = """
Answers, with the number of questions in brackets behind each set, and 95% intervals; declined is of the
questions that the articles do not answer, words are the median of an answer:
"""


def summary(runs: Sequence[KeptRun]) -> str:
    """What the README tells, as Markdown."""
    return "\n\n".join(part for part in (SUMMARY.strip(), overview(runs), worst(runs)) if part)


def page(runs: Sequence[KeptRun], command: str) -> str:
    """The whole page as Markdown."""
    made: dict[str, list[str]] = {}
    for run in sorted(runs, key=lambda run: rank(run.system)):
        told = ", ".join(f"{key} {value}" for key, value in run.report.provenance.items() if key != "model")
        made.setdefault(f"{run.label}: {told}", []).append(run.set)
    provenance = "\n".join(f"- {told} (on {', '.join(sets)})" for told, sets in made.items())
    tables = [details(runs, name) for name in ALL_SETS if any(run.set == name for run in runs)]
    head = ("## How good it is", f"`{command}`", " ".join(EXPLAINED.split()), overview(runs), worst(runs))
    return "\n\n".join(part for part in (*head, *tables, "### What was measured", provenance) if part)


def main(arguments: Sequence[str] | None = None) -> int:
    """Scores, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(
        prog="how_good", description="Tells how good it is, of runs that were kept."
    )
    parser.add_argument("--bench", type=Path, help="folder of public question sets")
    parser.add_argument("--runs", type=Path, help="folder of SET-SYSTEM.jsonl; default: those in the cache")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    parser.add_argument("--readme", type=Path, default=Path("README.md"))
    chosen = parser.parse_args(arguments)
    try:
        cache = load_settings().cache
        files = find_runs(chosen.runs, notice) if chosen.runs else find_cached(cache)
        runs = score_runs(files, chosen.bench, cache, notice)
        body = page(runs, "make how-good BENCH=FOLDER" + " RUNS=FOLDER" * bool(chosen.runs))
        print(body)
        update_results(chosen.results, SECTION, body, first=True)
        update_results(chosen.readme, SECTION, summary(runs))
    except AssistantError as error:
        notice(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
