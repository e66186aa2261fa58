"""Embeddings: the packaged bge-small by default, or any model of sentence-transformers.

A sentence-transformers model embeds the articles with torch. When it is loaded for that, its whole forward
pass (transformer, pooling, normalisation) is also exported to ONNX once, so that a question is embedded in
milliseconds and torch, which takes 7 s to import, is never imported for it.

Reimers and Gurevych, "Sentence-BERT" (2019); Xiao et al., "C-Pack" (2023) for bge.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from langchain_core.embeddings import Embeddings

from assistant import weights
from assistant.errors import ModelError
from assistant.models.onnx import Floats, OnnxEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BGE = "bge-small-en-v1.5"
BGE_QUERY = "Represent this sentence for searching relevant passages: "
BGE_TOKENS = 512
EXPORT_VERSION = 1
"""Raise it when the export changes, so that older ones are no longer found."""
PROBES = ("", "Who signed the ceasefire?", "Straße, naïve, 北京", "long " * 2000)
"""What an export must embed as its original does before it is used."""
SAMPLE = 1 << 20
"""Bytes read at either end of a large file to tell two models apart."""

log = logging.getLogger(__name__)
T = TypeVar("T")


def load_embeddings(name: str, cache: Path, *, for_queries: bool, threads: int | None = None) -> Embeddings:
    """The embedder of that name: a packaged one, a folder, or a hub id; every vector has length 1.

    With `for_queries`, a sentence-transformers model is run from its export in `cache` if there is one.
    A hub model is taken from this computer, and from the hub only if it is not there. Raises ModelError.
    """
    if name == BGE:
        folder = weights.folder(name, cache)
        encoder = OnnxEncoder(folder, max_tokens=BGE_TOKENS, threads=threads)
        return OnnxEmbeddings(encoder, query_prompt=BGE_QUERY)
    export = export_folder(name, cache)
    if for_queries and export.is_dir():
        try:
            return _load_export(export, threads)
        except ModelError as error:
            log.warning("%s; embedding the question with torch instead", error)
    model = _sentence_transformer(name, cache)
    if not for_queries and not export.is_dir():
        _export(model, export)
    return TorchEmbeddings(model)


def embedder_id(name: str) -> str:
    """What an index remembers of its embedder: the name and a fingerprint of the model; torch is not imported.

    The fingerprint is the checksum of a packaged model, the revision of a hub model, and for a folder a digest
    of its files (of large ones: the size and both ends). A hub model that is not on this computer yet has its
    small files fetched. Raises ModelError.
    """
    model = weights.packaged(name)
    if model is not None:
        return f"{name}@{model.sha256[:12]}"
    folder = Path(name)
    if folder.is_dir():
        return f"{folder.resolve().name}@{_digest(folder)}"
    return f"{name}@{_revision(name)}"


def export_folder(name: str, cache: Path) -> Path:
    """Where the light export of a sentence-transformers model lies, if it was made."""
    key = f"{EXPORT_VERSION} {embedder_id(name)}".encode()
    return cache / "onnx" / hashlib.sha256(key).hexdigest()[:16]


class OnnxEmbeddings(Embeddings):
    """An encoder whose output is a vector a row, or vectors of all tokens of which the first ([CLS]) counts."""

    def __init__(self, encoder: OnnxEncoder, *, query_prompt: str = "", document_prompt: str = "") -> None:
        self._encoder = encoder
        self._query_prompt = query_prompt
        self._document_prompt = document_prompt

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector of length 1 for each text."""
        return self._embed([self._document_prompt + text for text in texts])

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, which may have a prompt of its own."""
        return self._embed([self._query_prompt + text])[0]

    def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [_unit(output[0] if output.ndim == 2 else output) for output in self._encoder.run(texts)]


class TorchEmbeddings(Embeddings):
    """A sentence-transformers model with the prompts it comes with."""

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector of length 1 for each text."""
        if not texts:
            return []
        vectors = self._model.encode_document(texts, show_progress_bar=False)
        return [_unit(vector) for vector in vectors]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, which may have a prompt of its own."""
        return _unit(self._model.encode_query([text], show_progress_bar=False)[0])


def first_that_loads(name: str, load: Callable[[bool], T]) -> T:
    """`load(local_files_only)` from this computer, then, unless it is a folder, from the hub.

    Raises ModelError with the reason of the last attempt.
    """
    try:
        try:
            with _quiet():
                return load(True)
        except (OSError, ValueError):
            if Path(name).is_dir():
                raise
            return load(False)
    except Exception as error:  # hub, network, file and model errors of three libraries
        raise _not_loaded(name, error) from error


def _sentence_transformer(name: str, cache: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    place = str(weights.folder(name, cache)) if weights.packaged(name) else name
    kwargs = {"dtype": "float32"}
    return first_that_loads(
        place, lambda local: SentenceTransformer(place, local_files_only=local, model_kwargs=kwargs)
    )


def _load_export(folder: Path, threads: int | None = None) -> OnnxEmbeddings:
    """Raises ModelError if a file is missing or damaged."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        encoder = OnnxEncoder(folder, max_tokens=int(config["max_tokens"]), threads=threads)
        return OnnxEmbeddings(
            encoder,
            query_prompt=str(config["query_prompt"]),
            document_prompt=str(config["document_prompt"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} is damaged: {error}; delete that folder") from error


def _export(model: SentenceTransformer, target: Path) -> None:
    """Makes `target` from the model. It appears only when whole and when it embeds the probes as the model does.

    A model that cannot be exported still answers questions, only more slowly: so a failure is logged, not raised.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as made:
            folder = Path(made) / "export"
            folder.mkdir()
            _write_export(model, folder)
            _check_export(model, folder)
            with contextlib.suppress(FileExistsError):  # another process was first
                os.rename(folder, target)
    except Exception as error:  # torch.onnx raises a different class for every kind of model
        log.warning("no light copy for questions could be made: %s", str(error).partition("\n")[0])


def _write_export(model: SentenceTransformer, folder: Path) -> None:
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "max_tokens": model.max_seq_length,
        "query_prompt": _prompt(model, "query"),
        "document_prompt": _prompt(model, "document", "passage", "corpus"),
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    device = model.device
    model.to("cpu")
    try:
        _export_forward(model, folder / "model.onnx")
    finally:
        model.to(device)


def _export_forward(model: SentenceTransformer, path: Path) -> None:
    """Writes the graph from token ids to sentence embedding, for any number of rows and tokens."""
    import torch

    class Forward(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
            embedding: torch.Tensor = self.model(inputs)["sentence_embedding"]
            return embedding

    features = model.preprocess(["an example", "of two rows"])
    inputs = {name: value for name, value in features.items() if torch.is_tensor(value)}
    with _quiet():
        torch.onnx.export(
            Forward().eval(),
            (inputs,),
            path,
            dynamo=True,
            input_names=list(inputs),
            output_names=["sentence_embedding"],
            dynamic_shapes=({name: {0: "rows", 1: "tokens"} for name in inputs},),
            verbose=False,
        )


def _check_export(model: SentenceTransformer, folder: Path) -> None:
    """Raises ModelError unless the probes, as questions and as articles, come out alike (cosine 0.9999)."""
    light, original = _load_export(folder), TorchEmbeddings(model)
    ours = [light.embed_query(probe) for probe in PROBES] + light.embed_documents(list(PROBES))
    theirs = [original.embed_query(probe) for probe in PROBES] + original.embed_documents(list(PROBES))
    worst = float((np.array(ours) * np.array(theirs)).sum(axis=1).min())
    if worst < 0.9999:
        raise ModelError(f"the export differs from its original (cosine {worst:.4f})")


def _prompt(model: SentenceTransformer, *names: str) -> str:
    """The prompt sentence-transformers would put before a text: the first of these it has, else its default."""
    name = next((name for name in names if name in model.prompts), model.default_prompt_name)
    return "" if name is None else str(model.prompts[name])


def _unit(vector: Floats) -> list[float]:
    """Scaled to length 1."""
    scaled: list[float] = (vector / max(float(np.linalg.norm(vector)), 1e-12)).tolist()
    return scaled


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
            snapshot = snapshot_download(name, allow_patterns=["*.json"])
    except Exception as error:  # hub, network and file errors have no common base
        raise _not_loaded(name, error) from error
    return Path(snapshot).name[:12]


def _not_loaded(name: str, error: Exception) -> ModelError:
    reason = str(error).strip().partition("\n")[0]
    return ModelError(
        f"cannot load {name!r}: {reason}; give a packaged model, a folder, or the id of a model on the hub"
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
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
            yield
    finally:
        notes.setLevel(level)
        if bars:
            transformers_log.enable_progress_bar()
