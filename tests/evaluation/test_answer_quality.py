"""Scorers of an answer as a reader meets it: length, directness, falsehood, help, soundness, support."""

from typing import Any

import pytest

from assistant.corpus.articles import Article
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.scorers.answer_quality import (
    answer_sentences,
    answer_words,
    beginning,
    claim_support,
    counted,
    first_sentence,
    helpful_claims,
    no_false_sentence,
    not_degenerate,
    precision_of_quotes,
    precision_of_sentences,
    supported_sentences,
)
from assistant.evaluation.scorers.degeneration import faults
from assistant.evaluation.scorers.score import Score
from assistant.evaluation.scorers.standard import correctness, outcome, right_if_length_ignored
from assistant.schema import Answer, Citation, Claim

TEXT = "The dam will cost 90 billion crowns. Work begins in April. The ferry ran aground off Sandoy."
COST, WORK, FERRY = (
    "The dam will cost 90 billion crowns.",
    "Work begins in April.",
    "The ferry ran aground off Sandoy.",
)
TITLE = "Parliament approves the valley dam"
ARTICLES = {"dam": Article("dam", TITLE, TEXT)}


def case(**changes: Any) -> Case:
    values: dict[str, Any] = {
        "id": "a1",
        "question": "What will the dam cost, and when does work begin?",
        "type": "lookup",
        "as_of": None,
        "history": (),
        "answerable": True,
        "expect": (("90 billion",), ("April",)),
        "evidence": (Evidence(article="dam", quote=COST), Evidence(article="dam", quote=WORK)),
        "reject": (("80 billion", "eighty billion"), ("May",)),
    }
    return Case(**values | changes)


UNANSWERABLE = case(type="unanswerable", answerable=False, expect=(), evidence=(), reject=())


def citation(quote: str, number: int = 1, article: str = "dam") -> Citation:
    start = max(TEXT.find(quote), 0) if article == "dam" else 1000
    return Citation(
        number=number, article=article, title=TITLE, date=None, outlets=[], quote=quote, start=start,
        end=start + len(quote), url=None,
    )  # fmt: skip


def answer(*told: str, quotes: tuple[Citation, ...] = (), **changes: Any) -> Answer:
    """Claims, each with the citation of its place, where there is one."""
    claims = [
        Claim(text=text, citations=[number] if number <= len(quotes) else [], support=1)
        for number, text in enumerate(told, 1)
    ]
    values: dict[str, Any] = {
        "question": case().question,
        "status": "answered" if told else "abstained",
        "confidence": 0.5,
        "answer": " ".join(f"{text} [{number}]" for number, text in enumerate(told, 1)),
        "claims": claims,
        "citations": list(quotes),
        "model": "none",
    }
    return Answer(**values | changes)


def test_words_are_counted_as_a_reader_counts_them() -> None:
    assert counted("The dam – 90 bn – is due [1]. * So [2][3].") == 7
    assert beginning("The dam – 90 bn – is due [1].", 4) == "The dam – 90 bn"
    assert beginning("The dam [1].", 2) == "The dam."
    told = answer(COST, WORK)
    assert (answer_words(case(), told).value, answer_sentences(case(), told).value) == (11, 2)
    assert answer_words(case(), answer()).value is answer_sentences(case(), answer()).value is None


def test_the_first_sentence_may_say_all() -> None:
    assert first_sentence(case(), answer("It costs 90 billion from April.", FERRY)).value == 1
    assert first_sentence(case(), answer(COST, WORK)) == Score("first sentence", 0, "missing: April")
    assert first_sentence(case(), answer()).value == 0
    assert first_sentence(UNANSWERABLE, answer(COST)).value is None


@pytest.mark.parametrize(
    ("told", "value"),
    [
        (COST, 1),
        ("The dam costs eighty billion.", 0),
        ("Not 80 billion.", 1),
        (f"{COST} In May.", 0),
    ],
)
def test_a_wrong_value_must_not_be_asserted(told: str, value: float) -> None:
    given = answer(told, WORK)
    assert no_false_sentence(case(), given).value == value
    if value == 0:
        assert right_if_length_ignored(case(), given).value == correctness(case(), given).value == 0
        assert "false: " in correctness(case(), given).why
        assert outcome(case(), given) == "wrong"


def test_falsehood_is_not_graded_where_nothing_wrong_is_known() -> None:
    assert no_false_sentence(case(reject=()), answer(COST)).value is None
    assert no_false_sentence(case(), answer()).value is None


def test_a_sentence_helps_by_what_it_says_or_by_what_it_quotes() -> None:
    quotes = (citation(COST), citation(FERRY, 2), citation("Work begins", 3), citation(COST, 4, "copy"))
    told = answer("Some 90 billion.", "A ferry is lost.", "It starts soon.", "It is dear.", quotes=quotes)
    assert helpful_claims(case(), told, ARTICLES) == [True, False, True, True]
    assert precision_of_sentences(case(), told, articles=ARTICLES) == Score(
        "precision of sentences", 0.75, "beside the point: 2"
    )
    assert precision_of_quotes(case(), told, articles=ARTICLES).value == 0.75
    assert helpful_claims(case(), told, {}) == [True, False, False, True]  # two words alone tell nothing
    assert helpful_claims(case(evidence=(), plain=True), told, ARTICLES) == [True, False, False, False]
    for none in (answer(), answer(COST, claims=[])):
        assert precision_of_sentences(case(), none, articles=ARTICLES).value is None
        assert precision_of_quotes(case(), none, articles=ARTICLES).value is None
    assert precision_of_sentences(UNANSWERABLE, told, articles=ARTICLES).value is None


def test_a_sentence_helps_that_leads_up_to_the_evidence_or_dates_it() -> None:
    evidence = (Evidence(article="dam", quote=WORK),)
    asked = case(question="When does work begin on the dam?", expect=(("April",),), evidence=evidence)
    quotes = (citation(COST), citation(COST, 2), citation(FERRY, 3))
    told = answer("The dam is dear.", "It is dear.", "The dam and the ferry.", quotes=quotes)
    assert helpful_claims(asked, told, ARTICLES) == [True, False, False]
    assert helpful_claims(asked, told, {}) == [False, False, False]
    dated = answer(
        "Work on the dam started on 3 May.", "A ferry ran aground near it on 3 May.", "Work stopped."
    )
    assert helpful_claims(asked, dated, ARTICLES) == [True, False, False]


def test_sentences_are_supported_by_their_own_quotes() -> None:
    asked: list[tuple[str, str]] = []

    def support(pairs: list[tuple[str, str]]) -> list[float]:
        asked.extend(pairs)
        return [0.1 for _ in pairs]  # also of a copy

    told = answer(COST, WORK, FERRY, quotes=(citation(COST), citation(FERRY, 2)))
    told = told.model_copy(
        update={"claims": [told.claims[0].model_copy(update={"citations": [1, 2, 9]}), *told.claims[1:]]}
    )
    assert claim_support(told, support) == [1, 0.1, 0]
    assert asked == [(COST, f"{COST} {FERRY}"), (WORK, FERRY)]
    dated = answer(f"23 April 2026: {FERRY}", quotes=(citation(FERRY),))
    assert claim_support(dated, support) == [1]
    score = supported_sentences(support)(case(), told)
    assert score == Score("supported sentences", pytest.approx(1 / 3), f"unsupported: {WORK}, {FERRY}")
    assert supported_sentences(support, 0.1)(case(), told).value == pytest.approx(2 / 3)
    assert supported_sentences(support)(case(), answer()).value is None


SOUND = [
    (COST, WORK),
    ("He works for the U.S.", 'They said "it is done."'),
    ("The dam, the ferry, the dam and the ferry, the dam.",),
    ("It was so; it was done.",),
    ("He said “no”.",),
    ("- 23 April: talks.", "- 24 April: talks."),
    ("俄罗斯说不。",),
    ("What was it about?",),
]
DEGENERATE = [
    ((COST, WORK, COST), "a sentence is repeated"),
    (("He came, came, came.",), "a word is repeated"),
    (("Lt. Col. Hill, Lt. Col. Hill, Lt. Col. Hill spoke.",), "a phrase is repeated"),
    (("What will the dam cost and when does work begin?",), "the question is echoed"),
    ((COST, f"{TITLE}."), "a claim is a headline"),
    (("It will cost 90 billion",), "the end lacks a full stop"),
    (("It was said by Lt. Col.",), "the end is cut off"),
    (("It was the cost of.",), "the end is cut off"),
    (('He said "it is.',), "a quotation is not closed"),
    (("He said “it is.",), "a quotation is not closed"),
]


@pytest.mark.parametrize("told", SOUND)
def test_sound(told: tuple[str, ...]) -> None:
    assert not_degenerate(case(), answer(*told, quotes=(citation(COST),))).value == 1


@pytest.mark.parametrize(("told", "fault"), DEGENERATE)
def test_degenerate(told: tuple[str, ...], fault: str) -> None:
    given = answer(*told, quotes=(citation(COST),))
    assert faults(given) == [fault]
    assert not_degenerate(case(), given) == Score("not degenerate", 0, fault)
    assert f"degenerate: {fault}" in correctness(case(), given).why


def test_an_abstention_and_an_answer_without_claims() -> None:
    assert not_degenerate(case(), answer()).value is None
    assert faults(answer("90 billion", claims=[])) == []


def test_a_sentence_told_twice_is_degenerate_but_not_wrong() -> None:
    given = answer(COST, WORK, "The dam will then cost some 90 billion crowns.")
    assert not_degenerate(case(), given).why == "a sentence is told twice"
    assert correctness(case(), given).value == 1
    assert not_degenerate(case(), answer(COST, "The dam was approved by 61 votes to 38.")).value == 1


@pytest.mark.parametrize("headline", [f"{TITLE} (23 April 2026)", f"23 April 2026: {TITLE}."])
def test_a_headline_with_its_day_is_degenerate_but_not_wrong(headline: str) -> None:
    given = answer(f"{COST} Work begins in April.", f"{headline}.", quotes=(citation(COST),))
    assert not_degenerate(case(), given).why == "a claim is a headline with its day"
    assert correctness(case(), given).value == 1
