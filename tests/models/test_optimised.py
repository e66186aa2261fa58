"""Optimised ONNX graphs: the same scores, and never one that is damaged or another's."""

import os
import time
from pathlib import Path

import pytest

from assistant.models.encoders import optimised


def keep(model: Path, cache: Path, content: bytes, made_with: str = "1.0") -> None:
    with optimised.keeping(model, made_with, cache) as target:
        assert target is not None
        target.write_bytes(content)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"weights")
    return path


def test_a_graph_is_found_by_what_it_depends_on(model: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert optimised.kept(model, "1.0", cache) is None
    keep(model, cache, b"optimised")
    found = optimised.kept(model, "1.0", cache)
    assert found is not None
    assert found.read_bytes() == b"optimised"
    assert [file for file in (cache / "optimised").iterdir() if file != found] == []
    assert optimised.kept(model, "1.1", cache) is None
    model.write_bytes(b"other weights")
    assert optimised.kept(model, "1.0", cache) is None


def test_a_damaged_graph_is_made_anew(model: Path, tmp_path: Path) -> None:
    keep(model, tmp_path, b"optimised")
    found = optimised.kept(model, "1.0", tmp_path)
    assert found is not None
    found.write_bytes(b"OPTIMISED!")
    assert optimised.kept(model, "1.0", tmp_path) is None
    assert not found.exists()


def test_what_was_not_finished_is_not_kept(model: Path, tmp_path: Path) -> None:
    def interrupted() -> None:
        with optimised.keeping(model, "1.0", tmp_path) as target:
            assert target is not None
            target.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list((tmp_path / "optimised").iterdir()) == []


def test_old_graphs_of_the_same_model_go(model: Path, tmp_path: Path) -> None:
    keep(model, tmp_path, b"old", "1.0")
    keep(model, tmp_path, b"recent", "1.1")
    old = optimised.kept(model, "1.0", tmp_path)
    assert old is not None
    os.utime(old, (0, time.time() - optimised.UNUSED - 60))
    keep(model, tmp_path, b"new", "1.2")
    contents = {file.read_bytes() for file in (tmp_path / "optimised").iterdir()}
    assert contents == {b"recent", b"new"}


def test_a_cache_that_cannot_be_written_costs_only_time(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with optimised.keeping(model, "1.0", tmp_path / "file") as target:
        assert target is None


def test_scores_are_the_same_to_the_last_bit(tmp_path: Path) -> None:
    from assistant.models import packaged
    from assistant.models.encoders.reranker import PACKAGED, PackagedReranker

    folder = packaged.folder(PACKAGED, tmp_path)
    pairs = [
        ("Who resigned?", "The minister resigned on Tuesday."),
        ("Who resigned?", "A ferry ran aground."),
    ]
    plain, first, second = (
        PackagedReranker(folder, cache=cache).score(pairs) for cache in (None, tmp_path, tmp_path)
    )
    assert len(list((tmp_path / "optimised").glob("*.onnx"))) == 1
    assert plain == first == second
