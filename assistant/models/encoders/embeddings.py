"""Embeddings: the packaged bge-small by default, or any model of sentence-transformers.

A sentence-transformers model embeds the articles with torch. When it is loaded for that, its whole forward
pass (transformer, pooling, normalisation) is also exported to ONNX once, so that a question is embedded in
milliseconds and torch, which takes 7 s to import, is never imported for it.

Reimers and Gurevych, "Sentence-BERT" (2019); Xiao et al., "C-Pack" (2023) for bge.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.errors import ModelError
from assistant.extras import require
from assistant.models import packaged
from assistant.models.encoders import hub
from assistant.models.encoders.kinds import Embeddings
from assistant.models.encoders.multilingual import USE, MultilingualEmbeddings
from assistant.models.encoders.onnx import Floats, OnnxEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BGE, MINILM = "bge-small-en-v1.5", "all-MiniLM-L6-v2"
BGE_QUERY = "Represent this sentence for searching relevant passages: "
BGE_TOKENS = 512
EXPORT_VERSION = 1
"""Raise it when the export changes, so that older ones are no longer found."""
PROBES = ("", "Who signed the ceasefire?", "Straße, naïve, 北京", "long " * 2000)
"""What an export must embed as its original does before it is used."""

log = logging.getLogger(__name__)


def load_embeddings(name: str, cache: Path, *, for_queries: bool, threads: int | None = None) -> Embeddings:
    """The embedder of that name: a packaged one, a folder, or a hub id; every vector has length 1.

    With `for_queries`, a sentence-transformers model is run from its export in `cache` if there is one.
    A hub model is taken from this computer, and from the hub only if it is not there. Raises ModelError,
    and ExtraMissing where sentence-transformers is needed and not installed.
    """
    known = packaged.known(name)
    if known is not None and known.role != "embedder":
        raise ModelError(f"{name} is a {known.role}, not an embedder; choose {BGE}, {USE} or {MINILM}")
    if name == USE:
        return MultilingualEmbeddings(cache, threads)
    if name == BGE:
        folder = packaged.folder(name, cache)
        encoder = OnnxEncoder(folder, max_tokens=BGE_TOKENS, threads=threads, cache=cache)
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
    """What an index remembers of its embedder: the name and a fingerprint of the model.

    Cheap, and without torch. A hub model that is not on this computer yet has its small files fetched. Raises
    ModelError.
    """
    model = packaged.known(name)
    if model is not None:
        return f"{name}@{model.sha256[:12]}"
    return f"{name}@{hub.fingerprint(name)}"


def export_folder(name: str, cache: Path) -> Path:
    """Where the light export of a sentence-transformers model lies, if it was made."""
    key = f"{EXPORT_VERSION} {embedder_id(name)}".encode()
    return cache / "onnx" / hashlib.sha256(key).hexdigest()[:16]


class OnnxEmbeddings:
    """An encoder that gives a row one vector, or one for each token, of which the first ([CLS]) counts."""

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


class TorchEmbeddings:
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


def _sentence_transformer(name: str, cache: Path) -> SentenceTransformer:
    require("sentence-transformers", name)
    from sentence_transformers import SentenceTransformer

    place = str(packaged.folder(name, cache)) if packaged.known(name) else name
    kwargs = {"dtype": "float32"}
    return hub.first_that_loads(
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
    """Makes `target`, which appears only when whole and when it embeds the probes as the model does.

    A model that cannot be exported still embeds questions, only more slowly: so a failure is a warning.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as made:
            folder = Path(made) / "export"
            folder.mkdir()
            _write_export(model, folder)
            _check_export(model, folder)
            try:
                folder.rename(target)
            except OSError:
                if not target.is_dir():  # else another process was first
                    raise
    except Exception as error:  # torch.onnx raises a different class for every kind of model
        log.warning("questions will import torch: no ONNX copy could be made (%s)", type(error).__name__)
        log.debug("the export failed", exc_info=error)


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

    class Forward(torch.nn.Module):  # type: ignore[misc]  # torch is not analysed
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
            embedding: torch.Tensor = self.model(inputs)["sentence_embedding"]
            return embedding

    features = model.preprocess(["an example", "of two rows"])
    inputs = {name: value for name, value in features.items() if torch.is_tensor(value)}
    with hub.quiet():
        torch.onnx.export(
            Forward().eval(),
            (),
            path,
            kwargs={"inputs": inputs},
            dynamo=True,
            input_names=list(inputs),
            output_names=["sentence_embedding"],
            dynamic_shapes={"inputs": {name: {0: "rows", 1: "tokens"} for name in inputs}},
            verbose=False,
        )


def _check_export(model: SentenceTransformer, folder: Path) -> None:
    """Raises ModelError unless the probes, as questions and as articles, come out alike (cosine 0.9999)."""
    light, original = _load_export(folder), TorchEmbeddings(model)
    ours = [light.embed_query(probe) for probe in PROBES] + light.embed_documents(list(PROBES))
    theirs = [original.embed_query(probe) for probe in PROBES] + original.embed_documents(list(PROBES))
    worst = float((np.array(ours) * np.array(theirs)).sum(axis=1).min())
    if not worst >= 0.9999:  # no number is
        raise ModelError(f"the export differs from its original (cosine {worst:.4f})")


def _prompt(model: SentenceTransformer, *names: str) -> str:
    """What sentence-transformers puts before a text: the first prompt it has of these, or its default."""
    name = next((name for name in names if name in model.prompts), model.default_prompt_name)
    return "" if name is None else str(model.prompts[name])


def _unit(vector: Floats) -> list[float]:
    """Scaled to length 1."""
    scaled: list[float] = (vector / max(float(np.linalg.norm(vector)), 1e-12)).tolist()
    return scaled
