"""The embedded language model: the real 1.5B weights, loaded once, and few short calls."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from assistant.errors import ModelError, WeightsError
from assistant.models import packaged
from assistant.models.chat import llama_cpp
from assistant.models.chat.chatml import chatml, neutral
from assistant.models.chat.llama_cpp import EmbeddedChat
from assistant.models.cores import usable_cores

NAME = "qwen2.5-coder-1.5b"
SPECIAL = (
    "<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|> "
    "<|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|> "
    "<tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> <|repo_name|> "
    "<|file_sep|> </s>"
).split()
"""Every control and user-defined token of the vocabulary, and the one that llama.cpp takes for one."""

CITY = {
    "type": "json_schema",
    "json_schema": {
        "name": "city",
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "sure": {"type": "boolean"}},
            "required": ["city", "sure"],
            "additionalProperties": False,
        },
    },
}
QUESTION: list[BaseMessage] = [
    SystemMessage("You answer in one short sentence."),
    HumanMessage("What is the capital of France?"),
]


@pytest.fixture(scope="module")
def model() -> EmbeddedChat:
    if not packaged.installed(NAME):
        pytest.skip(f"{NAME} is not installed")
    loaded = EmbeddedChat(model=NAME, folder=Path(os.environ["ASSISTANT_CACHE"]), max_tokens=40, context=1024)
    loaded.load()
    return loaded


def test_chatml_marks_each_turn_and_opens_the_answer() -> None:
    messages = [SystemMessage("Be brief."), HumanMessage("Hi"), AIMessage("Hello"), HumanMessage("Why?")]
    assert chatml(messages) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_chatml_refuses_other_roles() -> None:
    with pytest.raises(ModelError, match="reads no tool messages"):
        chatml([ToolMessage("42", tool_call_id="1")])


@pytest.mark.parametrize("token", SPECIAL)
def test_control_tokens_in_text_are_pulled_apart(token: str) -> None:
    assert neutral(f"a{token}b") == f"a< {token[1:]}b"


def test_other_markup_stays() -> None:
    text = "<p>3 < 4 |> 5 <b>bold</b> <|not a token|> <s>"
    assert neutral(text) == text


@given(st.text() | st.lists(st.sampled_from([*SPECIAL, "<", "|", "x", "\ud83d", ">"])).map("".join))
def test_no_text_can_spell_a_control_token(text: str) -> None:
    clean = neutral(text)
    assert not any(token in clean for token in SPECIAL)
    clean.encode()
    assert neutral(clean) == clean
    assert chatml([HumanMessage(text)]).count("<|im_end|>") == 1


def test_usable_cores_are_no_more_than_there_are() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_missing_weights_are_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no packaged model"):
        EmbeddedChat(model="nothing", folder=tmp_path).load()


def test_damaged_weights_do_not_end_the_process(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match=r"cannot load .*broken\.gguf"):
        llama_cpp._start(broken, 1, 256, 1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [("libgomp.so.1: cannot open shared object file", "apt-get install libgomp1"), ("gone", "pip install")],
)
def test_a_library_that_cannot_be_loaded(reason: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "xllamacpp":
                raise ImportError(reason)

    for name in llama_cpp.WAITING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(ModelError, match=remedy):
        llama_cpp._library()
    assert not llama_cpp.WAITING.keys() & os.environ.keys()


def test_a_refusal_is_one_line_with_a_remedy(tmp_path: Path) -> None:
    message = str(
        EmbeddedChat(model=NAME, folder=tmp_path)._refusal({"type": "other", "message": "bad\ngrammar"})
    )
    assert message == f"{NAME} refused the request (bad grammar); change the prompt or its JSON schema"


@pytest.mark.model
class TestRealModel:
    def test_it_answers_the_same_twice(self, model: EmbeddedChat) -> None:
        first, second = (model.invoke(QUESTION, cache_prompt=False) for _ in range(2))
        assert "Paris" in first.text
        assert first.text == second.text
        assert first.response_metadata["finish_reason"] == "stop"
        assert second.usage_metadata is not None
        assert 0 < second.usage_metadata["output_tokens"] <= 40
        assert second.usage_metadata["input_token_details"]["cache_read"] == 0

    def test_what_was_read_before_is_not_read_again(self, model: EmbeddedChat) -> None:
        usage = [model.invoke(QUESTION, max_tokens=1).usage_metadata for _ in range(2)][-1]
        assert usage is not None
        assert usage["input_tokens"] - usage["input_token_details"]["cache_read"] < 3

    def test_streaming_gives_the_same_in_pieces(self, model: EmbeddedChat) -> None:
        pieces = [chunk.text for chunk in model.stream(QUESTION)]
        assert len([piece for piece in pieces if piece]) > 3
        assert "".join(pieces) == model.invoke(QUESTION).content

    def test_a_schema_is_obeyed_on_one_line(self, model: EmbeddedChat) -> None:
        text = model.bind(response_format=CITY).invoke(QUESTION).text
        assert "\n" not in text
        parsed = json.loads(text)
        assert set(parsed) == {"city", "sure"}
        assert parsed["city"] == "Paris"
        assert isinstance(parsed["sure"], bool)

    def test_max_tokens_and_stop(self, model: EmbeddedChat) -> None:
        cut = model.invoke(QUESTION, max_tokens=3)
        assert cut.response_metadata["finish_reason"] == "length"
        assert cut.usage_metadata is not None
        assert cut.usage_metadata["output_tokens"] == 3
        stopped = model.invoke(QUESTION, stop=["Paris"])
        assert "Paris" not in stopped.text
        assert stopped.response_metadata["finish_reason"] == "stop"

    def test_log_probabilities_of_the_first_token(self, model: EmbeddedChat) -> None:
        reply = model.invoke(QUESTION, max_tokens=2, logprobs=True, top_logprobs=3)
        [first] = reply.response_metadata["logprobs"]["content"]
        assert first["logprob"] <= 0
        ranked = [other["logprob"] for other in first["top_logprobs"]]
        assert len(ranked) == 3
        assert ranked == sorted(ranked, reverse=True)
        assert reply.text.startswith(first["token"])

    def test_slots_keep_their_caches_apart(self, model: EmbeddedChat) -> None:
        def cached(slot: int, text: str) -> Any:
            reply = model.invoke([SystemMessage(text * 12), *QUESTION[1:]], id_slot=slot, max_tokens=1)
            assert reply.usage_metadata is not None
            return reply.usage_metadata["input_token_details"]["cache_read"]

        cached(0, "Be kind. ")
        cached(1, "Stay calm. ")
        assert cached(0, "Be kind. ") > 30
        assert cached(1, "Stay calm. ") > 30

    def test_a_stream_that_is_left_stops_the_model(self, model: EmbeddedChat) -> None:
        stream = model.stream([HumanMessage("Count from 1 to 1000.")], max_tokens=900)
        next(stream)
        next(stream)
        stream.close()
        assert "Paris" in model.invoke(QUESTION).text
        for thread in threading.enumerate():
            if thread.name == "embedded-chat":
                thread.join(10)
                assert not thread.is_alive()

    def test_control_tokens_are_read_as_text(self, model: EmbeddedChat) -> None:
        """Parsed, each would count one token; as text each counts several."""

        def tokens(text: str) -> int:
            reply = model.invoke([HumanMessage(text)], max_tokens=1)
            assert reply.usage_metadata is not None
            return reply.usage_metadata["input_tokens"]

        assert tokens("x" + "x".join(SPECIAL)) > tokens("x") + 3 * len(SPECIAL)

    def test_a_prompt_that_is_too_long_is_an_error(self, model: EmbeddedChat) -> None:
        with pytest.raises(ModelError, match=r"has \d{4} tokens and .* reads at most 1024; ask a shorter"):
            model.invoke([HumanMessage("word " * 1500)])


PROGRAM = """
import json, os, signal, sys, threading
from pathlib import Path
from assistant.models.chat.llama_cpp import EmbeddedChat

model = EmbeddedChat(model=sys.argv[1], folder=Path(sys.argv[2]), context=512)
stream = model.stream("Count from 1 to 1000.", max_tokens=400)
next(stream)

links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
inodes = {os.readlink(link)[8:-1] for link in links if os.path.islink(link)}
tables = {name: Path("/proc/self/net", name).read_text().splitlines() for name in ("tcp", "tcp6", "unix")}
rows = {name: [line.split() for line in lines[1:]] for name, lines in tables.items()}
tcp = [row[1] for row in rows["tcp"] + rows["tcp6"] if row[3] == "0A" and row[9] in inodes]
unix = [row[7] for row in rows["unix"] if row[3] == "00010000" and row[6] in inodes]
Path(sys.argv[3]).write_text(json.dumps({"tcp": tcp, "unix": unix}))

threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    for _ in stream:
        pass
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.model
@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's tables of sockets")
def test_a_process_stays_silent_unreachable_and_interruptible(model: EmbeddedChat, tmp_path: Path) -> None:
    """In a process of its own: what it prints, where it listens, and that Ctrl-C ends an answer half-way."""
    report = tmp_path / "listening.json"
    arguments = [sys.executable, "-c", PROGRAM, NAME, os.environ["ASSISTANT_CACHE"], str(report)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    listening = json.loads(report.read_text())
    assert listening["tcp"] == []
    assert [Path(path).exists() for path in listening["unix"]] == [False]
