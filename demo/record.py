"""Records a conversation as an asciinema cast (version 2): play it with `asciinema play demo/chat.cast`.

The chat runs in a pseudo-terminal. The lines below are typed at a person's pace; what is written is kept with
the seconds at which it came. Run it with `make cast`.
"""

import json
import os
import sys
import time
from pathlib import Path

import pexpect

LINES = (
    "How many points does the peace plan have?",
    "/asof 2025-11-22",
    "/retry",
    "/why",
    "/timeline Istanbul talks",
    "/quit",
)
COLUMNS, ROWS = 96, 30
PROMPT = "\x1b[?2004h"
"""Written when the prompt begins to read: what is pasted shall come in brackets."""

TERMINAL = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}

KEY, LOOK = 0.06, 2.5
"""Seconds between two keys, and before the next line."""


def record(command: list[str]) -> list[tuple[float, str, str]]:
    """Types the lines into the command; returns events of asciicast: seconds, "o", and what was written."""
    child = pexpect.spawn(
        command[0],
        command[1:],
        env=os.environ | TERMINAL,
        dimensions=(ROWS, COLUMNS),
        encoding="utf-8",
        codec_errors="replace",
    )
    start = time.monotonic()
    events: list[tuple[float, str, str]] = []

    def read(seconds: float, until: str | None = None) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                written = child.read_nonblocking(65536, timeout=left)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            events.append((round(time.monotonic() - start, 3), "o", written))
            if until and until in written:
                return

    read(60, until=PROMPT)
    for line in LINES:
        read(LOOK)
        for key in line:
            child.send(key)
            read(KEY)
        child.send("\r")
        read(600, until=PROMPT)
    child.close()
    return events


def main() -> None:
    """Writes the cast to the file named first; further arguments are those of the chat."""
    file, *options = sys.argv[1:]
    events = record([sys.executable, "-m", "assistant", "chat", "--no-save", *options])
    header = {"version": 2, "width": COLUMNS, "height": ROWS, "idle_time_limit": 3, "title": "assistant chat"}
    Path(file).write_text("".join(json.dumps(line) + "\n" for line in (header, *events)), encoding="utf-8")


if __name__ == "__main__":
    main()
