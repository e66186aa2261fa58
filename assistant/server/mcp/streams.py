"""Standard input and output, for a protocol and for nothing else."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from typing import TextIO

from assistant.errors import SettingsError


def taken() -> tuple[TextIO, TextIO]:
    """Standard input and output, in UTF-8. From now on what anybody else prints goes to standard error, be it
    a library in C, and what anybody else reads is empty.

    Raises SettingsError where one of them is closed.
    """
    try:
        incoming, outgoing = os.dup(0), os.dup(1)
    except OSError:
        raise SettingsError("standard input or output is closed; let an MCP client start it") from None
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # standard error is closed
        os.dup2(nothing, 1)
    os.close(nothing)
    return (
        open(incoming, encoding="utf-8", errors="replace", newline="\n"),  # noqa: PTH123
        open(outgoing, "w", encoding="utf-8", newline="\n"),  # noqa: PTH123
    )


class Lines:
    """The lines of a stream as they come, for `async for`.

    They are read in a thread that is left behind in the end: nobody can end a read from standard input, which
    would keep Ctrl-C waiting for the next line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        threading.Thread(target=self._read, args=[stream], name="standard input", daemon=True).start()

    def _read(self, stream: TextIO) -> None:
        with stream, suppress(RuntimeError):  # the loop is closed
            for line in stream:
                self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
            self._loop.call_soon_threadsafe(self._lines.put_nowait, None)

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> str:
        line = await self._lines.get()
        if line is None:
            raise StopAsyncIteration
        return line
