"""Details of a text that can be checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.details import amounts, denies, knows, names, negated, numbers, quoted, stands_alone


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("They did not meet.", True),
        ("They didn’t meet.", True),
        ("Nobody was hurt", True),
        ("without a signature", True),
        ("They met in Notting Hill.", False),
        ("Nominal costs are known.", False),
        ("He refused to go.", False),
    ],
)
def test_what_negates_plainly(text: str, found: bool) -> None:
    assert negated(text) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He refused to go.", True),
        ("Trump called the meeting off.", True),
        ("The deal is still unsigned.", True),
        ("He ruled it out.", True),
        ("The summit failed.", True),
        ("They had no plan.", True),
        ("They met in Paris.", False),
        ("The union said so.", False),
    ],
)
def test_what_could_be_worded_as_a_not(text: str, found: bool) -> None:
    assert denies(text) is found


@given(st.text())
def test_what_negates_plainly_denies(text: str) -> None:
    assert denies(text) or not negated(text)


def test_forms_of_a_name() -> None:
    known = frozenset({"ukrainian", "paris"})
    assert knows("ukraine", known)
    assert knows("paris", known)
    assert not knows("uk", known)
    assert not knows("austria", frozenset({"australia"}))
    assert not knows("paris ukraine london", known)


def test_numbers_names_and_quotes() -> None:
    text = 'On 3 May Ilse Brandt said the dam costs 90bn. "We build it for our children," she said.'
    assert numbers(text) == ["3may", "90"]
    assert names(text) == ["May", "Ilse", "Brandt"]
    assert quoted(text) == ["We build it for our children"]


def test_titles_are_no_names_and_end_no_sentence() -> None:
    assert names("By Mr. Berg and Lt. Olsen. I'm here.") == ["Berg", "Olsen"]


def test_short_quotations_do_not_pair_with_each_other() -> None:
    assert quoted('It was "great" but then "bad", and "as she had expected".') == ["as she had expected"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20 to 30 billion", ["20 billion", "30 billion"]),
        ("20 of the boats", ["20"]),
        ("20% of them, or 1.5m", ["20 percent", "1.5 million"]),
        ("No one of the two, on 3 May", ["2", "3may"]),
        ("one hundred boats", ["100"]),
        ("twenty-one boats, or thirty one", ["21", "31"]),
    ],
)
def test_amounts_have_their_scale(text: str, found: list[str]) -> None:
    assert amounts(text) == found


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("Who heads the office of Ilse Brandt?", True),
        ("When did the Marta run aground?", True),
        ("Who left Norrhavn after the debate?", True),
        ("Who left Norrhavn before?", False),
        ("Who left Norrhavn before that?", False),
        ("When did she take over?", False),
        ("And the Marta?", False),
        ("So how did Brandt end?", False),
        ("What about Norrhavn?", False),
        ("Was the Marta there?", False),
        ("how long did the debate last?", False),
        ("", False),
    ],
)
def test_what_stands_alone(question: str, alone: bool) -> None:
    assert stands_alone(question) is alone
