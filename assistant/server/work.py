"""Work: answers questions in a limited number of threads, and queues the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Generic, TypeVar

from assistant.answering.events import Event
from assistant.server.guard import LEFT, Refused

Result = TypeVar("Result")
Telling = Callable[[Event], None]
Receive = Callable[[], Awaitable[Any]]

WAITING = 16
"""Questions that may wait for their turn; one more is told to come back."""


class Left(BaseException):
    """Ends an answer that nobody waits for any more.

    No Exception, which whoever asks a model would take for the model's.
    """


class Work(Generic[Result]):
    """The threads, and how many questions are in hand."""

    def __init__(self, jobs: int) -> None:
        self._most = jobs + WAITING
        self._pool = ThreadPoolExecutor(jobs, "answer")
        self._in_hand = 0

    def close(self) -> None:
        """Waits for what is being answered."""
        self._pool.shutdown()

    async def answer(self, answer: Callable[[Telling], Result], receive: Receive) -> Result:
        """What `answer` returns; it ends early when the client is gone, as `receive` says.

        Raises what it raises, and Refused when too much is waiting, or nobody is left to answer.
        """
        gone = threading.Event()

        def on_event(event: Event) -> None:
            if gone.is_set():
                raise Left

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        watching = asyncio.create_task(watch())
        try:
            return await self._begun(answer, on_event, gone)
        except Left:
            raise Refused(LEFT, "the client is gone") from None
        finally:
            gone.set()
            watching.cancel()

    def stream(self, answer: Callable[[Telling], Result]) -> AsyncIterator[Event | Result | Exception]:
        """The events of an answer, then what it returned or raised; begun at once.

        The answer ends early when the iterator is closed. Raises Refused when too much is waiting.
        """
        gone = threading.Event()
        loop = asyncio.get_running_loop()
        happened: asyncio.Queue[Event | Result | Exception | None] = asyncio.Queue()

        def on_event(event: Event) -> None:
            if gone.is_set():
                raise Left
            loop.call_soon_threadsafe(happened.put_nowait, event)

        working = self._begun(answer, on_event, gone)

        async def finish() -> None:
            try:
                happened.put_nowait(await working)
            except Exception as error:
                happened.put_nowait(error)
            happened.put_nowait(None)

        finishing = asyncio.create_task(finish())

        async def told() -> AsyncIterator[Event | Result | Exception]:
            try:
                while (item := await happened.get()) is not None:
                    yield item
            finally:
                gone.set()
                finishing.cancel()

        return told()

    def _begun(
        self, answer: Callable[[Telling], Result], on_event: Telling, gone: threading.Event
    ) -> asyncio.Future[Result]:
        if self._in_hand >= self._most:
            raise Refused(429, "too many questions at a time; ask again later", {"Retry-After": "5"})

        def work() -> Result:
            if gone.is_set():
                raise Left
            return answer(on_event)

        self._in_hand += 1
        working = self._pool.submit(work)
        loop = asyncio.get_running_loop()

        def done(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(self._finished)

        working.add_done_callback(done)
        return asyncio.wrap_future(working)

    def _finished(self) -> None:
        self._in_hand -= 1
