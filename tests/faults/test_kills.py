"""A run killed at any moment harms nothing: the index stays whole, and the next run finishes.

KILLS=100 in the environment kills a hundred runs rather than six.
"""

import os
import random
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from faults.conftest import Runs
from faults.corpora import write

from assistant.index import snapshots
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.checking import disagreements

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there"),
    pytest.mark.timeout(3600),
]

KILLS = int(os.environ.get("KILLS", "6"))
KILLED = -9

OPERATIONS = {"update": 95, "rebuild": 80, "many": 105, "on a base": 85, "made one": 120}
"""About how many file-system operations a run takes."""


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("corpora")
    return write(folder / "one", "one", "abcdef"), write(folder / "two", "two", "abcdgh")


@pytest.fixture(scope="module")
def before(runs: Runs, corpora: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the first corpus."""
    path = tmp_path_factory.mktemp("before") / "index"
    assert runs(path, corpus=corpora[0]) == (0, "")
    return path


def generation(path: Path) -> tuple[str, int]:
    """What the articles of an index say of themselves, all alike; and how many there are."""
    assert disagreements(path) == []
    state = snapshots.current(path)
    assert state
    with closing(Catalogue(state / CATALOGUE)) as catalogue:
        articles = [catalogue.article(name) for name in catalogue.fingerprints()]
        words = {chunk.text.split("generation ")[1].split(".")[0] for one in articles if one
                 for chunk in catalogue.chunks(one)}  # fmt: skip
        assert len(words) == 1
        return words.pop(), len(articles)


def moment(chance: random.Random, kind: str) -> dict[str, Any]:
    """Half of them at an operation, and half somewhere behind one."""
    operation = chance.randint(1, OPERATIONS[kind])
    return {"operation": operation, "seconds": chance.choice([0, chance.uniform(0, 0.3)])}


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_is_finished_by_the_next(
    seed: int, runs: Runs, corpora: tuple[Path, Path], before: Path, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    path = Path(shutil.copytree(before, tmp_path / "index"))
    kind = ("update", "rebuild", "other settings")[seed % 3]
    other = {"settings": {"chunk_words": 100}} if kind == "other settings" else {}
    for _ in range(chance.choice([1, 1, 2])):
        kill = moment(chance, "update" if kind == "update" else "rebuild")
        status, said = runs(path, kill, corpus=corpora[1], rebuild=kind != "update", **other)
        assert status in (0, KILLED), said
        assert generation(path) in {("one", 6), ("two", 6)}
        if other and generation(path)[0] == "two":  # killed too late: it is of the other settings by now
            assert runs(path, corpus=corpora[0], rebuild=True)[0] == 0
    assert runs(path, corpus=corpora[1]) == (0, "")
    assert generation(path) == ("two", 6)
    assert snapshots.left(path) is None
    assert snapshots.litter(path) == []


@pytest.mark.parametrize("seed", range(KILLS // 2))
def test_a_killed_run_of_a_large_index_is_finished_by_the_next(
    seed: int, runs: Runs, corpora: tuple[Path, Path], before: Path, tmp_path: Path
) -> None:
    """The state that it writes lies on another, or is made one with the one below."""
    chance = random.Random(seed)
    path = Path(shutil.copytree(before, tmp_path / "index"))
    kind, outgrown = [("on a base", 100), ("made one", 0)][seed % 2]
    if kind == "made one":
        assert runs(path, corpus=corpora[1], outgrown=100) == (0, "")
    for _ in range(chance.choice([1, 1, 2])):
        status, said = runs(path, moment(chance, kind), corpus=corpora[seed % 2 == 0], outgrown=outgrown)
        assert status in (0, KILLED), said
        assert generation(path) in {("one", 6), ("two", 6)}
    assert runs(path, corpus=corpora[1], outgrown=outgrown) == (0, "")
    assert generation(path) == ("two", 6)
    assert snapshots.left(path) is None
    assert snapshots.litter(path) == []


@pytest.fixture(scope="module")
def many(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many passages that Chroma keeps vectors in files of its own, which it does not write at once."""
    path = tmp_path_factory.mktemp("many") / "index"
    assert runs(path, many=60, word="generation one.") == (0, "")
    return path


@pytest.mark.parametrize("seed", range(KILLS // 6))
def test_a_run_killed_while_vectors_are_written(seed: int, runs: Runs, many: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    path = Path(shutil.copytree(many, tmp_path / "index"))
    job = {"many": 80, "word": "generation two."}
    kill = {"operation": chance.randint(1, OPERATIONS["many"]), "seconds": chance.uniform(0, 0.5)}
    status, said = runs(path, kill, **job, rebuild=seed % 2 == 1)
    assert status in (0, KILLED), said
    assert generation(path) in {("one", 60), ("two", 80)}
    assert runs(path, **job) == (0, "")
    assert generation(path) == ("two", 80)
