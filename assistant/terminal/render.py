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
from collections.abc import Iterable, Iterator, Set
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from assistant.text.dates import in_short
from assistant.text.normalize import words

if TYPE_CHECKING:
    import datetime as dt

    from assistant.corpus.articles import Article

    # Only named here: `ask --server` shows answers without making these models, which takes a while.
    from assistant.schema import AbstentionReason, Answer, AnswerWarning, Citation, SearchAnswer

STOPPED = "stopped"
"""Code of the warning that an answer was stopped before it was done."""

CONFLICT = "conflict"
"""Code of the warning that accounts differ, which stands above the answer in place of a notice."""

PREMISE = "premise-denied"
"""Code of the warning that the articles contradict what the question takes for granted."""

DIFFER = "Accounts differ:"

ABOUT: tuple[AbstentionReason, ...] = ("not-stated", "unsupported")
"""Reasons for which the articles may still have something about the topic."""

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


WIDTH = 80
"""Columns of a terminal that does not know its own."""


def stdout() -> Console:
    """A console for answers; plain and never wrapped or cut where the output is no terminal."""
    return _console(stderr=False, soft_wrap=not sys.stdout.isatty())


def stderr(*, soft_wrap: bool = True) -> Console:
    """A console for progress, notices and warnings; wrapped by the terminal alone, unless it is drawn on."""
    return _console(stderr=True, soft_wrap=soft_wrap)


def _console(*, stderr: bool, soft_wrap: bool) -> Console:
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    console = Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=soft_wrap,
        # FORCE_COLOR, which build servers set, would put escapes into pipes.
        force_terminal=None if terminal else False,
    )
    if console.width < 1:  # COLUMNS=0, which programs set that know no width: nothing would be shown
        console.width = WIDTH
    return console


def notice(message: str) -> None:
    """A line for the person, on standard error."""
    stderr().print(Text(f"assistant: {safe(message)}", style="dim"))


def day(date: dt.date | None) -> str:
    """A date as people write it, "26 Nov 2025"."""
    return in_short(date) if date else "undated"


def print_answer(answer: Answer, console: Console, *, hint: str = "") -> None:
    """The answer, then each citation with its date, headline and quote; warnings go to standard error.

    A quote that the answer consists of is not repeated. `hint` says what else may be asked where the articles
    do not say.
    """
    if answer.rewritten:
        console.print(Text(safe(answer.rewritten), style="dim"))
    if answer.status == "conflicting" and not answer.answer.startswith(DIFFER.rstrip(":")):
        console.print(Text(DIFFER, style="bold"))
    if answer.answer:
        console.print(Text(safe(answer.answer)))
        if answer.missing:
            console.print(Text(safe(not_stated(answer.missing))))
        console.print()
        _print_citations(answer.citations, said_verbatim(answer), console)
    else:
        if answer.abstention is not None:
            console.print(Text(abstained(answer)))
        if answer.nearest:
            console.print("\nNearest:")
        _print_citations(answer.nearest, frozenset(), console)
    _print_notices(answer)
    if hint and not stopped(answer) and answer.abstention and answer.abstention.reason in ABOUT:
        notice(hint)


def _print_citations(citations: Iterable[Citation], said: Set[int], console: Console) -> None:
    """Each article with its quotes, but for those that were `said` in the answer, by their numbers."""
    for group in by_article(citations):
        first = group[0]
        repeated = [one for one in group if one.number not in said]
        alone = [one for one in group if one.number in said]
        indent(source_of(first), console, label(*(alone or [first])))
        for one in repeated:
            indent(_quote(one), console, INDENT if one is first and not alone else label(one))


def said_verbatim(answer: Answer) -> frozenset[int]:
    """The numbers of the citations whose words a sentence of the answer consists of."""
    quotes = {citation.number: words(citation.quote) for citation in answer.citations}
    return frozenset(
        number
        for claim in answer.claims
        if claim.checks.by == "verbatim"
        for number in claim.citations
        if number in quotes and f" {quotes[number]} " in f" {words(claim.text)} "
    )


def _print_notices(answer: Answer) -> None:
    for warning in answer.warnings:
        if warning.code != CONFLICT:
            notice(told(warning))
    for claim in answer.dropped:
        line = withdrawn(claim.text, claim.reason)
        stderr().print(Text("assistant: ", style="dim").append_text(line))


def told(warning: AnswerWarning) -> str:
    """A warning as a person is told it."""
    premise = warning.code == PREMISE
    return f"not as the question has it: {warning.message}" if premise else warning.message


def not_stated(missing: str) -> str:
    """The line that says what an answer lacks."""
    return f"Not in the articles: {missing}"


def stopped(answer: Answer) -> bool:
    """Whether it was stopped before it was done."""
    return any(warning.code == STOPPED for warning in answer.warnings)


def withdrawn(text: str, reason: str) -> Text:
    """A claim that does not stand, struck through, with the reason."""
    line = Text().append("withdrawn: ", style="dim").append(safe(text), style="dim strike")
    return line.append(f" ({safe(reason)})" if reason else "", style="dim")


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
    changed = f"(updated {day(citation.updated)})  " if citation.updated else ""
    source = (
        Text()
        .append(f"{day(citation.date)}  {changed}", style="cyan")
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
    changed = f"updated {day(article.updated)}" if article.updated else ""
    facts = (day(article.published), changed, article.section, article.id)
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
            stages = vars(passage.ranks)
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
