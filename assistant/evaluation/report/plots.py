"""Plots as SVG that stands inside a page: its colours and font are the page's, so it follows light and dark.

Each comes with a sentence that says what it shows and with its figures as a table, for whoever cannot see it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from assistant.evaluation.gate.statistics import Interval

INK, MUTED, LINE, NOW, BEFORE = "#000001", "#000002", "#000003", "#000004", "#000005"
"""Stand-ins for the page's colours, which matplotlib cannot name."""

_COLOURS = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    NOW: "var(--accent)",
    BEFORE: "var(--muted)",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": INK,
    "lines.solid_capstyle": "round",
}
_WIDTH = 4.2
"""Inches: a phone's width, so that letters keep their size there."""

_PERCENT = PercentFormatter(1, decimals=0)


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot, what it shows in a sentence, and its figures."""

    name: str
    title: str
    shows: str
    svg: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def right_by_type(types: Sequence[tuple[str, Interval, float | None]]) -> Plot:
    """Shares of right answers: (type, now with its interval, before), both 0 to 1."""
    with mpl.rc_context(_STYLE):
        axes = _axes(height=0.6 + 0.25 * len(types))
        for place, (_, now, before) in enumerate(types):
            axes.plot([now.low, now.high], [place, place], color=NOW, linewidth=2, alpha=0.45)
            axes.plot(now.estimate, place, marker="o", color=NOW, markersize=6)
            if before is not None:
                axes.plot(before, place, marker="D", color=BEFORE, markersize=5, fillstyle="none")
        axes.set_yticks(range(len(types)), [name for name, *_ in types])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(_PERCENT)
        svg = _svg(axes, "right")
    best, worst = (pick(types, key=lambda one: one[1].estimate)[0] for pick in (max, min))
    diamonds = " Diamonds are the baseline." if any(before is not None for *_, before in types) else ""
    return Plot(
        "right",
        "Right, by type",
        f"Share of right answers of each question type with its 95% interval; most in {best}, fewest in "
        f"{worst}.{diamonds}",
        svg,
        ("type", "right", "95% interval", "baseline"),
        tuple(
            (name, f"{now.estimate:.0%}", _bounds(now), "-" if before is None else f"{before:.0%}")
            for name, now, before in types
        ),
    )


def risk_coverage(points: Sequence[tuple[float, float]], area: float) -> Plot:
    """The share of wrong answers (risk) in the most confident share of the answers (coverage)."""
    with mpl.rc_context(_STYLE):
        axes = _axes()
        coverage, risk = zip(*points, strict=True)
        axes.plot(coverage, risk, color=NOW, linewidth=2, drawstyle="steps-pre")
        axes.set_xlim(0, 1.02)
        axes.set_ylim(-0.02, max(0.1, *risk) * 1.1)
        axes.set_xlabel("coverage: cases answered, most confident first")
        axes.set_ylabel("risk: wrong among them")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(_PERCENT)
        svg = _svg(axes, "risk")
    shown = [points[round(place / 10 * (len(points) - 1))] for place in range(11)]
    return Plot(
        "risk",
        "Risk and coverage",
        f"How often answers are wrong if only the most confident are given; the area below is {area:.3f} "
        "(lower is better).",
        svg,
        ("coverage", "risk"),
        tuple((f"{coverage:.0%}", f"{risk:.0%}") for coverage, risk in dict.fromkeys(shown)),
    )


def recall_at_k(recall: Sequence[Interval]) -> Plot:
    """The share of evidence in the first 1, 2, ... passages, with its intervals."""
    with mpl.rc_context(_STYLE):
        axes = _axes()
        ks = range(1, len(recall) + 1)
        low, high = [one.low for one in recall], [one.high for one in recall]
        axes.fill_between(ks, low, high, color=NOW, alpha=0.18, linewidth=0)
        axes.plot(ks, [one.estimate for one in recall], color=NOW, linewidth=2, marker="o", markersize=4)
        axes.set_xticks(ks)
        axes.set_ylim(max(0.0, min(low) - 0.05), 1.01)
        axes.set_xlabel("k: passages")
        axes.yaxis.set_major_formatter(_PERCENT)
        svg = _svg(axes, "recall")
    return Plot(
        "recall",
        "Recall of evidence at k",
        f"Share of evidence quotes that stand whole in the first k passages, with its 95% interval: "
        f"{recall[0].estimate:.0%} in the first, {recall[-1].estimate:.0%} in the first {len(recall)}.",
        svg,
        ("k", "recall", "95% interval"),
        tuple((str(k), f"{one.estimate:.0%}", _bounds(one)) for k, one in zip(ks, recall, strict=True)),
    )


def latency(seconds: Sequence[float]) -> Plot:
    """How many of the answers had come after how long."""
    ordered = sorted(seconds)
    shares = [(place + 1) / len(ordered) for place in range(len(ordered))]
    percentiles = {share: ordered[round(share / 100 * (len(ordered) - 1))] for share in (10, 50, 90, 99)}
    with mpl.rc_context(_STYLE):
        axes = _axes()
        axes.plot([0, *ordered], [0, *shares], color=NOW, linewidth=2, drawstyle="steps-post")
        for share in (50, 90):
            axes.axvline(percentiles[share], color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
            axes.annotate(
                f" {share}%", (percentiles[share], 0.02), color=MUTED, fontsize=8, verticalalignment="bottom"
            )
        axes.set_xlim(0, ordered[-1] * 1.03)
        axes.set_ylim(0, 1.01)
        axes.set_xlabel("seconds")
        axes.set_ylabel("answered by then")
        axes.yaxis.set_major_formatter(_PERCENT)
        svg = _svg(axes, "latency")
    return Plot(
        "latency",
        "Latency",
        f"Share of questions answered within so many seconds: half within {percentiles[50]:.1f}, nine of ten "
        f"within {percentiles[90]:.1f}.",
        svg,
        ("share of questions", "seconds"),
        tuple((f"{share}%", f"{value:.2f}") for share, value in percentiles.items()),
    )


def evidence_held(stages: Sequence[tuple[str, int, int]]) -> Plot:
    """How much evidence each stage lost: (stage, pieces left after it, pieces lost at it)."""
    with mpl.rc_context(_STYLE):
        axes = _axes(height=0.6 + 0.32 * len(stages))
        for place, (_, left, lost) in enumerate(stages):
            axes.barh(place, left, color=NOW, alpha=0.75, height=0.6)
            axes.barh(place, lost, left=left, color=BEFORE, alpha=0.25, height=0.6)
            note = f" -{lost}" if lost else ""
            axes.text(left + lost, place, note, color=MUTED, verticalalignment="center", fontsize=8)
        axes.set_yticks(range(len(stages)), [name for name, *_ in stages])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("pieces of evidence")
        axes.set_xlim(0, 1.1 * max(1, *(left + lost for _, left, lost in stages)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
        svg = _svg(axes, "funnel")
    most = max(stages, key=lambda one: one[2])
    return Plot(
        "funnel",
        "Where evidence is lost",
        f"Pieces of evidence that come through each stage; most are lost at {most[0]}, {most[2]}.",
        svg,
        ("stage", "left", "lost"),
        tuple((name, str(left), str(lost)) for name, left, lost in stages),
    )


def _axes(height: float = 2.8) -> Axes:
    # Without pyplot, which would want a display and keep every figure.
    axes = Figure(figsize=(_WIDTH, height), layout="constrained").subplots()
    axes.tick_params(length=0)
    return axes


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.0%} to {interval.high:.0%}"


def _svg(axes: Axes, name: str) -> str:
    """The axes' figure without prolog and size, its ids unique to it, its colours those of the page."""
    file = io.StringIO()
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    # Its own salt, so that ids are the same every time and differ from those of the other plots.
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    # Its size is the page's to choose, and a style element would hold for the whole page.
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(url\(|href=")#', rf"\1#{name}-", text)
    text = re.sub(r"font-family: [^;]*; ", "", text)
    for colour, page in _COLOURS.items():
        text = text.replace(colour, page)
    return text
