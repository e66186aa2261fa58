"""The commands about a topic instead of a question: `assistant brief` and `assistant timeline`.

Cheap to import, because `--help` loads it.
"""

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
    """Summarise a topic in a few dated points, with citations.

    Exit status: 0 points found, 1 the corpus has nothing about it, 2 error.
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
    """Quote the articles on a topic, day by day, without a language model.

    Exit status: 0 quotes found, 1 the corpus has nothing about it, 2 error.
    """
    from assistant.settings import EXTRACTIVE

    limits = options.limits(as_of, since, section, outlet)
    with opened(settings(corpus=corpus, index=index, model=EXTRACTIVE)) as news:
        answer = news.timeline(topic, **limits)
        show_answer(answer, json=answer.model_dump_json() if json else None)
