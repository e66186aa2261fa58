"""The command that updates an index from its corpus: `assistant index`.

Cheap to import, because `--help` loads it.
"""

import typer

from assistant.cli import options, running


def index(
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
    rebuild: options.Rebuild = False,
    strict: options.StrictCorpus = False,
    exclude: options.Exclude = None,
    mapping: options.Mapping = None,
    list_skipped: options.ListSkipped = False,
    ray: options.Ray = None,
) -> None:
    """Update the index: add new articles, re-embed changed ones, remove deleted ones.

    Ends with a summary of what was read, what was skipped and why, and what the articles lack.
    """
    from assistant.api.assistant import Assistant
    from assistant.terminal.progress import progress
    from assistant.terminal.render import notice, safe

    settings, encoding = running.settings(corpus=corpus, index=index), None
    if ray is not None:
        from assistant.cluster import indexing

        encoding = indexing.encoding(ray)
    with progress("embedding passages") as update:
        news = Assistant(settings, notice=notice, on_progress=update)
        changes = news.index(
            rebuild=rebuild,
            strict=strict,
            exclude=exclude or None,
            mapping=mapping or None,
            tell_all=list_skipped,
            encoding=encoding,
        )
    typer.echo(
        f"{changes.added} added, {changes.changed} changed, {changes.removed} removed,"
        f" {changes.unchanged} unchanged; {changes.chunks} passages in {settings.index_path}"
    )
    for line in changes.reading.lines() if changes.reading else ():
        typer.echo(safe(line))
