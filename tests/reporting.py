"""A small run to report on: a case of each outcome, a baseline, a gate that failed, and planted markup."""

import datetime as dt
from typing import Any

from assistant.corpus.articles import Article, Source
from assistant.evaluation.gate.comparison import (
    Agreement,
    BaselineCase,
    Changed,
    Comparison,
    Difference,
    Floor,
    Gate,
)
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.score import Score
from assistant.schema import Abstention, Answer, AnswerPassage, Citation, Claim, Seconds

SCRIPT = "<script>document.title = 'planted'</script><img src=x onerror=\"document.title = 'planted'\">"
"""What an article or a model could say to take over a page."""

DAM = Article(
    id="dam",
    title=f"Valley dam is approved {SCRIPT}",
    text=f"Parliament approved the dam by 61 votes to 38. {SCRIPT} The debate took nine hours.\n\n"
    "The dam will cost 90 billion crowns. Work begins in April 2026.",
    published=dt.date(2025, 3, 4),
    sources=(Source(f"Harbour Post {SCRIPT}", None),),
)
FERRY = Article(id="ferry", title="Ferry runs aground", text="Nobody was hurt.")
ARTICLES = {article.id: article for article in (DAM, FERRY)}


def case(name: str, **changes: Any) -> Case:
    values: dict[str, Any] = {
        "id": name,
        "question": f"Question {name}?",
        "type": "lookup",
        "as_of": None,
        "history": (),
        "answerable": True,
        "expect": (("90",),),
        "evidence": (Evidence(article="dam", quote="The dam will cost 90 billion crowns."),),
    }
    return Case(**values | changes)


def quoting(article: Article, quote: str, number: int = 1) -> Citation:
    """A citation of words of an article."""
    start = article.text.index(quote)
    return Citation(
        number=number,
        article=article.id,
        title=article.title,
        date=article.published,
        outlets=[source.outlet for source in article.sources],
        quote=quote,
        start=start,
        end=start + len(quote),
        url=None,
    )


def passage(article: Article, quote: str, score: float = 0.9, **changes: Any) -> AnswerPassage:
    """A passage of just these words."""
    start = article.text.index(quote)
    values: dict[str, Any] = {"date": article.published, "start": start, "end": start + len(quote)}
    return AnswerPassage(article=article.id, score=score, **values | changes)


def answer(question: str, text: str, *citations: Citation, **changes: Any) -> Answer:
    values: dict[str, Any] = {
        "status": "answered",
        "confidence": 0.8,
        "claims": [Claim(text=text, citations=[one.number for one in citations], support=0.9)],
        "citations": list(citations),
        "passages": [passage(DAM, one) for one in DAM.text.split("\n\n")],
        "seconds": Seconds(total=0.5),
    }
    return Answer(question=question, answer=text, model="small", **values | changes)


def grade(
    one: Case, given: Answer | None, value: float | None, seconds: float = 0.5, **changes: Any
) -> Graded:
    scores = (Score("correctness", value, "seen"), Score("latency", seconds, "seconds")) if given else ()
    values: dict[str, Any] = {"scores": scores, "seconds": seconds, "error": None}
    return Graded(case=one, answer=given, **values | changes)


def graded_cases() -> tuple[Graded, ...]:
    """Right, wrong, abstained, rightly abstained, failed and stale, in this order."""
    cost = quoting(DAM, "The dam will cost 90 billion crowns.")
    votes = quoting(DAM, f"Parliament approved the dam by 61 votes to 38. {SCRIPT}")
    wrong = case("wrong", question=f"What is the price? {SCRIPT}", type="number")
    declined = Abstention(reason="nothing-relevant", message="The corpus has nothing about this.")
    nothing = {"status": "abstained", "abstention": declined, "claims": [], "confidence": 0.0}
    unknown = case("unknown", type="unanswerable", answerable=False, expect=(), evidence=())
    return (
        grade(case("right"), answer("Question right?", "It costs 90 [1].", cost), 1.0),
        grade(wrong, answer(wrong.question, f"It costs 61 {SCRIPT} [1].", votes), 0.0, seconds=1.5),
        grade(case("silent"), answer("Question silent?", "", **nothing), 0.0),
        grade(unknown, answer("Question unknown?", "", **nothing, passages=[], nearest=[cost]), None),
        grade(case("failed"), None, None, error=f"the model is gone {SCRIPT}; start it again"),
        grade(case("stale"), None, None, recording="stale", passages=(passage(DAM, "Work begins"),)),
    )


def small_report(**changes: Any) -> Report:
    """All of `graded_cases`, measured against a baseline in which `wrong` was right."""
    graded = graded_cases()
    before = tuple(
        BaselineCase(
            id=one.case.id,
            type=one.case.type,
            digest="0",
            outcome="right",
            scores={"correctness": 1.0},
            answer=f"It was 90 {SCRIPT}",
        )
        for one in graded[:2]
    )
    values: dict[str, Any] = {
        "provenance": {"model": "small", "prompts": "answer 1"},
        "graded": graded,
        "comparison": Comparison(
            provenance={"model": "small", "prompts": "answer 0"},
            before=before,
            differences=(
                difference("right", "all", 1.0, 0.5, "worse", corrected=0.04, detectable=0.4),
                difference("correctness", "all", 1.0, 0.5, "same"),
                difference("right", "number", 1.0, 0.0, "same"),
            ),
            pooled=("lookup", "number"),
            changed=(Changed(id="wrong", type="number", before="right", now="wrong"),),
            unpaired=("failed", "stale"),
            alpha=0.05,
        ),
        "gate": Gate(
            reasons=(f"right fell {SCRIPT}",),
            floors=(Floor(measure="right", slice="all", floor=0.4, value=0.5),),
            unmeasured=2,
            most_unmeasured=3,
        ),
        "agreement": Agreement(
            judge="judge-1", cases=2, both_right=1, both_wrong=0, judge_only=1, scorer_only=0, kappa=0.5
        ),
    }
    return Report(**values | changes)


def difference(
    measure: str,
    name: str,
    before: float,
    now: float,
    verdict: str,
    corrected: float | None = None,
    detectable: float | None = None,
) -> Difference:
    return Difference(
        measure=measure,
        slice=name,
        cases=2,
        before=before,
        now=now,
        low=now - before - 0.1,
        high=now - before + 0.1,
        test="McNemar",
        p=0.02,
        corrected=corrected,
        detectable=detectable,
        verdict=verdict,  # type: ignore[arg-type]
    )
