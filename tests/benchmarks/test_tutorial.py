"""The tutorial's pipeline, which the assistant is compared with, over two articles and a made-up model."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from fakes import QueuedModel
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from assistant.corpus.articles import Article, read_corpus
from assistant.evaluation.gold.cases import Case, EarlierTurn
from assistant.settings import Settings
from assistant.text.normalize import words
from eval.benchmarks import tutorial
from eval.benchmarks.answers import main
from eval.benchmarks.tutorial import PROMPT, REWORD, ask, opened, pieces_of, the_tutorial
from eval.benchmarks.unknowing import does_not_know

ARTICLES = [
    {
        "id": "dam",
        "title": "Dam",
        "text": "Parliament approved the valley dam by 61 votes.",
        "date": "2025-03-04",
    },
    {"id": "ferry", "title": "Ferry", "text": "The ferry Marta ran aground off Sandoy."},
]
CASE = Case(
    id="c1",
    question="Where did it run aground?",
    type="unanswerable",
    as_of=None,
    history=(EarlierTurn(question="What is the ferry called?", answer="Marta."),),
    answerable=False,
    expect=(),
    evidence=(),
)


class Bags(Embeddings):
    """Texts are near that share words."""

    embedded = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        Bags.embedded += len(texts)
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = [0.0] * 64
        for word in set(words(text).split()):
            vector[hashlib.sha256(word.encode()).digest()[0] % 64] = 1.0
        norm = sum(vector) ** 0.5
        return [value / norm for value in vector]


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tutorial, "load_embeddings", lambda *given, **more: Bags())
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))
    Bags.embedded = 0
    path = tmp_path / "bench" / "clapnq" / "corpus.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in ARTICLES), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "reply",
    [
        "I don't know.",
        "I do not know the answer to that. The ferry is called Marta.",
        "Based on the provided context, I cannot determine who signed.",
        "I'm sorry, but I don’t have enough information to answer.",
        "The context does not mention the population of Lisbon.",
        "The provided context doesn't explicitly state how many.",
        "The name of the captain is not mentioned in the given context.",
        "There is no information about Lisbon in the retrieved context.",
        "It cannot be determined from the passages.",
        "I am not sure.",
        "I can't say.",
    ],
)
def test_a_reply_that_does_not_know(reply: str) -> None:
    assert does_not_know(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Sandoy.",
        'The minister said: "I do not know."',
        "The ferry ran aground off Sandoy. I don't know when.",
        "The ministry did not give a reason.",
        "The plan does not include Norrhavn.",
        "Brandt is not sure that the dam will be built.",
        "Nobody knows how it began.",
    ],
)
def test_a_reply_that_answers(reply: str) -> None:
    assert not does_not_know(reply)


def test_pieces_know_where_they_stand() -> None:
    text = "\n\n".join(f"Paragraph {number} " + "of many words " * 30 for number in range(6)).strip()
    article = Article("a", "A headline", text)
    pieces = pieces_of(article)
    assert len(pieces) > 2
    assert all(len(piece.page_content) <= 1000 for piece in pieces)
    assert pieces[0].page_content.startswith("A headline\n\nParagraph 0")
    for piece in pieces[1:]:
        assert text[piece.metadata["start"] : piece.metadata["end"]] == piece.page_content


def test_a_headline_has_the_day_below_it(corpus: Path) -> None:
    first = pieces_of(read_corpus(corpus)[0])[0]
    assert first.page_content.startswith("Dam\n\n4 March 2025\n\nParliament")
    assert first.metadata == {
        "article": "dam",
        "date": "2025-03-04",
        "start": 0,
        "end": len(ARTICLES[0]["text"]),
    }


def test_a_follow_up_is_reworded_and_answered_with_what_is_nearest(corpus: Path, tmp_path: Path) -> None:
    model = QueuedModel(replies=["Where did the ferry Marta run aground?", "Off Sandoy. It was the Marta."])
    with opened(tmp_path / "store", corpus, Settings()) as store:
        answer = ask(store, model, "small", CASE)
    assert answer.status == "answered"
    assert [claim.text for claim in answer.claims] == ["Off Sandoy.", "It was the Marta."]
    assert not any(claim.citations for claim in answer.claims)
    assert answer.rewritten == "Where did the ferry Marta run aground?"
    assert [passage.article for passage in answer.passages] == ["ferry", "dam"]
    assert 0 < answer.passages[1].score < answer.passages[0].score < 1
    assert answer.tokens.prompt == 200
    reword, prompt = model.prompts
    assert reword.startswith(REWORD)
    assert prompt.startswith(PROMPT + "\n\nFerry\n\nThe ferry Marta")
    assert prompt.endswith("What is the ferry called?\nMarta.\nWhere did it run aground?")


def test_what_is_not_known_is_an_abstention() -> None:
    found = [(Document("x", metadata={"article": "dam", "date": "", "start": 0, "end": 1}), 3.0)]
    answer = tutorial.as_answer("Who?", " I don't know. ", found, "small")
    assert (answer.status, answer.answer, answer.claims) == ("abstained", "", [])
    assert answer.abstention is not None
    assert answer.abstention.message == "I don't know."
    assert answer.passages[0].score == 0


def test_pieces_are_embedded_once_for_a_state_of_the_corpus(corpus: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with opened(tmp_path / "store", corpus, Settings()) as store:
            assert len(store.get()["ids"]) == 2
    assert Bags.embedded == 2
    corpus.write_text(json.dumps(ARTICLES[0]) + "\n", encoding="utf-8")
    with opened(tmp_path / "store", corpus, Settings()) as store:
        assert len(store.get()["ids"]) == 1
    assert Bags.embedded == 3


def test_a_set_is_asked_of_it(corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    question = {"id": "q1", "question": "Where did the ferry Marta run aground?", "evidence_ids": ["ferry"]}
    line = question | {"answerable": True, "answers": ["off Sandoy"]}
    (corpus.parent / "questions.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    model = QueuedModel(replies=["Off Sandoy."])
    monkeypatch.setattr(tutorial, "load_chat_model", lambda *given, **more: model)
    results, runs = corpus.parent / "RESULTS.md", corpus.parent / "runs"
    arguments = ["--set", "clapnq", "--bench", str(corpus.parent.parent), "--results", str(results)]
    arguments += ["--runs", str(runs), "--model", "openai:some/model"]
    for _ in range(2):
        assert main(arguments, the_tutorial, "tutorial") == 0
    text = results.read_text(encoding="utf-8")
    assert "## Answers on clapnq, tutorial openai:some/model" in text
    assert "MODEL=openai:some/model PIPELINE=tutorial`" in text
    assert "| token recall | 1 | 1.00" in text
    assert (runs / "clapnq-tutorial-openai-some-model.jsonl").is_file()
    assert main([*arguments[:-1], "extractive"], the_tutorial, "tutorial") == 2
    assert "needs a language model" in capsys.readouterr().err
