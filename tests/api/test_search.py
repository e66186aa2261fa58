"""Search: passages in the shape that is printed."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from fakes import CommonWords
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.answering.query import Turn
from assistant.api.search import search
from assistant.corpus.articles import Article
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.sync import sync
from assistant.index.vectors.chroma import Identity
from assistant.retrieval.passages import Passage
from assistant.retrieval.retriever import Retriever
from assistant.schema import SearchAnswer

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


def test_as_many_are_ranked_as_are_shown(retriever: Retriever) -> None:
    asked = replace(retriever, reranker=CommonWords(), candidates=1)
    for k in (1, 2):
        found = search(asked, "ferry herring passengers", Filters(), k=k, explain=True).passages
        assert [one.ranks.reranked is not None for one in found if one.ranks] == [True] * k


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


def test_the_day_may_stand_in_the_query(retriever: Retriever) -> None:
    found = search(retriever, "ferry as of 20 November 2025", Filters())
    assert found.as_of == dt.date(2025, 11, 20)
    assert {one.article for one in found.passages} == {"ferry"}
    assert len(found.warnings) == 1


def test_a_follow_up_is_looked_for_with_the_turn_before_it(retriever: Retriever) -> None:
    asked: list[str] = []

    class Asked(Retriever):
        def retrieve(self, question: str, *others: Any, **more: Any) -> list[Passage]:
            asked.append(question)
            return super().retrieve(question, *others, **more)

    watched = Asked(index=retriever.index, embeddings=retriever.embeddings, k=2)
    found = search(
        watched, "Who was on board?", Filters(), history=[Turn("Which ferry ran aground?", "Marta.")]
    )
    assert asked == ["Who was on board?", "Which ferry ran aground? Who was on board?"]
    assert found.query == "Who was on board?"
    places = [(one.article, one.start) for one in found.passages]
    assert len(places) == len(set(places)) == 2


@pytest.mark.parametrize("query", ["", " ", "?!"])
def test_a_query_without_words_finds_nothing(retriever: Retriever, query: str) -> None:
    assert search(retriever, query, Filters()).passages == []


def test_it_comes_back_from_json_as_it_was(retriever: Retriever) -> None:
    found = search(retriever, "ferry", Filters(), explain=True)
    assert SearchAnswer.model_validate_json(found.model_dump_json()) == found
