"""The options of the commands.

Importing this module is cheap: it is read before `--help` is answered.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from assistant.errors import SettingsError
from assistant.text.dates import parse_day


def _option(name: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(name, metavar=metavar, help=text, **more)


def _flag(name: str, text: str, **more: Any) -> Any:
    """An option without a value."""
    return typer.Option(name, help=text, **more)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"assistant {version('news-assistant')}")
        except PackageNotFoundError:
            typer.echo("assistant, not installed")
        raise typer.Exit


def _argument(metavar: str, text: str) -> Any:
    return typer.Argument(metavar=metavar, help=text, parser=_text)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that are no text stand in it as lone surrogates
        raise typer.BadParameter("it is not in UTF-8; write it in UTF-8") from None
    return value


def _day(value: str) -> dt.date:
    if day := parse_day(value):
        return day
    raise typer.BadParameter(f"{value!r} is no day; write it as 2025-11-26")


Text = str | None
Place = Path | None
OptionalDay = dt.date | None

QuestionText = Annotated[Text, _argument("QUESTION", "The question, in quotation marks.")]
Topic = Annotated[str, _argument("TOPIC", "What it is about, in a few words.")]
SearchQuery = Annotated[Text, _argument("QUERY", "What to look for.")]
ArticleId = Annotated[str, _argument("ARTICLE", "An article's id, as answers and search give it.")]
ModelName = Annotated[str, _argument("NAME", "A language model, as `assistant models` lists it.")]

Corpus = Annotated[
    Place, _option("--corpus", "PATH", "Folder or file of articles; default: the built-in corpus.")
]
IndexDir = Annotated[
    Place, _option("--index", "DIR", "Where the index lies; default: in the user's data folder.")
]
AsOf = Annotated[
    OptionalDay,
    _option("--as-of", "DATE", "Ask as of this day (2025-11-26): later articles are hidden.", parser=_day),
]
Since = Annotated[
    OptionalDay, _option("--since", "DATE", "Hide articles from before this day (2025-11-26).", parser=_day)
]
Section = Annotated[Text, _option("--section", "NAME", "Only articles of this section.")]
Outlet = Annotated[
    Text, _option("--outlet", "NAME", "Only articles that draw on this outlet; part of its name will do.")
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
        "--batch", "FILE", "JSON Lines with question, and if wanted id, as_of, history; - is standard input."
    ),
]
Jobs = Annotated[
    int,
    _option("--jobs", "N", "Lines of a batch that a hosted model answers at a time.", min=1, max=64),
]
MaxCost = Annotated[
    float | None,
    _option("--max-cost", "USD", "Ask no more of a batch or of gold once answers have cost as much.", min=0),
]
Words = Annotated[
    int,
    _option("--words", "N", "How long it may be; default: 200.", min=20, max=2000),
]
Most = Annotated[int | None, _option("-k", "N", "How many passages; default: 8.", min=1, max=100)]
Explain = Annotated[bool, _flag("--explain", "Show each passage's rank at every stage.")]

Server = Annotated[
    Text, _option("--server", "URL", "Ask this server, which assistant serve started, and load nothing here.")
]
Host = Annotated[
    str, _option("--host", "NAME", "Where to listen; default: 127.0.0.1, for this machine alone.")
]
Port = Annotated[
    int, _option("--port", "N", "Which port; default: 8421; 0 is any that is free.", min=0, max=65535)
]
ServerJobs = Annotated[
    int, _option("--jobs", "N", "Questions answered at a time; default: 4; 16 more may wait.", min=1, max=64)
]

Rebuild = Annotated[bool, _flag("--rebuild", "Start from nothing, as a new embedder requires.")]
StrictCorpus = Annotated[bool, _flag("--strict", "Stop at the first article not read as it stands.")]
Exclude = Annotated[
    list[str] | None,
    _option("--exclude", "GLOB", "Leave these files out, as in a .gitignore; may be given several times."),
]
Mapping = Annotated[
    list[str] | None,
    _option(
        "--map", "FIELD=KEY", "What a key of the files means: date=published_at; may be given several times."
    ),
]
ListSkipped = Annotated[bool, _flag("--list-skipped", "Name each file and article that was passed over.")]

SessionName = Annotated[
    Text,
    _option(
        "--session",
        "NAME",
        "Keep the conversation under this name, or go on with it; default: its day and time.",
    ),
]
NoSave = Annotated[bool, _flag("--no-save", "Keep nothing of this conversation.")]

Gold = Annotated[Place, _option("--gold", "FILE", "The gold cases; default: eval/gold.jsonl.")]
Replay = Annotated[bool, _flag("--replay", "Take the model's answers from the recordings (default).")]
RecordReplies = Annotated[bool, _flag("--record", "Ask the model for what is not recorded, and record it.")]
Live = Annotated[bool, _flag("--live", "Ask the model now; recordings stay as they are.")]
Only = Annotated[Text, _option("--only", "TYPE", "Only cases of this type, and no verdict.")]
BaselineFile = Annotated[
    Place,
    _option("--baseline", "FILE", "What to compare with; default: the model's baseline beside the gold."),
]
UpdateBaseline = Annotated[bool, _flag("--update-baseline", "Make this run the baseline.")]
Judge = Annotated[
    Text, _option("--judge", "MODEL", "Also ask this model whether answers are right; advice only.")
]
CheckGold = Annotated[bool, _flag("--check", "Only say which cases cannot be won with these articles.")]
ExplainCase = Annotated[
    Text, _option("--explain", "ID", "Only say where the evidence of this case was lost, stage by stage.")
]
ReportDir = Annotated[
    Place, _option("--report", "DIR", "Also write report.html, report.md, report.json and junit.xml there.")
]
Results = Annotated[
    Place,
    _option("--results", "FILE", "Also put the table into this Markdown file, in place of the last one."),
]
Resume = Annotated[
    Place, _option("--resume", "FILE", "Keep answers here, and go on from those already kept.")
]

Count = Annotated[int, _option("--count", "N", "How many drafts at most.", min=1, max=1000)]
Add = Annotated[bool, _flag("--add", "Add drafts over articles without a case to gold that is there.")]

Version = Annotated[
    bool, _flag("--version", "Print the version and exit.", callback=_print_version, is_eager=True)
]
Verbose = Annotated[bool, _flag("--verbose", "Log to standard error what the libraries do.")]


def examples(*lines: str) -> str:
    """What stands below a command's help, its lines kept as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  assistant {line}" for line in lines)


def counted(number: int, thing: str) -> str:
    """As "1 draft" or "2 drafts"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def none_before(context: typer.Context) -> None:
    """Raises SettingsError for options before a subcommand, which would be passed over in silence."""
    if any(context.params.values()):
        raise SettingsError(f"write the options behind {context.invoked_subcommand}, and not before it")


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
