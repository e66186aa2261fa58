"""A report as Markdown: one table for the dev half, one for the test half, one for all cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.errors import SettingsError
from assistant.evaluation.gold import CASE_TYPES
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers import outcome
from assistant.evaluation.statistics import Interval, mean_interval, wilson_interval

_FIGURES = frozenset({"correctness", "latency", "tokens"})
"""Scores without a column of their own: correctness is the outcome, latency stands as seconds."""
_NOTHING = "-"


def table(report: Report) -> str:
    """The whole report: provenance, then the three tables and the unmeasured cases with their errors."""
    head = header(report)
    parts = ["\n".join(f"- {name}: {value}" for name, value in report.provenance.items())]
    halves = {
        "Dev half": [graded for graded in report.graded if graded.case.half == "dev"],
        "Test half": [graded for graded in report.graded if graded.case.half == "test"],
        "All": list(report.graded),
    }
    for title, graded in halves.items():
        lines = [head, ("---", *("---:" for _ in head[1:])), *rows(report, graded)]
        parts.append(f"### {title}\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines))
    if errors := [f"- {graded.case.id}: {graded.error}" for graded in report.graded if graded.error]:
        parts.append("### Unmeasured\n\n" + "\n".join(errors))
    parts.append(
        "Outcomes are of the measured cases, with Wilson's 95% interval; the other shares are means over the "
        "cases where they can be graded, with a bootstrapped one. Seconds are wall-clock time for a question."
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def section(report: Report) -> str:
    """The whole report under a heading, with the command that makes it."""
    model = report.provenance.get("model", "")
    command = f"assistant eval --live --model {model} --results eval/RESULTS.md"
    return f"## Answers on gold, {model}\n\n`{command}`\n\n{table(report)}"


def header(report: Report) -> tuple[str, ...]:
    """The columns: outcomes, the means of the scorers that were run, seconds."""
    counts = ("n", "right", "wrong", "abstained", "unmeasured")
    return ("type", *counts, *_score_names(report), "median s", "p90 s")


def rows(report: Report, graded: Sequence[Graded]) -> list[tuple[str, ...]]:
    """One row of cells for each question type, then answerable, unanswerable and all, over `graded`."""
    names = _score_names(report)
    by_type = [_row(kind, [one for one in graded if one.case.type == kind], names) for kind in CASE_TYPES]
    totals = {
        "**answerable**": [one for one in graded if one.case.answerable],
        "**unanswerable**": [one for one in graded if not one.case.answerable],
        "**all**": graded,
    }
    return by_type + [_row(title, chosen, names, total=True) for title, chosen in totals.items()]


def update_results(path: Path, section: str, body: str) -> None:
    """Put `body` between the markers of `section` in a Markdown file, leaving the rest of it untouched.

    A section that is not there yet is added at the end, a file that is missing begun. Raises SettingsError
    if only one of the two markers is there, or the file cannot be read or written.
    """
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    block = f"{begin}\n{body.strip()}\n{end}"
    try:
        text = path.read_bytes().decode() if path.exists() else "# Results\n"
        before, found_begin, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        if bool(found_begin) != (end in text) or bool(found_begin) != bool(found_end):
            raise SettingsError(f"{path}: {section} lacks a marker; restore it or delete the other.")
        if not found_begin:
            before, after = text.rstrip("\n") + "\n\n", "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((before + block + after).encode())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be updated ({error}); name another file.") from error


def _score_names(report: Report) -> tuple[str, ...]:
    """In the order of the scorers."""
    names = dict.fromkeys(score.name for graded in report.graded for score in graded.scores)
    return tuple(name for name in names if name not in _FIGURES)


def _row(
    title: str, graded: Sequence[Graded], names: Sequence[str], *, total: bool = False
) -> tuple[str, ...]:
    measured = [one for one in graded if one.answer]
    outcomes = Counter(outcome(one.case, one.answer) for one in measured if one.answer)
    seconds = [one.seconds for one in measured]
    return (
        title,
        str(len(graded)),
        *(_count(outcomes[kind], len(measured), total) for kind in ("right", "wrong", "abstained")),
        str(len(graded) - len(measured)),
        *(_mean(name, measured, total) for name in names),
        *(f"{np.percentile(seconds, share):.1f}" if seconds else _NOTHING for share in (50, 90)),
    )


def _count(count: int, measured: int, total: bool) -> str:
    if not total or not measured:
        return str(count)
    return f"{count} ({_percent(wilson_interval(count, measured))})"


def _mean(name: str, graded: Sequence[Graded], total: bool) -> str:
    scores = [score for one in graded for score in one.scores if score.name == name]
    values = [score.value for score in scores if score.value is not None]
    if not values:
        return _NOTHING
    return _percent(mean_interval(values, seed=0)) if total else f"{np.mean(values):.0%}"


def _percent(interval: Interval) -> str:
    return f"{interval.estimate:.0%}, {interval.low:.0%} to {interval.high:.0%}"
