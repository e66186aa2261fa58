"""Embeddings: the packaged models, and a sentence-transformers model's light copy against its original."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from assistant.errors import ModelError
from assistant.models import packaged
from assistant.models.encoders.embeddings import (
    BGE,
    BGE_QUERY,
    MINILM,
    OnnxEmbeddings,
    TorchEmbeddings,
    embedder_id,
    export_folder,
    load_embeddings,
)
from assistant.models.encoders.multilingual import USE

pytestmark = pytest.mark.slow

TEXTS = (
    "",
    " ",
    "a",
    "Who signed the ceasefire?",
    "  padded   with   spaces \n and lines ",
    "Straße, naïve café, Ünïcode",
    "北京 и Москва",
    "emoji 😀 and a zero width\u200b space",
    "x" * 600,
    "the longest of articles " * 400,
    "On 26 November 2025 the court ruled 5-4.",
    "[CLS] [SEP] [PAD] tokens in the text",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def bge(cache: Path) -> Embeddings:
    return load_embeddings(BGE, cache, for_queries=True, threads=2)


@pytest.fixture(scope="module")
def original(cache: Path) -> Iterator[Embeddings]:
    """MiniLM in torch, loaded with every connection refused; loading it for indexing makes the light copy."""
    with pytest.MonkeyPatch.context() as patch:

        def refuse(*_: object) -> None:
            raise AssertionError("a packaged model reached for the network")

        patch.setattr(socket.socket, "connect", refuse)
        yield load_embeddings(MINILM, cache, for_queries=False)


def test_bge_vectors(bge: Embeddings) -> None:
    vectors = np.array(bge.embed_documents(list(TEXTS)))
    assert vectors.shape == (len(TEXTS), 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_bge_puts_its_prompt_before_questions_only(bge: Embeddings) -> None:
    assert bge.embed_query("who?") == bge.embed_documents([BGE_QUERY + "who?"])[0]
    assert bge.embed_query("who?") != bge.embed_documents(["who?"])[0]


def test_bge_finds_the_passage(bge: Embeddings) -> None:
    passages = bge.embed_documents(["Egypt mediated the talks.", "Rates were left unchanged.", "It rained."])
    scores = np.array(passages) @ np.array(bge.embed_query("Who was the mediator?"))
    assert scores.argmax() == 0


def test_one_space_for_many_languages(cache: Path) -> None:
    embedder = load_embeddings(USE, cache, for_queries=True)
    passages = [
        "Ägypten vermittelte die Gespräche.",
        "La banque centrale n'a pas changé ses taux.",
        "Весь день шёл дождь.",
    ]
    vectors = np.array(embedder.embed_documents(passages))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for question, place in (("Who mediated the talks?", 0), ("中央银行的利率", 1), ("Did it rain?", 2)):
        assert int(np.argmax(vectors @ np.array(embedder.embed_query(question)))) == place
    alone = np.array([embedder.embed_documents([text])[0] for text in TEXTS])
    assert np.abs(alone - np.array(embedder.embed_documents(list(TEXTS)))).max() < 1e-5
    assert embedder.embed_documents([]) == []


def test_a_vector_does_not_depend_on_the_texts_beside_it(bge: Embeddings) -> None:
    assert bge.embed_documents(list(TEXTS)) == [bge.embed_documents([text])[0] for text in TEXTS]


def test_no_texts_no_vectors(bge: Embeddings, original: Embeddings) -> None:
    assert bge.embed_documents([]) == original.embed_documents([]) == []


def test_the_light_copy_embeds_as_its_original(original: Embeddings, cache: Path) -> None:
    light = load_embeddings(MINILM, cache, for_queries=True)
    assert isinstance(original, TorchEmbeddings)
    assert isinstance(light, OnnxEmbeddings)
    theirs = np.array([original.embed_query(text) for text in TEXTS])
    ours = np.array([light.embed_query(text) for text in TEXTS])
    assert (ours * theirs).sum(axis=1).min() > 0.9999
    documents = np.array(light.embed_documents(list(TEXTS))) * np.array(original.embed_documents(list(TEXTS)))
    assert documents.sum(axis=1).min() > 0.9999


@pytest.mark.parametrize("name", [BGE, MINILM])
def test_a_question_never_imports_torch(name: str, original: Embeddings, cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from assistant.models.encoders.embeddings import *\n"
        f"load_embeddings({name!r}, Path({str(cache)!r}), for_queries=True).embed_query('who?')\n"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_damaged_light_copy_is_passed_over(
    original: Embeddings, cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(export_folder(MINILM, cache), export_folder(MINILM, tmp_path))
    (export_folder(MINILM, tmp_path) / "config.json").write_text("{}")
    with caplog.at_level(logging.WARNING):
        embeddings = load_embeddings(MINILM, tmp_path, for_queries=True)
    assert isinstance(embeddings, TorchEmbeddings)
    assert "damaged" in caplog.text
    assert np.dot(embeddings.embed_query("who?"), original.embed_query("who?")) > 0.9999


def test_a_model_that_cannot_be_exported_still_loads(
    cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(torch.onnx, "export", fails)
    with caplog.at_level(logging.WARNING):
        embeddings = load_embeddings(str(packaged.folder(MINILM, cache)), tmp_path, for_queries=False)
    assert isinstance(embeddings, TorchEmbeddings)
    assert "no ONNX copy could be made" in caplog.text
    assert list((tmp_path / "onnx").iterdir()) == []


def test_another_model_is_no_embedder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a reranker, not an embedder"):
        load_embeddings("ms-marco-MiniLM-L12-v2", tmp_path, for_queries=True)


def test_a_folder_is_a_model(original: Embeddings, cache: Path, tmp_path: Path) -> None:
    """Without a light copy the question is embedded by the model itself."""
    embeddings = load_embeddings(str(packaged.folder(MINILM, cache)), tmp_path, for_queries=True)
    assert isinstance(embeddings, TorchEmbeddings)
    assert np.dot(embeddings.embed_query("who?"), original.embed_query("who?")) > 0.9999


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load"):
        load_embeddings(str(tmp_path), tmp_path, for_queries=False)


def test_a_hub_model_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="give a packaged model, a folder, or the id"):
        load_embeddings("nobody/no-such-model", tmp_path, for_queries=False)


def test_identity_of_packaged_models() -> None:
    assert embedder_id(BGE) == "bge-small-en-v1.5@68807e3ff2ab"
    assert embedder_id(MINILM) == "all-MiniLM-L6-v2@53aa51172d14"


def test_identity_of_a_folder_follows_its_content(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"0" * 3_000_000)
    before = embedder_id(str(model))
    (model / "README.md").write_text("not part of the model")
    assert embedder_id(str(model)) == before
    (model / "model.safetensors").write_bytes(b"0" * 2_999_999 + b"1")
    assert embedder_id(str(model)) != before
