"""The benchmark's measures against hand-computed ones, and its tables over a tiny corpus."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
from langchain_core.cross_encoders import BaseCrossEncoder
from langchain_core.embeddings import DeterministicFakeEmbedding

from assistant.answering.query import Turn, make_query
from assistant.api.remembered import ENGLISH
from assistant.corpus.articles import Article, read_corpus
from assistant.corpus.chunking import Chunk, split_article
from assistant.errors import GoldError
from assistant.evaluation.gold.cases import read_gold
from assistant.index.filters import Filters
from assistant.index.opened import Index
from assistant.index.sync import sync
from assistant.index.vectors.chroma import Identity
from assistant.retrieval.passages import Hit, Passage
from assistant.retrieval.retriever import PRIOR, Retriever
from eval.benchmarks.data import Need, PublicQuestion, asked, public_questions
from eval.benchmarks.measures import GOLD_MEASURES, PUBLIC_MEASURES, grade, losses, measures_table
from eval.benchmarks.retrieval_bench import Bench, main
from eval.benchmarks.stages import (
    DEFAULT_ROW,
    GOLD_ROWS,
    Without,
    dense,
    lexical,
    narrow,
    unranked,
    without_heading,
)

IDENTITY = Identity("fake", 160)
EMBEDDINGS = DeterministicFakeEmbedding(size=16)
ARTICLES = {
    "harbour": "Storm over the harbour",
    "council": "Council votes on the bridge",
    "museum": "Museum opens a wing",
}
QUOTE = "The mayor of Port Alder closed the harbour at noon."


class CommonWords(BaseCrossEncoder):
    """Scores by the words that question and passage share, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def score(self, text_pairs: list[tuple[str, str]]) -> list[float]:
        self.shown += text_pairs
        return [float(len(set(one.lower().split()) & set(two.lower().split()))) for one, two in text_pairs]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, title in ARTICLES.items():
        filler = " ".join(f"Word {number} of the {name} report stands here." for number in range(8))
        first = f"{QUOTE} {filler}" if name == "harbour" else filler
        text = f"---\ntitle: {title}\ndate: 2025-03-0{len(name) - 5}\n---\n{first}\n\nMore. {filler}\n"
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def retriever(corpus: Path, tmp_path: Path) -> Retriever:
    sync(tmp_path / "index", read_corpus(corpus), EMBEDDINGS, IDENTITY)
    index = Index.open(tmp_path / "index", IDENTITY)
    return Retriever(index=index, embeddings=EMBEDDINGS, reranker=CommonWords())


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    case: dict[str, Any] = {"as_of": None, "history": [], "answerable": True, "expect": [["noon"]]}
    case["evidence"] = [{"article": "harbour", "quote": QUOTE}]
    lines = [
        {"id": "g1", "question": "When did the mayor close the harbour?", "type": "lookup", **case},
        {"id": "g2", "question": "Who closed the harbour of Port Alder?", "type": "who-said", **case},
    ]
    lines.append(
        {**lines[0], "id": "g3", "type": "unanswerable", "answerable": False, "expect": [], "evidence": []}
    )
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def passage(article: str, start: int, end: int, copy: tuple[str, int, int] | None = None) -> Passage:
    copies = ()
    if copy:
        chunk = Chunk(copy[0], 0, copy[1], copy[2], "x" * (copy[2] - copy[1]))
        copies = (Hit(chunk, Article(copy[0], "", "x" * 100), 0.5),)
    return Passage(Article(article, "", "x" * 100), start, end, (), copies)


def test_measures_agree_with_a_hand_computed_example() -> None:
    """Two quotes: one in the second passage, the other in the fourth."""
    question = PublicQuestion("q", "?", (Need("a", ((0, 10),)), Need("b", ((5, 9),))), type="multi-hop")
    passages = [passage("c", 0, 50), passage("a", 0, 20), passage("a", 20, 50), passage("b", 5, 9)]
    (found,) = grade([question], [passages])
    assert found.ranks == (2, 4)
    values = {name: measure(found) for name, measure in GOLD_MEASURES.items()}
    assert values == {
        "recall@1": 0,
        "recall@3": 0.5,
        "recall@5": 1,
        "recall@8": 1,
        "all evidence@8, of several": 1,
        "recall@5, of one": None,
        "MRR@10": pytest.approx(1 / 2),
        "nDCG@10": pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))),
    }
    assert [measure(found) for measure in PUBLIC_MEASURES.values()] == [0, 1, pytest.approx(1 / 2)]


def test_two_quotes_in_the_first_passage_are_the_ideal() -> None:
    question = PublicQuestion("q", "?", (Need("a", ((0, 10),)), Need("a", ((12, 20),))))
    (found,) = grade([question], [[passage("a", 0, 20)]])
    assert (found.ranks, found.reciprocal, found.ndcg) == ((1, 1), 1, 1)


def test_nothing_found_counts_as_nought() -> None:
    lost = PublicQuestion("lost", "?", (Need("a", ((0, 10),)),))
    held = PublicQuestion("held", "?", (Need("a", ((0, 10),)),))
    one, two = grade([lost, held], [[], [passage("a", 0, 10)]])
    assert (one.ranks, one.reciprocal, one.ndcg, one.share(8)) == ((None,), 0, 0, 0)
    assert two.reciprocal == 1


@pytest.mark.parametrize(
    ("start", "end", "held"), [(0, 30, True), (10, 20, True), (0, 19, False), (11, 30, False)]
)
def test_a_quote_cut_by_a_border_is_missed(start: int, end: int, held: bool) -> None:
    assert Need("a", ((10, 20),)).held_by(passage("a", start, end)) is held


def test_any_place_where_the_quote_stands_will_do() -> None:
    assert Need("a", ((10, 20), (40, 50))).held_by(passage("a", 35, 60))
    assert not Need("b", ((10, 20), (40, 50))).held_by(passage("a", 0, 100))


def test_near_copies_count() -> None:
    found = passage("a", 0, 100, copy=("b", 10, 30))
    assert Need("b", ((10, 20),)).held_by(found)
    assert Need("b").held_by(found)
    assert not Need("b", ((25, 35),)).held_by(found)


def test_a_table_shows_means_with_intervals() -> None:
    one = PublicQuestion("1", "?", (Need("a", ((0, 10),)),), type="lookup")
    found = grade([one, dataclasses.replace(one, id="2")], [[passage("a", 0, 10)], []])
    lines = measures_table(GOLD_MEASURES, {"BM25": found}, {"BM25": 12.4}).splitlines()
    assert lines[0].startswith("|  | recall@1 | recall@3")
    assert lines[2].startswith("| BM25 | 0.50 (0.00–1.00) |")
    assert lines[2].endswith("| 12 |")
    assert "| - |" in lines[2], "no question needs several"


def test_turning_a_search_off_leaves_the_other(retriever: Retriever) -> None:
    hits = {
        change: [hit.ranks for one in change(retriever).retrieve("mayor harbour") for hit in one.hits]
        for change in (dense, lexical)
    }
    assert hits[dense]
    assert hits[lexical]
    assert all(ranks.lexical is None and ranks.dense for ranks in hits[dense])
    assert all(ranks.dense is None and ranks.lexical for ranks in hits[lexical])


def test_narrow_passages_are_chunks_in_the_order_of_the_search(retriever: Retriever) -> None:
    passages = narrow(unranked(lexical(retriever))).retrieve("mayor harbour")
    assert [one.hits[0].ranks.lexical for one in passages] == list(range(1, len(passages) + 1))
    for one in passages:
        assert one.text == one.hits[0].chunk.text


def test_the_reranker_is_not_shown_the_heading(retriever: Retriever) -> None:
    retriever.retrieve("harbour")
    assert all(text.partition("(")[0].strip() in ARTICLES.values() for _, text in retriever.reranker.shown)
    retriever.reranker.shown.clear()
    without_heading(retriever).retrieve("harbour")
    assert retriever.reranker.shown
    assert not any(title in text for _, text in retriever.reranker.shown for title in ARTICLES.values())


def test_the_prior_is_taken_back() -> None:
    pairs = [("a b", "a b"), ("a b", "a"), ("a b", "c")]
    logits = Without(CommonWords(), prior=True).score(pairs)
    assert [logit - PRIOR * math.log(rank) for rank, logit in enumerate(logits, 1)] == [2, 1, 0]


def test_the_default_row_is_the_default() -> None:
    assert DEFAULT_ROW.embedder == ENGLISH
    assert DEFAULT_ROW.changes == ()
    assert len({row.name for row in GOLD_ROWS}) == len(GOLD_ROWS)


def test_gold_is_measured_and_its_section_alone_replaced(
    retriever: Retriever, gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(Bench, "retriever", lambda *args: retriever)
    results = tmp_path / "RESULTS.md"
    old = "<!-- retrieval-gold: begin -->\noutdated\n<!-- retrieval-gold: end -->"
    results.write_text(f"# Mine\n\nabove\n\n{old}\n\nbelow\n", encoding="utf-8")
    arguments = ["--only", "gold", "--gold", str(gold), "--results", str(results), "--work", str(tmp_path)]
    assert main([*arguments, "--timed", "1", "--misses", "test"]) == 0
    text = results.read_text(encoding="utf-8")
    assert text.startswith("# Mine\n\nabove\n")
    assert text.endswith("\n\nbelow\n")
    assert "outdated" not in text
    assert "2 answerable questions over 3 articles" in text
    halves = {case.half for case in read_gold(gold) if case.answerable}
    assert text.count("| **default** | 1.00 (1.00–1.00) |") == len(halves) + 1
    assert text.count("| BM25 |") == 3
    assert capsys.readouterr().out.startswith("## Retrieval on gold")
    once = text
    assert main([*arguments, "--timed", "0"]) == 0
    again = results.read_text(encoding="utf-8")
    assert again.count("## Retrieval on gold") == once.count("## Retrieval on gold") == 1


def test_a_loss_names_the_rank_at_each_stage(retriever: Retriever) -> None:
    article = retriever.index.catalogue.article("harbour")
    assert split_article(article, 160)[0].text.startswith(QUOTE)
    cut, whole = Need("harbour", ((0, len(article.text)),)), Need("harbour", ((0, len(QUOTE)),))
    question = PublicQuestion("q", "mayor harbour", (cut, whole), half="test")
    (found,) = grade([question], [[]])
    lines = losses(found, narrow(retriever).retrieve(question.text, k=100)).splitlines()
    assert lines[1].endswith("in no passage")
    assert "passage 1, Ranks(dense=" in lines[2]


def test_public_sets_are_measured_and_absent_ones_passed_over(
    retriever: Retriever, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(Bench, "retriever", lambda *args: retriever)
    write_set(tmp_path / "clapnq", ["harbour"] * 3)
    results = tmp_path / "RESULTS.md"
    arguments = ["--bench", str(tmp_path), "--results", str(results), "--work", str(tmp_path)]
    assert main([*arguments, "--only", "clapnq", "timeqa", "--sample", "2"]) == 0
    text = results.read_text(encoding="utf-8")
    assert "A sample of 2 answerable questions" in text
    assert '`make bench-retrieval BENCH=FOLDER A="--only clapnq --sample 2"`' in text
    assert str(tmp_path) not in text
    assert "timeqa" not in text
    assert capsys.readouterr().err.splitlines()[-1].startswith("timeqa: passed over")


def test_without_a_bench_folder_nothing_is_written(tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    assert main(["--only", "mtragun", "--results", str(results), "--work", str(tmp_path)]) == 0
    assert not results.exists()


def test_an_error_is_one_line(tmp_path: Path, capsys: Any) -> None:
    broken = tmp_path / "clapnq"
    broken.mkdir()
    (broken / "questions.jsonl").write_text('{"id": "x"}\n', encoding="utf-8")
    assert main(["--only", "clapnq", "--bench", str(tmp_path), "--work", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "questions.jsonl: cannot be used (KeyError" in line


def test_only_a_packaged_reranker_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_RERANKER", "none")
    assert main(["--only", "clapnq", "--work", str(tmp_path)]) == 2


def write_set(folder: Path, evidence: list[str], **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        {"id": f"q{number}", "question": "harbour?", "answerable": True, "evidence_ids": [article], **more}
        for number, article in enumerate(evidence)
    ]
    path = folder / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def test_a_sample_depends_on_ids_alone(tmp_path: Path) -> None:
    path = write_set(tmp_path, ["harbour"] * 20)
    sample = [question.id for question in public_questions(path, 5)]
    assert [question.id for question in public_questions(path, 6)][:5] == sample
    path.write_text("\n".join(reversed(path.read_text(encoding="utf-8").splitlines())), encoding="utf-8")
    assert [question.id for question in public_questions(path, 5)] == sample
    assert sample != sorted(sample)


def test_questions_without_answer_or_evidence_are_left_out(tmp_path: Path) -> None:
    assert not public_questions(write_set(tmp_path, ["harbour"], answerable=False), 5)
    assert not public_questions(write_set(tmp_path, ["harbour"], evidence_ids=[]), 5)
    with pytest.raises(GoldError, match="cannot be used"):
        public_questions(tmp_path / "absent.jsonl", 5)


def test_a_follow_up_is_searched_behind_the_turn_before_it(tmp_path: Path) -> None:
    turns = [("Who?", "The\nmayor."), ("Where?", "Here.")]
    history = [
        {"role": role, "text": text}
        for turn in turns
        for role, text in zip(("user", "assistant"), turn, strict=True)
    ]
    (question,) = public_questions(write_set(tmp_path, ["harbour"], history=history), 5)
    assert question.text == "Where? harbour?"
    searches = make_query("harbour?", [Turn(*turn) for turn in turns], Filters(), None).searches
    assert question.text in searches, "as the assistant searches it too"
    assert asked({"question": "alone?"}).query() == "alone?"
