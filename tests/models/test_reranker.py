"""Reranking with the packaged cross-encoder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from langchain_core.cross_encoders import BaseCrossEncoder

from assistant.errors import ModelError
from assistant.models.encoders.reranker import PACKAGED, load_reranker

QUESTION = "Who mediated the ceasefire talks?"
PASSAGES = (
    "Egypt and Qatar mediated the ceasefire talks in Cairo, officials said on Tuesday.",
    "The central bank left interest rates unchanged and lowered its growth forecast for next year.",
    "A ceasefire was signed.",
    "",
    "Rain is expected in the north. " * 12,
)


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> BaseCrossEncoder:
    loaded = load_reranker(PACKAGED, tmp_path_factory.mktemp("cache"), threads=2)
    assert loaded is not None
    return loaded


def test_the_relevant_passage_wins(reranker: BaseCrossEncoder) -> None:
    scores = reranker.score([(QUESTION, passage) for passage in PASSAGES])
    assert scores.index(max(scores)) == 0
    assert scores[0] > scores[2] > scores[1]


def test_a_score_does_not_depend_on_the_pairs_beside_it(reranker: BaseCrossEncoder) -> None:
    pairs = [(QUESTION, passage) for passage in PASSAGES]
    alone = [reranker.score([pair])[0] for pair in pairs]
    assert reranker.score(pairs) == alone
    assert reranker.score(pairs[::-1]) == alone[::-1]


def test_the_number_of_threads_changes_nothing(reranker: BaseCrossEncoder, tmp_path: Path) -> None:
    single = load_reranker(PACKAGED, tmp_path, threads=1)
    assert single is not None
    pairs = [(QUESTION, passage) for passage in PASSAGES]
    assert single.score(pairs) == reranker.score(pairs)


def test_only_the_passage_is_cut(reranker: BaseCrossEncoder) -> None:
    """Were the question cut instead, its answer at the passage's start could not lift the score."""
    filler = "Rain is expected in the north. " * 100
    right, wrong = reranker.score([(QUESTION, PASSAGES[0] + filler), (QUESTION, PASSAGES[1] + filler)])
    assert right > wrong + 2
    assert reranker.score([(QUESTION, filler)]) == reranker.score([(QUESTION, filler + PASSAGES[0])])


def test_an_endless_question_leaves_room_for_the_passage(reranker: BaseCrossEncoder) -> None:
    question = "and who mediated the ceasefire talks " * 200
    right, wrong = reranker.score([(question, PASSAGES[0]), (question, PASSAGES[1])])
    assert right > wrong
    assert reranker.score([(question + " then", PASSAGES[0])]) == [right]


def test_no_pairs_no_scores(reranker: BaseCrossEncoder) -> None:
    assert reranker.score([]) == []


def test_none_is_no_reranker(tmp_path: Path) -> None:
    assert load_reranker("none", tmp_path) is None


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load"):
        load_reranker(str(tmp_path), tmp_path)


def test_torch_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from assistant.models.encoders.reranker import load_reranker, PACKAGED\n"
        f"load_reranker(PACKAGED, Path({str(tmp_path)!r})).score([('who?', 'he')])\n"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
