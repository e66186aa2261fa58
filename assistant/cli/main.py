"""The command line, `assistant`.

Heavy imports are inside the commands, so `--help` and a mistyped option respond at once.
Errors are caught only here: one line on standard error, exit status 2.
"""

import contextlib
import errno
import gc
import io
import os
import sys
import traceback
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from assistant.cli import adding, evaluating, indexing, models, options, overviews, running, serving
from assistant.cli.options import examples, one_of
from assistant.errors import MORE_MEMORY, AssistantError, lacks_memory, reason
from assistant.telemetry import SILENT

_REMEDIES = {
    errno.ENOSPC: "make room and try again",
    errno.EDQUOT: "make room and try again",
    errno.EROFS: "choose another folder",
    errno.EACCES: "make it accessible, or choose another folder",
    errno.EMFILE: "raise the limit with: ulimit -n 4096",
    errno.ENOMEM: "close other programs and try again",
}

ORDER = "ask chat search show brief timeline index add watch serve mcp eval models doctor".split()
"""The commands, in the order that `--help` lists them."""


class InOrder(TyperGroup):
    """Lists the commands in `ORDER`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return sorted(self.commands, key=ORDER.index)


app = typer.Typer(
    name="assistant",
    cls=InOrder,
    help="Ask questions of a corpus of news articles; every sentence of an answer cites a verbatim quote.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def common(version: options.Version = False, verbose: options.Verbose = False) -> None:
    """The options before a command."""
    running.check_memory()
    running.log_to_stderr(verbose=verbose)


app.command(epilog=examples("index", "index --corpus articles/ --strict", "index --exclude 'drafts/'"))(
    indexing.index
)


app.command(epilog=adding.ADD_EXAMPLES)(adding.add)
app.command(epilog=adding.WATCH_EXAMPLES)(adding.watch)


@app.command(
    epilog=examples('search "prisoner exchange"', 'search "ceasefire talks" -k 3 --as-of 2025-11-26')
)
def search(
    query: options.SearchQuery = None,
    k: options.Most = None,
    json: options.Json = False,
    explain: options.Explain = False,
    batch: options.Batch = None,
    server: options.Server = None,
    as_of: options.AsOf = None,
    since: options.Since = None,
    section: options.Section = None,
    outlet: options.Outlet = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Search for passages, without a language model.

    Exit status: 0 found, 1 nothing found, 2 error. With --batch: 0, or 2 if a line failed.
    """
    one_of(query, batch, "QUERY")
    limits = options.limits(as_of, since, section, outlet)
    if server is not None:
        serving.check_alone(batch=batch, corpus=corpus, index=index)
        serving.search(server, query or "", {"k": k, "explain": explain, **limits}, json=json)
    with running.opened(running.settings(corpus=corpus, index=index, k=k)) as news:
        if batch is not None:
            news.filters(**limits)
            running.answer_lines(
                batch,
                limits,
                lambda line, limits: news.search(
                    line.question, history=line.turns(), explain=explain, **limits
                ),
            )
        found = news.search(query or "", explain=explain, **limits)
        running.show_found(found, query or "", json=found.model_dump_json() if json else None)


@app.command(
    epilog=examples(
        'ask "Who leads the coalition?"',
        'ask "What was agreed?" --as-of 2025-11-26 --json',
        'ask "Who leads it?" --server http://127.0.0.1:8421',
        "ask --batch questions.jsonl > answers.jsonl",
    )
)
def ask(
    question: options.QuestionText = None,
    json: options.Json = False,
    model: options.Model = None,
    batch: options.Batch = None,
    jobs: options.Jobs = 4,
    max_cost: options.MaxCost = None,
    timeout: options.Timeout = None,
    ray: options.Ray = None,
    server: options.Server = None,
    as_of: options.AsOf = None,
    since: options.Since = None,
    section: options.Section = None,
    outlet: options.Outlet = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Answer a question from the articles alone, with citations.

    Exit status: 0 answered, 1 the corpus does not say, 2 error. With --batch: 0, or 2 if a line failed.
    """
    one_of(question, batch, "QUESTION")
    limits = options.limits(as_of, since, section, outlet)
    hint = 'For what they say about a topic: assistant brief "TOPIC"'
    if server is not None:
        serving.check_alone(
            batch=batch,
            max_cost=max_cost,
            timeout=timeout,
            ray=ray,
            model=model,
            corpus=corpus,
            index=index,
        )
        serving.ask(server, question or "", limits, hint, json=json)
    from assistant.terminal.progress import watching

    settings = running.settings(corpus=corpus, index=index, model=model, answer_timeout=timeout)
    running.check_for_batch(batch, max_cost=max_cost, ray=ray)
    running.check_prices(max_cost, settings)
    with running.opened(settings, encoders=ray is None) as news:
        if batch is not None:
            news.filters(**limits)
            running.ask_lines(news, settings, batch, limits, jobs=jobs, max_cost=max_cost, ray=ray)
        with watching() as on_event:
            answer = news.ask(question or "", on_event=on_event, **limits)
        shown = answer.model_dump_json() if json else None
        running.show_answer(answer, json=shown, hint="" if json or news.capable else hint)


app.command(epilog=examples('brief "prisoner exchange"', 'brief "ceasefire talks" --words 100'))(
    overviews.brief
)
app.command(epilog=examples('timeline "prisoner exchange"', 'timeline "talks" --since 2025-11-01 --json'))(
    overviews.timeline
)


@app.command(epilog=examples("show 2025-03-03-london-summit-coalition"))
def show(
    article: options.ArticleId,
    json: options.Json = False,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Print an article, exactly as stored."""
    from assistant.terminal.render import article_json, print_article

    with running.opened(running.settings(corpus=corpus, index=index), encoders=False) as news:
        found = news.article(article)
        if json:
            typer.echo(article_json(found))
        else:
            print_article(found)


@app.command(epilog=examples("chat", "chat --session talks", "chat < questions.txt"))
def chat(
    session: options.SessionName = None,
    no_save: options.NoSave = False,
    model: options.Model = None,
    as_of: options.AsOf = None,
    since: options.Since = None,
    section: options.Section = None,
    outlet: options.Outlet = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Ask questions and follow-ups in a conversation.

    /help lists the commands. Ctrl-C stops an answer and keeps what has arrived; Ctrl-D quits. From a pipe,
    every line is a question or a command. Exit status: 0, or 2 if one failed.
    """
    from assistant.chat.loop import chat

    settings = running.settings(corpus=corpus, index=index, model=model)
    limits = options.limits(as_of, since, section, outlet)
    raise typer.Exit(chat(settings, session, keep=not no_save, model=model, **limits))


app.command(epilog=examples("serve", "serve --corpus articles/ --model extractive --port 9000"))(
    serving.serve
)

app.command(epilog=examples("mcp --corpus articles/", "mcp --as-of 2025-11-26"))(serving.mcp)


app.add_typer(models.app, name="models")


@app.command()
def doctor(
    corpus: options.Corpus = None, index: options.IndexDir = None, repair: options.Repair = False
) -> None:
    """Check what is installed and whether models and index are healthy, with fixes."""
    from assistant.cli import doctor

    settings = running.settings(corpus=corpus, index=index)
    if repair:
        doctor.repair(settings)
    raise typer.Exit(0 if doctor.examine(settings) else 2)


app.add_typer(evaluating.app, name="eval")


def main() -> NoReturn:
    """Runs the command line and handles every error."""
    os.environ.update(SILENT)
    # Imports create many objects and no garbage; collecting at every 700th takes a seventh of that time.
    gc.set_threshold(50_000)
    # A closed stream is None in Python; discard what would be written to it.
    sys.stdout = sys.stdout or io.StringIO()
    sys.stderr = sys.stderr or io.StringIO()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Escape characters that the terminal's encoding lacks, as standard error does.
        sys.stdout.reconfigure(errors="backslashreplace")
    stdout = sys.stdout
    try:
        app(prog_name="assistant")
    except SystemExit:
        # typer exchanges a pipe that was closed, and exits with 1, as if the corpus did not say.
        if sys.stdout is stdout:
            raise
    except AssistantError as error:
        from assistant.terminal.render import safe

        _tell(" ".join(safe(str(error)).split()))
    except OSError as error:
        where = f" {error.filename}" if isinstance(error.filename, str) else ""
        remedy = _REMEDIES.get(error.errno or 0, "correct that and try again")
        _tell(f"cannot read or write{where} ({reason(error)}); {remedy}")
    except Exception as error:
        if lacks_memory(error):
            _tell(f"not enough memory ({reason(error)}); {MORE_MEMORY}")
            sys.exit(2)
        # A bug. Python's default exit status, 1, would mean that the corpus does not say.
        traceback.print_exc()
    sys.exit(2)


def _tell(message: str) -> None:
    """Prints a line to standard error, as far as there is room there."""
    with contextlib.suppress(OSError):
        print(f"assistant: {message}", file=sys.stderr, flush=True)
