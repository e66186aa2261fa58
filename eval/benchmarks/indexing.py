"""How fast a corpus is indexed, and with how much memory, beside the tutorial's pipeline in the same run.

    python -m eval.benchmarks.indexing [--runs 3] [--corpus PATH]

Each indexing is a process of its own, from its start to its end, and the processes run in turn. The tutorial
embeds with all-MiniLM-L6-v2 in torch, as it has it; so does the assistant in its second row, and with its own
default in the first.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from assistant.corpus.articles import read_corpus
from assistant.errors import AssistantError
from assistant.evaluation.report import table
from assistant.models.encoders.embeddings import MINILM
from assistant.settings import load_settings
from eval.benchmarks.command import conclude, notice
from eval.benchmarks.speed import HERE, environment

TUTORIAL = """
import sys
from pathlib import Path
from assistant.settings import load_settings
from eval.benchmarks import tutorial
with tutorial.opened(Path(sys.argv[1]), Path(sys.argv[2]), load_settings()):
    pass
"""


@dataclass(frozen=True, slots=True)
class Indexing:
    """One process: its seconds of the clock and of the processor, and the most memory it had, in MB."""

    clock: float
    processor: float
    memory: float


def indexed(arguments: Sequence[str], *, python: str = sys.executable, **variables: str) -> Indexing:
    """What a Python process takes. Raises AssistantError with the last line of what went wrong."""
    start = perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [python, *arguments],
            env=environment(HERE) | variables,
            cwd=HERE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        memory, ended = 0.0, 0
        while not ended:
            # Looked at meanwhile: what wait4 tells counts what this process had when it forked.
            memory = max(memory, peak(process.pid))
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        clock = perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise AssistantError(said.read().strip().rpartition("\n")[2])
    return Indexing(clock, used.ru_utime + used.ru_stime, memory)


def peak(process: int) -> float:
    """The most memory that a process had until now, in MB, as Linux says; 0 once it is gone."""
    with suppress(OSError):
        if found := re.search(
            r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text("ascii", "replace")
        ):
            return int(found[1]) / 1024
    return 0.0


def rounds(corpus: Path, runs: int, work: Path) -> dict[str, list[Indexing]]:
    """What is measured, by name; in each round everything once, from nothing."""

    def assistant(place: Path, embedder: str) -> Indexing:
        arguments = ["-m", "assistant", "index", "--corpus", str(corpus), "--index", str(place)]
        return indexed(arguments, ASSISTANT_EMBEDDER=embedder)

    rows: dict[str, Callable[[Path], Indexing]] = {
        "assistant, its default": lambda place: assistant(place, "auto"),
        f"assistant, {MINILM}": lambda place: assistant(place, MINILM),
        f"tutorial, {MINILM}": lambda place: indexed(["-c", TUTORIAL, str(place), str(corpus)]),
    }
    made: dict[str, list[Indexing]] = {name: [] for name in rows}
    for number in range(runs):
        for place, (name, measure) in enumerate(rows.items()):
            made[name].append(measure(work / f"{number}-{place}"))
        notice(f"indexing: round {number + 1} of {runs} done")
    return made


def section(made: dict[str, list[Indexing]], articles: int) -> tuple[str, str]:
    """The section of the report."""
    middle = {
        name: Indexing(
            *(median(getattr(one, part) for one in some) for part in ("clock", "processor", "memory"))
        )
        for name, some in made.items()
    }
    *_, tutorial = middle.values()
    rows = [
        (
            name,
            f"{one.clock:.1f}",
            f"{one.processor:.1f}",
            f"{articles / one.clock:.1f}",
            f"{tutorial.clock / one.clock:.2f}",
            f"{one.memory:.0f}",
            f"{one.memory / tutorial.memory:.2f}",
        )
        for name, one in middle.items()
    ]
    head = (
        "",
        "s",
        "processor s",
        "articles a second",
        "times the tutorial's",
        "peak MB",
        "of the tutorial's",
    )
    runs = len(next(iter(made.values())))
    body = table(head, rows, right=1)
    return "indexing", (
        f"## Indexing\n\n{articles} articles, medians of {runs} rounds, start and imports of each process "
        f"included.\n\n`make bench-indexing`\n\n{body}"
    )


def measure(chosen: argparse.Namespace) -> tuple[str, str]:
    """Indexes and measures. Raises AssistantError."""
    corpus = load_settings(corpus=chosen.corpus).corpus_path
    articles = len(list(read_corpus(corpus)))
    with tempfile.TemporaryDirectory() as folder:
        return section(rounds(corpus, chosen.runs, Path(folder)), articles)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="indexing", description="Measures how fast a corpus is indexed.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--corpus", type=Path, help="default: the built-in one")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)
    return conclude(chosen.results, lambda: measure(chosen))


if __name__ == "__main__":
    sys.exit(main())
