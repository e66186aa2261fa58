"""How fast a search and an `ask` are, cold and warm, beside the tutorial's pipeline in the same run.

    python -m eval.benchmarks.speed [--runs 5] [--questions 30] [--corpus FOLDER] [--against CHECKOUT]

Cold is a process of its own, from its start to its end or to the first passages on a terminal. What is
compared runs in turn, so that a busy machine slows all of it. The tutorial's process imports what the
tutorial imports, opens its index and looks for the question; once with its embedder in torch, as the tutorial
has it, and once with the export to ONNX that this project makes of it. Seconds are medians, of the clock and
of the processor.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import pexpect

from assistant.errors import AssistantError
from assistant.evaluation.gold.cases import read_gold
from assistant.evaluation.report import table
from assistant.settings import Settings, load_settings
from eval.benchmarks import tutorial
from eval.benchmarks.command import conclude, notice

HERE = Path(__file__).resolve().parents[2]
QUESTION = "Who leads the Ukrainian delegation?"
FOUND = rb"ranking what was found|reading \d+ article"
"""Stands above the first passages of an `ask`."""

TUTORIAL = """
import sys
from pathlib import Path
import chromadb
from langchain_chroma import Chroma
from langchain_text_splitters import RecursiveCharacterTextSplitter
from assistant.models.encoders.embeddings import MINILM, load_embeddings
folder, cache, kind, *questions = sys.argv[1:]
embeddings = load_embeddings(MINILM, Path(cache), for_queries=kind == "onnx")
settings = chromadb.config.Settings(anonymized_telemetry=False)
store = Chroma("tutorial", embeddings, client=chromadb.PersistentClient(folder, settings))
find = lambda question: store.similarity_search_with_score(question, k=4)
"""

WARM_TUTORIAL = "find(questions[0])\nlap(find, questions)"

WARM = """
import sys
import assistant
folder, corpus, *questions = sys.argv[1:]
news = assistant.open(corpus, index=folder)
news.search(questions[0])
lap(news.search, questions)
"""

LAP = """
import time
def lap(find, questions):
    clocks = time.perf_counter, time.process_time
    for question in questions:
        start = [clock() for clock in clocks]
        find(question)
        print(*(clock() - then for clock, then in zip(clocks, start)))
"""


@dataclass(frozen=True, slots=True)
class Seconds:
    """Of the clock, and of the processor in this process and its children."""

    clock: float
    processor: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Two indexes of one corpus, and what is asked of them."""

    settings: Settings
    corpus: Path
    index: Path
    store: Path
    questions: Sequence[str]

    def cold(self, *arguments: str, checkout: Path = HERE) -> Seconds:
        """A command of the assistant, in a process of its own."""
        return took(lambda: run(["-m", "assistant", *arguments], checkout))

    def search(self, checkout: Path = HERE) -> Seconds:
        """A cold search."""
        return self.cold("search", QUESTION, *self._place(), checkout=checkout)

    def first_passages(self, checkout: Path = HERE) -> Seconds:
        """From the start of a cold `ask` at a terminal to the first passages that it shows."""
        command = ["-m", "assistant", "ask", QUESTION, "--model", "extractive", *self._place()]

        start, before = perf_counter(), _children()
        child = pexpect.spawn(
            sys.executable,
            command,
            env=environment(checkout),
            cwd=str(checkout),  # where Python looks first
            dimensions=(30, 96),
            timeout=120,
        )
        child.expect(FOUND)
        clock = perf_counter() - start
        child.kill(signal.SIGKILL)
        child.wait()
        return Seconds(clock, _children() - before)

    def tutorial(self, kind: str) -> Seconds:
        """The tutorial's imports, opening of the index, and query."""
        return took(lambda: self._tutorial(kind, "find(questions[0])", [QUESTION]))

    def warm(self, checkout: Path = HERE) -> Seconds:
        """A search, the median of the questions, in a process that has searched before."""
        arguments = [str(self.index), str(self.corpus), *self.questions]
        return middle(run(["-c", LAP + WARM, *arguments], checkout))

    def warm_tutorial(self, kind: str) -> Seconds:
        """A query of the tutorial's, likewise."""
        return middle(self._tutorial(kind, WARM_TUTORIAL, self.questions))

    def _place(self) -> list[str]:
        return ["--corpus", str(self.corpus), "--index", str(self.index)]

    def _tutorial(self, kind: str, then: str, questions: Sequence[str]) -> str:
        arguments = [str(self.store / "chroma"), str(self.settings.cache), kind, *questions]
        return run(["-c", LAP + TUTORIAL + then, *arguments], HERE)


def took(work: Callable[[], object]) -> Seconds:
    """The seconds of what runs in child processes."""
    start, before = perf_counter(), _children()
    work()
    return Seconds(perf_counter() - start, _children() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(arguments: Sequence[str], checkout: Path) -> str:
    """What a Python process prints. Raises AssistantError with the last line of what went wrong."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment(checkout),
        cwd=checkout,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise AssistantError(f"in {checkout}: {done.stderr.strip().rpartition(chr(10))[2]}")
    return done.stdout


def environment(checkout: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(checkout), "TERM": "xterm-256color"}


def middle(printed: str) -> Seconds:
    """The median of lines that each have two figures."""
    rows = [tuple(map(float, line.split())) for line in printed.splitlines()]
    return Seconds(median(row[0] for row in rows), median(row[1] for row in rows))


def measured(bench: Bench, runs: int, against: Path | None) -> Iterator[tuple[str, list[Seconds]]]:
    """What is measured, by name; in each round everything once, one after the other."""
    rows: dict[str, Callable[[], Seconds]] = {
        "`--help`": lambda: bench.cold("--help"),
        "cold search": bench.search,
        "cold `ask`, first passages": bench.first_passages,
        "tutorial, cold, embedder in torch": lambda: bench.tutorial("torch"),
        "tutorial, cold, embedder exported": lambda: bench.tutorial("onnx"),
        "warm search": bench.warm,
        "tutorial, warm, embedder exported": lambda: bench.warm_tutorial("onnx"),
    }
    if against is not None:
        rows |= {
            "cold search, other checkout": lambda: bench.search(against),
            "cold `ask`, first passages, other checkout": lambda: bench.first_passages(against),
            "warm search, other checkout": lambda: bench.warm(against),
        }
    for measure in rows.values():
        measure()  # reads files into memory, and keeps what is kept once
    rounds = []
    for number in range(runs):
        rounds.append({name: measure() for name, measure in rows.items()})
        notice(f"speed: round {number + 1} of {runs} done")
    return ((name, [one[name] for one in rounds]) for name in rows)


def section(bench: Bench, runs: int, against: Path | None) -> tuple[str, str]:
    """The section of the report."""
    kept = dict(measured(bench, runs, against))
    clocks = {name: median(one.clock for one in some) for name, some in kept.items()}
    processors = {name: median(one.processor for one in some) for name, some in kept.items()}
    cells = [
        [name, f"{clocks[name]:.2f}", f"{processors[name]:.2f}", *_ratios(name, clocks, processors)]
        for name in kept
    ]
    head = (
        "",
        "s",
        "processor s",
        "of the tutorial",
        "by the processor",
        "of the exported",
        "by the processor",
    )
    return "speed", (
        "## Speed\n\n"
        f"Medians of {runs} rounds, in each everything in turn; the warm ones of {len(bench.questions)} gold "
        "questions. The tutorial is the one with its embedder in torch, as it has it.\n\n"
        f"`make bench-speed`\n\n{table(head, cells, right=1)}"
    )


def _ratios(name: str, *columns: dict[str, float]) -> list[str]:
    if name.startswith("tutorial") or "warm" in name or "help" in name:
        return [""] * 4
    others = [f"tutorial, cold, embedder {kind}" for kind in ("in torch", "exported")]
    return [f"{column[name] / column[other]:.2f}" for other in others for column in columns]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="speed", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--questions", type=int, default=30, help="questions that are asked warm")
    parser.add_argument("--corpus", type=Path, help="default: the built-in one")
    parser.add_argument("--against", type=Path, help="another checkout to compare with")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)
    return conclude(chosen.results, lambda: measure(chosen))


def measure(chosen: argparse.Namespace) -> tuple[str, str]:
    """Indexes the corpus for both, and measures. Raises AssistantError."""
    settings = load_settings(corpus=chosen.corpus)
    cases = read_gold(HERE / "eval/gold.jsonl")
    questions = [case.question for case in cases if case.answerable and not case.history]
    with tempfile.TemporaryDirectory() as folder:
        index, store = Path(folder) / "index", Path(folder) / "tutorial"
        bench = Bench(settings, settings.corpus_path, index, store, questions[: chosen.questions])
        bench.cold("index", *bench._place())
        with tutorial.opened(store, settings.corpus_path, settings):
            pass
        return section(bench, chosen.runs, chosen.against and chosen.against.resolve())


if __name__ == "__main__":
    sys.exit(main())
