"""The manifest of a state: what is damaged is told, and what was not touched is read once."""

from pathlib import Path

import pytest

from assistant.index import manifest
from assistant.index.manifest import Manifest


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """The folder of a state's vectors, with a manifest beside it."""
    folder = tmp_path / "chroma" / "segment"
    folder.mkdir(parents=True)
    for name in ("index_metadata.pickle", "data_level0.bin"):
        (folder / name).write_bytes(name.encode())
    Manifest(tmp_path).write()
    return folder


def test_what_was_checked_is_not_read_again(
    tmp_path: Path, vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = manifest._sum
    monkeypatch.setattr(manifest, "_sum", lambda file: read.append(file.name) or real(file))
    kept = Manifest(tmp_path)
    assert kept.faults() == []
    kept.write()
    assert sorted(read) == ["data_level0.bin", "index_metadata.pickle"]
    (vectors / "data_level0.bin").write_bytes(b"longer than it was before")
    kept.write()
    assert read[2:] == ["data_level0.bin"]
    assert manifest.faults(tmp_path) == []


def test_what_is_damaged_or_missing_is_told(tmp_path: Path, vectors: Path) -> None:
    (vectors / "data_level0.bin").write_bytes(b"data_level1.bin")
    (vectors / "stray.bin").touch()
    assert manifest.faults(tmp_path) == [
        "chroma/segment/data_level0.bin is damaged",
        "chroma/segment/stray.bin is damaged",
    ]
    (vectors / "data_level0.bin").unlink()
    (vectors / "stray.bin").unlink()
    assert manifest.faults(tmp_path) == ["chroma/segment/data_level0.bin is missing"]
