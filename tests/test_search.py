"""Search: passages in the shape that is printed."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.articles import Article
from assistant.filters import Filters
from assistant.index import Identity, Index, sync
from assistant.interface import SearchAnswer
from assistant.retrieval import Retriever
from assistant.search import search

TEXT = "The ferry Marta ran aground off Sandoy on Thursday with 212 passengers on board, and nobody was hurt."
ARTICLES = [
    Article("ferry", "Ferry aground", TEXT, dt.date(2025, 11, 20)),
    Article("ferry-again", "Ship stranded", TEXT, dt.date(2025, 11, 21)),
    Article(
        "fish",
        "Herring",
        "Herring stocks in the northern sea have recovered, researchers of an institute found.",
    ),
]


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    path, embedding = tmp_path_factory.mktemp("search"), DeterministicFakeEmbedding(size=8)
    identity = Identity("fake@1", 160)
    sync(path, ARTICLES, embedding, identity)
    with closing(Index.open(path, identity)) as index:
        yield Retriever(index=index, embeddings=embedding)


def test_offsets_are_those_of_the_stored_article(retriever: Retriever) -> None:
    found = search(retriever, "ferry", Filters())
    assert found.query == "ferry"
    for passage in found.passages:
        article = retriever.index.catalogue.article(passage.article)
        assert article.text[passage.start : passage.end] == passage.text
        assert (article.title, article.published) == (passage.title, passage.date)


def test_a_copy_is_named(retriever: Retriever) -> None:
    (ferry,) = [one for one in search(retriever, "ferry", Filters()).passages if "Marta" in one.text]
    assert {ferry.article, *ferry.also_in} == {"ferry", "ferry-again"}


def test_ranks_stand_only_in_an_explanation(retriever: Retriever) -> None:
    assert {one.ranks for one in search(retriever, "ferry", Filters()).passages} == {None}
    explained = search(retriever, "ferry", Filters(), explain=True).passages
    assert all(one.ranks and one.ranks.fused for one in explained)


def test_undated_articles_that_a_date_hides_are_told(retriever: Retriever) -> None:
    found = search(retriever, "herring", Filters(as_of=dt.date(2025, 12, 1)))
    assert found.as_of == dt.date(2025, 12, 1)
    assert "fish" not in {one.article for one in found.passages}
    assert len(found.warnings) == 1
    assert search(retriever, "herring", Filters()).warnings == []


@pytest.mark.parametrize("query", ["", " ", "?!"])
def test_a_query_without_words_finds_nothing(retriever: Retriever, query: str) -> None:
    assert search(retriever, query, Filters()).passages == []


def test_it_comes_back_from_json_as_it_was(retriever: Retriever) -> None:
    found = search(retriever, "ferry", Filters(), explain=True)
    assert SearchAnswer.model_validate_json(found.model_dump_json()) == found
