"""The commands that fetch articles: `assistant add` and `assistant watch`.

Cheap to import, because `--help` loads it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli import options, running
from assistant.cli.options import examples
from assistant.errors import SettingsError

if TYPE_CHECKING:
    from assistant.settings import Settings

Origins = Annotated[list[str], typer.Argument(metavar="URL|FILE|FEED", help="Pages, feeds or article files.")]
Folder = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="FOLDER", help="Folder to store articles in, one file each."),
]
Watched = Annotated[Path | None, typer.Argument(metavar="FOLDER", help="The folder of articles.")]
Feeds = Annotated[
    list[str] | None,
    typer.Option("--feed", metavar="URL", help="A feed to read; repeatable."),
]
Every = Annotated[
    float, typer.Option("--every", metavar="MINUTES", help="Minutes between reads of the feeds.", min=1)
]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="Also fetch from this machine and the local network.")
]

ADD_EXAMPLES = examples(
    "add https://example.org/news/story.html --corpus articles/",
    "add https://example.org/feed.xml page.html --corpus articles/",
)
WATCH_EXAMPLES = examples("watch articles/", "watch articles/ --feed https://example.org/feed.xml --every 30")


def add(origins: Origins, corpus: Folder = None, allow_private: AllowPrivate = False) -> None:
    """Fetch pages and feed items, or copy files, into a folder of articles.

    Run again, it fetches only what changed. Sends at most one request per second to a site and obeys its
    robots.txt. Exit status: 0 everything was added, 2 something was refused or failed.
    """
    from assistant.extras import require
    from assistant.fetching.adding import Adder
    from assistant.fetching.http import Client
    from assistant.fetching.store import opened
    from assistant.terminal.progress import progress
    from assistant.terminal.render import notice

    require("fetch", "fetching")
    folder = _folder(running.settings(corpus=corpus), "--corpus FOLDER")
    with opened(folder) as store, progress("fetching") as update:
        client = Client(allow_private=allow_private, closed=store.closed)
        adder = Adder(store, client, notice, update)
        try:
            adder.add(origins)
        finally:
            typer.echo(f"{adder.tally}; in {folder}")
    raise typer.Exit(0 if adder.tally.well else 2)


def watch(
    folder: Watched = None,
    feed: Feeds = None,
    every: Every = 15.0,
    index: options.IndexDir = None,
    allow_private: AllowPrivate = False,
) -> None:
    """Update the index as files change, and fetch new feed items, until Ctrl-C.

    Exit status: 0 ended with Ctrl-C, 2 an error that stopped it.
    """
    from assistant.api.assistant import Assistant
    from assistant.extras import require
    from assistant.fetching.adding import Adder, Tally
    from assistant.fetching.http import Client
    from assistant.fetching.store import opened
    from assistant.fetching.watching import Watch
    from assistant.terminal.render import notice

    settings = running.settings(corpus=folder, index=index)
    place = _folder(settings, "FOLDER")
    total = Tally()
    news = Assistant(settings, notice=notice)

    def bring_in_line() -> None:
        changes = news.index()
        typer.echo(
            f"{changes.added} added, {changes.changed} changed, {changes.removed} removed in the index"
        )

    def fetch() -> None:
        with opened(place) as store:
            client = Client(allow_private=allow_private, closed=store.closed)
            adder = Adder(store, client, notice)
            try:
                for one in feed or ():
                    adder.follow(one)
            finally:
                total.add(adder.tally)
        if adder.tally.news:
            typer.echo(f"feeds: {adder.tally}")

    if feed:
        require("fetch", "fetching")
        place.mkdir(parents=True, exist_ok=True)
    elif not place.exists():
        raise SettingsError(f"{place}: no such folder; correct the path, or give --feed URL to fill it")
    notice(f"watching {place}{f' and {len(feed)} feeds' if feed else ''}; Ctrl-C ends it")
    try:
        Watch(place, bring_in_line, fetch if feed else None, every * 60, notice).run()
    except KeyboardInterrupt:
        typer.echo(f"{total}; in {place}")


def _folder(settings: "Settings", option: str) -> Path:
    """The folder to write articles to. Raises SettingsError for the built-in corpus or a file."""
    if settings.corpus is None:
        raise SettingsError(f"articles are not added to the built-in corpus; give {option}")
    if settings.corpus.exists() and not settings.corpus.is_dir():
        raise SettingsError(f"{settings.corpus}: a file, to which no articles are added; give {option}")
    return settings.corpus
