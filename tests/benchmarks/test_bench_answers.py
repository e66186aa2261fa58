"""Answers and claim support on public sets: what is read, scored and written, over sets of a few lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import GoldError
from assistant.evaluation.run import Graded
from assistant.schema import Answer
from eval.benchmarks.answers import main, section
from eval.benchmarks.data import digest
from eval.benchmarks.scores import general_scorers, recalled, scorers_of
from eval.benchmarks.sets import BenchmarkCase, corpus_of, read_items, read_set
from eval.benchmarks.support import WiceClaim, balanced, best_threshold, read_claims

pytestmark = pytest.mark.slow

CORPUS = [
    {"id": "dam", "title": "Dam", "text": "Parliament approved the valley dam by 61 votes to 38 in March."},
    {"id": "ferry", "title": "", "text": "The ferry Marta ran aground off Sandoy with 212 passengers."},
]
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "q1",
        "question": "How did parliament vote on the valley dam?",
        "answerable": True,
        "answers": ["by 61 votes to 38", "for the dam"],
        "evidence_ids": ["dam"],
        "wrong_answers": ["59 votes", "61 votes", "59 votes"],
    },
    {
        "id": "q2",
        "question": "And where did it run aground?",
        "answerable": True,
        "answers": ["Sandoy"],
        "evidence_ids": ["ferry"],
        "history": [
            {"role": "user", "text": "What is the ferry called?"},
            {"role": "assistant", "text": "Marta."},
        ],
        "other_times": ["Norrhavn"],
    },
    {"id": "q3", "question": "Who is it?", "answerable": False, "answers": [], "evidence_ids": []},
]


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    for name in ("clapnq", "ramdocs"):
        write(tmp_path / name / "corpus.jsonl", CORPUS)
        write(tmp_path / name / "questions.jsonl", QUESTIONS)
    return tmp_path


def items(bench: Path, name: str) -> dict[str, BenchmarkCase]:
    found = read_items(bench / "clapnq" / "questions.jsonl", name, 9)
    return {item.case.id: item for item in found}


def values(bench: Path, name: str, case: str, text: str) -> dict[str, float | None]:
    all_items = items(bench, name)
    status = "answered" if text else "abstained"
    answer = Answer(question="", status=status, confidence=0.5, answer=text, model="m")
    scores = [scorer(all_items[case].case, answer) for scorer in scorers_of(name, all_items, {})]
    return {score.name: score.value for score in scores}


def test_questions_are_read_as_cases(bench: Path) -> None:
    found = items(bench, "clapnq")
    assert [turn.answer for turn in found["q2"].case.history] == ["Marta."]
    assert found["q1"].case.expect == (("by 61 votes to 38", "for the dam"),)
    assert items(bench, "ramdocs")["q1"].case.expect == (("by 61 votes to 38",), ("for the dam",))
    assert found["q1"].wrong == ("59 votes",)  # the other stands in a right answer
    assert found["q2"].wrong == ("Norrhavn",)
    assert not found["q3"].case.answerable
    assert [
        len(read_items(bench / "clapnq" / "questions.jsonl", "clapnq", count)) for count in (1, 2, 3)
    ] == [
        1,
        2,
        3,
    ]


def test_conflicting_answers_must_all_be_given_and_strictly_no_planted_one(bench: Path) -> None:
    right = {
        "right": 1,
        "a planted answer": 0,
        "a planted answer, not as conflicting": 0,
        "right, and nothing wrong": 1,
        "abstained, answerable": 0,
    }
    assert values(bench, "ramdocs", "q1", "For the dam, by 61 votes to 38 [1].") == right
    both = values(bench, "ramdocs", "q1", "For the dam, by 61 votes to 38, or 59 votes.")
    planted = {"a planted answer": 1, "right, and nothing wrong": 0}
    assert both == right | planted | {"a planted answer, not as conflicting": 1}
    half = values(bench, "ramdocs", "q1", "By 61 votes to 38.")
    assert half == right | {"right": 0, "right, and nothing wrong": 0}


def test_stale_answers_and_abstentions_are_told_apart(bench: Path) -> None:
    assert values(bench, "timeqa", "q2", "Norrhavn.") == {
        "right": 0,
        "a stale answer": 1,
        "right, and nothing wrong": 0,
        "abstained, unanswerable": None,
        "abstained, answerable": 0,
    }
    said = {name for name, value in values(bench, "timeqa", "q3", "").items() if value is not None}
    assert said == {"abstained, unanswerable"}


def test_long_answers_share_words_with_the_nearest_reference(bench: Path) -> None:
    found = values(bench, "clapnq", "q1", "For the dam it was [1].")
    assert (found["token recall"], found["token F1"]) == (1, pytest.approx(2 * 2 / (2 + 4)))
    assert values(bench, "clapnq", "q1", "")["token recall"] == 0
    assert values(bench, "clapnq", "q3", "It.")["token recall"] is None


def test_a_set_is_asked_and_its_section_written(
    bench: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice: the second time the kept answers are used, and the section replaced."""
    monkeypatch.setenv("ASSISTANT_CACHE", str(bench / "cache"))
    results = bench / "RESULTS.md"
    arguments = ["--bench", str(bench), "--results", str(results), "--model", "extractive", "--sample", "3"]
    for _ in range(2):
        assert main(["--set", "clapnq", *arguments]) == 0
    text = results.read_text(encoding="utf-8")
    assert text.count("## Answers on clapnq, extractive") == 1
    assert "`make bench-answers SET=clapnq BENCH=FOLDER N=3 MODEL=extractive`" in text
    assert "A sample of 3 questions." in text
    assert "| abstained, answerable | 2 |" in text
    assert "| mean risk over coverages (AURC) | 3 |" in text
    told = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("3/3 q") for line in told) == 2
    assert main(["--set", "timeqa", *arguments]) == 2
    assert "correct the file or BENCH" in capsys.readouterr().err


DAM: dict[str, Any] = {
    "id": "n1",
    "question": "How did parliament vote on the valley dam?",
    "type": "number",
    "as_of": None,
    "history": [],
    "answerable": True,
    "expect": [["61"]],
    "evidence": [{"article": "dam", "quote": "by 61 votes to 38"}],
}
NEWS = [
    DAM,
    DAM | {"id": "n2", "question": "Where did the ferry Marta run aground?", "expect": [["Norrhavn"]]},
    DAM
    | {"id": "n3", "type": "unanswerable", "answerable": False, "expect": [], "evidence": []}
    | {"question": "What is the population of Lisbon?"},
]
EXTRA = [{"id": "fish", "title": "Fish", "text": "Herring stocks in the northern sea have recovered."}]


@pytest.fixture
def news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))
    titled = [CORPUS[0], CORPUS[1] | {"title": "Ferry"}]  # else a quote would be the headline too
    write(tmp_path / "wikinews" / "corpus.jsonl", titled)
    write(tmp_path / "wikinews" / "extra-en.jsonl", EXTRA)
    write(tmp_path / "wikinews" / "gold.jsonl", NEWS)
    return tmp_path


def test_wikinews_is_asked_and_told_of_by_type_and_half(news: Path, capsys: Any) -> None:
    results, runs = news / "RESULTS.md", news / "runs"
    arguments = [
        "--bench",
        str(news),
        "--results",
        str(results),
        "--model",
        "extractive",
        "--runs",
        str(runs),
    ]
    assert main(["--set", "wikinews", *arguments]) == 0
    assert len((runs / "wikinews-extractive.jsonl").read_text().splitlines()) == 4
    text = results.read_text(encoding="utf-8")
    assert (
        "## Answers on wikinews, extractive\n\n`make bench-answers SET=wikinews BENCH=FOLDER MODEL=ex" in text
    )
    assert "### Dev half" in text
    everything = text.partition("### All")[2]
    assert "| number | 2 | 0 | 50% (9–91) | 50% (9–91) | 0% (0–66) | 50% (0–100) |" in everything
    assert "| **unanswerable** | 1 | 0 | 100% (21–100) |" in everything
    assert str(news) not in text
    assert main(["--set", "wikinews", "--extra", "--sample", "1", *arguments]) == 0
    assert len((runs / "wikinews-extra-extractive.jsonl").read_text().splitlines()) == 2
    assert "BENCH=FOLDER EXTRA=1 N=1 MODEL=extractive`" in results.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--set", "clapnq", "--extra", *arguments])
    assert main(["--set", "wikinews", "--model", "extractive"]) == 2
    assert "name it with --bench (BENCH=FOLDER)" in capsys.readouterr().err


def test_two_corpora_are_joined_once(news: Path) -> None:
    joined = corpus_of("wikinews-extra", news, news / "cache")
    assert joined is not None
    assert [json.loads(line)["id"] for line in joined.read_text().splitlines()] == ["dam", "ferry", "fish"]
    written = joined.stat().st_mtime_ns
    assert corpus_of("wikinews-extra", news, news / "cache") == joined
    assert joined.stat().st_mtime_ns == written
    assert corpus_of("gold", None, news) is None
    assert corpus_of("wikinews", news, news) == news / "wikinews" / "corpus.jsonl"


def test_a_sample_is_the_first_by_digest(news: Path) -> None:
    ids = [item.case.id for item in read_set("wikinews", news, 2)]
    assert ids == sorted(["n1", "n2", "n3"], key=digest)[:2]
    assert len(read_set("wikinews", news, None)) == 3
    assert len(read_set("gold", None, None)) > 100


def test_questions_without_evidence_are_left_out(bench: Path) -> None:
    file = bench / "clapnq" / "questions.jsonl"
    write(file, [QUESTIONS[0] | {"evidence_ids": []}, *QUESTIONS[1:]])
    assert {item.case.id for item in read_items(file, "clapnq", None)} == {"q2", "q3"}


def test_scores_that_tell_how_plain_an_answer_is(bench: Path) -> None:
    case = items(bench, "clapnq")["q2"].case
    text = "It is a ferry [1]. It ran aground off Sandoy."
    answer = Answer(question="", status="answered", confidence=0.5, answer=text, model="m")
    found = {score.name: score.value for scorer in general_scorers({}) for score in [scorer(case, answer)]}
    assert (found["words"], found["first sentence"], found["right if length ignored"]) == (9, 0, 1)
    scorer = recalled(items(bench, "clapnq"))
    long = answer.model_copy(update={"answer": "word " * 60 + "Sandoy"})
    assert [scorer(case, one).value for one in (answer, long)] == [1, 0]


def test_unmeasured_questions_are_told_of(bench: Path) -> None:
    case = items(bench, "clapnq")["q1"].case
    lacking = Graded(case=case, answer=None, scores=(), seconds=1, error="no model")
    text = section("clapnq", [lacking], {"model": "m"}, "make it")
    assert "A sample of 1 questions. 1 are unmeasured." in text
    assert "AURC" not in text


CLAIMS = [WiceClaim(f"c{number}", "", (), number % 2 == 0) for number in range(40)]


def test_the_threshold_is_chosen_on_one_half() -> None:
    scores = [0.9 if claim.supported else 0.2 for claim in CLAIMS]
    assert best_threshold(CLAIMS, scores) == 0.9
    assert balanced(CLAIMS, scores, 0.9, chooses=False) == (1, 1, 1)
    swapped = [score if claim.chooses else 1 - score for claim, score in zip(CLAIMS, scores, strict=True)]
    assert best_threshold(CLAIMS, swapped) == 0.9
    assert balanced(CLAIMS, swapped, 0.9, chooses=False).estimate < 0.6


def test_balanced_accuracy_weighs_both_kinds_the_same() -> None:
    half = [claim for claim in CLAIMS if claim.chooses]
    unequal = [claim for claim in half if claim.supported][:1] + [
        claim for claim in half if not claim.supported
    ]
    found = balanced(unequal, [0.0] * len(unequal), 0.5, chooses=True)
    assert found.estimate == pytest.approx(0.5)
    with pytest.raises(GoldError, match="use more claims"):
        balanced(unequal[:1], [0.0], 0.5, chooses=True)


def test_claims_are_read_with_the_runs_of_their_sources(tmp_path: Path, capsys: Any) -> None:
    sentences = ["One is here.", "Two is there.", "Three is gone.", "Four is back."]
    lines = [
        {"id": f"w{n}", "claim": "Two is there.", "source_id": "s", "supported_bool": n % 2 == 0}
        for n in range(20)
    ]
    write(tmp_path / "wice" / "claims.jsonl", lines)
    write(tmp_path / "wice" / "sources.jsonl", [{"id": "s", "text": " ".join(sentences)}])
    claims = read_claims(tmp_path / "wice")
    assert claims[0].runs == (" ".join(sentences[:3]), " ".join(sentences[1:]))
    results = tmp_path / "RESULTS.md"
    assert main(["--set", "wice", "--bench", str(tmp_path), "--results", str(results)]) == 0
    text = results.read_text(encoding="utf-8")
    assert "## Claim support on wice, ms-marco-MiniLM-L12-v2\n\n`make bench-answers SET=wice" in text
    assert "| words, as the scorers check | 0.500 | 0.50 (" in text
    assert main(["--set", "wice", "--bench", str(tmp_path / "none")]) == 2
    assert "correct its files or BENCH" in capsys.readouterr().err
