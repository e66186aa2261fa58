"""The page over all kept runs: what is found, how it is scored, and where it is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation.run import run
from assistant.schema import Answer
from eval.benchmarks.how_good import main
from eval.benchmarks.kept_runs import find_cached, find_runs, rank
from eval.benchmarks.sets import read_set

CASE: dict[str, Any] = {
    "id": "n1",
    "question": "How did parliament vote on the valley dam?",
    "type": "number",
    "as_of": None,
    "history": [],
    "answerable": True,
    "expect": [["61"]],
    "evidence": [{"article": "dam", "quote": "by 61 votes"}],
}
CASES = [
    CASE,
    CASE | {"id": "n2", "question": "Who built it?", "expect": [["Brandt"]]},
    CASE | {"id": "n3", "question": "Why?", "type": "unanswerable", "answerable": False, "expect": []},
]
QUESTION = {"id": "q1", "question": "Why?", "answerable": True, "answers": ["the valley dam was approved"]}
CORPUS = [{"id": "dam", "title": "Dam", "text": "Parliament approved the valley dam by 61 votes."}]
RIGHT = {"n1": "The dam is new [1]. It was by 61 votes [2].", "n2": "Nobody.", "q1": "The dam was approved."}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))
    lines = {
        "wikinews/corpus.jsonl": CORPUS,
        "wikinews/extra-en.jsonl": [CORPUS[0] | {"id": "copy"}],
        "wikinews/gold.jsonl": CASES,
        "clapnq/corpus.jsonl": CORPUS,
        "clapnq/questions.jsonl": [QUESTION | {"evidence_ids": ["dam"]}],
    }
    for name, some in lines.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in some), encoding="utf-8")
    return tmp_path


def keep(path: Path, bench: Path, name: str, texts: dict[str, str], **made: str) -> None:
    """A run in its file: what it has no text for is abstained from."""
    items = read_set(name, bench, None)

    def answer(case: Any, on_event: object) -> Answer:
        text = texts.get(case.id, "")
        status = "answered" if text else "abstained"
        return Answer(question=case.question, status=status, confidence=1, answer=text, model="m")

    run(
        [item.case for item in items],
        answer,
        scorers=(),
        on_progress=lambda graded: None,
        provenance={"model": "extractive"} | made,
        resume=path,
    )


def start(bench: Path, *arguments: str) -> int:
    places = ["--results", str(bench / "RESULTS.md"), "--readme", str(bench / "README.md")]
    return main(["--bench", str(bench), *places, *arguments])


def test_kept_runs_become_one_page_and_the_readme_its_overview(bench: Path, capsys: Any) -> None:
    runs, model = bench / "runs", "qwen2.5-coder-1.5b"
    keep(
        runs / "wikinews-tutorial-openai-x.jsonl",
        bench,
        "wikinews",
        {},
        model="openai:x",
        pipeline="tutorial",
    )
    keep(runs / "wikinews-extractive.jsonl", bench, "wikinews", RIGHT)
    keep(runs / f"wikinews-{model}.jsonl", bench, "wikinews", RIGHT | {"n3": "So."}, model=model)
    keep(runs / "wikinews-extra-extractive.jsonl", bench, "wikinews-extra", RIGHT)
    keep(runs / "clapnq-extractive.jsonl", bench, "clapnq", RIGHT)
    (runs / "other.jsonl").write_text("")
    (bench / "RESULTS.md").write_text("# Results\n\n## Older\n\nText.\n")
    (bench / "README.md").write_text(
        "above\n\n<!-- how-good: begin -->\nold\n<!-- how-good: end -->\n\nbelow\n"
    )
    for _ in range(2):
        assert start(bench, "--runs", str(runs)) == 0
    assert "other.jsonl: passed over" in capsys.readouterr().err
    text = (bench / "RESULTS.md").read_text(encoding="utf-8")
    assert text.startswith(
        "# Results\n\n<!-- how-good: begin -->\n## How good it is\n\n`make how-good BENCH=FOL"
    )
    assert text.endswith("\n\n## Older\n\nText.\n")
    assert text.count("## How good it is") == 1
    assert str(bench) not in text
    head = "|  | wikinews (3) | wikinews-extra (3) | clapnq (1) |"
    told = "50% (9–91) right, 0% in the first sentence, 50% wrong, 0% withheld, 0% declined, 1 words"
    assert (
        f"{head}\n| --- | ---: | ---: | ---: |\n| default ({model}) | {told} | – | – |\n| extractive | "
        in text
    )
    assert (
        "\n| tutorial pipeline, openai:x | 0% (0–66) right, 0% in the first sentence, 0% wrong, 100% with"
        in text
    )
    assert "| 75% recalled, 0% withheld, 4 words |" in text
    assert "At its worst, the default: 50% right (wikinews), 50% wrong (wikinews), 0% withheld" in text
    outcomes = "| 50% (9–91) | 50% (0–100) | 0% (0–0) | 50% (9–91) | 0% (0–66) |"
    assert f"| extractive | 2 {outcomes} 1 | 100% (21–100) |" in text
    assert "(on wikinews, wikinews-extra, clapnq)" in text
    readme = (bench / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("above\n\n<!-- how-good: begin -->\nAnswers, with the number of questions")
    assert readme.endswith("\n<!-- how-good: end -->\n\nbelow\n")
    assert head in readme
    assert "At its worst" in readme


def test_the_runs_in_the_cache_are_found_the_newest_of_each(bench: Path) -> None:
    folder = bench / "cache" / "bench"
    made = {"model": "openai:x", "pipeline": "tutorial"}
    keep(folder / "answers-wikinews-extra-0123.jsonl", bench, "wikinews-extra", RIGHT)
    keep(folder / "answers-wikinews-0123.jsonl", bench, "wikinews", {}, **made)
    keep(folder / "answers-wikinews-4567.jsonl", bench, "wikinews", RIGHT, **made | {"prompts": "new"})
    assert find_cached(bench / "cache") == {
        ("wikinews-extra", "extractive"): folder / "answers-wikinews-extra-0123.jsonl",
        ("wikinews", "tutorial-openai-x"): folder / "answers-wikinews-4567.jsonl",
    }
    assert start(bench) == 0
    text = (bench / "RESULTS.md").read_text(encoding="utf-8")
    assert "- tutorial pipeline, openai:x: pipeline tutorial, prompts new (on wikinews)" in text
    assert "At its worst" not in text  # nothing of the default


def test_without_a_run_it_says_how_to_keep_one(bench: Path, capsys: Any) -> None:
    assert start(bench) == 2
    assert "keep one with: make bench-answers SET=... RUNS=" in capsys.readouterr().err
    (bench / "runs").mkdir()
    assert start(bench, "--runs", str(bench / "runs")) == 2
    assert not (bench / "RESULTS.md").exists()


def test_a_run_of_other_questions_is_passed_over(bench: Path, capsys: Any) -> None:
    runs = bench / "runs"
    keep(runs / "wikinews-extractive.jsonl", bench, "wikinews", RIGHT)
    keep(runs / "wikinews-some.jsonl", bench, "clapnq", RIGHT, model="some")
    assert start(bench, "--runs", str(runs)) == 0
    assert "wikinews-some.jsonl: passed over" in capsys.readouterr().err
    assert find_runs(runs, print).keys() == {("wikinews", "extractive"), ("wikinews", "some")}


def test_the_default_stands_first_and_other_models_last() -> None:
    systems = ["tutorial-x", "openai-x", "extractive", "qwen2.5-coder-1.5b"]
    assert sorted(systems, key=rank) == ["qwen2.5-coder-1.5b", "extractive", "tutorial-x", "openai-x"]
