"""Filters: the same condition in SQL and for the vector store, held against plain Python."""

import datetime as dt
from collections.abc import Iterator

import chromadb
import pytest
from chromadb.config import Settings as ChromaSettings
from hypothesis import given
from hypothesis import strategies as st

from assistant.corpus.articles import Article, Source
from assistant.corpus.chunking import split_article, to_document
from assistant.index.catalogue.lexical import Catalogue
from assistant.index.filters import Filters, holds

DAYS = [dt.date(2025, 1, day) for day in range(1, 6)]
ARTICLES = [
    Article(f"{section}-{day}-{outlet}", "T", "Some text.", day, section, (Source(outlet), Source("Both")))
    for section in ("War", "Energy", "")
    for day in [None, *DAYS]
    for outlet in ("Post (BBC)", "Radio")
]
ARTICLES += [
    Article("changed", "T", "Some text.", DAYS[0], "War", (Source("Radio"),), updated=DAYS[2]),
    Article("first", "T", "Some text.", DAYS[0], "War", (Source("Radio"),), superseded=DAYS[2]),
    Article(
        "second", "T", "Some text.", DAYS[0], "War", (Source("Radio"),), updated=DAYS[2], superseded=DAYS[4]
    ),
    Article("third", "T", "Some text.", DAYS[0], "War", (Source("Radio"),), updated=DAYS[4]),
]
FILTERS = st.builds(
    Filters,
    as_of=st.none() | st.sampled_from(DAYS),
    since=st.none() | st.sampled_from(DAYS),
    section=st.sampled_from([None, "war", "ENERGY", "", "none such", "' OR 1 --"]),
    outlet=st.sampled_from([None, "bbc", "radio", "BOTH", "none such", "%", "'"]),
    articles=st.none() | st.lists(st.sampled_from([one.id for one in ARTICLES]), max_size=9).map(tuple),
)


def passes(article: Article, filters: Filters) -> bool:
    """The filters' meaning, in Python."""
    day = article.published
    then = filters.as_of or dt.date.max
    return (
        (filters.as_of is None or (article.written is not None and article.written <= then))
        and (article.superseded is None or (filters.as_of is not None and article.superseded > then))
        and (filters.since is None or (day is not None and day >= filters.since))
        and (filters.section is None or article.section.lower() == filters.section.lower())
        and (filters.articles is None or article.id in filters.articles)
        and (
            filters.outlet is None
            or any(filters.outlet.lower() in source.outlet.lower() for source in article.sources)
        )
    )


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    catalogue = Catalogue(tmp_path_factory.mktemp("filters") / "catalogue.sqlite3", writable=True)
    with catalogue.transaction():
        for article in ARTICLES:
            catalogue.add(article, split_article(article, 160))
    yield catalogue
    catalogue.close()


@pytest.fixture(scope="module")
def collection() -> Iterator[chromadb.Collection]:
    client = chromadb.EphemeralClient(ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection("filters")
    documents = [to_document(split_article(article, 160)[0], article) for article in ARTICLES]
    collection.add(
        ids=[document.id for document in documents],
        embeddings=[[1.0, 0.0]] * len(documents),
        metadatas=[document.metadata for document in documents],
    )
    yield collection
    client.close()


@given(filters=FILTERS)
def test_both_stores_pass_what_the_filters_mean(
    catalogue: Catalogue, collection: chromadb.Collection, filters: Filters
) -> None:
    expected = {article.id for article in ARTICLES if passes(article, filters)}
    assert set(catalogue.matching(filters)) == expected
    named = catalogue.matching(filters) if filters.names_articles() else None
    where = filters.chroma(named, versions=True)
    stored = [to_document(split_article(article, 160)[0], article).metadata for article in ARTICLES]
    assert {meta["article"] for meta in stored if where is None or holds(where, meta)} == expected
    if named == []:
        return  # nothing passes, so the vector store is not asked
    found = collection.get(where=where, include=["metadatas"])["metadatas"]
    assert {meta["article"] for meta in found} == expected


def test_no_filters_are_no_condition() -> None:
    assert Filters().chroma(None) is None
    assert not Filters().names_articles()


@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_value_is_a_parameter(catalogue: Catalogue, value: str) -> None:
    assert catalogue.matching(Filters(section=f"{value}x", outlet=f"{value}x")) == []


def test_the_version_of_the_day_is_read(catalogue: Catalogue) -> None:
    versions = {"first", "second", "third"}
    seen = [versions.intersection(catalogue.matching(Filters(as_of=day))) for day in (*DAYS, None)]
    assert seen == [{"first"}, {"first"}, {"second"}, {"second"}, {"third"}, {"third"}]
    assert catalogue.has_versions()


def test_dates_are_inclusive(catalogue: Catalogue) -> None:
    one_day = Filters(as_of=DAYS[2], since=DAYS[2])
    assert len(catalogue.matching(one_day)) == 6
    assert catalogue.newest(one_day) == DAYS[2]
