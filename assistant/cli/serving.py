"""The commands that serve other programs: `assistant mcp`.

Importing this module is cheap: it is read before `--help` is answered.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from assistant.cli import options
from assistant.cli.running import settings


def mcp(
    model: options.Model = None,
    as_of: options.AsOf = None,
    since: options.Since = None,
    section: options.Section = None,
    outlet: options.Outlet = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> NoReturn:
    """Serve the articles to an MCP client, such as Claude Desktop or an editor, which starts this command.

    It speaks the Model Context Protocol by standard input and output, and offers ask, search, timeline,
    list_articles and read_article. What --as-of, --since, --section and --outlet hide, no client can see.
    Exit status: 0 when the client is gone, 2 an error.
    """
    from assistant.index.filters import Filters
    from assistant.server.mcp import serve
    from assistant.terminal.render import notice

    chosen = settings(corpus=corpus, index=index, model=model)
    if sys.stdin is not None and sys.stdin.isatty():
        notice("waiting for an MCP client on standard input; Ctrl-C ends it")
    serve(chosen, Filters(as_of, since, section, outlet), notice)
    # A thread may be in the midst of an answer, and Python would wait for it. All that was written is out.
    os._exit(0)
