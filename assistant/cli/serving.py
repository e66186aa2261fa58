"""`assistant serve`, and asking a server instead of opening the corpus here.

Importing this module is cheap: it is read before `--help` is answered.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from assistant.cli import options
from assistant.cli.running import opened, settings, show_answer, show_found
from assistant.errors import SettingsError


def serve(
    host: options.Host = "127.0.0.1",
    port: options.Port = 8421,
    jobs: options.ServerJobs = 4,
    model: options.Model = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Answer over HTTP, with the models loaded once; `assistant ask --server URL` asks there.

    Every request needs the token, which lies in the user's data folder, or is the one in ASSISTANT_TOKEN.
    Ctrl-C ends it once what is being answered is; exit status 0, or 2 for an error.
    """
    from assistant.server.running import serve
    from assistant.terminal.render import notice

    served = settings(corpus=corpus, index=index, model=model)
    serve(opened, served, notice, host=host, port=port, jobs=jobs)


def check_alone(**given: Any) -> None:
    """Raises SettingsError for options that are a server's own, by their names."""
    names = [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None]
    if names:
        raise SettingsError(f"{names[0]} cannot be given with --server, which has its own; leave it out")


def ask(server: str, question: str, limits: dict[str, Any], hint: str, *, json: bool) -> NoReturn:
    """Prints a server's answer, and leaves as if it had been found here. Raises ServerError."""
    from assistant.server.client import post

    with _asking(server) as watching:
        reply = post(server, "/ask", {"question": question, **limits}, watching)
    shown = reply.text if json else None
    show_answer(reply.answer(), json=shown, hint="" if json or reply.capable else hint)


def search(server: str, query: str, asked: dict[str, Any], *, json: bool) -> NoReturn:
    """Prints what a server finds, and leaves as if it had been found here. Raises ServerError."""
    from assistant.server.client import post

    with _asking(server):
        reply = post(server, "/search", {"query": query, **asked})
    show_found(reply.found(), query, json=reply.text if json else None)


@contextmanager
def _asking(server: str) -> Iterator[Callable[[str, Any], None] | None]:
    """Shows on a terminal what is being waited for; the callback takes the events of an answer."""
    if not sys.stderr.isatty():
        yield None
        return
    from assistant.terminal.progress import waiting
    from assistant.terminal.render import safe

    with waiting(f"asking {server}") as show:

        def take(name: str, data: Any) -> None:
            if name in ("candidates", "passages"):
                dates = sorted(one["date"] for one in data["passages"] if one["date"])
                count = len({one["article"] for one in data["passages"]})
                span = f", {dates[0]} to {dates[-1]}" if dates else ""
                show(safe(f"reading {count} article{'s' if count != 1 else ''}{span}"))

        yield take
