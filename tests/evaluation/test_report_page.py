"""The HTML page, as text and in headless Chromium.

Where Chromium is missing the tests that need it are skipped, but not in continuous integration.
"""

import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, sync_playwright
from reporting import ARTICLES, DAM, FERRY, SCRIPT, answer, case, grade, graded_cases, quoting, small_report

from assistant.corpus.articles import Article
from assistant.evaluation.gold.cases import EarlierTurn
from assistant.evaluation.report.excerpts import AROUND, Mark, excerpts, marked
from assistant.evaluation.report.page import page
from assistant.evaluation.run import Report

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = (360, 1280)


class Elements(HTMLParser):
    """The names of all elements of a page, and all ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not any(name.startswith("on") for name, _ in attrs)


def with_planted_markup() -> Report:
    """Also in a case's id, its history, what is expected and where it is dropped."""
    history = (EarlierTurn(question=f"Before? {SCRIPT}", answer=f"Yes {SCRIPT}"),)
    odd = case(f"a b/{SCRIPT}", type="follow-up", history=history, expect=((SCRIPT,),))
    given = answer(odd.question, "No.", dropped=answer("q", f"Dropped {SCRIPT}").claims)
    return small_report(graded=(*graded_cases(), grade(odd, given, 0.0)))


# As text


@pytest.fixture(scope="module")
def text() -> str:
    return page(with_planted_markup(), ARTICLES)


def test_planted_markup_stays_text_and_nothing_is_fetched(text: str) -> None:
    elements = Elements(text)
    assert elements.names.count("script") == 1
    assert not {"img", "link", "iframe", "object", "base"} & set(elements.names)
    assert SCRIPT not in text
    assert text.count("&lt;script&gt;document.title") > 20
    assert re.findall(r"(?:src|href)=[\"'](?!#)[^\"']*", text) == []
    assert re.findall(r"url\((?!#)|@import", text) == []


def test_every_id_is_there_once(text: str) -> None:
    ids = Elements(text).ids
    assert len(ids) == len(set(ids))
    assert "case-right" in ids


def test_invisible_characters_are_written_out() -> None:
    turned = grade(case("c"), answer("q", "Not \u202ethgir\u202c."), 1.0)
    assert "Not &lt;U+202E&gt;thgir&lt;U+202C&gt;." in page(small_report(graded=(turned,)), ARTICLES)


def test_a_page_of_nothing_is_still_a_page() -> None:
    elements = Elements(page(Report(provenance={}, graded=()), {}))
    assert "h1" in elements.names
    assert "svg" not in elements.names


def test_articles_that_are_gone_leave_the_page_whole() -> None:
    text = page(small_report(), {})
    assert "no such article" in text


def test_plots_take_their_colours_from_the_page_and_say_what_they_show(text: str) -> None:
    plots = re.findall(r'<div role="img" aria-label="([^"]+)"><svg.*?</svg>', text, re.DOTALL)
    titles = [
        "Right, by type",
        "Risk and coverage",
        "Recall of evidence at k",
        "Where evidence is lost",
        "Latency",
    ]
    assert [plot.split(":")[0] for plot in plots] == titles
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert set(re.findall(r"(?:fill|stroke): ([^;\"]+)", drawn)) == {
        "none",
        "currentColor",
        "var(--accent)",
        "var(--line)",
        "var(--muted)",
    }
    assert "font-family" not in drawn


def test_the_same_report_is_always_the_same_page(text: str) -> None:
    assert page(with_planted_markup(), ARTICLES) == text


# Excerpts


def test_quotes_are_marked_where_they_stand() -> None:
    (right, *_) = graded_cases()
    (one,) = excerpts(right, ARTICLES)
    ((quote, rest),) = one.parts
    assert (quote.text, quote.cited, quote.evidence, quote.ends) == (
        "The dam will cost 90 billion crowns.",
        True,
        True,
        (1,),
    )
    assert (rest.text, rest.cited, rest.evidence) == (" Work begins in April 2026.", False, False)


def test_each_article_is_shown_once_with_all_that_is_marked() -> None:
    hurt, votes = quoting(FERRY, "Nobody was hurt.", 2), quoting(DAM, "61 votes", 1)
    given = grade(case("c"), answer("Question c?", "No.", votes, hurt), 0.0)
    shown = excerpts(given, ARTICLES)
    assert [(one.article.id, len(one.parts)) for one in shown] == [("dam", 2), ("ferry", 1)]
    assert [part[1].text for part in shown[0].parts if len(part) == 3] == ["61 votes"]


@given(st.data())
def test_excerpts_are_the_article_s_own_text_with_every_mark_whole(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.sampled_from([0, 1, 7, 2 * AROUND]), min_size=1, max_size=4))
    # Letters that stand once each, so that it is seen where a part is from.
    letters = map(chr, range(0x4E00, 0x9FFF))
    text = "\n\n".join("".join(islice(letters, length)) for length in lengths)
    places = st.integers(0, len(text))
    pairs = data.draw(st.lists(st.tuples(places, places, st.none() | st.integers(1, 9)), max_size=5))
    marks = [Mark(min(one, two), max(one, two), number) for one, two, number in pairs if one != two]
    shown: set[int] = set()
    for part in marked(text, marks):
        words = "".join(segment.text for segment in part)
        known = next((at for at, letter in enumerate(words) if letter != "\n"), None)
        if known is None:
            assert words in text
            continue
        start = text.index(words[known]) - known
        assert text[start : start + len(words)] == words
        extent = set(range(start, start + len(words)))
        assert not shown & extent
        shown |= extent
        cited = {mark.start + at for mark in marks if mark.number for at in range(mark.end - mark.start)}
        for segment in part:
            assert segment.cited == (start in cited)
            start += len(segment.text)
    lettered = {at for mark in marks for at in range(mark.start, mark.end) if text[at] != "\n"}
    assert lettered <= shown


# In Chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no Chromium; install it with: apt-get install chromium")
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def small_page(tmp_path_factory: pytest.TempPathFactory, text: str) -> str:
    """The page's address."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


def opened(browser: Browser, address: str, width: int = 1280, scheme: str = "light", **options: bool) -> Page:
    """The page in a window of its own, which notes what goes wrong or wants to be fetched."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        **options,
    )
    shown = context.new_page()
    shown.on("console", lambda message: pytest.fail(f"the console says: {message.text}"))
    shown.on("pageerror", lambda error: pytest.fail(f"the script failed: {error}"))
    shown.on("request", lambda request: request.url == address or pytest.fail(f"fetched {request.url}"))
    shown.goto(address)
    return shown


def open_all(shown: Page) -> None:
    shown.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")


def visible(shown: Page) -> list[str]:
    """The ids of the cases that are not filtered out."""
    ids: list[str] = shown.evaluate(
        "[...document.querySelectorAll('.case:not([hidden])')].map((one) => one.id.slice(5))"
    )
    return ids


@pytest.mark.parametrize("width", SIZES)
def test_nothing_overflows(browser: Browser, small_page: str, width: int) -> None:
    shown = opened(browser, small_page, width)
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert shown.evaluate(overflow) == 0
    open_all(shown)
    assert shown.evaluate(overflow) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
def test_axe_finds_nothing_to_fault(browser: Browser, small_page: str, width: int, scheme: str) -> None:
    """axe-core's rules for WCAG 2 and its best practices, over all that the page can show."""
    shown = opened(browser, small_page, width, scheme)
    open_all(shown)
    found = Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()


def test_planted_markup_does_nothing(browser: Browser, small_page: str) -> None:
    shown = opened(browser, small_page)
    open_all(shown)
    assert shown.title() == "Evaluation of small"
    assert shown.locator("img").count() == 0
    assert SCRIPT in shown.locator("#case-wrong .prose").first.inner_text()
    assert SCRIPT in shown.locator("#case-wrong .excerpt").first.inner_text()


def test_a_script_that_slipped_in_would_not_run(browser: Browser, tmp_path: Path, text: str) -> None:
    """Even so: the page's policy allows its own script alone."""
    text = text.replace("<h1>", f"{SCRIPT.replace('src=x', '')}<h1>")
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    shown = browser.new_page()
    refused: list[str] = []
    shown.on("console", lambda message: refused.append(message.text))
    shown.goto(path.as_uri())
    assert shown.title() == "Evaluation of small"
    assert any("Content Security Policy" in message for message in refused)


def test_cases_are_filtered_by_what_is_chosen(browser: Browser, small_page: str) -> None:
    shown = opened(browser, small_page)
    everything = visible(shown)
    assert len(everything) == 7
    status = shown.get_by_role("status")
    assert status.inner_text() == "7 of 7 cases"
    shown.get_by_role("combobox", name="Outcome").select_option("wrong")
    assert visible(shown) == ["wrong", everything[-1]]
    shown.get_by_role("combobox", name="Type").select_option("number")
    assert visible(shown) == ["wrong"]
    assert status.inner_text() == "1 of 7 cases"
    shown.get_by_role("button", name="Clear").click()
    shown.wait_for_function("document.querySelector('#shown').textContent === '7 of 7 cases'")
    shown.get_by_label("Changed outcome").check()
    assert visible(shown) == ["wrong"]
    shown.get_by_role("button", name="Clear").click()
    shown.get_by_role("combobox", name="Evidence lost at").select_option("prompt")
    assert visible(shown) == ["silent"]


def test_cases_are_searched_by_words_of_anything_in_them(browser: Browser, small_page: str) -> None:
    shown = opened(browser, small_page)
    search = shown.get_by_label("Search")
    for words, found in (
        ("PRICE", ["wrong"]),
        ("model gone", ["failed"]),
        ("price gone", []),
        ("silent", ["silent"]),
    ):
        search.fill(words)
        assert visible(shown) == found


def test_the_keyboard_reaches_everything(browser: Browser, small_page: str) -> None:
    shown = opened(browser, small_page)
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.className") == "skip"
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "cases"
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.name") == "text"
    shown.keyboard.type("price")
    while shown.evaluate("document.activeElement.tagName") != "SUMMARY":
        shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert shown.locator("#case-wrong").get_attribute("open") is not None
    scrollers = shown.locator(".scroll")
    assert {scrollers.nth(at).get_attribute("tabindex") for at in range(scrollers.count())} == {"0"}


def test_a_link_opens_its_case(browser: Browser, small_page: str) -> None:
    shown = opened(browser, small_page)
    shown.get_by_text("Cases with another outcome").click()
    shown.get_by_role("link", name="wrong").click()
    shown.wait_for_function("document.querySelector('#case-wrong').open")


def test_the_page_can_be_read_without_script(browser: Browser, small_page: str) -> None:
    shown = opened(browser, small_page, java_script_enabled=False)
    assert shown.locator(".case").count() == 7
    assert not shown.locator("#filter").is_visible()
    shown.locator("#case-wrong summary").first.click()
    assert shown.locator("#case-wrong .prose").first.is_visible()


def test_a_page_of_180_cases_is_light_and_quick(browser: Browser, tmp_path: Path) -> None:
    """With articles and answers of the usual length; the time is a generous bound on a busy machine."""
    text = "\n\n".join(["The ministry of energy said on Tuesday that work begins in April. " * 6] * 8)
    long = Article(id="dam", title="Valley dam", text=text)
    quote = "The ministry of energy said on Tuesday that work begins in April."
    citations = [quoting(long, quote, number) for number in (1, 2, 3)]
    passages = [one.model_copy(update={"end": 900}) for one in graded_cases()[5].passages] * 8
    graded = tuple(
        grade(
            case(f"c{n}", question=f"Question {n}?"),
            answer("q", quote * 4, *citations, passages=passages),
            1.0,
        )
        for n in range(180)
    )
    path = tmp_path / "report.html"
    path.write_text(page(small_report(graded=graded), {"dam": long}), encoding="utf-8")
    assert path.stat().st_size < 3_000_000
    shown = opened(browser, path.as_uri())
    took = shown.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    assert took < 5000
    shown.get_by_label("Search").fill("question 179?")
    assert visible(shown) == ["c179"]
