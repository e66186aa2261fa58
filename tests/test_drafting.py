"""Drafting: claims out of whatever a model writes, and the best sentences without one."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from fakes import FAILURE, QueuedModel, sentences_of
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles import Article
from assistant.drafting import (
    MOST_CLAIMS,
    MOST_WORDS,
    claims_schema,
    draft_extractive,
    draft_with_model,
    parse_claims,
)
from assistant.errors import ModelError
from assistant.evidence import number_sentences
from assistant.grounding import RawClaim
from assistant.prompts import load_prompt
from assistant.resources import prompts_folder
from assistant.retrieval import Hit

SENTENCES = sentences_of(Article("a", "Dam", "The dam is approved. It costs 90 billion. Work begins soon."))
OUTPUT = {"claims": [{"sentence": 2, "text": "It costs 90 billion."}, {"sentence": 1, "text": "Approved."}]}
CLAIMS = [RawClaim("It costs 90 billion.", (2,)), RawClaim("Approved.", (1,))]


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(OUTPUT),
        json.dumps(OUTPUT, indent=2),
        json.dumps(OUTPUT["claims"]),
        f"```json\n{json.dumps(OUTPUT)}\n```",
        f"Here you are:\n```\n{json.dumps(OUTPUT)}\n```\nI hope this helps.",
        json.dumps(OUTPUT).replace(": 2", ': "2"').replace(": 1", ': "sentence 1"'),
        json.dumps(OUTPUT).replace(": 2", ": [2]").replace('"sentence": 1', '"sentences": [1]'),
        json.dumps(OUTPUT)[:-2],
        json.dumps(OUTPUT)[:-4],
    ],
)
def test_a_right_answer_is_not_lost_over_its_wrapping(raw: str) -> None:
    assert parse_claims(raw) == CLAIMS


@pytest.mark.parametrize(
    ("raw", "claims"),
    [
        ("", []),
        ("{", []),
        ("{}", []),
        ("null", []),
        ("[]", []),
        ('{"claims": []}', []),
        ('{"claims": null}', []),
        ('{"claims": {"text": "x"}}', [RawClaim("x", ())]),
        ('{"sentence": 2, "text": "They met."}', [RawClaim("They met.", (2,))]),
        ('"They met."', [RawClaim("They met.", ())]),
        ("[2] They met.", [RawClaim("They met.", (2,))]),
        ("They met [1] and left [2, 3].", [RawClaim("They met and left.", (1, 2, 3))]),
        (
            'Here it is:\n{"claims": [{"sentence": 3, "text": "They met [3]."}]}',
            [RawClaim("They met.", (3,))],
        ),
        ('<think>{so} or [not]</think>{"claims": ["They met."]}', [RawClaim("They met.", ())]),
        ('{"claims": [1, null, [], {"text": 5}, {"sentence": 1}]}', []),
        ('{"claims": ["It costs much."]}', [RawClaim("It costs much.", ())]),
        ("It costs\n  90 billion.", [RawClaim("It costs 90 billion.", ())]),
        ('{"claims": [{"sentence": -3, "text": "x"}]}', [RawClaim("x", (3,))]),
    ],
)
def test_other_outputs(raw: str, claims: list[RawClaim]) -> None:
    assert parse_claims(raw) == claims


def test_a_runaway_model_is_cut_short() -> None:
    raw = json.dumps({"claims": [{"sentence": 1, "text": str(number)} for number in range(1000)]})
    assert len(parse_claims(raw)) == 2 * MOST_CLAIMS


@pytest.mark.parametrize(
    "raw",
    ["9" * 10_000, '{"claims": ' + "[" * 50_000, '{"claims":' * 5000, '{"a": 1e999}', "5", '"text"', "true"],
)
def test_absurd_output_raises_nothing(raw: str) -> None:
    assert isinstance(parse_claims(raw), list)


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["claims", "text", "sentence", "sentences", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.text() | values.map(json.dumps) | values.map(lambda value: json.dumps(value)[:-3]))
def test_no_output_raises(raw: str) -> None:
    for claim in parse_claims(raw):
        assert isinstance(claim.text, str)
        assert all(isinstance(number, int) and number >= 0 for number in claim.sentences)


def test_the_schema_offers_the_sentences_that_were_given() -> None:
    claim = claims_schema(3)["properties"]["claims"]["items"]
    assert claim["properties"]["sentence"]["enum"] == [1, 2, 3]
    assert claims_schema(3)["properties"]["claims"]["maxItems"] == MOST_CLAIMS


def test_what_the_model_is_shown_and_what_comes_of_it() -> None:
    model = QueuedModel(replies=[json.dumps(OUTPUT)])
    texts: list[str] = []
    prompt = load_prompt(prompts_folder(), "answer")
    draft = draft_with_model(model, "queued", prompt, "What does it cost?", SENTENCES, texts.append)
    assert draft.claims == CLAIMS
    assert draft.raw == json.dumps(OUTPUT) == texts[-1]
    assert (draft.tokens.prompt, draft.tokens.completion) == (100, 10)
    assert len(texts) > 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert "Article: Dam\n1. The dam is approved.\n2. It costs 90 billion." in model.prompts[0]
    assert "What does it cost?" in model.prompts[0]
    assert model.bound[0]["response_format"]["json_schema"]["schema"] == claims_schema(3)


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (FAILURE, "^the model is gone; start it again$"),
        (
            ConnectionError("refused\nby peer"),
            r"^some:model failed \(refused by peer\): it cannot be reached",
        ),
        (TypeError("no choices"), r"^some:model failed \(no choices\): its answer cannot be used"),
    ],
)
def test_a_failing_model_is_named_with_what_to_do(raised: Exception, message: str) -> None:
    model, prompt = QueuedModel(replies=[raised]), load_prompt(prompts_folder(), "answer")
    with pytest.raises(ModelError, match=message):
        draft_with_model(model, "some:model", prompt, "What does it cost?", SENTENCES, lambda text: None)


def test_without_a_model_the_sentences_answer_in_their_order() -> None:
    other = sentences_of(Article("b", "Ferry", "The ferry sails. It is new."))
    listed = number_sentences(Hit(one.chunk, one.article, 0.9) for one in (SENTENCES[0], other[0]))
    draft = draft_extractive(listed)
    assert (draft.raw, draft.tokens.prompt) == ("", 0)
    assert draft.claims == [RawClaim(one.text, (one.number,)) for one in listed]


def test_without_a_model_the_likeliest_sentences_answer() -> None:
    chances = (0.02, 0.9, 0.1)
    listed = [replace(one, chance=chance) for one, chance in zip(SENTENCES, chances, strict=True)]
    assert [claim.sentences for claim in draft_extractive(listed).claims] == [(2,), (3,)]
    assert [claim.sentences for claim in draft_extractive(listed, room=4).claims] == [(2,)]
    assert [claim.sentences for claim in draft_extractive(listed, room=3).claims] == [(3,)]
    assert draft_extractive(listed, room=1).claims == []


def test_without_a_model_a_heading_is_no_part_of_the_answer() -> None:
    headed = sentences_of(Article("a", "Dam", "## Costs\n\nThe dam is dear. It costs 90 billion."))
    assert draft_extractive(headed).claims == [
        RawClaim("The dam is dear.", (1,)),
        RawClaim("It costs 90 billion.", (2,)),
    ]
    assert draft_extractive(sentences_of(Article("a", "Dam", "## Costs"))).claims == []


def test_without_a_model_an_answer_stays_short() -> None:
    def drafted(*lengths: int) -> int:
        text = " ".join(f"Word{' word' * (length - 1)}." for length in lengths)
        listed = sentences_of(Article("a", "T", text))
        assert len(listed) == len(lengths)
        return len(draft_extractive(listed).claims)

    assert drafted(60, MOST_WORDS - 60) == 2
    assert drafted(60, MOST_WORDS - 60, 1) == 2
    assert drafted(60, MOST_WORDS - 59) == 1
    assert drafted(MOST_WORDS + 5, 1) == 1, "the first sentence stands, however long"
    assert draft_extractive([]).claims == []
