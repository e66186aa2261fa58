"""Asking a hosted model for JSON: what becomes of answers that are none, and of servers that are busy."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from asker import ANSWER, SAID, SCHEMA, Asker, Replies, asking
from fake_server import (
    Handler,
    anthropic_fails,
    anthropic_stream,
    breaks_off,
    delta,
    fails,
    hangs,
    ollama_fails,
    ollama_stream,
    openai_stream,
    sends,
)

from assistant.errors import ContextExceeded, ModelError
from assistant.models.chat import structured_output
from assistant.models.chat.loading import load_chat_model
from assistant.models.chat.profiles import profile_of
from assistant.models.chat.structured_output import StructuredChat
from assistant.schema import Tokens


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asker]:
    with asking(tmp_path, monkeypatch) as asker:
        yield asker


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(structured_output.time, "sleep", seconds.append)
    return seconds


@pytest.mark.parametrize("text", ["", ANSWER[:20]])
def test_an_answer_that_was_cut_off_is_asked_for_with_twice_the_room(ask: Asker, text: str) -> None:
    reply = ask(openai_stream(text, "length"), openai_stream(ANSWER))
    assert (reply.text, reply.tokens) == (ANSWER, Tokens(prompt=60, completion=10))
    assert [sent["max_completion_tokens"] for sent in ask.sent] == [1500, 3000]


@pytest.mark.parametrize(
    ("reply", "name", "words"),
    [
        (openai_stream(ANSWER[:20], "length"), "openai:x", "its answer was cut off at 3000 tokens"),
        (openai_stream("", "length"), "openai:x", "its thinking used up all 3000 tokens"),
        (openai_stream("", "length"), "openai:o3", "its thinking used up all 19000 tokens"),
        (openai_stream("", "length", reasoning_content="Hm"), "openai:x", "its thinking used up all 3000"),
        (openai_stream("<think>Let me see", "length"), "openai:x", "its thinking used up all 3000 tokens"),
        (anthropic_stream(ANSWER[:20], "max_tokens"), "anthropic:claude-x", "was cut off at 3000 tokens"),
        (ollama_stream("", "length", thinking="Hm"), "ollama:qwen3", "its thinking used up all 7096 tokens"),
    ],
)
def test_one_that_is_cut_off_again_is_an_error(ask: Asker, reply: Replies, name: str, words: str) -> None:
    with pytest.raises(ModelError, match=f"{words}.*; set a larger output_tokens"):
        ask(reply, name=name)
    assert len(ask.sent) == 2


def test_no_room_for_twice_the_answer_is_no_matter_of_passages(ask: Asker) -> None:
    with pytest.raises(ModelError, match="cut off at 1500 tokens") as caught:
        ask(openai_stream("{", "length"), fails(400, "This model's maximum context length is 2048 tokens."))
    assert not isinstance(caught.value, ContextExceeded)


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        (openai_stream(ANSWER, None), "openai:x"),
        (sends(delta(content=ANSWER[:20]), done=False), "openai:x"),
        (sends(delta(content=ANSWER[:20]), delta("error")), "openai:x"),
        (anthropic_stream(ANSWER, None), "anthropic:claude-x"),
        (ollama_stream(ANSWER, None), "ollama:x"),
    ],
)
def test_an_answer_that_breaks_off_is_asked_for_once_more(ask: Asker, reply: Replies, name: str) -> None:
    with pytest.raises(ModelError, match="the answer broke off; try again"):
        ask(reply, name=name)
    assert len(ask.sent) == 2
    whole = {"openai": openai_stream, "anthropic": anthropic_stream, "ollama": ollama_stream}
    assert ask(reply, whole[name.partition(":")[0]](ANSWER), name=name).text == ANSWER


@pytest.mark.parametrize(
    ("reply", "name", "words"),
    [
        (openai_stream("", "content_filter"), "openai:x", "refused to answer;"),
        (openai_stream("", refusal="I cannot say."), "openai:x", r"refused to answer \(I cannot say\.\)"),
        (
            fails(400, "The response was filtered: content management policy."),
            "openai:x",
            "refused to answer: a",
        ),
        (anthropic_stream("I", "refusal"), "anthropic:claude-x", "refused to answer;"),
        (openai_stream(""), "openai:x", "gave no answer"),
        (openai_stream("  \n"), "openai:x", "gave no answer"),
        (sends(delta(content=None), delta("stop")), "openai:x", "gave no answer"),
        (openai_stream("<think>All of it</think>"), "openai:x", "gave no answer"),
        (anthropic_stream("", thinking="Hm"), "anthropic:claude-x", "gave no answer"),
        (ollama_stream(""), "ollama:x", "gave no answer"),
    ],
)
def test_no_answer_is_no_answer(ask: Asker, reply: Replies, name: str, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        ask(reply, name=name)
    assert str(caught.value).startswith(name)
    assert len(ask.sent) == 1


@pytest.mark.parametrize(
    "reply",
    [
        openai_stream(f"<think>\nMaybe {{42}}.\n</think>\n\n{ANSWER}"),
        openai_stream(f"Maybe 42.\n</think>\n\n{ANSWER}"),
        openai_stream(f"[THINK]Hm[/THINK]{ANSWER}"),
        openai_stream(ANSWER, reasoning_content="Maybe 42."),
    ],
)
def test_thoughts_are_no_part_of_an_answer(ask: Asker, reply: Replies) -> None:
    assert ask(reply).text == ANSWER
    assert ask.shown[-1] == ANSWER
    assert not any("<think" in text or "42" in text for text in ask.shown[-2:])


def test_a_tag_inside_an_answer_stays(ask: Asker) -> None:
    text = '{"verdict": "It spells </think> there"}'
    assert ask(openai_stream(text)).text == text


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        (
            fails(400, "This model's maximum context length is 2048 tokens. However, you sent 3200."),
            "openai:x",
        ),
        (fails(400, "the request exceeds the available context size (4096 tokens)"), "openai:x"),
        (fails(400, "Too many tokens in the prompt"), "openai:x"),
        (
            anthropic_fails(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
            "anthropic:c",
        ),
        (anthropic_stream("{", "model_context_window_exceeded"), "anthropic:c"),
        (ollama_fails(400, "input length exceeds the context length"), "ollama:x"),
    ],
)
def test_too_much_to_read_is_told_apart(ask: Asker, reply: Replies, name: str) -> None:
    with pytest.raises(ContextExceeded, match="fewer or shorter passages"):
        ask(reply, name=name)
    assert len(ask.sent) == 1


def test_a_busy_server_is_waited_for_as_it_asks(ask: Asker, slept: list[float]) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=31), usegmt=True)
    assert (
        ask(fails(429, retry_after="40"), fails(503, retry_after=later), openai_stream(ANSWER)).text == ANSWER
    )
    assert slept[0] == 40
    assert 28 < slept[1] <= 31
    assert ask.notices[0] == "openai:some-model is busy, asking again in 40 s"
    assert len(ask.notices) == 2


@pytest.mark.parametrize(
    ("reply", "what", "words", "name"),
    [
        (fails(429), "is busy", "too many requests", "openai:x"),
        (fails(503, "<html><body><h1>503</h1></body></html>"), "is busy", "a web page instead", "openai:x"),
        (fails(500), "fails", "the server fails", "openai:x"),
        (anthropic_fails(529, "overloaded_error", "Wait"), "is busy", "the server fails", "anthropic:c"),
        (ollama_fails(503, "server busy"), "is busy", "the server fails", "ollama:x"),
        (sends(delta(content="{"), {"error": {"message": "overloaded", "type": "server_error"}}), "fails",
         "the server fails", "openai:x"),
    ],
)  # fmt: skip
def test_without_a_time_to_wait_it_backs_off(
    ask: Asker, slept: list[float], reply: Replies, what: str, words: str, name: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        ask(reply, name=name)
    assert "\n" not in str(caught.value)
    assert slept == [1, 2]
    assert ask.notices == [f"{name} {what}, asking again in {seconds} s" for seconds in (1, 2)]
    assert len(ask.sent) == 3


def test_an_overload_in_the_middle_of_a_stream(ask: Asker, slept: list[float]) -> None:
    def reply(handler: Handler) -> None:
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        body = f"event: error\ndata: {json.dumps(error)}\n\n"
        handler.send(200, body, Content_Type="text/event-stream")

    assert ask(reply, anthropic_stream(ANSWER), name="anthropic:claude-x").text == ANSWER
    assert ask.notices == ["anthropic:claude-x is busy, asking again in 1 s"]


def test_too_long_a_wait_is_not_waited(ask: Asker, slept: list[float]) -> None:
    with pytest.raises(
        ModelError, match=r"busy and asks to wait 86 s; try again then, or set a longer timeout"
    ):
        ask(fails(429, retry_after="86"), timeout=5)
    assert (slept, ask.notices, len(ask.sent)) == ([], [], 1)
    assert ask(fails(429, retry_after="86"), openai_stream(ANSWER), timeout=90).text == ANSWER


def test_an_empty_account_is_not_waited_for(ask: Asker, slept: list[float]) -> None:
    with pytest.raises(ModelError, match="no credit left"):
        ask(fails(429, "You exceeded your current quota, please check your plan.", retry_after="1"))
    assert slept == []


@pytest.mark.parametrize(
    ("reply", "what"), [(breaks_off, "cannot be reached"), (hangs, "gave no answer in time")]
)
def test_a_lost_connection_is_taken_up_again(
    ask: Asker, slept: list[float], reply: Replies, what: str
) -> None:
    assert ask(reply, openai_stream(ANSWER), timeout=0.4).text == ANSWER
    assert ask.notices == [f"openai:some-model {what}, asking again in 1 s"]


@pytest.mark.parametrize("name", ["openai:x", "anthropic:c", "ollama:x"])
def test_nobody_there(tmp_path: Path, slept: list[float], name: str) -> None:
    address = "http://127.0.0.1:9"
    profile = profile_of(name, base_url=address)
    model = load_chat_model(name, tmp_path, base_url=address, timeout=1, profile=profile)
    with pytest.raises(ModelError, match="cannot be reached"):
        StructuredChat(model, name, profile).ask(SAID, SCHEMA)
    assert slept == [1, 2]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (fails(401, "Incorrect API key provided: sk-abcdefgh1234."), "does not accept the API key"),
        (fails(404, "The model `x` does not exist"), "no such model"),
        (
            lambda handler: handler.send(200, "<html>Welcome</html>", Content_Type="text/html"),
            "cannot be used",
        ),
        (lambda handler: handler.send(200, '{"hello": "world"}'), "cannot be used"),
        (sends(delta(content="{"), "data: {oops\n\n"), "cannot be used"),
    ],
)
def test_what_cannot_be_mended_is_one_line(
    ask: Asker, slept: list[float], reply: Replies, words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        ask(reply)
    assert slept == []
    assert "sk-" not in str(caught.value)
    assert "\n" not in str(caught.value)
