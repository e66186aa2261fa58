"""`assistant models`: lists the models and where they are, and downloads a language model.

Cheap to import, because `--help` loads it.
"""

import typer

from assistant.cli import options, running

app = typer.Typer(
    help="List the bundled models; download a language model.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@app.callback(epilog=options.examples("models", "models pull qwen2.5-coder-1.5b"))
def common(context: typer.Context) -> None:
    """List the bundled models, or download one."""
    if context.invoked_subcommand is None:
        listed()


@app.command("list")
def listed() -> None:
    """List each model's name, role and size, and where it is or how to get it."""
    from assistant.models import packaged
    from assistant.models.table import PART, TABLE

    cache = running.settings().cache
    for model in TABLE:
        where = packaged.place(model.name, cache)
        lacks = packaged.lacking(model.name, cache) if model.hub else model.install(model.carriers)
        found = f"not installed; {lacks}" if where is None else str(where)
        if where is not None and model.main == PART:
            found = str(where) if where.is_file() else f"{len(model.carriers)} packages in {where.parent}"
            found += f"; llama.cpp is missing: {lacks}" if lacks else ""
        typer.echo(f"{model.name:24}{model.role:16}{model.size / 1e6:5.0f} MB  {found}")


@app.command(epilog=options.examples("models pull qwen2.5-coder-1.5b"))
def pull(name: options.ModelName) -> None:
    """Download a language model from the Hugging Face hub, instead of installing it as packages.

    Its checksum is pinned. An interrupted download resumes; HF_ENDPOINT sets another server.
    """
    from assistant.models import packaged
    from assistant.models.pull import pull as fetch
    from assistant.terminal.progress import progress
    from assistant.terminal.render import notice

    cache = running.settings().cache
    with progress(f"fetching {name} (MB)") as update:
        path = fetch(name, cache, lambda done, total: update(done // 10**6, total // 10**6))
    typer.echo(str(path))
    if lacks := packaged.lacking(name, cache):
        notice(f"to run it, install llama.cpp too: {lacks}")
