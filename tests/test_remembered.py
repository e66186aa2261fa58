"""The memories of reranker and reader: nothing twice, exact, and their own for each model."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from langchain_core.cross_encoders import BaseCrossEncoder

from assistant.errors import SettingsError
from assistant.evaluation.remembered import Remembered, RememberedReader, remembered
from assistant.models.reader import Reader, Reading
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


class CountingReader(Reader):
    """Gives each new passage another reading, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def read(
        self, question: str, passages: Sequence[str], headings: Sequence[str] | None = None
    ) -> list[Reading]:
        self.shown += zip(headings or [], passages, strict=True)
        chance = 1 / (2 + len(self.shown))
        return [
            Reading(0, place, chance, 0.1, ((0, chance / 3), (place, 0.7)))
            for place, _ in enumerate(passages, 1)
        ]


def test_no_passage_is_read_twice_for_a_question(tmp_path: Path) -> None:
    path = tmp_path / "scores.sqlite3"
    reader = CountingReader()
    passages, headings = ["a", "b", "a", "a"], ["h", "h", "h", "other"]
    readings = RememberedReader(reader, path, "one").read("Q?", passages, headings)
    assert reader.shown == [("h", "a"), ("h", "b"), ("other", "a")]
    assert readings[0] == readings[2] != readings[3]
    again = CountingReader()
    assert RememberedReader(again, path, "one").read("Q?", passages[::-1], headings[::-1]) == readings[::-1]
    assert again.shown == []
    RememberedReader(again, path, "one").read("Q2?", ["a"], ["h"])
    RememberedReader(again, path, "two").read("Q?", ["a"], ["h"])
    assert len(again.shown) == 2


def test_only_a_reranker_whose_name_says_what_it_is_has_a_memory(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    reranker = Counting()
    assert isinstance(remembered(reranker, settings), Remembered)
    assert remembered(reranker, settings.model_copy(update={"reranker": "./mine"})) is reranker
    assert remembered(None, settings) is None
