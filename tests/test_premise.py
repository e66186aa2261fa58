"""What a question takes for granted, and what denies it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import sentences_of
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles import Article
from assistant.evidence import Sentence
from assistant.premise import denial, is_clear, same_word

ASKED = "What toll did the harbour board charge on 3 May?"


def read(*texts: str, chances: list[float]) -> list[Sentence]:
    """The texts as sentences of an article, each with its chance."""
    sentences = sentences_of(Article("a", "Harbour", " ".join(texts)))
    return [replace(one, chance=chance) for one, chance in zip(sentences, chances, strict=False)]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (ASKED, "The board charged no toll that day."),
        (ASKED, "Boats came in without any new tolls."),
        ("Who signed the ferry treaty?", "The islands did not sign."),
        ("Who signed the ferry treaty?", "The islands didn’t sign."),
        ("On what day did the mayor resign?", "She has never resigned."),
        ("Which boat sank?", "The boat had not, after all, sunk; no boat did."),
    ],
)
def test_a_denial_of_what_the_question_takes_for_granted_is_found(question: str, said: str) -> None:
    other = "The harbour lies in the south."
    found = denial(question, read(other, said, chances=[0.5, 0.4]))
    assert found is not None
    assert found.text == said


@pytest.mark.parametrize(
    ("question", "said"),
    [
        # Nothing of the question is negated.
        (ASKED, "The board charged 40 crowns, and no ship complained."),
        # That is no denial at all.
        (ASKED, "It was not only a toll but a tax."),
        (ASKED, "No fewer than three tolls were charged, and not all by the board."),
        (ASKED, "It is not clear what toll the board charged."),
        (ASKED, "There is no doubt about the toll."),
        # "19-point" is a name here.
        ("How many points are there?", "The clerk had not received the 19-point list."),
        # A yes-or-no question takes nothing for granted.
        ("Did the board charge a toll?", "The board charged no toll that day."),
        # The question is about the denial.
        ("Who did not sign the treaty?", "The islands did not sign."),
        # What is negated behind a name is what happened, not the name.
        ("What did Hanko say?", "The mayor was not Hanko."),
    ],
)
def test_other_negations_deny_nothing(question: str, said: str) -> None:
    assert denial(question, read(said, chances=[0.5])) is None


def test_an_unlikely_sentence_denies_nothing() -> None:
    sentences = read("It was 40 crowns.", "The board charged no toll.", chances=[0.9, 0.05])
    assert denial(ASKED, sentences) is None
    assert denial(ASKED, read("The board charged no toll.", chances=[0.0])) is None


def test_the_likeliest_of_several_denials_counts() -> None:
    sentences = read("There was no toll.", "The board charged no toll.", chances=[0.4, 0.6])
    found = denial(ASKED, sentences)
    assert found is not None
    assert found.number == 2


@pytest.mark.parametrize("question", ["", "???", "And why?", "What about him?", "Tell me more", "So what?"])
def test_a_question_that_names_nothing_is_not_clear(question: str) -> None:
    assert not is_clear(question)


@pytest.mark.parametrize(
    "question",
    [
        "What did the US say?",
        "What about the U.S.?",
        "Who resigned?",
        "geneva",
        "What about the mayor?",
        "2025-11-26?",
    ],
)
def test_a_question_that_names_something_is_clear(question: str) -> None:
    assert is_clear(question)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sign", "signed", True),
        ("sanction", "sanctions", True),
        ("agree", "agreement", False),
        ("cat", "cats", False),
        ("committee", "commerce", False),
    ],
)
def test_words_that_differ_by_their_endings(one: str, other: str, *, same: bool) -> None:
    assert same_word(one, other) is same
    assert same_word(other, one) is same


@given(st.text(), st.text(min_size=1).filter(str.strip))
def test_whatever_is_asked_the_denial_is_one_of_the_sentences(question: str, said: str) -> None:
    sentences = read(said.strip(), chances=[0.5])
    assert denial(question, sentences) in (None, *sentences)
    is_clear(question)
