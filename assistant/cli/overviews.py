"""The commands about a topic instead of a question: `assistant brief` and `assistant timeline`.

Importing this module is cheap: it is read before `--help` is answered.
"""

from __future__ import annotations

from assistant.cli import options
from assistant.cli.running import opened, settings, show_answer


def brief(
    topic: options.Topic,
    words: options.Words = 200,
    json: options.Json = False,
    model: options.Model = None,
    as_of: options.AsOf = None,
    since: options.Since = None,
    section: options.Section = None,
    outlet: options.Outlet = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Say in a few dated points what the articles say about a topic, with citations.

    Exit status: 0 there are some, 1 the corpus has nothing about it, 2 an error.
    """
    from assistant.terminal.progress import watching

    limits = options.limits(as_of, since, section, outlet)
    with opened(settings(corpus=corpus, index=index, model=model)) as news:
        with watching() as on_event:
            answer = news.brief(topic, words=words, on_event=on_event, **limits)
        show_answer(answer, json=answer.model_dump_json() if json else None)


def timeline(
    topic: options.Topic,
    json: options.Json = False,
    as_of: options.AsOf = None,
    since: options.Since = None,
    section: options.Section = None,
    outlet: options.Outlet = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Quote what the articles say about a topic, day by day; no language model.

    Exit status: 0 there is something, 1 the corpus has nothing about it, 2 an error.
    """
    from assistant.settings import EXTRACTIVE

    limits = options.limits(as_of, since, section, outlet)
    with opened(settings(corpus=corpus, index=index, model=EXTRACTIVE)) as news:
        answer = news.timeline(topic, **limits)
        show_answer(answer, json=answer.model_dump_json() if json else None)
