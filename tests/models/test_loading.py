"""Names to chat models, and what becomes of servers that misbehave."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_server import FakeServer, Handler, answers, breaks_off, fails, hangs, serving, unreachable
from langchain_core import exceptions
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from assistant.errors import ContextExceeded, ModelError, PromptError
from assistant.models.chat import loading, openai_api
from assistant.models.chat.llama_cpp import EmbeddedChat
from assistant.models.chat.loading import load_chat_model, model_errors

KEYS = ("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY")


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as fake:
        yield fake


@pytest.fixture
def model(server: FakeServer, tmp_path: Path) -> BaseChatModel:
    return load_chat_model("openai:fake", tmp_path, base_url=server.url, timeout=0.5)


def ask(model: BaseChatModel) -> str:
    with model_errors("openai:fake"):
        return str(model.invoke("hello").content)


def test_an_embedded_name_loads_nothing_yet(tmp_path: Path) -> None:
    model = load_chat_model("qwen2.5-coder-1.5b", tmp_path, max_tokens=7, threads=1)
    assert isinstance(model, EmbeddedChat)
    assert (model.model, model.folder, model.max_tokens, model.threads) == (
        "qwen2.5-coder-1.5b",
        tmp_path,
        7,
        1,
    )
    assert list(tmp_path.iterdir()) == []
    assert model.cache_prompt


def test_a_repeatable_model_keeps_nothing_of_earlier_calls(tmp_path: Path) -> None:
    model = load_chat_model("qwen2.5-coder-1.5b", tmp_path, repeatable=True)
    assert isinstance(model, EmbeddedChat)
    asked = [HumanMessage("hello")]
    assert model._request(asked, None)["cache_prompt"] is False
    assert model._request(asked, None, cache_prompt=True)["cache_prompt"] is True


@pytest.mark.parametrize("name", ["gpt-4.1-mini", "qwen", "openai:", ":x", ""])
def test_unknown_names_tell_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"unknown model .*qwen2\.5-coder-1\.5b.*extractive.* provider:model"
    ):
        load_chat_model(name, tmp_path)


def test_an_unknown_provider_tells_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"unknown provider 'nobody'.*openai"):
        load_chat_model("nobody:model", tmp_path)


@pytest.mark.parametrize(
    ("provider", "key"), [("openai", "OPENAI_API_KEY"), ("anthropic", "ANTHROPIC_API_KEY")]
)
def test_a_missing_key_tells_how_to_set_it(provider: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"export {key}="):
        load_chat_model(f"{provider}:some-model", tmp_path)


@pytest.mark.parametrize(
    ("name", "missing", "remedy"),
    [
        ("openai:x", "langchain_openai", "pip install 'news-assistant[openai]'"),
        ("groq:x", "langchain_groq", "pip install langchain-groq"),
        ("openai:x", "tiktoken", "the package tiktoken; install it with: pip install tiktoken"),
        (
            "ollama:x",
            "langchain_ollama",
            "the package langchain_ollama; install it with: pip install 'news-assistant[ollama]'",
        ),
        ("ollama:x", "ollama", "the package ollama; install it with: pip install ollama"),
    ],
)
def test_a_missing_package_is_named(
    name: str, missing: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langchain.chat_models import base

    for module in [
        module for module in sys.modules if module.startswith(("langchain_openai", "langchain_ollama"))
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, missing, None)
    base._get_chat_model_creator.cache_clear()
    with pytest.raises(ModelError) as caught:
        load_chat_model(name, tmp_path, base_url="http://127.0.0.1:1/v1")
    base._get_chat_model_creator.cache_clear()
    assert str(caught.value).endswith(remedy)
    assert missing in str(caught.value)


@pytest.mark.parametrize("name", ["openai:x", "ollama:x"])
def test_a_socks_proxy_tells_what_it_needs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://user:hush-hush@127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with pytest.raises(ModelError, match=r"pip install 'httpx\[socks\]'$") as caught:
        load_chat_model(name, tmp_path)
    assert "hush" not in str(caught.value)


def test_keys_and_pages_stay_out_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "very-secret")
    said = "very-secret, sk-proj-abcdef123456 and http://me:pass-word@host/v1"
    with pytest.raises(ModelError) as caught, model_errors("some:model"):
        raise ValueError(said)
    assert "…, … and http://…@host/v1" in str(caught.value)
    with pytest.raises(ModelError, match=r"\(a web page instead of an answer\)"), model_errors("some:model"):
        raise ValueError("<!doctype html><html><body>Log in</body></html>")


def test_settings_reach_the_server(server: FakeServer, tmp_path: Path) -> None:
    server.script = [answers("good day")]
    model = load_chat_model("openai:fake", tmp_path, base_url=server.url, max_tokens=77)
    reply = model.invoke("hello")
    assert reply.content == "good day"
    assert reply.usage_metadata is not None
    assert reply.usage_metadata["input_tokens"] == 3
    [request] = server.requests
    assert request["model"] == "fake"
    assert request["temperature"] == 0
    assert 77 in (request.get("max_tokens"), request.get("max_completion_tokens"))
    assert server.keys == ["Bearer none"]


def test_a_key_that_is_set_is_sent(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    server.script = [answers("good day")]
    load_chat_model("openai:fake", tmp_path, base_url=server.url).invoke("hello")
    assert server.keys == ["Bearer secret"]


def test_a_busy_server_is_asked_again(server: FakeServer, model: BaseChatModel) -> None:
    server.script = [fails(429, retry_after_ms="1"), fails(500, retry_after_ms="1"), answers("at last")]
    assert ask(model) == "at last"
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (fails(401, "bad key"), r"bad key.*does not accept the API key"),
        (fails(403), "may not use it"),
        (fails(404, "no model fake"), r"no model fake.*no such model"),
        (fails(400, "bad schema"), r"bad schema.*refuses the request"),
        (fails(422), "refuses the request"),
        (fails(429, retry_after_ms="1"), "too many requests"),
        (fails(500, retry_after_ms="1"), "the server fails"),
        (fails(503, retry_after_ms="1"), "the server fails"),
        (lambda handler: handler.send(200, "{not json"), "answer cannot be used"),
        (lambda handler: handler.send(200, "<html>login</html>", Content_Type="text/html"), "cannot be used"),
        (lambda handler: handler.send(200, "{}"), "cannot be used"),
        (lambda handler: handler.send(200, '{"choices": null}'), "cannot be used"),
    ],
)
def test_every_failure_is_one_line_with_a_remedy(
    reply: Callable[[Handler], None], words: str, server: FakeServer, model: BaseChatModel
) -> None:
    server.script = [reply]
    with pytest.raises(ModelError, match=words) as caught:
        ask(model)
    assert str(caught.value).startswith("openai:fake failed (")
    assert "\n" not in str(caught.value)


@pytest.mark.timeout(15)
def test_a_silent_server_is_given_up(server: FakeServer, model: BaseChatModel) -> None:
    server.script = [hangs]
    with pytest.raises(ModelError, match="no answer in time"):
        ask(model)


def test_nobody_listening(tmp_path: Path) -> None:
    model = load_chat_model("openai:fake", tmp_path, base_url="http://127.0.0.1:9/v1", timeout=1)
    with pytest.raises(ModelError, match=r"cannot be reached; check the network and base_url"):
        ask(model)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["openai:fake", "ollama:fake"])
def test_what_cannot_be_connected_to_is_told_before_the_time_of_an_answer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (loading, openai_api):
        monkeypatch.setattr(module, "CONNECTING", 0.1)
    with unreachable() as address:
        model = load_chat_model(name, tmp_path, base_url=address, timeout=600)
        with pytest.raises(ModelError, match="cannot be reached; check the network"), model_errors(name):
            model.invoke("hello")


def test_a_stream_that_breaks_off(server: FakeServer, model: BaseChatModel) -> None:
    server.script = [breaks_off]
    heard = []
    with pytest.raises(ModelError, match="cannot be reached"), model_errors("openai:fake"):
        heard += [chunk.content for chunk in model.stream("hello")]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (exceptions.ContextOverflowError("too long"), "fewer or shorter passages"),
        (ConnectionError("refused"), "cannot be reached"),
        (TimeoutError(), r"\(TimeoutError\): no answer in time"),
        (TypeError("x" * 500), r"x…\): its answer cannot be used"),
    ],
)
def test_errors_of_other_providers(error: Exception, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught, model_errors("some:model"):
        raise error
    assert caught.value.__cause__ is error
    assert isinstance(caught.value, ContextExceeded) is isinstance(error, exceptions.ContextOverflowError)


@pytest.mark.parametrize("error", [PromptError("ours"), KeyboardInterrupt()])
def test_our_own_errors_and_interrupts_pass(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, model_errors("some:model"):
        raise error
    assert caught.value is error
