"""Topics: phrases of questions, what a question is about, and who may be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.topics import answered_topic, people, phrases, topic


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What will the valley dam cost?", ["valley dam"]),
        ("What did Brandt announce on 8 May 2026?", ["Brandt"]),
        ("How does the National Popular Vote work?", ["National Popular Vote"]),
        ("How would the 28-point plan use frozen assets?", ["28-point plan", "frozen assets"]),
        ("Where did Brandt and Novak meet in March 2025?", ["Brandt and Novak"]),
        ("What happened to the EU's loan to Norrhavn?", ["EU's loan to Norrhavn"]),
        ("Who is the head of the office?", ["head of the office"]),
        ("What does the US want of us?", ["US"]),
        ("Oh, and the ferry?", ["ferry"]),
        ("What is it about?", []),
        ("", []),
    ],
)
def test_phrases(question: str, found: list[str]) -> None:
    assert phrases(question) == found


@pytest.mark.parametrize(
    ("question", "known", "about"),
    [
        ("What is an electoral college?", True, "an electoral college"),
        ("What are the types of pork ribs?", True, "pork ribs"),
        ("Tell me about the history of the Marta.", True, "the Marta"),
        ("When was the club's meeting on 10 July 2025?", False, "the club's meeting on 10 July 2025"),
        ("Why was the ferry delayed?", False, "the ferry"),
        ("How many points did the plan have after Geneva?", True, "the plan"),
        ("What is the quarrel about the Marta?", True, "the Marta"),
        ("What are the main themes?", True, ""),
        ("How long?", False, ""),
    ],
)  # fmt: skip
def test_what_a_question_is_about(question: str, known: bool, about: str) -> None:
    assert topic(question, known=known) == about


@pytest.mark.parametrize(
    ("question", "answer", "about"),
    [
        ("What did Brandt announce?", "A truce for 9 to 11 May, and a swap.", "the truce for 9 to 11 May"),
        ("What did Brandt announce?", "She resigns.", ""),
        ("What will the valley dam cost?", "The dam will cost 90 billion crowns.", "the valley dam"),
        ("Was the valley dam approved?", "A vote is due.", "the valley dam"),
    ],
)
def test_what_it_means_after_an_answer(question: str, answer: str, about: str) -> None:
    assert answered_topic(question, answer, known=False) == about


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("When did Ilse Brandt resign?", ["Ilse Brandt"]),
        ("Did Brandt meet Novak in Norrhavn?", ["Brandt", "Novak"]),
        ("What did the Harbour Post say of the EU in May 2025?", []),
        ("Whose aide is Brandt's?", []),
    ],
)
def test_who_may_be_a_person(text: str, named: list[str]) -> None:
    assert people(text) == named


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_has_topics_of_its_own_words(question: str, answer: str) -> None:
    assert all(phrase.split() for phrase in phrases(question))
    assert all(word in question for word in topic(question).split())
    assert all(" ".join(name.split()) for name in people(question))
    assert isinstance(answered_topic(question, answer), str)
