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
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from assistant.interface import Answer, Citation, SearchAnswer

if TYPE_CHECKING:
    import datetime as dt

    from assistant.articles import Article

DROPPED = "unsupported-claim-dropped"
"""Code of the warnings that say why a claim was dropped, one a dropped claim, in order."""

CONFLICT = "conflict"
"""Code of the warning that accounts differ, which stands above the answer in place of a notice."""

DIFFER = "Accounts differ:"

INDENT = Text("    ")

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


def stderr(*, soft_wrap: bool = True) -> Console:
    """A console for progress, notices and warnings; wrapped by the terminal alone, unless it is drawn on."""
    return _console(stderr=True, soft_wrap=soft_wrap)


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


def print_answer(answer: Answer, console: Console, *, quotes: bool = True) -> None:
    """The answer, then each citation with its date, headline and quote; warnings go to standard error.

    A timeline is made of its quotes, which are then not repeated (`quotes`).
    """
    if answer.rewritten:
        console.print(Text(safe(answer.rewritten), style="dim"))
    if answer.status == "conflicting":
        console.print(Text(DIFFER, style="bold"))
    if answer.answer:
        console.print(Text(safe(answer.answer)))
        console.print()
        listed = answer.citations
    else:
        if answer.abstention is not None:
            console.print(Text(abstained(answer)))
        if answer.nearest:
            console.print("\nNearest:")
        listed = answer.nearest
    for first, *others in by_article(listed):
        if not quotes:
            indent(source_of(first), console, label(first, *others))
            continue
        indent(source_of(first), console, label(first))
        indent(_quote(first), console)
        for other in others:
            indent(_quote(other), console, label(other))
    _print_warnings(answer)


def _print_warnings(answer: Answer) -> None:
    reasons = [warning.message for warning in answer.warnings if warning.code == DROPPED]
    paired = len(reasons) == len(answer.dropped)
    for warning in answer.warnings:
        if warning.code != CONFLICT and not (paired and warning.code == DROPPED):
            notice(warning.message)
    if paired:
        for claim, reason in zip(answer.dropped, reasons, strict=True):
            stderr().print(Text("assistant: ", style="dim").append_text(withdrawn(claim.text, reason)))


def withdrawn(text: str, reason: str) -> Text:
    """A claim that does not stand, struck through, with the reason."""
    line = Text().append("withdrawn: ", style="dim").append(safe(text), style="dim strike")
    return line.append(f" ({safe(reason)})", style="dim")


def abstained(answer: Answer) -> str:
    """Why there is no answer, and up to which day was looked."""
    message = answer.abstention.message if answer.abstention else ""
    if answer.corpus_ends:
        as_of = f"As of {day(answer.as_of)}, the" if answer.as_of else "The"
        return f"{message} {as_of} newest article is of {day(answer.corpus_ends)}."
    return f"{message} No article is of {day(answer.as_of)} or earlier." if answer.as_of else message


def by_article(citations: Iterable[Citation]) -> Iterator[list[Citation]]:
    """The citations, those together that follow each other and are of one article."""
    for _, group in groupby(citations, key=lambda citation: citation.article):
        yield list(group)


def label(*citations: Citation) -> Text:
    """What stands before citations: their numbers."""
    numbers = "".join(f"[{citation.number}]" for citation in citations)
    return Text(f"{numbers} ", style="bold")


def _quote(citation: Citation) -> Text:
    return Text(f"“{safe(citation.quote)}”")


def source_of(citation: Citation) -> Text:
    """Where a citation is from: date, headline with its link, article."""
    source = (
        Text()
        .append(f"{day(citation.date)}  ", style="cyan")
        .append_text(linked(citation.title, citation.url))
    )
    return source.append(f"  {safe(citation.article)}", style="dim")


def indent(text: Text, console: Console, label: Text = INDENT) -> None:
    """Text behind a label; wrapped on a terminal, a single line in a pipe, where lines are for programs."""
    if not console.is_terminal:
        console.print(Text(label.plain + re.sub(r"\s*\n\s*", " ", text.plain)))
        return
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(label, text)
    console.print(grid)


def linked(text: str, url: str | None) -> Text:
    """The text with a link, where there is one to a web page."""
    safe_url = url if url is not None and re.fullmatch(r"https?://[!-~]+", url) else None
    return Text(safe(text), style=Style(link=safe_url))


def print_article(article: Article) -> None:
    """An article as stored; what would steer a terminal is written out, a pipe gets the text as it is."""
    console = stdout()
    if console.is_terminal:
        console.print(article_text(article)[0])
        return
    # Not by way of rich, which expands tabs and leaves some control characters out.
    sources = _sources(article)
    print(f"{article.title}\n{_about(article)}\n\n{article.text}\n\n{sources}".rstrip("\n"))


def article_text(article: Article, quote: tuple[int, int] = (0, 0)) -> tuple[Text, int]:
    """An article for a terminal, with a quote of it marked; and where in that the quote begins."""
    start, end = quote
    text = Text().append(safe(article.title), style="bold")
    text.append(f"\n{safe(_about(article))}\n\n", style="dim")
    text.append(safe(article.text[:start]))
    begin = len(text)
    text.append(safe(article.text[start:end]), style="reverse")
    text.append(f"{safe(article.text[end:])}\n")
    return text.append(f"\n{safe(_sources(article))}", style="dim"), begin


def _about(article: Article) -> str:
    facts = (day(article.published), article.section, article.id)
    return "  ".join(fact for fact in facts if fact)


def _sources(article: Article) -> str:
    return "\n".join(f"{one.outlet}  {one.url or ''}".rstrip() for one in article.sources)


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
            indent(Text(line, style="dim"), console)
        if passage.also_in:
            also = ", ".join(safe(article) for article in passage.also_in)
            indent(Text(f"also in {also}", style="dim"), console)
        text = Text(safe(passage.text))
        if terms:
            text.highlight_regex(rf"(?i)\b(?:{'|'.join(map(re.escape, terms))})\b", "bold")
        indent(text, console)
        console.print()


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
