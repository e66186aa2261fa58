"""Generation: a draft is read out of whatever a model replies, and nothing raises."""

import json
from typing import Any

import pytest
from fakes import CORPUS, QueuedChat, drafted, sentences_of
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.generate import MOST_SEARCHES, clean, parse_draft, points, repair, schema
from assistant.answering.generate import draft as make_draft
from assistant.answering.query import Query
from assistant.answering.verify import Drafted, Rejected
from assistant.corpus.articles import Article
from assistant.index.filters import Filters
from assistant.models.chat.structured_output import Reply
from assistant.models.prompts import load_prompt
from assistant.schema import Tokens
from assistant.settings import prompts_folder

DAM = Article("dam", "Valley dam", CORPUS["dam.md"].split("---\n", 2)[2].strip())
QUERY = Query("What will it cost?", "What will it cost?", Filters(), None)


def read(reply: Any, **more: Any) -> Any:
    text = reply if isinstance(reply, str) else json.dumps(reply)
    return parse_draft(Reply(text, Tokens(prompt=1), "stop", "json_schema"), **more)


def test_a_draft_is_asked_for_and_read() -> None:
    chat = QueuedChat(drafted(("It costs 90 billion crowns.", "1.2"), accounts_differ=True))
    heard: list[str] = []
    prompt = load_prompt(prompts_folder(), "answer")
    made = make_draft(chat, prompt, QUERY, sentences_of(DAM), may_search=True, on_text=heard.append)  # type: ignore[arg-type]
    assert made.sentences == (Drafted("It costs 90 billion crowns.", ("1.2",)),)
    assert (made.verdict, made.accounts_differ, made.tokens.prompt) == ("answered", True, 100)
    assert heard[-1] == "It costs 90 billion crowns."
    assert "1.2 The dam will cost 90 billion crowns" in chat.prompts[0]
    assert [message.type for message in made.messages] == ["system", "human", "ai"]


def test_a_repair_goes_on_from_what_was_said() -> None:
    chat = QueuedChat(drafted(("It costs a lot.", "1.2")))
    before = read(drafted(("It costs 95.", "1.2")), messages=())
    made = repair(chat, before, [Rejected("It costs 95.", "95 is not there")])  # type: ignore[arg-type]
    assert made.sentences[0].text == "It costs a lot."
    assert "- It costs 95.\n  Problem: 95 is not there" in chat.prompts[0]
    assert "search" not in chat.schemas[0]["properties"]


def test_points_have_nothing_but_sentences() -> None:
    chat = QueuedChat({"sentences": [{"text": "4 March 2025: It was approved.", "cites": ["1.1"]}]})
    made = points(chat, [])  # type: ignore[arg-type]
    assert made.sentences == (Drafted("4 March 2025: It was approved.", ("1.1",)),)
    assert list(chat.schemas[0]["properties"]) == ["sentences"]


def test_the_schema_forbids_what_cannot_be() -> None:
    last, first = schema(may_search=False), schema(may_search=True)
    assert "search" in first["properties"]
    assert "search" not in last["properties"]["verdict"]["enum"]
    assert set(last["required"]) == set(last["properties"])


@pytest.mark.parametrize(
    ("reply", "verdict", "said"),
    [
        (drafted(("A.", "1.1 1.2")), "answered", [("A.", ("1.1", "1.2"))]),
        (drafted(("A [1.1].", "")), "answered", [("A.", ("1.1",))]),
        (drafted(("A (1.1, 2.3)", "1.1")), "answered", [("A.", ("1.1",))]),
        (drafted(("A.", "")), "answered", [("A.", ())]),
        (drafted(("", "1.1")), "answered", []),
        ({"verdict": "yes", "sentences": [{"text": "A.", "cites": "1.1"}]}, "answered", [("A.", ("1.1",))]),
        ({"verdict": "yes", "sentences": []}, "not_stated", []),
        ({"verdict": ["answered"], "sentences": None}, "not_stated", []),
        (drafted(("A.", "1.1"), verdict="not_stated"), "not_stated", []),
        ("Sure: " + json.dumps(drafted(("A.", "1.1"))), "answered", [("A.", ("1.1",))]),
        ("It was approved [1.1]. Nobody [2.2][2.3] was hurt.", "answered", None),
        ("I do not know.", "not_stated", []),
    ],
)
def test_replies(reply: Any, verdict: str, said: Any) -> None:
    made = read(reply)
    assert made.verdict == verdict
    if said is not None:
        assert [(one.text, one.cites) for one in made.sentences] == said
    else:
        assert made.sentences[0] == Drafted("It was approved.", ("1.1",))


def test_searches_only_where_they_may_be() -> None:
    asked = {"verdict": "search", "search": ["a", "b", " ", "c", "d"], "sentences": []}
    assert read(asked).searches == ("a", "b", "c")[:MOST_SEARCHES]
    assert read(asked, may_search=False).verdict == "not_stated"
    assert read(asked | {"search": []}).verdict == "not_stated"
    assert read(drafted(("A.", "1.1"), search=["a"])).searches == ()


@pytest.mark.parametrize("nothing", [None, "", " ", "null", "None", 3, ["x"]])
def test_a_premise_that_is_none(nothing: Any) -> None:
    assert read(drafted(wrong_premise=nothing, missing=nothing)).premise is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- It\nwas  approved [3.2].", "It was approved."),
        ("It was approved", "It was approved."),
        ('He said "no"', 'He said "no"'),
        ("-12 degrees were measured", "-12 degrees were measured."),
        ("- -12 degrees", "-12 degrees."),
        ("*• 12 degrees", "12 degrees."),
        ("", ""),
    ],
)
def test_a_sentence_is_cleaned(text: str, said: str) -> None:
    assert clean(text) == said


KEYS = st.sampled_from(["verdict", "sentences", "text", "cites", "search", "missing"]) | st.text(max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.text() | json_values.map(json.dumps) | st.text(alphabet='{}[]":,. 1\\textcites', max_size=60))
def test_no_reply_raises(text: str) -> None:
    made = read(text)
    assert all(one.text for one in made.sentences)
    assert made.verdict != "search" or made.searches
