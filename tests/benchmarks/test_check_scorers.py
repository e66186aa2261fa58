"""How the scorers agree with people: the sheet, the counts, the threshold, the exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import write_corpus

from assistant.errors import GoldError
from assistant.evaluation.gold.cases import Case, Evidence
from assistant.evaluation.scorers.answer_quality import SUPPORTED
from assistant.settings import Settings
from eval.benchmarks.check_scorers import (
    Confusion,
    Labelled,
    Rated,
    claim_labels,
    confusions,
    fit_threshold,
    kappas,
    main,
    print_agreement,
    read_sheet,
)

CASE = Case(
    id="cost",
    question="What will the dam cost?",
    type="number",
    as_of=None,
    history=(),
    answerable=True,
    expect=(("90 billion",),),
    evidence=(Evidence(article="dam", quote="The dam will cost 90 billion crowns"),),
    reject=(("80 billion",),),
)
RIGHT = "The dam will cost 90 billion crowns."
BESIDE = "The ferry ran aground."
FALSE = "The dam will cost 80 billion crowns."


def row(*told: str, second: dict[str, Any] | None = None, **labels: Any) -> dict[str, Any]:
    """An answer of these sentences, each with nearly itself as its quote."""
    quotes = [
        {
            "number": number, "article": "dam", "title": "Dam", "date": None, "outlets": [],
            "quote": text.replace("will cost", "costs"),
            "start": 0, "end": len(text), "url": None,
        }
        for number, text in enumerate(told, 1)
    ]  # fmt: skip
    claims = [{"text": text, "citations": [number], "support": 1.0} for number, text in enumerate(told, 1)]
    found = {"correct": True, "complete": True, "false_sentences": [], "beside_the_point": []} | labels
    status = "answered" if told else "abstained"
    given = {"status": status, "answer": " ".join(told), "claims": claims, "citations": quotes}
    line = {"id": "x", "system": "m", "case": "cost", "answer": given, "labels": found, "as_of": None}
    return line | ({"labels_second": found | second} if second is not None else {})


ROWS = [
    row(RIGHT, second={}),
    row(
        RIGHT,
        BESIDE,
        beside_the_point=[1],
        second={"correct": False, "false_sentences": [1], "beside_the_point": [], "degenerate": True},
    ),
    row(FALSE, correct=False, false_sentences=[0], second={}),
    row(RIGHT, RIGHT, degenerate=True, correct=False, second={}),
    row(correct=False, second={}),
    row(RIGHT, FALSE),
]


def sheet(folder: Path, *rows: dict[str, Any]) -> list[Labelled]:
    path = folder / "labelled.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return read_sheet(path, [CASE])


def support(pairs: list[tuple[str, str]]) -> list[float]:
    return [0.1 if "80" in claim else 0.9 for claim, _ in pairs]


def test_scorers_are_counted_beside_people(tmp_path: Path) -> None:
    read = sheet(tmp_path, *ROWS, row(RIGHT) | {"case": "gone"})
    assert len(read) == 6
    assert confusions(read, {}, claim_labels(read, support)) == [
        Confusion("right", both=2, scorer_only=0, people_only=1, neither=3, readers=0.8),
        Confusion("no false sentence", both=3, scorer_only=0, people_only=1, neither=1, readers=0.75),
        Confusion("not degenerate", both=3, scorer_only=0, people_only=1, neither=1, readers=0.75),
        Confusion("sentences that help", both=5, scorer_only=0, people_only=2, neither=1, readers=5 / 6),
        Confusion("supported sentences", both=6, scorer_only=0, people_only=1, neither=1, readers=5 / 6),
    ]


def test_support_is_compared_only_where_there_are_quotes(tmp_path: Path) -> None:
    quoted, bare = row(RIGHT, second={"false_sentences": [0]}), row(FALSE)
    bare["answer"]["citations"] = []
    assert claim_labels(sheet(tmp_path, quoted, bare), support) == [Rated(0.9, sound=True, second=False)]


def test_too_many_disagreements_are_a_failure(tmp_path: Path, capsys: Any) -> None:
    assert print_agreement(sheet(tmp_path, *ROWS), {}, support) == 1
    told = capsys.readouterr().out
    assert "right                      2       0       1     3  83.3%      80.0%\n" in told
    below = "right, no false sentence, not degenerate, sentences that help, supported sentences"
    assert f"\nBelow 95%: {below}\n" in told
    assert "\nSupport that parts true sentences from false ones best: 0.500\n" in told
    assert "m cost: people say right\n" in told
    assert told.endswith("The outcome agrees in 83.3% of the answers, and at least 95% must\n")
    assert print_agreement(sheet(tmp_path, *ROWS[:2]), {}, support) == 0
    told = capsys.readouterr().out
    assert "\nBelow" not in told
    assert "Support that parts" not in told


def test_readers_are_compared_where_both_read(tmp_path: Path) -> None:
    read = sheet(tmp_path, *ROWS)
    found = kappas(read)
    # Of five answers, one is right for the first reader alone, one for both, three for neither.
    assert found["correct"] == pytest.approx((0.8 - 0.56) / (1 - 0.56))
    assert found["degenerate"] == found["false sentences"] == found["correct"]  # with two for the second
    assert "complete" not in found
    assert kappas(sheet(tmp_path, ROWS[-1])) == {}


def test_the_threshold_parts_both_kinds_best() -> None:
    told = [(0.1, False), (0.2, False), (0.3, True), (0.4, False), *[(0.8, True)] * 6]
    assert fit_threshold([Rated(*one) for one in told]) == pytest.approx(0.6)
    assert fit_threshold([Rated(0.1, sound=False), Rated(0.3, sound=True)]) == pytest.approx(0.2)
    assert 0 < SUPPORTED < 1
    with pytest.raises(GoldError, match="label more answers"):
        fit_threshold([Rated(0.1, sound=True)])


@pytest.mark.parametrize("content", ["", "{}", "no", json.dumps(row(RIGHT) | {"case": "gone"})])
def test_a_sheet_that_cannot_be_used_is_told_of(tmp_path: Path, content: str) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(content)
    with pytest.raises(GoldError, match=r"labelled\.jsonl: (cannot be used|holds no answer)"):
        read_sheet(path, [CASE])
    with pytest.raises(GoldError, match="cannot be used"):
        read_sheet(tmp_path / "none.jsonl", [CASE])


@pytest.mark.parametrize(("rows", "status"), [(ROWS[:2], 0), (ROWS, 1), ([], 2)])
def test_the_command(tmp_path: Path, capsys: Any, rows: list[dict[str, Any]], status: int) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(CASE.model_dump_json() + "\n", encoding="utf-8")
    if rows:
        sheet(tmp_path, *rows)
    settings = Settings(corpus=write_corpus(tmp_path / "corpus"))
    assert main(["--gold", str(gold)], settings) == status
    assert ("answers that people read" in capsys.readouterr().out) is bool(rows)
