"""`assistant serve`: socket, models and signals."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from assistant.errors import ServerError
from assistant.extras import require

if TYPE_CHECKING:
    from assistant.api.assistant import Assistant
    from assistant.settings import Settings

PORT = 8421
HOST = "127.0.0.1"
JOBS = 4
"""Questions that are answered at a time, unless another number is asked for."""


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket, open before the models are loaded, so that a port in use is told at once.

    Raises ServerError.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.create_server(address[:2], family=family, backlog=128)
    except OSError as error:
        # Python adds the address to the reason, and a name that is not known has one of its own.
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise ServerError(
            f"cannot listen on {host} port {port} ({reason}); give another --host or --port"
        ) from None
    with opened:
        yield opened


def address_of(opened: socket.socket, host: str) -> str:
    """The address to ask at, as a URL."""
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{opened.getsockname()[1]}"


def serve(
    opened: Callable[[Settings], Any],
    settings: Settings,
    notice: Callable[[str], None],
    *,
    host: str = HOST,
    port: int = PORT,
    jobs: int = JOBS,
) -> None:
    """Serves until SIGINT or SIGTERM, and ends once what is being answered is.

    `opened` opens the assistant of the settings; `notice` is told the address when everything is loaded. A
    second SIGINT ends at once. Raises AssistantError.
    """
    require("serve", "assistant serve")
    from assistant.server.tokens import server_token

    token, origin = server_token()
    with listening(host, port) as listener, opened(settings) as news:
        _load(news)
        articles = news.catalogue.counts()[0]
        ready = (
            f"serving {articles} article{'s' if articles != 1 else ''} with {settings.model} on"
            f" {address_of(listener, host)} (token: {origin})"
        )
        _run(news, listener, partial(notice, ready), token=token, host=host, jobs=jobs)


def _load(news: Assistant) -> None:
    """Loads all that the first question would wait for."""
    news.load()
    news.pipeline.load_model()
    news.search("news", k=1)


def _run(
    news: Assistant, listener: socket.socket, begin: Callable[[], None], *, token: str, host: str, jobs: int
) -> None:
    """Runs until a signal; `begin` is called once a signal would end it well."""
    import uvicorn

    from assistant.server.http import application
    from assistant.server.work import Work

    work: Work[Any] = Work(jobs)
    config = uvicorn.Config(
        application(news, work, token=token, host=host),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        # Its lines hold queries; the guard writes its own.
        access_log=False,
        server_header=False,
        # Nobody is believed about where a request is from.
        proxy_headers=False,
    )
    server = uvicorn.Server(config)

    def end(*_: object) -> None:
        server.should_exit = True

    # For the moment until uvicorn takes the signals itself; and it sends them again when it is done, which
    # would end the process by a signal.
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        begin()
        server.run(sockets=[listener])
        if server.force_exit:
            os._exit(128 + signal.SIGINT)  # else Python would wait for the threads
        work.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
