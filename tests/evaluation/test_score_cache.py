"""What the small models say, kept: nothing twice, exact, their own for each model, the shared file first."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import write_corpus
from langchain_core.cross_encoders import BaseCrossEncoder
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from assistant.corpus.articles import read_corpus
from assistant.errors import SettingsError
from assistant.evaluation.score_cache import (
    Memory,
    Remembered,
    RememberedReader,
    RememberedRetriever,
    remembered,
    with_memory,
)
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.sync import sync
from assistant.index.vectors.chroma import Identity
from assistant.models.encoders.reader import Reader, Reading
from assistant.retrieval.retriever import Retriever
from assistant.settings import Settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "scores.sqlite3"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "recordings" / "scores.jsonl"


class Maker:
    """Makes a value of each place, another one every time, and remembers which."""

    def __init__(self, prefix: str = "") -> None:
        self.made: list[int] = []
        self._prefix = prefix

    def __call__(self, places: list[int]) -> list[Any]:
        self.made += places
        return [f"{self._prefix}{place}" for place in places]


def write_shared(shared: Path, values: dict[str, Any]) -> None:
    shared.parent.mkdir(parents=True, exist_ok=True)
    shared.write_text("".join(json.dumps(item) + "\n" for item in values.items()), encoding="utf-8")


def read_shared(shared: Path) -> dict[str, Any]:
    return dict(map(json.loads, shared.read_text(encoding="utf-8").splitlines()))


def test_a_value_is_made_once_and_kept_for_every_process(path: Path) -> None:
    make = Maker()
    assert Memory(path).recall(["a", "b", "a"], make) == ["0", "1", "0"]
    assert make.made == [0, 1]
    again = Maker("new ")
    assert Memory(path).recall(["c", "b", "a"], again) == ["new 0", "1", "0"]
    assert again.made == [0]


def test_a_new_value_is_what_it_will_be_when_it_is_read(path: Path) -> None:
    memory = Memory(path)
    assert memory.recall(["a"], lambda places: [(1, (2.5,))]) == [[1, [2.5]]]
    assert memory.recall(["a"], Maker()) == [[1, [2.5]]]


def test_the_shared_file_wins(path: Path, shared: Path) -> None:
    Memory(path).recall(["a", "b"], Maker("cached "))
    write_shared(shared, {"a": "shared"})
    make = Maker("new ")
    assert Memory(path, shared).recall(["a", "b", "c"], make) == ["shared", "cached 1", "new 2"]
    assert make.made == [2]


def test_with_all_in_the_shared_file_there_need_be_no_cache(tmp_path: Path, shared: Path) -> None:
    write_shared(shared, {"a": 0.5})
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    assert Memory(occupied, shared).recall(["a", "a"], Maker()) == [0.5, 0.5]
    assert Memory(occupied, shared).recall([], Maker()) == []


def test_what_was_used_is_added_to_the_shared_file_and_the_others_stay(path: Path, shared: Path) -> None:
    write_shared(shared, {"z": "old", "a": "old"})
    Memory(path).recall(["unused", "b"], Maker("cached "))
    memory = Memory(path, shared)
    memory.recall(["a", "b"], Maker())
    memory.recall(["c"], Maker("é "))
    memory.save(shared)
    lines = shared.read_text(encoding="utf-8").splitlines()
    assert lines == ['["a", "old"]', '["b", "cached 1"]', '["c", "é 0"]', '["z", "old"]']
    again = Maker()
    assert Memory(path.with_name("other"), shared).recall(["b", "c"], again) == ["cached 1", "é 0"]
    assert again.made == []


def test_a_shared_file_is_made_where_there_is_none(path: Path, shared: Path) -> None:
    memory = Memory(path, shared)
    memory.save(shared)
    assert shared.read_text(encoding="utf-8") == ""
    memory.recall(["a"], Maker())
    memory.save(shared)
    assert read_shared(shared) == {"a": "0"}


@pytest.mark.parametrize(
    "content",
    [b"no JSON\n", b'["a", 1]\n["b"]\n', b"1\n", b'[["a"], 1]\n', b"<<<<<<< ours\n", b"\xff\n", b"\n"],
)
def test_a_damaged_shared_file_is_one_line(path: Path, shared: Path, content: bytes) -> None:
    shared.parent.mkdir()
    shared.write_bytes(content)
    with pytest.raises(SettingsError, match=r"scores\.jsonl: cannot be used .*remove it, and record") as told:
        Memory(path, shared)
    assert "\n" not in str(told.value)


def test_a_shared_file_that_cannot_be_written_is_told_of(path: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be written \(.*\); make it writable"):
        Memory(path).save(tmp_path)


def test_a_cache_that_cannot_be_used_is_told_of(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no database, and long enough to be taken for none" * 9)
    with pytest.raises(SettingsError, match=r"scores\.sqlite3: cannot be used .* remove it"):
        Memory(path).recall(["a"], Maker())


class Counting(BaseCrossEncoder):
    """Gives each new pair another logit, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        self.shown += text_pairs
        return [1 / (3 + len(self.shown) + place) for place, _ in enumerate(text_pairs)]


PAIRS = [("a", "a"), ("a", "b"), ("a", "a"), ("a\0", "b"), ("a", "\0b")]


def test_no_pair_is_scored_twice_in_any_process(path: Path) -> None:
    reranker = Counting()
    scores = Remembered(reranker, Memory(path), "one").score(PAIRS)
    assert scores[0] == scores[2]
    assert len(set(scores)) == 4
    assert len(reranker.shown) == len(set(reranker.shown))
    other = Counting()
    assert Remembered(other, Memory(path), "one").score(PAIRS[::-1]) == scores[::-1]
    assert other.shown == []


def test_another_reranker_has_scores_of_its_own(path: Path) -> None:
    Remembered(Counting(), Memory(path), "one").score(PAIRS)
    other = Counting()
    Remembered(other, Memory(path), "two").score(PAIRS)
    assert other.shown


def test_nothing_to_score(path: Path) -> None:
    assert Remembered(Counting(), Memory(path), "one").score([]) == []


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

    def support(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.shown += pairs
        return [1 / (2 + len(self.shown) + place) for place, _ in enumerate(pairs)]


def test_no_passage_is_read_twice_for_a_question(path: Path) -> None:
    memory = Memory(path)
    reader = CountingReader()
    passages, headings = ["a", "b", "a", "a"], ["h", "h", "h", "other"]
    readings = RememberedReader(reader, memory, "one").read("Q?", passages, headings)
    assert reader.shown == [("h", "a"), ("h", "b"), ("other", "a")]
    assert readings[0] == readings[2] != readings[3]
    again = CountingReader()
    same = RememberedReader(again, Memory(path), "one").read("Q?", passages[::-1], headings[::-1])
    assert same == readings[::-1]
    assert again.shown == []
    RememberedReader(again, memory, "one").read("Q2?", ["a"], ["h"])
    RememberedReader(again, memory, "two").read("Q?", ["a"], ["h"])
    assert len(again.shown) == 2


def test_no_claim_is_held_against_a_quote_twice(path: Path) -> None:
    reader = CountingReader()
    found = RememberedReader(reader, Memory(path), "one").support(PAIRS)
    assert len(reader.shown) == len(set(PAIRS))
    again = CountingReader()
    assert RememberedReader(again, Memory(path), "one").support(PAIRS[::-1]) == found[::-1]
    assert again.shown == []


class CountingEmbeddings(Embeddings):
    """Random vectors, and a memory of the questions."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._vectors = DeterministicFakeEmbedding(size=16)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._vectors.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        self.asked.append(text)
        return self._vectors.embed_query(text)


class Searched:
    """A small corpus in an index of its own, and retrievers over it that share a memory on disk."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(cache=folder / "cache")
        self.articles = read_corpus(write_corpus(folder / "corpus"))
        self.embeddings = CountingEmbeddings()
        self._path = folder / "index"
        self._identity = Identity("fake@1", 160)

    @contextmanager
    def retriever(self, **settings: Any) -> Iterator[RememberedRetriever]:
        sync(self._path, self.articles, self.embeddings, self._identity)
        with closing(Index.open(self._path, self._identity)) as index:
            plain = Retriever(index=index, embeddings=self.embeddings)
            made = with_memory(plain, self.settings.model_copy(update=settings))
            assert isinstance(made, RememberedRetriever)
            yield made

    def dense(
        self, question: str, count: int = 2, filters: Filters = Filters(), **settings: Any
    ) -> list[tuple[str, int, float]]:
        with self.retriever(**settings) as retriever:
            return retriever.dense(question, count, filters)


@pytest.fixture
def searched(tmp_path: Path) -> Searched:
    return Searched(tmp_path)


def test_a_question_is_searched_for_once_as_long_as_nothing_changes(searched: Searched) -> None:
    first = searched.dense("Dam?")
    assert searched.dense("Dam?") == first
    assert len(first) == 2
    assert all(isinstance(one, tuple) for one in first)
    assert searched.embeddings.asked == ["Dam?"]


@pytest.mark.parametrize(
    "changes",
    [
        {"question": "Ferry?"},
        {"count": 1},
        {"filters": Filters(articles=("dam",))},
        {"embedder": "all-MiniLM-L6-v2"},
        {"chunk_words": 100},
    ],
)
def test_another_search_is_made(searched: Searched, changes: dict[str, Any]) -> None:
    searched.dense("Dam?")
    searched.dense(**{"question": "Dam?"} | changes)
    assert len(searched.embeddings.asked) == 2


def test_a_changed_corpus_is_searched_again(searched: Searched) -> None:
    before = searched.dense("Dam?", 9)
    dam, *others = searched.articles
    searched.articles = [replace(dam, text=f"{dam.text}\n\nIt rained."), *others]
    searched.dense("Dam?", 9)
    assert len(searched.embeddings.asked) == 2
    searched.articles = others
    assert {article for article, _, _ in searched.dense("Dam?", 9)} == {one.id for one in others}
    assert len(searched.embeddings.asked) == 3
    searched.articles = [dam, *others]
    assert searched.dense("Dam?", 9) == before
    assert len(searched.embeddings.asked) == 3


def test_with_memory_all_else_stays_as_it_was(searched: Searched) -> None:
    reader, reranker = CountingReader(), Counting()
    with searched.retriever() as made:
        plain = Retriever(
            index=made.index, embeddings=made.embeddings, reranker=reranker, reader=reader, k=3, most_words=90
        )
        held = with_memory(plain, searched.settings)
        assert (held.k, held.most_words, held.candidates) == (3, 90, plain.candidates)
        first = held.retrieve("What will the dam cost?")
        shown = len(reranker.shown), len(reader.shown)
        assert min(shown) > 0
        assert with_memory(plain, searched.settings).retrieve("What will the dam cost?") == first
        assert (len(reranker.shown), len(reader.shown)) == shown


def test_only_a_reranker_whose_name_says_what_it_is_has_a_memory(tmp_path: Path) -> None:
    settings = Settings(cache=tmp_path)
    reranker = Counting()
    assert isinstance(remembered(reranker, settings), Remembered)
    assert remembered(reranker, settings.model_copy(update={"reranker": "./mine"})) is reranker
    assert remembered(None, settings) is None
