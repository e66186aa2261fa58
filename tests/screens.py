"""A person at a terminal: a process behind a pseudo-terminal, and what its screen shows."""

import re
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

import pexpect
import pyte

PROMPT = re.compile(r"^(?:(?:as of|since) [^>\n]* )?>(?: |$)", re.MULTILINE)


class Terminal:
    """A running command, and somebody who types and reads."""

    def __init__(
        self, *command: str, env: Mapping[str, str], columns: int = 100, lines: int = 40, **more: Any
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, lines, history=5000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""
        """All that came from the process."""
        # What pytest's workers say of their own terminal does not hold of this one.
        own = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
        self.child = pexpect.spawn(
            command[0], list(command[1:]), env=own, dimensions=(lines, columns), **more
        )
        self.child.delaybeforesend = None
        self._screen.write_process_input = self.child.send  # where the cursor is, when it is asked for

    def type(self, text: str) -> None:
        self.child.send(text)

    def ask(self, line: str, seconds: float = 100) -> str:
        """Types a line and waits for the next prompt; returns what stands between them."""
        prompts = self._prompts()
        self.type(f"{line}\r")
        self._wait(lambda: self._prompts() > prompts, seconds, f"no prompt after {line!r}")
        *_, said, _ = PROMPT.split(self.text())
        return said.partition("\n")[2]

    def wait_for(self, pattern: str, seconds: float = 100) -> float:
        """Reads until the pattern stands somewhere; returns the seconds that it took."""
        start = time.monotonic()
        self._wait(lambda: re.search(pattern, self.text()) is not None, seconds, f"no {pattern!r}")
        return time.monotonic() - start

    def read(self, seconds: float = 0.05) -> None:
        """Takes in what is written during the next so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                data = self.child.read_nonblocking(65536, timeout=left)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            self.written += data
            self._stream.feed(data)

    def text(self) -> str:
        """All lines so far, scrolled off or not, without the spaces that fill them."""
        rows = [*self._screen.history.top, *(self._screen.buffer[row] for row in range(self._screen.lines))]
        lines = ["".join(row[column].data for column in range(self._screen.columns)) for row in rows]
        return "\n".join(line.rstrip() for line in lines).rstrip()

    def end(self, seconds: float = 100) -> int:
        """Waits for the process to end; returns its exit status, or minus the signal that killed it."""
        self._wait(lambda: not self.child.isalive(), seconds, "still running")
        if not self.child.closed:
            self.read()
            self.child.close()
        killed_by = self.child.signalstatus
        return -killed_by if killed_by is not None else self.child.exitstatus

    def kill(self) -> int:
        """Kills the process, if it still runs; returns what `end` does."""
        self.child.kill(signal.SIGKILL)
        return self.end()

    def _prompts(self) -> int:
        return len(PROMPT.findall(self.text()))

    def _wait(self, arrived: Callable[[], bool], seconds: float, problem: str) -> None:
        start = time.monotonic()
        while not arrived():
            assert time.monotonic() < start + seconds, f"{problem} in:\n{self.text()}"
            self.read()
