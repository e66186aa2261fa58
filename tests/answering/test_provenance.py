"""Provenance: how many reports stand behind an answer, and until when its corpus reaches."""

import datetime as dt

import pytest
from fakes import passages_of, sentences_of
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.citations import cite
from assistant.answering.provenance import copied, reach, reports, sourcing
from assistant.answering.verify import Statement
from assistant.corpus.articles import Article
from assistant.schema import Citation

STORY = "The ferry Marta ran aground off Sandoy on Thursday morning with 212 passengers on board."
OWN = "Rescuers brought everybody ashore within three hours, the spokesman of the coast guard said."
DAY = dt.date(2025, 11, 20)


def cited(*texts: str) -> list[Citation]:
    articles = [Article(f"a{number}", "T", text) for number, text in enumerate(texts)]
    return cite([Statement("S.", tuple(sentences_of(article)[:1])) for article in articles])[1]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], ""),
        ([STORY], ""),
        ([STORY, OWN], ""),
        ([STORY, STORY], "2 articles carry one report."),
        ([STORY, STORY.replace("Thursday morning", "Thursday"), OWN], "3 articles carry 2 reports."),
        (["It sank.", "It sank."], ""),
    ],
)
def test_reports(texts: list[str], said: str) -> None:
    assert sourcing(cited(*texts), []) == said


def test_copies_that_retrieval_grouped_count_too() -> None:
    (first,) = passages_of(Article("a0", "T", STORY))
    (copy,) = passages_of(Article("b", "T", STORY))
    passage = type(first)(first.article, 0, first.end, first.hits, copy.hits)
    assert reports(cited(STORY), [passage]) == [frozenset({"a0", "b"})]


@given(st.lists(st.sampled_from([STORY, OWN, "It sank."]), max_size=6))
def test_every_article_is_in_one_report(texts: list[str]) -> None:
    citations = cited(*texts)
    found = reports(citations, [])
    assert sorted(name for report in found for name in report) == sorted({one.article for one in citations})


def test_short_texts_are_no_copies() -> None:
    assert not copied("It sank.", "It sank.")
    assert copied(STORY, f"{OWN} {STORY}")


@pytest.mark.parametrize(
    ("question", "ends", "told"),
    [
        ("What is the latest?", DAY, "The corpus reaches until 20 November 2025."),
        ("Who leads now?", None, ""),
        ("Who led?", DAY, ""),
        ("What was the latest in March 2025?", DAY, ""),
    ],
)
def test_a_question_about_now_is_told_when_the_corpus_ends(
    question: str, ends: dt.date | None, told: str
) -> None:
    assert reach(question, dt.date(2025, 12, 1), ends) == told
