"""What is expected of a model by its name."""

import pytest

from assistant.models.chat.profiles import WAYS, cost_of, names, profile_of
from assistant.schema import Tokens


def test_an_embedded_model_gets_one_short_task() -> None:
    made = profile_of("qwen2.5-coder-1.5b")
    assert (made.capable, made.passages, made.rounds, made.output, made.context) == (False, 6, 1, 80, 4096)
    assert made.ways == ("json_schema",)


@pytest.mark.parametrize(
    "name", ["openai:gpt-4.1", "anthropic:claude-sonnet-4-5", "mistralai:mistral-large-latest"]
)
def test_a_hosted_model_gets_much(name: str) -> None:
    made = profile_of(name)
    assert (made.capable, made.passages, made.rounds, made.output) == (True, 14, 3, 1500)
    assert (made.thinking, made.temperature, made.ways) == (0, 0, WAYS)


@pytest.mark.parametrize(
    ("name", "temperature"),
    [
        ("openai:o1", None),
        ("openai:o3-mini", None),
        ("openai:o4-mini-2025-04-16", None),
        ("openai:gpt-5-mini", None),
        ("openai:gpt-5.2", None),
        ("deepseek:deepseek-reasoner", 0),
        ("mistralai:magistral-medium-latest", 0),
        ("google_genai:gemini-2.5-flash", 0),
        ("groq:qwen/qwen3-32b", 0),
        ("openrouter:moonshotai/kimi-k2-thinking", 0),
    ],
)
def test_a_model_that_thinks_gets_room_for_it(name: str, temperature: float | None) -> None:
    made = profile_of(name)
    assert (made.thinking, made.room, made.temperature) == (8000, 9500, temperature)


@pytest.mark.parametrize("name", ["openai:gpt-5-chat-latest", "openai:gpt-4o", "groq:qwen/qwen3-coder-30b"])
def test_others_think_not(name: str) -> None:
    assert (profile_of(name).thinking, profile_of(name).temperature) == (0, 0)


@pytest.mark.parametrize(
    ("name", "base_url", "size"),
    [
        ("ollama:llama3.1:8b", None, (8192, 8, 2)),
        ("ollama:gpt-oss:20b", "http://gpu.example.org:11434", (8192, 8, 2)),
        ("openai:llama-3.1-8b", "http://127.0.0.1:8000/v1", (16_384, 14, 3)),
        ("openai:llama-3.1-8b", "http://gpu:8000/v1", (16_384, 14, 3)),
        ("openai:llama-3.1-8b", "http://192.168.1.4/v1", (16_384, 14, 3)),
        ("openai:meta/llama-3.1-70b", "https://openrouter.ai/api/v1", (128_000, 14, 3)),
        ("openai:gpt-4.1-mini", "http://127.0.0.1:4000", (1_000_000, 14, 3)),
        ("openai:anthropic/claude-sonnet-4-5", "http://proxy.internal/v1", (200_000, 14, 3)),
    ],
)
def test_a_server_of_ones_own_gets_less(name: str, base_url: str | None, size: tuple[int, int, int]) -> None:
    made = profile_of(name, base_url=base_url)
    assert (made.context, made.passages, made.rounds) == size
    assert made.capable
    assert made.prices is None


def test_all_passages_of_a_local_model_fit_its_context() -> None:
    """At 160 words a passage, the longest there is by default."""
    for made in (profile_of("ollama:llama3.1:8b"), profile_of("openai:llama", base_url="http://gpu:8000/v1")):
        assert made.evidence_words >= 160 * made.passages


def test_a_large_context_makes_a_local_server_a_hosted_one() -> None:
    made = profile_of("ollama:qwen3:32b", context=40_000)
    assert (made.context, made.passages, made.rounds, made.thinking) == (40_000, 14, 3, 8000)
    assert profile_of("ollama:qwen3:32b").thinking == 2048
    assert profile_of("ollama:qwen3:32b", context=16_000).passages == 8
    served = profile_of("openai:qwen3-32b", base_url="http://gpu:8000/v1")
    assert (served.context, served.thinking) == (16_384, 4096)


def test_every_value_can_be_set() -> None:
    values = {
        "capable": False,
        "context": 5000,
        "output": 9,
        "thinking": 7,
        "passages": 1,
        "rounds": 4,
        "temperature": 0.5,
        "ways": ("text",),
        "prices": (1.0, 2.0),
    }
    assert set(values) == set(names())
    made = profile_of("openai:gpt-4.1", **values)
    assert {name: getattr(made, name) for name in names()} == values
    assert profile_of("openai:gpt-4.1", **dict.fromkeys(names())) == profile_of("openai:gpt-4.1")
    with pytest.raises(TypeError):
        profile_of("openai:gpt-4.1", contexts=5)


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("openai:gpt-4.1-mini", 0.4 + 0.16),
        ("openai:gpt-4.1-mini-2025-04-14", 0.4 + 0.16),
        ("anthropic:claude-sonnet-4-5-20250929", 3 + 1.5),
        ("openai:gpt-5.2", None),
        ("openai:unheard-of", None),
        ("qwen2.5-coder-1.5b", 0),
    ],
)
def test_costs(name: str, cost: float | None) -> None:
    found = cost_of(Tokens(prompt=1_000_000, completion=100_000), profile_of(name))
    assert found == (cost if cost is None else pytest.approx(cost))
