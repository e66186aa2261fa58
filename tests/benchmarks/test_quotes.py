"""Ways of choosing quotes, over a tiny set that is asked twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks import quotes

pytestmark = pytest.mark.slow

ARTICLES = [
    {
        "id": "dam",
        "title": "Dam approved",
        "date": "2025-03-04",
        "text": "Parliament approved the dam. Its turbines come from Norway. Work begins in May.",
    },
    {
        "id": "ferry",
        "title": "Ferry aground",
        "date": "2025-11-20",
        "text": "The ferry ran aground near Alder. A tug pulled it free.",
    },
]
CASES: list[dict[str, Any]] = [
    {"question": "Where did the ferry run aground?", "expect": [["Alder"]], "evidence": "ferry"},
    {"question": "When does work on the dam begin, and whence are its turbines?",
     "expect": [["May"], ["Norway"]], "evidence": "dam"},
    {"question": "What did the dam cost?", "expect": [["90 million"]], "evidence": "dam"},
]  # fmt: skip


def test_each_way_is_graded_over_both_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(quotes, "GOLD", "wikinews")
    folder = tmp_path / "wikinews"
    folder.mkdir()
    cases = [
        case
        | {
            "id": f"q{number}",
            "type": "lookup",
            "answerable": True,
            "as_of": None,
            "history": [],
            "evidence": [{"article": case["evidence"], "quote": "-"}],
        }
        for number, case in enumerate(CASES)
    ]
    for name, lines in (("corpus", ARTICLES), ("gold", cases)):
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n", "utf-8")
    options = ["--bench", str(tmp_path), "--model", "extractive", "--half", "all", "--results", str(results)]
    assert quotes.main(options) == 0, capsys.readouterr().err
    rows = {
        cells[1].strip(): [cell.split()[0] for cell in cells[3:5]]
        for line in results.read_text("utf-8").splitlines()
        if len(cells := line.split("|")) > 5
    }
    assert rows["who knows the answer, of the 6 likeliest"] == ["67%", "33%"]
    assert rows["likeliest sentence"] == ["33%", "33%"]
    assert "6 answerable questions" in results.read_text("utf-8")
