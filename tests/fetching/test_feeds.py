"""Feeds and pages: what is read from them, and what is refused."""

import contextlib
import json
import time

import pytest
from adder import Adding
from fake_site import Site, article, rss, rss_item
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.errors import FetchError, FetchRefused
from assistant.fetching.feeds import Item, feed_of, is_feed
from assistant.fetching.pages import page_of
from assistant.fetching.replies import Reply, content_type, seconds_of

URL = "https://news.example/feed"
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example/">
<title>Valley Post</title><entry><title type="html">Dam &lt;b&gt;full&lt;/b&gt;</title><link href="/dam"/>
<id>tag:1</id><published>2025-03-03T23:30:00-05:00</published><updated>2025-03-07T01:00:00Z</updated>
<author><name>A. Writer</name></author><summary>Short.</summary></entry></feed>"""


def reply(data: str | bytes, kind: str = "application/xml", charset: str = "") -> Reply:
    raw = data.encode() if isinstance(data, str) else data
    return Reply(url=URL, status=200, kind=kind, charset=charset, data=raw)


def test_atom() -> None:
    assert is_feed(reply(ATOM, "application/atom+xml"))
    (item,) = feed_of(reply(ATOM)).items
    assert item.url == "https://news.example/dam"
    assert (item.title, item.author) == ("Dam full", "A. Writer")
    assert (item.date, item.updated) == ("2025-03-03", "2025-03-07")
    assert not item.full_text


def test_tags_without_an_end_take_no_time() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"url": "/dam", "title": "<" * 200_000, "content_html": "<b" * 1_000_000}],
    }
    started = time.monotonic()
    (item,) = feed_of(reply(json.dumps(feed))).items
    assert not item.full_text
    assert time.monotonic() - started < 5


def test_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Valley Post",
        "items": [
            {
                "id": 1,
                "url": "/dam",
                "title": "Dam",
                "date_published": "2025-03-03T10:00:00Z",
                "content_text": "word " * 200,
                "authors": [{"name": "A"}, None],
            },
            "nonsense",
            {"id": "no address"},
        ],
    }
    whole = reply(json.dumps(feed), "application/feed+json")
    assert is_feed(whole)
    read = feed_of(whole)
    (item,) = read.items
    assert item.url == "https://news.example/dam"
    assert (item.title, item.date, item.author) == ("Dam", "2025-03-03", "A")
    assert item.full_text
    assert read.problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_feeds_in_any_encoding(encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8", "latin-1": "iso-8859-1"}.get(encoding, encoding)
    text = rss(rss_item("https://news.example/1", "Größe")).replace('"utf-8"', f'"{declared}"', 1)
    whole = reply(text.encode(encoding))
    assert is_feed(whole)
    assert feed_of(whole).items[0].title == "Größe"


@pytest.mark.parametrize(
    "text",
    [
        rss(rss_item(URL + "/1", "A & B")),  # a bare ampersand
        rss(rss_item(URL + "/1", "A"))[:-20],  # cut off
        "\n\n" + rss(rss_item(URL + "/1", "A")),
        rss(rss_item(URL + "/1", "A&nbsp;B")),
        rss(rss_item(URL + "/1", "A", day="yesterday")),
        rss(rss_item(URL + "/1", "A", day="0000-00-00")),
        rss(rss_item(URL + "/1", "A"), rss_item("", "no address"), rss_item("http://[", "a broken one")),
    ],
)
def test_broken_feeds_are_read(text: str) -> None:
    assert is_feed(reply(text, "text/xml"))
    assert [item.url for item in feed_of(reply(text)).items] == [URL + "/1"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "<rss", "<html><body>No</body></html>", '{"items": 7}', '{"a":' * 100_000, "\x00"]
)
def test_what_is_no_feed(text: str) -> None:
    with pytest.raises(FetchRefused):
        feed_of(reply(text))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_not_expanded(encoding: str) -> None:
    bomb = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
    text = f'<?xml version="1.0"?><!DOCTYPE r [{bomb}]>' + rss(rss_item(URL, "&a12;")).partition("?>")[2]
    started = time.monotonic()
    with pytest.raises(FetchRefused, match="entities"):
        feed_of(reply(text.encode(encoding)))
    assert time.monotonic() - started < 1


def test_no_file_is_read_through_a_feed() -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE r SYSTEM "file:///etc/passwd">'
        + rss(rss_item(URL, "A")).partition("?>")[2]
    )
    assert [item.title for item in feed_of(reply(text)).items] == ["A"]


@pytest.mark.parametrize(
    ("content", "full"),
    [
        ("<p>" + "word " * 250 + "</p>", True),
        ("word " * 50, False),
        ("word " * 250 + "[…]", False),
        ("word " * 250 + '<a href="x">Continue reading</a>.', False),
    ],
)
def test_what_counts_as_the_whole_text(content: str, full: bool) -> None:
    assert Item(URL, content=content).full_text is full


def test_broken_feeds_are_told(news_site: Site, adding: Adding) -> None:
    news_site.pages |= {"/feed": rss(rss_item(f"{news_site.url}/1", "A & B")), "/1": article("Story 1")}
    news_site.kinds["/feed"] = "text/xml"
    assert adding.add(f"{news_site.url}/feed").fetched == 1
    assert "1 items read" in adding.notices[0]
    news_site.pages["/feed"] = "<rss><channel>"
    news_site.kinds["/feed"] = "application/rss+xml"
    assert adding.add(f"{news_site.url}/feed").refused.total() <= 1
    assert len(adding.files) == 1


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (b"%PDF-1.7", "application/pdf", "not HTML"),
        (b"{}", "application/json", "not HTML"),
        (b"\x89PNG", "image/png", "not HTML"),
        (b"plain", "application/octet-stream", "not HTML"),
        (b"", "text/html", "no text"),
        (b"<html><body></body></html>", "text/html", "no text"),
        (b"\x00" * 5000, "text/html", "no text"),
        (b"<div>" * 100_000, "text/html", "no text"),
    ],
)
def test_pages_that_are_refused(news_site: Site, adding: Adding, data: bytes, kind: str, why: str) -> None:
    news_site.pages["/x"] = data
    news_site.kinds["/x"] = kind
    assert adding.add(f"{news_site.url}/x").refused == {why: 1}
    assert not adding.files


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("windows-1251", "cp1251"), ("nonsense", "utf-8"), ("", "utf-8")],
)
def test_charsets_that_servers_name(charset: str, encoding: str) -> None:
    title = "Совет одобрил плотину в долине после долгих споров"
    html = article(title, words=title * 5).encode(encoding)
    assert page_of(reply(html, "text/html", charset)).title == title


def test_when_a_page_says_it_was_changed() -> None:
    meta = '<meta property="article:modified_time" content="2025-03-09T10:00:00+00:00">'
    page = page_of(reply(article("Dam").replace("</head>", f"{meta}</head>"), "text/html"))
    assert (page.date, page.updated) == ("2025-03-03", "2025-03-09")
    broken = '<script type="application/ld+json">{"dateModified": ["2025"], </script>'
    assert page_of(reply(article("Dam").replace("</head>", f"{broken}</head>"), "text/html")).updated == ""


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "<rss>", '<?xml version="1.0"?><rss version="2.0"><channel><item>']),
)
def test_no_bytes_break_the_reading_of_feeds(data: bytes, start: str) -> None:
    whole = reply(start.encode() + data)
    is_feed(whole)
    with contextlib.suppress(FetchError):
        feed_of(whole)


@example("9" * 5000)
@example("Mon, 01 Jan 99999999999 00:00:00 GMT")
@given(st.text(max_size=80))
def test_no_header_breaks_anything(header: str) -> None:
    content_type(header)
    assert seconds_of(header) >= 0
