"""Follow-ups measured: what is read, how words are counted, and a section written over a few lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.context import Turn
from assistant.errors import GoldError
from assistant.evaluation.bench_data import Need
from assistant.evaluation.bench_followups import (
    main,
    read_follow_ups,
    read_standalone,
    rewrites_section,
    rouge_l,
    token_f1,
)
from assistant.evaluation.gold import read_gold

EVAL = Path(__file__).parent.parent / "eval"
HISTORY = [{"role": "user", "text": "Was the valley dam approved?"}, {"role": "assistant", "text": "Yes."}]
ANSWERABLE = {"answerable": True, "evidence_ids": ["dam"]}
QUESTIONS: list[dict[str, Any]] = [
    {"id": "q1", "question": "What will it cost?", "history": HISTORY, **ANSWERABLE},
    {"id": "q2", "question": "Who asks?", "history": HISTORY, "answerable": False, "evidence_ids": []},
    {"id": "q3", "question": "What will the dam cost?", "history": [], **ANSWERABLE},
]
ALONE = "What will the valley dam cost?"
REWRITES = [
    {"id": "r1", "question": "What will it cost?", "history": HISTORY, "rewrite": ALONE},
    {"id": "r2", "question": "Who is Ilse Brandt?", "history": HISTORY, "rewrite": "Who is Ilse Brandt?"},
]
CORPUS = [
    {"id": "dam", "title": "Dam", "text": "The valley dam was approved. It will cost 90 billion crowns."},
    {"id": "ferry", "title": "Ferry", "text": "The ferry Marta ran aground off Sandoy."},
]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_every_follow_up_of_gold_is_written_out_by_hand() -> None:
    written = read_standalone(EVAL / "standalone.jsonl")
    follow_ups = {case.id: case.question for case in read_gold(EVAL / "gold.jsonl") if case.history}
    assert written.keys() == follow_ups.keys()
    assert all(written[one] != follow_ups[one] and written[one].endswith("?") for one in written)


def test_the_last_turns_with_their_history_and_needs(tmp_path: Path) -> None:
    found = {one.id: one for one in read_follow_ups(write(tmp_path / "questions.jsonl", QUESTIONS))}
    assert found.keys() == {"q1", "q2"}
    assert found["q1"].history == (Turn("Was the valley dam approved?", "Yes."),)
    assert found["q1"].rewritten == "What will the valley dam cost?"
    assert (found["q1"].needs, found["q2"].needs) == ((Need("dam"),), ())


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    broken = write(tmp_path / "broken.jsonl", [{"id": "q1"}])
    for read in (read_follow_ups, read_standalone):
        for file in (broken, tmp_path / "absent.jsonl"):
            with pytest.raises(GoldError, match="cannot be used"):
                read(file)


@pytest.mark.parametrize(
    ("one", "other", "f1", "rouge"),
    [
        ("What will it cost?", "What will the valley dam cost?", 2 * 3 / 10, 2 * 3 / 10),
        ("cost what", "what cost", 1, 0.5),
        ("a b c", "d", 0, 0),
        ("", "", 0, 0),
    ],
)
def test_words_in_common(one: str, other: str, f1: float, rouge: float) -> None:
    assert token_f1(one, other) == pytest.approx(f1)
    assert rouge_l(one, other) == pytest.approx(rouge)


texts = st.lists(st.sampled_from("abc"), max_size=6).map(" ".join)


@given(texts, texts)
def test_order_only_ever_takes_away(one: str, other: str) -> None:
    assert 0 <= rouge_l(one, other) <= token_f1(one, other) <= 1
    assert rouge_l(one, other) == pytest.approx(rouge_l(other, one))
    assert rouge_l(one, one) == token_f1(one, one) == bool(one.split())


def test_rewritings_beside_those_of_people(tmp_path: Path) -> None:
    text = rewrites_section(write(tmp_path / "rewrites.jsonl", REWRITES))
    assert "| all | 2 | 0.800 | 1.000 | 0.800 | 1.000 |" in text
    assert "| that a person changed | 1 | 0.600 | 1.000 | 0.600 | 1.000 |" in text


def test_a_section_is_written(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the default models, over a gold case, a conversation and two rewritings."""
    monkeypatch.setenv("ASSISTANT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ASSISTANT_CORPUS", str(write(tmp_path / "corpus.jsonl", CORPUS)))
    monkeypatch.setenv("ASSISTANT_INDEX", str(tmp_path / "index"))
    case = {
        "id": "g1", "question": "What will it cost?", "type": "follow-up", "as_of": None,
        "history": [{"question": "Was the valley dam approved?", "answer": "Yes."}], "answerable": True,
        "expect": [["90 billion"]],
        "evidence": [{"article": "dam", "quote": "It will cost 90 billion crowns."}],
    }  # fmt: skip
    gold = write(tmp_path / "gold" / "gold.jsonl", [case])
    hand = write(
        tmp_path / "gold" / "standalone.jsonl", [{"id": "g1", "question": "What will the dam cost?"}]
    )
    write(tmp_path / "bench" / "mtragun" / "corpus.jsonl", CORPUS)
    write(tmp_path / "bench" / "mtragun" / "questions.jsonl", QUESTIONS)
    write(tmp_path / "bench" / "rewrite" / "rewrites.jsonl", REWRITES)
    results = tmp_path / "RESULTS.md"
    arguments = ["--bench", str(tmp_path / "bench"), "--gold", str(gold), "--results", str(results)]
    assert main([*arguments, "--sample", "5"]) == 0
    text = results.read_text(encoding="utf-8")
    assert "`make bench-followups BENCH=FOLDER N=5`" in text
    assert "| all | 1 | 1 (1) | 1 (1) | 1.00 |" in text
    assert "The whole retrieval, 1 follow-ups; hit@5 gains +0.000" in text
    assert "| rewritten | 1.00 (1.00–1.00) |" in text
    hand.write_text("")
    assert main(arguments) == 2
    assert "write these questions out" in capsys.readouterr().err
