"""Too little memory: an answer, or a line that says so, and the old index still answers.

What a process may address is limited, as by `ulimit -v`; some of it is taken first, so that it ends sooner.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, Run
from fakes import write_corpus

from assistant.cli.running import LEAST
from assistant.index import snapshots
from assistant.index.checking import disagreements

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no such limit there")

LIMITED = """
import mmap, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20, resource.RLIM_INFINITY))
taken = int(sys.argv[2]) << 20 and mmap.mmap(-1, int(sys.argv[2]) << 20)
sys.argv[1:] = sys.argv[3:]
from assistant.cli.main import main
main()
"""
COST = "What will the valley dam cost?"
QUESTION = ("ask", COST, "--model", "extractive")


class Place:
    """A corpus with an index of it."""

    def __init__(self, folder: Path) -> None:
        self.corpus, self.index = write_corpus(folder / "corpus"), folder / "index"

    def run(self, *command: str, megabytes: int = 8192, taken: int = 0) -> Ended:
        """`assistant`, which may address so much, of which so much is taken."""
        places = ["--corpus", str(self.corpus), "--index", str(self.index)]
        limited = [sys.executable, "-c", LIMITED, str(megabytes), str(taken)]
        ended = subprocess.run(
            [*limited, *command, *places], capture_output=True, text=True, errors="replace", check=False
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("memory"))
    assert place.run("index").status == 0
    return place


def told_in_a_line(ended: Ended) -> bool:
    assert (ended.status, ended.out) == (2, "")
    return ended.err.startswith("assistant: ") and ended.err.count("\n") == 1 and "ulimit -v" in ended.err


@pytest.mark.slow
@pytest.mark.parametrize("command", [QUESTION, ("index", "--rebuild"), ("show", "dam")], ids=" ".join)
@pytest.mark.parametrize("megabytes", [90, 300, (LEAST >> 20) - 1])
def test_what_cannot_be_enough_is_told_at_once(
    place: Place, command: tuple[str, ...], megabytes: int
) -> None:
    assert told_in_a_line(place.run(*command, megabytes=megabytes))


@pytest.mark.slow
def test_what_is_enough_answers(place: Place) -> None:
    ended = place.run(*QUESTION, megabytes=3072)
    assert (ended.status, ended.err) == (0, "")
    assert "90 billion crowns" in ended.out


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.parametrize("megabytes", [1800, 2000])
def test_weights_that_do_not_fit(place: Place, megabytes: int) -> None:
    ended = place.run("ask", COST, megabytes=megabytes)
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith("assistant: ")
    assert "of memory" in ended.err or "ulimit -v" in ended.err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_that_is_aborted_leaves_the_old_index(tmp_path: Path) -> None:
    """Where it ends depends on the machine, and whether it does: libraries in C and Rust abort it."""
    place = Place(tmp_path)
    assert place.run("index").status == 0
    for left in (250, 600, 900, 1050):
        before = snapshots.current(place.index)
        text = f"Bridge {left}\n\nThe bridge of Selm opened at {left}."
        (place.corpus / f"bridge{left}.txt").write_text(text, encoding="utf-8")
        ended = place.run("index", megabytes=4096, taken=4096 - left)
        assert (snapshots.current(place.index) == before) == (ended.status != 0)
        assert disagreements(place.index) == []
        assert "Valley dam is approved" in place.run("search", "valley dam").out
    assert place.run("index").status == 0
    assert disagreements(place.index) == []
    assert "The bridge of Selm opened at 250." in place.run("search", "bridge of Selm").out


def without_memory(error: BaseException) -> Any:
    def fail(*arguments: Any, **more: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : std::bad_alloc"),
        ImportError("tokenizers.abi3.so: failed to map segment from shared object"),
    ],
)
@pytest.mark.parametrize(
    ("command", "part"),
    [
        (["search", "dam"], "assistant.api.build.open_index"),
        (["index"], "assistant.models.encoders.onnx._session"),
    ],
)
def test_whichever_library_finds_no_memory_a_line_says_so(
    tmp_path: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    part: str,
    error: BaseException,
) -> None:
    monkeypatch.setattr(part, without_memory(error))
    places = ("--corpus", str(write_corpus(tmp_path / "corpus")), "--index", str(tmp_path / "index"))
    assert told_in_a_line(run(*command, *places))
