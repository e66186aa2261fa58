"""Makes the README's pictures: demo/answer.svg of a question, demo/chat.svg of the recorded conversation.

A pseudo-terminal is read by a terminal emulator, and rich draws what stands on its screen. Run with
`make screenshots`, after `make cast` where the chat has changed.
"""

import io
import json
import os
import re
import sys
from itertools import groupby
from pathlib import Path

import pexpect
import pyte
from pyte.screens import Char
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
QUESTION = "Who resigned as head of the presidential office in November 2025?"
COLUMNS, ROWS = 100, 40
CHAT_LINES = 30
"""Lines of the chat's picture."""


def answer() -> pyte.Screen:
    """The screen after the default has answered the question."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    stream.feed(f"$ assistant ask {json.dumps(QUESTION)}\r\n")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "assistant", "ask", QUESTION],
        env=os.environ | {"TERM": "xterm-256color"},
        dimensions=(ROWS, COLUMNS),
        encoding="utf-8",
        timeout=600,
    )
    child.expect(pexpect.EOF)
    stream.feed(child.before or "")
    return screen


def chat(cast: Path) -> pyte.Screen:
    """The screen of a recorded conversation after a question, a day, and the question again."""
    header, *events = map(json.loads, cast.read_text(encoding="utf-8").splitlines())
    screen = pyte.Screen(header["width"], CHAT_LINES)
    stream = pyte.Stream(screen)
    for _, _, written in events:
        stream.feed(written)
        shown = [line.rstrip() for line in screen.display]
        if any("/retry" in line for line in shown) and any(line.endswith(" >") for line in shown):
            break
    return screen


def style(cell: Char) -> str:
    """A cell's look, as rich names it."""
    colour = "" if cell.fg == "default" else cell.fg.removeprefix("bright").replace("brown", "yellow")
    named = colour if not re.fullmatch(r"[0-9a-f]{6}", colour) else f"#{colour}"
    return " ".join(filter(None, ("bold" if cell.bold else "", "italic" if cell.italics else "", named)))


def picture(screen: pyte.Screen, title: str) -> str:
    """The screen as SVG, which fetches no font from anywhere."""
    lines = []
    for row in range(screen.lines):
        line = Text()
        cells = [screen.buffer[row][column] for column in range(screen.columns)]
        for look, run in groupby(cells, style):
            line.append("".join(cell.data for cell in run), look)
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    console = Console(record=True, width=screen.columns, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(line, soft_wrap=True)
    drawn = console.export_svg(title=title, unique_id=title.replace(" ", "-"))
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def main() -> None:
    """Writes both pictures."""
    (HERE / "chat.svg").write_text(picture(chat(HERE / "chat.cast"), "assistant chat"), encoding="utf-8")
    (HERE / "answer.svg").write_text(picture(answer(), "assistant ask"), encoding="utf-8")


if __name__ == "__main__":
    main()
