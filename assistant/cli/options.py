"""The options of the commands.

Cheap to import, because `--help` loads it.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from assistant.errors import SettingsError


def _option(name: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(name, metavar=metavar, help=text, **more)


def _flag(name: str, text: str, **more: Any) -> Any:
    """An option without a value."""
    return typer.Option(name, help=text, **more)


def _print_version(wanted: bool) -> None:
    if wanted:
        from assistant.extras import own_version

        installed = own_version()
        typer.echo(f"assistant {installed}" if installed else "assistant, not installed")
        raise typer.Exit


def _argument(metavar: str, text: str) -> Any:
    return typer.Argument(metavar=metavar, help=text, parser=_text)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that are not text appear as lone surrogates
        raise typer.BadParameter("it is not valid UTF-8; write it in UTF-8") from None
    return value


def _day(value: str) -> dt.date:
    from assistant.text.dates import parse_day

    if day := parse_day(value):
        return day
    raise typer.BadParameter(f"{value!r} is not a date; write it as 2025-11-26")


Text = str | None
Place = Path | None
OptionalDay = dt.date | None

QuestionText = Annotated[Text, _argument("QUESTION", "The question, in quotes.")]
Topic = Annotated[str, _argument("TOPIC", "The topic, in a few words.")]
SearchQuery = Annotated[Text, _argument("QUERY", "What to look for.")]
ArticleId = Annotated[str, _argument("ARTICLE", "The article's id, as shown by ask and search.")]
ModelName = Annotated[str, _argument("NAME", "A language model from `assistant models`.")]

Corpus = Annotated[
    Place, _option("--corpus", "PATH", "Folder or file of articles; default: the built-in corpus.")
]
IndexDir = Annotated[Place, _option("--index", "DIR", "Index folder; default: in the user's data folder.")]
AsOf = Annotated[
    OptionalDay,
    _option("--as-of", "DATE", "Ask as of this day (2025-11-26); hides later articles.", parser=_day),
]
Since = Annotated[
    OptionalDay, _option("--since", "DATE", "Hide articles older than this day (2025-11-26).", parser=_day)
]
Section = Annotated[Text, _option("--section", "NAME", "Only articles in this section.")]
Outlet = Annotated[
    Text, _option("--outlet", "NAME", "Only articles sourced from this outlet; part of its name is enough.")
]
Model = Annotated[
    Text,
    _option(
        "--model", "NAME", "qwen2.5-coder-1.5b (default), extractive, or provider:name (openai:gpt-5-mini)."
    ),
]
Json = Annotated[bool, _flag("--json", "Print one JSON object.")]
Batch = Annotated[
    Text,
    _option(
        "--batch", "FILE", "JSON Lines with question and optional id, as_of, history; - for standard input."
    ),
]
Jobs = Annotated[
    int,
    _option("--jobs", "N", "Batch questions to ask a hosted model in parallel.", min=1, max=64),
]
MaxCost = Annotated[
    float | None,
    _option("--max-cost", "USD", "Stop asking once a batch or evaluation has cost this much.", min=0),
]
Timeout = Annotated[
    float | None,
    _option(
        "--timeout",
        "SECONDS",
        "Time a model has for a question; then the articles' own sentences answer.",
        min=0.1,
    ),
]
Ray = Annotated[
    Text,
    _option(
        "--ray", "ADDRESS", "Work on Ray: local (all cores here), auto, or a cluster's ray://HOST:10001."
    ),
]
Words = Annotated[
    int,
    _option("--words", "N", "Maximum length, approximately.", min=20, max=2000),
]
Most = Annotated[int | None, _option("-k", "N", "Number of passages; default: 8.", min=1, max=100)]
Explain = Annotated[bool, _flag("--explain", "Show each passage's rank at every stage.")]

Server = Annotated[
    Text, _option("--server", "URL", "Ask a running `assistant serve` at this URL; loads no models here.")
]
Host = Annotated[str, _option("--host", "NAME", "Address to listen on; 127.0.0.1 is this machine only.")]
Port = Annotated[int, _option("--port", "N", "Port to listen on; 0 picks a free one.", min=0, max=65535)]
ServerJobs = Annotated[
    int, _option("--jobs", "N", "Questions answered in parallel; 16 more can wait.", min=1, max=64)
]

Rebuild = Annotated[bool, _flag("--rebuild", "Rebuild from scratch, as a new embedder requires.")]
Repair = Annotated[
    bool, _flag("--repair", "First make a damaged index anew, and remove what killed runs left.")
]
StrictCorpus = Annotated[bool, _flag("--strict", "Stop at the first article that cannot be read as is.")]
Exclude = Annotated[
    list[str] | None,
    _option("--exclude", "GLOB", "Leave these files out, with .gitignore patterns; repeatable."),
]
Mapping = Annotated[
    list[str] | None,
    _option("--map", "FIELD=KEY", "Read a field from this key in the files: date=published_at; repeatable."),
]
ListSkipped = Annotated[bool, _flag("--list-skipped", "List every skipped file and article.")]

SessionName = Annotated[
    Text,
    _option(
        "--session",
        "NAME",
        "Name to save the conversation under, or to resume; default: its date and time.",
    ),
]
NoSave = Annotated[bool, _flag("--no-save", "Do not save this conversation.")]

Gold = Annotated[Place, _option("--gold", "FILE", "The gold cases; default: eval/gold.jsonl.")]
Replay = Annotated[bool, _flag("--replay", "Replay the model's recorded answers (default).")]
RecordReplies = Annotated[bool, _flag("--record", "Ask the model for missing recordings and save them.")]
Live = Annotated[bool, _flag("--live", "Ask the model now; leave the recordings unchanged.")]
Only = Annotated[Text, _option("--only", "TYPE", "Run only cases of this type, without a verdict.")]
BaselineFile = Annotated[
    Place,
    _option("--baseline", "FILE", "Baseline to compare with; default: the model's, beside the gold."),
]
UpdateBaseline = Annotated[bool, _flag("--update-baseline", "Make this run the baseline.")]
Judge = Annotated[
    Text, _option("--judge", "MODEL", "Also ask this model whether answers are right; advisory only.")
]
CheckGold = Annotated[bool, _flag("--check", "Only list cases that these articles cannot answer.")]
ExplainCase = Annotated[
    Text, _option("--explain", "ID", "Only show at which stage this case's evidence was lost.")
]
ReportDir = Annotated[
    Place, _option("--report", "DIR", "Also write report.html, report.md, report.json and junit.xml here.")
]
Results = Annotated[
    Place,
    _option("--results", "FILE", "Also update the results table in this Markdown file."),
]
Resume = Annotated[Place, _option("--resume", "FILE", "Save answers here, and skip cases already answered.")]

Count = Annotated[int, _option("--count", "N", "Maximum number of drafts.", min=1, max=1000)]
Add = Annotated[bool, _flag("--add", "Add drafts from articles without a case to existing gold.")]

Version = Annotated[
    bool, _flag("--version", "Print the version and exit.", callback=_print_version, is_eager=True)
]
Verbose = Annotated[bool, _flag("--verbose", "Log library activity to standard error.")]


def examples(*lines: str) -> str:
    """The examples below a command's help, with line breaks kept."""
    return "\b\nExamples:\n" + "\n".join(f"  assistant {line}" for line in lines)


def counted(number: int, thing: str) -> str:
    """A count with its noun, as "1 draft" or "2 drafts"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def none_before(context: typer.Context) -> None:
    """Raises SettingsError for options before a subcommand, which would be ignored silently."""
    if any(context.params.values()):
        raise SettingsError(f"write the options after {context.invoked_subcommand}, not before it")


def none_with_ray(**given: bool) -> None:
    """Raises SettingsError for what only the process with the files can do."""
    if name := first_given(**given):
        raise SettingsError(f"{name} is for one process; leave out --ray")


def first_given(**options: object) -> str:
    """The first of these options that was given, as it is typed; empty if none was."""
    given = (name for name, value in options.items() if value is not None and value is not False)
    return next((f"--{name.replace('_', '-')}" for name in given), "")


def one_of(question: str | None, batch: str | None, name: str) -> None:
    """Raises SettingsError unless there is either a question or a batch."""
    if (question is None) == (batch is None):
        raise SettingsError(f"give either {name} or --batch FILE")


def one_mode(*, replay: bool, record: bool, live: bool) -> Literal["replay", "record", "live"]:
    """The mode of an evaluation. Raises SettingsError for more than one."""
    if replay + record + live > 1:
        raise SettingsError("give only one of --replay, --record and --live")
    return "record" if record else "live" if live else "replay"


def limits(as_of: OptionalDay, since: OptionalDay, section: Text, outlet: Text) -> dict[str, Any]:
    """These options as `Assistant.ask` takes them."""
    return {"as_of": as_of, "since": since, "section": section, "outlet": outlet}
