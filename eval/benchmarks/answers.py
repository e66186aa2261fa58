"""Answers on question sets, read where they lie.

    python -m eval.benchmarks.answers --set clapnq --bench FOLDER [--sample 60] [--model NAME]

A sample of the set's questions, the same everywhere, is asked of the assistant over an index of the set's
articles. The index and the answers are kept in the cache folder, so an interrupted run goes on where it was;
with `--runs` the answers are kept in a folder of one's own. `tutorial` is what it is compared with.
The set "wice" has claims in place of questions: see `support`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.api.build import build_pipeline, build_retriever, provenance
from assistant.corpus.articles import read_corpus
from assistant.evaluation.gate.abstention import area, curve
from assistant.evaluation.gate.statistics import mean_interval
from assistant.evaluation.gold.cases import check_gold
from assistant.evaluation.harness import ask_case
from assistant.evaluation.report import table
from assistant.evaluation.run import AskCase, Graded, run
from assistant.models.recordings import file_name
from assistant.settings import Settings, load_settings
from eval.benchmarks.command import conclude, notice
from eval.benchmarks.index import indexed
from eval.benchmarks.scores import scorers_of
from eval.benchmarks.sets import (
    ALL_SETS,
    GOLD,
    SAMPLE,
    WIKINEWS,
    WIKINEWS_EXTRA,
    WITH_CASES,
    corpus_of,
    read_set,
)
from eval.benchmarks.support import support_section
from eval.benchmarks.table import by_type

CLAIMS = "wice"


@dataclass(frozen=True, slots=True)
class System:
    """Something that answers cases: the assistant, or what it is compared with."""

    name: str
    """As files are named after it."""
    ask: AskCase
    provenance: Mapping[str, str]


Opens = Callable[[Settings, str, Path | None], AbstractContextManager[System]]
"""From the settings, and a set's name and articles (None: the built-in ones), to a system that knows them."""


@contextmanager
def the_assistant(settings: Settings, name: str, corpus: Path | None) -> Iterator[System]:
    """The assistant itself. Raises AssistantError."""
    settings, index = indexed(settings, name, corpus)
    with closing(index):
        assistant = build_pipeline(settings, build_retriever(settings, index))
        yield System(
            file_name(settings.model),
            lambda case, on_event: ask_case(assistant, case, on_event),
            provenance(settings, assistant),
        )


LOSSES = {"ramdocs": "right, and nothing wrong", "timeqa": "right, and nothing wrong"}
"""The score whose lack is what an answer loses; else token recall."""


def section(name: str, graded: Sequence[Graded], made: Mapping[str, str], command: str) -> str:
    """Of a set with cases the figures by type, else means and the risk over coverages, as Markdown."""
    by = " ".join(made[key] for key in ("pipeline", "model") if key in made)
    unmeasured = sum(one.answer is None for one in graded)
    told = f" {unmeasured} are unmeasured." if unmeasured else ""
    provenance = "\n".join(f"- {key}: {value}" for key, value in made.items())
    if name in WITH_CASES:
        explained = (
            f"{len(graded)} questions.{told} In brackets 95% intervals, Wilson's of outcomes and "
            "bootstrapped of means. Withheld is an answerable question that was abstained from; right of the "
            "unanswerable are those that were declined."
        )
        tables = by_type(graded)
    else:
        explained = (
            f"A sample of {len(graded)} questions.{told} In brackets bootstrapped 95% intervals. Of risk, an "
            f"answer to an unanswerable question is a whole loss, another loses what its "
            f"{LOSSES.get(name, 'token recall')} lacks."
        )
        tables = _means(name, graded)
    return "\n\n".join((f"## Answers on {name}, {by}", f"`{command}`", explained, provenance, tables))


def _means(name: str, graded: Sequence[Graded]) -> str:
    rows = []
    names = dict.fromkeys(score.name for one in graded for score in one.scores)
    for measure in names:
        values = [value for one in graded if (value := _value(one, measure)) is not None]
        if values:
            rows.append((measure, str(len(values)), mean_interval(values, seed=0).decimals))
    points = curve(_losses(graded, LOSSES.get(name, "token recall")), len(graded))
    if points:
        full = f"at full coverage of {points[-1].coverage:.2f}: {points[-1].risk:.2f}"
        rows.append(("mean risk over coverages (AURC)", str(len(graded)), f"{area(points):.2f}; {full}"))
    return table(("measure", "n", "mean"), rows)


def _losses(graded: Sequence[Graded], measure: str) -> list[tuple[float, float]]:
    return [
        (one.answer.confidence, 1 - (_value(one, measure) or 0.0))
        for one in graded
        if one.answer and one.answer.status != "abstained"
    ]


def _value(graded: Graded, measure: str) -> float | None:
    return next((score.value for score in graded.scores if score.name == measure), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be asked, and where the answers are kept."""

    name: str
    bench: Path | None = None
    sample: int | None = None
    runs: Path | None = None
    """None is the cache."""


def answers_section(settings: Settings, asked: Asked, command: str, opens: Opens = the_assistant) -> str:
    """One set asked and scored. Raises AssistantError."""
    name = asked.name
    items = {item.case.id: item for item in read_set(name, asked.bench, asked.sample)}
    corpus = corpus_of(name, asked.bench, settings.cache)
    source = settings.model_copy(update={"corpus": corpus}).corpus_path
    articles = {article.id: article for article in read_corpus(source)}
    if name in WITH_CASES:
        for problem in check_gold([item.case for item in items.values()], articles):
            notice(problem)
    done = 0

    def told(graded: Graded) -> None:
        nonlocal done
        done += 1
        status = graded.answer.status if graded.answer else f"unmeasured, {graded.error}"
        notice(f"{done}/{len(items)} {graded.case.id}: {status} in {graded.seconds:.1f} s")

    with opens(settings, name, corpus) as system:
        made = dict(system.provenance)
        version = hashlib.sha256(json.dumps(made).encode()).hexdigest()[:12]
        kept = settings.cache / "bench" / f"answers-{name}-{version}.jsonl"
        report = run(
            [item.case for item in items.values()],
            system.ask,
            scorers=scorers_of(name, items, articles),
            on_progress=told,
            provenance=made,
            resume=asked.runs / f"{name}-{system.name}.jsonl" if asked.runs else kept,
        )
    return section(name, report.graded, made, command)


def main(arguments: Sequence[str] | None = None, opens: Opens = the_assistant, pipeline: str = "") -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong.

    `opens` is another system than the assistant, named `pipeline`.
    """
    parser = argparse.ArgumentParser(prog="answers", description="Measures answers on question sets.")
    # "wikinews-extra" is `--set wikinews --extra`.
    sets = [name for name in ALL_SETS if name != WIKINEWS_EXTRA]
    parser.add_argument("--set", choices=sets if pipeline else (*sets, CLAIMS), required=True)
    parser.add_argument("--bench", type=Path, help="folder of public question sets")
    parser.add_argument("--sample", type=int, help=f"questions asked ({SAMPLE} of a public set, else all)")
    parser.add_argument("--extra", action="store_true", help="of Wikinews, more articles to be misled by")
    parser.add_argument("--model", help="default: that of the settings")
    parser.add_argument("--runs", type=Path, help="where answers are kept, as SET-SYSTEM.jsonl")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)
    if chosen.extra and chosen.set != WIKINEWS:
        parser.error("--extra (EXTRA=1) goes with --set wikinews")
    if chosen.set == CLAIMS and chosen.bench is None:
        parser.error("--set wice needs --bench")

    def measure() -> tuple[str, str]:
        settings = load_settings(model=chosen.model)
        name = chosen.set + "-extra" * chosen.extra
        command = f"make bench-answers SET={chosen.set}" + " BENCH=FOLDER" * (name != GOLD)
        command += " EXTRA=1" * chosen.extra
        if name == CLAIMS:
            by, body = settings.reranker, support_section(settings, chosen.bench / name, command)
            return f"answers-{name} {by}", body
        sample = chosen.sample if name in WITH_CASES else chosen.sample or SAMPLE
        command += f" N={sample}" * bool(sample) + f" MODEL={settings.model}"
        command += f" PIPELINE={pipeline}" * bool(pipeline)
        asked = Asked(name, chosen.bench, sample, chosen.runs)
        by = f"{pipeline} {settings.model}".strip()
        return f"answers-{name} {by}", answers_section(settings, asked, command, opens)

    return conclude(chosen.results, measure)


if __name__ == "__main__":
    sys.exit(main())
