"""Sessions: readable files that survive crashes, hands that edit them, and two chats at once."""

import datetime as dt
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chat import sessions
from assistant.chat.sessions import Record, Session, Terms, automatic_name, delete, names, replay
from assistant.errors import SettingsError
from assistant.index.filters import Filters
from assistant.schema import Answer, StageRanks
from assistant.settings import APP

ANSWER = Answer(question="Who?", status="answered", confidence=1.0, answer="She [1].", model="m")
RECORD = Record(answer=ANSWER, ranks=[StageRanks(dense=1, fused=2)])
TERMS = Terms(model="m")
LATER = Terms(
    model="n", as_of=dt.date(2025, 11, 26), since=dt.date(2025, 1, 1), section="Energy", outlet="Radio"
)


def file_of(name: str) -> Path:
    return Path(platformdirs.user_data_dir(APP)) / "sessions" / f"{name}.jsonl"


def lines_of(name: str) -> list[str]:
    return file_of(name).read_text(encoding="utf-8").splitlines()


@pytest.fixture
def talks() -> Iterator[Session]:
    session = Session("talks", TERMS)
    yield session
    session.close()


def reopened(session: Session) -> Session:
    session.close()
    assert session.name is not None
    again = Session(session.name, TERMS)
    again.close()
    return again


def test_what_is_kept_comes_back(talks: Session) -> None:
    talks.add(RECORD)
    talks.change(LATER)
    talks.change(LATER)
    talks.add(RECORD.model_copy(update={"topic": "dams"}))
    talks.add(RECORD)
    talks.undo()
    assert [json.loads(line)["kind"] for line in lines_of("talks")] == [
        "session",
        "turn",
        "session",
        "turn",
        "turn",
        "undo",
    ]
    again = reopened(talks)
    assert again.turns == talks.turns == [RECORD, RECORD.model_copy(update={"topic": "dams"})]
    assert again.terms == LATER
    assert again.terms.filters() == Filters(LATER.as_of, LATER.since, "Energy", "Radio")
    assert again.unreadable == 0


def test_a_turn_is_in_the_file_when_it_ends(talks: Session) -> None:
    assert not file_of("talks").exists()
    talks.add(RECORD)
    assert replay(file_of("talks").read_bytes()).turns == [RECORD]
    assert stat.S_IMODE(file_of("talks").stat().st_mode) == 0o600


def test_nothing_asked_leaves_nothing_behind(talks: Session) -> None:
    talks.change(LATER)
    talks.close()
    assert [file for file in file_of("talks").parent.rglob("*") if file.is_file()] == []


def test_answers_alone_are_turns_too() -> None:
    file_of("old").parent.mkdir(parents=True)
    file_of("old").write_text(f"{ANSWER.model_dump_json()}\n" * 2, encoding="utf-8")
    session = Session("old", LATER)
    assert session.turns == [Record(answer=ANSWER)] * 2
    assert session.terms == LATER, "such a file has none of its own"
    session.add(RECORD)
    assert reopened(session).turns == [Record(answer=ANSWER)] * 2 + [RECORD]


@pytest.mark.parametrize(
    "torn", ['{"kind":"turn","answer":{"version":1,"question":"Wh', "\xc3", "null", "{}", "[[["]
)
def test_a_torn_last_line_loses_itself_alone(talks: Session, torn: str) -> None:
    talks.add(RECORD)
    talks.close()
    with file_of("talks").open("ab") as out:
        out.write(torn.encode("latin-1"))
    session = Session("talks", TERMS)
    assert session.turns == [RECORD]
    assert session.unreadable == 1
    session.add(RECORD)
    assert reopened(session).turns == [RECORD] * 2


def test_a_key_of_a_later_version_is_passed_over() -> None:
    line = {"kind": "turn", "answer": json.loads(ANSWER.model_dump_json()), "mood": "good"}
    assert replay(json.dumps(line).encode()).turns == [Record(answer=ANSWER)]


def test_an_older_version_is_read() -> None:
    """It told why a sentence was dropped beside the answer, and gave no abstention of a stopped one."""
    old = """{"kind": "turn", "answer": {"version": 1, "question": "Who?", "rewritten": null, "as_of": null,
    "status": "abstained", "abstention": null, "confidence": 0.0, "answer": "", "claims": [], "dropped":
    [{"text": "He.", "citations": [], "support": 0.0}], "citations": [], "nearest": [], "passages": [],
    "corpus_ends": null, "warnings": [{"article": null, "code": "unsupported-claim-dropped", "message":
    "no sentence says so"}], "model": "m", "seconds": {"retrieve": 0.1, "generate": 0.0, "ground": 0.0,
    "total": 0.1}, "tokens": {"prompt": 0, "completion": 0}}, "topic": null, "ranks": [], "reasons":
    ["no sentence says so"]}"""
    kept = replay(old.replace("\n", " ").encode())
    assert kept.unreadable == 0
    (record,) = kept.turns
    assert (record.brief, record.answer.dropped[0].reason) == (False, "")


@given(st.binary())
def test_no_file_stops_a_chat(data: bytes) -> None:
    assert replay(data).turns == []


def test_a_file_cut_anywhere_keeps_the_turns_before() -> None:
    line = RECORD.model_dump_json().encode()
    for cut in range(len(line)):
        assert replay(line + b"\n" + line[:cut]).turns == [RECORD]


def test_a_session_is_open_in_one_chat_at_a_time(talks: Session) -> None:
    with pytest.raises(SettingsError, match="is open in another chat; close it there, or give another name"):
        Session("talks", TERMS)
    talks.add(RECORD)
    with pytest.raises(SettingsError, match="is open in another chat"):
        delete("talks")
    talks.close()
    Session("talks", TERMS).close()


def test_a_killed_chat_holds_no_session() -> None:
    code = (
        "import os, signal; from assistant.chat.sessions import Session, Terms;"
        "Session('talks', Terms()); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    Session("talks", TERMS).close()


def test_what_is_not_to_be_kept_is_not(talks: Session) -> None:
    talks.add(RECORD)
    before = file_of("talks").read_bytes()
    reading = Session("talks", TERMS, keep=False)
    assert reading.turns == [RECORD]
    assert reading.name is None
    nameless = Session(None, TERMS)
    for session in (reading, nameless):
        session.change(LATER)
        session.add(RECORD)
        session.undo()
        session.close()
    assert file_of("talks").read_bytes() == before
    assert names() == ["talks"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../up", "a/b", "a b", ".hidden", "-x", "a\n", "é", "x" * 82]
)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="is no session name; use letters"):
        Session(name, TERMS)


def test_a_session_that_cannot_be_kept() -> None:
    file_of("talks").mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"cannot keep the session .* give another name"):
        Session("talks", TERMS)
    file_of("talks").rmdir()
    Session("talks", TERMS).close()


def test_a_folder_that_cannot_be_written() -> None:
    file_of("talks").parent.parent.mkdir(parents=True)
    file_of("talks").parent.write_text("a file in its place", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"cannot keep sessions in .* or use --no-save"):
        Session("talks", TERMS)


def test_a_file_that_cannot_be_written_keeps_the_turn(talks: Session) -> None:
    file_of("talks").mkdir()
    with pytest.raises(SettingsError, match="cannot write"):
        talks.add(RECORD)
    assert talks.turns == [RECORD]


def test_names_and_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names() == []
    with pytest.raises(SettingsError, match="no session 'talks'; none is kept"):
        delete("talks")
    for name in ("talks", "tanks"):
        session = Session(name, TERMS)
        session.add(RECORD)
        session.close()
    assert sorted(names()) == ["talks", "tanks"]
    with pytest.raises(SettingsError, match="no session 'talk'; there are: talks, tanks"):
        delete("talk")
    delete("talks")
    assert [file.name for file in file_of("talks").parent.rglob("*") if file.is_file()] == [
        "tanks.jsonl",
        "tanks.lock",
    ]


def test_an_automatic_name_is_the_time_and_new(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noon(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Noon":
            return cls(2026, 6, 27, 12, 0, 0)

    monkeypatch.setattr(sessions.dt, "datetime", Noon)
    first = Session(automatic_name(), TERMS)
    second = Session(automatic_name(), TERMS)
    second.add(RECORD)
    second.close()
    assert (first.name, second.name) == ("2026-06-27-120000", "2026-06-27-120000-2")
    assert automatic_name() == "2026-06-27-120000-3"
    first.close()
