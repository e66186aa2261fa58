"""`assistant eval init`: the first gold for a corpus.

Importing this module is cheap: it is read before `--help` is answered.
"""

from __future__ import annotations

from assistant.cli import options
from assistant.cli.running import opened, settings


def init(
    gold: options.Gold = None,
    count: options.Count = 20,
    add: options.Add = False,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Write a first gold file: drafts of questions for you to edit, and floors beside it.

    What is there already is not overwritten.
    """
    from assistant.evaluation.first_gold import FLOORS, add_drafts, write_first_gold
    from assistant.evaluation.gold import stored_articles
    from assistant.evaluation.harness import GOLD
    from assistant.terminal.render import notice

    path = gold or GOLD
    with opened(settings(corpus=corpus, index=index), encoders=False) as news:
        articles = stored_articles(news.catalogue)
        if add:
            notice(f"{options.counted(add_drafts(path, articles, count), 'draft')} added to {path}")
            return
        drafts = write_first_gold(path, articles, count)
    notice(f"{path}: {options.counted(drafts, 'draft')}, and one of a question without an answer")
    if not drafts:
        notice("no sentence has a date, a number or a quotation to ask for; write the questions yourself")
    page = path.with_suffix(".md")
    notice(f"{page} says how to edit them; {path.parent / FLOORS} is what a run must reach")
