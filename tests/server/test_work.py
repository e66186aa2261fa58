"""Questions side by side: so many at a time, and none that nobody waits for."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.answering.events import Searching
from assistant.server.guard import Guard, Refused, name_of
from assistant.server.work import WAITING, Telling, Work


@pytest.fixture
def work() -> Iterator[Work[Any]]:
    work: Work[Any] = Work(1)
    yield work
    work.close()


async def forever() -> Any:
    await asyncio.Event().wait()


async def left() -> Any:
    return {"type": "http.disconnect"}


def test_more_than_can_wait_are_refused(work: Work[Any]) -> None:
    free = threading.Event()

    async def ask() -> list[str]:
        def answer(_: Telling) -> str:
            assert free.wait(10)
            return "answer"

        waiting = [asyncio.create_task(work.answer(answer, forever)) for _ in range(1 + WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            await work.answer(answer, forever)
        assert (refused.value.status, "Retry-After" in refused.value.headers) == (429, True)
        with pytest.raises(Refused):
            work.stream(answer)
        free.set()
        answers = await asyncio.gather(*waiting)
        return [*answers, await work.answer(answer, forever)]

    assert asyncio.run(ask()) == ["answer"] * (2 + WAITING)


def test_an_answer_ends_when_its_client_is_gone(work: Work[Any]) -> None:
    seen: list[str] = []

    def answer(on_event: Telling) -> str:
        for _ in range(1000):
            on_event(Searching(["dam"]))
            threading.Event().wait(0.01)
        seen.append("all")
        return "answer"

    async def ask() -> None:
        with pytest.raises(Refused, match="the client is gone"):
            await work.answer(answer, left)
        stream = work.stream(answer)
        async for event in stream:
            assert event == Searching(["dam"])
            break
        await stream.aclose()  # type: ignore[attr-defined]
        assert await work.answer(lambda _: "the next", forever) == "the next"

    asyncio.run(ask())
    assert seen == []


def test_a_stream_ends_with_what_went_wrong(work: Work[Any]) -> None:
    def answer(on_event: Telling) -> str:
        on_event(Searching(["dam"]))
        raise ValueError("a defect")

    async def ask() -> list[str]:
        return [type(item).__name__ async for item in work.stream(answer)]

    assert asyncio.run(ask()) == ["Searching", "ValueError"]


@pytest.mark.parametrize(
    ("host", "name"),
    [("localhost:8421", "localhost"), ("[::1]:8421", "::1"), ("127.0.0.1", "127.0.0.1"), ("", "")],
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert name_of(host) == name


@pytest.mark.parametrize(
    ("listening", "asked", "known"),
    [
        ("127.0.0.1", "192.168.1.5", False),
        ("0.0.0.0", "192.168.1.5:8421", True),
        ("0.0.0.0", "evil.example", False),
        ("news.example", "news.example:8421", True),
    ],
)
def test_where_it_listens_is_what_it_answers_to(listening: str, asked: str, known: bool) -> None:
    statuses: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/health",
        "raw_path": b"/health",
        "headers": [(b"host", asked.encode())],
    }
    asyncio.run(Guard(app, token="t", host=listening)(scope, forever, send))
    assert statuses == [204 if known else 421]
