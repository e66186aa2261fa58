"""The gate's own test: noise that must pass, and harms that are harms."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from fakes import write_corpus

from assistant.corpus.articles import Article
from assistant.evaluation.gate.regression_gate import Rules
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.retrieval import retrieval_scorers
from assistant.evaluation.scorers.standard import standard_scorers
from assistant.schema import Answer, AnswerPassage, Citation, Claim
from eval.benchmarks import harm

pytestmark = pytest.mark.slow

TEXT = "The valley dam costs ninety million. The ferry Marta ran aground off Sandoy."
DAM, FERRY = TEXT[:36], TEXT[37:]
ARTICLES = {"x": Article("x", "X", TEXT)}
GRADE = harm.Grader(standard_scorers(ARTICLES), retrieval_scorers(ARTICLES))


def citation(number: int, quote: str) -> Citation:
    start = TEXT.index(quote)
    return Citation(
        number=number, article="x", title="X", date=None, outlets=[], quote=quote, start=start,
        end=start + len(quote), url=None,
    )  # fmt: skip


def passage(article: str, score: float) -> AnswerPassage:
    return AnswerPassage(article=article, date=None, start=0, end=99, score=score)


ANSWER = Answer(
    question="What happened?",
    status="answered",
    confidence=0.6,
    answer=f"{DAM[:-1]} [1]. {FERRY[:-1]} [2].",
    claims=[Claim(text=DAM, citations=[1], support=1), Claim(text=FERRY, citations=[2], support=1)],
    citations=[citation(1, DAM), citation(2, FERRY)],
    passages=[passage("x", 0.8), passage("y", 0.795), passage("z", 0.2)],
    model="m",
)


def graded(number: int, answer: Answer | None = ANSWER) -> Graded:
    values: dict[str, Any] = {
        "id": f"g{number}",
        "question": "What happened?",
        "type": "lookup",
        "as_of": None,
        "history": (),
        "answerable": True,
        "expect": (("Marta",),),
        "evidence": (Evidence(article="x", quote=FERRY),),
    }
    bare = Graded(case=Case(**values), answer=answer, scores=(), seconds=1, error=None)
    return GRADE(bare, answer) if answer else bare


def scores(report: Report) -> dict[str, float | None]:
    return {score.name: score.value for score in report.graded[0].scores}


REPORT = Report(provenance={}, graded=tuple(map(graded, range(30))))


def test_shuffled_citations_support_nothing() -> None:
    worse = harm.changed(REPORT, harm.shuffled_citations, GRADE)
    assert scores(REPORT)["citation precision"] == scores(REPORT)["citation recall"] == 1
    assert scores(worse)["citation precision"] == scores(worse)["citation recall"] == 0
    assert scores(worse)["correctness"] == 1
    single = ANSWER.model_copy(update={"claims": ANSWER.claims[:1]})
    assert harm.shuffled_citations(single) == single


def test_a_moved_threshold_withholds_answers() -> None:
    assert harm.withheld(ANSWER, 0.6) == ANSWER
    nothing = harm.withheld(ANSWER, 0.61)
    assert (nothing.status, nothing.answer, nothing.citations, nothing.confidence) == ("abstained", "", [], 0)
    assert nothing.passages == ANSWER.passages
    assert Answer.model_validate_json(nothing.model_dump_json()) == nothing


def test_padding_is_the_next_sentences_of_the_passages() -> None:
    padded = harm.padded(ANSWER, ARTICLES)
    assert padded == ANSWER  # all that its passage says is quoted
    first = ANSWER.model_copy(update={"claims": ANSWER.claims[:1], "citations": ANSWER.citations[:1]})
    more = harm.padded(first, ARTICLES)
    assert [claim.text for claim in more.claims] == [DAM, FERRY]
    assert more.answer == f"{ANSWER.answer} {FERRY} [2]"
    assert TEXT[more.citations[1].start : more.citations[1].end] == FERRY
    nothing = harm.withheld(ANSWER, 1)
    assert harm.padded(nothing, ARTICLES) == nothing


def test_a_number_is_exchanged_for_another_of_the_article() -> None:
    text = "It cost 90 in 1990 [1]. It was 90 [2]."
    articles = {"x": Article("x", "X", "In 1990 it was 90, not 1,250.")}
    told = ANSWER.model_copy(
        update={"answer": text, "claims": [Claim(text="It cost 90.", citations=[1], support=1)]}
    )
    worse = harm.renumbered(told, articles)
    assert worse.answer == "It cost 1,250 in 1990 [1]. It was 1,250 [2]."
    assert worse.claims[0].text == "It cost 1,250."
    assert harm.renumbered(ANSWER, ARTICLES) == ANSWER  # there is none


def test_a_sentence_is_told_again() -> None:
    worse = harm.changed(REPORT, harm.repeated, GRADE)
    assert worse.graded[0].answer is not None
    assert worse.graded[0].answer.answer.endswith(f"{FERRY[:-1]} [2]. {DAM} [1]")
    assert scores(REPORT)["not degenerate"] == 1
    assert scores(worse)["not degenerate"] == scores(worse)["correctness"] == 0
    single = ANSWER.model_copy(update={"claims": []})
    assert harm.repeated(single) == single


def test_noise_drops_a_word_and_swaps_ties_alone() -> None:
    chance = Random(1)
    found = [harm.noisy(ANSWER, chance) for _ in range(40)]
    assert {len(one.answer.split()) for one in found} == {len(ANSWER.answer.split()) - 1}
    orders = {tuple(one.article for one in answer.passages) for answer in found}
    assert orders == {("x", "y", "z"), ("y", "x", "z")}
    assert {harm._variants(graded(0), GRADE, chance)[0].outcome} == {"right"}
    assert len(harm._variants(graded(0, None), GRADE, chance)) == 1


def test_same_against_same_seldom_fails_and_is_repeatable() -> None:
    failed = harm.false_alarms(REPORT, Rules(), GRADE, 40)
    assert failed <= 4
    assert harm.false_alarms(REPORT, Rules(), GRADE, 40) == failed


@pytest.mark.parametrize(
    ("change", "caught"),
    [
        (harm.shuffled_citations, True),
        (lambda answer: harm.withheld(answer, harm.MOVED), True),
        (harm.repeated, True),
        (lambda answer: answer, False),
    ],
)
def test_a_harm_is_caught_and_no_harm_is_not(capsys: Any, change: Any, caught: bool) -> None:
    assert harm._caught("it", REPORT, harm.changed(REPORT, change, GRADE), Rules()) is caught
    title, *reasons = capsys.readouterr().out.splitlines()
    assert title == ("it: caught" if caught else "it: NOT CAUGHT")
    assert bool(reasons) is caught


def test_the_whole_of_it_over_a_small_corpus(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too few cases for the gate to see a harm, which the exit status says."""
    monkeypatch.setenv("ASSISTANT_CORPUS", str(write_corpus(tmp_path / "corpus")))
    case = graded(0).case.model_copy(
        update={
            "question": "What will the valley dam cost?",
            "evidence": (Evidence(article="dam", quote="The dam will cost 90 billion crowns"),),
        }
    )
    gold = tmp_path / "gold.jsonl"
    gold.write_text(case.model_dump_json() + "\n", encoding="utf-8")
    assert harm.main(["--gold", str(gold), "--runs", "3"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("same against same: 0 of 3 pairs of runs fail (0.0%, 95% interval 0.0% to ")
    assert lines[1:] == [
        "reranker off: NOT CAUGHT",
        "citations shuffled: NOT CAUGHT",
        "threshold moved to 0.9: NOT CAUGHT",
        "3 sentences added: NOT CAUGHT",
        "a number exchanged: NOT CAUGHT",
        "a sentence repeated: NOT CAUGHT",
    ]


def test_what_cannot_be_used_is_told_in_a_line(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", str(write_corpus(tmp_path / "corpus")))
    assert harm.main(["--gold", str(tmp_path / "none.jsonl"), "--model", "extractive"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
