"""A request for JSON in each provider's format, without parameters that its server rejects."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable

from assistant.models.chat import provider_errors
from assistant.models.chat.profiles import Profile, Way

MANNER = "Reply with one JSON object that fits this JSON schema, and with nothing else:"
"""Said to a model that no schema holds; OpenAI's JSON mode wants the word JSON somewhere."""

_LEAST = 64
"""Tokens below which no answer makes sense."""

_NOT_STRICT = ("minLength", "maxLength", "default", "uniqueItems", "minProperties", "maxProperties")
"""What OpenAI's strict schemas may not say."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What a server is known to refuse: parts of a request, ways, and more tokens than `most`."""

    refused: frozenset[str] = frozenset()
    most: int | None = None

    def without(self, name: str) -> Habits:
        """These, and that."""
        return replace(self, refused=self.refused | {name})

    def takes(self, name: str) -> bool:
        """Whether it has not been refused."""
        return name not in self.refused


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for, before it is known what the server takes of it."""

    model: BaseChatModel
    name: str
    profile: Profile
    messages: tuple[BaseMessage, ...]
    schema: dict[str, Any] | None
    called: str
    output: int | None
    times: int = 1

    @property
    def provider(self) -> str:
        """The provider's name; empty for a model in this process."""
        return provider_of(self.name)

    @property
    def local(self) -> bool:
        """Whether the model runs in this process, and takes a schema and nothing else."""
        return not self.provider

    def with_twice_the_room(self) -> Request:
        """The same, for an answer that was cut off."""
        return replace(self, times=2)

    def granted(self, habits: Habits) -> int:
        """Tokens for the answer and its thoughts, as far as the server gives them."""
        room = ((self.output or self.profile.output) + self.profile.thinking) * self.times
        return min(room, habits.most) if habits.most else room

    def way(self, habits: Habits) -> Way:
        """How JSON is asked for: the first way that was not refused, and without a schema none."""
        if self.schema is None:
            return "text"
        return next((way for way in self.profile.ways if habits.takes(way)), "text")

    def send(self, habits: Habits) -> Iterator[AIMessage]:
        """The answer in pieces. Raises what the model does, and NotImplementedError for a way it lacks."""
        way = self.way(habits)
        parameters = self._parameters(habits) | self._way_parameters(way)
        messages = self._messages(habits, way)
        model: Runnable[Any, AIMessage] = self.model
        if way == "tools":
            function = {"name": self.called, "description": "Takes the answer.", "parameters": self.schema}
            choice: dict[str, Any] = {"tool_choice": self.called} if habits.takes("forced") else {}
            model = self.model.bind_tools([{"type": "function", "function": function}], **choice)
        if habits.takes("stream"):
            return iter(model.stream(messages, **parameters))
        return iter([model.invoke(messages, **parameters)])

    def without_what_is_refused(self, habits: Habits, error: Exception) -> Habits | None:
        """Habits for another attempt; None for an error of another kind, or with nothing to leave out."""
        if str(error) == "No generation chunks were returned" and not self.local:
            return habits.without("stream") if habits.takes("stream") else None  # perhaps it sent all at once
        for part in provider_errors.complaints(error):
            if part == "too_many":
                asked = self.granted(habits)
                most = provider_errors.most_tokens(error, asked)
                if most and most >= _LEAST:
                    return replace(habits, most=most)
            elif part == "way":
                if (way := self.way(habits)) != "text":
                    return habits.without(way)
            elif self._in_use(part, habits):
                return habits.without(part)
        return None

    def _in_use(self, part: str, habits: Habits) -> bool:
        """Whether the request has this part now."""
        if not habits.takes(part) or self.local:
            return False
        openai = self.provider == "openai"
        in_use = {
            "temperature": self.profile.temperature is not None,
            "max_completion_tokens": openai,
            "max_tokens": openai and not habits.takes("max_completion_tokens"),
            "system": any(isinstance(message, SystemMessage) for message in self.messages),
            "usage": openai,
            "stream": True,
            "cache": self.provider == "anthropic",
            "forced": self.way(habits) == "tools",
        }
        return in_use[part]

    def _parameters(self, habits: Habits) -> dict[str, Any]:
        """Room, temperature and the like."""
        room = self.granted(habits)
        if self.local:
            return {"max_tokens": self.output} if self.output else {}
        if self.provider == "ollama":
            options = {
                "temperature": self.profile.temperature if habits.takes("temperature") else None,
                "num_ctx": self.profile.context,
                "num_predict": room,
            }
            return {"options": {name: value for name, value in options.items() if value is not None}}
        parameters: dict[str, Any] = {}
        never = self.profile.temperature is None and self.provider in ("openai", "anthropic")
        if never or not habits.takes("temperature"):
            parameters["temperature"] = None
        if self.provider == "openai":
            if habits.takes("stream"):
                parameters["stream_usage"] = habits.takes("usage")
            return parameters | _openai_room(room, habits)
        if self.provider == "anthropic" or room != self.profile.room:
            parameters["max_output_tokens" if self.provider.startswith("google") else "max_tokens"] = room
        return parameters

    def _way_parameters(self, way: Way) -> dict[str, Any]:
        """The parameters that make a model answer in JSON."""
        if self.schema is None or way in ("tools", "text"):
            return {}
        if way == "json_mode":
            return (
                {"format": "json"}
                if self.provider == "ollama"
                else {"response_format": {"type": "json_object"}}
            )
        if self.provider == "ollama":
            return {"format": self.schema}
        if self.provider == "anthropic" and (self.model_profile or {}).get("structured_output") is False:
            raise NotImplementedError("no structured output")
        if self.provider not in ("", "openai", "anthropic") and _packaged(self.model):
            return self._package_parameters(self.schema)
        schema = strict(self.schema) if self.provider == "openai" else self.schema
        named = {"name": self.called, "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}

    @property
    def model_profile(self) -> dict[str, Any] | None:
        """What the model's package knows of it."""
        known = getattr(self.model, "profile", None)
        return dict(known) if known else None

    def _package_parameters(self, schema: dict[str, Any]) -> dict[str, Any]:
        """What the provider's package binds for a schema."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # it says so where it doubts that the model can
                chain: Any = self.model.with_structured_output(
                    {"title": self.called, "description": "The answer.", **schema}, method="json_schema"
                )
            bound: dict[str, Any] = chain.first.kwargs
        except Exception as error:
            raise NotImplementedError("no structured output") from error
        return {name: value for name, value in bound.items() if not name.startswith("ls_")}

    def _messages(self, habits: Habits, way: Way) -> list[BaseMessage]:
        """With the schema where nothing else tells it, and without a system's message where none may be."""
        messages = list(self.messages)
        if self.schema is not None and way in ("json_mode", "text"):
            _say(messages, f"{MANNER}\n{json.dumps(self.schema, ensure_ascii=False)}")
        if self.local:
            return messages
        if not habits.takes("system"):
            return _merged(messages)
        if self.provider == "anthropic" and habits.takes("cache"):
            return [_cached(one) if isinstance(one, SystemMessage) else one for one in messages]
        return messages


def provider_of(name: str) -> str:
    """What stands before the colon of "provider:model"; empty for an embedded model."""
    provider, colon, _ = name.partition(":")
    return provider if colon else ""


def address_of(model: BaseChatModel) -> str | None:
    """The address of a model's server, where it has one of its own."""
    for name in ("openai_api_base", "anthropic_api_url", "base_url"):
        if isinstance(address := getattr(model, name, None), str):
            return address
    return None


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as OpenAI wants a strict one: every property required, and no others allowed.

    A property that need not be there may be null instead.
    """
    made = {name: _strictly(value) for name, value in schema.items() if name not in _NOT_STRICT}
    if isinstance(properties := schema.get("properties"), dict):
        required = schema.get("required", [])
        made["properties"] = {
            name: strict(one) if name in required else {"anyOf": [strict(one), {"type": "null"}]}
            for name, one in properties.items()
        }
        made |= {"required": list(properties), "additionalProperties": False}
    return made


def _strictly(value: Any) -> Any:
    if isinstance(value, dict):
        return strict(value)
    return [_strictly(one) for one in value] if isinstance(value, list) else value


def _openai_room(room: int, habits: Habits) -> dict[str, Any]:
    """OpenAI's present name for it, the one that older servers know, or neither."""
    if habits.takes("max_completion_tokens"):
        return {"max_tokens": room}  # which LangChain's package renames
    if habits.takes("max_tokens"):
        return {"max_tokens": None, "extra_body": {"max_tokens": room}}
    return {"max_tokens": None}


def _packaged(model: BaseChatModel) -> bool:
    return type(model).__module__.startswith("langchain_")


def _say(messages: list[BaseMessage], text: str) -> None:
    """Adds to what the user said last."""
    for place in range(len(messages) - 1, -1, -1):
        if isinstance(messages[place], HumanMessage):
            messages[place] = HumanMessage(f"{messages[place].text}\n\n{text}")
            return
    messages.append(HumanMessage(text))


def _merged(messages: list[BaseMessage]) -> list[BaseMessage]:
    """The system's words before the user's first."""
    system = "\n\n".join(one.text for one in messages if isinstance(one, SystemMessage))
    others = [one for one in messages if not isinstance(one, SystemMessage)]
    for place, one in enumerate(others):
        if isinstance(one, HumanMessage):
            return [*others[:place], HumanMessage(f"{system}\n\n{one.text}"), *others[place + 1 :]]
    return [HumanMessage(system), *others]


def _cached(message: SystemMessage) -> SystemMessage:
    """Marked for Anthropic's cache, since the instructions are the same for every question."""
    block = {"type": "text", "text": message.text, "cache_control": {"type": "ephemeral"}}
    return SystemMessage(content=[block])
