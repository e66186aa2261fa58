"""What only a whole corpus tells: repeats, versions, two with one id, boilerplate, and what is no article."""

import datetime as dt
import json
from pathlib import Path

import pytest

from assistant.corpus.articles import Article, Options, read_articles, read_corpus
from assistant.corpus.report import Report, Summary

STORY = "The council of Eastbridge voted on Monday to close the old mill by the end of the month. "
MORE = "Owners had asked for two more years, but the vote was nine to two against them. "


def lines(folder: Path, *records: dict[str, object]) -> Path:
    path = folder / "wire.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def by_id(path: Path) -> dict[str, Article]:
    return {article.id: article for article in read_corpus(path)}


# Repeats


def test_copies_of_a_file_are_one_article_under_its_shortest_name(tmp_path: Path) -> None:
    for name in ("a", "a (1)", "a copy", "a.sync-conflict-20250101", "b"):
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: Mill\n---\n{STORY}")
    told: list[str] = []
    assert [article.id for article in read_corpus(tmp_path, on_skip=told.append)] == ["a", "b"]
    assert len(told) == 3
    assert (
        told[0]
        == f"{tmp_path}/a copy.md: the same article as {tmp_path}/a (1).md, skipped; remove one of them"
    )


def test_a_line_that_is_repeated_is_skipped(tmp_path: Path) -> None:
    record = {"id": "x", "title": "Mill", "text": STORY}
    told: list[str] = []
    path = lines(
        tmp_path,
        record,
        record | {"id": "y"},
        record,
        {"title": "T", "text": "A."},
        {"title": "T", "text": "A."},
    )
    assert [article.id for article in read_corpus(path, on_skip=told.append)] == ["wire-4", "x", "y"]
    assert [message.partition(": ")[0] for message in told] == [f"{path}:3", f"{path}:5"]


def test_a_page_that_was_fetched_twice_is_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: Mill\nurl: https://e.example/mill\n---\n{STORY}")
    assert list(by_id(tmp_path)) == ["one"]


# Versions


def version(day: str, text: str, **more: object) -> dict[str, object]:
    return {
        "url": "https://east.example/news/mill",
        "title": "Mill to close",
        "date": "2025-03-03",
        "updated": day,
        "text": text,
    } | more


def test_versions_by_address_know_when_the_next_took_their_place(tmp_path: Path) -> None:
    texts = [STORY, STORY + MORE, STORY + MORE + "The mayor abstained."]
    path = lines(
        tmp_path,
        version("2025-03-09", texts[2]),
        version("2025-03-03", texts[0]),
        version("2025-03-05", texts[1]),
    )
    articles = by_id(path)
    assert {name: article.superseded for name, article in articles.items()} == {
        "wire-1": None, "wire-2": dt.date(2025, 3, 5), "wire-3": dt.date(2025, 3, 9)
    }  # fmt: skip
    assert [articles[name].written for name in ("wire-2", "wire-3", "wire-1")] == [
        dt.date(2025, 3, 3), dt.date(2025, 3, 5), dt.date(2025, 3, 9)
    ]  # fmt: skip


def test_versions_under_one_id_are_named_by_their_day(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        version("2025-03-03", STORY, id="mill", url=""),
        version("2025-03-05", STORY + MORE, id="mill", url=""),
    )
    articles = by_id(path)
    assert {name: article.text for name, article in articles.items()} == {
        "mill": (STORY + MORE), "mill@2025-03-03": STORY,
    }  # fmt: skip
    assert articles["mill@2025-03-03"].superseded == dt.date(2025, 3, 5)


def test_what_is_no_version(tmp_path: Path) -> None:
    """Other words at one address; a site's front page; no day."""
    other = "Rain is expected in the hills on Thursday, and the river may rise by a metre. " * 2
    path = lines(
        tmp_path,
        version("2025-03-03", STORY),
        version("2025-03-05", other),
        version("2025-03-03", STORY + "A.", url="https://east.example/"),
        version("2025-03-05", STORY + MORE, url="https://east.example/"),
        {"url": "https://east.example/u", "title": "Mill", "text": STORY + "B."},
        {"url": "https://east.example/u", "title": "Mill", "text": STORY + MORE + "B."},
    )
    assert [article.superseded for article in read_corpus(path)] == [None] * 6


# Boilerplate

FOOTER = "Sign up for our morning letter and never miss a story from the valley."
COOKIES = "We and our partners store information on your device."


def site(folder: Path, count: int, footer: str = FOOTER, suffix: str = " | The Valley Echo") -> Path:
    for number in range(count):
        body = (
            f"{COOKIES}\n\nStory {number} of the valley begins.\n\nIt goes on for {number} days.\n\n{footer}"
        )
        head = f"title: 'Event {number}{suffix}'\nurl: https://echo.example/{number}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.md").write_text(f"---\n{head}\n---\n{body}\n")
    return folder


def test_what_repeats_over_a_site_is_taken_out(tmp_path: Path) -> None:
    articles = read_corpus(site(tmp_path / "c", 4))
    assert [article.title for article in articles] == [f"Event {number}" for number in range(4)]
    assert [article.text for article in articles] == [
        f"Story {number} of the valley begins.\n\nIt goes on for {number} days." for number in range(4)
    ]
    report = Report()
    read_articles(tmp_path / "c", report).close()
    assert report.summary.boilerplate == {"echo.example": 3}
    assert "repeated lines taken out of texts and titles: 3 of echo.example" in list(report.summary.lines())


def test_what_repeats_seldom_or_states_numbers_stays(tmp_path: Path) -> None:
    assert FOOTER in read_corpus(site(tmp_path / "two", 2))[0].text
    facts = "The valley was flooded in 1953, when 212 people died."
    articles = read_corpus(site(tmp_path / "facts", 5, footer=facts))
    assert all(facts in article.text and COOKIES not in article.text for article in articles)
    assert read_corpus(site(tmp_path / "titles", 2))[0].title == "Event 0 | The Valley Echo"


def test_an_article_that_is_nothing_but_boilerplate_is_left_alone(tmp_path: Path) -> None:
    site(tmp_path, 4)
    (tmp_path / "5.md").write_text(f"---\nurl: https://echo.example/5\n---\n{COOKIES}\n\n{FOOTER}")
    assert by_id(tmp_path)["5"].text == f"{COOKIES}\n\n{FOOTER}"


# What may be no article


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{{ content }}", "a template"),
        ("We use cookies and similar means. Accept all or choose your preferences.", "a consent page"),
        (
            "The minister has... Subscribe to continue reading. Already a subscriber? Sign in.",
            "a paywall notice",
        ),
        (STORY, ""),
        ("The bakery sold 400 cookies at the fair, said its owner, and gave the rest away.", ""),
    ],
)
def test_what_looks_like_something_else_is_named(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "a.md").write_text(text)
    report = Report()
    read_articles(tmp_path, report).close()
    assert report.summary.suspect == ({what: 1} if what else {})


# The summary


def test_the_summary_says_what_was_passed_over_and_why(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(f"---\ndate: 2025-03-03\n---\n{STORY}")
    for name in ("a.pdf", "b.pdf", "empty.txt", "photo.jpg", "table.xlsx"):
        (tmp_path / name).write_bytes(b"" if name == "empty.txt" else b"%PDF-1.4\n")
    (tmp_path / "node_modules").mkdir()
    told: list[str] = []
    report = Report(told.append, tell_all=False)
    read_articles(tmp_path, report).close()
    assert list(report.summary.lines()) == [
        "read 1 article; passed over 5: 2 .pdf (broken file), 1 .jpg (kind not read), 1 .txt (empty),"
        " 1 .xlsx (kind not read)",
        "left out: 1 node_modules",
        "lacking: 1 article without an outlet, 1 article without a title of its own",
        "1 more message: assistant index --list-skipped names each",
    ]
    assert len(told) == 4
    assert Summary.load(report.summary.dump()) == report.summary
    assert Summary.load("nonsense") == Summary.load(None) == Summary()


def test_messages_of_one_kind_are_told_a_few_times(tmp_path: Path) -> None:
    path = lines(tmp_path, *({"text": ""} for _ in range(30)), {"text": "Text."})
    for tell_all, count in ((True, 30), (False, 5)):
        told: list[str] = []
        report = Report(told.append, tell_all=tell_all)
        read_articles(path, report).close()
        assert len(told) == count
        assert report.summary.passed_over == {"in .jsonl": {"no text": 30}}
        assert report.summary.untold == 30 - count


# Any size


def test_articles_are_gone_through_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.corpus.articles.IN_MEMORY", 100)
    path = lines(tmp_path, *({"id": f"{n:03}", "text": f"{STORY}{n}"} for n in range(99, 0, -1)))
    articles = read_articles(path, Report(), Options())
    assert len(articles) == 99
    assert (
        [article.id for article in articles]
        == [article.id for article in articles]
        == [f"{n:03}" for n in range(1, 100)]
    )
    articles.close()
