"""Live: what the assistant is doing while it does it, on standard error, and gone when it is done.

Shown are the passages that were found, as soon as they are and again when they are ranked; what the model
writes, marked as unchecked; and which of its claims hold. Nothing is shown where standard error is no
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

from assistant.terminal import day, safe, stderr, withdrawn

if TYPE_CHECKING:
    from rich.console import RenderableType

    from assistant.events import Event
    from assistant.grounding import Grounded
    from assistant.retrieval import Passage

LISTED = 5
"""Passages that are named while the model reads."""


@contextmanager
def watching() -> Iterator[Callable[[Event], None]]:
    """Shows the events that it is given, as long as it lasts."""
    console = stderr(soft_wrap=False)
    view = View()
    if not console.is_terminal:
        yield view.take
    elif console.is_dumb_terminal:

        def tell(event: Event) -> None:
            from assistant.events import PassagesFound

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


class View:
    """An answer in the making, as rich renders it."""

    def __init__(self) -> None:
        self.status = "looking for passages"
        self._spinner = Spinner("line", Text(self.status))
        self._passages: Sequence[Passage] = ()
        self._draft: list[str] = []
        self._kept: list[Grounded] = []
        self._dropped: list[Grounded] = []

    def take(self, event: Event) -> None:
        """Takes in what happened; events of other kinds pass unseen."""
        from assistant.drafting import parse_claims
        from assistant.events import CandidatesFound, ClaimDropped, ClaimKept, PassagesFound, TextSoFar

        match event:
            case CandidatesFound():
                self._passages = event.passages
                self.status = "ranking what was found"
            case PassagesFound():
                self._passages = event.passages
                self.status = reading(event.passages)
            case TextSoFar():
                self._draft = [claim.text for claim in parse_claims(event.raw)]
            case ClaimKept():
                self._kept.append(event.claim)
            case ClaimDropped():
                self._dropped.append(event.claim)
        self._spinner.update(text=Text(self.status))

    def __rich__(self) -> RenderableType:
        lines: list[RenderableType] = [self._spinner]
        for passage in self._passages[:LISTED]:
            article = passage.article
            line = f"{day(article.published)}  {safe(article.title)}"
            lines.append(Padding(Text(line, style="dim", no_wrap=True, overflow="ellipsis"), (0, 0, 0, 2)))
        if self._kept or self._dropped:
            lines += [Text(text) for text in _marked(self._kept)]
            lines += [withdrawn(claim.text, claim.reason) for claim in self._dropped]
        elif self._draft:
            lines.append(Text(f"unchecked: {safe(' '.join(self._draft))}", style="dim italic"))
        return Group(*lines)


def reading(passages: Sequence[Passage]) -> str:
    """What was found, as "reading 5 articles, 19 Nov 2025 to 3 Dec 2025"."""
    dates = sorted(one.article.published for one in passages if one.article.published)
    articles = len({one.article.id for one in passages})
    span = f", {day(dates[0])} to {day(dates[-1])}" if dates else ""
    return f"reading {articles} article{'s' if articles != 1 else ''}{span}"


def _marked(kept: Sequence[Grounded]) -> list[str]:
    """The claims that stand by now, with the numbers that their sources will have."""
    from assistant.citing import cite, marked

    return [safe(marked(claim)) for claim in cite(kept)[0]]
