"""A report as one HTML page that needs nothing else: no network, and no script to be read.

Questions, articles and answers are shown as text: Jinja escapes them, and should something slip through, the
page's own policy lets no script run but the one that filters cases, which it names by its digest.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from assistant.corpus.articles import Article
from assistant.evaluation.diagnosis.funnel import (
    MEANING,
    STAGES,
    Retrieved,
    Stage,
    Trace,
    found_passages,
    lost_counts,
    trace,
)
from assistant.evaluation.gate.abstention import area, risk_coverage
from assistant.evaluation.gate.comparison import (
    EVERYTHING,
    FIGURES,
    RIGHT,
    BaselineCase,
    Comparison,
    Difference,
)
from assistant.evaluation.report import plots
from assistant.evaluation.report.excerpts import Excerpt, excerpts
from assistant.evaluation.report.figures import Slice, recall_curve, score_names, slices
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.retrieval import evidence_ranks
from assistant.evaluation.scorers.score import Score
from assistant.evaluation.scorers.standard import outcome
from assistant.schema import AnswerPassage
from assistant.terminal.render import day, safe

_PACKAGE = "assistant.evaluation.report"
_BEGINNING = 160
"""Characters of a passage that are shown."""


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage that was found; `evidence` are the numbers of the pieces that no earlier one holds."""

    passage: AnswerPassage
    article: Article | None
    evidence: Sequence[int]

    @property
    def beginning(self) -> str:
        text = self.article.text[self.passage.start : self.passage.end] if self.article else ""
        return text if len(text) <= _BEGINNING else f"{text[:_BEGINNING].rsplit(None, 1)[0]} …"


@dataclass(frozen=True)
class CaseView:
    """One case as the page shows it."""

    graded: Graded
    traces: Sequence[Trace]
    before: BaselineCase | None
    articles: Mapping[str, Article]

    @cached_property
    def outcome(self) -> str:
        """What became of it; for an unmeasured case, why it is."""
        graded = self.graded
        return outcome(graded.case, graded.answer) if graded.answer else graded.status

    @property
    def changed(self) -> bool:
        return (
            self.before is not None and self.graded.answer is not None and self.before.outcome != self.outcome
        )

    @property
    def lost(self) -> list[Stage]:
        """The stages at which evidence was lost."""
        return list(dict.fromkeys(one.lost for one in self.traces if one.lost))

    def excerpts(self) -> list[Excerpt]:
        return excerpts(self.graded, self.articles)

    def scores(self) -> list[tuple[Score, float | None]]:
        """Each score with its value in the baseline."""
        before = self.before.scores if self.before else {}
        return [(score, before.get(score.name)) for score in self.graded.scores]

    def passages(self) -> list[PassageView]:
        found = found_passages(self.graded)
        ranks = evidence_ranks(self.graded.case, found, self.articles)
        return [
            PassageView(
                passage,
                self.articles.get(passage.article),
                [number for number, its_rank in enumerate(ranks, 1) if its_rank == rank],
            )
            for rank, passage in enumerate(found, 1)
        ]


def page(
    report: Report, articles: Mapping[str, Article], retrieved: Mapping[str, Retrieved] | None = None
) -> str:
    """The page. `retrieved`, by the case's id, tells of stages that answers do not (`explain.retrieve`)."""
    before = {kept.id: kept for kept in report.comparison.before} if report.comparison else {}
    cases = [
        CaseView(
            graded,
            trace(graded, articles, (retrieved or {}).get(graded.case.id)),
            before.get(graded.case.id),
            articles,
        )
        for graded in report.graded
    ]
    script = _text("page.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            everything=Slice(EVERYTHING, report.graded),
            slices=[one for one in slices(report.graded) if one.graded],
            names=score_names(report),
            cases=cases,
            plots=_plots(report, articles, cases),
            differences=_by_slice(report.comparison),
            style=Markup(_text("page.css")),
            script=Markup(script),
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": day, "svg": Markup}
    environment.globals |= {"STAGES": STAGES, "MEANING": MEANING, "FIGURES": FIGURES, "RIGHT": RIGHT}
    return environment


def _shown(value: object) -> object:
    """Text with its invisible characters written out, so that none turns what stands around it."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text(name: str) -> str:
    return files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")


def _by_slice(comparison: Comparison | None) -> dict[tuple[str, str], Difference]:
    """The differences by their measure and slice."""
    return {(one.measure, one.slice): one for one in comparison.differences} if comparison else {}


def _plots(report: Report, articles: Mapping[str, Article], cases: Sequence[CaseView]) -> list[plots.Plot]:
    """Those that there are figures for."""
    made = []
    differences = _by_slice(report.comparison)
    types = [
        (one.title, rate, before.before if (before := differences.get((RIGHT, one.title))) else None)
        for one in slices(report.graded)
        if (rate := one.rate("right"))
    ]
    if types:
        made.append(plots.right_by_type(types))
    points = risk_coverage(report.graded)
    if (under := area(points)) is not None:
        made.append(plots.risk_coverage([(one.coverage, one.risk) for one in points], under))
    if recall := recall_curve(report.graded, articles):
        made.append(plots.recall_at_k(recall))
    if stages := _stages([one for case in cases for one in case.traces]):
        made.append(plots.evidence_held(stages))
    if seconds := [one.seconds for one in report.graded if one.answer]:
        made.append(plots.latency(seconds))
    return made


def _stages(traces: Sequence[Trace]) -> list[tuple[str, int, int]]:
    """Each stage with the pieces of evidence left after it and lost at it."""
    lost = lost_counts(traces)
    left = len(traces)
    stages: list[tuple[str, int, int]] = []
    for stage in STAGES if traces else ():
        left -= lost[stage]
        stages.append((stage, left, lost[stage]))
    return stages
