"""Scorers of retrieval: at their edges, and beside those of ir-measures."""

from typing import Any

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, Qrel, ScoredDoc, nDCG

from assistant.corpus.articles import Article
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.scorers.retrieval import evidence_recall, mrr, ndcg, retrieval_scorers
from assistant.evaluation.scorers.score import Score
from assistant.schema import AnswerPassage

TEXT = "Oslo said that Rustem  Hansen leads the talks. Ninety boats sailed."
ARTICLES = {"x": Article("x", "X", TEXT), "y": Article("y", "Y", "Something else.")}
LEADS = Evidence(article="x", quote="Rustem Hansen leads the talks.")
BOATS = Evidence(article="x", quote="Ninety boats sailed.")
ELSE = Evidence(article="y", quote="Something else.")
START, END = TEXT.index("Rustem"), TEXT.index(" Ninety")


def case(*evidence: Evidence) -> Case:
    values: dict[str, Any] = {
        "id": "a1",
        "question": "Who leads?",
        "type": "lookup" if evidence else "unanswerable",
        "as_of": None,
        "history": (),
        "answerable": bool(evidence),
        "expect": (("Hansen",),) if evidence else (),
        "evidence": evidence,
    }
    return Case(**values)


def passage(
    article: str = "x", start: int = 0, end: int = 99, also_in: tuple[str, ...] = ()
) -> AnswerPassage:
    return AnswerPassage(article=article, date=None, start=start, end=end, score=0.5, also_in=list(also_in))


@pytest.mark.parametrize(
    ("passages", "rank"),
    [
        ([], None),
        ([passage("x", START, END)], 1),
        ([passage("x", START + 1, END)], None),
        ([passage("x", START, END - 1)], None),
        ([passage("x", 0, START + 9), passage("x", START + 9, END)], None),
        ([passage("y", START, END)], None),
        ([passage("y", also_in=("x",))], 1),
        ([passage("y"), passage("x")], 2),
        ([passage("y"), passage("y"), passage("y"), passage("x")], None),
        ([passage("gone"), passage("x"), passage("x")], 2),
    ],
)
def test_evidence_must_stand_whole_in_one_of_the_first_passages(
    passages: list[AnswerPassage], rank: int | None
) -> None:
    assert evidence_recall(case(LEADS), passages, articles=ARTICLES, k=3).value == (rank is not None)
    assert mrr(case(LEADS), passages, articles=ARTICLES, k=3).value == (1 / rank if rank else 0)


def test_recall_is_a_share_of_the_evidence() -> None:
    score = evidence_recall(case(LEADS, ELSE), [passage("x")], articles=ARTICLES, k=5)
    assert score == Score("evidence recall@5", 0.5, "not found: y")


def test_a_passage_that_holds_two_is_worth_both() -> None:
    def value(*passages: AnswerPassage) -> float | None:
        return ndcg(case(LEADS, BOATS, ELSE), passages, articles=ARTICLES, k=8).value

    assert value(passage("x"), passage("y")) == 1
    assert value(passage("y"), passage("x")) == 1
    whole = value(passage("x", START, END), passage("x", END, 99), passage("y"))
    assert whole == 1
    assert value(passage("gone"), passage("x"), passage("y")) == pytest.approx(0.7328, abs=1e-4)
    assert value(passage("gone")) == 0


def test_without_evidence_there_is_nothing_to_find() -> None:
    scores = [scorer(case(), [passage()]) for scorer in retrieval_scorers(ARTICLES, k=3)]
    assert scores == [Score(name, None, "no evidence") for name in ("evidence recall@3", "MRR@3", "nDCG@3")]


@given(st.lists(st.sampled_from([LEADS, BOATS, ELSE]), min_size=1, unique=True), st.data())
def test_mrr_and_ndcg_are_those_of_ir_measures(evidence: list[Evidence], data: st.DataObject) -> None:
    """With a passage for each piece of evidence, at most one of each, and others between them."""
    places = {
        LEADS: passage("x", START, END),
        BOATS: passage("x", END, 99),
        ELSE: passage("y"),
    }
    shown: list[Evidence | None] = data.draw(st.permutations([*places, None, None, None]))
    passages = [places[one] if one else passage("gone") for one in shown]
    k = data.draw(st.integers(1, 6))
    qrels = [Qrel("q", one.quote, 1) for one in evidence]
    run = [ScoredDoc("q", one.quote if one else f"other {rank}", -rank) for rank, one in enumerate(shown)]
    wanted = ir_measures.calc_aggregate([RR @ k, nDCG @ k], qrels, run)
    assert mrr(case(*evidence), passages, articles=ARTICLES, k=k).value == pytest.approx(wanted[RR @ k])
    assert ndcg(case(*evidence), passages, articles=ARTICLES, k=k).value == pytest.approx(wanted[nDCG @ k])
