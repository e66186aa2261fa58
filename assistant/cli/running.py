"""What the commands share: opening the assistant, printing results, batches and cost limits.

Cheap to import, because `--help` loads it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from assistant.cli.options import first_given
from assistant.errors import SettingsError, without_secrets

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assistant.api.assistant import Assistant
    from assistant.cli.batch import BatchLine, Limits
    from assistant.schema import Answer, SearchAnswer
    from assistant.settings import Settings


LEAST = 1536 << 20
"""Bytes that a process must be allowed to address. With less, the libraries in C and Rust that search and
write an index abort it wherever they stand, and in words of their own."""


def check_memory() -> None:
    """Raises SettingsError where this process may use too little memory; imports nothing large."""
    if sys.platform == "win32":
        return
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if 0 <= most < LEAST:
        more = f"ulimit -v {2 * LEAST >> 10}"
        raise SettingsError(f"only {most >> 20} MB of memory may be used here; allow more with: {more}")


def log_to_stderr(*, verbose: bool) -> None:
    """Shows what libraries log, without the passwords in the addresses that they ask."""
    import logging

    class Discreet(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return without_secrets(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Discreet("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[handler])


@contextmanager
def opened(settings: Settings, *, encoders: bool = True) -> Iterator[Assistant]:
    """The assistant, open while a command uses it. A missing index is built first.

    Raises AssistantError.
    """
    from assistant.api.assistant import Assistant
    from assistant.terminal.progress import progress
    from assistant.terminal.render import notice

    with progress("embedding passages") as update:
        news = Assistant(settings, notice=notice, on_progress=update)
        news.prepare(encoders=encoders)
    with news:
        yield news


def show_answer(answer: Answer, *, json: str | None, hint: str = "") -> NoReturn:
    """Prints an answer, or `json`, and exits with status 0, or 1 for an abstention."""
    from assistant.terminal.render import print_answer, stdout

    if json is not None:
        typer.echo(json)
    else:
        print_answer(answer, stdout(), hint=hint)
    raise typer.Exit(1 if answer.status == "abstained" else 0)


def show_found(found: SearchAnswer, query: str, *, json: str | None) -> NoReturn:
    """Prints the passages of a search, or `json`, and exits with status 0, or 1 if there are none."""
    from assistant.index.catalogue.bm25 import query_terms
    from assistant.terminal.render import notice, print_search, stdout

    if json is not None:
        typer.echo(json)
    else:
        print_search(found, query_terms(query), stdout())
    for warning in found.warnings:
        notice(warning.message)
    if not found.passages:
        notice("nothing found")
    raise typer.Exit(0 if found.passages else 1)


def answer_lines(
    batch: str, limits: Limits, answer: Callable[[BatchLine, Limits], BaseModel], *, jobs: int = 1
) -> NoReturn:
    """Answers the batch's lines and exits with status 0, or 2 if one failed. Raises SettingsError if the
    file cannot be read."""
    from assistant.cli.batch import run_batch
    from assistant.terminal.render import notice

    raise typer.Exit(2 if run_batch(batch, limits, answer, notice, jobs=jobs) else 0)


def ask_lines(
    news: Assistant,
    settings: Settings,
    batch: str,
    limits: Limits,
    *,
    jobs: int,
    max_cost: float | None,
    ray: str | None,
) -> NoReturn:
    """Answers a batch with the assistant, opened with the settings, or on Ray; for a hosted model, prints
    tokens and cost to standard error."""
    from assistant.api.spending import Spending
    from assistant.terminal.render import notice

    hosted = is_hosted(news.settings.model)
    spending = Spending(max_cost)
    try:
        if ray is None:
            answer_lines(
                batch,
                limits,
                spending.metered(
                    lambda line, limits: news.ask(line.question, history=line.turns(), **limits)
                ),
                jobs=jobs if hosted else 1,
            )
        from assistant.cluster.asking import asking

        with asking(ray, settings, notice) as (ask, workers):
            answer_lines(
                batch,
                limits,
                spending.metered(lambda line, limits: ask(line.question, line.turns(), limits)),
                jobs=workers,
            )
    finally:
        if hosted:
            notice(spending.summary())


def is_hosted(model: str) -> bool:
    """Whether the model is "provider:name", on a server, and not run in this process."""
    return ":" in model


def check_for_batch(batch: str | None, **given: Any) -> None:
    """Raises SettingsError for options that only a batch has."""
    name = first_given(**given)
    if name and batch is None:
        raise SettingsError(f"{name} is for a batch; give --batch FILE, or leave it out")


def check_prices(max_cost: float | None, settings: Settings) -> None:
    """Raises SettingsError for a cost limit if the model's price is unknown."""
    from assistant.api.build import profile_for

    if max_cost is not None and profile_for(settings).prices is None:
        raise SettingsError(
            f"the price of {settings.model} is not known; set price_in and price_out (USD per million tokens)"
        )


def settings(**options: Any) -> Settings:
    """The settings, overridden by a command's options. Raises SettingsError."""
    from assistant.settings import load_settings

    return load_settings(**options)
