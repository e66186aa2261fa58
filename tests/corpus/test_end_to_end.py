"""A folder with one file of each kind: indexed, searched and quoted, with what the command says of it."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import assistant
from assistant.cli.main import app
from corpus import samples

STORY = "Karel Brandt resigned as mayor of Ostmark on Friday after nine years, and his deputy took over. "


def index(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["index", *arguments], catch_exceptions=False)


def test_one_file_of_each_kind_is_indexed_searched_and_quoted(tmp_path: Path) -> None:
    corpus = samples.write_samples(tmp_path / "c")
    (corpus / "scan.pdf").write_bytes(samples.pdf(""))
    ended = index("--corpus", str(corpus), "--index", str(tmp_path / "i"))
    assert "passed over 1: 1 .pdf (no text layer)" in ended.stdout
    # Files of one name or one address tell the same story here, and are one article.
    assert "10 exact repeat skipped" in ended.stdout
    assert "18 added" in ended.stdout
    with assistant.open(corpus, index=tmp_path / "i", model="extractive") as news:
        articles = {article.id: article for article in news.articles()}
        assert {str(article.published) for article in articles.values()} == {samples.DAY}
        assert {source.outlet for article in articles.values() for source in article.sources} == {
            samples.OUTLET
        }
        answer = news.ask(
            "How much wheat did the Calliope bring to Portmore?", as_of=articles["plain"].published
        )
        assert answer.status == "answered"
        for citation in answer.citations:
            assert articles[citation.article].text[citation.start : citation.end] == citation.quote
            assert citation.title == samples.HEADLINE


def test_options_of_reading_are_remembered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, place = tmp_path / "c", tmp_path / "i"
    corpus.mkdir()
    (corpus / "a.md").write_text(f"---\ntitle: T\nerschien: 2025-03-04\n---\n{STORY}")
    (corpus / "draft.md").write_text("Not yet.")
    for number in range(9):
        (corpus / f"{number}.pdf").write_bytes(b"%PDF-1.4\n")
    options = ("--corpus", str(corpus), "--index", str(place))
    said = index(*options).stdout
    assert "2 added" in said
    assert "where it is the date: --map date=erschien" in said
    assert "4 more messages: assistant index --list-skipped names each" in said
    ended = index(*options, "--exclude", "draft*", "--map", "date=erschien", "--list-skipped")
    assert "left out: 1 excluded" in ended.stdout
    assert "0 added, 1 changed, 1 removed" in ended.stdout
    assert ended.stderr.count("a broken PDF") == 9
    told: list[str] = []
    settings = assistant.open(corpus, index=place).settings
    with assistant.api.assistant.Assistant(settings, notice=told.append) as news:
        assert [str(article.published) for article in news.articles()] == ["2025-03-04"]
    assert told == []
    assert CliRunner().invoke(app, ["index", *options, "--strict"]).exit_code == 1


def test_as_of_a_day_the_version_of_that_day_is_read(tmp_path: Path) -> None:
    corpus = tmp_path / "c"
    corpus.mkdir()
    head = "title: Mayor resigns\nurl: https://ostmark.example/mayor\ndate: 2025-03-04"
    (corpus / "a.md").write_text(f"---\n{head}\n---\n{STORY}")
    later = STORY.replace("his deputy took over", "Ida Holm took over")
    (corpus / "b.md").write_text(f"---\n{head}\nupdated: 2025-03-08\n---\n{later}")
    (corpus / "c.md").write_text(f"---\ntitle: Dam\ndate: 2025-03-01\nlastmod: 2025-04-01\n---\n{STORY[:40]}")
    with assistant.open(corpus, index=tmp_path / "i", model="extractive") as news:
        assert [one.id for one in news.articles()] == ["b", "c"]
        assert [one.id for one in news.articles(as_of=news.article("a").published)] == ["a"]
        for as_of, name in ((news.article("a").published, "a"), (None, "b")):
            found = news.search("Who took over as mayor of Ostmark?", as_of=as_of)
            assert name in [passage.article for passage in found.passages]
            assert {"a": "b", "b": "a"}[name] not in [passage.article for passage in found.passages]
        codes = [one.code for one in news.search("mayor", as_of=news.article("a").published).warnings]
        assert codes == ["changed-hidden"]
        answer = news.ask("Who took over as mayor of Ostmark?")
        assert str(answer.citations[0].updated) == "2025-03-08"
