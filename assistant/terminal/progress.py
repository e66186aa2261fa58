"""Live: what the assistant is doing while it does it, on standard error, and gone when it is done.

Shown are the passages that were found, as soon as they are and again when they are ranked; what the model
writes, marked as unchecked; and which of its sentences hold. Nothing is shown where standard error is no
terminal, and one line on a terminal that cannot go back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text

from assistant.terminal.render import day, safe, stderr, withdrawn

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from assistant.answering.events import Event
    from assistant.answering.verify import Rejected, Statement
    from assistant.retrieval.passages import Passage

LISTED = 5
"""Passages that are named while the model reads."""


@contextmanager
def watching() -> Iterator[Callable[[Event], None]]:
    """Shows the events that it is given, as long as it lasts."""
    console = stderr(soft_wrap=False)
    view = AnswerView()
    if not console.is_terminal:
        yield view.take
    elif console.is_dumb_terminal:

        def tell(event: Event) -> None:
            from assistant.answering.events import PassagesFound

            if isinstance(event, PassagesFound):
                console.print(Text(reading(event.passages)))

        yield tell
    else:
        with Live(view, console=console, transient=True, refresh_per_second=8):
            yield view.take


@contextmanager
def waiting(status: str) -> Iterator[Callable[[str], None]]:
    """Shows what is waited for, as long as it lasts; the callback takes what has come next."""
    console = stderr(soft_wrap=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda status: None
        return
    with console.status(Text(status), spinner="line") as shown:
        yield lambda status: shown.update(Text(status))


class AnswerView:
    """An answer in the making, as rich renders it."""

    def __init__(self) -> None:
        self.status = "looking for passages"
        self._spinner = Spinner("line", Text(self.status))
        self._passages: Sequence[Passage] = ()
        self._draft = ""
        self._kept: list[Statement] = []
        self._dropped: list[Rejected] = []

    def take(self, event: Event) -> None:
        """Takes in what happened; events of other kinds pass unseen."""
        from assistant.answering.events import (
            CandidatesFound,
            PassagesFound,
            Searching,
            SentenceDropped,
            SentenceKept,
            TextSoFar,
        )

        match event:
            case CandidatesFound():
                self._passages = event.passages
                self.status = "ranking what was found"
            case PassagesFound():
                self._passages = event.passages
                self.status = reading(event.passages)
            case Searching():
                self.status = f"looking further: {safe('; '.join(event.searches))}"
                self._draft = ""
            case TextSoFar():
                self._draft = event.text
            case SentenceKept():
                self._kept.append(event.statement)
            case SentenceDropped():
                self._dropped.append(event.rejected)
        self._spinner.update(text=Text(self.status))

    def __rich__(self) -> RenderableType:
        lines: list[RenderableType] = [self._spinner]
        for passage in self._passages[:LISTED]:
            article = passage.article
            line = f"{day(article.published)}  {safe(article.title)}"
            lines.append(Padding(Text(line, style="dim", no_wrap=True, overflow="ellipsis"), (0, 0, 0, 2)))
        if self._kept or self._dropped:
            lines += [Text(text) for text in _marked(self._kept)]
            lines += [withdrawn(one.text, one.reason) for one in self._dropped]
        elif self._draft:
            lines.append(Text(f"unchecked: {safe(self._draft)}", style="dim italic"))
        return Group(*lines)


def reading(passages: Sequence[Passage]) -> str:
    """What was found, as "reading 5 articles, 19 Nov 2025 to 3 Dec 2025"."""
    dates = sorted(one.article.published for one in passages if one.article.published)
    articles = len({one.article.id for one in passages})
    span = f", {day(dates[0])} to {day(dates[-1])}" if dates else ""
    return f"reading {articles} article{'s' if articles != 1 else ''}{span}"


def _marked(kept: Sequence[Statement]) -> list[str]:
    """The sentences that stand by now, with the numbers that their sources will have."""
    from assistant.answering.citations import cite, marked

    return [safe(marked(claim)) for claim in cite(kept)[0]]


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, plain lines elsewhere; the callback takes done and total."""
    console = stderr()
    if not console.is_terminal or console.is_dumb_terminal:
        yield _plain_progress(label, console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task(label, total=None)

    def update(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if total:  # else there is nothing to wait for, as when an index is only opened
            bar.start()

    try:
        yield update
    finally:
        bar.stop()


def _plain_progress(label: str, console: Console) -> Callable[[int, int], None]:
    shown = -1

    def update(done: int, total: int) -> None:
        nonlocal shown
        tenth = 10 * done // total if total else 10
        if total and tenth > shown:
            shown = tenth
            console.print(f"{label}: {done}/{total}")

    return update
