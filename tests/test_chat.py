"""The chat: whole conversations, sessions that survive a crash, and errors that end a turn and no more."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from fakes import FAILURE, QueuedModel, write_corpus

from assistant.answer import Assistant, Turn
from assistant.build import build_assistant, open_index
from assistant.chat import HISTORY, Session, converse
from assistant.errors import SettingsError
from assistant.filters import Filters
from assistant.interface import Answer
from assistant.settings import APP, load_settings

COST = json.dumps({"claims": [{"sentence": 2, "text": "The dam will cost 90 billion crowns."}]})
MINISTER = json.dumps({"claims": [{"sentence": 2, "text": "Energy minister Ilse Brandt said it."}]})
IN_CONTEXT = "Who said so? (Before: What will the valley dam cost? The dam will cost 90 billion crowns.)"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("chat")
    settings = load_settings(
        corpus=write_corpus(folder / "corpus"), index=folder / "index", model="extractive"
    )
    index = open_index(settings, lambda message: None, lambda done, total: None)
    yield build_assistant(settings, index)
    index.close()


def talk(assistant: Assistant, session: Session, replies: list[Any], *lines: Any) -> QueuedModel:
    """A conversation of these lines with a model that gives these replies."""
    model = QueuedModel(replies=replies)
    talking = Assistant(
        assistant.retriever, lambda pairs: [0.5] * len(pairs), assistant.prompts, model, model_name="queued"
    )
    converse(talking, Filters(), session, read=reader(*lines))
    return model


def reader(*lines: Any) -> Callable[[str], str]:
    """Gives the lines, then the end of the input; an exception among them is raised."""
    left = list(lines)

    def read(prompt: str) -> str:
        if not left:
            raise EOFError
        line = left.pop(0)
        if isinstance(line, BaseException):
            raise line
        return str(line)

    return read


def file_of(name: str) -> Path:
    return Path(platformdirs.user_data_dir(APP)) / "sessions" / f"{name}.jsonl"


def test_a_whole_conversation(assistant: Assistant, capsys: Any) -> None:
    session = Session.open(None, keep=True)
    model = talk(
        assistant,
        session,
        [COST, MINISTER],
        "What will the valley dam cost?",
        "  ",
        "Who said so?",
        "/quit",
        "never read",
    )
    captured = capsys.readouterr()
    quote = "The dam will cost 90 billion crowns, said energy minister Ilse Brandt."
    source = f"[1] 4 Mar 2025  Valley dam is approved  dam\n    “{quote}”\n"
    assert captured.out == (
        f"The dam will cost 90 billion crowns [1].\n\n{source}\n"
        f"{IN_CONTEXT}\nEnergy minister Ilse Brandt said it [1].\n\n{source}\n"
    )
    assert captured.err == ""
    assert IN_CONTEXT in model.prompts[1]
    assert [turn.question for turn in session.turns] == ["What will the valley dam cost?", "Who said so?"]


def test_an_error_ends_the_turn_and_not_the_conversation(assistant: Assistant, capsys: Any) -> None:
    session = Session.open("talks", keep=True)
    question = "What will the valley dam cost?"
    talk(assistant, session, [FAILURE, KeyboardInterrupt(), COST], question, question, question)
    captured = capsys.readouterr()
    assert captured.err == (
        f"assistant: {FAILURE}\nassistant: stopped; /quit or Ctrl-D ends the conversation\n"
    )
    assert captured.out.startswith("The dam will cost 90 billion crowns [1].\n")
    assert len(session.turns) == 1
    assert len(file_of("talks").read_text(encoding="utf-8").splitlines()) == 1


def test_an_interrupt_at_the_prompt_ends_the_conversation(assistant: Assistant) -> None:
    with pytest.raises(KeyboardInterrupt):
        talk(assistant, Session(None), [], KeyboardInterrupt())


def test_a_session_is_kept_turn_by_turn_and_gone_on_with(assistant: Assistant, capsys: Any) -> None:
    question = "What will the valley dam cost?"
    seen: list[int] = []

    def looking(prompt: str, lines: list[str] = [question, question]) -> str:  # noqa: B006
        seen.append(len(file_of("talks").read_text(encoding="utf-8").splitlines()))
        return lines.pop(0) if lines else "/exit"

    model = QueuedModel(replies=[COST, COST])
    talking = Assistant(assistant.retriever, lambda pairs: [0.5] * len(pairs), assistant.prompts, model)
    converse(talking, Filters(), Session.open("talks", keep=True), read=looking)
    assert seen == [0, 1, 2]
    for line in file_of("talks").read_text(encoding="utf-8").splitlines():
        assert Answer.model_validate_json(line).question == question

    capsys.readouterr()
    resumed = Session.open("talks", keep=True)
    assert [turn.question for turn in resumed.turns] == [question, question]
    assert resumed.turns[0].answer == "The dam will cost 90 billion crowns [1]."
    model = talk(assistant, resumed, [MINISTER], "Who said so?")
    assert capsys.readouterr().err == f"assistant: going on after turn 2: {question}\n"
    assert question in model.prompts[0]
    assert len(Session.open("talks", keep=True).turns) == 3


def test_a_follow_up_refers_to_the_last_turns_only(assistant: Assistant) -> None:
    session = Session(
        None, [Turn(f"Will the valley dam cost {number}0 billion?", "Yes.") for number in range(HISTORY + 3)]
    )
    model = talk(assistant, session, [MINISTER], "Who said so?")
    assert "cost 00 billion" not in model.prompts[0]
    assert f"cost {HISTORY + 2}0 billion" in model.prompts[0]


ANSWER = Answer(question="Who?", status="answered", confidence=1.0, answer="She [1].", model="m")


@pytest.mark.parametrize(
    "torn", ['{"version":1,"question":"Wh', "é".encode()[:1].decode("latin-1"), "null", "{}"]
)
def test_a_torn_last_line_loses_itself_alone(torn: str) -> None:
    file_of("talks").parent.mkdir(parents=True)
    file_of("talks").write_bytes(f"{ANSWER.model_dump_json()}\n{torn}".encode("latin-1"))
    session = Session.open("talks", keep=True)
    assert session.turns == [Turn("Who?", "She [1].")]
    session.add(ANSWER)
    assert Session.open("talks", keep=True).turns == [Turn("Who?", "She [1].")] * 2


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../up", "a/b", "a b", ".hidden", "-x", "a\n", "é", "x" * 82]
)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="is no session name; use letters"):
        Session.open(name, keep=True)


def test_nothing_is_kept_unless_asked(tmp_path: Path) -> None:
    for session in (Session.open(None, keep=True), Session.open("talks", keep=False)):
        session.add(ANSWER)
        assert session.turns == [Turn("Who?", "She [1].")]
    assert not file_of("talks").exists()


def test_a_session_that_cannot_be_kept() -> None:
    file_of("talks").mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"cannot keep the session .* give another name"):
        Session.open("talks", keep=True)


def test_a_full_disk_loses_no_conversation(assistant: Assistant, capsys: Any) -> None:
    session = Session.open("talks", keep=True)
    file_of("talks").unlink()
    file_of("talks").mkdir()
    talk(assistant, session, [COST], "What will the valley dam cost?")
    captured = capsys.readouterr()
    assert "90 billion" in captured.out
    assert "cannot write" in captured.err
    assert len(session.turns) == 1
