"""Showing: what the chat prints beyond answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from assistant.chat.sessions import Record, Terms, file_of, replay
from assistant.interface import Answer, Citation, Claim
from assistant.terminal import (
    by_article,
    day,
    indent,
    label,
    linked,
    print_answer,
    safe,
    source_of,
    stdout,
)

if TYPE_CHECKING:
    from assistant.articles import Article
    from assistant.catalogue import Catalogue
    from assistant.chat.commands import Command


HEADING = re.compile(r"#{1,6} ")


def print_record(record: Record) -> None:
    """A turn's answer, or its timeline."""
    console = stdout()
    print_answer(record.answer, console, quotes=record.topic is None)
    console.print()


def limits_in_words(terms: Terms) -> str:
    """What limits the questions, as "as of 26 Nov 2025, Politics"; empty if nothing does."""
    parts = [
        f"as of {day(terms.as_of)}" if terms.as_of else "",
        f"since {day(terms.since)}" if terms.since else "",
        safe(terms.section or ""),
        safe(terms.outlet or ""),
    ]
    return ", ".join(part for part in parts if part)


def print_sources(answer: Answer, catalogue: Catalogue) -> None:
    """Each article with its outlets, and each quote with the sentences before and after it."""
    console = stdout()
    for first, *others in by_article(answer.citations or answer.nearest):
        article = catalogue.article(first.article)
        indent(source_of(first), console, label(first))
        if article is not None and article.sources:
            outlets = [linked(source.outlet, source.url) for source in article.sources]
            indent(Text(", ", style="dim").join(outlets), console)
        indent(_in_place(first, article), console)
        for other in others:
            indent(_in_place(other, article), console, label(other))
        console.print()


def _in_place(citation: Citation, article: Article | None) -> Text:
    """A quote between the sentences around it."""
    before, after = neighbours(article, citation) if article else ("", "")
    text = Text(f"{safe(before)} " if before else "", style="dim")
    text.append(f"“{safe(citation.quote)}”", style="not dim bold")
    return text.append(f" {safe(after)}" if after else "")


def neighbours(article: Article, citation: Citation) -> tuple[str, str]:
    """The sentences of the article before and after a quote; empty where there is none."""
    from assistant.chunks import sentence_spans

    text = article.text
    spans = [span for span in sentence_spans(text) if not HEADING.match(text, span[0])]
    before = [text[start:end] for start, end in spans if end <= citation.start]
    after = [text[start:end] for start, end in spans if start >= citation.end]
    return (before or [""])[-1], (after or [""])[0]


def print_why(record: Record, catalogue: Catalogue) -> None:
    """How a turn came about: what was asked, found, let through, kept and dropped, and how long it took."""
    console = stdout()
    answer = record.answer
    limit = f" as of {day(answer.as_of)}" if answer.as_of else ""
    for heading, lines in (
        ("Asked", [Text(safe(answer.rewritten or answer.question))]),
        (f"Found{limit}", _found(record, catalogue)),
        ("Gate", [Text(f"{_verdict(answer)} (confidence {answer.confidence:.2f})")]),
        ("Kept", [_kept(claim) for claim in answer.claims]),
        ("Dropped", _dropped(record)),
        ("Took", _took(answer)),
    ):
        if lines:
            console.print(Text(heading, style="bold"))
        for line in lines:
            indent(line, console)


def _found(record: Record, catalogue: Catalogue) -> list[Text]:
    """Each passage with its score, and with its rank at every stage where that is known."""
    lines = []
    for number, passage in enumerate(record.answer.passages, 1):
        article = catalogue.article(passage.article)
        title = safe(article.title if article else passage.article)
        line = Text(f"{number}  {passage.score:.3f}  {day(passage.date)}  {title}")
        if number <= len(record.ranks):
            stages = record.ranks[number - 1].model_dump().items()
            ranks = ", ".join(f"{stage} {rank or '-'}" for stage, rank in stages)
            line.append(f"  ({ranks})", style="dim")
        lines.append(line)
    return lines


def _verdict(answer: Answer) -> str:
    if answer.abstention:
        return safe(f"{answer.abstention.reason}: {answer.abstention.message}")
    return answer.status


def _kept(claim: Claim) -> Text:
    numbers = "".join(f"[{number}]" for number in claim.citations)
    return Text(f"{claim.support:.2f}  {safe(claim.text)} {numbers}")


def _dropped(record: Record) -> list[Text]:
    dropped = record.answer.dropped
    reasons = [*record.reasons, *[""] * len(dropped)]
    return [
        Text().append(safe(claim.text), style="strike").append(f" ({safe(reason)})" if reason else "")
        for claim, reason in zip(dropped, reasons, strict=False)
    ]


def _took(answer: Answer) -> list[Text]:
    stages = answer.seconds.model_dump().items()
    lines = [Text(", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages))]
    if answer.tokens.prompt:
        lines.append(Text(f"{answer.tokens.prompt} tokens read, {answer.tokens.completion} written"))
    return [*lines, Text(f"model {safe(answer.model)}")]


def print_help(commands: Sequence[Command]) -> None:
    """A command a line, under the widest of their names; below it where the terminal is narrow."""
    console = stdout()
    widest = max(len(command.usage) for command in commands)
    narrow = console.is_terminal and console.width < widest + 40
    for command in commands:
        name = Text(command.usage if narrow else command.usage.ljust(widest + 2), style="bold")
        if narrow:
            console.print(name)
            indent(Text(command.help), console)
        else:
            console.print(name.append(command.help, style="not bold"))


def print_sessions(names: Iterable[str], current: str | None) -> None:
    """A session a line: name, turns, and how it begins; the one that is open has a star."""
    console = stdout()
    for name in names:
        try:
            turns = replay(file_of(name).read_bytes()).turns
        except OSError:
            continue
        line = Text("* " if name == current else "  ").append(name, style="bold")
        first = f"  {safe(turns[0].answer.question)}" if turns else ""
        line.append(f"  {len(turns)} turn{'s' if len(turns) != 1 else ''}").append(first, style="dim")
        console.print(line)
