"""Replies: the object and the prose in what a model says, however it is wrapped or cut off."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.models.chat.json_replies import parse_object, readable, strings


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Here you are: {"a": 1} Good luck!', {"a": 1}),
        ('I think {that} is it. {"a": 1}', {"a": 1}),
        ('{"a": 1, "b": "cut', {"a": 1, "b": "cut"}),
        ('{"a": [1, {"b": 2', {"a": [1, {"b": 2}]}),
        ("[1, 2]", {}),
        ("null", {}),
        ("3", {}),
        ("", {}),
        ("no object", {}),
        ("{" * 2000, {}),
    ],
)
def test_objects(raw: str, found: dict[str, Any]) -> None:
    assert parse_object(raw) == found


@given(st.text() | st.text(alphabet='{}[]":,\\ntruefals1e9 ', max_size=80))
def test_no_text_raises(raw: str) -> None:
    assert isinstance(parse_object(raw), dict)
    assert isinstance(readable(raw), str)


@given(st.dictionaries(st.text(alphabet="abc", min_size=1), st.text() | st.integers(), min_size=1), st.text())
def test_an_object_is_found_alone_and_in_a_block(value: dict[str, Any], before: str) -> None:
    assert parse_object(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "found"),
    [(["a", 1, None, " ", {"b": 1}], ["a", "1"]), ("a", ["a"]), (3, ["3"]), (None, []), ([], []), ({}, [])],
)
def test_strings(value: Any, found: list[str]) -> None:
    assert strings(value) == found


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("", ""),
        ("{", ""),
        ("```json", ""),
        ('{"verdict": "answered", "sentences": [{"text": "It', "It"),
        ('{"sentences": [{"text": "One.", "cites": ["1.1"]}, {"text": "T', "One. T"),
        ('{"answer": "She said \\"no\\".\\nTwice', 'She said "no". Twice'),
        ("It was approved", "It was approved"),
    ],
)
def test_prose(raw: str, shown: str) -> None:
    assert readable(raw) == shown
