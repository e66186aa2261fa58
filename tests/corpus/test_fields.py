"""Fields: names in any spelling, days as people and machines write them, outlets from what there is."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.corpus.articles import Article, Options, Source, read_articles
from assistant.corpus.fields.article_dates import Ambiguous, day_in_name, day_of, is_month
from assistant.corpus.fields.making import outlet_name, site_of
from assistant.corpus.fields.metadata import SYNONYMS, mapping_of, plain_key
from assistant.corpus.report import Report
from assistant.errors import SettingsError

DAYS = {
    "2024-02-09": dt.date(2024, 2, 9),
    "9 February 2024": dt.date(2024, 2, 9),
    "9th February 2024": dt.date(2024, 2, 9),
    "Feb. 9, 2024, 11:30 p.m. ET": dt.date(2024, 2, 9),
    "Friday, February 9, 2024": dt.date(2024, 2, 9),
    "Fri, 09 Feb 24 23:30:00 PST": dt.date(2024, 2, 9),
    "Fri Feb 09 23:30:00 +0000 2024": dt.date(2024, 2, 9),
    "2024/02/09": dt.date(2024, 2, 9),
    "19.02.2024 10:15": dt.date(2024, 2, 19),
    "2/19/2024": dt.date(2024, 2, 19),
    "2/19/24": dt.date(2024, 2, 19),
    "02.02.2024": dt.date(2024, 2, 2),
    "9. Februar 2024, 10:15 Uhr": dt.date(2024, 2, 9),
    "9 février 2024": dt.date(2024, 2, 9),
    "1er mars 2024": dt.date(2024, 3, 1),
    "9 de febrero de 2024": dt.date(2024, 2, 9),
    "9 февраля 2024 г.": dt.date(2024, 2, 9),
    "9 lutego 2024": dt.date(2024, 2, 9),
    "2024年2月9日": dt.date(2024, 2, 9),
    "1707480000": dt.date(2024, 2, 9),
    "1707480000000": dt.date(2024, 2, 9),
    "20240209T120000Z": dt.date(2024, 2, 9),
    "20240209120000": dt.date(2024, 2, 9),
    "Published: 9 February 2024": dt.date(2024, 2, 9),
    "2024-02-09T23:59:00-11:00": dt.date(2024, 2, 9),
    "2024-02": dt.date(2024, 2, 29),
    "February 2024": dt.date(2024, 2, 29),
}


@pytest.mark.parametrize("text", DAYS)
def test_a_day_in_any_spelling(text: str) -> None:
    assert day_of(text) == DAYS[text]
    assert is_month(text) == (text in ("2024-02", "February 2024"))


@pytest.mark.parametrize("text", ["03/04/2025", "3.4.2025", "03-04-25", "26/11/25"])
def test_what_could_be_two_days_is_refused(text: str) -> None:
    with pytest.raises(Ambiguous, match=r"^\d{4}-\d\d-\d\d or \d{4}"):
        day_of(text)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2025", "12", "32/13/2025", "two days ago", "at 10:15", "x" * 99]
)
def test_what_is_no_day(text: str) -> None:
    assert day_of(text) is None


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_none(text: str) -> None:
    try:
        day = day_of(text if not any(map(str.isalpha, text)) else text[:12])
    except Ambiguous:
        return
    assert day is None or day.year >= 1000


@given(
    st.dates(min_value=dt.date(1970, 1, 2)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%B %d, %Y"]),
)
def test_every_day_comes_back(day: dt.date, form: str) -> None:
    assert day_of(day.strftime(form)) == day


def test_days_do_not_depend_on_the_zone_of_the_machine() -> None:
    code = (
        "import sys; from assistant.corpus.fields.article_dates import day_of\n"
        "print([str(day_of(t)) for t in sys.argv[1:]])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code, *DAYS],
            env=os.environ | {"TZ": zone, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True, text=True, check=True,
        ).stdout
        for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago")
    }  # fmt: skip
    assert said == {f"{[str(day) for day in DAYS.values()]}\n"}


@pytest.mark.parametrize(
    ("name", "day"),
    [("2024-02-09-library", 9), ("2024/02/09/library", 9), ("a/20240209_library", 9),
     ("library-2024-02-09", 9), ("library-2024", None), ("2024-02-31-x", None), ("1999020212345", None)],
)  # fmt: skip
def test_the_day_in_a_files_name(name: str, day: int | None) -> None:
    assert day_in_name(name) == (dt.date(2024, 2, day) if day else None)


def make(
    tmp_path: Path, mapping: list[str] | None = None, **fields: object
) -> tuple[Article, list[str], Report]:
    """The article of one line of JSON, what was told of it, and the report."""
    told: list[str] = []
    report = Report(told.append)
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Text."} | fields))
    articles = read_articles(path, report, Options(mapping=mapping_of(mapping or [])))
    (article,) = articles
    articles.close()
    return article, told, report


DUMPS: dict[str, dict[str, object]] = {
    "newsapi": {
        "source": {"id": None, "name": "The Bay"}, "author": "A. B.", "title": "T", "content": "Text.",
        "url": "https://bay.example/1", "urlToImage": "x", "publishedAt": "2024-02-09T10:00:00Z",
    },
    "news-please": {
        "maintext": "Text.", "title": "T", "date_publish": "2024-02-09 10:00:00", "authors": ["A. B."],
        "source_domain": "The Bay", "url": "https://bay.example/1", "date_download": "2025-01-01",
        "date_modify": None,
    },
    "gdelt": {"seendate": "20240209T101500Z", "domain": "The Bay", "title": "T", "byline": "By A. B.",
              "url": "https://bay.example/1"},
    "hugging face": {"headline": "T", "article": "Text.", "publish_date": "2024-02-09",
                     "publication": "The Bay", "author": "A. B.", "link": "https://bay.example/1"},
    "spelled by hand": {"Title": "T", "Date Published": "9 February 2024", "Outlet": "The Bay",
                        "Author": "A. B.", "URL": "https://bay.example/1"},
    "german": {"Titel": "T", "Datum": "9. Februar 2024", "Quelle": "The Bay", "Autor": "A. B.",
               "url": "https://bay.example/1", "Inhalt": "Text."},
    "nested": {"metadata": {"title": "T", "date": 1707480000, "publisher": "The Bay", "author": "A. B.",
                            "url": "https://bay.example/1"}},
}  # fmt: skip


@pytest.mark.parametrize("name", DUMPS)
def test_the_usual_dumps(tmp_path: Path, name: str) -> None:
    fields = dict(DUMPS[name])
    article, told, report = make(tmp_path, **fields)
    assert article == Article(
        "a-1", "T", "Text.", dt.date(2024, 2, 9), sources=(Source("The Bay", "https://bay.example/1"),),
        url="https://bay.example/1", author="A. B.",
    )  # fmt: skip
    assert told == []
    assert report.summary.unknown_keys == {}


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        (
            {"source": "https://www.Bay.example:443/a/b"},
            Source("bay.example", "https://www.Bay.example:443/a/b"),
        ),
        ({"url": "https://bay.example/1"}, Source("bay.example", "https://bay.example/1")),
        ({"source": "© 2024 The Bay Ltd. All rights reserved."}, Source("The Bay Ltd")),
        ({"publisher": {"@type": "Organization", "name": "The Bay"}}, Source("The Bay")),
        (
            {"sources": [{"name": "The Bay", "link": "https://b.example"}]},
            Source("The Bay", "https://b.example"),
        ),
        (
            {"source": "https://bay.example/a", "source-hostname": "The Bay"},
            Source("bay.example", "https://bay.example/a"),
        ),
    ],
)
def test_the_outlet_from_what_there_is(tmp_path: Path, fields: dict[str, object], source: Source) -> None:
    article, told, _ = make(tmp_path, **fields)
    assert (article.sources, told) == ((source,), [])


def test_a_url_for_a_source_is_the_articles_address(tmp_path: Path) -> None:
    assert make(tmp_path, source="https://bay.example/a")[0].url == "https://bay.example/a"
    assert make(tmp_path, source="https://bay.example/")[0].url is None


def test_published_and_updated_are_two_days(tmp_path: Path) -> None:
    article, _, _ = make(tmp_path, date="2012-05-10", lastmod="2026-04-24")
    assert (article.published, article.updated) == (dt.date(2012, 5, 10), dt.date(2026, 4, 24))
    assert article.written == article.updated
    for earlier in ("2012-05-10T23:00:00Z", "2011-01-01"):
        assert make(tmp_path, date="2012-05-10", lastmod=earlier)[0].updated is None
    assert make(tmp_path, lastmod="2012-05-10")[0].published == dt.date(2012, 5, 10)
    fetched, _, report = make(tmp_path, fetched_at="2026-01-01", date_saved="2026-01-01")
    assert fetched.published is None
    assert report.summary.lacking["date"] == 1


def test_unknown_keys_are_named_and_can_be_mapped(tmp_path: Path) -> None:
    fields = {"erstmals_am": "2024-02-09", "mood": "good"}
    article, _, report = make(tmp_path, **fields)
    assert article.published is None
    (line,) = [line for line in report.summary.lines() if "keys" in line]
    assert (
        line == "keys without a meaning here: erstmals_am, mood; where it is the date: --map date=erstmals_am"
    )
    article, _, report = make(tmp_path, ["date=Erstmals-am"], **fields)
    assert article.published == dt.date(2024, 2, 9)
    assert list(report.summary.unknown_keys) == ["mood"]


@pytest.mark.parametrize("pair", ["date", "day=x", "date=", "=x"])
def test_a_map_that_is_none(pair: str) -> None:
    with pytest.raises(SettingsError, match="is not FIELD=KEY; FIELD is one of id, title, text, "):
        mapping_of([pair])


def test_a_month_for_a_date_is_its_last_day_and_said_so(tmp_path: Path) -> None:
    article, told, report = make(tmp_path, date="2024-02")
    assert (article.published, told) == (dt.date(2024, 2, 29), [])
    assert report.summary.notices == {"only a month for a date, taken as its last day": 1}


def test_a_text_that_was_cut_off_is_told(tmp_path: Path) -> None:
    article, told, _ = make(tmp_path, text="They met on Monday and… [+2345 chars]")
    assert article.text == "They met on Monday and"
    assert told == [f"{tmp_path}/a.jsonl:1: the text is cut off"]


def test_no_synonym_means_two_things() -> None:
    names: dict[str, str] = {}
    for name, synonyms in SYNONYMS.items():
        for synonym in synonyms.split():
            assert names.setdefault(plain_key(synonym), name) == name, synonym


@given(
    st.dictionaries(
        st.text(max_size=12),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["name", "url", "x"]), inner, max_size=3)
            ),
        ),
        max_size=6,
    ),
    st.data(),
)
def test_fields_of_any_shape_make_an_article(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, object], data: st.DataObject
) -> None:
    keys = data.draw(
        st.lists(st.sampled_from([name.split()[0] for name in SYNONYMS.values()]), max_size=len(fields))
    )
    renamed = dict(zip(keys, fields.values(), strict=False)) | {"maintext": "Text."}
    assert make(tmp_path_factory.getbasetemp(), **renamed)[0].text


def test_names_of_outlets_and_sites() -> None:
    assert outlet_name("Copyright © 2020-2024 Bay Media, Inc.") == "Bay Media, Inc"
    assert outlet_name("The 2024 Review") == "The 2024 Review"
    assert site_of("//www.Bay.example/x") == "bay.example"
    assert site_of("bay") == ""
