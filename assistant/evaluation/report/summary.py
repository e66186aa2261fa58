"""A report as a short Markdown summary for a pull request: the verdict first, then what changed.

No text of articles, questions or answers stands in it; error messages are escaped.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import SettingsError
from assistant.evaluation.gate.comparison import EVERYTHING, Comparison, Difference, Gate
from assistant.evaluation.report.figures import Slice, percent, slices
from assistant.evaluation.run import Report

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Names the file whose Markdown GitHub shows on the page of a workflow's run."""

_SIGNS = {"worse": "▼", "better": "▲", "same": ""}


def summary(report: Report) -> str:
    """The verdict, the figures by type, the differences from the baseline, and the cases that changed."""
    everything = Slice(EVERYTHING, report.graded)
    parts = ["## Evaluation"]
    if report.gate:
        parts += [_verdict(report.gate), *map(escape, report.gate.notes)]
    right = percent(everything.rate("right"))
    parts.append(f"{len(report.graded)} cases: {right} right.{_words(everything)}")
    if everything.unmeasured:
        parts.append(f"{everything.unmeasured} cases are unmeasured: {everything.unmeasured_why}.")
    if report.comparison:
        parts += _compared(report.comparison)
    parts.append(_folded("By type", _types(report)))
    made = list(report.provenance.items())
    parts.append(_folded("What it was measured with", _table(["", ""], made)))
    if errors := [(graded.case.id, graded.error) for graded in report.graded if graded.error]:
        parts.append(_folded("Unmeasured cases", _table(["case", "why"], errors)))
    return "\n\n".join(parts) + "\n"


def append_step_summary(report: Report) -> None:
    """Adds the summary to the file that GitHub Actions names, if it names one. Raises SettingsError."""
    name = os.environ.get(STEP_SUMMARY)
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(summary(report))
    except OSError as error:
        raise SettingsError(
            f"cannot write {STEP_SUMMARY} {name}: {error.strerror}; correct or unset it"
        ) from None


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", html.escape(" ".join(text.split()), quote=False))


def _verdict(gate: Gate) -> str:
    if gate.passed:
        return "**The gate passed.**"
    return "\n".join(["**The gate failed:**", "", *(f"- {escape(reason)}" for reason in gate.reasons)])


def _words(everything: Slice) -> str:
    median, most = everything.words(50), everything.words(90)
    if median is None or most is None:
        return ""
    return f" Words of an answer: median {median:.0f}, 90% within {most:.0f}."


def _compared(comparison: Comparison) -> list[str]:
    shown = [one for one in comparison.differences if one.slice == EVERYTHING or one.verdict != "same"]
    parts = ["### Beside the baseline", _table(DIFFERENCE_HEAD, [_difference(one) for one in shown])]
    if comparison.changed:
        changed = [(one.id, one.type, f"{one.before} → {one.now}") for one in comparison.changed]
        title = f"{len(changed)} cases with another outcome"
        parts.append(_folded(title, _table(["case", "type", "outcome"], changed)))
    return parts


DIFFERENCE_HEAD = ("measure", "cases", "n", "before", "now", "change", "95%", "p", "")


def _difference(one: Difference) -> Sequence[str]:
    p = one.p if one.corrected is None else one.corrected
    return (
        one.measure,
        one.slice,
        str(one.cases),
        f"{one.before:.0%}",
        f"{one.now:.0%}",
        f"{100 * one.change:+.1f}",
        f"{100 * one.low:+.1f} to {100 * one.high:+.1f}",
        f"{p:.3f}",
        f"{_SIGNS[one.verdict]} {one.verdict}".strip(),
    )


def _types(report: Report) -> str:
    head = ["type", "n", "right", "wrong", "abstained", "unmeasured"]
    rows = [
        (
            one.title,
            str(len(one.graded)),
            percent(one.rate("right")),
            str(one.outcomes["wrong"]),
            str(one.outcomes["abstained"]),
            str(one.unmeasured),
        )
        for one in slices(report.graded)
        if one.graded
    ]
    return _table(head, rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"
