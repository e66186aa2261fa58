"""The funnel: each stage that can lose a piece of evidence, and what is said of it."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting import DAM, answer, case, grade, passage, quoting

from assistant.corpus.chunking import Chunk
from assistant.evaluation.diagnosis.funnel import STAGES, Retrieved, Stage, Step, Trace, lost_counts, trace
from assistant.evaluation.gold.cases import Evidence
from assistant.evaluation.run import Graded
from assistant.schema import Abstention, Seconds

FIRST, SECOND = DAM.text.split("\n\n")
CHUNKS = [
    Chunk("dam", position, DAM.text.index(text), DAM.text.index(text) + len(text), text)
    for position, text in enumerate((FIRST, SECOND))
]
COST = "The dam will cost 90 billion crowns."
KEY = ("dam", 1)
CITED = grade(case("c"), answer("Question c?", "It costs 90 [1].", quoting(DAM, COST)), 1.0)

WHOLE = Retrieved(
    chunks={"dam": CHUNKS},
    dense={KEY: 3},
    lexical={("dam", 0): 1, KEY: 2},
    fused={KEY: 2},
    reranked=30,
    passages=[passage(DAM, FIRST), passage(DAM, SECOND, 0.75)],
    returned=8,
    read=CHUNKS,
)


def steps(graded: Graded, retrieved: Retrieved | None = WHOLE) -> dict[Stage, tuple[bool | None, str]]:
    """What each stage says of the only piece of evidence."""
    (one,) = trace(graded, {"dam": DAM}, retrieved)
    assert tuple(step.stage for step in one.steps) == STAGES
    return {step.stage: (step.held, step.note) for step in one.steps}


def lost(graded: Graded, retrieved: Retrieved | None = WHOLE) -> Stage | None:
    (one,) = trace(graded, {"dam": DAM}, retrieved)
    return one.lost


def asking(**changes: Any) -> Graded:
    return CITED.model_copy(update={"case": case("c", **changes)})


def uncited(**changes: Any) -> Graded:
    return CITED.model_copy(update={"answer": answer("Question c?", "No.", **changes)})


def test_evidence_that_is_cited_came_through_every_stage() -> None:
    assert steps(CITED) == {
        "corpus": (True, ""),
        "index": (True, "paragraph 2"),
        "candidates": (True, "dense 3, lexical 2, fused 2"),
        "rerank": (True, "passage 2, score 0.75"),
        "prompt": (True, "paragraph 2 of 2"),
        "claims": (True, "cited as [1]"),
    }
    assert lost(CITED) is None


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"evidence": (Evidence(article="none", quote=COST),)}, "no such article"),
        (
            {"evidence": (Evidence(article="dam", quote="It is free."),)},
            "the article does not hold the quote",
        ),
        ({"as_of": dt.date(2025, 3, 3)}, "the article is hidden as of 2025-03-03"),
    ],
)
def test_lost_at_corpus(changes: dict[str, Any], note: str) -> None:
    graded = asking(**changes)
    nothing = replace(WHOLE, chunks={}, passages=[], read=[])
    uncited = graded.model_copy(update={"answer": answer("Question c?", "No.")})
    assert steps(uncited, nothing)["corpus"] == (False, note)
    assert lost(uncited, nothing) == "corpus"


def test_a_quote_that_chunking_cut_can_still_come_through() -> None:
    middle = DAM.text.index("90 billion")
    start, end = CHUNKS[1].start, CHUNKS[1].end
    cut = [
        Chunk("dam", 1, start, middle, DAM.text[start:middle]),
        Chunk("dam", 2, middle, end, DAM.text[middle:end]),
    ]
    retrieved = replace(WHOLE, chunks={"dam": cut})
    assert steps(CITED, retrieved)["index"] == (False, "cut between paragraphs 2, 3")
    assert lost(CITED, retrieved) is None


def test_a_quote_that_no_paragraph_holds_was_left_out_of_the_index() -> None:
    assert steps(CITED, replace(WHOLE, chunks={"dam": CHUNKS[:1]}))["index"] == (False, "in no paragraph")


def test_lost_at_candidates() -> None:
    nowhere = replace(WHOLE, dense={}, lexical={}, fused={}, passages=[], read=[])
    assert steps(uncited(), nowhere)["candidates"] == (False, "neither search found it")
    assert lost(uncited(), nowhere) == "candidates"
    late = replace(nowhere, lexical={KEY: 40}, fused={KEY: 44})
    assert steps(uncited(), late)["candidates"] == (False, "dense -, lexical 40, fused 44; 30 are reranked")
    assert lost(uncited(), late) == "candidates"


def test_lost_at_rerank() -> None:
    late = replace(WHOLE, returned=1, read=CHUNKS[:1])
    assert steps(uncited(), late)["rerank"] == (False, "passage 2, score 0.75; 1 are returned")
    assert lost(uncited(), late) == "rerank"
    gone = replace(late, passages=WHOLE.passages[:1])
    assert steps(uncited(), gone)["rerank"] == (False, "not in 1 passages")


def test_lost_at_prompt() -> None:
    unread = replace(WHOLE, read=CHUNKS[:1])
    assert steps(uncited(), unread)["prompt"] == (False, "not in the 1 paragraphs read")
    assert lost(uncited(), unread) == "prompt"
    declined = Abstention(reason="not-stated", message="They do not say.")
    unasked = uncited(status="abstained", abstention=declined)
    assert steps(unasked)["prompt"] == (False, "no model was asked")
    assert lost(unasked) == "prompt"
    asked = uncited(status="abstained", abstention=declined, seconds=Seconds(generate=2.0))
    assert lost(asked) == "claims"


def test_lost_at_claims() -> None:
    elsewhere = uncited(citations=[quoting(DAM, "The debate took nine hours.")])
    assert steps(elsewhere)["claims"] == (False, "not cited")
    assert lost(elsewhere) == "claims"
    assert steps(uncited())["claims"] == (False, "no citations")


def test_a_near_copy_stands_in_for_the_evidence() -> None:
    copied = replace(DAM, id="copy")
    found = [passage(copied, SECOND, also_in=["dam"])]
    chunk = replace(CHUNKS[1], article_id="copy")
    retrieved = replace(WHOLE, passages=found, read=[chunk])
    graded = uncited(citations=[quoting(copied, COST, 4)])
    seen = steps(graded, retrieved)
    assert seen["rerank"] == (True, "passage 1, score 0.90, a near copy")
    assert seen["prompt"] == (True, "paragraph 1 of 1")
    assert seen["claims"] == (True, "cited as [4]")


def test_an_answer_alone_does_not_tell_of_every_stage() -> None:
    seen = steps(uncited(), None)
    assert [stage for stage, (held, _) in seen.items() if held is None] == ["index", "candidates", "prompt"]
    assert seen["rerank"] == (True, "passage 2, score 0.90")
    assert lost(uncited(), None) == "claims"


def test_without_an_answer_nobody_knows_of_claims() -> None:
    stale = grade(case("c"), None, None, recording="stale", passages=(passage(DAM, SECOND),))
    assert steps(stale)["claims"] == (None, "")
    assert lost(stale) is None
    assert lost(stale.model_copy(update={"passages": ()}), None) == "rerank"


HELD = st.sampled_from([True, False, None])


@given(st.tuples(*[HELD] * len(STAGES)))
def test_evidence_is_lost_after_the_last_stage_that_held_it(held: tuple[bool | None, ...]) -> None:
    made = tuple(Step(stage, one) for stage, one in zip(STAGES, held, strict=True))
    one = Trace(Evidence(article="dam", quote=COST), made)
    last = max((place for place, value in enumerate(held) if value), default=-1)
    after = [
        stage for stage, value in zip(STAGES[last + 1 :], held[last + 1 :], strict=True) if value is False
    ]
    assert one.lost == (after[0] if after else None)


def test_losses_are_counted_for_every_stage() -> None:
    traces = [*trace(CITED, {"dam": DAM}, WHOLE), *trace(uncited(), {"dam": DAM}, WHOLE)] * 2
    counted = lost_counts(traces)
    assert tuple(counted) == (*STAGES, None)
    assert (counted["claims"], counted[None], sum(counted.values())) == (2, 2, 4)
