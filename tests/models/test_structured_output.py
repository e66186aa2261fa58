"""Asking a hosted model for JSON: what each provider is sent, and what is left out when it is refused."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asker import ANSWER, SAID, SCHEMA, Asker, Replies, asking
from fake_server import (
    Handler,
    answers,
    anthropic_fails,
    anthropic_stream,
    fails,
    ollama_fails,
    ollama_stream,
    openai_call,
    openai_stream,
)
from fakes import QueuedModel
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from assistant.errors import ContextExceeded, ModelError
from assistant.models.chat import llama_cpp
from assistant.models.chat.loading import load_chat_model
from assistant.models.chat.profiles import profile_of
from assistant.models.chat.structured_output import Reply, StructuredChat
from assistant.models.recordings import Recordings
from assistant.schema import Tokens


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asker]:
    with asking(tmp_path, monkeypatch) as asker:
        yield asker


def test_openai_is_held_to_a_strict_schema(ask: Asker) -> None:
    reply = ask(openai_stream(ANSWER, cached=12), called="judgement")
    assert reply == Reply(ANSWER, Tokens(prompt=30, completion=5), "stop", "json_schema", 12)
    assert ask.shown[0] == ANSWER[:9]
    assert ask.shown[-1] == ANSWER
    [sent] = ask.sent
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "judgement",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {
                    "verdict": {"type": "string"},
                    "why": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
                "required": ["verdict", "why"],
                "additionalProperties": False,
            },
        },
    }
    assert (sent["max_completion_tokens"], sent["temperature"], sent["stream"]) == (1500, 0, True)
    assert sent["stream_options"] == {"include_usage": True}
    assert not sent.keys() & {"max_tokens", "tools", "extra_body"}
    assert [one["role"] for one in sent["messages"]] == ["system", "user"]


def test_a_model_that_thinks_gets_room_and_no_temperature(ask: Asker) -> None:
    ask(openai_stream(ANSWER), name="openai:o4-mini", max_tokens=100)
    [sent] = ask.sent
    assert "temperature" not in sent
    assert sent["max_completion_tokens"] == 8100
    assert sent["messages"][0]["role"] == "developer"


def test_plain_words_are_asked_for_without_a_schema(ask: Asker) -> None:
    reply = ask(openai_stream("Yes."), schema=None)
    assert (reply.text, reply.way) == ("Yes.", "text")
    assert "response_format" not in ask.sent[0]
    assert ask.sent[0]["messages"][1]["content"] == SAID[1].text


NO_SCHEMA = fails(
    400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
)
NO_TOOLS = fails(
    400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
)


def test_each_way_is_tried_in_turn_and_the_one_that_works_is_remembered(
    ask: Asker, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        reply = ask(NO_SCHEMA, openai_call(ANSWER))
    assert (reply.text, reply.way, reply.finish) == (ANSWER, "tools", "tool_calls")
    assert reply.tokens.prompt == 30
    assert ask.shown[-1] == ANSWER
    assert len(ask.shown) > 2
    tool = ask.sent[1]["tools"][0]["function"]
    assert (tool["name"], tool["parameters"]) == ("claims", SCHEMA)
    assert ask.sent[1]["tool_choice"] == {"type": "function", "function": {"name": "claims"}}
    assert "response_format" not in ask.sent[1]
    assert ask(openai_call(ANSWER)).way == "tools"
    assert len(ask.sent) == 1

    reply = ask(NO_TOOLS, NO_TOOLS, openai_stream(ANSWER))
    assert reply.way == "json_mode"
    assert "tool_choice" not in ask.sent[1]
    assert ask.sent[2]["response_format"] == {"type": "json_object"}
    assert '"verdict"' in ask.sent[2]["messages"][1]["content"]

    reply = ask(fails(422, "response_format: json_object is unknown"), openai_stream("It is open."))
    assert (reply.text, reply.way) == ("It is open.", "text")
    assert not ask.sent[1].keys() & {"response_format", "tools"}
    assert "JSON schema" in ask.sent[1]["messages"][1]["content"]
    assert capfd.readouterr() == ("", "")


def test_a_model_may_answer_instead_of_calling_its_tool(ask: Asker) -> None:
    reply = ask(openai_stream(ANSWER), profile={"ways": ["tools"]})
    assert (reply.text, reply.way) == (ANSWER, "tools")


def told(part: str, words: str, status: int = 400) -> Replies:
    """Refuses requests that have this part, and answers others."""

    def reply(handler: Handler) -> None:
        sent = handler.server.requests[-1]
        has = any(one["role"] == "system" for one in sent["messages"]) if part == "system" else part in sent
        (fails(status, words) if has else openai_stream(ANSWER))(handler)

    return reply


@pytest.mark.parametrize(
    ("part", "words", "instead"),
    [
        ("temperature", "Unsupported value: 'temperature' does not support 0 with this model.", None),
        ("temperature", "`temperature` is deprecated for this model.", None),
        ("max_completion_tokens", "Unrecognized argument supplied: max_completion_tokens", "max_tokens"),
        ("max_completion_tokens", "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), "
         "'msg': 'Extra inputs are not permitted'}]", "max_tokens"),
        ("stream_options", "Unrecognized request argument supplied: stream_options", None),
        ("temperature", "[{'type': 'extra_forbidden', 'loc': ['body', 'temperature'], 'msg': 'Extra inputs "
         "are not permitted', 'input': {'stream_options': 0, 'response_format': 1}}]", None),
        ("system", "Unsupported value: 'messages[0].role' does not support 'system' with this model.", None),
        ("system", "System role not supported", None),
        ("system", "Conversation roles must alternate user/assistant/user/assistant/...", None),
    ],
)  # fmt: skip
def test_what_is_refused_is_left_out_and_that_is_remembered(
    ask: Asker, part: str, words: str, instead: str | None
) -> None:
    for asked in (2, 1):
        reply = ask(told(part, words, 422 if "extra" in words else 400))
        assert (reply.text, reply.way) == (ANSWER, "json_schema")
        assert len(ask.sent) == asked
    [sent] = ask.sent
    everything = {"temperature", "max_completion_tokens", "stream_options", "response_format"}
    assert everything - sent.keys() == ({part} - {"system"})
    assert part not in sent
    if instead:
        assert sent[instead] == 1500
    if part == "system":
        assert [one["role"] for one in sent["messages"]] == ["user"]
        assert sent["messages"][0]["content"].startswith("You judge.\n\nIs the bridge")


def test_both_names_of_the_room_may_be_refused(ask: Asker) -> None:
    def reply(handler: Handler) -> None:
        sent = handler.server.requests[-1]
        for name, other in (("max_completion_tokens", "max_tokens"), ("max_tokens", "max_completion_tokens")):
            if name in sent:
                fails(400, f"Unsupported parameter: '{name}' is not supported. Use '{other}' instead.")(
                    handler
                )
                return
        openai_stream(ANSWER)(handler)

    assert ask(reply).text == ANSWER
    assert len(ask.sent) == 3


def test_several_things_may_be_refused_one_after_the_other(ask: Asker) -> None:
    ask(
        fails(400, "Unsupported value: 'temperature'"),
        fails(400, "Unrecognized request argument supplied: stream_options"),
        NO_SCHEMA,
        openai_call(ANSWER),
    )
    assert not ask.sent[-1].keys() & {"temperature", "stream_options", "response_format"}


def test_a_server_that_gives_less_room_is_asked_for_less(ask: Asker) -> None:
    words = "max_tokens is too large: 1500. This model supports at most 1024 completion tokens."
    ask(fails(400, words), openai_stream(ANSWER))
    assert [sent["max_completion_tokens"] for sent in ask.sent] == [1500, 1024]


@pytest.mark.parametrize(
    "words", ["bad request", "Invalid value for 'messages'", "no such thing as fairness"]
)
def test_other_refusals_are_not_tried_again(ask: Asker, words: str) -> None:
    with pytest.raises(ModelError, match="refuses the request"):
        ask(fails(400, words))
    assert len(ask.sent) == 1


@pytest.mark.parametrize(
    "reply", [fails(400, "Your organization must be verified to stream this model."), answers("ignored")]
)
def test_a_server_may_send_all_at_once(ask: Asker, reply: Replies) -> None:
    got = ask(reply, answers(ANSWER))
    assert (got.text, got.tokens, got.finish) == (ANSWER, Tokens(prompt=3, completion=2), "stop")
    assert ask.sent[0]["stream"]
    assert not ask.sent[1].get("stream")
    assert "stream_options" not in ask.sent[1]
    assert ask.sent[1]["response_format"]["type"] == "json_schema"


def test_anthropic_is_asked_in_its_own_words(ask: Asker) -> None:
    reply = ask(anthropic_stream(ANSWER, thinking="Hm", cached=7), name="anthropic:claude-sonnet-4-5")
    assert reply == Reply(ANSWER, Tokens(prompt=37, completion=5), "end_turn", "json_schema", 7)
    [sent] = ask.sent
    block = {"type": "text", "text": "You judge.", "cache_control": {"type": "ephemeral"}}
    assert sent["system"] == [block]
    assert sent["output_config"]["format"]["type"] == "json_schema"
    assert sent["output_config"]["format"]["schema"]["properties"].keys() == {"verdict", "why"}
    assert (sent["max_tokens"], sent["temperature"], sent["stream"]) == (1500, 0, True)
    assert "tools" not in sent


def test_anthropic_without_structured_output_calls_a_tool(ask: Asker) -> None:
    refused = anthropic_fails(
        400, "invalid_request_error", "This model does not support output_config.format."
    )
    forced = anthropic_fails(
        400, "invalid_request_error", "Thinking may not be enabled when tool_choice forces tool use."
    )
    reply = ask(refused, forced, anthropic_stream(ANSWER, "tool_use", tool=True), name="anthropic:claude-old")
    assert (reply.text, reply.way, reply.finish) == (ANSWER, "tools", "tool_use")
    assert ask.shown[-1] == ANSWER
    assert ask.sent[1]["tool_choice"] == {"type": "tool", "name": "claims"}
    assert ask.sent[1]["tools"][0]["input_schema"]["required"] == ["verdict"]
    assert "tool_choice" not in ask.sent[2]


def test_anthropic_refuses_temperatures_here_and_there(ask: Asker) -> None:
    refused = anthropic_fails(400, "invalid_request_error", "`temperature` is deprecated for this model.")
    ask(refused, anthropic_stream(ANSWER), name="anthropic:claude-new")
    assert ["temperature" in sent for sent in ask.sent] == [True, False]
    ask(anthropic_stream(ANSWER), name="anthropic:claude-sonnet-5-5")  # refused by the package itself
    assert [("temperature" in sent) for sent in ask.sent] == [False]


def test_ollama_is_asked_in_its_own_words(ask: Asker) -> None:
    reply = ask(ollama_stream(ANSWER, thinking="Hm"), name="ollama:some-model", profile={"context": 9000})
    assert reply == Reply(ANSWER, Tokens(prompt=30, completion=5), "stop", "json_schema")
    [sent] = ask.sent
    assert sent["format"] == SCHEMA
    assert sent["options"] == {"temperature": 0, "num_ctx": 9000, "num_predict": 1500}


def test_ollama_without_schemas_calls_a_tool_or_not(ask: Asker) -> None:
    no_format = ollama_fails(400, "json: cannot unmarshal object into Go struct field ChatRequest.format")
    reply = ask(no_format, ollama_stream(ANSWER, tool=True), name="ollama:x")
    assert (json.loads(reply.text), reply.way) == (json.loads(ANSWER), "tools")
    assert ask.sent[1]["tools"][0]["function"]["parameters"]["required"] == ["verdict"]
    no_tools = ollama_fails(400, "registry.ollama.ai/library/x does not support tools")
    reply = ask(no_tools, ollama_stream(ANSWER), name="ollama:x")
    assert reply.way == "json_mode"
    assert ask.sent[1]["format"] == "json"


def test_what_listens_may_fail_in_its_own_way(ask: Asker) -> None:
    def listener(_: str) -> None:
        raise RuntimeError("the terminal is gone")

    ask.server.script = [openai_stream(ANSWER)]
    profile = profile_of("openai:x", base_url=ask.server.url)
    model = load_chat_model("openai:x", ask.folder, base_url=ask.server.url, profile=profile)
    with pytest.raises(RuntimeError, match="the terminal is gone"):
        StructuredChat(model, "openai:x", profile).ask(SAID, SCHEMA, on_text=listener)
    assert len(ask.sent) == 1


def test_a_model_in_this_process_is_given_the_schema_alone() -> None:
    model = QueuedModel(replies=[ANSWER, "", ""])
    name = "qwen2.5-coder-1.5b"
    chat = StructuredChat(model, name, profile_of(name))
    assert chat.ask(SAID, SCHEMA).text == ANSWER
    named = {"name": "claims", "strict": True, "schema": SCHEMA}
    assert model.bound[0] == {"response_format": {"type": "json_schema", "json_schema": named}}
    assert chat.ask(SAID, None, max_tokens=7).text == ""
    assert model.bound[1] == {"max_tokens": 7}


def test_a_model_without_tools_or_reasons_is_no_error() -> None:
    model = QueuedModel(replies=[ANSWER, NotImplementedError("no schema"), ANSWER])
    chat = StructuredChat(model, "some:model", profile_of("some:model"))
    assert chat.ask(SAID, SCHEMA) == Reply(ANSWER, Tokens(prompt=100, completion=10), None, "json_schema")
    assert chat.ask(SAID, SCHEMA).way == "json_mode"


def test_recordings_stand_before_a_hosted_model(ask: Asker, tmp_path: Path) -> None:
    ask.server.script = [openai_stream(ANSWER)]
    profile = profile_of("openai:x", base_url=ask.server.url)

    def load() -> BaseChatModel:
        return load_chat_model("openai:x", tmp_path, base_url=ask.server.url, profile=profile)

    replies = []
    for mode in ("record", "replay"):
        recordings = Recordings(tmp_path / "recordings", "openai:x", "1", mode)
        chat = StructuredChat(recordings.chat_model(load), "openai:x", profile)
        with recordings.of("g001"):
            replies.append(chat.ask(SAID, SCHEMA))
    assert [(one.text, one.tokens, one.way) for one in replies] == [
        (ANSWER, Tokens(prompt=30, completion=5), "json_schema")
    ] * 2
    assert len(ask.sent) == 1


def test_an_embedded_answer_that_was_cut_off_is_given_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "qwen2.5-coder-1.5b"
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    usage["prompt_tokens_details"] = {"cached_tokens": 4}  # type: ignore[assignment]
    pieces = [
        {"choices": [{"text": '{"verdict"', "finish_reason": None, "logprobs": None}]},
        {"choices": [{"text": ": ", "finish_reason": "length", "logprobs": None}], "usage": usage},
    ]
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(llama_cpp.EmbeddedChat, "load", lambda self: None)
    monkeypatch.setattr(llama_cpp, "_pieces", lambda server, request: asked.append(request) or iter(pieces))
    profile = profile_of(name)
    chat = StructuredChat(load_chat_model(name, tmp_path, profile=profile), name, profile)
    reply = chat.ask(SAID, SCHEMA)
    assert reply == Reply('{"verdict": ', Tokens(prompt=9, completion=2), "length", "json_schema", 4)
    assert (asked[0]["max_tokens"], asked[0]["json_schema"]["properties"]) == (80, SCHEMA["properties"])
    pieces[:] = [{"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 5000}}]
    with pytest.raises(ContextExceeded, match="the prompt has 5000 tokens"):
        chat.ask(SAID, SCHEMA, max_tokens=30)
    assert asked[1]["max_tokens"] == 30


@pytest.mark.parametrize(("model", "way"), [("gpt-4.1", "json_schema"), ("gpt-3.5-turbo", "tools")])
def test_another_provider_is_asked_as_its_package_does(ask: Asker, model: str, way: str) -> None:
    from langchain_openai import ChatOpenAI

    ask.server.script = [openai_stream(ANSWER)]
    name = f"other:{model}"
    real = ChatOpenAI(model=model, base_url=ask.server.url, api_key=SecretStr("none"), temperature=0)
    assert StructuredChat(real, name, profile_of(name)).ask(SAID, SCHEMA).way == way
    [sent] = ask.sent
    assert ("response_format" in sent, "tools" in sent) == (way == "json_schema", way == "tools")


@pytest.mark.parametrize("status", [404, 500])
def test_a_refused_way_may_come_with_another_status(ask: Asker, status: int) -> None:
    words = {404: "No endpoints found that support tool use", 500: "failed to parse grammar"}[status]
    assert ask(fails(status, words), openai_stream(ANSWER)).text == ANSWER
    assert "response_format" not in ask.sent[1]
