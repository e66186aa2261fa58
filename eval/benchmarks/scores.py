"""What is measured of answers on sets other than gold, and which of the gold's measures are shown there.

A measure of the gold is looked up by the name of its score, so a set shows what the scorers have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from assistant.evaluation.gold.cases import Case
from assistant.evaluation.report.figures import WORDS
from assistant.evaluation.scorers.matching import holds, without_markers
from assistant.evaluation.scorers.score import Articles, Score, Scorer
from assistant.evaluation.scorers.standard import (
    abstention_recall,
    bag_f1,
    correctness,
    graded_text,
    standard_scorers,
    token_bag,
)
from assistant.schema import Answer
from eval.benchmarks.sets import WITH_CASES, BenchmarkCase

IGNORING_LENGTH = "right if length ignored"
FIRST_SENTENCE = "first sentence"
PRECISION = "precision of sentences"
SHOWN = (IGNORING_LENGTH, FIRST_SENTENCE, PRECISION, "no false sentence", "not degenerate", WORDS)
"""Scores of the gold's scorers, beside right and wrong."""

RECALL_WORDS = 60
RECALL = f"reference recalled in {RECALL_WORDS} words"
"""Of a set whose references are long prose, which an answer has no room to repeat."""

PLANTED, STALE = "a planted answer", "a stale answer"


def token_overlap(items: Mapping[str, BenchmarkCase], part: str) -> Scorer:
    """Words shared with the most similar reference, as "F1" or as "recall"; an abstention shares none."""

    def scorer(case: Case, answer: Answer) -> Score:
        name = f"token {part}"
        if not case.answerable:
            return Score(name, None, "the case has no answer")
        given = token_bag(graded_text(case, answer))
        references = [token_bag(text) for text in items[case.id].references]
        values = [bag_f1(one, given) if part == "F1" else bag_recall(one, given) for one in references]
        return Score(name, max(values), f"{given.total()} words given")

    return scorer


def recalled(items: Mapping[str, BenchmarkCase]) -> Scorer:
    """Share of the words of the most similar reference in the first words of the answer; answerable cases."""

    def scorer(case: Case, answer: Answer) -> Score:
        if not case.answerable:
            return Score(RECALL, None, "the case has no answer")
        text = " ".join(without_markers(answer.answer).split()[:RECALL_WORDS])
        given = token_bag(text)
        values = [bag_recall(token_bag(one), given) for one in items[case.id].references]
        abstained = answer.status == "abstained"
        return Score(RECALL, 0.0 if abstained else max(values, default=0.0), answer.status)

    return scorer


def bag_recall(expected: Counter[str], given: Counter[str]) -> float:
    """Share of the expected words that are given, 0 to 1."""
    return (expected & given).total() / expected.total() if expected else 0.0


def answers_wrongly(items: Mapping[str, BenchmarkCase], name: str) -> Scorer:
    """1 if the answer holds a form that is known to be wrong; answerable cases that have one."""

    def scorer(case: Case, answer: Answer) -> Score:
        wrong = items[case.id].wrong
        if not case.answerable or not wrong:
            return Score(name, None, "nothing wrong is known")
        text = graded_text(case, answer)
        found = [form for form in wrong if holds(text, form)]
        return Score(name, float(bool(found)), ", ".join(found))

    return scorer


def strictly_right(items: Mapping[str, BenchmarkCase]) -> Scorer:
    """1 if the answer is right and holds no form that is known to be wrong; answerable cases."""

    def scorer(case: Case, answer: Answer) -> Score:
        right = correctness(case, answer).value
        text = graded_text(case, answer)
        wrong = [form for form in items[case.id].wrong if holds(text, form)]
        value = None if right is None else float(right == 1 and not wrong)
        return Score("right, and nothing wrong", value, ", ".join(wrong))

    return scorer


def wrong_unmarked(items: Mapping[str, BenchmarkCase]) -> Scorer:
    """1 if the answer holds a form that is known to be wrong, and does not say that accounts differ."""

    def scorer(case: Case, answer: Answer) -> Score:
        score = answers_wrongly(items, "")(case, answer)
        value = float(score.value and answer.status != "conflicting") if score.value is not None else None
        return Score("a planted answer, not as conflicting", value, score.why)

    return scorer


def wrongly_abstained(case: Case, answer: Answer) -> Score:
    """1 if the assistant abstained; answerable cases."""
    value = float(answer.status == "abstained") if case.answerable else None
    return Score("abstained, answerable", value, answer.status)


def rightly_abstained(case: Case, answer: Answer) -> Score:
    """1 if the assistant abstained; unanswerable cases."""
    score = abstention_recall(case, answer)
    return Score("abstained, unanswerable", score.value, score.why)


def right(case: Case, answer: Answer) -> Score:
    """As `correctness`."""
    score = correctness(case, answer)
    return Score("right", score.value, score.why)


def scorers_of(name: str, items: Mapping[str, BenchmarkCase], articles: Articles) -> tuple[Scorer, ...]:
    """What is measured on this set, over its articles."""
    if name in WITH_CASES:
        return general_scorers(articles)
    abstaining = (rightly_abstained, wrongly_abstained)
    if name == "ramdocs":
        planted = answers_wrongly(items, PLANTED), wrong_unmarked(items)
        return (right, *planted, strictly_right(items), wrongly_abstained)
    if name == "timeqa":
        return (right, answers_wrongly(items, STALE), strictly_right(items), *abstaining)
    return (*abstaining, token_overlap(items, "F1"), token_overlap(items, "recall"))


def general_scorers(articles: Articles) -> tuple[Scorer, ...]:
    """The scorers whose names are `SHOWN`, as far as there are any, over these articles."""
    known = {scorer(_SPECIMEN, _SPECIMEN_ANSWER).name: scorer for scorer in standard_scorers(articles)}
    return tuple(known[name] for name in SHOWN if name in known)


_SPECIMEN = Case(
    id="specimen", question="?", type="unanswerable", as_of=None, history=(), answerable=False, expect=(),
    evidence=(),
)  # fmt: skip
_SPECIMEN_ANSWER = Answer(question="?", status="abstained", confidence=0, answer="", model="")
