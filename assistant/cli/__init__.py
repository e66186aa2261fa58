"""The command line: commands, options, batches, the doctor. The work is done by `api`.

Modules that define commands do without `from __future__ import annotations`: typer would evaluate each
annotation twice, a tenth of the time that `assistant --help` takes.
"""
