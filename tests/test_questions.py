"""What a question asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.questions import asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many ferries ran aground?", "number"),
        ("how manny seats did they win", "number"),
        ("Size of the herring quota?", "number"),
        ("How long did the debate last?", "duration"),
        ("When did the ferry run aground?", "day"),
        ("On which dates did the strike begin and end?", "day"),
        ("Who is the energy minister?", "person"),
        ("Which minister opposed the dam?", "person"),
        ("In which Danish town does she live?", "place"),
        ("Where was the ferry built?", "place"),
        ("Exact words of the minister on the dam?", "quote"),
        ("Has the dam been approved?", "yes-no"),
        ("Why was the dam approved?", "other"),
        ("", "other"),
    ],
)
def test_kinds(question: str, kind: str) -> None:
    assert asked(question).kind == kind


@pytest.mark.parametrize(
    ("question", "value", "met"),
    [
        ("How many ferries ran aground?", "twenty-two", True),
        ("How many ferries ran aground?", "off the island of Sandoy", False),
        ("How long did the debate last?", "nine hours", True),
        ("How long did the debate last?", "61 votes", False),
        ("When did the ferry run aground?", "on Thursday", True),
        ("When did the ferry run aground?", "20 November", True),
        ("When did the ferry run aground?", "off Sandoy", False),
        ("Who is the minister?", "Ilse Brandt", True),
        ("Who is the minister?", "the coast guard", False),
        ("What did she say, word for word?", '"for our children"', True),
        ("Why was the dam approved?", "anything", True),
    ],
)
def test_values_of_the_kind_asked_for(question: str, value: str, met: bool) -> None:
    assert asked(question).met(value) is met


def test_a_question_names_what_its_answer_must_be_about() -> None:
    question = asked("How many passengers of the Marta were brought to Sandoy on 20 November 2025?")
    assert question.names == ("marta", "sandoy", "november")
    assert question.numbers == ("20november", "2025")
    assert question.covered("The Marta ran aground off Sandoy on 20 November 2025.") == 1
    assert question.covered("The Marta sank in November.") == pytest.approx(2 / 5)
    assert asked("how many passengers?").covered("anything") == 1


@given(st.text(), st.text())
def test_any_text_can_be_asked(question: str, text: str) -> None:
    found = asked(question)
    assert 0 <= found.covered(text) <= 1
    assert found.met(text) in (True, False)
