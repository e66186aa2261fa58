"""Agreement with people: shares, balanced accuracy and its interval, and the section that is written."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import QueuedModel

from assistant.errors import GoldError
from assistant.evaluation.scorers.standard import correctness
from eval.benchmarks import judgecal
from eval.benchmarks.judgecal import agree, grade, interval_by_question, main, read_items

ITEMS = [
    ("q1", "Ottawa is the capital.", ["Ottawa", "Ottawa, Ontario"], True, "one"),
    ("q1", "It is Toronto.", ["Ottawa"], False, "two"),
    ("q2", "In nineteen eighty-one.", ["1981", " "], True, "one"),
    ("q2", "In 1981.", ["1981"], True, "two"),
    ("q3", "The Alps.", ["Alps"], False, "one"),
    ("q3", "The Andes.", ["Alps"], False, "two"),
]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    folder = tmp_path / "judgecal"
    folder.mkdir()
    lines = [
        {
            "id": f"i{number}",
            "question": question,
            "answer": answer,
            "gold": gold,
            "correct": right,
            "model": system,
        }
        for number, (question, answer, gold, right, system) in enumerate(ITEMS)
    ]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return tmp_path


def test_items_are_graded_by_the_scorer_of_gold(bench: Path) -> None:
    items = read_items(bench / "judgecal" / "items.jsonl", None)
    grades = grade(items, correctness)
    assert grades == [True, False, False, True, True, False]
    found = agree(items, grades)
    assert (found.right.estimate, found.wrong.estimate) == pytest.approx((2 / 3, 2 / 3))
    assert found.balanced == pytest.approx(2 / 3)
    low, high = interval_by_question(items, grades)
    assert 0 <= low < 2 / 3 < high <= 1
    assert agree(items, [*grades[:5], None]).ungraded == 1


def test_a_sample_is_the_same_every_time(bench: Path) -> None:
    file = bench / "judgecal" / "items.jsonl"
    three = read_items(file, 3)
    assert three == read_items(file, 4)[:3]
    assert len(three) == 3


def test_the_section_is_written(bench: Path, capsys: Any) -> None:
    results = bench / "RESULTS.md"
    assert main(["--bench", str(bench), "--results", str(results)]) == 0
    text = results.read_text(encoding="utf-8")
    assert "## Agreement with people, the deterministic scorer\n\n`make bench-judgecal BENCH=FOLDER`" in text
    assert "Shares of 6 answers to 3 questions" in text
    assert "| two | 3 | 1.00 | 1.00 (0.21–1.00) | 1.00 (0.34–1.00) |" in text
    assert "## Agreement with people" in capsys.readouterr().out


def test_a_judge_is_measured_the_same_way(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says = ["true", "false", "true", "true", "false", "unclear"]
    replies = [f'{{"why": "-", "right": {one}}}' for one in says]
    monkeypatch.setattr(
        judgecal, "load_chat_model", lambda *arguments, **options: QueuedModel(replies=replies)
    )
    results = bench / "RESULTS.md"
    assert main(["--bench", str(bench), "--results", str(results), "--judge", "small"]) == 0
    text = results.read_text(encoding="utf-8")
    assert '## Agreement with people, judge small\n\n`make bench-judgecal BENCH=FOLDER JUDGE="small"`' in text
    assert "1 answers could not be graded and are left out." in text
    assert "| all | 6 | 1.00 (1.00–1.00) |" in text


def test_what_cannot_be_used_is_told_in_a_line(bench: Path, capsys: Any) -> None:
    assert main(["--bench", str(bench / "none")]) == 2
    assert "correct the file or BENCH" in capsys.readouterr().err
    items = read_items(bench / "judgecal" / "items.jsonl", None)
    with pytest.raises(GoldError, match="take a larger one"):
        agree(items[:1], [True])
