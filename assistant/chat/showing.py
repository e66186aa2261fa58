"""Showing: what the chat prints beyond answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from assistant.api.spending import spent
from assistant.chat.sessions import Record, Terms, file_of, replay
from assistant.schema import Answer, Citation, Claim
from assistant.terminal.render import (
    PREMISE,
    by_article,
    day,
    indent,
    label,
    linked,
    not_stated,
    print_answer,
    safe,
    source_of,
    stdout,
    told,
)

if TYPE_CHECKING:
    from assistant.chat.commands import Command
    from assistant.corpus.articles import Article
    from assistant.index.catalogue.lexical import Catalogue


def print_record(record: Record, *, capable: bool) -> None:
    """A turn's answer, brief or timeline; a `capable` model would have found what else there is."""
    console = stdout()
    hint = "" if capable or record.topic is not None else "For what they say about a topic: /brief TOPIC"
    print_answer(record.answer, console, hint=hint)
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
    """Each article with its outlets and each quote between its neighbours; then what else was found."""
    console = stdout()
    shown = answer.citations or answer.nearest
    for first, *others in by_article(shown):
        article = catalogue.article(first.article)
        indent(source_of(first), console, label(first))
        if article is not None and article.sources:
            outlets = [linked(source.outlet, source.url) for source in article.sources]
            indent(Text(", ", style="dim").join(outlets), console)
        indent(_in_place(first, article), console)
        for other in others:
            indent(_in_place(other, article), console, label(other))
        console.print()
    known = {citation.article for citation in shown}
    rest = dict.fromkeys(one.article for one in answer.passages if one.article not in known)
    if rest:
        console.print(Text("Also found", style="bold"))
    for name in rest:
        article = catalogue.article(name)
        if article is not None:
            line = Text().append(f"{day(article.published)}  ", style="cyan")
            line.append_text(linked(article.title, article.url)).append(f"  {safe(name)}", style="dim")
            indent(line, console)


def _in_place(citation: Citation, article: Article | None) -> Text:
    """A quote between the sentences around it."""
    before, after = neighbours(article, citation) if article else ("", "")
    text = Text(f"{safe(before)} " if before else "", style="dim")
    text.append(f"“{safe(citation.quote)}”", style="not dim bold")
    return text.append(f" {safe(after)}" if after else "")


def neighbours(article: Article, citation: Citation) -> tuple[str, str]:
    """The sentences of the article before and after a quote; empty where there is none."""
    from assistant.answering.evidence import sentences_of
    from assistant.retrieval.passages import Passage

    sentences = sentences_of(Passage(article, 0, len(article.text), ()), 1)
    before = [one.text for one in sentences if one.end <= citation.start]
    after = [one.text for one in sentences if one.start >= citation.end]
    return (before or [""])[-1], (after or [""])[0]


def print_why(record: Record, catalogue: Catalogue) -> None:
    """How a turn came about: what was asked and looked for, found, kept and dropped, and what it took."""
    console = stdout()
    answer = record.answer
    limit = f" as of {day(answer.as_of)}" if answer.as_of else ""
    for heading, lines in (
        ("Asked", [Text(safe(answer.rewritten or answer.question))]),
        ("Searches", [Text(safe(search)) for search in answer.searches]),
        (f"Found{limit}", _found(record, catalogue)),
        ("Verdict", _verdict(answer)),
        ("Kept", [_kept(claim) for claim in answer.claims]),
        ("Dropped", [_dropped(claim) for claim in answer.dropped]),
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


def _verdict(answer: Answer) -> list[Text]:
    """What became of it, how sure, and what the articles lack or contradict."""
    verdict = (
        f"{answer.abstention.reason}: {answer.abstention.message}" if answer.abstention else answer.status
    )
    times = f" after reading {answer.rounds} times" if answer.rounds > 1 else ""
    lines = [f"{verdict} (confidence {answer.confidence:.2f}){times}"]
    lines += [not_stated(answer.missing)] if answer.missing else []
    lines += [told(warning) for warning in answer.warnings if warning.code == PREMISE]
    return [Text(safe(line)) for line in lines]


CHECKED = {
    "model": "a model finds it in its quotes",
    "exact": "code finds its numbers and quotations there; no more",
    "verbatim": "word for word",
}
"""What a sentence was checked by, in words."""


def _kept(claim: Claim) -> Text:
    """A sentence with its sources, and what it was checked by."""
    numbers = "".join(f"[{number}]" for number in claim.citations)
    checked = f"  ({CHECKED[claim.checks.by]}, support {claim.checks.support:.2f})"
    return Text(f"{safe(claim.text)} {numbers}").append(checked, style="dim")


def _dropped(claim: Claim) -> Text:
    text = Text().append(safe(claim.text), style="strike")
    return text.append(f" ({safe(claim.reason)})" if claim.reason else "", style="not strike")


def _took(answer: Answer) -> list[Text]:
    stages = answer.seconds.model_dump().items()
    lines = [", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in stages)]
    if answer.tokens.prompt:
        lines.append(spent(answer.tokens, answer.cost.amount if answer.cost else None))
    return [Text(safe(line)) for line in [*lines, f"model {answer.model}"]]


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
