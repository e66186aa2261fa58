"""A language model's limits, capabilities and prices, by its name.

The values are defaults that settings override. `structured_output` finds out by trying what a server rejects.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from assistant.schema import Tokens

if TYPE_CHECKING:
    pass

Way = Literal["json_schema", "tools", "json_mode", "text"]
"""How a model is made to answer in JSON: by a schema it is held to, by the arguments of a tool it has to
call, by JSON of any kind, or only by being asked to."""

WAYS: tuple[Way, ...] = ("json_schema", "tools", "json_mode", "text")

INSTRUCTIONS = 1200
"""Tokens of the longest prompt, its question and what a repair adds."""

TOKENS_A_WORD = 1.6
"""Of English news with its ids and headlines; other languages take more, and ask again with less."""

THINKING = 8000
"""Tokens of room for a model that thinks before it answers."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What to expect of a model; `fixed` names the values that were set, which nothing may correct."""

    capable: bool
    """Whether it follows long instructions; one that does not is given one short task."""
    context: int
    """Tokens that it reads and writes together."""
    output: int
    """Tokens of an answer, thinking apart."""
    thinking: int
    """Tokens of room on top, for a model that thinks."""
    passages: int
    """Passages, or sentences for a model that is not capable, that it is given."""
    rounds: int
    """How often it is asked at most for one answer, the first time included."""
    temperature: float | None
    """None for a model that refuses to be given one."""
    ways: tuple[Way, ...]
    """Ways to make it answer in JSON, tried in this order."""
    prices: tuple[float, float] | None
    """US dollars for a million tokens, read and written; None where they are not known."""
    fixed: frozenset[str] = frozenset()

    @property
    def evidence_words(self) -> int:
        """Words of passages that there is room for beside instructions, answer and thinking."""
        return max(400, int((self.context - self.room - INSTRUCTIONS) / TOKENS_A_WORD))

    @property
    def room(self) -> int:
        """Tokens that one answer may take, thinking included."""
        return self.output + self.thinking


EMBEDDED = Profile(
    capable=False,
    context=4096,
    output=80,
    thinking=0,
    passages=6,
    rounds=1,
    temperature=0,
    ways=("json_schema",),
    prices=(0, 0),
)
HOSTED = Profile(
    capable=True,
    context=128_000,
    output=1500,
    thinking=0,
    passages=14,
    rounds=3,
    temperature=0,
    ways=WAYS,
    prices=None,
)
LOCAL = replace(HOSTED, context=8192, passages=8, rounds=2)
"""Ollama, which reads what its default allows and cuts the rest without a word."""

SERVED = replace(HOSTED, context=16_384)
"""A server of one's own whose context is not known; what is too long it refuses, and is then given less."""

LARGE = 32_000
"""Tokens of context from which a model is given as much as a hosted one, wherever it runs."""

_VENDORED = re.compile(
    r"(gpt-(3\.5|4|[5-9])|chatgpt|o\d(-|$)|claude|gemini|deepseek-(chat|reasoner)|grok|command|magistral"
    r"|(mistral|pixtral)-(large|medium|small)-)"
)
"""Models that their makers host; only a proxy offers them at another address."""

_CONTEXTS = (
    (r"gpt-3\.5", 16_000),
    (r"gpt-4($|-0)", 8192),
    (r"gpt-4\.1", 1_000_000),
    (r"gpt-[5-9]", 272_000),
    (r"o\d|claude", 200_000),
    (r"gemini", 1_000_000),
)

_THINKS = re.compile(
    r"(^|/)(o\d(-|$)|gpt-[5-9](?!.*chat)|gpt-oss|deepseek-r|magistral|qwq|qwen3(?!.*(instruct|coder))"
    r"|gemini-(2\.5|[3-9])|grok-[4-9]|grok-3-mini)|reason|thinking"
)
_NO_TEMPERATURE = re.compile(r"(^|/)(o\d(-|$)|gpt-[5-9](?!.*chat))")

_PRICES: tuple[tuple[str, tuple[float, float]], ...] = (
    ("gpt-4.1-nano", (0.1, 0.4)),
    ("gpt-4.1-mini", (0.4, 1.6)),
    ("gpt-4.1", (2, 8)),
    ("gpt-4o-mini", (0.15, 0.6)),
    ("gpt-4o", (2.5, 10)),
    ("o4-mini", (1.1, 4.4)),
    ("gpt-5-nano", (0.05, 0.4)),
    ("gpt-5-mini", (0.25, 2)),
    ("gpt-5", (1.25, 10)),
    ("claude-haiku-4-5", (1, 5)),
    ("claude-sonnet-4-5", (3, 15)),
    ("claude-opus-4-5", (5, 25)),
    ("gemini-2.5-flash", (0.3, 2.5)),
)
"""List prices at the end of 2025, of the name alone or with a date behind it."""


def profile_of(name: str, *, base_url: str | None = None, **overrides: Any) -> Profile:
    """The profile of an embedded model, or of "provider:model" at its maker's address or at `base_url`.

    Overrides are named after the fields of `Profile`; those that are None count as not given. Raises
    TypeError for any other name.
    """
    given = {field: value for field, value in overrides.items() if value is not None}
    provider, _, model = name.partition(":")
    if not model:
        made = EMBEDDED
    elif _is_local(provider, model, base_url):
        kind = LOCAL if provider == "ollama" else SERVED
        made = replace(kind, thinking=THINKING if _THINKS.search(model.lower()) else 0)
        if (given.get("context") or 0) >= LARGE:
            made = replace(made, passages=HOSTED.passages, rounds=HOSTED.rounds)
    else:
        made = _hosted(model.lower(), at_home=base_url is None)
    if "ways" in given:
        given["ways"] = tuple(given["ways"])
    made = replace(made, **given, fixed=frozenset(given))
    return _fitting(made)


def cost_of(tokens: Tokens, profile: Profile) -> float | None:
    """US dollars, by list prices; None where these are not known."""
    if profile.prices is None:
        return None
    read, written = profile.prices
    return (tokens.prompt * read + tokens.completion * written) / 1_000_000


def names() -> tuple[str, ...]:
    """What can be overridden."""
    return tuple(field.name for field in fields(Profile) if field.name != "fixed")


def _hosted(model: str, *, at_home: bool) -> Profile:
    """By the maker's name for the model; list prices hold at the maker's own address only."""
    model = model.rpartition("/")[2]
    context = next((size for family, size in _CONTEXTS if re.match(family, model)), HOSTED.context)
    prices = next((price for name, price in _PRICES if re.fullmatch(rf"{name}(-?\d[\d-]*)?", model)), None)
    return replace(
        HOSTED,
        context=context,
        thinking=THINKING if _THINKS.search(model) else 0,
        temperature=None if _NO_TEMPERATURE.search(model) else 0,
        prices=prices if at_home else None,
    )


def _is_local(provider: str, model: str, base_url: str | None) -> bool:
    """Whether nothing but the server's address is known: whoever hosts a model offers its whole context."""
    if provider == "ollama":
        return True
    if base_url is None or _VENDORED.match(model.lower().rpartition("/")[2]):
        return False
    return not _is_public(urlsplit(base_url).hostname or "")


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".lan", ".home", ".localhost"))


def _fitting(profile: Profile) -> Profile:
    """Without more room for thinking than a quarter of the context, unless that was set."""
    most = profile.context // 4
    if profile.thinking <= most or "thinking" in profile.fixed:
        return profile
    return replace(profile, thinking=most)
