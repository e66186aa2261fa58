"""The table of faults: how often each was tried, and how often something was lost. And a process for runs of
`assistant index` that may be killed, started once as it imports everything.

The table is printed when nothing but these tests is run (`make faults`), and written into the file that
FAULTS_TABLE names, between the markers there.
"""

import datetime as dt
import json
import os
import platform
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from faults.forking import server

Runs = Callable[..., tuple[int, str]]
HERE = Path(__file__).parent
MARKERS = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"


def missing(what: str, remedy: str) -> NoReturn:
    """Skips a test for what this machine lacks. In continuous integration it fails: nobody would notice."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}; {remedy}")
    pytest.skip(what)


@dataclass(slots=True)
class Tally:
    """Of one module of tests."""

    tries: int = 0
    lost: int = 0
    seconds: float = 0.0


TALLIES: dict[str, Tally] = defaultdict(Tally)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that is given many inputs counts as many tries."""
    settings = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
    item.user_properties.append(("tries", settings.max_examples if settings else 1))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Counts what was tried here."""
    module = report.nodeid.partition("::")[0]
    if not module.startswith("tests/faults/"):
        return
    tally = TALLIES[module]
    tally.seconds += report.duration
    if report.when == "call":
        tally.tries += int(dict(report.user_properties).get("tries", 1))
    if report.failed:
        tally.lost += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints the table, and writes it where it is asked for."""
    if any(not str(name).startswith("tests/faults") for name in config.args):
        return
    lines = ["| fault | tried | survived | lost | how | seconds |", "|---|---:|---:|---:|---|---:|"]
    for module, tally in sorted(TALLIES.items()):
        fault = _fault(HERE.parent.parent / module)
        cells = (
            fault,
            tally.tries,
            tally.tries - tally.lost,
            tally.lost,
            f"`{module}`",
            f"{tally.seconds:.0f}",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    terminalreporter.write_line("\n".join(("", *lines)))
    if table := os.environ.get("FAULTS_TABLE"):
        file = config.rootpath / table
        begin, end = MARKERS
        before, _, rest = file.read_text(encoding="utf-8").partition(begin)
        _, _, after = rest.partition(end)
        made = "\n".join((_made(config.rootpath), "", *lines))
        file.write_text(f"{before}{begin}{made}\n{end}{after}", encoding="utf-8")


def _fault(module: Path) -> str:
    """What a module says of itself."""
    said = re.match(r'"""(.+?)\.?\n?(?:"""|\n\n)', module.read_text(encoding="utf-8"), re.DOTALL)
    return " ".join(said[1].split()) if said else module.name


def _made(root: Path) -> str:
    command = ["git", "-C", str(root), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    day, system = dt.datetime.now(dt.UTC).date(), f"{platform.system()}, Python {platform.python_version()}"
    return f"{day}, commit {commit}, {system}, {os.cpu_count()} cores."


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    """Runs a job of `killing` in a process of its own: its exit status, and what it said."""
    with server("killing.py") as work:

        def run(index: Path, kill: dict[str, Any] | None = None, **job: Any) -> tuple[int, str]:
            given = {"index": index, "kill": kill, "settings": {}, "rebuild": False, "largest": 0} | job
            return work(json.dumps(given, default=str))

        yield run
