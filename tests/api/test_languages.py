"""A corpus in another language: which embedder it gets, and what a reader of it is told."""

from pathlib import Path

import pytest

import assistant
from assistant.api import build, changed, remembered
from assistant.api.assistant import Assistant

pytestmark = pytest.mark.slow

ARTICLES = {
    "bruecke": (
        "Sanierung der Hafenbrücke teurer als geplant",
        "Die Sanierung der Hafenbrücke in Kiel hat 42 Millionen Euro gekostet, wie die Stadt mitteilte. "
        "Geplant waren 30 Millionen. Die Brücke wird am 4. Dezember wieder für den Verkehr freigegeben.",
    ),
    "streik": (
        "Fahrer der Straßenbahn wollen streiken",
        "Die Fahrer der Straßenbahn legen am Freitag die Arbeit nieder, um höhere Löhne zu erreichen. "
        "Die Gewerkschaft verlangt acht Prozent mehr. Die Stadt nannte den Streik unverhältnismäßig.",
    ),
    "port": (
        "Le port fermé deux jours",
        "Le port de Kiel a été fermé pendant deux jours après la découverte d'une bombe dans un bassin. "
        "Les démineurs l'ont neutralisée dimanche, a indiqué la préfecture de police de la ville allemande.",
    ),
}


def folder(path: Path, *, english: int = 0) -> Path:
    path.mkdir()
    for name, (title, text) in ARTICLES.items():
        (path / f"{name}.md").write_text(f"---\ntitle: {title}\ndate: 2025-12-01\n---\n\n{text}\n", "utf-8")
    for n in range(english):
        text = (
            f"The city of Lund said on Monday that its library number {n} is to be closed because "
            "the heating is to be replaced, and that the books can be had from the other libraries."
        )
        (path / f"en{n}.md").write_text(f"---\ntitle: Library {n} closed\ndate: 2025-12-01\n---\n\n{text}\n")
    return path


def opened(tmp_path: Path, told: list[str], **options: str) -> Assistant:
    settings = assistant.open(tmp_path / "corpus", index=tmp_path / "index", model="extractive", **options)
    return Assistant(settings.settings, notice=told.append)


def test_the_embedder_is_chosen_by_the_languages_of_the_articles(tmp_path: Path) -> None:
    folder(tmp_path / "corpus")
    told: list[str] = []
    with opened(tmp_path, told) as news:
        assert remembered.embedder_of(news.settings) == remembered.ENGLISH
        answer = news.ask("Wie viel hat die Sanierung der Hafenbrücke gekostet?")
        assert remembered.embedder_of(news.settings) == remembered.USE
        assert "42 Millionen Euro" in answer.answer
        assert [warning.code for warning in answer.warnings].count("language-unread") == 1
        found = news.ask("How many days was the harbour closed after the bomb?")
        assert "deux jours" in found.answer
        assert [(article.id, article.language) for article in news.articles()] == [
            ("bruecke", "de"),
            ("port", "fr"),
            ("streik", "de"),
        ]
    assert "100% of the articles are not in English: embedding with use-multilingual-v3" in told


def test_what_is_named_counts(tmp_path: Path) -> None:
    folder(tmp_path / "corpus")
    told: list[str] = []
    with opened(tmp_path, told, embedder=remembered.ENGLISH) as news:
        news.index()
    assert not told
    with opened(tmp_path, told) as later:
        assert remembered.embedder_of(later.settings) == remembered.ENGLISH
        later.index()
        assert "better: assistant index --rebuild" in told[-1]
        later.index(rebuild=True)
        assert remembered.embedder_of(later.settings) == remembered.USE


def test_some_articles_in_other_languages_change_nothing(tmp_path: Path) -> None:
    folder(tmp_path / "corpus", english=15)
    told: list[str] = []
    with opened(tmp_path, told) as news:
        news.index()
        assert remembered.embedder_of(news.settings) == remembered.ENGLISH
        answer = news.ask("Why will library number 3 be closed?")
        assert "heating" in answer.answer
        assert "language-unread" not in {warning.code for warning in answer.warnings}
    assert not told


LIST = (
    "Unemployment rate 5.2 percent, median household income 42,300 dollars, population density 310 people, "
    "registered voters 21,400, polling stations 14, turnout 61 percent, invalid ballots 212, seats 15."
)


def test_a_list_in_english_is_english_and_what_is_called_so_need_not_be(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    head = "date: 2025-12-01\nlanguage: en\n---\n\n"
    for n in range(3):
        (corpus / f"list{n}.md").write_text(
            f"---\ntitle: County {n} statistics\n{head}{LIST} No. {n}.\n", "utf-8"
        )
    told: list[str] = []
    with opened(tmp_path, told) as news:
        news.index()
        assert not told
        assert {article.language for article in news.articles()} == {"en"}
        assert remembered.embedder_of(news.settings) == remembered.ENGLISH
        answer = news.ask("How many polling stations are there in county 2?")
        assert "polling stations 14" in answer.answer
        assert "language-unread" not in {warning.code for warning in answer.warnings}
    title, text = ARTICLES["bruecke"]
    (corpus / "bruecke.md").write_text(f"---\ntitle: {title}\n{head}{text}\n", "utf-8")
    with opened(tmp_path, told) as news:
        news.index()
        assert {article.id: article.language for article in news.articles()}["bruecke"] == "de"
    assert told[-1].startswith("25% of the articles are not in English")


def test_without_the_extra_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path / "corpus")
    monkeypatch.setattr(remembered, "present", lambda extra: False)
    monkeypatch.setattr(changed, "TICK", 0)
    told: list[str] = []
    with opened(tmp_path, told) as news:
        news.index()
        assert remembered.embedder_of(news.settings) == remembered.ENGLISH
        assert "pip install 'news-assistant[multilingual]' and assistant index --rebuild" in told[0]
        monkeypatch.delattr(build, "read_articles")  # what did not change is told without being read
        news.index()
    assert told == told[:1] * 2
