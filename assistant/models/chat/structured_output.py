"""Asks a language model for JSON in whatever way its server supports.

Servers support different parameters. A rejected one is left out, and what works is remembered while the
process runs. Waits are announced and limited. A reply that is truncated, interrupted, refused or empty is an
error that says so, so that a fragment is never taken for an answer.
"""

from __future__ import annotations

import contextlib
import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from assistant.errors import AssistantError, ContextExceeded, ModelError, without_secrets
from assistant.models.chat import deadline, provider_errors
from assistant.models.chat.loading import model_errors, unreachable
from assistant.models.chat.profiles import Profile, Way
from assistant.models.chat.requests import Habits, Request, address_of
from assistant.models.chat.responses import Heard
from assistant.schema import Tokens

ATTEMPTS = 3
"""Times a busy, failing or silent server is asked."""

LONGEST = 60.0
"""Seconds that a server may always ask to wait, however short the time-out."""

_LEARNED: dict[tuple[str, str | None], Habits] = {}
"""What each server took when it last answered."""


def ignore(_: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's whole answer.

    `text` is JSON, as far as the model obeys; in the way "text" it may be wrapped in anything. `tokens` are
    those of all attempts that were answered, `cached` those of them that were read from a cache. `finish` is
    why the model stopped, None where that is not known; it is "length" only for a model in this process.
    """

    text: str
    tokens: Tokens
    finish: str | None
    way: Way
    cached: int = 0


class StructuredChat:
    """A chat model that is asked for JSON.

    Args:
        model: as `load_chat_model` gives it for the same profile, or recordings of it.
        name: the model's, as it stands in messages; what stands before ":" is its provider.
        profile: what to expect of it.
        notice: gets a line when there is something to wait for.
        timeout: seconds; a server that asks to wait longer, and more than a minute, is not waited for.
    """

    def __init__(
        self,
        model: BaseChatModel,
        name: str,
        profile: Profile,
        notice: Callable[[str], None] = ignore,
        *,
        timeout: float = LONGEST,
    ) -> None:
        self.name = name
        self.profile = profile
        self._model = model
        self._notice = notice
        self._longest = max(LONGEST, timeout)
        self._key = (name, address_of(model))

    def ask(
        self,
        messages: Sequence[BaseMessage],
        schema: dict[str, Any] | None,
        *,
        on_text: Callable[[str], None] = ignore,
        max_tokens: int | None = None,
        called: str = "claims",
    ) -> Reply:
        """The answer as JSON of this schema, or in plain words without one.

        `on_text` gets the answer so far as it comes, which starts anew when the model is asked again.
        `max_tokens` is for the answer, thinking apart, instead of the profile's; `called` names the schema.

        Raises:
            ContextExceeded: the messages are longer than the model reads.
            OutOfTime: the time for the question is up (`deadline`).
            ModelError: it fails, refuses, or does not finish.
        """
        asked = Request(self._model, self.name, self.profile, tuple(messages), schema, called, max_tokens)
        heard = self._hear(asked, on_text)
        tokens, cached = heard.tokens, heard.cached
        if asked.local:
            return Reply(heard.text, tokens, heard.finish, asked.way(self._habits), cached)
        room = asked.granted(self._habits)
        if self._broke_off(heard):
            heard = self._hear(asked, on_text)
            tokens, cached = tokens + heard.tokens, cached + heard.cached
        if heard.finish == "length":
            asked = asked.with_twice_the_room()
            if asked.granted(self._habits) > room:
                with contextlib.suppress(ContextExceeded):  # with this much room; so it stays cut off
                    heard = self._hear(asked, on_text)
                    tokens, cached = tokens + heard.tokens, cached + heard.cached
                    room = asked.granted(self._habits)
        self._judge(heard, room)
        return Reply(heard.text, tokens, heard.finish, asked.way(self._habits), cached)

    @property
    def model(self) -> BaseChatModel:
        """What is asked."""
        return self._model

    @property
    def _habits(self) -> Habits:
        return _LEARNED.get(self._key, Habits())

    def _broke_off(self, heard: Heard) -> bool:
        """Whether the answer ends without a reason, though whoever sent it gives one."""
        expected = heard.hosted or type(self._model).__module__.startswith("langchain_")
        return heard.finish == "error" or (heard.finish is None and expected)

    def _judge(self, heard: Heard, room: int) -> None:
        """Raises what keeps an answer from being one."""
        if heard.refusal or heard.finish == "content_filter":
            why = f" ({without_secrets(' '.join(heard.refusal.split()))[:200]})" if heard.refusal else ""
            raise ModelError(
                f"{self.name} refused to answer{why}; ask in other words, or choose another model"
            )
        if heard.finish == "context":
            raise ContextExceeded(
                f"{self.name} has read and written all it can; set fewer or shorter passages"
            )
        if heard.finish == "length":
            cut = f"its answer was cut off at {room} tokens"
            what = cut if heard.text.strip() else f"its thinking used up all {room} tokens"
            raise ModelError(f"{self.name} failed: {what}; set a larger output_tokens")
        if self._broke_off(heard):
            raise ModelError(f"{self.name} failed: the answer broke off; try again")
        if not heard.text.strip():
            raise ModelError(f"{self.name} gave no answer; ask again, or choose another model")

    def _hear(self, asked: Request, on_text: Callable[[str], None]) -> Heard:
        """What comes of a request, leaving out what the server refuses, and waiting where it is busy."""
        habits, waits = self._habits, 0
        while True:
            try:
                heard = self._listen(asked, habits, on_text)
            except _Failure as failure:
                error = failure.error
                if provider_errors.overflow(error) or provider_errors.filtered(error):
                    self._give_up(error)
                if less := asked.without_what_is_refused(habits, error):
                    habits = less
                    continue
                self._wait(error, waits)
                waits += 1
            else:
                _LEARNED[self._key] = habits
                return heard

    def _listen(self, asked: Request, habits: Habits, on_text: Callable[[str], None]) -> Heard:
        heard = Heard()
        stream: Iterator[AIMessage] | None = None
        deadline.check()
        try:
            with _failures():
                stream = asked.send(habits)
            while True:
                with _failures():
                    piece = next(stream, None)
                if piece is None:
                    return heard
                deadline.check()
                before = heard.text
                heard.add(piece)
                if heard.text != before:
                    on_text(heard.text)
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                with _unwarned():
                    close()

    def _wait(self, error: Exception, waits: int) -> None:
        """Waits before the next attempt; raises ModelError where there is to be none."""
        status = provider_errors.status_of(error)
        if status in provider_errors.BUSY and not provider_errors.without_credit(error):
            what = "is busy"
        elif status in provider_errors.FAILING:
            what = "fails"
        elif status is None and unreachable(error):
            what = "gave no answer in time" if unreachable(error) == "timeout" else "cannot be reached"
        else:
            self._give_up(error)
            return
        said = provider_errors.retry_after(error)
        seconds = 2.0**waits if said is None else said
        if seconds > self._longest:
            raise ModelError(
                f"{self.name} {what} and asks to wait {math.ceil(seconds)} s; try again then, "
                "or set a longer timeout"
            ) from error
        if waits + 1 >= ATTEMPTS:
            self._give_up(error)
        deadline.check(seconds)
        self._notice(f"{self.name} {what}, asking again in {max(1, math.ceil(seconds))} s")
        time.sleep(seconds)

    def _give_up(self, error: Exception) -> None:
        if provider_errors.filtered(error):
            raise ModelError(
                f"{self.name} refused to answer: a filter of its provider objects; ask in other words, "
                "or choose another model"
            ) from error
        with model_errors(self.name):
            raise error


class _Failure(Exception):
    """What a model raised; so that nothing else is taken for it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    try:
        with _unwarned():
            yield
    except AssistantError:
        raise
    except Exception as error:
        raise _Failure(error) from error


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Without the warnings of LangChain's packages, which are for programmers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def forget() -> None:
    """Forgets what servers took."""
    _LEARNED.clear()
