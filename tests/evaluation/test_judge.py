"""The judge: what it is asked, how its verdict is read, and how it agrees with the scorer."""

from typing import Any

import pytest
from fakes import FAILURE, QueuedModel

from assistant.evaluation.gate.comparison import Agreement
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.judge import SLOTS, agreement, judge_scorer, judged_sentences
from assistant.evaluation.run import Graded
from assistant.evaluation.scorers.score import Score
from assistant.models.prompts import load_prompt
from assistant.schema import Answer, Citation, Claim
from assistant.settings import prompts_folder

PROMPT = load_prompt(prompts_folder(), "judge", SLOTS)


def case(**changes: Any) -> Case:
    values: dict[str, Any] = {
        "id": "a1",
        "question": "Who leads,\nand with what?",
        "type": "lookup",
        "as_of": None,
        "history": (),
        "answerable": True,
        "expect": (("Hansen", "Hanssen"), ("90",)),
        "evidence": (Evidence(article="x", quote="Yes."),),
    }
    return Case(**values | changes)


def answer(text: str = "Hansen [1]\n{leads} 90 \u202eboats [2].") -> Answer:
    status = "answered" if text else "abstained"
    return Answer(question="Who?", status=status, confidence=0.5, answer=text, model="m")


def judged(
    reply: object, asked: Case | None = None, given: Answer | None = None
) -> tuple[Score, QueuedModel]:
    model = QueuedModel(replies=[reply])
    return judge_scorer(model, "m", PROMPT)(asked or case(), given or answer()), model


def test_it_is_given_the_question_what_is_right_and_the_answer() -> None:
    score, model = judged('{"why": "Both are there.", "right": true}')
    assert score == Score("judge", 1.0, "Both are there.")
    system, _, asked = model.prompts[0].partition("\nQuestion: ")
    assert '{"why": "...", "right": true}' in system
    assert asked == (
        "Who leads, and with what?\n\nA right answer says:\n- Hansen or Hanssen\n- 90\n\n"
        "Answer: Hansen {leads} 90 boats."
    )
    schema = model.bound[0]["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["why", "right"]


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ('```json\n{"right": false, "why": "No."}\n```', 0.0),
        ('{"why": "cut off', None),
        ('{"why": "no verdict"}', None),
        ('{"right": "true"}', None),
        ("right", None),
        ("[" * 50_000, None),
        ("", None),
        (FAILURE, None),
    ],
)
def test_an_unreadable_verdict_is_none(reply: object, value: float | None) -> None:
    score, _ = judged(reply)
    assert (score.name, score.value) == ("judge", value)
    assert score.why


def test_what_needs_no_judgement_asks_no_model() -> None:
    not_said = case(type="unanswerable", answerable=False, expect=(), evidence=())
    for asked, given in ((not_said, answer()), (case(), answer(""))):
        score, model = judged("never asked", asked, given)
        assert score.value is None
        assert model.prompts == []


def claiming(*replies: object) -> tuple[Score, QueuedModel]:
    """A judge's score of two claims, the first with a quote."""
    quote = Citation(
        number=1, article="x", title="X", date=None, outlets=[], quote="Hansen\u202e leads.", start=0, end=14,
        url=None,
    )  # fmt: skip
    claims = [
        Claim(text="He leads.", citations=[1], support=1),
        Claim(text="He sings.", citations=[], support=1),
    ]
    model = QueuedModel(replies=list(replies))
    given = answer().model_copy(update={"claims": claims, "citations": [quote]})
    return judged_sentences(model, "m")(case(), given), model


def test_each_sentence_is_held_against_its_quotes() -> None:
    score, model = claiming('{"why": "So it says.", "right": true}')
    assert score == Score("supported sentences, judge", 0.5, "unsupported: He sings.")
    assert model.prompts[0].endswith("Quotes:\nHansen leads.\n\nSentence:\nHe leads.")
    assert claiming('{"why": "No.", "right": false}')[0].value == 0


@pytest.mark.parametrize("reply", ["", FAILURE])
def test_a_sentence_without_a_verdict_is_none(reply: object) -> None:
    assert claiming(reply)[0].value is None


def graded(judge: float | None, scorer: float | None) -> Graded:
    scores = (Score("correctness", scorer, ""), Score("judge", judge, ""))
    return Graded(case=case(), answer=answer(), scores=scores, seconds=1, error=None)


def test_agreement_counts_what_both_graded() -> None:
    both = [graded(1, 1)] * 20 + [graded(0, 0)] * 15 + [graded(1, 0)] * 5 + [graded(0, 1)] * 10
    found = agreement([*both, graded(None, 1), graded(1, None)], "m")
    # The worked example of Cohen's kappa with 20, 5, 10 and 15.
    assert found.kappa == pytest.approx(0.4)
    assert found.model_copy(update={"kappa": None}) == Agreement(
        judge="m", cases=50, both_right=20, both_wrong=15, judge_only=5, scorer_only=10, kappa=None
    )


def test_kappa_is_not_defined_where_chance_alone_agrees() -> None:
    assert agreement([graded(1, 1)] * 3, "m").kappa is None
    assert agreement([], "m").kappa is None
