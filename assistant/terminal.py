"""What a person sees: answers, passages and articles on standard output, everything else on standard error.

Articles and models are not trusted: their text is printed as text, never as markup, and characters that would
steer a terminal are shown instead of sent.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.style import Style
from rich.text import Text

from assistant.interface import Answer, Citation, SearchAnswer

if TYPE_CHECKING:
    import datetime as dt

    from assistant.answer import Event
    from assistant.articles import Article

VISIBLE = {"\n", "\t"}
"""Control characters that are layout and do no harm."""


def safe(text: str) -> str:
    """The text with control, format and other invisible characters written out, as in `<U+001B>`."""
    return "".join(
        character
        if character in VISIBLE or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs")
        else f"<U+{ord(character):04X}>"
        for character in text
    )


def stdout() -> Console:
    """A console for answers; plain and never wrapped or cut where the output is no terminal."""
    return _console(stderr=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """A console for progress, notices and warnings; wrapped by the terminal alone."""
    return _console(stderr=True, soft_wrap=True)


def _console(*, stderr: bool, soft_wrap: bool) -> Console:
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=soft_wrap,
        # FORCE_COLOR, which build servers set, would put escapes into pipes.
        force_terminal=None if terminal else False,
    )


def notice(message: str) -> None:
    """A line for the person, on standard error."""
    stderr().print(Text(f"assistant: {safe(message)}", style="dim"))


def day(date: dt.date | None) -> str:
    """A date as people write it, "26 Nov 2025"."""
    return f"{date.day} {date:%b %Y}" if date else "undated"


def print_answer(answer: Answer, console: Console) -> None:
    """The answer, then each citation with its date, headline and quote; warnings go to standard error."""
    if answer.rewritten:
        console.print(Text(safe(answer.rewritten), style="dim"))
    if answer.abstention is not None:
        console.print(Text(_abstained(answer)))
        if answer.nearest:
            console.print("\nNearest:")
        listed = answer.nearest
    else:
        console.print(Text(safe(answer.answer)))
        console.print()
        listed = answer.citations
    for citation in listed:
        _print_citation(citation, console)
    for warning in answer.warnings:
        notice(warning.message)


def _abstained(answer: Answer) -> str:
    message = answer.abstention.message if answer.abstention else ""
    if answer.corpus_ends:
        as_of = f"As of {day(answer.as_of)}, the" if answer.as_of else "The"
        return f"{message} {as_of} newest article is of {day(answer.corpus_ends)}."
    return f"{message} No article is of {day(answer.as_of)} or earlier." if answer.as_of else message


def _print_citation(citation: Citation, console: Console) -> None:
    head = Text().append(f"[{citation.number}] ", style="bold")
    head.append(f"{day(citation.date)}  ", style="cyan")
    head.append(safe(citation.title), style=Style(link=citation.url if _linkable(citation.url) else None))
    head.append(f"  {safe(citation.article)}", style="dim")
    console.print(head)
    _indent(Text(f"“{safe(citation.quote)}”"), console)


def _indent(text: Text, console: Console) -> None:
    """Four spaces in; wrapped on a terminal, a single line in a pipe, where lines are for programs."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, 4), expand=False))
    else:
        console.print(Text("    " + " ".join(text.plain.split())))


def _linkable(url: str | None) -> bool:
    return url is not None and re.fullmatch(r"https?://[!-~]+", url) is not None


def print_article(article: Article) -> None:
    """An article as stored; what would steer a terminal is written out, a pipe gets the text as it is."""
    facts = (day(article.published), article.section, article.id)
    about = "  ".join(fact for fact in facts if fact)
    sources = "\n".join(f"{one.outlet}  {one.url or ''}".rstrip() for one in article.sources)
    console = stdout()
    if not console.is_terminal:
        # Not by way of rich, which expands tabs and leaves some control characters out.
        print(f"{article.title}\n{about}\n\n{article.text}\n\n{sources}".rstrip("\n"))
        return
    console.print(Text(safe(article.title), style="bold"))
    console.print(Text(safe(about), style="dim"))
    console.print(Text(f"\n{safe(article.text)}\n"))
    console.print(Text(safe(sources), style="dim"))


def article_json(article: Article) -> str:
    """An article as one JSON object, exactly as stored."""
    return json.dumps(dataclasses.asdict(article), ensure_ascii=False, default=str)


def print_search(found: SearchAnswer, terms: list[str], console: Console) -> None:
    """The passages with rank, score, date, headline and text, the query's words in bold."""
    for rank, passage in enumerate(found.passages, 1):
        head = Text().append(f"{rank:2}  ", style="bold")
        head.append(f"{passage.score:.3f}  ")
        head.append(f"{day(passage.date)}  ", style="cyan")
        head.append(safe(passage.title))
        head.append(f"  {safe(passage.article)}", style="dim")
        console.print(head)
        if passage.ranks is not None:
            stages = passage.ranks.model_dump()
            line = "  ".join(f"{stage} {position or '-'}" for stage, position in stages.items())
            _indent(Text(line, style="dim"), console)
        if passage.also_in:
            also = ", ".join(safe(article) for article in passage.also_in)
            _indent(Text(f"also in {also}", style="dim"), console)
        text = Text(safe(passage.text))
        if terms:
            text.highlight_regex(rf"(?i)\b(?:{'|'.join(map(re.escape, terms))})\b", "bold")
        _indent(text, console)
        console.print()


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, and plain lines elsewhere; the callback takes done and total."""
    console = stderr()
    if not console.is_terminal:
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


@contextmanager
def thinking() -> Iterator[Callable[[Event], None]]:
    """What the assistant is doing, on standard error, gone when done; nothing where that is no terminal."""
    console = stderr()
    if not console.is_terminal:
        from assistant.answer import ignore

        yield ignore
        return
    with console.status(Text("looking for passages")) as status:
        yield lambda event: status.update(Text(describe(event)))


def describe(event: Event) -> str:
    """An event in one line; text of a model is marked as unchecked."""
    from assistant.answer import ClaimKept, PassagesFound, TextSoFar

    if isinstance(event, PassagesFound):
        dates = sorted(one.article.published for one in event.passages if one.article.published)
        articles = len({one.article.id for one in event.passages})
        span = f", {day(dates[0])} to {day(dates[-1])}" if dates else ""
        return f"reading {articles} article{'s' if articles != 1 else ''}{span}"
    if isinstance(event, TextSoFar):
        return f"writing (unchecked): {safe(' '.join(event.raw.split()))[-100:]}"
    return "checking: a claim holds" if isinstance(event, ClaimKept) else "checking: a claim is dropped"
