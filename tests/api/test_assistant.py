"""The public API: opened, asked, searched and read, by several at once."""

import datetime as dt
import inspect
import json
import re
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import write_corpus
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda

import assistant
from assistant.api.assistant import Assistant
from assistant.api.selection import article_named
from assistant.errors import AssistantError, SettingsError
from assistant.index.catalogue.lexical import CATALOGUE
from assistant.index.filters import Filters

QUESTION = "What did parliament approve?"


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Over a small corpus, without a language model."""
    folder = tmp_path_factory.mktemp("api")
    corpus = write_corpus(folder / "corpus")
    with assistant.open(corpus, index=folder / "index", model="extractive") as opened:
        yield opened


def test_the_public_names_are_there() -> None:
    for name in assistant.__all__:
        assert getattr(assistant, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        assistant.nonsense  # noqa: B018


def test_an_answer_is_verbatim_at_its_offsets(news: Assistant) -> None:
    answer = news.ask(QUESTION)
    assert answer.status == "answered"
    for citation in answer.citations:
        assert news.article(citation.article).text[citation.start : citation.end] == citation.quote


def test_passages_are_as_many_as_are_wanted(news: Assistant) -> None:
    assert len(news.search(QUESTION, k=1).passages) == 1
    assert len(news.search(QUESTION, k=2).passages) == 2
    assert news.search(QUESTION, explain=True).passages[0].ranks is not None


def test_a_day_hides_what_came_later(news: Assistant) -> None:
    days = sorted(article.published for article in news.articles() if article.published)
    seen = [article.published for article in news.articles(as_of=days[0])]
    assert set(seen) == {days[0]}
    assert all(passage.date == days[0] for passage in news.search("dam", as_of=days[0]).passages)
    with pytest.raises(SettingsError, match="is after"):
        news.search("dam", as_of=days[0], since=days[0] + dt.timedelta(days=1))


def test_what_no_article_has_is_an_error(news: Assistant) -> None:
    with pytest.raises(AssistantError, match="no article has the section 'Sports'"):
        news.ask(QUESTION, section="Sports")
    with pytest.raises(AssistantError, match="did you mean"):
        news.article("damn")


def test_what_only_an_earlier_version_has_can_be_named(tmp_path: Path) -> None:
    text = "The harbour opens in May.\n\nIt was built in three years."
    lines = [
        {
            "id": "v1",
            "url": "https://a.example/x",
            "title": "Harbour",
            "date": "2025-01-01",
            "section": "Old",
        },
        {
            "id": "v2",
            "url": "https://a.example/x",
            "title": "Harbour",
            "date": "2025-06-01",
            "section": "New",
        },
    ]
    rows = [json.dumps({**line, "text": f"{text} Version {line['id']}."}) for line in lines]
    (tmp_path / "news.jsonl").write_text("\n".join(rows))
    with assistant.open(tmp_path / "news.jsonl", index=tmp_path / "index", model="extractive") as news:
        found = news.search("port", section="Old", as_of=dt.date(2025, 2, 1))
        assert [passage.article for passage in found.passages] == ["v1"]


def test_a_topic_has_a_brief_and_a_timeline(news: Assistant) -> None:
    for answer in (news.brief("valley dam"), news.timeline("valley dam")):
        assert answer.status == "answered"
        assert answer.citations


@pytest.mark.slow
def test_several_ask_at_once(news: Assistant) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(news.ask, [QUESTION] * 24))
    assert {answer.answer for answer in answers} == {answers[0].answer}


def test_it_is_opened_when_needed_and_again_after_it_was_closed(tmp_path: Path) -> None:
    told: list[str] = []
    corpus = write_corpus(tmp_path / "corpus")
    settings = assistant.open(corpus, index=tmp_path / "index", model="extractive").settings
    news = Assistant(settings, notice=told.append)
    assert not (tmp_path / "index").exists()
    assert news.search("dam").passages
    assert told == [f"building the index of {corpus} first"]
    news.close()
    assert news.search("dam").passages
    assert news.index().unchanged
    news.close()


VERSION = """---
title: Dam
date: 2025-03-01
updated: {updated}
url: https://x.example/dam
---
The dam at Selm broke and {number} people died, the police said.
"""


@pytest.mark.parametrize("asked", [True, False])
def test_the_index_of_an_earlier_version_is_made_anew_with_the_same_options(
    tmp_path: Path, asked: bool
) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    (corpus / "draft.md").write_text(
        "---\ntitle: A draft\n---\n\nA draft of the valley dam.\n", encoding="utf-8"
    )
    with assistant.open(corpus, index=tmp_path / "index", model="extractive") as first:
        count = first.index(exclude=["draft*"]).chunks
    (state,) = (tmp_path / "index").glob("state-*")
    with closing(sqlite3.connect(state / CATALOGUE)) as database:
        database.executescript("DROP TABLE articles; PRAGMA user_version = 1;")
    told: list[str] = []
    with Assistant(first.settings, notice=told.append) as news:
        if not asked:
            assert news.index().chunks == count
        assert news.search("valley dam").passages
        assert "draft" not in {article.id for article in news.articles()}
    assert [line for line in told if "an earlier version wrote" in line] == told[: int(asked)]


def test_an_earlier_version_that_is_cited_can_be_read(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for day, number in ((1, 3), (5, 11)):
        version = VERSION.format(updated=f"2025-03-0{day}", number=number)
        (corpus / f"v{day}.md").write_text(version, encoding="utf-8")
    with assistant.open(corpus, index=tmp_path / "index", model="extractive") as news:
        answer = news.ask("How many people died when the dam broke?", as_of=dt.date(2025, 3, 2))
        (citation,) = answer.citations
        assert "3 people" in citation.quote
        assert news.article(citation.article).text[citation.start : citation.end] == citation.quote
        with pytest.raises(SettingsError):
            article_named("v5", news.catalogue, Filters(as_of=dt.date(2025, 3, 2)))
        assert [one.id for one in news.articles()] == ["v5"]


def test_it_follows_when_others_bring_the_index_up_to_date(tmp_path: Path) -> None:
    """Also in a thread that reads for the first time when the folder that was opened is gone."""
    corpus = write_corpus(tmp_path / "corpus")

    def opened() -> Assistant:
        return assistant.open(corpus, index=tmp_path / "index", model="extractive")

    with opened() as news:
        before = len(list(news.articles()))
        for number in range(3):
            (corpus / f"new{number}.txt").write_text(f"Selm {number}\n\nThe note was read.", encoding="utf-8")
            with opened() as other:
                assert other.index().added == 1
        for _ in range(2):
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(news.search, "Selm").result().passages
                assert pool.submit(lambda: len(list(news.articles()))).result() == before + 3


def test_what_was_left_out_stays_out_until_the_index_is_made_anew(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    (corpus / "late.json").write_text('{"title": "A", "text": "The dam opened.", "when": "2025-05-01"}')
    news = assistant.open(corpus, index=tmp_path / "index", model="extractive")
    news.index(exclude=["fish.txt"], mapping=["date=when"])
    news.close()
    (corpus / "new.txt").write_text("News\n\nThe bridge opened.")
    assert news.index().added == 1
    articles = {article.id: article.published for article in news.articles()}
    assert "fish" not in articles
    assert articles["late"] == dt.date(2025, 5, 1)
    news.close()
    assert news.index(rebuild=True).added == len(articles) + 1
    news.close()


async def in_a_chain(runnable: Runnable) -> str:
    return str(await (runnable | RunnableLambda(lambda answer: answer.answer)).ainvoke(QUESTION))


def test_it_fits_into_chains(news: Assistant) -> None:
    import asyncio

    assert isinstance(news.retriever, BaseRetriever)
    assert [document.metadata["article"] for document in news.retriever.invoke("valley dam")]
    expected = news.ask(QUESTION).answer
    assert asyncio.run(in_a_chain(news.runnable())) == expected
    assert news.runnable().invoke({"question": QUESTION, "section": None}).answer == expected


def test_another_model_shares_the_index(news: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """But a capable one has more of what is found ranked and read."""
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    other = news.with_model("openai:any")
    assert other.searcher is news.searcher
    assert (other.capable, news.capable) == (True, False)
    assert (other.pipeline.retriever.candidates, news.pipeline.retriever.candidates) == (22, 12)


def test_the_examples_of_the_docstrings_run(
    news: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first indented block is Python; it is run over the small corpus."""
    monkeypatch.setattr(assistant, "open", lambda *given, **settings: news)
    for module in (assistant, inspect.getmodule(Assistant)):
        block = re.search(r"(?:^    .*\n|^\n)+", inspect.getdoc(module) or "", re.MULTILINE)
        assert block is not None
        exec(compile(textwrap.dedent(block[0]), "docstring", "exec"), {"assistant": assistant})
        assert capsys.readouterr().out


def test_the_example_of_the_readme_runs(news: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    section = readme.partition("\n## From Python\n")[2]
    block = re.search(r"(?:^    .*\n|^\n)+", section, re.MULTILINE)
    assert block is not None
    monkeypatch.setattr(assistant, "open", lambda *given, **settings: news)
    names: dict[str, Any] = {}
    exec(compile(textwrap.dedent(block[0]), "README.md", "exec"), names)
    assert names["answer"].citations


def test_importing_takes_no_time() -> None:
    code = "import sys, assistant; print(len(sys.modules))"
    bare = int(
        subprocess.check_output([sys.executable, "-c", "import sys, os, pathlib; print(len(sys.modules))"])
    )
    assert int(subprocess.check_output([sys.executable, "-c", code])) < bare + 40
