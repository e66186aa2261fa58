"""How soon the assistant is there: the chat's prompt and first passages, and a cold `assistant ask`.

The chat runs in a pseudo-terminal. A question is typed as soon as its prompt stands, and in another chat
some seconds later. That chat has no language model, since only what comes before one is measured:
importing, loading and searching, which an `ask` does at the same time as far as it can, and which are
measured one after the other as well. With `--model NAME` an `ask` of that model is timed, cold, and warm
in a process that has answered another question. Medians, of two checkouts alternately, since other
programs may be running. Run it with `make bench-start`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pexpect
from record import PROMPT, TERMINAL

QUESTION, OTHER = "How many points does the peace plan have?", "Who leads the Ukrainian delegation?"
EXTRACTIVE = "extractive"
HERE = Path(__file__).resolve().parent.parent
FOUND, RANKED = rb"(?:ranking what was found|reading \d+ article)", rb"reading \d+ article"
"""Stand above the first passages, and above those that are going to be read."""

STAGES = """
import json, sys, time
laps = [time.perf_counter()]
import onnxruntime, tokenizers, assistant.answering.pipeline, assistant.cli.main
from assistant.answering.events import PassagesFound
from assistant.api.assistant import Assistant
from assistant.settings import load_settings
def lap(): laps.append(time.perf_counter())
lap()
pipeline = Assistant(load_settings(index=sys.argv[1], model=sys.argv[3])).pipeline
lap()
pipeline.load_model()
lap()
def found(event):
    if isinstance(event, PassagesFound):
        laps[4:] = [time.perf_counter()]
pipeline.ask(sys.argv[2], on_event=found)
lap()
print(json.dumps([later - before for before, later in zip(laps, laps[1:])]))
"""

WARM = """
import sys, time
from assistant.api.assistant import Assistant
from assistant.settings import load_settings
pipeline = Assistant(load_settings(index=sys.argv[1], model=sys.argv[3])).pipeline
pipeline.ask(sys.argv[4])
start = time.perf_counter()
pipeline.ask(sys.argv[2])
print(time.perf_counter() - start)
"""


def main() -> None:
    """Prints medians in seconds, and where there are two checkouts, how they compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--wait", type=float, default=4, help="seconds before the second chat's question")
    parser.add_argument("--against", type=Path, help="another checkout to compare with")
    parser.add_argument("--model", help="a language model to time an `ask` of, too")
    options = parser.parse_args()
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    with tempfile.TemporaryDirectory() as folder:
        for checkout in checkouts:
            run(checkout, "index", "--index", str(Path(folder) / str(checkouts.index(checkout))))
        rounds = [
            [
                dict(measured(checkout, Path(folder) / str(place), options.wait, options.model))
                for place, checkout in enumerate(checkouts)
            ]
            for _ in range(options.runs)
        ]
    compared = "     other  here/other" if options.against else ""
    print(f"{f'seconds, medians of {options.runs}':54}{'here':>8}{compared}")
    for name in rounds[0][0]:
        columns = [median(one[place][name] for one in rounds) for place in range(len(checkouts))]
        ratio = f"{columns[1]:10.2f}{columns[0] / columns[1]:12.2f}" if options.against else ""
        print(f"{name:54}{columns[0]:8.2f}{ratio}")


def measured(checkout: Path, index: Path, wait: float, model: str | None) -> Iterator[tuple[str, float]]:
    """What is measured, by name, in seconds."""
    prompt, found, ranked = chat(checkout, index, 0)
    yield from {"chat: prompt": prompt, "chat: found, asked at once": found, "chat: ranked": ranked}.items()
    _, found, ranked = chat(checkout, index, wait)
    yield from {f"chat: found, asked after {wait:g} s": found, "chat: ranked then": ranked}.items()
    yield from asked(checkout, index, EXTRACTIVE)
    if model:
        yield from asked(checkout, index, model)


def asked(checkout: Path, index: Path, model: str) -> Iterator[tuple[str, float]]:
    """An `ask` in a process of its own, its parts one by one, and one in a process that has asked before."""
    start = time.perf_counter()
    run(checkout, "ask", "--index", str(index), "--model", model, QUESTION)
    yield f"{model}: cold", time.perf_counter() - start
    arguments = [str(index), QUESTION, model, OTHER]
    yield f"{model}: warm", float(python(checkout, WARM, *arguments))
    names = ("import", "load", "load the language model", "search", "answer")
    laps = json.loads(python(checkout, STAGES, *arguments))
    yield from ((f"{model}, one by one: {name}", lap) for name, lap in zip(names, laps, strict=True))


def chat(checkout: Path, index: Path, wait: float) -> tuple[float, float, float]:
    """Seconds from the start to the prompt, from the question to the first passages, and to their ranking."""
    arguments = ["-m", "assistant", "chat", "--no-save", "--model", EXTRACTIVE, "--index", str(index)]
    start = time.perf_counter()
    child = pexpect.spawn(
        sys.executable,
        arguments,
        env=environment(checkout),
        cwd=str(checkout),
        dimensions=(30, 96),
        timeout=120,
    )
    child.delaybeforesend = None
    child.expect_exact(PROMPT.encode())
    prompt = time.perf_counter() - start
    time.sleep(wait)
    asked = time.perf_counter()
    child.send(f"{QUESTION}\r")
    child.expect(FOUND)
    found = ranked = time.perf_counter() - asked
    if not re.match(RANKED, child.after):
        child.expect(RANKED)
        ranked = time.perf_counter() - asked
    child.close(force=True)
    return prompt, found, ranked


def python(checkout: Path, code: str, *arguments: str) -> bytes:
    """What the code prints."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.check_output(command, env=environment(checkout), cwd=checkout)


def run(checkout: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        env=environment(checkout),
        cwd=checkout,
        check=True,
        capture_output=True,
    )


def environment(checkout: Path) -> dict[str, str]:
    return os.environ | TERMINAL | {"PYTHONPATH": str(checkout)}


if __name__ == "__main__":
    main()
