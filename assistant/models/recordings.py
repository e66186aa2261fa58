"""Recordings: a language model's answers on disk, so that an evaluation can be repeated without the model.

`Recordings.chat_model` stands before a chat model. In replay it answers from the files alone, and the model
need not exist; in record it asks the model for what the files lack. Each case has a file of its own below a
folder named after the model. So two branches that record different cases never meet, and a changed answer
shows as a change of its case:

    eval/recordings/qwen2.5-coder-1.5b/g001.json

A call is known by the digests of what the model was given. They are kept apart from each other, so that a
recording that no longer fits can say what changed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any, Literal
from urllib.parse import quote

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata, add_ai_message_chunks
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from assistant.errors import RecordingError, RecordingMissing, RecordingStale
from assistant.models.chat.responses import Heard
from assistant.schema import Strict, Tokens

Mode = Literal["replay", "record"]
DIGITS = 16
"""Of a digest: 64 bits, which tell apart far more prompts than anybody records."""


class Key(Strict):
    """What a model was given, as digests."""

    system: str
    """Its instructions."""
    user: str
    """All other messages: what it was to read, and the question."""
    parameters: str
    """The model's identity and everything bound to the call, such as a schema."""


_WORDS = {"system": "instructions", "user": "evidence or question", "parameters": "model or parameters"}


class Call(Strict):
    """One answer of a model, and what it took."""

    key: Key
    reply: str
    tokens: Tokens
    seconds: float
    """Wall-clock time of the call when it was recorded."""
    finish: str | None = None
    """Why the model stopped, as `Heard` has it, whatever its provider calls it."""


class _File(Strict):
    calls: tuple[Call, ...]


def file_name(model: str) -> str:
    """The model's name as a file may be called on any system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model)


class Recordings:
    """The recorded answers of one model.

    Args:
        folder: of all models; this one's lie in a folder of its name below it.
        model: the model's name.
        identity: what tells versions of the model apart, such as a checksum of its weights.
        mode: "replay" never calls the model; "record" calls it for what is not recorded.
    """

    def __init__(self, folder: Path, model: str, identity: str, mode: Mode) -> None:
        self.folder = folder / file_name(model)
        self.mode = mode
        self._identity = identity
        self._case: _Case | None = None

    def chat_model(self, load: Callable[[], BaseChatModel]) -> BaseChatModel:
        """A chat model that answers from these recordings; `load` gives the real one when it is needed."""
        return _RecordedChat(recordings=self, load=cache(load))

    @contextmanager
    def of(self, case: str) -> Iterator[list[Call]]:
        """Calls made inside belong to this case; gives the list that replayed calls are added to.

        What a record run did not use any more is forgotten when the case is done. Raises RecordingError for a
        file that cannot be read or written.
        """
        path = self._path(case)
        self._case = _Case(path, _read(path))
        try:
            yield self._case.replayed
            if self.mode == "record":
                self._case.keep_what_was_used()
        finally:
            self._case = None

    def forget_others(self, cases: Collection[str]) -> None:
        """Removes the recordings of cases that are not among these. Raises RecordingError."""
        wanted = {self._path(case) for case in cases}
        for path in self.folder.glob("*.json"):
            if path not in wanted:
                _write(path, ())

    def seconds(self, case: str) -> float | None:
        """What the case's calls took when last recorded; for a case without any, the mean of the others.

        None without any recording to judge by.
        """
        calls = _read(self._path(case))
        if not calls:
            files = [_read(path) for path in sorted(self.folder.glob("*.json"))]
            return fmean(sum(call.seconds for call in file) for file in files) if files else None
        return sum(call.seconds for call in calls)

    def answer(
        self, messages: Sequence[BaseMessage], parameters: dict[str, Any], ask: Callable[[], Iterator[Any]]
    ) -> Iterator[AIMessageChunk]:
        """The pieces of the recorded answer, or those of `ask()`, which are then recorded.

        Raises RecordingMissing or RecordingStale in replay, and whatever `ask` raises.
        """
        if self._case is None:
            raise RuntimeError("a recorded model is asked outside of `Recordings.of`")
        key = _key(messages, {"model": self._identity, **parameters})
        if call := self._case.find(key):
            yield _message(call)
        elif self.mode == "replay":
            raise self._case.lacking(key)
        else:
            start = perf_counter()
            pieces: list[AIMessageChunk] = []
            for piece in ask():
                pieces.append(piece)
                yield piece
            self._case.add(_call(key, pieces, perf_counter() - start))

    def _path(self, case: str) -> Path:
        return self.folder / f"{quote(case, safe='')}.json"


class _Case:
    """The calls of one case: those in its file, and those used now."""

    def __init__(self, path: Path, stored: tuple[Call, ...]) -> None:
        self._path = path
        self._stored = stored
        self._used: list[Call] = []
        self.replayed: list[Call] = []

    def find(self, key: Key) -> Call | None:
        call = next((call for call in self._stored if call.key == key), None)
        if call:
            self._used.append(call)
            self.replayed.append(call)
        return call

    def add(self, call: Call) -> None:
        self._used.append(call)

    def lacking(self, key: Key) -> RecordingError:
        """The error for a call that is not recorded: stale if this place in the case has another one."""
        place = len(self._used)
        if place >= len(self._stored):
            return RecordingMissing("not recorded")
        old = self._stored[place].key
        changed = [words for name, words in _WORDS.items() if getattr(old, name) != getattr(key, name)]
        return RecordingStale(f"recorded with other {' and '.join(changed)}")

    def keep_what_was_used(self) -> None:
        used = tuple({call.key.model_dump_json(): call for call in self._used}.values())
        if used != self._stored:
            _write(self._path, used)


class _RecordedChat(BaseChatModel):
    """A chat model that asks `Recordings` first."""

    recordings: Any
    load: Callable[[], BaseChatModel]

    @property
    def _llm_type(self) -> str:
        return "recorded"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        def ask() -> Iterator[Any]:
            return self.load().stream(messages, stop=stop, **kwargs)

        for piece in self.recordings.answer(messages, {"stop": stop, **kwargs}, ask):
            yield ChatGenerationChunk(message=piece)


def _key(messages: Sequence[BaseMessage], parameters: dict[str, Any]) -> Key:
    said = [(message.type, message.text) for message in messages]
    return Key(
        system=_digest([text for role, text in said if role == "system"]),
        user=_digest([one for one in said if one[0] != "system"]),
        parameters=_digest(parameters),
    )


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _call(key: Key, pieces: list[AIMessageChunk], seconds: float) -> Call:
    message = add_ai_message_chunks(AIMessageChunk(content=""), *pieces)
    heard = Heard()
    for piece in pieces:
        heard.add(piece)
    usage = message.usage_metadata
    tokens = Tokens(prompt=usage["input_tokens"], completion=usage["output_tokens"]) if usage else Tokens()
    return Call(
        key=key,
        reply=message.text,
        tokens=tokens,
        seconds=round(seconds, 2),
        finish=heard.finish,
    )


def _message(call: Call) -> AIMessageChunk:
    read, written = call.tokens.prompt, call.tokens.completion
    usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    metadata = {"finish_reason": call.finish} if call.finish else {}
    return AIMessageChunk(
        content=call.reply, usage_metadata=usage, response_metadata=metadata, chunk_position="last"
    )


def _read(path: Path) -> tuple[Call, ...]:
    try:
        return _File.model_validate_json(path.read_bytes()).calls
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise RecordingError(
            f"{path}: is no recording ({type(error).__name__}); remove it, and record it with: "
            "assistant eval --record"
        ) from error


def _write(path: Path, calls: tuple[Call, ...]) -> None:
    """Writes the file whole or not at all; without calls there is none."""
    try:
        if not calls:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".partial")
        text = json.dumps(_File(calls=calls).model_dump(exclude_none=True), indent=1, ensure_ascii=False)
        unfinished.write_text(text + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written ({error.strerror}); make it writable") from error
