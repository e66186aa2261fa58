"""A report as Markdown tables, for `eval/RESULTS.md`: the dev half, the test half, all cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.errors import SettingsError
from assistant.evaluation.gate.comparison import FIGURES
from assistant.evaluation.report.figures import Slice, percent, score_names, slices
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.score import Outcome

_OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "abstained")
_WITHOUT_COLUMN = FIGURES | {"correctness"}
"""Correctness is the outcome, latency stands as seconds, words have columns of their own."""
_NOTHING = "-"
_SECTION = re.compile(r"^(?:<!-- .*: begin -->|## )", re.MULTILINE)
"""Where a section begins, one with markers or one that a person wrote."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: int = 1) -> str:
    """A Markdown table; columns from number `right` on, counted from 0, are set to the right."""
    lines = [head, ["---" if number < right else "---:" for number in range(len(head))], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def tables(report: Report) -> str:
    """The whole report: provenance, then the three tables and the unmeasured cases with their errors."""
    parts = ["\n".join(f"- {name}: {value}" for name, value in report.provenance.items())]
    halves = {
        "Dev half": [graded for graded in report.graded if graded.case.half == "dev"],
        "Test half": [graded for graded in report.graded if graded.case.half == "test"],
        "All": list(report.graded),
    }
    for title, graded in halves.items():
        parts.append(f"### {title}\n\n{table(header(report), rows(report, graded))}")
    if errors := [f"- {graded.case.id}: {graded.error}" for graded in report.graded if graded.error]:
        parts.append("### Unmeasured\n\n" + "\n".join(errors))
    parts.append(
        "Outcomes are of the measured cases, with Wilson's 95% interval; the other shares are means over the "
        "cases where they can be graded, with a bootstrapped one. Words are an answer's, "
        "seconds wall-clock time for a question."
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def section(report: Report) -> str:
    """The whole report under a heading, with the command that makes it."""
    model = report.provenance.get("model", "")
    command = f"assistant eval --live --model {model} --results eval/RESULTS.md"
    return f"## Answers on gold, {model}\n\n`{command}`\n\n{tables(report)}"


def header(report: Report) -> tuple[str, ...]:
    """The columns: outcomes, the means of the scorers that were run, words, seconds."""
    amounts = ("median words", "p90 words", "median s", "p90 s")
    return ("type", "n", *_OUTCOMES, "unmeasured", *_columns(report), *amounts)


def rows(report: Report, graded: Sequence[Graded]) -> list[tuple[str, ...]]:
    """One row of cells for each question type, then answerable, unanswerable and all, over `graded`."""
    names = _columns(report)
    *some, everything = slices(graded)
    unanswerable = Slice("unanswerable", [one for one in graded if not one.case.answerable], total=True)
    return [_row(one, names) for one in (*some, unanswerable, everything)]


def update_results(path: Path, section: str, body: str, *, first: bool = False) -> None:
    """Put `body` between the markers of `section` in a Markdown file, leaving the rest of it untouched.

    A section that is not there yet is added at the end, a file that is missing begun. With `first`, it stands
    before all other sections, wherever it stood. Raises SettingsError if only one of the two markers is
    there, or the file cannot be read or written.
    """
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    block = f"{begin}\n{body.strip()}\n{end}"
    try:
        text = path.read_bytes().decode() if path.exists() else "# Results\n"
        before, found_begin, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        if bool(found_begin) != (end in text) or bool(found_begin) != bool(found_end):
            raise SettingsError(f"{path}: {section} lacks a marker; restore it or delete the other.")
        if first and (other := _SECTION.search(before if found_begin else text)):
            others = before + after.lstrip("\n") if found_begin else text
            before, after = others[: other.start()], "\n\n" + others[other.start() :].rstrip("\n") + "\n"
        elif not found_begin:
            before, after = text.rstrip("\n") + "\n\n", "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((before + block + after).encode())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be updated ({error}); name another file.") from error


def _columns(report: Report) -> tuple[str, ...]:
    return tuple(name for name in score_names(report) if name not in _WITHOUT_COLUMN)


def _row(some: Slice, names: Sequence[str]) -> tuple[str, ...]:
    return (
        f"**{some.title}**" if some.total else some.title,
        str(len(some.graded)),
        *(_count(some, kind) for kind in _OUTCOMES),
        str(some.unmeasured),
        *(_mean(some, name) for name in names),
        *(_amount(some.words(share), ".0f") for share in (50, 90)),
        *(_amount(some.seconds(share), ".1f") for share in (50, 90)),
    )


def _count(some: Slice, kind: Outcome) -> str:
    count = str(some.outcomes[kind])
    return f"{count} ({percent(some.rate(kind))})" if some.total and some.measured else count


def _mean(some: Slice, score: str) -> str:
    mean = some.mean(score)
    if mean is None:
        return _NOTHING
    return percent(mean) if some.total else f"{mean.estimate:.0%}"


def _amount(value: float | None, form: str) -> str:
    return _NOTHING if value is None else format(value, form)
