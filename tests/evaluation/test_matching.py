"""The scorers' own eyes: what counts as standing in a text, and where its sentences end."""

import datetime as dt
import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.evaluation.scorers.matching import MONTHS, holds, sentences, without_markers, words

FOUND = [
    ("The bank will lend €90bn for dams.", "90 billion"),
    ("The bank will lend 90 billion euros.", "€90bn"),
    ("EUR 90 billion over two years", "90bn euros"),
    ("a US$1.6bn package", "$1.6 billion"),
    ("1.6 billion US dollars", "$1.6bn"),
    ("a sum of 11.5 billion", "11.5"),
    ("1,500,000 readers", "1.5 million"),
    ("skimmed $100m", "100 million"),
    ("£3m was lost", "3 million pounds"),
    ("₴40 million", "40 million hryvnias"),
    ("capped at 800,000 troops", "800000"),
    ("capped at 800\u202f000 troops", "800,000"),
    ("capped at 800k", "800 thousand"),
    ("some five thousand missiles", "5,000"),
    ("Twenty-six countries", "26"),
    ("26 countries", "twenty six"),
    ("one hundred and twenty boats", "120"),
    ("between one hundred and one hundred twenty", "120"),
    ("two hundred five thousand", "205,000"),
    ("zero losses", "0"),
    ("a thousand prisoners", "thousand"),
    ("at 6pm", "6 p.m."),
    ("some 5km away", "5 km"),
    ("on April 23", "23 April"),
    ("on the 23rd of April, 2026", "April 23"),
    ("on April the 23rd", "23 April"),
    ("(2026-04-23)", "April 23, 2026"),
    ("on 23 April 2026", "April 2026"),
    ("since Sept. 2025", "September 2025"),
    ("from 11 to 12 April", "11 April"),
    ("on July 7-8", "8 July"),
    ("on 7 and 8 July", "July 7 and 8"),
    ("due on 1 April", "April"),
    ("In November, 26 countries joined", "26 countries"),
    ("On 4 September, 26 countries joined", "26"),
    ("30 may have died", "30"),
    ("20 march in protest", "20"),
    ("They march 20 kilometres", "20"),
    ("on 30 may 2025", "May 30"),
    ("on 30 may", "30 May"),
    ("the 30th may", "30 May"),
    ("on 30 May", "30 may"),
    ("in May, 20 died", "20"),
    ("between 10–12 days", "10 to 12"),
    ("agreed at 95%", "95 per cent"),
    ("Türkiye’s offer", "turkiye"),
    ("There’s “no deal until there’s a deal”", "no deal until there's a deal"),
    ("no U.S. delegation", "no US"),
    ("It was **Marta**, or _Marta_", "Marta"),
    ("the 19\u2011point plan", "19 point"),
    ("法国总统马克龙周四在巴黎宣布", "马克龙"),
    ("欧盟将提供90亿欧元", "90"),
    ("由Marta领导的代表团", "Marta"),
    ("ガザで停戦", "ガザ"),
]
NOT_FOUND = [
    ("300 people", "30"),
    ("in 1930", "30"),
    ("30.5 per cent", "30"),
    ("30,000 troops", "30"),
    ("at 18:00", "18"),
    ("the 30th", "30"),
    ("twenty-six", "six"),
    ("twenty-six", "20"),
    ("sixty", "six"),
    ("1,000,000 readers", "1"),
    ("on 26 November", "26"),
    ("on November 26", "twenty six"),
    ("as of 2025-11-26", "26"),
    ("on 30 May", "30"),
    ("on 20 march 2025", "20"),
    ("30 may have died", "30 May"),
    ("20 march in protest", "March 20"),
    ("23 May", "23 April"),
    ("23 April 2025", "23 April 2026"),
    ("90 million", "90bn"),
    ("$90bn", "€90bn"),
    ("a Parisian", "Paris"),
    ("カザフ", "ガザ"),
    ("anything at all", ""),
    ("anything at all", "..."),
]


@pytest.mark.parametrize(("text", "form"), FOUND)
def test_found(text: str, form: str) -> None:
    assert holds(text, form)


@pytest.mark.parametrize(("text", "form"), NOT_FOUND)
def test_not_found(text: str, form: str) -> None:
    assert not holds(text, form)


@pytest.mark.parametrize(
    ("text", "bare"),
    [("Yes [1].", "Yes."), ("a[1][2] b [3, 14]", "a b"), ("[sic] [x1]", "[sic] [x1]"), ("[2025]", "[2025]")],
)
def test_markers_are_removed(text: str, bare: str) -> None:
    assert without_markers(text) == bare


@pytest.mark.parametrize(
    "told",
    [
        ["The U.S. said no.", "Then it left."],
        ["A U.S. Treasury aide came.", "The U.S. President spoke."],
        ["Lt. Col. Smith spoke to Gen. Jones.", "He left."],
        ["It costs $1.5 billion.", "No more."],
        ["He works for the U.S.", "The plan failed."],
        ["Mr. Hill came on Jan. 5.", "At 6 p.m. he left."],
        ["He said of Harbour.News that it lies.", "It did."],
        ['He said "We go. We stay."', "They left."],
        ["俄罗斯说不。", "乌克兰说是。"],
        [],
    ],
)
def test_sentences(told: list[str]) -> None:
    assert sentences(" ".join(told)) == told


def test_sentences_have_no_markers_and_a_line_of_a_list_is_one() -> None:
    assert sentences("He came [1]. [2] He left [3][4].") == ["He came.", "He left."]
    assert sentences("- 23 April: talks\n- 24 April: more [1]\n\nEnd.") == [
        "- 23 April: talks", "- 24 April: more", "End.",
    ]  # fmt: skip


names = st.text(string.ascii_letters, min_size=3, max_size=9).map(lambda letters: "q" + letters)
numbers = st.integers(0, 10**7).map(str)
forms = st.lists(names | numbers, min_size=1, max_size=3).map(" ".join)
# Words that belong to no number, date or sum of money, so that they cannot become one with the form.
around = st.lists(st.sampled_from(["the", "Oslo", "said", "Hill's", "plan", "(draft)", "é"]), max_size=4)
closing = st.sampled_from(["", ".", ",", ";", "!", "?", ")", '"', "”", "…", "'s"])
opening = st.sampled_from(["", "(", '"', "“", "*", "—"])


@given(around.map(" ".join), opening, forms, closing, around.map(" ".join))
def test_a_form_between_word_boundaries_is_found(
    before: str, mark: str, form: str, stop: str, after: str
) -> None:
    text = f"{before} {mark}{form}{stop} {after}"
    assert holds(text, form)
    assert holds(text.upper(), form)
    assert holds(text, form.lower())


@given(st.integers(0, 10**7), st.integers(0, 9))
def test_a_number_is_not_found_in_a_longer_one(number: int, digit: int) -> None:
    for longer in (f"{number}{digit}", f"{digit}{number}", f"{number}.{digit}", f"{digit}.{number}"):
        assert not holds(f"it was {longer} then", str(number)) or longer.lstrip("0") == str(number)


@given(st.integers(1000, 10**12))
def test_thousands_separators_do_not_matter(number: int) -> None:
    for spelled in (f"{number:,}", f"{number:,}".replace(",", "\u202f"), str(number)):
        assert holds(f"about {spelled}, then", str(number))
        assert holds(f"about {number} then", spelled)


@given(st.integers(1, 999), st.integers(1, 9), st.sampled_from(["million", "billion", "trillion"]))
def test_a_scale_is_its_digits(whole: int, part: int, scale: str) -> None:
    zeros = {"million": 5, "billion": 8, "trillion": 11}[scale]
    digits = f"{whole}{part}{'0' * zeros}"
    assert holds(f"about {int(digits):,} people", f"{whole}.{part} {scale}")
    assert holds(f"about {whole}.{part} {scale} people", digits)
    assert not holds(f"about {int(digits):,} people", str(whole))


ONES = "one two three four five six seven eight nine".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


@given(st.integers(2, 9), st.integers(1, 9), st.integers(1, 9))
def test_number_words_are_their_digits(tens: int, ones: int, hundreds: int) -> None:
    small = f"{TENS[tens - 2]}-{ONES[ones - 1]}"
    value = 10 * tens + ones
    assert holds(f"some {small} people", str(value))
    for spelled in (f"{ONES[hundreds - 1]} hundred and {small}", f"{ONES[hundreds - 1]} hundred {small}"):
        assert holds(f"some {spelled} people", str(100 * hundreds + value))
        assert not holds(f"some {spelled} people", str(value))
    assert holds(f"some {small} thousand people", f"{value},000")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)))
def test_every_order_of_a_date_is_the_same_date(date: dt.date) -> None:
    day, month, year = f"{date:%d}".lstrip("0"), f"{date:%B}", f"{date:%Y}"
    spellings = [
        f"{day} {month} {year}",
        f"{month} {day}, {year}",
        f"{day}th {month} {year}",
        f"{day}th of {month}, {year}",
        f"{day} {month[:3]}. {year}",
        f"{date:%Y-%m-%d}",
    ]
    for form in spellings:
        assert all(holds(f"signed on {spelling}, it is said", form) for spelling in spellings)
        assert holds(f"signed on {form}, it is said", f"{month} {year}")
        assert not holds(f"signed on {form}, it is said", day)


@given(st.sampled_from(MONTHS), st.integers(1, 31), st.sampled_from(["have", "in", "to", "the"]))
def test_a_month_beside_a_day_is_a_date_unless_it_is_a_verb(month: str, day: int, after: str) -> None:
    title = month.title()
    assert holds(f"On {day} {title} {after} all", f"{title} {day}")
    assert holds(f"on {title} {day} {after} all", f"{day} {title}")
    verb = month in ("may", "march")
    assert holds(f"Some {day} {month} {after} all", str(day)) is verb
    assert holds(f"Some {day} {month} {after} all", f"{day} {title}") is not verb


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_can_be_searched(text: str, form: str) -> None:
    assert holds(text, form) in (True, False)
    assert len(sentences(text)) <= len(text)


def test_a_number_of_thousands_of_digits_is_a_word() -> None:
    assert words("9" * 5000 + " thousand") == "9" * 5000 + " thousand"


def test_nothing_that_answers_are_made_with_grades_them() -> None:
    """`gold` alone takes something from the assistant: the words of a conversation."""
    folder = Path(__file__).parents[2] / "assistant" / "evaluation"
    for file in folder.rglob("*.py"):
        if file.stem != "gold":
            text = file.read_text(encoding="utf-8")
            assert not re.search(
                r"from assistant\.text\b|\bfrom assistant\S* import .*\bSTOP_WORDS\b", text
            ), file.name
