"""`assistant serve` and `assistant mcp`, and `--server`, which asks a server instead of loading models.

Cheap to import, because `--help` loads it.
"""

import os
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
    """Answer over HTTP, with models loaded once; see `ask --server`.

    Every request needs the token from the user's data folder, or from ASSISTANT_TOKEN. Ctrl-C stops the
    server once current answers are finished. Exit status: 0, or 2 for an error.
    """
    from assistant.server.running import serve
    from assistant.terminal.render import notice

    served = settings(corpus=corpus, index=index, model=model)
    serve(opened, served, notice, host=host, port=port, jobs=jobs)


def check_alone(**given: Any) -> None:
    """Raises SettingsError for options that the server sets itself."""
    if name := options.first_given(**given):
        raise SettingsError(f"{name} cannot be given with --server, which has its own; leave it out")


def ask(server: str, question: str, limits: dict[str, Any], hint: str, *, json: bool) -> NoReturn:
    """Prints a server's answer and exits as the local command would. Raises ServerError."""
    from assistant.server.client import post

    with _asking(server) as watching:
        reply = post(server, "/ask", {"question": question, **limits}, watching)
    shown = reply.text if json else None
    show_answer(reply.answer(), json=shown, hint="" if json or reply.capable else hint)


def search(server: str, query: str, asked: dict[str, Any], *, json: bool) -> NoReturn:
    """Prints a server's search result and exits as the local command would. Raises ServerError."""
    from assistant.server.client import post

    with _asking(server):
        reply = post(server, "/search", {"query": query, **asked})
    show_found(reply.found(), query, json=reply.text if json else None)


@contextmanager
def _asking(server: str) -> Iterator[Callable[[str, Any], None] | None]:
    """Shows progress on a terminal while waiting; the callback takes the events of an answer."""
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


def mcp(
    model: options.Model = None,
    as_of: options.AsOf = None,
    since: options.Since = None,
    section: options.Section = None,
    outlet: options.Outlet = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> NoReturn:
    """Serve the articles to an MCP client, which starts this command.

    Clients such as Claude Desktop or an editor talk to it over standard input and output, by the
    Model Context Protocol. It offers ask, search, timeline, list_articles and read_article. No client
    can see what --as-of, --since, --section and --outlet hide. Exit status: 0 when the client
    disconnects, 2 error.
    """
    from assistant.index.filters import Filters
    from assistant.server.mcp.session import serve
    from assistant.terminal.render import notice

    chosen = settings(corpus=corpus, index=index, model=model)
    if sys.stdin is not None and sys.stdin.isatty():
        notice("waiting for an MCP client on standard input; Ctrl-C ends it")
    serve(chosen, Filters(as_of, since, section, outlet), notice)
    # Python would wait for a thread that is still answering. All output has been flushed.
    os._exit(0)
