"""Sourcing: copies of one report are one report, however many sites print it; and what is about now."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles import Article, Source
from assistant.chunks import split_article
from assistant.interface import Citation
from assistant.retrieval import Hit, Passage
from assistant.sourcing import about_now, copied, origins, reach, reports, sourcing

DISPATCH = "The ferry Marta ran aground off the island of Sandoy on Thursday with 212 passengers on board."
REPRINT = (
    "The ferry Marta ran aground off the island of Sandoy on Thursday with 212 people aboard, it is said."
)
OTHER = "Divers found a crack of two metres in the hull of the ship below the waterline, its owner told us."


def article(name: str, text: str, *outlets: str) -> Article:
    return Article(name, name.title(), text, dt.date(2025, 11, 20), sources=tuple(map(Source, outlets)))


def hit(one: Article) -> Hit:
    return Hit(split_article(one, 160)[0], one, 0.9)


def passage(one: Article, *copies: Article) -> Passage:
    return Passage(one, 0, len(one.text), (hit(one),), tuple(map(hit, copies)))


def cited(*articles: Article) -> list[Citation]:
    return [
        Citation(
            number=number,
            article=one.id,
            title=one.title,
            date=one.published,
            outlets=[source.outlet for source in one.sources],
            quote=one.text,
            start=0,
            end=len(one.text),
            url=None,
        )
        for number, one in enumerate(articles, 1)
    ]


AXIOS = article("axios", DISPATCH, "Axios")
POST = article("post", REPRINT, "Harbour Post (Axios)")
MIRROR = article("mirror", DISPATCH, "Mirror (Axios, AFP)")
RADIO = article("radio", OTHER, "Island Radio")


@pytest.mark.parametrize(
    ("citations", "passages", "sentence"),
    [
        ([], [], ""),
        (cited(AXIOS), [passage(AXIOS)], ""),
        (cited(AXIOS, AXIOS), [passage(AXIOS)], ""),
        (cited(AXIOS), [passage(AXIOS, POST, MIRROR)], "Three articles, one report by Axios."),
        (cited(POST), [passage(POST, AXIOS)], "Two articles, one report by Axios."),
        (cited(AXIOS, POST, MIRROR), [], "Three articles, one report by Axios."),
        (cited(article("a", DISPATCH), article("b", REPRINT)), [], "Two articles, one report."),
        (cited(AXIOS, article("c", REPRINT, "Mail")), [], "Two articles, one report."),
        (cited(AXIOS, RADIO), [passage(AXIOS), passage(RADIO)], "Two articles, by different outlets."),
        (
            cited(AXIOS, RADIO),
            [passage(AXIOS, POST), passage(RADIO)],
            "Three articles, two reports: two carry the same one by Axios.",
        ),
        (cited(AXIOS, article("d", OTHER, "Post (Axios)")), [], "Two articles, both by Axios."),
        (
            cited(AXIOS, article("d", OTHER, "Axios"), article("e", "They had sailed at dawn.", "Axios")),
            [],
            "Three articles, all by Axios.",
        ),
        (cited(MIRROR, article("d", OTHER, "AFP")), [], ""),
        (cited(AXIOS, article("d", OTHER)), [], ""),
    ],
)
def test_what_is_said_of_the_cited_articles(
    citations: list[Citation], passages: list[Passage], sentence: str
) -> None:
    assert sourcing(citations, passages) == sentence


def test_a_copy_counts_only_where_the_quoted_words_stand() -> None:
    near = article("near", f"{OTHER} {DISPATCH}", "Near")
    assert [report.articles for report in reports(cited(RADIO), [passage(RADIO, near)])] == [
        {"radio", "near"}
    ]
    assert [report.articles for report in reports(cited(RADIO), [passage(RADIO, AXIOS)])] == [{"radio"}]


def test_reports_that_turn_out_to_be_one_are_joined() -> None:
    both = article("both", f"{DISPATCH} {OTHER}", "Axios")
    (report,) = reports(cited(AXIOS, RADIO, both), [])
    assert report.articles == {"axios", "radio", "both"}


@pytest.mark.parametrize(
    ("outlets", "names"),
    [
        ([], set()),
        (["Axios"], {"Axios"}),
        (["Open.kg (Meduza, Axios)", "CNN"], {"Meduza", "Axios", "CNN"}),
        (["Suriname Times (BBC) "], {"BBC"}),
        (["Washington (DC) Post"], {"Washington (DC) Post"}),
    ],
)
def test_who_reported_it(outlets: list[str], names: set[str]) -> None:
    assert origins(outlets) == names


def test_short_quotes_tell_no_copy() -> None:
    assert not copied("He said no.", "He said no.")
    assert copied(DISPATCH, f"It rained. {REPRINT} It stopped.")
    assert not copied(DISPATCH, OTHER)


@given(st.lists(st.sampled_from([AXIOS, POST, MIRROR, RADIO]), max_size=6))
def test_every_cited_article_is_in_one_report(articles: list[Article]) -> None:
    found = [name for report in reports(cited(*articles), []) for name in report.articles]
    assert sorted(found) == sorted({one.id for one in articles})


TODAY = dt.date(2026, 6, 27)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the latest on the loan?", True),
        ("Is Yermak still in office?", True),
        ("How many points does the plan have now?", True),
        ("What happens today?", True),
        ("Who resigned?", False),
        ("What was the latest offer in November 2025?", False),
        ("Where did talks stand on 3 December 2025, and who was still there?", False),
    ],
)
def test_which_questions_are_about_now(question: str, expected: bool) -> None:
    assert about_now(question, TODAY) == expected
    told = "The corpus reaches until 27 June 2026." if expected else ""
    assert reach(question, TODAY, TODAY) == told
    assert reach(question, TODAY, None) == ""
