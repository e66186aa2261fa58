"""Checksums of large files, each computed once: a verified file is remembered by path, size and time.

The record is `checksums.json` in the cache folder.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import NamedTemporaryFile


def matches(path: Path, sha256: str, cache: Path) -> bool:
    """Whether the file is there with that checksum, from memory if it has not changed since."""
    try:
        if _memory(cache).get(str(path)) == _key(path, sha256):
            return True
        with path.open("rb") as file:
            right = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
    if right:
        remember(path, sha256, cache)
    return right


def _key(path: Path, sha256: str) -> list[int | str]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, sha256]


def _memory(cache: Path) -> dict[str, object]:
    """Path to what passed; unreadable memory is no memory, and costs only a second check."""
    try:
        known = json.loads((cache / "checksums.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def remember(path: Path, sha256: str, cache: Path) -> None:
    """Notes that the file has that checksum.

    Processes may forget each other's entry, and a read-only cache all: that costs a second check.
    """
    known = _memory(cache) | {str(path): _key(path, sha256)}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=cache, suffix=".tmp", delete=False, encoding="utf-8") as file:
            json.dump(known, file, indent=1)
        Path(file.name).replace(cache / "checksums.json")
    except OSError:
        return
