"""A report in the terminal: question types as rows, then the scores, then the verdict."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.evaluation.gate.comparison import (
    EVERYTHING,
    FIGURES,
    RIGHT,
    Agreement,
    Comparison,
    Difference,
    Gate,
)
from assistant.evaluation.gate.statistics import Interval
from assistant.evaluation.report.figures import Slice, score_names, slices
from assistant.evaluation.run import Report
from assistant.terminal.render import safe

_NOTHING = "-"
_COLOURS = {"worse": "red", "better": "green", "same": ""}
_MOST_CHANGED = 10
"""Changed cases that are listed; the other reports have them all."""


def print_report(report: Report, console: Console) -> None:
    """Prints the report, in 80 columns; nothing in it is read as markup."""
    everything = Slice(EVERYTHING, report.graded)
    for name, value in report.provenance.items():
        console.print(Text(safe(f"{name}: {value}"), style="dim"))
    console.print()
    console.print(_types(report))
    console.print()
    console.print(_scores(report, everything))
    console.print()
    median, most = everything.words(50), everything.words(90)
    if median is not None and most is not None:
        console.print(Text(f"Words of an answer: median {median:.0f}, 90% within {most:.0f}"))
    if everything.unmeasured:
        console.print(Text(f"Unmeasured: {everything.unmeasured_why}"))
    if report.agreement:
        console.print(Text(safe(_agreement(report.agreement))))
    if report.comparison:
        console.print(Text(safe(_changes(report.comparison))))
    if report.gate:
        for note in report.gate.notes:
            console.print(Text(safe(f"Note: {note}")))
        console.print(_verdict(report.gate))


def _types(report: Report) -> Table:
    table = _table("type", "n", "right", "95%", "wrong", "abstained", "unmeasured", "was", "median s")
    differences = _differences(report, RIGHT)
    for one in slices(report.graded):
        if not one.graded:
            continue
        right = one.rate("right")
        seconds = one.seconds(50)
        table.add_row(
            one.title,
            str(len(one.graded)),
            *_estimate(right),
            str(one.outcomes["wrong"]),
            str(one.outcomes["abstained"]),
            str(one.unmeasured),
            _before(differences.get(one.title)),
            f"{seconds:.1f}" if seconds is not None else _NOTHING,
            style="bold" if one.total else "",
        )
    return table


def _scores(report: Report, everything: Slice) -> Table:
    table = _table("score", "n", "mean", "95%", "was", "change")
    for name in score_names(report):
        difference = _differences(report, name).get(EVERYTHING)
        mean = everything.mean(name)
        shown = _amount(mean) if name in FIGURES else _estimate(mean)
        count = str(len(everything.values(name)))
        table.add_row(safe(name), count, *shown, _before(difference), _change(difference))
    return table


def _table(*columns: str) -> Table:
    """Close enough for 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _differences(report: Report, measure: str) -> dict[str, Difference]:
    """What is known of a measure, by slice."""
    differences = report.comparison.differences if report.comparison else ()
    return {one.slice: one for one in differences if one.measure == measure}


def _estimate(interval: Interval | None) -> tuple[str, str]:
    if interval is None:
        return _NOTHING, ""
    return f"{interval.estimate:.0%}", f"{100 * interval.low:.0f}–{100 * interval.high:.0f}"


def _amount(interval: Interval | None) -> tuple[str, str]:
    if interval is None:
        return _NOTHING, ""
    return f"{interval.estimate:.1f}", f"{interval.low:.1f}–{interval.high:.1f}"


def _before(difference: Difference | None) -> str:
    return f"{difference.before:.0%}" if difference else _NOTHING


def _change(difference: Difference | None) -> Text:
    if difference is None:
        return Text(_NOTHING)
    low, high = 100 * difference.low, 100 * difference.high
    shown = f"{100 * difference.change:+.0f} ({low:+.0f} to {high:+.0f})"
    return Text(shown, style=_COLOURS[difference.verdict])


def _agreement(agreement: Agreement) -> str:
    same = agreement.both_right + agreement.both_wrong
    kappa = f", kappa {agreement.kappa:.2f}" if agreement.kappa is not None else ""
    return f"The judge {agreement.judge} agrees on {same} of {agreement.cases} cases{kappa}"


def _changes(comparison: Comparison) -> str:
    changed = comparison.changed
    lines = [f"Cases that came out otherwise than in the baseline: {len(changed)}"]
    lines += [f"  {one.id} {one.type}: {one.before} -> {one.now}" for one in changed[:_MOST_CHANGED]]
    if more := len(changed[_MOST_CHANGED:]):
        lines.append(f"  and {more} more")
    for one in comparison.differences:
        if one.slice == EVERYTHING and one.detectable is not None:
            lines.append(f"The smallest drop in {one.measure} these cases could show: {one.detectable:.0%}")
    if comparison.pooled:
        lines.append(f"Too few cases to fail alone, so pooled: {', '.join(comparison.pooled)}")
    return "\n".join(lines)


def _verdict(gate: Gate) -> Text:
    if gate.passed:
        return Text("The gate passed.", style="green")
    reasons = "".join(f"\n  {safe(reason)}" for reason in gate.reasons)
    return Text(f"The gate failed:{reasons}", style="red")
