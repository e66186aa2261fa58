"""Explaining one case: what is searched again, and all that is printed."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from fakes import SMALL, CommonWords, write_corpus
from langchain_core.embeddings import DeterministicFakeEmbedding
from reporting import answer, case, grade, quoting

from assistant.answering.pipeline import Pipeline
from assistant.corpus.articles import Article, read_corpus
from assistant.evaluation.diagnosis.explain import article_chunks, explain, retrieve, retrieve_lost
from assistant.evaluation.gold.cases import EarlierTurn, Evidence
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.standard import correctness
from assistant.index.opened import Index
from assistant.index.sync import sync
from assistant.index.vectors.chroma import Identity
from assistant.retrieval.retriever import Retriever
from assistant.terminal.render import stdout

IDENTITY = Identity("fake@1", 160)
EMBEDDING = DeterministicFakeEmbedding(size=16)
COST = Evidence(article="dam", quote="The dam will cost 90 billion crowns, said energy minister Ilse Brandt.")
RESCUE = Evidence(article="ferry", quote="Nobody was hurt.")


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Article]:
    return {article.id: article for article in read_corpus(write_corpus(tmp_path_factory.mktemp("corpus")))}


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory, articles: dict[str, Article]) -> Iterator[Retriever]:
    path = tmp_path_factory.mktemp("index")
    sync(path, list(articles.values()), EMBEDDING, IDENTITY)
    with closing(Index.open(path, IDENTITY)) as index:
        yield Retriever(index=index, embeddings=EMBEDDING, reranker=CommonWords())


def asked(retriever: Retriever, **changes: object) -> Graded:
    """A case answered by the sentences of the best paragraph."""
    one = case("c1", question="What will the dam cost?", **changes)
    given = Pipeline(retriever, {}, None, SMALL).ask(one.question, history=one.turns())
    return Graded(case=one, answer=given, scores=(correctness(one, given),), seconds=0.1, error=None)


def test_the_searches_are_those_of_the_assistant(retriever: Retriever) -> None:
    graded = asked(retriever)
    found = retrieve(retriever, graded, read=2)
    assert graded.answer is not None
    assert list(found.passages[: found.returned]) == graded.answer.passages
    assert [chunk.id for chunk in found.chunks["dam"]] == ["dam#0"]
    assert (found.reranked, found.returned, len(found.read)) == (12, 8, 2)
    assert sorted(found.fused.values()) == list(range(1, len(found.fused) + 1))
    assert set(found.dense) | set(found.lexical) == set(found.fused)


def test_a_follow_up_is_searched_as_it_was_asked(retriever: Retriever) -> None:
    """As its answer says, or in the words of the question and those before."""
    graded = asked(
        retriever, type="follow-up", history=(EarlierTurn(question="The ferry Marta?", answer="Aground."),)
    )
    assert ("ferry", 0) in retrieve(retriever, graded, read=1).lexical
    assert ("ferry", 0) not in retrieve(retriever, asked(retriever), read=1).lexical
    unmeasured = grade(graded.case, None, None)
    assert ("ferry", 0) in retrieve(retriever, unmeasured, read=1).lexical
    assert graded.answer is not None
    assert list(retrieve(retriever, graded, read=1).passages) == graded.answer.passages
    changes = {"rewritten": "herring stocks", "searches": ["herring stocks"]}
    rewritten = graded.answer.model_copy(update=changes)
    again = retrieve(retriever, graded.model_copy(update={"answer": rewritten}), read=1)
    assert list(again.lexical) == [("fish", 0)]


def test_further_searches_of_the_model_are_made_too(retriever: Retriever) -> None:
    graded = asked(retriever)
    assert graded.answer is not None
    question = graded.case.question
    assert ("fish", 0) not in retrieve(retriever, graded, read=1).lexical
    changes = {"searches": [question, "herring stocks"], "rounds": 2}
    searched = graded.model_copy(update={"answer": graded.answer.model_copy(update=changes)})
    found = retrieve(replace(retriever, k=1), searched, read=1)
    assert (found.lexical["dam", 0], found.lexical["fish", 0]) == (1, 1)
    assert {passage.article for passage in found.passages[: found.returned]} == {"dam", "ferry", "fish"}
    assert {chunk.article_id for chunk in found.read} == {"dam", "ferry", "fish"}


def test_a_question_about_a_day_is_searched_as_of_it(retriever: Retriever) -> None:
    """As the assistant does."""
    one = case("c1", question="As of 5 March 2025, which ferry ran aground?")
    found = retrieve(retriever, grade(one, None, None), read=1)
    assert {passage.article for passage in found.passages} == {"dam"}


def test_only_cases_that_lost_evidence_are_searched_again(
    retriever: Retriever, articles: dict[str, Article]
) -> None:
    given = answer("What will the dam cost?", "90 billion [1].", quoting(articles["dam"], COST.quote))
    cited = grade(case("c1", evidence=(COST,)), given, 1.0)
    lost = grade(case("c2", evidence=(COST, RESCUE)), given, 0.0)
    report = Report(provenance={}, graded=(cited, lost))
    assert list(retrieve_lost(report, articles, retriever, read=1)) == ["c2"]


def test_an_article_that_is_not_stored_has_no_chunks(retriever: Retriever) -> None:
    assert article_chunks(retriever.index.catalogue, "none") == []


def test_the_whole_explanation(
    retriever: Retriever, articles: dict[str, Article], capsys: pytest.CaptureFixture[str]
) -> None:
    one = case(
        "c1", question="What will the dam cost?", evidence=(COST, RESCUE), expect=(("90 bn", "90"), ("212",))
    )
    given = answer(one.question, "It costs 90 billion [1].", quoting(articles["dam"], COST.quote))
    graded = Graded(case=one, answer=given, scores=(correctness(one, given),), seconds=0.1, error=None)
    explain(graded, articles, retriever, 1, stdout())
    assert (
        capsys.readouterr().out
        == """\
c1 (lookup, dev half)
question: What will the dam cost?
expected: 90 bn | 90; 212
answer:   It costs 90 billion [1].
outcome:  wrong, confidence 0.80
  correctness: 0.00, missing within 40 words: 212

evidence 1, dam: cited
  “The dam will cost 90 billion crowns, said energy minister Ilse Brandt.”
  corpus      held
  index       held    paragraph 1
  candidates  held    dense 1, lexical 1, fused 1
  rerank      held    passage 1, score 0.95
  prompt      held    paragraph 1 of 1
  claims      held    cited as [1]

evidence 2, ferry: lost at prompt
  “Nobody was hurt.”
  corpus      held
  index       held    paragraph 1
  candidates  held    dense 3, lexical -, fused 3
  rerank      held    passage 3, score 0.61
  prompt      not     not in the 1 paragraphs read
  claims      not     not cited
"""
    )


def test_an_unmeasured_case_is_explained_without_an_answer(
    retriever: Retriever, articles: dict[str, Article], capsys: pytest.CaptureFixture[str]
) -> None:
    history = (EarlierTurn(question="Is there a dam?", answer="Yes\x1b[31m."),)
    one = case("c1", question="What will it cost?", type="follow-up", history=history, evidence=(COST,))
    explain(grade(one, None, None, error="no weights; install them"), articles, retriever, 1, stdout())
    printed = capsys.readouterr().out
    assert printed.startswith(
        "c1 (follow-up, dev half)\n"
        "before:   Is there a dam? - Yes<U+001B>[31m.\n"
        "question: What will it cost?\n"
        "expected: 90\n"
        "unmeasured, failed: no weights; install them\n"
        "\n"
        "evidence 1, dam: not lost, as far as is known\n"
    )
