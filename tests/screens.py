"""A person at a terminal: a process behind a pseudo-terminal, and what its screen shows."""

import re
import time
from collections.abc import Mapping
from typing import Any

import pexpect
import pyte


class Terminal:
    """A running command; `text()` is what a person has seen of it by now, scrolled off or not."""

    def __init__(
        self, *command: str, env: Mapping[str, str], columns: int = 100, lines: int = 40, **more: Any
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, lines, history=5000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self.child = pexpect.spawn(
            command[0], list(command[1:]), env=dict(env), dimensions=(lines, columns), **more
        )
        self.child.delaybeforesend = None
        self._screen.write_process_input = self.child.send  # where the cursor is, when it is asked for

    def read(self, seconds: float) -> None:
        """Takes in what is written during the next so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self._stream.feed(self.child.read_nonblocking(65536, timeout=left))
            except (pexpect.TIMEOUT, pexpect.EOF):
                return

    def wait_for(self, pattern: str, seconds: float = 60) -> float:
        """Reads until the whole text matches; returns the seconds that it took."""
        start = time.monotonic()
        while not re.search(pattern, self.text(), re.DOTALL):
            assert time.monotonic() < start + seconds, f"no {pattern!r} in:\n{self.text()}"
            assert self.child.isalive() or self._pending(), f"ended before {pattern!r}:\n{self.text()}"
            self.read(0.05)
        return time.monotonic() - start

    def _pending(self) -> bool:
        before = self.text()
        self.read(0.2)
        return self.text() != before

    def type(self, text: str) -> None:
        self.child.send(text)

    def text(self) -> str:
        """All lines so far, without the spaces that fill them."""
        rows = [*self._screen.history.top, *(self._screen.buffer[row] for row in range(self._screen.lines))]
        lines = ["".join(row[column].data for column in range(self._screen.columns)) for row in rows]
        return "\n".join(line.rstrip() for line in lines).rstrip()

    def end(self, seconds: float = 30) -> int:
        """Waits for the process; returns its exit status."""
        start = time.monotonic()
        while self.child.isalive():
            assert time.monotonic() < start + seconds, f"still running:\n{self.text()}"
            self.read(0.1)
        self.read(0.2)
        self.child.close()
        status = self.child.exitstatus
        return status if status is not None else -(self.child.signalstatus or 0)
