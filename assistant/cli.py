"""The command line: `assistant index | search | ask | show | chat | eval | doctor`.

Everything heavy is imported inside the commands, so that `--help` and a mistyped option answer at once. Errors
are caught here and nowhere else: one line on standard error, exit status 2.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from assistant.errors import AssistantError, SettingsError

if TYPE_CHECKING:
    from assistant.filters import Filters
    from assistant.index import Index
    from assistant.settings import Settings

app = typer.Typer(
    name="assistant",
    help="Ask a corpus of news articles; every sentence of an answer is tied to a verbatim quote.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Corpus = Annotated[
    Path | None, typer.Option("--corpus", metavar="PATH", help="Folder or file of articles; default: the built-in corpus.")
]
IndexDir = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="Where the index lies; default: the user's data folder.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Answer as of this day (YYYY-MM-DD): later articles are hidden.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Hide articles from before this day (YYYY-MM-DD).")
]
Section = Annotated[str | None, typer.Option("--section", metavar="NAME", help="Only articles of this section.")]
Outlet = Annotated[
    str | None, typer.Option("--outlet", metavar="NAME", help="Only articles that draw on this outlet (part of its name).")
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="qwen2.5-coder-1.5b, extractive, or provider:name, as openai:gpt-5-mini."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Batch = Annotated[
    str | None,
    typer.Option("--batch", metavar="FILE", help="JSON Lines with `question` (and id, as_of, history); - is standard input."),
]


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what is done to standard error.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed_version

        typer.echo(f"assistant {installed_version('news-assistant')}")
        raise typer.Exit
    import logging

    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(name)s: %(message)s")


@app.command()
def index(
    corpus: Corpus = None,
    index: IndexDir = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Start from nothing, as after another embedder.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first article that cannot be read.")] = False,
) -> None:
    """Bring the index in line with the corpus: add, embed again what changed, remove what is gone."""
    from assistant.build import build_index
    from assistant.terminal import notice, progress

    settings = _settings(corpus=corpus, index=index)
    with progress("embedding passages") as update:
        changes = build_index(settings, notice, update, rebuild=rebuild, strict=strict)
    typer.echo(
        f"{changes.added} added, {changes.changed} changed, {changes.removed} removed,"
        f" {changes.unchanged} unchanged; {changes.chunks} passages in {settings.index_path}"
    )


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    k: Annotated[int | None, typer.Option("-k", min=1, max=100, help="How many passages (default 8).")] = None,
    json: Json = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show each passage's rank at every stage.")] = False,
    batch: Batch = None,
    as_of: AsOf = None,
    since: Since = None,
    section: Section = None,
    outlet: Outlet = None,
    corpus: Corpus = None,
    index: IndexDir = None,
) -> None:
    """Find passages: retrieval only, no language model."""
    from assistant.batch import run_batch
    from assistant.build import build_retriever
    from assistant.catalogue import query_terms
    from assistant.search import search as search_passages
    from assistant.terminal import notice, print_search, stdout

    _one_of(query, batch, "QUERY")
    settings = _settings(corpus=corpus, index=index, k=k)
    opened = _open_index(settings)
    filters = _filters(opened, as_of, since, section, outlet)
    retriever = build_retriever(settings, opened)
    if batch is not None:
        failed = run_batch(
            batch,
            filters,
            lambda line, limits: search_passages(retriever, line.query(), limits, explain=explain),
            notice,
        )
        raise typer.Exit(2 if failed else 0)
    found = search_passages(retriever, query or "", filters, explain=explain)
    if json:
        typer.echo(found.model_dump_json())
    else:
        print_search(found, query_terms(query or ""), stdout())
        if not found.passages:
            typer.echo("Nothing found.")
    for warning in found.warnings:
        notice(warning.message)
    raise typer.Exit(0 if found.passages else 1)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in quotation marks.")] = None,
    json: Json = False,
    model: Model = None,
    batch: Batch = None,
    as_of: AsOf = None,
    since: Since = None,
    section: Section = None,
    outlet: Outlet = None,
    corpus: Corpus = None,
    index: IndexDir = None,
) -> None:
    """Answer a question from the articles alone, with citations.

    Exit status: 0 answered, 1 the corpus does not say, 2 an error.
    """
    from assistant.batch import run_batch
    from assistant.build import build_assistant
    from assistant.terminal import notice, print_answer, stdout, thinking

    _one_of(question, batch, "QUESTION")
    settings = _settings(corpus=corpus, index=index, model=model)
    opened = _open_index(settings)
    filters = _filters(opened, as_of, since, section, outlet)
    assistant = build_assistant(settings, opened)
    if batch is not None:
        failed = run_batch(
            batch,
            filters,
            lambda line, limits: assistant.ask(line.question, history=line.turns(), filters=limits),
            notice,
        )
        raise typer.Exit(2 if failed else 0)
    with thinking() as on_event:
        answer = assistant.ask(question or "", filters=filters, on_event=on_event)
    if json:
        typer.echo(answer.model_dump_json())
    else:
        print_answer(answer, stdout())
    raise typer.Exit(1 if answer.status == "abstained" else 0)


@app.command()
def show(
    article: Annotated[str, typer.Argument(help="An article's id, as citations and search give it.")],
    json: Json = False,
    corpus: Corpus = None,
    index: IndexDir = None,
) -> None:
    """Print an article by its id, exactly as stored."""
    from assistant.terminal import article_json, print_article

    opened = _open_index(_settings(corpus=corpus, index=index))
    found = opened.catalogue.article(article)
    if found is None:
        from rapidfuzz.process import extract

        near = [match[0] for match in extract(article, list(opened.catalogue.fingerprints()), limit=3)]
        raise SettingsError(f"no article {article!r}; did you mean {', '.join(near)}?")
    if json:
        typer.echo(article_json(found))
    else:
        print_article(found)


@app.command()
def chat(
    session: Annotated[str | None, typer.Option("--session", metavar="NAME", help="Keep or go on with this session.")] = None,
    no_save: Annotated[bool, typer.Option("--no-save", help="Keep nothing of this conversation.")] = False,
    model: Model = None,
    as_of: AsOf = None,
    since: Since = None,
    section: Section = None,
    outlet: Outlet = None,
    corpus: Corpus = None,
    index: IndexDir = None,
) -> None:
    """Ask in a conversation; follow-up questions may refer to what was said before."""
    from assistant.build import build_assistant
    from assistant.chat import Session, converse

    settings = _settings(corpus=corpus, index=index, model=model)
    opened = _open_index(settings)
    filters = _filters(opened, as_of, since, section, outlet)
    converse(build_assistant(settings, opened), filters, Session.open(session, keep=not no_save))


@app.command(name="eval")
def evaluate(
    gold: Annotated[Path | None, typer.Option("--gold", metavar="FILE", help="Gold cases; default: eval/gold.jsonl.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the model now.")] = False,
    only: Annotated[str | None, typer.Option("--only", metavar="TYPE", help="Only cases of this type.")] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="DIR", help="Also write report.md and answers.jsonl there.")] = None,
    resume: Annotated[Path | None, typer.Option("--resume", metavar="FILE", help="Keep answers here, and go on from those that are.")] = None,
    model: Model = None,
    corpus: Corpus = None,
    index: IndexDir = None,
) -> None:
    """Ask every gold question and score the answers."""
    from assistant.build import build_assistant, provenance
    from assistant.evaluation.command import evaluate, select_cases, write_report
    from assistant.evaluation.report import table
    from assistant.terminal import notice

    if not live:
        raise SettingsError("there are no recorded answers to replay; ask the model with: assistant eval --live")
    cases = select_cases(gold, only)
    settings = _settings(corpus=corpus, index=index, model=model)
    assistant = build_assistant(settings, _open_index(settings))
    measured = evaluate(assistant, cases, provenance(settings, assistant), notice, resume)
    typer.echo(table(measured))
    if report is not None:
        write_report(measured, report)


@app.command()
def doctor(corpus: Corpus = None, index: IndexDir = None) -> None:
    """Say what is installed, whether models and index are healthy, and what to do where they are not."""
    from assistant.doctor import examine

    raise typer.Exit(0 if examine(_settings(corpus=corpus, index=index)) else 2)


def _settings(**options: Any) -> Settings:
    from assistant.settings import load_settings

    return load_settings(**options)


def _open_index(settings: Settings) -> Index:
    from assistant.build import open_index
    from assistant.terminal import notice, progress

    with progress("embedding passages") as update:
        return open_index(settings, notice, update)


def _one_of(question: str | None, batch: str | None, name: str) -> None:
    if (question is None) == (batch is None):
        raise SettingsError(f"give either {name} or --batch FILE")


def _filters(
    index: Index, as_of: str | None, since: str | None, section: str | None, outlet: str | None
) -> Filters:
    """The limits of a question; a section or outlet that no article has is an error, not an empty answer."""
    from assistant.filters import Filters

    filters = Filters(_day("--as-of", as_of), _day("--since", since), section, outlet)
    for name, value in (("section", section), ("outlet", outlet)):
        if value is not None and not index.catalogue.matching(Filters(**{name: value})):
            known = index.catalogue.known(name)
            listed = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
            raise SettingsError(f"no article has the {name} {value!r}; there are: {listed or 'none'}")
    return filters


def _day(option: str, value: str | None) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise SettingsError(f"{option} {value!r} is no day; write it as 2025-11-26") from None


def main() -> NoReturn:
    """Runs the command line; every error leaves by here."""
    try:
        app()
    except AssistantError as error:
        from assistant.terminal import safe

        message = " ".join(safe(str(error)).split())
        print(f"assistant: {message}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print("assistant: interrupted", file=sys.stderr)
        status = 130
    except BrokenPipeError:
        # Whoever read standard output is gone; keep the interpreter from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    sys.exit(status)
