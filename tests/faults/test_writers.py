"""While an index is written, it is read as one of its states, and is written by no one else.

WRITE_SECONDS=120 in the environment makes it two minutes rather than four seconds.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from faults.corpora import write

from assistant.index.checking import disagreements

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no fork there"),
    pytest.mark.timeout(600),
]

SECONDS = float(os.environ.get("WRITE_SECONDS", "4"))


@pytest.mark.parametrize("size", [{}, {"outgrown": 1.0}], ids=["small", "large"])
def test_readers_see_one_state_at_a_time_and_writers_take_turns(
    tmp_path: Path, size: dict[str, float]
) -> None:
    corpora = [write(tmp_path / name, name, "abcdef") for name in ("one", "two")]
    index = tmp_path / "index"
    job = {"index": index, "corpora": corpora, "writers": 1, "readers": 0, "seconds": 0.01, **size}
    assert share(job) == [["writer", {"done": 1, "busy": 0}, ""]]
    ended = share(job | {"writers": 2, "readers": 4, "seconds": SECONDS})
    assert [wrong for *_, wrong in ended if wrong] == []
    assert len(ended) == 6
    assert all(counts["done"] for kind, counts, _ in ended if kind == "reader")
    assert sum(counts["done"] for kind, counts, _ in ended if kind == "writer")
    assert disagreements(index) == []


def share(job: dict[str, object]) -> list[list[object]]:
    """What each process said at its end."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("sharing.py")), json.dumps(job, default=str)],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]
