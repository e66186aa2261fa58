"""Adding pages, feeds and files: what is written, and what is not written again."""

import gzip
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import frontmatter
import pytest
from adder import Adding
from fake_site import Site, article, redirect, rss, rss_item

from assistant.corpus.articles import read_corpus
from assistant.errors import FetchError
from assistant.fetching.store import EARLIER, STATE, opened

pytestmark = pytest.mark.slow

LONG = " ".join(
    f"<p>The engineers said in sentence {n} that the wall of the dam would hold.</p>" for n in range(30)
)


def test_a_page_becomes_a_file_that_says_where_it_is_from(news_site: Site, adding: Adding) -> None:
    news_site.pages["/dam"] = article("Dam: “approved” at last", day="2025-03-03").replace(
        "</head>",
        '<script type="application/ld+json">{"@graph": [{"dateModified": "2025-03-05T09:00:00+01:00"}]}'
        "</script></head>",
    )
    tally = adding.add(f"{news_site.url}/dam?utm_source=rss#top")
    assert str(tally) == "1 fetched, 0 unchanged, 0 changed, 0 withdrawn, 0 refused, 0 failed"
    (name, data), *_ = adding.files.items()
    assert re.fullmatch(r"dam-approved-at-last-[0-9a-f]{12}\.md", name)
    read = frontmatter.loads(data.decode())
    assert read["title"] == "Dam: “approved” at last"
    assert (read["date"], read["updated"]) == ("2025-03-03", "2025-03-05")
    assert (read["source"], read["url"]) == ("Valley Post", f"{news_site.url}/dam")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", read["fetched_at"])
    assert "heard the engineers" in read.content
    assert "never run" not in read.content
    found = adding.articles["Dam: “approved” at last"]
    assert found.sources[0].outlet == "Valley Post"
    assert str(found.published) == "2025-03-03"


@pytest.mark.parametrize("etags", [True, False])
def test_adding_again_writes_nothing(news_site: Site, adding: Adding, etags: bool) -> None:
    news_site.etags = etags
    news_site.pages["/dam"] = article("Dam")
    adding.add(f"{news_site.url}/dam")
    before = {file: file.stat().st_mtime_ns for file in adding.folder.rglob("*.md")}
    tally = adding.add(f"{news_site.url}/dam")
    assert (tally.fetched, tally.unchanged, tally.changed) == (0, 1, 0)
    assert {file: file.stat().st_mtime_ns for file in adding.folder.rglob("*.md")} == before
    assert news_site.asked[-1] == ("/dam", 304 if etags else 200)


def test_a_site_of_300_pages_and_a_feed(news_site: Site, adding: Adding, tmp_path: Path) -> None:
    from assistant.api.assistant import Assistant
    from assistant.settings import load_settings

    news = Assistant(load_settings(corpus=adding.folder, index=tmp_path / "index"))
    paths = [f"/{number}" for number in range(300)]
    news_site.pages |= {path: article(f"Story {path[1:]}") for path in paths}
    news_site.feed(*paths)
    feed = f"{news_site.url}/feed.xml"
    assert adding.add(feed).fetched == 300
    assert len(adding.files) == 300
    # Few of them are indexed at first: embedding 300 tells nothing more.
    for file in sorted(adding.folder.glob("*.md")):
        if not file.name.startswith(("story-7-", "story-8-", "story-9-")):
            file.unlink()
    news.index()
    adding.add(feed)
    assert len(adding.files) == 300
    before = adding.files

    news_site.forget()
    again = adding.add(feed)
    assert (again.unchanged, again.fetched, again.changed) == (300, 0, 0)
    assert news_site.statuses == {304: 301, 404: 1}  # the feed too; there is no robots.txt

    news_site.pages["/7"] = article("Story 7", words="The minister resigned over it.")
    del news_site.pages["/8"]
    news_site.pages["/new"] = article("Story new")
    news_site.feed("/new", *paths)
    news_site.forget()
    changed = adding.add(feed)
    assert (changed.fetched, changed.changed, changed.withdrawn, changed.unchanged) == (1, 1, 1, 298)
    full = [path for path, status in news_site.asked if status == 200]
    assert sorted(full) == ["/7", "/feed.xml", "/new"]
    assert news_site.statuses[304] == 298

    after = adding.files
    touched = {name.rpartition("-")[0] for name in after if after[name] != before.get(name)}
    assert touched == {"story-7", "story-8", "story-new"}
    assert "The minister resigned" in adding.articles["Story 7"].text
    (earlier,) = (adding.folder / EARLIER).iterdir()
    assert before[earlier.name.replace(".1.md", ".md")] == earlier.read_bytes()
    assert any("withdrawn by its site" in notice for notice in adding.notices)
    gone = next(data for name, data in after.items() if name.startswith("story-8-"))
    assert frontmatter.loads(gone.decode())["withdrawn"]
    assert "heard the engineers" in gone.decode()

    for file in adding.folder.glob("*.md"):
        if not file.name.startswith(("story-7-", "story-8-", "story-9-", "story-new-")):
            file.unlink()
    assert (changes := news.index()).changed == 1
    assert (changes.added, changes.removed, changes.unchanged) == (1, 0, 2)


def test_what_changed_is_dated_when_it_changed(news_site: Site, adding: Adding) -> None:
    """Also when the page does not say so: on the day on which it was seen."""
    news_site.pages["/dam"] = article("Dam", day="2012-03-03")
    adding.add(f"{news_site.url}/dam")
    (data,) = adding.files.values()
    assert "updated" not in frontmatter.loads(data.decode())
    news_site.pages["/dam"] = article("Dam", day="2012-03-03", words="A correction was printed.")
    assert adding.add(f"{news_site.url}/dam").changed == 1
    (data,) = adding.files.values()
    read = frontmatter.loads(data.decode())
    assert read["date"] == "2012-03-03"
    assert read["updated"] == read["fetched_at"][:10]


def test_an_article_that_comes_back_is_withdrawn_no_more(news_site: Site, adding: Adding) -> None:
    page = news_site.pages["/dam"] = article("Dam")
    adding.add(url := f"{news_site.url}/dam")
    del news_site.pages["/dam"]
    assert adding.add(url).withdrawn == 1
    assert adding.add(url).unchanged == 1
    news_site.pages["/dam"] = page
    assert adding.add(url).changed == 1
    (data,) = adding.files.values()
    assert b"withdrawn" not in data


def test_an_item_with_its_whole_text_needs_no_page(news_site: Site, adding: Adding) -> None:
    item = rss_item(
        f"{news_site.url}/dam", "Dam &amp; valley", day="Tue, 18 Mar 2025 23:30:00 -0500", content=LONG
    )
    short = rss_item(f"{news_site.url}/short", "Short", content="<p>The beginning of it … Read more</p>")
    news_site.pages |= {"/feed.xml": rss(item, short), "/short": article("Short", day="")}
    news_site.kinds["/feed.xml"] = "text/xml"
    assert adding.add(feed := f"{news_site.url}/feed.xml").fetched == 2
    assert "/dam" not in dict(news_site.asked)
    dam = adding.articles["Dam & valley"]
    assert str(dam.published) == "2025-03-18"  # on the publisher's clock
    assert dam.sources[0].outlet == "Valley Post"
    assert "sentence 29" in dam.text
    assert str(adding.articles["Short"].published) == "2025-03-03"  # from the feed
    assert adding.add(feed).unchanged == 2

    news_site.pages["/feed.xml"] = rss(short)
    assert adding.add(feed).withdrawn == 1  # it left the feed, and is not on the site either


def test_what_the_feed_said_of_an_article_is_kept(news_site: Site, adding: Adding) -> None:
    news_site.pages["/dam"] = article("Dam", day="", outlet="")
    news_site.feed("/dam")
    adding.add(feed := f"{news_site.url}/feed.xml")
    news_site.pages["/dam"] = article("Dam", day="", outlet="", words="It is full.")
    assert adding.add(feed).changed == 1
    dam = adding.articles["Dam"]
    assert (str(dam.published), dam.sources[0].outlet) == ("2025-03-03", "Valley Post")


def test_following_a_feed_asks_only_for_news(news_site: Site, adding: Adding) -> None:
    news_site.pages |= {path: article(f"Story {path[1:]}") for path in ("/1", "/2", "/3")}
    news_site.feed("/1", "/2")
    feed = f"{news_site.url}/feed.xml"
    adding.add(follow=feed)
    news_site.forget()
    adding.add(follow=feed)
    assert ("/feed.xml", 304) in news_site.asked
    assert not {"/1", "/2"} & set(dict(news_site.asked))
    news_site.feed("/3", "/2")
    news_site.forget()
    assert adding.add(follow=feed).fetched == 1
    assert [path for path, _ in news_site.asked] == [
        "/robots.txt",
        "/feed.xml",
        "/3",
        "/1",
    ]  # 1 left the feed


def test_what_failed_is_tried_again(news_site: Site, adding: Adding) -> None:
    news_site.pages["/1"] = lambda handler: handler.send(500, b"")
    news_site.feed("/1")
    feed = f"{news_site.url}/feed.xml"
    assert adding.add(follow=feed).failed == {"500": 1}
    news_site.pages["/1"] = article("Story 1")
    assert adding.add(follow=feed).fetched == 1


def test_two_addresses_of_one_page(news_site: Site, adding: Adding) -> None:
    news_site.pages |= {"/dam": article("Dam"), "/d": redirect("/dam", 301)}
    tally = adding.add(f"{news_site.url}/dam", f"{news_site.url}/d")
    assert (tally.fetched, tally.unchanged) == (1, 1)
    assert "leads to the same page" in adding.notices[0]
    assert len(adding.files) == 1


@pytest.mark.parametrize(
    "title",
    ["../../etc/passwd", "..\\..\\x", "a\x00b", "---\nid: evil", "=HYPERLINK", "’", "火災", "con", "x" * 500],
)
def test_no_page_names_its_file(news_site: Site, adding: Adding, title: str, tmp_path: Path) -> None:
    news_site.pages["/a/../../%2e%2e/dam"] = news_site.pages["/dam"] = article(title)
    adding.add(f"{news_site.url}/dam", f"{news_site.url}/a/../../%2e%2e/dam")
    for file in tmp_path.rglob("*"):
        assert adding.folder in (file, file.parent)
    for name in adding.files:
        assert re.fullmatch(r"[\w-]{1,70}\.md", name)
    assert {one.id for one in read_corpus(adding.folder, strict=True)} == {name[:-3] for name in adding.files}


def test_files_are_copied(adding: Adding, tmp_path: Path) -> None:
    source = tmp_path / "Dam report.txt"
    source.write_text("Dam\n\nIt was approved.", encoding="utf-8")
    assert adding.add(str(source)).fetched == 1
    assert adding.articles["Dam"].text.endswith("It was approved.")
    assert adding.add(str(source)).unchanged == 1
    source.write_text("Dam\n\nIt was refused.", encoding="utf-8")
    assert adding.add(str(source)).changed == 1
    assert adding.articles["Dam"].text.endswith("It was refused.")
    assert len(adding.files) == 1
    (copied,) = adding.folder.glob("*.txt")
    assert adding.add(str(copied)).unchanged == 1
    assert len(adding.files) == 1


def test_an_earlier_text_that_cannot_be_kept_is_told(adding: Adding, tmp_path: Path) -> None:
    """And the article stays as it is."""
    source = tmp_path / "dam.txt"
    source.write_text("Dam\n\nIt was approved.", encoding="utf-8")
    assert adding.add(str(source)).fetched == 1
    (adding.folder / EARLIER).touch()
    source.write_text("Dam\n\nIt was refused.", encoding="utf-8")
    assert adding.add(str(source)).failed.total() == 1
    assert adding.articles["Dam"].text.endswith("It was approved.")


def test_a_compressed_file_is_read_where_it_is_copied_to(adding: Adding, tmp_path: Path) -> None:
    source = tmp_path / "Dam report.TXT.gz"
    source.write_bytes(gzip.compress(b"Dam\n\nIt was approved."))
    assert adding.add(str(source)).fetched == 1
    assert adding.articles["Dam"].text.endswith("It was approved.")


@pytest.mark.parametrize(
    ("name", "why"), [("x.exe", ".exe is not read"), ("none.txt", "no such file"), ("", "a folder")]
)
def test_files_that_are_refused(adding: Adding, tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "x.exe").write_bytes(b"MZ")
    assert adding.add(str(tmp_path / name)).refused.total() == 1
    assert why in adding.notices[0]


def test_a_feed_in_a_file(news_site: Site, adding: Adding, tmp_path: Path) -> None:
    news_site.pages["/1"] = article("Story 1")
    file = tmp_path / "feed.xml"
    file.write_text(rss(rss_item(f"{news_site.url}/1", "Story 1")), encoding="utf-8")
    assert adding.add(str(file)).fetched == 1


def test_names_of_files_in_other_scripts(news_site: Site, adding: Adding) -> None:
    titles = ["Größe zählt", "Плотина", "火災が起きた", "한국", "السد"]
    news_site.pages |= {f"/{number}": article(title) for number, title in enumerate(titles)}
    adding.add(*(f"{news_site.url}/{number}" for number in range(len(titles))))
    names = {name.rpartition("-")[0] for name in adding.files}
    assert names == {"große-zahlt", "плотина", "火災が起きた", "한국", "السد"}


def test_an_article_stays_with_what_it_was_read_from(news_site: Site, adding: Adding) -> None:
    """One feed has its whole text, another only a link, and the page has another wording."""
    url = f"{news_site.url}/dam"
    news_site.pages |= {"/dam": article("Dam"), "/full": rss(rss_item(url, "Dam", content=LONG))}
    news_site.kinds["/full"] = "text/xml"
    news_site.feed("/dam", at="/links")
    feeds = [f"{news_site.url}/full", f"{news_site.url}/links"]
    assert adding.add(*feeds).fetched == 1
    assert "sentence 29" in adding.articles["Dam"].text
    for _ in range(2):
        assert str(adding.add(*feeds, *reversed(feeds))).startswith("0 fetched, 4 unchanged, 0 changed")
    assert adding.add(url).changed == 1  # asked for by itself, the page is what counts
    assert b"updated" not in next(iter(adding.files.values()))
    assert not (adding.folder / EARLIER).exists()
    assert adding.add(*feeds).changed == 0


def test_what_left_a_feed_unasked_is_asked_later(news_site: Site, adding: Adding) -> None:
    news_site.pages["/1"] = article("Story 1")
    news_site.feed("/1")
    adding.add(feed := f"{news_site.url}/feed.xml")
    news_site.feed()
    news_site.pages["/1"] = lambda handler: handler.send(500, b"")
    assert adding.add(follow=feed).failed == {"500": 1}
    del news_site.pages["/1"]
    assert adding.add(follow=feed).withdrawn == 1


KILLED = """
import sys
from adder import Adding
from pathlib import Path
Adding(Path(sys.argv[1])).add(sys.argv[2])
"""


def test_a_run_that_is_killed_is_gone_on_with(news_site: Site, adding: Adding) -> None:
    paths = [f"/{number}" for number in range(40)]
    news_site.pages |= {path: article(f"Story {path[1:]}") for path in paths}
    news_site.feed(*paths)
    here = Path(__file__).parents[1]
    feed = f"{news_site.url}/feed.xml"
    environment = {"PYTHONPATH": f"{here}:{here.parent}"}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(adding.folder), feed], env=environment
    ) as running:
        while sum(status == 200 for _, status in news_site.asked) < 20:
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    had = {name: (adding.folder / name).stat().st_mtime_ns for name in adding.files}
    assert 10 < len(had) < 40
    tally = adding.add(feed)
    assert tally.fetched == 40 - len(had)
    assert tally.unchanged == len(had)
    assert len(adding.articles) == 40
    for name, when in had.items():
        assert (adding.folder / name).stat().st_mtime_ns == when


def test_a_lost_state_loses_no_article(news_site: Site, adding: Adding) -> None:
    news_site.pages["/1"] = article("Story 1", day="", outlet="")
    news_site.feed("/1")
    adding.add(feed := f"{news_site.url}/feed.xml")
    (adding.folder / STATE).unlink()
    assert adding.add(feed).unchanged == 1
    assert len(adding.files) == 1


@pytest.mark.parametrize(
    "state",
    [
        "{",
        "[]",
        '{"pages": {"u": {"file": "../x.md", "digest": ""}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": 7, "digest": ""}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": "..", "digest": ""}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": ".assistant-fetched.json", "digest": ""}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": "x.md", "digest": 7}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": "x.md", "digest": "", "fetched_at": 7}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": "x.md", "digest": "", "url": null}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": "x.md", "digest": "", "from_feed": "no"}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": "x.md", "digest": "", "etag": "a\\nHost: b"}}, "feeds": {}, "closed": {}}',
        '{"pages": {"u": {"file": "x.md", "digest": "", "modified": "\\u2014"}}, "feeds": {}, "closed": {}}',
        '{"pages": {}, "feeds": {"u": {"items": {"v": 7}}}, "closed": {}}',
        '{"pages": {}, "feeds": {"u": {"items": []}}, "closed": {}}',
        '{"pages": {}, "feeds": {"u": {"etag": "a\\r"}}, "closed": {}}',
        '{"pages": {}, "feeds": {}, "closed": {"h": 1e999}}',
        '{"pages": {}, "feeds": {}, "closed": {"h": NaN}}',
        '{"pages": {}, "feeds": {}, "closed": {"h": "soon"}}',
        "[" * 100_000,
    ],
)
def test_a_broken_state_is_told(adding: Adding, state: str) -> None:
    adding.folder.mkdir()
    (adding.folder / STATE).write_text(state, encoding="utf-8")
    with pytest.raises(FetchError, match="remove it"):
        adding.add()


def test_a_link_in_the_folder_leads_nowhere(news_site: Site, adding: Adding, tmp_path: Path) -> None:
    """As a folder from somebody else may hold one, where a file is written before it gets its name."""
    (other := tmp_path / "other").write_text("mine", encoding="utf-8")
    news_site.pages["/dam"] = article("Dam")
    adding.add(f"{news_site.url}/dam")
    (file,) = adding.files
    for name in (file, STATE):
        (adding.folder / f".{name}.part").symlink_to(other)
    news_site.pages["/dam"] = article("Dam", words="It would hold.")
    assert adding.add(f"{news_site.url}/dam").changed == 1
    assert other.read_text(encoding="utf-8") == "mine"
    assert not (adding.folder / file).is_symlink()


def test_two_runs_do_not_write_at_once(adding: Adding) -> None:
    with opened(adding.folder), pytest.raises(FetchError, match="another run"):
        adding.add()


def test_the_state_has_what_the_next_run_needs(news_site: Site, adding: Adding) -> None:
    news_site.pages["/dam"] = article("Dam")
    adding.add(url := f"{news_site.url}/dam")
    entry = json.loads((adding.folder / STATE).read_bytes())["pages"][url]
    assert entry["file"] in adding.files
    assert entry["etag"].startswith('"')
