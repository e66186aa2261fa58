"""The benchmark of growth: what articles are made, what is measured of them, and how it is told."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.api.opening import identity
from assistant.corpus.chunking import split_article
from assistant.index.opened import Index
from assistant.retrieval.retriever import Retriever
from assistant.settings import Settings
from eval.benchmarks import growth
from eval.benchmarks.growth import Figures
from eval.benchmarks.synthetic import MIDDLE, PASSAGES, Made

EMBEDDINGS = DeterministicFakeEmbedding(size=16)
TEXTS = [f"The {name} report says much. " + "It has more words than most. " * 6 for name in ("one", "other")]


@pytest.fixture
def made() -> Made:
    return Made(TEXTS, np.eye(16, dtype=np.float32)[:2], 30)


FIGURES = Figures(1000, 4, 8, 1, 0.1, 0.2, 0.02, 0.012, 0.03, 0.013, 0.5, 0.6, 300, 1, 9)
LARGER = replace(FIGURES, passages=10_000, search=0.1, as_of=0.4, memory=1400, synced=6, written=40)


def test_articles_are_split_as_the_index_splits_them(made: Made) -> None:
    (encoded,) = made.encode([list(made)])
    assert [one.chunks for one in encoded] == [split_article(one.article, 160) for one in encoded]
    assert {len(one.chunks) for one in encoded} == {PASSAGES}


def test_articles_differ_and_are_the_same_every_time(made: Made) -> None:
    articles = list(made)
    assert len({article.text for article in articles}) == len(articles) == 30
    assert articles == list(made)
    assert 12 <= sum(article.published <= MIDDLE for article in articles if article.published) <= 18
    changed = list(replace(made, changed=True))
    assert changed[0].text != articles[0].text
    assert changed[1:] == articles[1:]


def test_vectors_are_directions_near_those_of_their_passages(made: Made) -> None:
    vectors = made.vectors(3)
    assert vectors.shape == (PASSAGES, 16)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert (np.einsum("ij,ij->i", vectors, made.directions[made._places(3)]) > 0.5).all()
    assert (vectors == made.vectors(3)).all()


def test_a_size_is_indexed_searched_and_changed(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "alone", lambda work, *args: work(*args))
    monkeypatch.setattr(growth, "load_embeddings", lambda *args, **kwargs: EMBEDDINGS)
    monkeypatch.setattr(
        growth, "build_retriever", lambda _, index: Retriever(index=index, embeddings=EMBEDDINGS)
    )
    monkeypatch.setattr(growth.encoding, "BATCH", growth.encoding.BATCH)
    settings = Settings(embedder=growth.EMBEDDER)
    questions = ["What does the report say?", "How many words?"]
    found = growth.figures(settings, made, tmp_path, questions)
    assert found.passages == 600
    assert found.recall == 1
    assert min(found.indexed, found.disk, found.search, found.as_of, found.processor, found.synced) > 0
    assert found.memory > 0
    with closing(Index.open(tmp_path / "600", identity(settings))) as index:
        article = index.catalogue.article("0000000")
        assert article
        assert "changed0" in article.text
    monkeypatch.delattr(growth, "index")
    assert growth.figures(settings, made, tmp_path, questions) == found, "kept"


def test_the_table_says_what_was_met_and_missed() -> None:
    body = growth.section([FIGURES, LARGER], 30)
    (row,) = (line for line in body.splitlines() if line.startswith("| 10,000 "))
    assert row.startswith("| 10,000 | 4 | 8 | 1.00 | 0.10 | 0.20 | 0.012 | 0.013 | 0.10 | 0.40 | 0.50 |")
    assert row.endswith("| 0.60 | 1,100 | 6.0 | 40 |")
    assert "30 gold questions (ranked: 10)" in body
    assert "takes 1.0 times what it takes at 1,000, at most 3; finding alone 5.0 times: met" in body
    assert "0.50 s, at most 0.5; finding alone 0.10: met" in body
    assert "1,100 MB of memory more, at most 1,500: met" in body
    assert "changed in 6.0 s, at most 5: missed" in body


def test_the_plot_is_small_and_the_same_every_time(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.svg", "other.svg")]
    for file in files:
        growth.draw([FIGURES, LARGER], file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert len(first) < 60_000
    assert b"as of a day, s" in first


def test_a_results_file_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(growth, "real", lambda _: (TEXTS, np.eye(2, dtype=np.float32)))
    monkeypatch.setattr(growth, "figures", lambda *_: FIGURES)
    (tmp_path / "results.md").write_text("<!-- growth: begin -->")
    assert growth.main(["--results", str(tmp_path / "results.md"), "--sizes", "1000"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "lacks a marker" in line
