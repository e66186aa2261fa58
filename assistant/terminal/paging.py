"""Paging: an article in the person's pager, opened at a quote."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from assistant.terminal.render import article_text, print_article, stdout

if TYPE_CHECKING:
    from assistant.corpus.articles import Article
    from assistant.corpus.chunking import Span


def open_article(article: Article, quote: Span) -> None:
    """Shows an article at a quote of it, which is marked; plainly, where there is no pager or terminal."""
    console = stdout()
    command = _pager()
    if command is None or not console.is_terminal or console.is_dumb_terminal:
        print_article(article)
        return
    text, line = laid_out(article, quote, console)
    if Path(command[0]).stem == "less":
        # Colours as they are, and the quote a third down the screen.
        command += ["-R", "-j.3", f"+{line}g"]
    with _uninterrupted():
        subprocess.run(command, input=text.encode(), check=False)


def laid_out(article: Article, quote: Span, console: Console) -> tuple[str, int]:
    """The article in lines of the console's width, and the number (from 1) of that where the quote begins."""
    text, begin = article_text(article, quote)
    with console.capture() as captured:
        console.print(text)
    first_word = re.compile(r"\S*").match(text.plain, begin)
    before = text[: first_word.end() if first_word else begin]
    return captured.get(), len(before.wrap(console, console.width))


def _pager() -> list[str] | None:
    """The command of the pager that PAGER names, or of less; None where it cannot be run."""
    try:
        command = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    except ValueError:  # a quotation mark without its other one
        return None
    return command if shutil.which(command[0]) else None


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Leaves Ctrl-C to the pager."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
