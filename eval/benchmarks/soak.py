"""Whether a server stays as it is: many questions of many clients, and what it holds of memory and files.

    python -m eval.benchmarks.soak [--questions 1000] [--clients 8] [--corpus FOLDER]

Gold questions are asked, searched for and made timelines of in turn, extractively, of `assistant serve` in a
process of its own. Ends with status 1 where a question failed, where memory grew by 5% or more after the
first hundred questions, or where files stayed open.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from assistant.errors import AssistantError
from assistant.evaluation.gold.cases import read_gold
from assistant.evaluation.report import table
from assistant.server.client import post
from assistant.server.tokens import VARIABLE
from eval.benchmarks.command import notice
from eval.benchmarks.speed import environment

HERE = Path(__file__).resolve().parents[2]
KINDS = {"/ask": "question", "/search": "query", "/timeline": "topic"}
"""What is asked in turn, with the name of the words in its request."""

WARM = 100
"""Questions after which all that is loaded once has been; memory is compared with what it is then."""

MOST_GROWTH = 0.05
PATIENCE = 600
"""Seconds that a server may take to index the articles and to load its models."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds: bytes of memory that are resident, and open files, sockets and pipes."""

    memory: int
    handles: int


def held(process: int) -> Held:
    """What a running process holds now, as Linux says."""
    place = Path(f"/proc/{process}")
    pages = int((place / "statm").read_text(encoding="ascii").split()[1])
    return Held(pages * os.sysconf("SC_PAGE_SIZE"), len(list((place / "fd").iterdir())))


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path, how long it took in seconds, and why it failed, empty where it did not."""

    path: str
    seconds: float
    error: str


def ask(url: str, path: str, words: str) -> Asked:
    """Asks the server at the URL."""
    started, error = time.perf_counter(), ""
    try:
        reply = post(url, path, {KINDS[path]: words})
        if path == "/search":
            reply.found()
        else:
            reply.answer()
    except AssistantError as problem:
        error = str(problem)
    return Asked(path, time.perf_counter() - started, error)


@contextmanager
def served(corpus: Path | None) -> Iterator[tuple[str, int]]:
    """The address and the process of a server for as long as the block lasts. Raises AssistantError."""
    options = ["--corpus", str(corpus)] if corpus else []
    command = [sys.executable, "-m", "assistant", "serve", "--port", "0", "--model", "extractive", *options]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        server = subprocess.Popen(command, env=environment(HERE), stderr=said)
        try:
            yield _address(server, said.fileno()), server.pid
        finally:
            server.terminate()
            server.wait()


def _address(server: subprocess.Popen[bytes], said: int) -> str:
    """Where it listens, once it says so."""
    for _ in range(PATIENCE * 10):
        words = os.pread(said, 1 << 20, 0).decode(errors="replace")
        if found := re.search(r"serving .* on (http://\S+)", words):
            return found[1]
        if server.poll() is not None:
            raise AssistantError(words.strip().rpartition("\n")[2])
        time.sleep(0.1)
    raise AssistantError(f"the server is not ready after {PATIENCE} s; run assistant index first")


def soak(
    url: str, process: int, questions: Sequence[str], most: int, clients: int
) -> tuple[list[Asked], list[Held]]:
    """Asks `most` times; what came of it, and what the process held at first, once warm, and in the end."""
    paths, lock, done = list(KINDS), threading.Lock(), list[Asked]()
    warm = min(WARM, most // 2)
    kept = [held(process)]

    def one(number: int) -> None:
        asked = ask(url, paths[number % len(paths)], questions[number // len(paths) % len(questions)])
        with lock:
            done.append(asked)
            if len(done) % 100 == 0:
                notice(f"soak: {len(done)} of {most} asked")

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(warm)))
        kept.append(held(process))
        list(pool.map(one, range(warm, most)))
    kept.append(held(process))
    return done, kept


def report(done: Sequence[Asked], kept: Sequence[Held], seconds: float, clients: int) -> str:
    """The table of all that was asked, and a line on what was held."""
    rows = []
    for name in (*KINDS, "all"):
        some = [one for one in done if name in (one.path, "all")]
        middle, late = _percentiles([one.seconds for one in some])
        errors = sum(bool(one.error) for one in some)
        rows.append(
            [
                f"`{name}`" if name in KINDS else name,
                str(len(some)),
                str(errors),
                f"{middle:.2f}",
                f"{late:.2f}",
            ]
        )
    first, warm, last = kept
    return (
        f"{table(('', 'asked', 'errors', 'p50, s', 'p99, s'), rows)}\n\n"
        f"{clients} clients, {len(done) / seconds:.1f} requests a second. Resident memory: "
        f"{first.memory / 2**20:.0f} MiB at first, {warm.memory / 2**20:.0f} once warm, "
        f"{last.memory / 2**20:.0f} in the end ({growth(kept):+.1%}). Open files: {first.handles} at first, "
        f"{warm.handles} once warm, {last.handles} in the end."
    )


def growth(kept: Sequence[Held]) -> float:
    """By how much memory grew since the server was warm, as a share."""
    _, warm, last = kept
    return last.memory / warm.memory - 1


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    if len(seconds) < 2:
        return seconds[0], seconds[0]
    cuts = quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[98]


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks and prints; 0, 1 where the server did not stay as it was, or 2 with what is wrong in a line."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--questions", type=int, default=1000, help="requests in all")
    parser.add_argument("--clients", type=int, default=8, help="who ask at a time")
    parser.add_argument("--corpus", type=Path, help="default: the built-in one")
    chosen = parser.parse_args(arguments)
    os.environ[VARIABLE] = secrets.token_urlsafe()
    questions = [case.question for case in read_gold(HERE / "eval/gold.jsonl") if not case.history]
    try:
        with served(chosen.corpus) as (url, process):
            started = time.perf_counter()
            done, kept = soak(url, process, questions, max(2, chosen.questions), chosen.clients)
            print(report(done, kept, time.perf_counter() - started, chosen.clients))
    except AssistantError as error:
        notice(str(error))
        return 2
    for failed in sorted({one.error for one in done if one.error}):
        notice(failed)
    well = not any(one.error for one in done) and growth(kept) < MOST_GROWTH
    return 0 if well and kept[-1].handles <= kept[1].handles + chosen.clients else 1


if __name__ == "__main__":
    sys.exit(main())
