"""Timelines: dated, in order, verbatim, near copies together."""

import datetime as dt
from collections.abc import Iterator

import pytest

from assistant.build import build_retriever, open_index
from assistant.filters import Filters
from assistant.interface import Answer
from assistant.retrieval import Retriever
from assistant.settings import load_settings
from assistant.timeline import timeline

ARTICLES = {
    "c-opened": (
        "2025-11-20",
        "The valley dam was opened on Thursday by minister Ilse Brandt. Bands played.",
    ),
    "a-approved": (
        "2025-03-04",
        "Parliament approved the valley dam on Tuesday by 61 votes to 38. It rained.",
    ),
    "b-copy": (
        "2025-03-05",
        "Weather was bad all week long. Parliament approved the valley dam on Tuesday, by 61 votes to 38.",
    ),
    "d-undated": (None, "The valley dam was first proposed by engineers of the valley, in a sketch."),
    "e-ferry": ("2025-06-01", "The ferry Marta ran aground off the island of Sandoy with 212 passengers."),
}


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    folder = tmp_path_factory.mktemp("timeline")
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, (date, text) in ARTICLES.items():
        front = f"---\ntitle: About {name}\n" + (f"date: {date}\n" if date else "") + "---\n"
        (corpus / f"{name}.md").write_text(front + text, encoding="utf-8")
    settings = load_settings(corpus=corpus, index=folder / "index", model="extractive")
    index = open_index(settings, lambda message: None, lambda done, total: None)
    yield build_retriever(settings, index)
    index.close()


def check_quotes(answer: Answer, retriever: Retriever) -> None:
    for citation in [*answer.citations, *answer.nearest]:
        article = retriever.index.catalogue.article(citation.article)
        assert article.text[citation.start : citation.end] == citation.quote


def test_entries_are_dated_in_order_and_cited(retriever: Retriever) -> None:
    answer = timeline(retriever, "valley dam")
    assert answer.answer == (
        "4 March 2025: Parliament approved the valley dam on Tuesday by 61 votes to 38 [1][2].\n"
        "20 November 2025: The valley dam was opened on Thursday by minister Ilse Brandt [3]."
    )
    assert [citation.article for citation in answer.citations] == ["a-approved", "b-copy", "c-opened"]
    check_quotes(answer, retriever)
    assert answer.question == "valley dam"
    assert answer.status == "answered"
    assert answer.confidence > 0.5
    assert [warning.message for warning in answer.warnings] == [
        "1 passage about this left out, without a date"
    ]


def test_a_timeline_sees_what_the_filters_let_through(retriever: Retriever) -> None:
    answer = timeline(retriever, "valley dam", Filters(as_of=dt.date(2025, 3, 4)))
    assert [citation.article for citation in answer.citations] == ["a-approved"]
    assert answer.as_of == answer.corpus_ends == dt.date(2025, 3, 4)
    assert [warning.code for warning in answer.warnings] == ["undated-hidden"]


@pytest.mark.parametrize("topic", ["population of Lisbon", "", "?"])
def test_no_timeline_of_what_no_article_is_about(retriever: Retriever, topic: str) -> None:
    answer = timeline(retriever, topic)
    assert (answer.status, answer.answer, answer.claims, answer.confidence) == ("abstained", "", [], 0.0)
    assert answer.abstention is not None
    assert answer.abstention.reason == "nothing-relevant"
    check_quotes(answer, retriever)
    assert bool(answer.nearest) == topic.startswith("p")


def test_without_a_reranker_common_words_decide(retriever: Retriever) -> None:
    plain = retriever.model_copy(update={"reranker": None})
    answer = timeline(plain, "minister Ilse Brandt")
    assert "20 November 2025: The valley dam was opened on Thursday by minister Ilse Brandt" in answer.answer


def test_a_long_timeline_is_cut_to_what_fits_best(
    retriever: Retriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.timeline.ENTRIES", 1)
    answer = timeline(retriever, "valley dam opened by the minister")
    assert [citation.article for citation in answer.citations] == ["c-opened"]
