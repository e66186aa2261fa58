"""Models that are not bundled: a folder or a hub id named by the user.

The hub is contacted only for files missing locally; HF_HUB_OFFLINE and similar settings are respected.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from assistant.errors import ExtraMissing, ModelError
from assistant.extras import require

SAMPLE = 1 << 20
"""Bytes read at either end of a large file to tell two models apart."""

T = TypeVar("T")


def first_that_loads(name: str, load: Callable[[bool], T]) -> T:
    """`load(local_files_only)` from this computer, then, unless it is a folder, from the hub.

    Raises ModelError with the reason of the last attempt.
    """
    try:
        try:
            with quiet():
                return load(True)
        except (OSError, ValueError):
            if Path(name).is_dir():
                raise
            return load(False)
    except Exception as error:  # hub, network, file and model errors of three libraries
        raise _not_loaded(name, error) from error


def fingerprint(name: str) -> str:
    """Twelve characters that change with the model.

    Of a folder, a digest of its files (of large ones: the size and both ends). Of a hub id, the revision; if
    it is not on this computer yet its small files are fetched. Raises ModelError, and ExtraMissing where
    sentence-transformers is not installed.
    """
    folder = Path(name)
    return _digest(folder) if folder.is_dir() else _revision(name)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars, deprecations and notes that loading and exporting a model print."""
    from transformers.utils import logging as transformers_log

    notes = logging.getLogger("torch.onnx._internal.exporter._registration")
    level, bars = notes.level, transformers_log.is_progress_bar_enabled()
    notes.setLevel(logging.ERROR)
    transformers_log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            for category in (DeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", category)
            warnings.filterwarnings("ignore", category=UserWarning, module=r"torch\.onnx\.")
            yield
    finally:
        notes.setLevel(level)
        if bars:
            transformers_log.enable_progress_bar()


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder).as_posix()
        if path.suffix == ".md" or relative.startswith(".") or "/." in relative:
            continue
        digest.update(f"{relative} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(SAMPLE))
            file.seek(max(file.tell(), path.stat().st_size - SAMPLE))
            digest.update(file.read(SAMPLE))
    return digest.hexdigest()[:12]


def _revision(name: str) -> str:
    """The commit of a hub model that is on this computer, or else of the one the hub gives."""
    from huggingface_hub import snapshot_download

    try:
        try:
            snapshot = snapshot_download(name, local_files_only=True)
        except FileNotFoundError:
            require("sentence-transformers", name)
            snapshot = snapshot_download(name, allow_patterns=["*.json"])
    except ExtraMissing:
        raise
    except Exception as error:  # hub, network and file errors have no common base
        raise _not_loaded(name, error) from error
    return Path(snapshot).name[:12]


def _not_loaded(name: str, error: Exception) -> ModelError:
    reason = str(error).strip().partition("\n")[0]
    return ModelError(
        f"cannot load {name!r}: {reason}; give a packaged model, a folder, or the id of a model on the hub"
    )
