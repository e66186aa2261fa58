"""The reranker's memory: no pair twice, exact, and its own for each reranker."""

from pathlib import Path

import pytest
from langchain_core.cross_encoders import BaseCrossEncoder

from assistant.errors import SettingsError
from assistant.evaluation.remembered import Remembered, remembered
from assistant.settings import Settings


class Counting(BaseCrossEncoder):
    """Gives each new pair another logit, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        self.shown += text_pairs
        return [1 / (3 + len(self.shown) + place) for place, _ in enumerate(text_pairs)]


PAIRS = [("a", "a"), ("a", "b"), ("a", "a"), ("a\0", "b"), ("a", "\0b")]


def test_no_pair_is_scored_twice_in_any_process(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "scores.sqlite3"
    reranker = Counting()
    scores = Remembered(reranker, path, "one").score(PAIRS)
    assert scores[0] == scores[2]
    assert len(set(scores)) == 4
    assert len(reranker.shown) == len(set(reranker.shown))
    other = Counting()
    assert Remembered(other, path, "one").score(PAIRS[::-1]) == scores[::-1]
    assert other.shown == []


def test_another_reranker_has_scores_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite3"
    Remembered(Counting(), path, "one").score(PAIRS)
    other = Counting()
    Remembered(other, path, "two").score(PAIRS)
    assert other.shown


def test_nothing_to_score(tmp_path: Path) -> None:
    assert Remembered(Counting(), tmp_path / "scores.sqlite3", "one").score([]) == []


def test_a_file_that_cannot_be_used_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite3"
    path.write_text("no database, and long enough to be taken for none" * 9)
    with pytest.raises(SettingsError, match=r"scores\.sqlite3: cannot be used .* remove it"):
        Remembered(Counting(), path, "one").score(PAIRS)


def test_only_a_reranker_whose_name_says_what_it_is_has_a_memory(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    reranker = Counting()
    assert isinstance(remembered(reranker, settings), Remembered)
    assert remembered(reranker, settings.model_copy(update={"reranker": "./mine"})) is reranker
    assert remembered(None, settings) is None
