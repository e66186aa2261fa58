"""The manifest of a state: the sizes and checksums of Chroma's files of vectors (HNSW).

Chroma's library crashes on such a file that is damaged, and takes the process with it. So they are compared
with the manifest before it is given them. What SQLite holds needs none: SQLite notices by itself.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import IndexMismatch, reason
from assistant.index.catalogue.database import REBUILD

MANIFEST = "manifest.json"

_PERSISTED = "chroma/*/index_metadata.pickle"
"""There once Chroma reads the files beside it; before, it makes them anew."""

_BLOCK = 1 << 20


class Manifest:
    """The manifest of a state that is being written; a file that was not touched is not read again."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._seen: dict[Path, tuple[tuple[int, int], list[int]]] = {}

    def faults(self) -> list[str]:
        """What is not as it was recorded, in a few words each; nothing for a state that has no manifest, as
        an earlier version of this program wrote none."""
        try:
            recorded = json.loads((self._state / MANIFEST).read_bytes())
            names = dict.fromkeys([*recorded, *(_name(self._state, file) for file in _files(self._state))])
            files = {name: self._state / name for name in names}
            return [
                f"{name} is {'damaged' if file.is_file() else 'missing'}"
                for name, file in files.items()
                if not file.is_file() or self._sum(file) != recorded.get(name)
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, AttributeError) as error:
            return [f"{MANIFEST} cannot be read ({reason(error)})"]

    def write(self) -> None:
        """Records the files as they are, in place of what was recorded."""
        sums = {_name(self._state, file): self._sum(file) for file in _files(self._state)}
        text = json.dumps(sums)
        file = self._state / MANIFEST
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            new = file.with_suffix(".tmp")
            new.write_text(text, encoding="utf-8")
            new.replace(file)

    def _sum(self, file: Path) -> list[int]:
        status = file.stat()
        touched = status.st_size, status.st_mtime_ns
        known = self._seen.get(file)
        if known is None or known[0] != touched:
            known = self._seen[file] = touched, _sum(file)
        return known[1]


def faults(state: Path) -> list[str]:
    """As `Manifest.faults`."""
    return Manifest(state).faults()


def check(path: Path, *manifests: Manifest) -> None:
    """Raises IndexMismatch where something in the index at `path` is not as it was recorded."""
    for manifest in manifests:
        if found := manifest.faults():
            raise IndexMismatch(f"the index at {path} is damaged: {found[0]}; {REBUILD}")


def _files(state: Path) -> Iterator[Path]:
    for persisted in state.glob(_PERSISTED):
        yield from sorted(persisted.parent.iterdir())


def _name(state: Path, file: Path) -> str:
    return file.relative_to(state).as_posix()


def _sum(file: Path) -> list[int]:
    """Its size in bytes and its CRC-32, which takes a second for about a gigabyte."""
    size = total = 0
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            total = zlib.crc32(block, total)
    return [size, total]
