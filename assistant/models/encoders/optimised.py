"""ONNX graphs as onnxruntime optimised them, kept in the cache folder.

Optimising takes five sixths of opening a session, and comes out the same each time. What was written is
used only if its checksum is right, and only for the same model file, release of onnxruntime, options and
processor, since an optimised graph depends on them. Scores are the same to the last bit.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import platform
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assistant.models.checksums import matches, remember

FOLDER = "optimised"
UNUSED = 30 * 86_400
"""Seconds after which a graph is removed when another of the same model is written."""

log = logging.getLogger(__name__)


def kept(model: Path, made_with: str, cache: Path) -> Path | None:
    """The optimised graph of that model file, if there is one and it is whole; `made_with` says what else it
    depends on."""
    for file in (cache / FOLDER).glob(f"{_name(model, made_with)}-*.onnx"):
        if matches(file, file.stem.rpartition("-")[2], cache):
            return file
        log.info("%s is damaged; it is made anew", file)
        with contextlib.suppress(OSError):
            file.unlink()
    return None


@contextlib.contextmanager
def keeping(model: Path, made_with: str, cache: Path) -> Iterator[Path | None]:
    """Where onnxruntime may write the optimised graph meanwhile; it is kept afterwards.

    None where the cache cannot be written: then sessions open as slowly as before.
    """
    try:
        (cache / FOLDER).mkdir(parents=True, exist_ok=True)
        work = tempfile.TemporaryDirectory(dir=cache / FOLDER)
    except OSError as error:
        log.info("optimised models cannot be kept: %s", error)
        yield None
        return
    with work:
        made = Path(work.name) / "model.onnx"
        yield made
        with contextlib.suppress(OSError):
            _keep(made, model, made_with, cache)


def processor() -> str:
    """What an optimised graph may depend on of this machine."""
    try:
        about, _, _ = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    names = ("model name", "flags", "Features", "CPU part")
    return "\n".join(line for line in about.splitlines() if line.startswith(names))


def _name(model: Path, made_with: str) -> str:
    """The same first part for all graphs of one model file."""
    stat = model.stat()
    state = f"{stat.st_size} {stat.st_mtime_ns} {made_with}"
    return f"{_short(str(model))}-{_short(state)}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keep(made: Path, model: Path, made_with: str, cache: Path) -> None:
    if not made.is_file():
        return
    with made.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    for other in (cache / FOLDER).glob(f"{_short(str(model))}-*.onnx"):
        if other.stat().st_mtime < time.time() - UNUSED:
            other.unlink()
    target = cache / FOLDER / f"{_name(model, made_with)}-{sha256}.onnx"
    made.replace(target)
    remember(target, sha256, cache)
