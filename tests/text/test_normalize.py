"""Surface forms: what counts as standing in an answer, and what does not."""

import datetime as dt
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.text.normalize import acronyms, holds, without_markers, words

FOUND = [
    ("The EU will borrow €90bn for Ukraine.", "90 billion"),
    ("The EU will borrow 90 billion euros.", "90bn"),
    ("EUR 90 billion over two years", "€90bn"),
    ("a US$1.6bn package", "$1.6 billion"),
    ("a sum of 11.5 billion", "11.5"),
    ("skimmed $100m", "100 million"),
    ("capped at 800,000 troops", "800000"),
    ("capped at 800000 troops", "800,000"),
    ("capped at 800\u202f000 troops", "800,000"),
    ("capped at 800k", "800,000"),
    ("some five thousand missiles", "5,000"),
    ("two hundred people", "200"),
    ("It was seven.", "7"),
    ("Twenty-six countries", "26"),
    ("26 countries", "twenty six"),
    ("ninety one drones", "91"),
    ("one hundred and twenty boats", "120"),
    ("two hundred five boats", "205"),
    ("at 6pm", "6 p.m."),
    ("a thousand prisoners", "thousand"),
    ("on April 23", "23 April"),
    ("on the 23rd of April, 2026", "April 23"),
    ("on April the 23rd", "23 April"),
    ("(2026-04-23)", "23 April"),
    ("on 2026-04-23", "April 23, 2026"),
    ("on 5 Sept. 2025", "September 5"),
    ("from 11 to 12 April", "11 April"),
    ("from 11 to 12 April", "12 April"),
    ("on July 7-8", "7-8 July"),
    ("on 7 and 8 July", "July 7 and 8"),
    ("due in April", "April"),
    ("due on 1 April", "April"),
    ("In November, 26 countries joined", "26 countries"),
    ("On 4 September, 26 countries joined", "26"),
    ("between 10–12 days", "10 to 12"),
    ("agreed at 95%", "95 percent"),
    ("agreed at 95 per cent", "95%"),
    ("in the second-quarter", "second quarter"),
    ("the 19\u2011point plan", "19 point"),
    ("Türkiye’s offer", "turkiye"),
    ("There’s “no deal until there’s a deal”", "no deal until there's a deal"),
    ("They hadn’t signed", "hadn't signed"),
    ("no U.S. delegation", "no US"),
    ("by the US delegation", "U.S."),
    ("It was **Umerov**, or _Umerov_", "Umerov"),
    ("at half past 18:00", "18:00"),
]

NOT_FOUND = [
    ("300 people", "30"),
    ("in 1930", "30"),
    ("30.5 per cent", "30"),
    ("1.30", "30"),
    ("30,000 troops", "30"),
    ("at 18:00", "18"),
    ("the 30th", "30"),
    ("twenty-six", "six"),
    ("twenty-six", "20"),
    ("sixty", "six"),
    ("sixth", "six"),
    ("on 26 November", "26"),
    ("on November 26", "twenty six"),
    ("as of 2025-11-26", "26"),
    ("up to 19 December", "to 19"),
    ("23 May", "23 April"),
    ("3 April", "23 April"),
    ("23 April 2025", "23 April 2026"),
    ("90 million", "90bn"),
    ("$90bn", "€90bn"),
    ("a Parisian", "Paris"),
    ("Kingston", "King"),
    ("state, department", "State of Department"),
    ("anything at all", ""),
    ("anything at all", "..."),
]


@pytest.mark.parametrize(("text", "form"), FOUND)
def test_found(text: str, form: str) -> None:
    assert holds(text, form)


def test_a_number_of_thousands_of_digits_is_a_word() -> None:
    assert words("9" * 5000 + " thousand") == "9" * 5000 + " thousand"


@pytest.mark.parametrize(
    ("text", "found"),
    [("The US and the U.S. told us", {"us"}), ("WHAT DID THEY TELL US", set()), ("A WHO envoy", {"who"})],
)
def test_what_stands_in_capitals(text: str, found: set[str]) -> None:
    assert acronyms(text) == found


@pytest.mark.parametrize(("text", "form"), NOT_FOUND)
def test_not_found(text: str, form: str) -> None:
    assert not holds(text, form)


@pytest.mark.parametrize(
    ("text", "bare"),
    [("Merz [1].", "Merz."), ("a[1][2] b [3, 14]", "a b"), ("[sic] [x1]", "[sic] [x1]"), ("in [2025]", "in")],
)
def test_markers_are_removed(text: str, bare: str) -> None:
    assert without_markers(text) == bare


names = st.text(string.ascii_letters, min_size=3, max_size=9).map(lambda letters: "q" + letters)
numbers = st.integers(0, 10**7).map(str)
forms = st.lists(names | numbers, min_size=1, max_size=3).map(" ".join)
# Words that belong to no number, date or sum of money, so that they cannot become one with the form.
around = st.lists(
    st.sampled_from(["the", "Kyiv", "said", "Zelensky's", "plan", "(draft)", "é"]), max_size=4
).map(" ".join)
closing = st.sampled_from(["", ".", ",", ";", "!", "?", ")", '"', "”", "…", "'s"])
opening = st.sampled_from(["", "(", '"', "“", "*", "—"])


@given(around, opening, forms, closing, around)
def test_a_form_between_word_boundaries_is_found(
    before: str, mark: str, form: str, stop: str, after: str
) -> None:
    text = f"{before} {mark}{form}{stop} {after}"
    assert holds(text, form)
    assert holds(text.upper(), form)
    assert holds(text, form.lower())


@given(st.integers(0, 10**7), st.integers(0, 9))
def test_a_number_is_not_found_in_a_longer_one(number: int, digit: int) -> None:
    assert not holds(f"it was {number}{digit} then", str(number))
    assert not holds(f"it was {digit}{number} then", str(number))
    assert not holds(f"it was {number}.{digit} then", str(number))
    assert not holds(f"it was {digit}.{number} then", str(number))


@given(names, st.text(string.ascii_letters, min_size=1, max_size=4))
def test_a_word_is_not_found_in_a_longer_one(name: str, more: str) -> None:
    assert not holds(f"it was {name}{more} then", name)


@given(st.integers(1000, 10**9))
def test_thousands_separators_do_not_matter(number: int) -> None:
    assert holds(f"about {number:,}, then", str(number))
    assert holds(f"about {number} then", f"{number:,}")


@given(st.dates(dt.date(1000, 1, 1)))
def test_every_order_of_a_date_is_the_same_date(date: dt.date) -> None:
    day, month, year = f"{date:%d}".lstrip("0"), f"{date:%B}", f"{date:%Y}"
    spellings = [
        f"{day} {month} {year}",
        f"{month} {day}, {year}",
        f"{day} {month[:3]}. {year}",
        f"{date:%Y-%m-%d}",
    ]
    for form in spellings:
        assert all(holds(f"signed on {spelling}, it is said", form) for spelling in spellings)
        assert not holds(f"signed on {form}, it is said", day)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_can_be_searched(text: str, form: str) -> None:
    assert holds(text, form) in (True, False)
