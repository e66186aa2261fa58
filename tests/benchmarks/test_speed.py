"""The benchmark of speed: what is taken of a process, and how the table compares."""

import sys
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks import speed
from eval.benchmarks.speed import Seconds


def test_the_seconds_of_a_process_are_those_of_clock_and_processor() -> None:
    code = "from time import process_time\nwhile process_time() < 0.1: pass"
    taken = speed.took(lambda: speed.run(["-c", code], Path.cwd()))
    assert taken.clock >= 0.1
    assert taken.processor >= 0.1


def test_what_is_printed_has_a_median() -> None:
    printed = speed.run(["-c", speed.LAP + "lap(lambda question: None, 'abc')"], Path.cwd())
    assert len(printed.splitlines()) == 3
    assert speed.middle("3 1\n1 2\n2 9\n") == Seconds(2, 2)


def test_only_cold_rows_are_compared_with_the_tutorial(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "cold search": [Seconds(2, 1), Seconds(3, 1), Seconds(1, 1)],
        "tutorial, cold, embedder in torch": [Seconds(10, 8)] * 3,
        "tutorial, cold, embedder exported": [Seconds(4, 4)] * 3,
        "warm search": [Seconds(0.5, 0.9)] * 3,
    }
    monkeypatch.setattr(speed, "measured", lambda *_: iter(rows.items()))
    asked: Any = type("Asked", (), {"questions": ["Who?"]})
    name, body = speed.section(asked, 3, None)
    assert name == "speed"
    assert "| cold search | 2.00 | 1.00 | 0.20 | 0.12 | 0.50 | 0.25 |" in body
    assert "| warm search | 0.50 | 0.90 |  |  |  |  |" in body


def test_a_corpus_that_is_missing_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert speed.main(["--corpus", str(tmp_path / "none"), "--results", str(tmp_path / "r.md")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "none" in line
    assert sys.executable not in line
