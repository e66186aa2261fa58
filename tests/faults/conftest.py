"""A process for runs of `assistant index` that may be killed, started once as it imports everything."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.forking import server

Runs = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    """Runs a job of `killing` in a process of its own: its exit status, and what it said."""
    with server("killing.py") as work:

        def run(index: Path, kill: dict[str, Any] | None = None, **job: Any) -> tuple[int, str]:
            given = {"index": index, "kill": kill, "settings": {}, "rebuild": False, "largest": 0} | job
            return work(json.dumps(given, default=str))

        yield run
