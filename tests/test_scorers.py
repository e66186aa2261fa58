"""Scorers: each measure's meaning at its edges."""

import datetime as dt
from typing import Any

import pytest

from assistant.articles import Article
from assistant.evaluation.gold import Case, Evidence
from assistant.evaluation.scorers import (
    Score,
    citation_precision,
    correctness,
    evidence_recall,
    latency,
    no_future_article,
    outcome,
    quotes_verbatim,
    standard_scorers,
    token_f1,
    tokens,
)
from assistant.interface import Answer, AnswerPassage, Citation, Seconds, Tokens

TEXT = "Kyiv said that Rustem  Umerov leads the talks. Ninety boats sailed."
ARTICLES = {"x": Article("x", "X", TEXT), "y": Article("y", "Y", "Something else.")}


def case(**changes: Any) -> Case:
    values: dict[str, Any] = {
        "id": "a1",
        "question": "Who leads?",
        "type": "lookup",
        "as_of": None,
        "history": (),
        "answerable": True,
        "expect": (("Umerov", "Umierov"), ("90",)),
        "evidence": (Evidence(article="x", quote="Rustem Umerov leads the talks."),),
    }
    return Case(**values | changes)


UNANSWERABLE = case(type="unanswerable", answerable=False, expect=(), evidence=())


def answer(text: str = "", **changes: Any) -> Answer:
    values: dict[str, Any] = {
        "question": "Who leads?",
        "status": "answered" if text else "abstained",
        "confidence": 0.5,
        "answer": text,
        "model": "none",
    }
    return Answer(**values | changes)


def citation(
    article: str = "x", start: int = 0, end: int = 4, quote: str | None = None, date: dt.date | None = None
) -> Citation:
    held = ARTICLES[article].text[start:end] if quote is None else quote
    return Citation(
        number=1, article=article, title="", date=date, outlets=[], quote=held, start=start, end=end, url=None
    )


def passage(
    article: str = "x",
    start: int = 0,
    end: int = 99,
    also_in: tuple[str, ...] = (),
    date: dt.date | None = None,
) -> AnswerPassage:
    return AnswerPassage(article=article, date=date, start=start, end=end, score=0.5, also_in=list(also_in))


def test_correct_when_every_group_has_a_form() -> None:
    assert correctness(case(), answer("Umierov [1] counted ninety boats [1][2].")).value == 1
    score = correctness(case(), answer("Umerov counted 900 boats [90]."))
    assert score == Score("correctness", 0.0, "missing: 90")


def test_an_abstention_is_not_correct_and_an_unanswerable_case_not_gradable() -> None:
    assert correctness(case(), answer()).value == 0
    assert correctness(UNANSWERABLE, answer("Umerov")).value is None


def test_a_conflict_is_an_answer() -> None:
    told = answer("Umerov, or 90 others.", status="conflicting")
    assert outcome(case(), told) == "right"
    assert outcome(UNANSWERABLE, told) == "wrong"


@pytest.mark.parametrize(
    ("padding", "kind", "value"), [(118, "lookup", 1), (119, "lookup", 0), (500, "timeline", 1)]
)
def test_words_beyond_the_limit_earn_nothing_except_in_a_timeline(
    padding: int, kind: str, value: int
) -> None:
    text = "word [1] " * padding + "Umerov 90"
    assert correctness(case(type=kind), answer(text)).value == value


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("lookup", "Umerov, 90", "right"),
        ("lookup", "Yermak, 90", "wrong"),
        ("lookup", "", "abstained"),
        ("false-premise", "Umerov, 90", "right"),
        ("false-premise", "Yermak", "wrong"),
        ("false-premise", "", "abstained"),
    ],
)
def test_outcome_of_an_answerable_case(kind: str, text: str, expected: str) -> None:
    assert outcome(case(type=kind), answer(text)) == expected


def test_outcome_of_an_unanswerable_case() -> None:
    assert outcome(UNANSWERABLE, answer()) == "right"
    assert outcome(UNANSWERABLE, answer("Umerov")) == "wrong"


def test_token_f1_takes_the_form_that_was_used() -> None:
    assert token_f1(case(), answer("Umierov, 90 [1].")).value == 1
    assert token_f1(case(), answer("The Umerov")).value == pytest.approx(2 / 3)
    assert token_f1(case(), answer("Somebody else")).value == 0
    assert token_f1(case(), answer()).value == 0
    assert token_f1(UNANSWERABLE, answer("Umerov")).value is None


def test_citation_precision_by_article_or_by_form_in_the_quote() -> None:
    cited = [citation("x"), citation("y"), citation("y", quote="So Umerov said.")]
    score = citation_precision(case(), answer("Umerov", citations=cited))
    assert score.value == pytest.approx(2 / 3)
    assert "y" in score.why
    assert citation_precision(case(), answer("Umerov")).value is None
    assert citation_precision(UNANSWERABLE, answer("Umerov", citations=cited)).value is None


def test_quotes_verbatim_compares_with_the_stored_text() -> None:
    def value(*citations: Citation) -> float | None:
        return quotes_verbatim(case(), answer("Umerov", citations=citations), articles=ARTICLES).value

    assert value() is None
    assert value(citation("x", 0, 4)) == 1
    assert value(citation("x", 0, 4), citation("x", 0, 4, quote="Lviv")) == 0.5
    assert value(citation("x", 0, 4, quote="kyiv")) == 0
    assert value(citation("gone", quote="Kyiv")) == 0


def test_evidence_recall_needs_the_whole_quote_in_one_passage() -> None:
    start = TEXT.index("Rustem")
    end = TEXT.index(" Ninety")

    def value(*passages: AnswerPassage, k: int = 2) -> float | None:
        return evidence_recall(case(), answer(passages=passages), articles=ARTICLES, k=k).value

    assert value() == 0
    assert value(passage("x", start, end)) == 1
    assert value(passage("x", start + 1, end)) == 0
    assert value(passage("x", start, end - 1)) == 0
    assert value(passage("x", 0, start + 9), passage("x", start + 9, end)) == 0
    assert value(passage("y", start, end)) == 0
    assert value(passage("y", also_in=("x",))) == 1
    assert value(passage("y"), passage("y"), passage("x")) == 0
    assert value(passage("y"), passage("y"), passage("x"), k=3) == 1


def test_evidence_recall_is_a_share_and_none_without_evidence() -> None:
    two = case(evidence=(*case().evidence, Evidence(article="y", quote="Something else.")))
    score = evidence_recall(two, answer(passages=[passage("x")]), articles=ARTICLES, k=5)
    assert score == Score("evidence recall@5", 0.5, "not found: y")
    assert evidence_recall(UNANSWERABLE, answer(), articles=ARTICLES, k=5).value is None


@pytest.mark.parametrize("shown", ["citations", "nearest", "passages"])
def test_nothing_later_than_the_as_of_date_is_shown(shown: str) -> None:
    day = dt.date(2025, 11, 26)
    dated = case(as_of=day)
    make = passage if shown == "passages" else citation

    def value(*dates: dt.date | None) -> float | None:
        return no_future_article(dated, answer("x", **{shown: [make(date=date) for date in dates]})).value

    assert value() is None
    assert value(day) == 1
    assert value(day, day + dt.timedelta(days=1)) == 0
    assert value(None) == 0
    late = answer("x", **{shown: [make(date=dt.date.max)]})
    assert no_future_article(case(), late).value is None


def test_figures() -> None:
    told = answer("x", seconds=Seconds(retrieve=1, total=2.5), tokens=Tokens(prompt=400, completion=50))
    assert latency(case(), told).value == 2.5
    assert tokens(case(), told) == Score("tokens", 450, "400 read, 50 written")


def test_the_standard_scorers_have_names_of_their_own() -> None:
    scores = [scorer(case(), answer("Umerov")) for scorer in standard_scorers(ARTICLES, recall_at=3)]
    names = [score.name for score in scores]
    assert len(set(names)) == len(names) == 8
    assert "evidence recall@3" in names
