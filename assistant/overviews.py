"""The commands about a topic instead of a question: `assistant brief` and `assistant timeline`.

Importing this module is cheap: it is read before `--help` is answered.
"""

from __future__ import annotations

from assistant import options
from assistant.running import opened_assistant, show_answer


def brief(
    topic: options.Topic,
    words: options.Words = None,
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
    from assistant.answering import brief as briefs
    from assistant.live import watching
    from assistant.settings import load_settings

    given = {"as_of": as_of, "since": since, "section": section, "outlet": outlet}
    with opened_assistant(load_settings(corpus=corpus, index=index, model=model), **given) as opened:
        assistant, filters = opened
        with watching() as on_event:
            answer = briefs.brief(assistant, topic, filters, words=words or briefs.WORDS, on_event=on_event)
        show_answer(answer, json=json)


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
    from assistant.answering import brief as briefs
    from assistant.settings import EXTRACTIVE, load_settings

    settings = load_settings(corpus=corpus, index=index, model=EXTRACTIVE)
    given = {"as_of": as_of, "since": since, "section": section, "outlet": outlet}
    with opened_assistant(settings, **given) as (assistant, filters):
        show_answer(briefs.timeline(assistant, topic, filters), json=json)
