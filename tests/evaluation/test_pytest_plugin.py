"""The plugin of pytest, in a pytest of its own over a small corpus, without a language model."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fakes import write_corpus
from reporting import answer, case, grade, graded_cases

from assistant.evaluation.report.failure import LINES, WIDTH, failure
from assistant.evaluation.scorers.score import Score

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
"""Each test starts a pytest or two, which load the small models."""

CHECKOUT = Path(__file__).parents[2]
PLUGIN = "assistant.evaluation.pytest_plugin"
GOLD = [
    {"id": "cost", "question": "What will the valley dam cost?", "answer": "90 billion"},
    {"id": "votes", "question": "By how many votes did parliament approve the valley dam?", "answer": "77"},
]


class Ended(NamedTuple):
    status: int
    text: str

    def counted(self) -> dict[str, int]:
        """As {"passed": 1, "failed": 2}, of pytest's last line."""
        last = self.text.rstrip().splitlines()[-1]
        return {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", last.partition(" in ")[0])}


class Project:
    """A folder with articles, gold and tests, and pytest in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_corpus(folder / "articles")
        self.write_gold(*GOLD)

    def write_gold(self, *cases: dict[str, Any]) -> None:
        text = "".join(f"{json.dumps(line)}\n" for line in cases)
        (self.folder / "gold.jsonl").write_text(text, encoding="utf-8")

    def pytest(self, *arguments: str, model: str = "extractive") -> Ended:
        places = ("--assistant-corpus", "articles", "--assistant-index", "index", "--assistant-model", model)
        command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", *places]
        done = subprocess.run(
            [*command, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=self.folder,
            # Whether the package's entry point is installed makes no difference then.
            env=os.environ | {"PYTHONPATH": str(CHECKOUT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )
        return Ended(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for all tests that change nothing but the gold, so its index is built once."""
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(built: Project) -> Project:
    for path in built.folder.glob("*.json"):
        path.unlink()
    for path in built.folder.glob("test_*.py"):
        path.unlink()
    built.write_gold(*GOLD)
    return built


def test_each_case_is_a_test_and_says_what_was_wrong(project: Project) -> None:
    ended = project.pytest("--assistant-gold", "gold.jsonl", "-v")
    assert ended.status == 1
    assert ended.counted() == {"failed": 1, "passed": 1}
    assert re.search(r"gold\.jsonl::cost PASSED", ended.text)
    assert re.search(r"gold\.jsonl::votes FAILED", ended.text)
    shown = ended.text.partition(" votes ")[2].partition("short test summary")[0]
    assert "question: By how many votes did parliament approve the valley dam?" in shown
    assert re.search(r"answer:   .*61 votes to 38", shown)
    assert "expected: 77" in shown
    assert "failing:  correctness: missing within 40 words: 77" in shown
    assert len(shown.splitlines()) <= LINES + 4
    assert "Traceback" not in ended.text
    assert "pytest_plugin.py" not in shown


def test_cases_are_chosen_as_tests_are_and_stand_beside_others(project: Project) -> None:
    (project.folder / "test_own.py").write_text("def test_nothing(): pass\n", encoding="utf-8")
    gold = ("--assistant-gold", "gold.jsonl")
    listed = project.pytest(*gold, "--collect-only", "-q").text
    assert sorted(line for line in listed.splitlines() if "::" in line) == [
        "gold.jsonl::cost",
        "gold.jsonl::votes",
        "test_own.py::test_nothing",
    ]
    alone = project.pytest(*gold, "gold.jsonl::cost")
    assert (alone.status, alone.counted()) == (0, {"passed": 1})
    chosen = project.pytest(*gold, "-k", "cost or nothing")
    assert (chosen.status, chosen.counted()) == (0, {"passed": 2, "deselected": 1})


def test_a_case_that_was_wrong_before_is_expected_to_fail(project: Project) -> None:
    """As the baseline has it; one that got worse fails."""
    kept = {"type": "lookup", "digest": "0", "scores": {}, "answer": ""}
    cases = [kept | {"id": "cost", "outcome": "wrong"}, kept | {"id": "votes", "outcome": "wrong"}]
    baseline = project.folder / "baseline-extractive.json"
    baseline.write_text(json.dumps({"provenance": {}, "cases": cases}), encoding="utf-8")
    ended = project.pytest("--assistant-gold", "gold.jsonl", "-rx")
    assert (ended.status, ended.counted()) == (0, {"xfailed": 1, "xpassed": 1})
    assert "wrong in the baseline, too" in ended.text
    cases[1]["outcome"] = "right"
    baseline.write_text(json.dumps({"provenance": {}, "cases": cases}), encoding="utf-8")
    assert project.pytest("--assistant-gold", "gold.jsonl").counted() == {"failed": 1, "xpassed": 1}


def test_the_fixture_asks_and_measures(project: Project) -> None:
    (project.folder / "test_own.py").write_text(
        """
import pytest

def test_an_answer(assistant_eval):
    assert "90 billion" in assistant_eval.ask("What will the valley dam cost?").answer

def test_a_run(assistant_eval):
    report = assistant_eval.run(gold="gold.jsonl")
    assert not report.passed
    assert report.figures["cases"] == 2
    assert report.figures["right"] == report.figures["wrong"] == 0.5
    assert report.figures["quotes verbatim"] == 1
    assert assistant_eval.run("gold.jsonl") is report

def test_an_error(assistant_eval):
    assistant_eval.ask("Who?", section="Nonsense")

def test_another_error():
    from assistant.errors import AssistantError
    raise AssistantError("not of the fixture")
""",
        encoding="utf-8",
    )
    ended = project.pytest()
    assert ended.counted() == {"failed": 2, "passed": 2}
    mine, _, other = ended.text.partition("test_another_error")
    assert "assistant: no article has the section 'Nonsense'; there are: Energy, Transport" in mine
    assert "selection.py" not in mine
    assert 'raise AssistantError("not of the fixture")' in other


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (("--assistant-gold", "none.jsonl"), 4, "ERROR: --assistant-gold none.jsonl: is not there; correct"),
        (("--assistant-corpus", "none"), 4, "ERROR: --assistant-corpus none: is not there; correct the path"),
        (
            ("--assistant-gold", "bad.jsonl"),
            2,
            "assistant: {folder}/bad.jsonl: line 1: no answer; give",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    project: Project, arguments: tuple[str, ...], status: int, line: str
) -> None:
    (project.folder / "bad.jsonl").write_text('{"question": "Who?"}\n', encoding="utf-8")
    ended = project.pytest(*arguments)
    assert ended.status == status
    assert line.format(folder=project.folder) in ended.text
    assert "Traceback" not in ended.text
    assert "pytest_plugin.py" not in ended.text


def test_what_is_not_recorded_or_cannot_be_won_fails_in_a_line(project: Project) -> None:
    evidence = [{"article": "dam", "quote": "Nobody cared."}]
    project.write_gold(GOLD[0], GOLD[1] | {"evidence": evidence})
    ended = project.pytest("--assistant-gold", "gold.jsonl", model="openai:some-model")
    assert ended.counted() == {"failed": 2}
    assert (
        "assistant: unmeasured: not recorded; record it with assistant eval --record, or ask with "
        "--assistant-live" in ended.text
    )
    assert 'assistant: votes: dam does not hold "Nobody cared."; correct the gold' in ended.text
    assert "evaluator.py" not in ended.text


def test_several_workers_build_one_index(tmp_path: Path) -> None:
    """They begin at once, with none there."""
    pytest.importorskip("xdist")
    fresh = Project(tmp_path / "fresh")
    fresh.write_gold(GOLD[0], GOLD[0] | {"id": "again"}, GOLD[0] | {"id": "once-more"})
    ended = fresh.pytest("-p", "xdist.plugin", "-n", "2", "--assistant-gold", "gold.jsonl")
    assert (ended.status, ended.counted()) == (0, {"passed": 3}), ended.text


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    code = f"import pytest, sys; old = set(sys.modules); import {PLUGIN}; print(*set(sys.modules) - old)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
    )
    assert set(done.stdout.split()) == {
        "assistant",
        "assistant.errors",
        "assistant.evaluation",
        PLUGIN,
    }


def test_a_failure_fits_on_a_screen() -> None:
    wordy = case("long", question="Why? " * 300, expect=[[f"form {number}" for number in range(200)]])
    scores = tuple(Score(f"score {number}", 0.0, "seen " * 100) for number in range(20))
    shown = failure(grade(wordy, answer(wordy.question, "Because. " * 500), 0.0, scores=scores)).splitlines()
    assert len(shown) == LINES
    assert max(map(len, shown)) <= WIDTH
    assert shown[-1] == "..."


def test_a_failure_shows_what_was_cited_withheld_or_not_measured() -> None:
    shown = {one.case.id: failure(one) for one in graded_cases()}
    assert "answer:   none: The corpus has nothing about this." in shown["silent"]
    assert "failing:  correctness: seen" in shown["silent"]
    assert "cited:    dam" in shown["right"]
    assert "evidence: dam: The dam will cost 90 billion crowns." in shown["right"]
    assert "expected: no answer, since the articles do not tell" in shown["unknown"]
    assert "answer:   none, since the model is gone" in shown["failed"]
