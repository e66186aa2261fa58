"""What `--ray` needs and says, without Ray."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from commands import Run
from fakes import write_corpus

from assistant.cluster import workers
from assistant.cluster.asking import IndexWorker
from assistant.errors import IndexMissing, ServerError
from assistant.settings import load_settings


def test_no_cluster_at_the_address(tmp_path: Path, run: Run) -> None:
    places = ["--corpus", str(write_corpus(tmp_path / "corpus")), "--index", str(tmp_path / "index")]
    ended = run("index", *places, "--ray", "ray://127.0.0.1:9")
    assert ended.status == 2
    assert ended.err.splitlines()[-1].startswith("assistant: no Ray cluster can be used at ray://127.0.0.1:9")
    assert ended.err.splitlines()[-1].endswith("start one with: ray start --head, or give --ray local")


def test_an_index_that_a_worker_does_not_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    worker = IndexWorker(load_settings(), tmp_path, tmp_path / "index" / "state-1")
    with pytest.raises(IndexMissing, match=r"does not see the index at \S+index; keep it on a disk that all"):
        _ = worker.index


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["ask", "Who?", "--ray", "local"], "--ray is for a batch; give --batch FILE"),
        (["ask", "Who?", "--ray", "local", "--server", "http://127.0.0.1:1"], "--ray cannot be given with"),
        (["eval", "--ray", "local", "--record"], "--record is for one process; leave out --ray"),
        (["eval", "--ray", "local", "--update-baseline"], "--update-baseline is for one process"),
    ],
)
def test_what_goes_together(command: list[str], words: str, run: Run) -> None:
    ended = run(*command)
    assert ended.status == 2
    assert words in ended.err


def test_a_ray_of_this_process_is_closed_to_others() -> None:
    """By one secret only, since Ray remembers the first that it was given."""
    own = workers._own()
    assert (own["RAY_AUTH_MODE"], len(own["RAY_AUTH_TOKEN"])) == ("token", 64)
    assert workers._own()["RAY_AUTH_TOKEN"] == own["RAY_AUTH_TOKEN"]


@pytest.mark.parametrize(("failures", "tries"), [(0, 1), (1, 2), (2, 2)])
def test_a_ray_of_this_process_that_does_not_start_is_tried_once_more(
    failures: int, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[str] = []

    def init(_: str, **options: object) -> None:
        folders.append(str(options["_temp_dir"]))
        if len(folders) <= failures:
            raise RuntimeError("Failed to start GCS")

    ray = SimpleNamespace(is_initialized=lambda: False, init=init, shutdown=lambda: None)
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(workers, "check_installed", lambda: None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with (
        pytest.raises(ServerError, match="GCS") if failures > 1 else nullcontext(),
        workers.connected("local"),
    ):
        assert Path(folders[0]).is_dir()
    assert len(folders) == tries
    assert not Path(folders[0]).exists()


KEEPS_A_FOLDER = """
from assistant.cluster import workers
with workers._folder() as folder:
    print(folder, flush=True)
    input()
"""


def test_what_a_killed_ray_leaves_is_removed_by_the_next() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEPS_A_FOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        left = Path(run.stdout.readline().strip())
        with workers._folder():
            assert left.is_dir(), "its process lives"
        run.kill()
    assert left.is_dir()
    with workers._folder() as mine:
        assert not left.exists()
        assert Path(mine).is_dir()


def test_results_come_in_order_and_items_are_taken_as_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for n in range(40):
            taken.append(n)
            yield n

    pool = workers.Workers([object(), object()])
    results = pool.map(str, items())
    assert next(results) == "0"
    assert len(taken) == 2 * pool.count + 1
    assert list(results) == [str(n) for n in range(1, 40)]


def test_an_error_in_one_of_many_ends_them() -> None:
    def fails(n: int) -> int:
        if n == 3:
            raise ServerError("no more; begin anew")
        return n

    results = workers.Workers([object(), object()]).map(fails, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ServerError, match="no more"):
        next(results)
