"""Scorers: each measure's meaning at its edges."""

import datetime as dt
from typing import Any

import pytest

from assistant.corpus.articles import Article
from assistant.evaluation.gold.cases import Case, EarlierTurn, Evidence
from assistant.evaluation.scorers import support
from assistant.evaluation.scorers.score import Score
from assistant.evaluation.scorers.standard import (
    abstention_precision,
    abstention_recall,
    citation_precision,
    citation_recall,
    conflict_coverage,
    conflict_precision,
    conflict_recall,
    correctness,
    evidence_cited,
    latency,
    no_future_article,
    outcome,
    quotes_verbatim,
    right_if_length_ignored,
    standard_scorers,
    token_f1,
    tokens,
)
from assistant.schema import Answer, AnswerPassage, Citation, Claim, Seconds, Tokens

TEXT = "Oslo said that Rustem  Hansen leads the talks. Ninety boats sailed."
ARTICLES = {"x": Article("x", "X", TEXT), "y": Article("y", "Y", "Something else.")}


def case(**changes: Any) -> Case:
    values: dict[str, Any] = {
        "id": "a1",
        "question": "Who leads?",
        "type": "lookup",
        "as_of": None,
        "history": (),
        "answerable": True,
        "expect": (("Hansen", "Hanssen"), ("90",)),
        "evidence": (Evidence(article="x", quote="Rustem Hansen leads the talks."),),
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
    assert correctness(case(), answer("Hanssen [1] counted ninety boats [1][2].")).value == 1
    score = correctness(case(), answer("Hansen counted 900 boats [90]."))
    assert score == Score("correctness", 0.0, "missing within 40 words: 90")


def test_an_abstention_is_not_correct_and_an_unanswerable_case_not_gradable() -> None:
    assert correctness(case(), answer()).value == 0
    assert correctness(UNANSWERABLE, answer("Hansen")).value is None


def test_a_conflict_is_an_answer() -> None:
    told = answer("Hansen, or 90 others.", status="conflicting")
    assert outcome(case(), told) == "right"
    assert outcome(UNANSWERABLE, told) == "wrong"


WORDS = [f"word{number}" for number in range(300)]


@pytest.mark.parametrize(
    ("kind", "before", "after", "why"),
    [
        ("lookup", 38, 40, "all groups found"),
        ("lookup", 39, 0, "missing within 40 words: 90"),
        ("lookup", 0, 79, "81 words, and at most 80 may be"),
        ("lookup", 60, 60, "missing within 40 words: Hansen | Hanssen; 90. 122 words, and at most 80 may be"),
        ("multi-hop", 58, 60, "all groups found"),
        ("follow-up", 59, 0, "missing within 60 words: 90"),
        ("timeline", 98, 100, "all groups found"),
        ("summary", 99, 0, "missing within 100 words: 90"),
        ("conflict", 0, 199, "201 words, and at most 200 may be"),
    ],
)
def test_what_is_expected_stands_at_the_beginning(kind: str, before: int, after: int, why: str) -> None:
    history = (EarlierTurn(question="Who?", answer="He."),) if kind == "follow-up" else ()
    told = answer(" [1] ".join([*WORDS[:before], "Hansen", "90", *WORDS[:after]]))
    asked = case(type=kind, history=history)
    assert correctness(asked, told) == Score("correctness", float(why == "all groups found"), why)
    assert right_if_length_ignored(asked, told).value == 1


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("lookup", "Hansen, 90", "right"),
        ("lookup", "Larsen, 90", "wrong"),
        ("lookup", "", "abstained"),
        ("false-premise", "Hansen, 90", "right"),
        ("false-premise", "Larsen", "wrong"),
        ("false-premise", "", "abstained"),
    ],
)
def test_outcome_of_an_answerable_case(kind: str, text: str, expected: str) -> None:
    assert outcome(case(type=kind), answer(text)) == expected


def test_outcome_of_an_unanswerable_case() -> None:
    assert outcome(UNANSWERABLE, answer()) == "right"
    assert outcome(UNANSWERABLE, answer("Hansen")) == "wrong"


def test_token_f1_takes_the_form_that_was_used() -> None:
    assert token_f1(case(), answer("Hanssen, 90 [1].")).value == 1
    assert token_f1(case(), answer("The Hansen")).value == pytest.approx(2 / 3)
    assert token_f1(case(), answer("Somebody else")).value == 0
    assert token_f1(case(), answer()).value == 0
    assert token_f1(UNANSWERABLE, answer("Hansen")).value is None


def test_evidence_is_cited_by_article_or_by_form_in_the_quote() -> None:
    cited = [citation("x"), citation("y"), citation("y", quote="So Hansen said.")]
    score = evidence_cited(case(), answer("Hansen", citations=cited))
    assert score.value == pytest.approx(2 / 3)
    assert "y" in score.why
    assert evidence_cited(case(), answer("Hansen")).value is None
    assert evidence_cited(UNANSWERABLE, answer("Hansen", citations=cited)).value is None


LEADS, BOATS, ELSE = "Rustem Hansen leads the talks.", "Ninety boats sailed.", "Something else."


def claiming(*claims: tuple[str, list[int]]) -> Answer:
    """An answer with these claims over three quotes."""
    quotes = [
        citation(quote=quote).model_copy(update={"number": number})
        for number, quote in enumerate((LEADS, BOATS, ELSE), 1)
    ]
    made = [Claim(text=text, citations=numbers, support=1) for text, numbers in claims]
    return answer("Said.", citations=quotes, claims=made)


@pytest.mark.parametrize(
    ("numbers", "precision", "recall"),
    [
        ([1], 1, 1),
        ([3], 0, 0),
        ([1, 3], 1 / 2, 1),
        ([1, 1], 1, 1),
        ([], None, 0),
        ([9], None, 0),
    ],
)
def test_a_citation_supports_its_claim(numbers: list[int], precision: float | None, recall: float) -> None:
    told = claiming(("Hansen leads the talks.", numbers))
    assert citation_precision(case(), told).value == precision
    assert citation_recall(case(), told).value == recall


def test_two_citations_may_carry_a_claim_together() -> None:
    told = claiming(("Rustem Hansen leads the talks and 90 boats sailed.", [1, 2]))
    assert (citation_precision(case(), told).value, citation_recall(case(), told).value) == (1, 1)
    third = claiming(("Rustem Hansen leads the talks and 90 boats sailed.", [1, 2, 3]))
    assert citation_precision(case(), third).value == pytest.approx(2 / 3)
    half = claiming(("Rustem Hansen leads the talks and 90 boats sailed.", [1]))
    assert (citation_precision(case(), half).value, citation_recall(case(), half).value) == (0, 0)


def test_citation_recall_is_a_share_of_claims() -> None:
    told = claiming((LEADS, [1]), (BOATS, [1]))
    assert citation_recall(case(), told) == Score("citation recall", 0.5, f"unsupported: {BOATS}")
    assert citation_recall(case(), answer()).value is None
    assert citation_precision(case(), answer()).value is None


@pytest.mark.parametrize(
    ("claim", "overlap"),
    [
        ("The talks are what Hansen leads.", 1),
        ("Rustemsen leads.", 1),
        ("Hansen leads nothing.", 2 / 3),
        ("Hansen leads 40 talks.", 0),
        ("", 0),
        ("It is what it is.", 0),
    ],
)
def test_words_in_common(claim: str, overlap: float) -> None:
    assert support.overlap(claim, LEADS) == pytest.approx(overlap)


def test_a_number_may_stand_in_the_date_of_the_article() -> None:
    dated = citation(quote=LEADS, date=dt.date(2025, 11, 26))
    assert support.supports("On 26 November 2025 Hansen leads the talks.", [dated])
    assert not support.supports("On 27 November 2025 Hansen leads the talks.", [dated])


def test_quotes_verbatim_compares_with_the_stored_text() -> None:
    def value(*citations: Citation) -> float | None:
        return quotes_verbatim(case(), answer("Hansen", citations=citations), articles=ARTICLES).value

    assert value() is None
    assert value(citation("x", 0, 4)) == 1
    assert value(citation("x", 0, 4), citation("x", 0, 4, quote="Moss")) == 0.5
    assert value(citation("x", 0, 4, quote="oslo")) == 0
    assert value(citation("gone", quote="Oslo")) == 0


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


def test_abstentions_are_right_where_the_articles_do_not_say() -> None:
    scores = {
        (asked.answerable, bool(text)): (
            abstention_precision(asked, answer(text)).value,
            abstention_recall(asked, answer(text)).value,
        )
        for asked in (case(), UNANSWERABLE)
        for text in ("", "Hansen")
    }
    assert scores == {
        (True, False): (0, None),
        (True, True): (None, None),
        (False, False): (1, 1),
        (False, True): (None, 0),
    }


def test_a_conflict_is_covered_by_each_account_that_is_given() -> None:
    conflict = case(type="conflict")
    assert conflict_coverage(conflict, answer("Hansen.")) == Score("conflict coverage", 0.5, "missing: 90")
    assert conflict_coverage(conflict, answer("Hanssen, or 90.", status="conflicting")).value == 1
    assert conflict_coverage(conflict, answer()).value == 0
    assert conflict_coverage(case(), answer("Hansen.")).value is None


def test_a_conflict_is_to_be_told_where_there_is_one() -> None:
    scores = {
        (kind, status): (
            conflict_precision(case(type=kind), answer("Hansen", status=status)).value,
            conflict_recall(case(type=kind), answer("Hansen", status=status)).value,
        )
        for kind in ("conflict", "lookup")
        for status in ("conflicting", "answered")
    }
    assert scores == {
        ("conflict", "conflicting"): (1, 1),
        ("conflict", "answered"): (None, 0),
        ("lookup", "conflicting"): (0, None),
        ("lookup", "answered"): (None, None),
    }


def test_figures() -> None:
    told = answer("x", seconds=Seconds(retrieve=1, total=2.5), tokens=Tokens(prompt=400, completion=50))
    assert latency(case(), told).value == 2.5
    assert tokens(case(), told) == Score("tokens", 450, "400 read, 50 written")


def test_the_standard_scorers_have_names_of_their_own() -> None:
    names = [scorer(case(), answer("Hansen")).name for scorer in standard_scorers(ARTICLES)]
    assert len(set(names)) == len(names) == 22
