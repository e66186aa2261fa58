"""Recordings: replays without a model, records what is missing, says what is stale."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import CAPABLE, FAILURE, SMALL, QueuedModel, passages_of
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGenerationChunk

from assistant.answering import short
from assistant.answering.query import make_query
from assistant.corpus.articles import Article
from assistant.errors import ModelError, RecordingError, RecordingMissing, RecordingStale
from assistant.index.filters import Filters
from assistant.models.chat.profiles import Profile
from assistant.models.chat.structured_output import Reply, StructuredChat
from assistant.models.prompts import load_prompt
from assistant.models.recordings import Mode, Recordings
from assistant.schema import Tokens
from assistant.settings import prompts_folder

REPLY = '{"answer": "It costs 90 billion – “too much”."}'
SENTENCES = short.numbered(passages_of(Article("a", "Dam", "The dam costs 90 billion. Work begins.")), 2)
QUERY = make_query("Cost?", (), Filters(), None)
ASKED = [SystemMessage("Be short."), HumanMessage("What does it cost?")]


def no_model() -> BaseChatModel:
    raise AssertionError("a replay loads no model")


def replying(*replies: object) -> Callable[[], BaseChatModel]:
    model = QueuedModel(replies=list(replies))
    return lambda: model


def recordings(folder: Path, mode: Mode = "replay", identity: str = "small@1") -> Recordings:
    return Recordings(folder, "small:1", identity, mode)


def record(folder: Path, case: str, *replies: str, asked: str = "What does it cost?") -> None:
    recorder = recordings(folder, "record")
    model = recorder.chat_model(replying(*replies))
    with recorder.of(case):
        for number in range(len(replies)):
            model.invoke([ASKED[0], HumanMessage(asked + "?" * number)])


def replay(folder: Path, case: str, asked: str = "What does it cost?", **bound: object) -> AIMessage:
    replayer = recordings(folder)
    with replayer.of(case):
        return replayer.chat_model(no_model).invoke([ASKED[0], HumanMessage(asked)], **bound)


def test_a_recorded_draft_is_replayed_word_for_word_without_a_model(tmp_path: Path) -> None:
    prompt = load_prompt(prompts_folder(), "answer_small").template

    def draft(mode: Mode, load: Callable[[], BaseChatModel]) -> tuple[tuple[str, Tokens], int]:
        kept = recordings(tmp_path, mode)
        with kept.of("g1") as replayed:
            chat = StructuredChat(kept.chat_model(load), "small", SMALL)
            return short.worded(chat, prompt, QUERY, SENTENCES), len(replayed)

    recorded = "It costs 90 billion – “too much”.", Tokens(prompt=100, completion=10)
    assert draft("record", replying(REPLY)) == (recorded, 0)
    assert draft("replay", no_model) == (recorded, 1)


def test_an_answer_is_told_of_as_it_comes_also_while_it_is_recorded(tmp_path: Path) -> None:
    def texts(mode: Mode, load: Callable[[], BaseChatModel]) -> list[str]:
        told: list[str] = []
        kept = recordings(tmp_path, mode)
        with kept.of("g1"):
            StructuredChat(kept.chat_model(load), "small", SMALL).ask(ASKED, SCHEMA, on_text=told.append)
        return told

    *before, last = texts("record", replying(REPLY))
    assert len(before) > 1
    assert last == REPLY
    assert texts("replay", no_model) == [REPLY]


class Stopping(QueuedModel):
    """Says why it stops, each time in the words that it is told to."""

    reasons: list[dict[str, str]]

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        yield from super()._stream(messages, stop, run_manager, **kwargs)
        reason = AIMessageChunk(content="", response_metadata=self.reasons.pop(0))
        yield ChatGenerationChunk(message=reason)


SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}}
CUT = pytest.mark.parametrize(
    "cut", [{"finish_reason": "length"}, {"stop_reason": "max_tokens"}, {"done_reason": "length"}]
)


def structured(
    folder: Path, mode: Mode, name: str, profile: Profile, load: Callable[[], BaseChatModel]
) -> tuple[Reply, int]:
    """A reply, and how many calls of it were replayed."""
    kept = recordings(folder, mode)
    with kept.of("g1") as replayed:
        reply = StructuredChat(kept.chat_model(load), name, profile).ask(ASKED, SCHEMA)
    return reply, len(replayed)


@CUT
def test_a_replayed_answer_that_was_cut_off_stays_so(tmp_path: Path, cut: dict[str, str]) -> None:
    model = Stopping(replies=['{"answer": "It co'], reasons=[cut])
    recorded, _ = structured(tmp_path, "record", "small", SMALL, lambda: model)
    assert recorded.finish == "length"
    stored = json.loads((tmp_path / "small-1" / "g1.json").read_text(encoding="utf-8"))
    assert [call["finish"] for call in stored["calls"]] == ["length"]
    assert structured(tmp_path, "replay", "small", SMALL, no_model) == (recorded, 1)


@CUT
def test_a_hosted_model_that_was_given_more_room_is_replayed_with_it(
    tmp_path: Path, cut: dict[str, str]
) -> None:
    model = Stopping(replies=['{"answer": "It co', REPLY], reasons=[cut, {"finish_reason": "stop"}])
    recorded, _ = structured(tmp_path, "record", "some:model", CAPABLE, lambda: model)
    assert (recorded.text, recorded.finish) == (REPLY, "stop")
    assert structured(tmp_path, "replay", "some:model", CAPABLE, no_model) == (recorded, 2)


def test_a_recording_that_does_not_say_why_the_model_stopped_is_replayed(tmp_path: Path) -> None:
    recorded, _ = structured(tmp_path, "record", "small", SMALL, replying(REPLY))
    assert "finish" not in (tmp_path / "small-1" / "g1.json").read_text(encoding="utf-8")
    replayed, _ = structured(tmp_path, "replay", "small", SMALL, no_model)
    assert (replayed.text, replayed.finish) == (REPLY, None) == (recorded.text, recorded.finish)


def test_a_file_is_readable_and_its_own_for_each_case(tmp_path: Path) -> None:
    record(tmp_path, "g1", "Ninety – “a lot”.")
    record(tmp_path, "talks/2", "Two.")
    folder = tmp_path / "small-1"
    assert sorted(path.name for path in folder.iterdir()) == ["g1.json", "talks%2F2.json"]
    stored = json.loads((folder / "g1.json").read_text(encoding="utf-8"))
    assert stored["calls"][0]["reply"] == "Ninety – “a lot”."
    assert "Ninety – “a lot”." in (folder / "g1.json").read_text(encoding="utf-8")
    assert stored["calls"][0]["seconds"] >= 0


def test_what_is_recorded_is_not_asked_again(tmp_path: Path) -> None:
    record(tmp_path, "g1", "Ninety.", "Really.")
    before = (tmp_path / "small-1" / "g1.json").read_bytes()
    recorder = recordings(tmp_path, "record")
    with recorder.of("g1") as replayed:
        model = recorder.chat_model(no_model)
        assert model.invoke(ASKED).text == "Ninety."
        assert model.invoke([ASKED[0], HumanMessage("What does it cost??")]).text == "Really."
    assert [call.reply for call in replayed] == ["Ninety.", "Really."]
    assert (tmp_path / "small-1" / "g1.json").read_bytes() == before


def test_a_missing_recording_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(RecordingMissing, match="not recorded"):
        replay(tmp_path, "g1")
    record(tmp_path, "g1", "Ninety.")
    with pytest.raises(RecordingMissing, match="not recorded"):
        replay(tmp_path, "g2")


@pytest.mark.parametrize(
    ("system", "asked", "bound", "identity", "changed"),
    [
        ("Be long.", "What does it cost?", {}, "small@1", "other instructions$"),
        ("Be short.", "What did it cost?", {}, "small@1", "other evidence or question$"),
        (
            "Be short.",
            "What does it cost?",
            {"response_format": {"type": "text"}},
            "small@1",
            "other model or parameters$",
        ),
        ("Be short.", "What does it cost?", {"stop": ["."]}, "small@1", "other model or parameters$"),
        ("Be short.", "What does it cost?", {}, "small@2", "other model or parameters$"),
        ("Be long.", "What did it cost?", {}, "small@1", "other instructions and evidence or question$"),
    ],
)
def test_a_stale_recording_says_what_changed(
    tmp_path: Path, system: str, asked: str, bound: dict[str, object], identity: str, changed: str
) -> None:
    record(tmp_path, "g1", "Ninety.")
    assert replay(tmp_path, "g1").text == "Ninety."
    replayer = recordings(tmp_path, identity=identity)
    with replayer.of("g1"), pytest.raises(RecordingStale, match=changed):
        replayer.chat_model(no_model).invoke([SystemMessage(system), HumanMessage(asked)], **bound)


def test_recording_replaces_what_is_stale(tmp_path: Path) -> None:
    record(tmp_path, "g1", "Ninety.")
    record(tmp_path, "g1", "Eighty.", asked="What did it cost?")
    assert replay(tmp_path, "g1", "What did it cost?").text == "Eighty."
    with pytest.raises(RecordingStale):
        replay(tmp_path, "g1")


def test_a_case_that_asks_no_more_is_forgotten_and_so_are_others(tmp_path: Path) -> None:
    for case in ("g1", "g2", "g3"):
        record(tmp_path, case, "Ninety.")
    record(tmp_path, "g1")
    recordings(tmp_path, "record").forget_others(["g1", "g2"])
    assert [path.name for path in (tmp_path / "small-1").iterdir()] == ["g2.json"]


def test_a_failing_or_interrupted_case_leaves_its_recording(tmp_path: Path) -> None:
    record(tmp_path, "g1", "Ninety.")
    before = (tmp_path / "small-1" / "g1.json").read_bytes()
    for error in (FAILURE, KeyboardInterrupt()):
        recorder = recordings(tmp_path, "record")
        model = recorder.chat_model(replying(error))
        with pytest.raises((ModelError, KeyboardInterrupt)), recorder.of("g1"):
            model.invoke([HumanMessage("Else?")])
    assert (tmp_path / "small-1" / "g1.json").read_bytes() == before


def test_a_model_is_loaded_once(tmp_path: Path) -> None:
    loaded = []
    model = QueuedModel(replies=["One.", "Two."])

    def load() -> BaseChatModel:
        loaded.append(1)
        return model

    recorder = recordings(tmp_path, "record")
    chat = recorder.chat_model(load)
    assert loaded == []
    for case in ("g1", "g2"):
        with recorder.of(case):
            chat.invoke(ASKED)
    assert loaded == [1]


def test_what_recording_would_take_is_estimated(tmp_path: Path) -> None:
    assert recordings(tmp_path).seconds("g1") is None
    record(tmp_path, "g1", "Ninety.", "Really.")
    record(tmp_path, "g2", "Two.")
    for name, seconds in (("g1", 4.0), ("g2", 2.0)):
        path = tmp_path / "small-1" / f"{name}.json"
        stored = json.loads(path.read_text(encoding="utf-8"))
        for call in stored["calls"]:
            call["seconds"] = seconds
        path.write_text(json.dumps(stored), encoding="utf-8")
    assert recordings(tmp_path).seconds("g1") == 8
    assert recordings(tmp_path).seconds("g2") == 2
    assert recordings(tmp_path).seconds("new") == 5


@pytest.mark.parametrize("content", ["", "<<<<<<< ours\n", '{"calls": [{}]}', '{"calls": [], "more": 1}'])
def test_a_file_that_is_no_recording_is_told_of(tmp_path: Path, content: str) -> None:
    path = tmp_path / "small-1" / "g1.json"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(RecordingError, match=r"g1\.json: is no recording .* assistant eval --record"):
        replay(tmp_path, "g1")


def test_a_place_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "small-1" / "g1.partial").mkdir(parents=True)
    recorder = recordings(tmp_path, "record")
    with pytest.raises(RecordingError, match="cannot be"), recorder.of("g1"):
        recorder.chat_model(replying("Ninety.")).invoke(ASKED)


def test_a_call_outside_of_a_case_is_a_defect(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="outside"):
        recordings(tmp_path).chat_model(no_model).invoke(ASKED)
