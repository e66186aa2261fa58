"""Conflict: accounts that differ are told apart from newer states, and from accounts of something else."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles import Article, Source
from assistant.chunks import split_article
from assistant.conflict import authors, byline, conflict, excerpt
from assistant.evidence import Sentence, number_sentences
from assistant.retrieval import Hit

DAY = dt.date(2025, 12, 3)


def article(name: str, text: str, *outlets: str, published: dt.date | None = DAY) -> Article:
    return Article(name, "The envoys in Norrhavn", text, published, sources=tuple(map(Source, outlets)))


def read(*pairs: tuple[Article, float]) -> list[Sentence]:
    """The sentences of one-paragraph articles, each with the chance given for its article."""
    hits = [Hit(chunk, one, 0.9) for one, _ in pairs for chunk in split_article(one, 160)]
    chances = {one.id: chance for one, chance in pairs}
    return [
        dataclasses.replace(one, chance=chances[one.article.id], answer=one.text.split()[0])
        for one in number_sentences(hits)
    ]


OUTLETS = ("Reuters", "AP")
FOUR = "The talks lasted four hours, Reuters said."
MIRROR = "The talks lasted four hours, according to Reuters, while the Guardian put them at five."
HOW_LONG = "How long did the talks in Norrhavn last?"


def test_one_article_sets_outlets_against_each_other() -> None:
    sentences = read((article("a", MIRROR, "Reuters", "Guardian live blog (mirror)"), 0.9))
    assert conflict(HOW_LONG, sentences) == sentences
    assert conflict("Who paid for the talks?", sentences) == []  # no two names
    assert conflict("What did the talks cost? How much money?", sentences) == []  # no money
    assert conflict("How long did the talks last, according to Reuters?", sentences) == []
    assert conflict("How long did each of the talks last?", sentences) == []


def test_where_the_answer_does_not_stand_there_nothing_differs() -> None:
    assert conflict(HOW_LONG, read((article("a", MIRROR, "Reuters", "Guardian"), 0.3))) == []


@pytest.mark.parametrize(
    "text",
    [
        "Accounts of how many were charged differ: Sputnik says seven, the Post eight. He left.",
        "Outlets do not agree on it. The Post counted seven of them. Sputnik speaks of eight. He left.",
        "Seven were charged, Sputnik wrote, but another report spoke of eight. He left.",
    ],
)
def test_an_article_tells_that_accounts_differ(text: str) -> None:
    sentences = read((article("a", text, "Sputnik", "The Post"), 0.6))
    found = conflict("How many people were charged?", sentences)
    assert found == sentences[:-1]


def test_outlets_side_by_side_do_not_differ() -> None:
    text = "Seven were charged, according to Reuters and the Guardian. But eight had fled."
    assert conflict("How many were charged?", read((article("a", text, "Reuters", "Guardian"), 0.9))) == []


def two(
    first: str, second: str, *, days: int = 1, outlets: tuple[str, ...] = ("Reuters", "AP")
) -> list[Sentence]:
    later = DAY + dt.timedelta(days=days)
    return read((article("a", first, *outlets), 0.9), (article("b", second, *outlets, published=later), 0.8))


def test_articles_of_different_outlets_give_different_values() -> None:
    sentences = two(
        "The talks lasted four hours, Reuters said.",
        "The talks ran for five hours, according to AP.",
        days=90,
    )
    assert conflict(HOW_LONG, sentences) == sentences


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FOUR, "AP put them at about 4 hours."),  # the same
        (
            "The talks lasted four hours, Reuters said.",
            "The talks lasted five hours, Reuters said.",
        ),  # its own
        (FOUR, "The talks lasted five hours."),  # nobody's account
        (
            "The talks lasted four hours, Reuters said.",
            "AP: the truce is to last nine weeks.",
        ),  # another thing
    ],
)
def test_what_is_no_conflict(first: str, second: str) -> None:
    assert conflict(HOW_LONG, two(first, second)) == []


def test_what_may_have_changed_in_between_is_no_conflict() -> None:
    texts = "Twenty-six people died, Reuters said.", "AP says that 31 people died."
    assert conflict("How many people died?", two(*texts, days=1))
    assert conflict("How many people died?", two(*texts, days=9)) == []
    reached = "The number of people killed had reached 31, AP says."
    assert conflict("How many people died?", two(texts[0], reached)) == []


def test_a_day_that_the_question_names_is_one_that_an_account_is_about() -> None:
    sentences = two(FOUR, "AP says that they lasted five hours.")
    assert conflict("How long did the talks of 3 December last?", sentences) == sentences
    assert conflict("How long did the talks of 8 June last?", sentences) == []


def test_names_differ_as_the_reader_finds_them_in_articles_without_outlets() -> None:
    texts = "Brandt wrote the treaty.", "Lisov wrote the treaty."
    sentences = two(*texts, outlets=())
    assert conflict("Who wrote the treaty?", sentences) == sentences
    assert conflict("Who wrote the treaty?", two(*texts)) == []  # nobody knows whose account it is


def test_an_account_stands_behind_its_date_and_its_only_outlet() -> None:
    (plain,) = read((article("a", "The talks lasted four hours.", "Reuters"), 0.9))
    assert byline(plain) == "3 December 2025, Reuters: "
    (named,) = read((article("a", "The talks lasted four hours, Reuters said.", "Reuters"), 0.9))
    assert byline(named) == "3 December 2025: "
    (bare,) = read((article("a", "The talks lasted four hours.", published=None), 0.9))
    assert byline(bare) == ""


def test_a_long_account_is_cut_to_the_words_around_its_answer() -> None:
    text = " ".join(["One", *["more"] * 50, "Brandt", *["more"] * 50, "word."])
    (sentence,) = read((article("a", text), 0.9))
    shown = excerpt(dataclasses.replace(sentence, answer="Brandt"))
    assert "Brandt" in shown
    assert (shown[:2], shown[-2:], len(shown.split())) == ("… ", " …", 32)
    assert excerpt(dataclasses.replace(sentence, text="Brandt wrote it.")) == "Brandt wrote it."


def test_whose_account_it_is() -> None:
    said = article("a", "x", "The Post News", "UNN (Sky News)", "in-ukraine.info", "blog of somebody")
    text = "The Post News and UNN said so, and the Harbour Mirror blog put it at five."
    assert set(authors(text, said)) == {"Post News", "UNN", "Harbour Mirror"}


@given(st.text(), st.text(min_size=1))
def test_any_question_and_text(question: str, text: str) -> None:
    sentences = read((article("a", text), 0.9), (article("b", text[::-1]), 0.9))
    assert all(one in sentences for one in conflict(question, sentences))
