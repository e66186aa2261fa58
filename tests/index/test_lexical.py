"""The catalogue: articles come back as they were stored, and any text can be searched for."""

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.corpus.articles import Article, Source, fingerprint
from assistant.corpus.chunking import split_article
from assistant.errors import IndexMismatch, IndexMissing, IndexOutdated
from assistant.index.catalogue import bm25, lexical
from assistant.index.catalogue.bm25 import any_of, query_terms
from assistant.index.catalogue.lexical import SCHEMA_VERSION, Catalogue
from assistant.index.filters import Filters, Hidden

EVERYTHING = Filters()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ARTICLES = [
    Article("dam", "Dam approved", "Parliament approved the dam.", dt.date(2025, 3, 4), "Energy"),
    Article("ferry", "Ferry aground", "The ferry ran aground.", dt.date(2025, 11, 20), "Transport"),
    Article(
        "fish", "Herring", "Herring stocks recovered.", None, "", (Source("Post (BBC)", "https://x.example"),)
    ),
]


MORE = {
    "updated": st.none() | st.dates(),
    "superseded": st.none() | st.dates(),
    "author": TEXT,
    "language": TEXT,
}


def store(catalogue: Catalogue, *articles: Article) -> None:
    with catalogue.transaction():
        for article in articles:
            catalogue.add(article, split_article(article, 160))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index" / "catalogue.sqlite3"


@pytest.fixture
def catalogue(path: Path) -> Iterator[Catalogue]:
    with closing(Catalogue(path, writable=True)) as catalogue:
        store(catalogue, *ARTICLES)
        yield catalogue


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """One for many searches, which change nothing."""
    path = tmp_path_factory.mktemp("catalogue") / "catalogue.sqlite3"
    with closing(Catalogue(path, writable=True)) as catalogue:
        store(catalogue, *ARTICLES)
        yield catalogue


# Stored and read


@given(
    id=TEXT, title=TEXT, text=TEXT, section=TEXT, url=st.none() | TEXT, published=st.none() | st.dates(),
    more=st.fixed_dictionaries(MORE),
    sources=st.lists(st.builds(Source, TEXT, st.none() | TEXT), max_size=3).map(tuple),
)  # fmt: skip
def test_an_article_comes_back_as_it_was_stored(
    tmp_path_factory: pytest.TempPathFactory,
    id: str,
    title: str,
    text: str,
    published: dt.date | None,
    section: str,
    sources: tuple[Source, ...],
    url: str | None,
    more: dict[str, Any],
) -> None:
    article = Article(id, title, text, published, section, sources, url, **more)
    chunks = split_article(article, 40)
    with closing(Catalogue(tmp_path_factory.mktemp("one") / "c", writable=True)) as catalogue:
        store(catalogue, article)
        assert catalogue.article(id) == article
        assert [catalogue.chunk(article, chunk.position) for chunk in chunks] == chunks
        assert catalogue.chunk(article, len(chunks)) is None
        assert catalogue.counts() == (1, len(chunks), int(published is None))


def test_what_days_hide_is_counted(catalogue: Catalogue) -> None:
    day = dt.date(2025, 3, 4)
    store(
        catalogue,
        Article("changed", "T", "Text.", day, updated=day.replace(month=6)),
        Article("page", "T", "Text.", day, url="https://a.example/p", updated=day.replace(month=6)),
        Article("old", "T", "Text.", day, url="https://a.example/p", superseded=day.replace(month=6)),
        Article("tale", "T", "Text.", day, updated=day.replace(month=6)),
        Article("tale@2025-03-04", "T", "Text.", day, superseded=day.replace(month=6)),
    )
    assert catalogue.hidden(EVERYTHING) == Hidden()
    assert catalogue.hidden(Filters(since=day)) == Hidden(undated=1)
    assert catalogue.hidden(Filters(as_of=day.replace(month=4))) == Hidden(undated=1, changed=1)
    assert catalogue.hidden(Filters(as_of=day.replace(month=6))) == Hidden(undated=1)
    assert "old" not in [name for name, _, _ in catalogue.headlines()]


def test_what_is_not_there_is_none(catalogue: Catalogue) -> None:
    assert catalogue.article("none such") is None
    assert catalogue.fact("none such") is None
    assert catalogue.newest(Filters(section="none such")) is None


def test_storing_an_article_again_replaces_it(catalogue: Catalogue) -> None:
    store(catalogue, Article("dam", "Dam refused", "The tunnel was refused."))
    assert catalogue.search("approved", 5, EVERYTHING) == []
    assert [hit[0] for hit in catalogue.search("refused", 5, EVERYTHING)] == ["dam"]
    assert catalogue.counts()[:2] == (3, 3)


def test_a_removed_article_leaves_nothing(catalogue: Catalogue) -> None:
    with catalogue.transaction():
        catalogue.remove("dam")
        catalogue.remove("none such")
    assert catalogue.article("dam") is None
    assert catalogue.search("dam approved parliament", 5, EVERYTHING) == []
    assert catalogue.counts()[:2] == (2, 2)


def test_a_transaction_is_whole_or_nothing(catalogue: Catalogue) -> None:
    def interrupted() -> None:
        with catalogue.transaction():
            catalogue.remove("dam")
            catalogue.set_fact("stamp", "new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert catalogue.article("dam") == ARTICLES[0]
    assert catalogue.fact("stamp") is None


def test_pending_marks_are_kept_until_an_article_is_stored(catalogue: Catalogue, path: Path) -> None:
    with catalogue.transaction():
        catalogue.mark_pending(["fish", "dam"])
        catalogue.mark_pending(["dam"])
    with closing(Catalogue(path)) as reader:
        assert reader.pending() == ["dam", "fish"]
    store(catalogue, ARTICLES[0])
    assert catalogue.pending() == ["fish"]


def test_known_sections_and_outlets(catalogue: Catalogue) -> None:
    assert catalogue.known("section") == ["Energy", "Transport"]
    assert catalogue.known("outlet") == ["Post (BBC)"]
    assert catalogue.newest() == dt.date(2025, 11, 20)
    assert catalogue.fingerprints() == {one.id: fingerprint(one) for one in ARTICLES}


# Searched


@given(query=TEXT)
@example(query='"')
@example(query='dam" OR "ferry')
@example(query="NEAR(dam ferry, 3) AND NOT herring* ^dam heading:dam -ferry +x {heading body}: y")
@example(query="dam\x00ferry")
@example(query="_ ² ٣ ﷺ 🙂 ­ ́")
@example(query="'; DROP TABLE articles; --")
def test_any_text_can_be_searched_for(shared: Catalogue, query: str) -> None:
    for article, position, score in shared.search(query, 3, EVERYTHING):
        assert shared.article(article) is not None
        assert position == 0
        assert score == pytest.approx(score)


def test_a_query_of_a_book_can_be_searched_for(shared: Catalogue) -> None:
    assert [
        hit[0] for hit in shared.search(" ".join(f"w{n}" for n in range(50_000)) + " dam", 3, EVERYTHING)
    ] == ["dam"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("approve", ["dam"]),  # stemmed
        ("DÁM", ["dam"]),  # neither case nor accents count
        ("what of the ferry", ["ferry"]),  # stop words do not
        ("the", ["dam", "ferry"]),  # but alone they are all there is
        ("nothing such", []),
        ("", []),
        ("?!", []),
    ],
)
def test_what_a_query_finds(shared: Catalogue, query: str, found: list[str]) -> None:
    assert sorted(hit[0] for hit in shared.search(query, 5, EVERYTHING)) == found


def test_the_best_comes_first_and_ties_by_id(catalogue: Catalogue) -> None:
    twins = [Article(id, "Bridge", "A bridge was opened.") for id in ("c", "a", "b")]
    store(catalogue, *twins, Article("z", "Bridge", "Bridge by bridge, a bridge."))
    hits = catalogue.search("bridge", 3, EVERYTHING)
    assert [hit[0] for hit in hits] == ["z", "a", "b"]
    assert hits[0][2] > hits[1][2] == hits[2][2] > 0


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(as_of=dt.date(2025, 3, 4)), ["dam"]),
        (Filters(as_of=dt.date(2025, 3, 3)), []),
        (Filters(since=dt.date(2025, 11, 20)), ["ferry"]),
        (Filters(section="energy"), ["dam"]),
        (Filters(outlet="bbc"), ["fish"]),
        (Filters(since=dt.date(2025, 1, 1), section="Transport"), ["ferry"]),
    ],
)
def test_a_search_sees_only_what_passes(shared: Catalogue, filters: Filters, found: list[str]) -> None:
    assert [hit[0] for hit in shared.search("dam ferry herring", 5, filters)] == found


def test_the_case_of_an_outlet_does_not_matter_in_any_script(catalogue: Catalogue) -> None:
    made = Article("o", "Talks", "They met.", None, "", (Source("Österreich", None), Source("Новости", None)))
    catalogue.add(made, split_article(made, 160))
    for outlet in ("österr", "новости"):
        assert catalogue.matching(Filters(outlet=outlet)) == ["o"]


def test_filters_do_not_cost_places(catalogue: Catalogue) -> None:
    newer = [Article(f"n{n}", "Dam", "Dam dam dam.", dt.date(2026, 1, 1)) for n in range(20)]
    store(catalogue, *newer)
    assert [hit[0] for hit in catalogue.search("dam", 1, Filters(as_of=dt.date(2025, 12, 31)))] == ["dam"]


def test_terms_of_a_query() -> None:
    assert query_terms("Who built the Dam, the DAM?") == ["built", "dam"]
    assert query_terms("What did the US say to us?") == ["us", "say"]
    assert query_terms("Who is it?") == ["who", "is", "it"]
    assert any_of(query_terms('a "b" OR c*')) == '"b" OR "or" OR "c"'


def test_words_that_stand_everywhere_are_not_looked_up_in_a_large_index(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the others find too little."""
    store(catalogue, *(Article(f"n{n:02}", "Notice", "The dam is closed.") for n in range(30)))
    store(catalogue, *(Article(f"r{n}", "Repair", "A turbine of the dam is repaired.") for n in range(3)))
    everything = catalogue.search("dam turbine", 40, EVERYTHING)
    monkeypatch.setattr(lexical, "LARGE", 0)
    monkeypatch.setattr(lexical, "COMMON", 0.5)
    asked: list[list[str]] = []
    best = bm25.best

    def noted(rows: Any, layers: Any, terms: list[str], **options: Any) -> list[tuple[str, int, float]]:
        asked.append(terms)
        return best(rows, layers, terms, **options)

    monkeypatch.setattr(bm25, "best", noted)
    assert [hit[0] for hit in catalogue.search("dam turbine", 3, EVERYTHING)] == ["r0", "r1", "r2"]
    assert catalogue.search("dam turbine", 40, EVERYTHING) == everything
    assert len(catalogue.search("dam", 5, EVERYTHING)) == 5
    assert asked == [["turbine"], ["turbine"], ["dam", "turbine"], [], ["dam"]]


def test_a_filter_may_leave_out_the_best_of_a_large_index(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then all that pass are looked at."""
    day = dt.date(2025, 12, 1)
    store(catalogue, *(Article(f"n{n:02}", "Dam", "Dam dam dam.", day) for n in range(30)))
    filters = Filters(as_of=dt.date(2025, 11, 30))
    before = catalogue.search("dam", 2, filters)
    assert [hit[0] for hit in before] == ["dam"]
    monkeypatch.setattr(lexical, "LARGE", 0)
    monkeypatch.setattr(lexical, "COMMON", 1)
    assert catalogue.search("dam", 2, filters) == before
    assert (
        catalogue.search("dam herring", 3, EVERYTHING) == catalogue.search("dam herring", 4, EVERYTHING)[:3]
    )


# Opened


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(file): (
            file.stat().st_mtime_ns,
            hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "",
        )
        for file in [folder, *folder.rglob("*")]
    }


def test_a_reader_writes_nothing(catalogue: Catalogue, path: Path) -> None:
    before = contents(path.parent)
    with closing(Catalogue(path)) as reader:
        assert reader.search("dam", 5, EVERYTHING)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.set_fact("a", "b")
    assert contents(path.parent) == before


def test_a_reader_sees_what_is_committed_while_it_is_open(catalogue: Catalogue, path: Path) -> None:
    with closing(Catalogue(path)) as reader:
        assert reader.article("new") is None
        with catalogue.transaction():
            catalogue.add(Article("new", "New", "New text."), [])
            assert reader.article("new") is None
        assert reader.article("new") is not None


def test_a_missing_file_is_missing_and_stays_so(path: Path) -> None:
    with pytest.raises(IndexMissing, match="make one with: assistant index"):
        Catalogue(path)
    assert not path.parent.exists()


def test_an_empty_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "c").touch()
    with pytest.raises(IndexMissing):
        Catalogue(tmp_path / "c")


@pytest.mark.parametrize("writable", [False, True])
def test_a_file_of_something_else_is_a_mismatch(tmp_path: Path, writable: bool) -> None:
    (tmp_path / "c").write_bytes(b"no database " * 100)
    with pytest.raises(IndexMismatch, match="run: assistant index --rebuild"):
        Catalogue(tmp_path / "c", writable=writable)


@pytest.mark.parametrize("writable", [False, True])
@pytest.mark.parametrize(
    ("version", "error", "message"),
    [
        (SCHEMA_VERSION - 1, IndexOutdated, "by an earlier version; run: assistant index$"),
        (SCHEMA_VERSION + 1, IndexMismatch, "by a later version; run: assistant index --rebuild"),
    ],
)
def test_the_file_of_another_version_is_refused(
    catalogue: Catalogue, path: Path, writable: bool, version: int, error: type[Exception], message: str
) -> None:
    catalogue.set_fact("reading", "as it was")
    catalogue._db.execute(f"PRAGMA user_version = {version}")
    catalogue._db.commit()
    catalogue.close()
    with pytest.raises(error, match=message):
        Catalogue(path, writable=writable)
    if version < SCHEMA_VERSION:
        with closing(Catalogue(path, outdated=True)) as earlier:
            assert earlier.fact("reading") == "as it was"


def test_a_folder_in_place_of_the_file_is_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(IndexMismatch):
        Catalogue(tmp_path, writable=True)


@pytest.mark.parametrize("name", ["a b", "a?b#c%20", "ü"])
def test_any_path_can_be_opened(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "c"
    Catalogue(path, writable=True).close()
    assert path.is_file()
    Catalogue(path).close()


def test_several_threads_read_at_once(path: Path) -> None:
    dams = [Article(f"a{number}", "Dam", f"Dam number {number} is approved.") for number in range(30)]
    with closing(Catalogue(path, writable=True)) as catalogue:
        store(catalogue, *dams)
    reader = Catalogue(path)

    def read(number: int) -> str:
        (hit, *_) = reader.search(f"number {number}", 3, EVERYTHING)
        found = reader.article(hit[0])
        assert found is not None
        return found.text

    with ThreadPoolExecutor(6) as pool:
        texts = list(pool.map(read, [*range(30)] * 10))
    assert texts == [dam.text for dam in dams] * 10
    reader.close()
    with pytest.raises(sqlite3.ProgrammingError):
        reader.counts()
    with ThreadPoolExecutor(1) as pool, pytest.raises(sqlite3.ProgrammingError, match="closed"):
        pool.submit(reader.counts).result()


def test_days_are_asked_of_an_index_that_older_catalogues_get(path: Path) -> None:
    with closing(Catalogue(path, writable=True)) as catalogue:
        store(catalogue, *ARTICLES)
        catalogue._db.execute("DROP INDEX days")
    with closing(Catalogue(path)) as catalogue:
        assert catalogue.newest() == dt.date(2025, 11, 20)
    with closing(Catalogue(path, writable=True)) as catalogue:
        filters = Filters(as_of=dt.date(2025, 5, 1))
        condition, values = filters.sql()
        query = f"EXPLAIN QUERY PLAN SELECT max(published) FROM articles WHERE {condition}"
        (step,) = catalogue._db.execute(query, values)
        assert "COVERING INDEX days" in step[3]
        assert catalogue.newest(filters) == dt.date(2025, 3, 4)


def test_there_are_no_more_chunks_than_that(path: Path) -> None:
    with closing(Catalogue(path, writable=True)) as catalogue:
        assert catalogue.most_chunks() == 0
        store(catalogue, *ARTICLES)
        assert catalogue.most_chunks() == catalogue.counts()[1] == 3
