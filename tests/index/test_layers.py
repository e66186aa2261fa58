"""A state that lies on another is read as if it held all."""

import datetime as dt
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from indexing import CORPUS, EVERYTHING, IDENTITY, LATER, article, embedding, whole

from assistant.corpus.articles import Article, Source
from assistant.corpus.chunking import split_article
from assistant.errors import IndexMismatch, IndexOutdated
from assistant.index import snapshots
from assistant.index import sync as syncing
from assistant.index.catalogue import bm25, layers, lexical
from assistant.index.catalogue.lexical import CATALOGUE, Catalogue
from assistant.index.checking import disagreements
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.sync import Changes, sync

WORDS = st.sampled_from(
    ["dam", "dams", "ferry", "run_aground", "Écluse", "écluse", "US", "us", "the", "x", "水坝", "1,200", "_"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
DAYS = st.none() | st.dates(dt.date(2025, 1, 1), dt.date(2025, 1, 9))


def below(path: Path, articles: Sequence[Article]) -> Path:
    """A base with these articles; gives the file of a catalogue that lies on it."""
    write(path / "state-0a" / CATALOGUE, articles)
    upper = path / "state-0b"
    upper.mkdir()
    (upper / snapshots.BASE).write_text("state-0a")
    return upper / CATALOGUE


def write(file: Path, articles: Sequence[Article], removed: Sequence[str] = ()) -> None:
    with closing(Catalogue(file, writable=True)) as catalogue, catalogue.transaction():
        for name in removed:
            catalogue.remove(name)
        for one in articles:
            catalogue.add(one, split_article(one, 160))


@given(texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=2, max_size=8), query=TEXTS)
@example(texts=[("dam", "dam run_aground"), ("x", "aground run")], query="run_aground dam x")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_passage_on_a_base_has_the_score_that_it_has_in_one_table(
    tmp_path: Path, texts: list[tuple[str, str]], query: str
) -> None:
    shutil.rmtree(tmp_path / "index", ignore_errors=True)
    articles = [Article(f"a{n}", title, text) for n, (title, text) in enumerate(texts)]
    half = len(articles) // 2
    file, alone = below(tmp_path / "index", articles[:half]), tmp_path / "index" / "alone" / CATALOGUE
    write(file, articles[half:])
    write(alone, articles)
    upper = {one.id for one in articles[half:]}
    scores = []
    for place in (file, alone):
        with closing(Catalogue(place)) as catalogue:
            found = catalogue.search(query, 50, EVERYTHING)
        scores.append({name: pytest.approx(score, rel=1e-9) for name, _, score in found if name in upper})
    assert scores[0] == scores[1]


@st.composite
def corpora(draw: st.DrawFn) -> list[Article]:
    names = draw(st.lists(st.sampled_from("abcdefgh"), unique=True))
    return [
        Article(
            name,
            draw(TEXTS),
            "\n\n".join(draw(st.lists(TEXTS, max_size=3))),
            draw(DAYS),
            draw(st.sampled_from(["", "war", "energy"])),
            tuple(Source(outlet, None) for outlet in draw(st.sets(st.sampled_from(["Post", "Times"])))),
            superseded=draw(st.none() | st.just(dt.date(2025, 1, 5))),
        )
        for name in names
    ]


ASKED: dict[str, Callable[[Catalogue], object]] = {
    "fingerprints": lambda catalogue: catalogue.fingerprints(),
    "of some": lambda catalogue: catalogue.fingerprints_of("abz"),
    "articles": lambda catalogue: [catalogue.article(name) for name in "abcdefgh"],
    "chunks": lambda catalogue: [
        catalogue.chunks(one) for one in map(catalogue.article, "abcdefgh") if one is not None
    ],
    "counts": lambda catalogue: catalogue.counts(),
    "versions": lambda catalogue: catalogue.has_versions(),
    "headlines": lambda catalogue: catalogue.headlines(),
    "sections": lambda catalogue: catalogue.known("section"),
    "outlets": lambda catalogue: catalogue.known("outlet"),
}
FILTERS = [
    EVERYTHING,
    Filters(as_of=dt.date(2025, 1, 4)),
    Filters(since=dt.date(2025, 1, 4), earlier=True),
    Filters(section="war", outlet="post"),
    Filters(articles=("a", "b", "z")),
]
FILTERED: dict[str, Callable[[Catalogue, Filters], object]] = {
    "matching": lambda catalogue, filters: sorted(catalogue.matching(filters)),
    "newest": lambda catalogue, filters: catalogue.newest(filters),
    "hidden": lambda catalogue, filters: catalogue.hidden(filters),
    "page": lambda catalogue, filters: catalogue.page(filters, 3, 1),
    "found": lambda catalogue, filters: {
        hit[:2] for hit in catalogue.search("dam ferry écluse us x", 500, filters)
    },
}


@given(before=corpora(), between=corpora(), after=corpora())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_catalogue_on_a_base_is_read_as_one_that_holds_all(
    tmp_path: Path, before: list[Article], between: list[Article], after: list[Article]
) -> None:
    shutil.rmtree(tmp_path / "index", ignore_errors=True)
    file, alone = below(tmp_path / "index", before), tmp_path / "index" / "alone" / CATALOGUE
    write(file, between, [one.id for one in before])
    write(file, after, [one.id for one in between])
    write(alone, after)
    with closing(Catalogue(file)) as layered, closing(Catalogue(alone)) as one:
        assert not layered.torn()
        assert layered.most_chunks() >= layered.counts()[1]
        for name, ask in ASKED.items():
            assert ask(layered) == ask(one), name
        for name, filtered in FILTERED.items():
            for filters in FILTERS:
                assert filtered(layered, filters) == filtered(one, filters), (name, filters)


def test_a_word_is_as_rare_as_in_the_base(tmp_path: Path) -> None:
    """By itself what lies on a base would make nothing of a word that stands in all of it."""
    articles = [Article(f"n{n}", "Notice", "The ferry is late.") for n in range(30)]
    file = below(tmp_path, [*articles, Article("old", "Dam", "A dam was approved long ago.")])
    write(file, [Article("new", "Dam", "The dam burst.")])
    with closing(Catalogue(file)) as catalogue:
        assert [hit[0] for hit in catalogue.search("dam ferry", 2, EVERYTHING)] == ["new", "old"]


# Whole indexes


@pytest.fixture
def on_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "LARGE", 0)
    monkeypatch.setattr(layers, "OUTGROWN", 100)


def state(path: Path) -> Path:
    found = snapshots.current(path)
    assert found is not None
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Its files but Chroma's database, which it writes to even when it reads."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != "chroma.sqlite3"
    }


def found(index: Index, k: int = 50, filters: Filters = EVERYTHING) -> list[tuple[str, int, float]]:
    """The last digits of a distance depend on where Chroma keeps a vector."""
    return [(*place, round(score, 5)) for *place, score in index.dense([1.0] * 8, k, filters)]


slow = pytest.mark.slow


@slow
@pytest.mark.usefixtures("on_base")
def test_a_change_leaves_the_base_as_it_is(path: Path, tmp_path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    base = state(path)
    before = contents(base)
    assert sync(path, LATER, embedding(), IDENTITY) == Changes(1, 2, 2, 2, 10)
    assert snapshots.base(state(path)) == base
    assert contents(base) == before
    with closing(Catalogue(state(path) / CATALOGUE, alone=True)) as upper:
        assert set(upper.fingerprints()) == {"b", "c", "g"}
    sync(tmp_path / "other", LATER, embedding(), IDENTITY)
    assert whole(path) == whole(tmp_path / "other")
    with (
        closing(Index.open(path, IDENTITY)) as index,
        closing(Index.open(tmp_path / "other", IDENTITY)) as other,
    ):
        for filters in (EVERYTHING, Filters(section="war"), Filters(articles=("a", "c", "d"))):
            for k in (3, 50):
                assert found(index, k, filters) == found(other, k, filters)


@slow
@pytest.mark.usefixtures("on_base")
def test_a_base_is_kept_as_long_as_a_state_lies_on_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "GRACE", 0.0)
    sync(path, CORPUS, embedding(), IDENTITY)
    base = state(path)
    for turn in range(3):
        sync(path, [*CORPUS[1:], article("a", 2, f"turn{turn}")], embedding(), IDENTITY)
        assert snapshots.base(state(path)) == base
        assert snapshots.litter(path) == []
        assert disagreements(path) == []
    assert len(list(path.glob("state-*"))) == 3  # the base, the state and the one before
    monkeypatch.setattr(layers, "OUTGROWN", 0)
    rest = embedding()
    assert sync(path, CORPUS, rest, IDENTITY) == Changes(0, 1, 0, 5, 12)
    assert rest.texts == []  # as the base has it
    assert snapshots.base(state(path)) is None
    for _ in range(2):
        assert sync(path, CORPUS, embedding(), IDENTITY).unchanged == 6
    assert base not in set(path.glob("state-*"))
    assert len(whole(path)) == 12


@slow
@pytest.mark.usefixtures("on_base")
def test_what_lies_on_a_base_is_not_embedded_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    sync(path, LATER, embedding(), IDENTITY)
    with closing(Index.open(path, IDENTITY)) as index:
        before = found(index)
    monkeypatch.setattr(layers, "OUTGROWN", 0)
    none = embedding()
    assert sync(path, LATER, none, IDENTITY) == Changes(0, 0, 0, 5, 10)
    assert none.texts == []
    assert snapshots.base(state(path)) is None
    with closing(Index.open(path, IDENTITY)) as index:
        assert found(index) == before


@slow
@pytest.mark.usefixtures("on_base")
def test_a_killed_rebuild_takes_nothing_over(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    sync(path, LATER, embedding(), IDENTITY)
    with pytest.raises(KeyboardInterrupt):
        sync(path, LATER, embedding(most=0), IDENTITY, rebuild=True)
    rest = embedding()
    sync(path, LATER, rest, IDENTITY)
    assert len(rest.texts) == 10


@slow
@pytest.mark.usefixtures("on_base")
def test_settings_of_a_base_are_compared(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    other = replace(IDENTITY, embedder="other@1")
    with pytest.raises(IndexMismatch, match="was made with embedder fake@1"):
        sync(path, LATER, embedding(), other)
    with pytest.raises(IndexMismatch, match="was made with embedder fake@1"):
        Index.open(path, other)


def lose(base: Path) -> None:
    shutil.rmtree(base)


def damage(base: Path) -> None:
    next(base.glob("chroma/*/data_level0.bin")).write_bytes(b"damaged")


def misname(base: Path) -> None:
    next(base.parent.glob(f"*/{snapshots.BASE}")).write_text("../elsewhere")


def forget(base: Path) -> None:
    next(base.parent.glob(f"*/{snapshots.BASE}")).unlink()


def scatter(base: Path) -> None:
    next(base.parent.glob(f"*/{snapshots.BASE}")).write_bytes(b"\xff\xfe")


@slow
@pytest.mark.usefixtures("on_base")
@pytest.mark.parametrize("harm", [lose, damage, misname, scatter, forget])
def test_a_base_that_is_damaged_is_told_and_cured_by_a_rebuild(
    path: Path, harm: Callable[[Path], None]
) -> None:
    several = [article(name, 40) for name in "abcdefghijklmnopqrstuvwxyzäöü"]  # enough for a file of vectors
    sync(path, several, embedding(), IDENTITY)
    base = state(path)
    sync(path, several[1:], embedding(), IDENTITY)
    harm(base)
    with pytest.raises(IndexMismatch, match=r"^\S.*; run: assistant index --rebuild$"):
        Index.open(path, IDENTITY)
    assert disagreements(path)
    with pytest.raises(IndexMismatch, match=r"; run: assistant index --rebuild$"):
        sync(path, several, embedding(), IDENTITY)
    sync(path, LATER, embedding(), IDENTITY, rebuild=True)
    assert len(whole(path)) == 10


@slow
@pytest.mark.usefixtures("on_base")
def test_an_index_on_an_outdated_base_is_made_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    sync(path, LATER, embedding(), IDENTITY)
    monkeypatch.setattr(lexical, "SCHEMA_VERSION", lexical.SCHEMA_VERSION + 1)
    with pytest.raises(IndexOutdated):
        Index.open(path, IDENTITY)
    assert sync(path, LATER, embedding(), IDENTITY) == Changes(5, 0, 0, 0, 10)


@slow
@pytest.mark.usefixtures("on_base")
def test_a_large_index_on_a_base_is_searched_in_both(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    sync(path, LATER, embedding(), IDENTITY)
    monkeypatch.setattr(lexical, "LARGE", 0)
    with closing(Index.open(path, IDENTITY)) as index:
        found = index.catalogue.search("changed words a e", 50, EVERYTHING)
    assert {name for name, *_ in found} >= {"a", "c", "e"}


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    file = below(tmp_path, [Article("a", "Dam", "A dam.")])
    write(file, [Article("b", "Dam", "A dam.")])
    with closing(Catalogue(file)) as catalogue:
        yield catalogue


def test_words_without_letters_are_no_trouble(catalogue: Catalogue) -> None:
    assert catalogue.search("_ __", 5, EVERYTHING) == []
    assert [hit[0] for hit in catalogue.search("_ dam", 5, EVERYTHING)] == ["a", "b"]
    assert bm25.query_terms("") == []
    assert catalogue.search("", 5, EVERYTHING) == []


# What lies on a base, and how much


@slow
def test_a_run_that_writes_much_leaves_little_on_a_base(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "LARGE", 0)
    sync(path, CORPUS, embedding(), IDENTITY)
    begun = [0]
    begin = snapshots.begin

    def counted(*args: Any, **options: Any) -> Path:
        begun[0] += 1
        return begin(*args, **options)

    monkeypatch.setattr(snapshots, "begin", counted)
    more = [article(name, 9) for name in "hijklmno"]
    rest = embedding()
    assert sync(path, [*CORPUS, *more], rest, IDENTITY) == Changes(8, 0, 0, 6, 84)
    assert len(rest.texts) == 72
    assert snapshots.base(state(path)) is None
    assert len(whole(path)) == 84
    assert begun == [2], "known before anything was written"
    monkeypatch.setattr(layers, "OUTGROWN", 0.5)
    long, rest = article("p", 90), embedding()
    assert sync(path, [*CORPUS, *more, long], rest, IDENTITY) == Changes(1, 0, 0, 14, 174)
    assert len(rest.texts) == 90
    assert snapshots.base(state(path)) is None
    assert begun == [4], "one article that is longer than all others is only noticed behind it"


@slow
@pytest.mark.usefixtures("on_base")
def test_a_rebuild_killed_at_its_end_is_finished_whatever_was_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    sync(path, LATER, embedding(), IDENTITY)
    other = replace(IDENTITY, embedder="other@1")
    finish = snapshots.finish
    monkeypatch.setattr(snapshots, "finish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sync(path, LATER, embedding(), other, rebuild=True)
    monkeypatch.setattr(snapshots, "finish", finish)
    rest = embedding()
    sync(path, LATER, rest, other)
    assert rest.texts == []
    with closing(Index.open(path, other)) as index:
        assert len(found(index)) == 10


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@slow
@pytest.mark.usefixtures("on_base")
def test_a_later_version_is_not_made_anew(path: Path) -> None:
    sync(path, CORPUS, embedding(), IDENTITY)
    base = state(path)
    sync(path, LATER, embedding(), IDENTITY)
    with closing(sqlite3.connect(base / CATALOGUE)) as file:
        file.execute(f"PRAGMA user_version = {lexical.SCHEMA_VERSION + 1}")
    for use in (
        lambda: Index.open(path, IDENTITY),
        lambda: sync(path, LATER, embedding(), IDENTITY),
    ):
        with pytest.raises(IndexMismatch, match="written by a later version"):
            use()


def test_a_thread_finds_the_base_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = below(tmp_path / "index", [Article("a", "Dam", "A dam.")])
    write(file, [Article("b", "Dam", "A dam.")])
    monkeypatch.chdir(tmp_path)
    with closing(Catalogue(file.relative_to(tmp_path))) as catalogue, ThreadPoolExecutor(1) as pool:
        monkeypatch.chdir(tmp_path.parent)
        assert len(pool.submit(catalogue.search, "dam", 5, EVERYTHING).result()) == 2
