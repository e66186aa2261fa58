"""Batches: every line of JSON Lines gets its object, in order, whatever stands in it."""

import datetime as dt
import io
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.answering.query import Turn
from assistant.api.spending import Spending
from assistant.cli.batch import BatchLine, Limits, run_batch
from assistant.errors import ModelError, SettingsError
from assistant.schema import Answer, Cost, Tokens

DAY = dt.date(2025, 11, 26)


def reply(line: BatchLine, limits: Limits) -> Answer:
    """Answers with the question; a question "fail" fails."""
    if line.question == "fail":
        raise ModelError("the model is gone; start it again")
    return Answer(
        question=line.question,
        as_of=limits.get("as_of"),
        status="answered",
        confidence=1,
        answer="Yes.",
        model="m",
    )


class Run:
    """A batch of some lines, what it printed and what it told."""

    def __init__(self, folder: Path, capsys: Any, *lines: Any, jobs: int = 1, **limits: Any) -> None:
        file = folder / "questions.jsonl"
        raw = [
            line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()
            for line in lines
        ]
        file.write_bytes(b"\n".join(raw))
        self.notices: list[str] = []
        self.failed = run_batch(str(file), limits, reply, self.notices.append, jobs=jobs)
        printed = capsys.readouterr().out
        assert printed.endswith("\n") or not printed
        self.lines = [json.loads(line) for line in printed.split("\n")[:-1]]


@pytest.mark.parametrize("jobs", [1, 3])
def test_answers_come_in_order_under_their_ids(tmp_path: Path, capsys: Any, jobs: int) -> None:
    lines = {"question": "a", "id": "x"}, {"question": "b", "id": 7}, {"question": "c"}
    run = Run(tmp_path, capsys, *lines, jobs=jobs)
    assert [(line["id"], line["question"]) for line in run.lines] == [("x", "a"), (7, "b"), (None, "c")]
    assert run.failed == 0
    assert run.notices == []
    answer = {key: value for key, value in run.lines[0].items() if key != "id"}
    assert Answer.model_validate_json(json.dumps(answer)).answer == "Yes."


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_line_that_fails_gives_its_error_and_the_run_goes_on(
    tmp_path: Path, capsys: Any, jobs: int
) -> None:
    run = Run(
        tmp_path,
        capsys,
        {"question": "fail", "id": "f"},
        b"not json",
        b"[1]",
        {"id": "no question"},
        {"question": "", "id": 5},
        {"question": "a", "as_of": "soon"},
        {"question": "a", "as_of": 20251126},
        {"question": "a", "history": "b"},
        {"question": "a", "history": [{"role": "user", "content": "b"}]},
        {"question": "a", "id": [1]},
        b"[" * 100_000,
        b'{"question": "\xff"}',
        b'{"question": "\\ud800"}',
        {"question": "last", "id": "l"},
        jobs=jobs,
    )
    assert run.failed == 13
    assert run.lines[0] == {"id": "f", "error": "line 1: the model is gone; start it again"}
    assert run.lines[1]["error"] == 'line 2: not a JSON object in UTF-8; write {"question": "..."}'
    assert run.lines[3] == {
        "id": "no question",
        "error": "line 4: question: Field required; correct the line",
    }
    assert run.lines[4]["id"] == 5
    assert "as_of" in run.lines[5]["error"]
    assert '"2025-11-26"' in run.lines[6]["error"]
    told = "line 9: history.0: write question and answer, or role and text; correct the line"
    assert run.lines[8]["error"] == told
    assert all(set(line) == {"id", "error"} for line in run.lines[:13])
    assert [line["error"].split(":")[0] for line in run.lines[:13]] == [f"line {n}" for n in range(1, 14)]
    assert run.lines[13]["answer"] == "Yes."


def test_blank_lines_a_byte_order_mark_and_windows_line_ends(tmp_path: Path, capsys: Any) -> None:
    run = Run(tmp_path, capsys, b'\xef\xbb\xbf{"question": "a"}\r', b"", b"  \r", b'{"question": "b"}')
    assert [line["question"] for line in run.lines] == ["a", "b"]
    assert Run(tmp_path, capsys, b"\xef\xbb\xbf").lines == []


def test_unusual_line_separators_end_no_line(tmp_path: Path, capsys: Any) -> None:
    text = "a\u2028b\u2029c\x85d\x0be"
    assert [line["question"] for line in Run(tmp_path, capsys, {"question": text}).lines] == [text]


def test_unknown_keys_are_told_once(tmp_path: Path, capsys: Any) -> None:
    run = Run(tmp_path, capsys, {"question": "a", "lang": 1}, {"question": "b", "lang": 1, "size": 2})
    assert run.notices == [
        "line 1: unknown keys are ignored: lang",
        "line 2: unknown keys are ignored: size",
    ]
    assert run.failed == 0


@pytest.mark.parametrize(
    ("option", "line", "used"),
    [
        (None, None, None),
        (None, "2025-11-26", "2025-11-26"),
        ("2025-11-26", None, "2025-11-26"),
        ("2025-11-26", "2025-12-01", "2025-11-26"),
        ("2025-11-26", "2025-03-01", "2025-03-01"),
    ],
)
def test_the_stricter_day_counts(
    tmp_path: Path, capsys: Any, option: str | None, line: str | None, used: str | None
) -> None:
    day = dt.date.fromisoformat(option) if option else None
    run = Run(tmp_path, capsys, {"question": "a", "as_of": line}, as_of=day)
    assert run.lines[0]["as_of"] == used


def test_other_filters_stay_as_they_are(tmp_path: Path) -> None:
    seen: list[Limits] = []
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "a", "as_of": "2025-11-26"}', encoding="utf-8")

    def answer(line: BatchLine, limits: Limits) -> Answer:
        seen.append(limits)
        return reply(line, limits)

    run_batch(str(file), {"section": "Energy", "since": dt.date(2025, 1, 1)}, answer, print)
    assert seen == [{"as_of": DAY, "since": dt.date(2025, 1, 1), "section": "Energy"}]


def test_both_forms_of_history() -> None:
    pairs = BatchLine.model_validate(
        {"question": "And then?", "history": [{"question": "Who?", "answer": "She."}, {"question": "Why?"}]}
    )
    assert pairs.turns() == [Turn("Who?", "She."), Turn("Why?", "")]
    roles = BatchLine.model_validate(
        {
            "question": "And then?",
            "history": [
                {"role": "assistant", "text": "Hello."},
                {"role": "user", "text": "Who?"},
                {"role": "assistant", "text": "She."},
                {"role": "assistant", "text": "Or he."},
                {"role": "user", "text": "Why?"},
            ],
        }
    )
    assert roles.turns() == [Turn("Who?", "She. Or he."), Turn("Why?", "")]
    greeted = BatchLine.model_validate(
        {"question": "Who?", "history": [{"role": "assistant", "text": "Hello."}]}
    )
    assert greeted.turns() == []
    assert (roles.query(), greeted.query()) == ("Why? And then?", "Who?")


def test_standard_input_is_answered_as_it_comes(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    printed: list[str] = []

    class Slow(io.BytesIO):
        def __next__(self) -> bytes:
            printed.append(capsys.readouterr().out)
            return super().__next__()

    stream = io.TextIOWrapper(Slow(b'{"question": "a"}\n{"question": "\xe2\x82\xac"}\n'))
    monkeypatch.setattr(sys, "stdin", stream)
    assert run_batch("-", {}, reply, print) == 0
    printed.append(capsys.readouterr().out)
    assert [json.loads(text)["question"] for text in printed if text] == ["a", "€"]
    assert not stream.closed


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot read --batch .* give a JSON Lines file"):
        run_batch(str(tmp_path / name), {}, reply, print)


def test_an_interrupted_run_leaves_whole_lines(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "a"}\n{"question": "b"}\n', encoding="utf-8")

    def answer(line: BatchLine, limits: Limits) -> Answer:
        if line.question == "b":
            raise KeyboardInterrupt
        return reply(line, limits)

    with pytest.raises(KeyboardInterrupt):
        run_batch(str(file), {}, answer, print)
    printed = capsys.readouterr().out
    assert printed.endswith("}\n")
    assert json.loads(printed)["question"] == "a"


# Several at a time


def questions(folder: Path, count: int) -> str:
    file = folder / "q.jsonl"
    file.write_text("".join(f'{{"question": "{number}"}}\n' for number in range(count)), encoding="utf-8")
    return str(file)


def test_a_slow_line_keeps_none_but_those_behind_it_from_being_printed(tmp_path: Path, capsys: Any) -> None:
    answered = threading.Semaphore(0)
    running, most, lock = 0, 0, threading.Lock()

    def answer(line: BatchLine, limits: Limits) -> Answer:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if line.question == "0":
            for _ in range(8):
                assert answered.acquire(timeout=60)
            assert capsys.readouterr().out == ""
        answered.release()
        with lock:
            running -= 1
        return reply(line, limits)

    assert run_batch(questions(tmp_path, 20), {}, answer, print, jobs=3) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["question"] for line in printed] == [str(number) for number in range(20)]
    assert 1 < most <= 3


def test_an_interrupt_does_not_wait_for_what_is_still_asked(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, end = threading.Event(), threading.Event()

    def answer(line: BatchLine, limits: Limits) -> Answer:
        if line.question == "1":
            begun.set()
            assert end.wait(60)
        return reply(line, limits)

    class Interrupted(io.BytesIO):
        def __next__(self) -> bytes:
            if raw := self.readline():
                return raw
            assert begun.wait(60)
            raise KeyboardInterrupt

    lines = Interrupted(Path(questions(tmp_path, 2)).read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(lines))
    with pytest.raises(KeyboardInterrupt):
        run_batch("-", {}, answer, print, jobs=2)
    end.set()
    assert [json.loads(line)["question"] for line in capsys.readouterr().out.splitlines()] in (["0"], [])


def test_a_defect_in_a_thread_ends_the_run(tmp_path: Path, capsys: Any) -> None:
    def answer(line: BatchLine, limits: Limits) -> Answer:
        if line.question == "3":
            raise RuntimeError("a defect")
        return reply(line, limits)

    with pytest.raises(RuntimeError, match="a defect"):
        run_batch(questions(tmp_path, 50), {}, answer, print, jobs=2)
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_file_that_cannot_be_read_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(SettingsError):
        run_batch(str(tmp_path / "missing"), {}, reply, print, jobs=4)
    for thread in threading.enumerate():
        if thread.daemon and thread is not threading.current_thread():
            thread.join(0.5)
    assert threading.active_count() <= before


# What it takes


def priced(line: BatchLine, limits: Limits) -> Answer:
    cost = None if line.question == "free" else Cost(amount=0.02)
    return reply(line, limits).model_copy(update={"cost": cost, "tokens": Tokens(prompt=1000, completion=5)})


def test_a_batch_that_costs_enough_asks_no_more(tmp_path: Path, capsys: Any) -> None:
    spending = Spending(0.05)
    failed = run_batch(questions(tmp_path, 5), {}, spending.metered(priced), print)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (failed, [set(line) == {"id", "error"} for line in lines]) == (2, [False] * 3 + [True] * 2)
    assert lines[3]["error"] == (
        "line 4: not asked: the answers before cost 0.0600 USD; raise --max-cost 0.05"
    )
    assert spending.summary() == "3 answers: 3,000 tokens read, 15 written, 0.0600 USD"


def test_what_is_not_known_is_not_told(tmp_path: Path) -> None:
    spending = Spending()
    assert spending.summary() == "0 answers: 0 tokens read, 0 written"
    spending.metered(priced)(BatchLine(question="free"), {})
    assert spending.summary() == "1 answer: 1,000 tokens read, 5 written"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), max_size=4))
def test_no_line_raises(tmp_path: Path, capsys: Any, raw: list[bytes]) -> None:
    run = Run(tmp_path, capsys, *raw)
    assert (
        run.failed == len(run.lines) == sum(1 for line in raw if line.removeprefix(b"\xef\xbb\xbf").strip())
    )
