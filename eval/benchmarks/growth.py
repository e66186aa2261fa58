"""What grows with an index: searching, opening, memory, bytes on disk, and bringing one article up to date.

    python -m eval.benchmarks.growth [--sizes 1000 10000 100000 1000000] [--work FOLDER]

Each size is indexed, searched and changed in processes of their own, whose memory nothing else has used. The
articles are synthetic (`eval.benchmarks.synthetic`), the questions those of gold.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from langchain_core.embeddings import DeterministicFakeEmbedding
from matplotlib.figure import Figure

from assistant.api.build import build_retriever
from assistant.api.opening import identity
from assistant.evaluation.gold.cases import read_gold
from assistant.evaluation.report import table
from assistant.index import encoding, snapshots
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.sync import sync
from assistant.models.encoders.embeddings import load_embeddings
from assistant.retrieval.retriever import POOL, Retriever
from assistant.settings import Settings, load_settings
from eval.benchmarks.command import conclude, notice
from eval.benchmarks.indexing import peak
from eval.benchmarks.speed import HERE
from eval.benchmarks.synthetic import MIDDLE, PASSAGES, Made, real

SIZES = (1_000, 10_000, 100_000, 1_000_000)
EMBEDDER = "bge-small-en-v1.5"
NEAREST = 10
RANKED = 10
"""Questions that are ranked, too, which takes as long whatever the size."""

COMMITTED = 2_000_000
"""Characters indexed at a time."""
LINES = ("finding, s", "as of a day, s", "search, s", "search as of a day, s")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured at one size. Times are in seconds, memory and sizes in MB (10^6 bytes)."""

    passages: int
    indexed: float
    disk: float
    recall: float
    """Share of the 10 nearest passages that are found, over the questions."""
    opened: float
    first: float
    """The first search, which reads the vectors into memory."""
    search: float
    """A warm one, as all that follow; without reranker and reader."""
    processor: float
    """Of the processor's seconds, which other work on the machine leaves nearly alone."""
    as_of: float
    as_of_processor: float
    ranked: float
    """With reranker and reader."""
    ranked_as_of: float
    memory: float
    """The most that the process which searched had."""
    synced: float
    """One article changed: until the new index is there."""
    written: float


P = ParamSpec("P")
R = TypeVar("R")


def alone(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `work` returns in a process that does nothing else."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def index(settings: Settings, made: Made, path: Path) -> tuple[float, float]:
    """Brings the index in line with what was made; seconds, and the MB that were written."""
    import chromadb  # noqa: F401  # takes a second whatever the size

    # Nothing is embedded, so committing every 64 passages, as usual, would take most of the time.
    encoding.BATCH = COMMITTED
    unasked = DeterministicFakeEmbedding(size=1)
    start, before = perf_counter(), written()
    sync(path, made, unasked, identity(settings), encode=made.encode)
    return perf_counter() - start, (written() - before) / 1e6


def written() -> int:
    """Bytes that this process has had written to the disk, as Linux says."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def recall(settings: Settings, made: Made, path: Path, questions: Sequence[str]) -> float:
    """The share of the passages nearest to each question, by exact search, that a search finds."""
    embeddings = load_embeddings(settings.embedder, settings.cache, for_queries=True)
    asked = np.asarray([embeddings.embed_query(question) for question in questions], np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    best = np.zeros((0, len(asked)), np.float32)
    for first in range(0, made.articles, 500):
        numbers = range(first, min(first + 500, made.articles))
        near = np.concatenate([made.vectors(number) for number in numbers]) @ asked.T
        best = np.sort(np.concatenate([best, near]), axis=0)[-NEAREST:]
    index = Index.open(path, identity(settings))
    # By similarity, since some are as near as others.
    found = [
        sum(
            similarity > least - 1e-5
            for *_, similarity in index.dense(vector.tolist(), POOL, Filters())[:NEAREST]
        )
        for vector, least in zip(asked, best[0], strict=True)
    ]
    index.close()
    return float(sum(found) / NEAREST / len(found))


def searches(settings: Settings, path: Path, questions: Sequence[str]) -> dict[str, float]:
    """What `Figures` has of opening and searching; of warm searches the medians."""
    start = perf_counter()
    index = Index.open(path, identity(settings))
    found = {"opened": perf_counter() - start}
    ranked = replace(build_retriever(settings, index), eager=True)  # as `assistant search` does
    plain = replace(ranked, reranker=None, reader=None)
    found["first"], _ = took(plain, questions[0], Filters())
    day = Filters(as_of=MIDDLE)
    few, processors = questions[:RANKED], dict[str, float]()
    for name, retriever, filters, asked in (
        ("search", plain, Filters(), questions),
        ("as_of", plain, day, questions),
        ("ranked", ranked, Filters(), few),
        ("ranked_as_of", ranked, day, few),
    ):
        took(retriever, questions[0], filters)
        taken = [took(retriever, question, filters) for question in asked]
        found[name], processors[name] = (median(seconds) for seconds in zip(*taken, strict=True))
    index.close()
    spent = {"processor": processors["search"], "as_of_processor": processors["as_of"]}
    return found | spent | {"memory": peak(os.getpid()) * 2**20 / 1e6}


def took(retriever: Retriever, question: str, filters: Filters) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    start, before = perf_counter(), process_time()
    retriever.retrieve(question, filters)
    return perf_counter() - start, process_time() - before


def figures(settings: Settings, made: Made, work: Path, questions: Sequence[str]) -> Figures:
    """What is measured at a size; what was measured before is kept in `work`."""
    size = made.articles * PASSAGES
    path, kept = work / str(size), work / f"{size}.json"
    if kept.is_file():
        return Figures(**json.loads(kept.read_text("ascii")))
    indexed, _ = alone(index, settings, made, path)
    notice(f"growth: {size:,} passages indexed in {indexed:.0f} s")
    states = snapshots.layers(snapshots.current(path) or path)
    disk = sum(file.stat().st_size for state in states for file in state.rglob("*") if file.is_file()) / 1e6
    recalled = alone(recall, settings, made, path, questions)
    searched = alone(searches, settings, path, questions)
    synced, more = alone(index, settings, replace(made, changed=True), path)
    found = Figures(size, indexed, disk, recalled, **searched, synced=synced, written=more)
    kept.write_text(json.dumps(asdict(found)), "ascii")
    notice(f"growth: {size:,} passages measured")
    return found


def section(found: Sequence[Figures], questions: int) -> str:
    """The section of the report."""
    rows = [
        [
            f"{one.passages:,}",
            f"{one.indexed:,.0f}",
            f"{one.disk:,.0f}",
            f"{one.recall:.2f}",
            *(f"{value:.2f}" for value in (one.opened, one.first)),
            *(f"{value:.3f}" for value in (one.processor, one.as_of_processor)),
            *(f"{value:.2f}" for value in times(one)),
            f"{one.memory - found[0].memory:,.0f}",
            f"{one.synced:.1f}",
            f"{one.written:,.0f}",
        ]
        for one in found
    ]
    head = (
        "passages",
        "s to index",
        "MB on disk",
        f"recall@{NEAREST} of vectors",
        "s to open",
        "first search, s",
        "finding, processor s",
        "as of a day, processor s",
        *LINES,
        "MB of memory more",
        "one article changed, s",
        "MB written for it",
    )
    return (
        f"## Growth\n\nThe built-in corpus's passages over and over, {PASSAGES} to an article, over ten "
        "years; each vector is a real one, moved by half the difference of two others, so that indexing "
        f"is without embedding. {questions} gold questions (ranked: {min(RANKED, questions)}), medians, "
        "embedded and ranked for real; finding is a search without reranker and reader; as of a day by which "
        "half of the articles are there.\n\n"
        f"`make bench-growth`\n\n{table(head, rows, right=0)}\n\n"
        f"{bars(found)}\n\n![Seconds by passages](growth.svg)"
    )


def bars(found: Sequence[Figures]) -> str:
    """What the largest size is held against."""
    least, most = found[0], found[-1]
    memory = most.memory - least.memory
    held = [
        (
            f"a warm search takes {most.ranked / least.ranked:.1f} times what it takes at "
            f"{least.passages:,}, at most 3; finding alone {most.search / least.search:.1f} times",
            most.ranked <= 3 * least.ranked,
        ),
        (f"{most.ranked:.2f} s, at most 0.5; finding alone {most.search:.2f}", most.ranked <= 0.5),
        (
            f"as of a day {most.ranked_as_of:.2f} s, at most 0.5; finding alone {most.as_of:.2f}",
            most.ranked_as_of <= 0.5,
        ),
        (f"{memory:,.0f} MB of memory more, at most 1,500", memory <= 1500),
        (f"one article changed in {most.synced:.1f} s, at most 5", most.synced <= 5),
        (f"and {most.written:,.0f} MB written, at most 50", most.written <= 50),
    ]
    lines = (f"- {text}: {'met' if met else 'missed'}" for text, met in held)
    return "\n".join([f"Bars at {most.passages:,} passages:\n", *lines])


def times(one: Figures) -> tuple[float, ...]:
    """The seconds that are drawn, in the order of `LINES`."""
    return one.search, one.as_of, one.ranked, one.ranked_as_of


def draw(found: Sequence[Figures], file: Path) -> None:
    """Seconds by passages, on logarithmic axes; the same bytes for the same figures."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, seconds in zip(LINES, zip(*map(times, found), strict=True), strict=True):
        axes.loglog([one.passages for one in found], seconds, marker="o", label=name)
    axes.set(xlabel="passages", ylabel="seconds")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    with mpl.rc_context({"svg.hashsalt": "growth", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None})


def measure(chosen: argparse.Namespace) -> tuple[str, str]:
    """Measures each size, smallest first, and draws. Raises AssistantError."""
    settings = load_settings(embedder=EMBEDDER)
    cases = read_gold(HERE / "eval/gold.jsonl")
    questions = [case.question for case in cases if case.answerable and not case.history]
    questions = questions[: chosen.questions]
    with tempfile.TemporaryDirectory() as folder:
        work: Path = chosen.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        texts, directions = real(settings)
        sizes = [Made(texts, directions, max(1, size // PASSAGES)) for size in sorted(chosen.sizes)]
        found = [figures(settings, made, work, questions) for made in sizes]
    draw(found, chosen.results.with_name("growth.svg"))
    return "growth", section(found, len(questions))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="growth", description="Measures what grows with an index.")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="in passages")
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--work", type=Path, help="where indexes and figures are kept; default: nowhere")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)
    return conclude(chosen.results, lambda: measure(chosen))


if __name__ == "__main__":
    sys.exit(main())
