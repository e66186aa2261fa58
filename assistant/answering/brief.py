"""Briefs and timelines: what the articles say about a topic, as dated points in chronological order.

topic ─► many passages ─► a capable model's points ─────────────► checked ─► Answer
                      └─► the best sentence of each article ─► by date ──────┘
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.answering.citations import undated_warning
from assistant.answering.course import Course
from assistant.answering.events import Event, PassagesFound, ignore
from assistant.answering.evidence import Sentence, pack, plain, render, sentences_of
from assistant.answering.generate import points
from assistant.answering.pipeline import Pipeline
from assistant.answering.provenance import copied
from assistant.answering.query import make_query
from assistant.answering.verify import Drafted, Statement
from assistant.corpus.chunking import heading
from assistant.errors import OutOfTime
from assistant.index.filters import Filters
from assistant.models.chat.deadline import ending_in
from assistant.models.chat.structured_output import StructuredChat
from assistant.retrieval.passages import Passage
from assistant.retrieval.scores import probability
from assistant.schema import AbstentionReason, Answer
from assistant.settings import EXTRACTIVE
from assistant.text.dates import in_words
from assistant.text.languages import count_words

POOL = 30
"""Passages retrieved for a topic."""

RELEVANT = 0.1
"""Minimum score of a passage about the topic; chosen by hand on topics of the built-in corpus."""

WORDS = 200
"""Default length of a brief."""


def brief(
    assistant: Pipeline,
    topic: str,
    filters: Filters = Filters(),
    *,
    words: int = WORDS,
    on_event: Callable[[Event], None] = ignore,
) -> Answer:
    """Dated points about a topic, in at most about `words` words; abstains if there are none.

    A capable model writes them from all passages found, and they are checked like answers. Without one, they
    are the articles' own sentences (`timeline`). Raises ModelError.
    """
    if assistant.chat is None or not assistant.profile.capable:
        return timeline(assistant, topic, filters, words=words)
    course = _found(assistant, topic, filters)
    on_event(PassagesFound(course.passages))
    try:
        with ending_in(assistant.timeout):
            drafted, evidence = _written(assistant.chat, assistant, course, topic, words)
            course.statements, course.rejected = assistant.check(course, drafted, evidence)
    except OutOfTime:
        return timeline(assistant, topic, filters, words=words, late=True)
    course.lap("generate")
    return _answer(assistant, course, assistant.model_name)


def _written(
    chat: StructuredChat, assistant: Pipeline, course: Course, topic: str, words: int
) -> tuple[list[Drafted], list[Sentence]]:
    """Points from as many passages per call as fit the model; several calls are merged by one more."""

    def write(sentences: Sequence[Sentence]) -> list[Drafted]:
        prompt = assistant.prompts["brief"]
        drafted = points(chat, prompt.format_messages(evidence=render(sentences), topic=topic, words=words))
        course.tokens += drafted.tokens
        return list(drafted.sentences)

    evidence = pack(course.passages, 10**9)
    parts = _parts(evidence, assistant.profile.evidence_words)
    drafted = [point for part in parts for point in write(part)]
    if len(parts) > 1:
        cited = {name for point in drafted for name in point.cites}
        drafted = write([sentence for sentence in evidence if sentence.id in cited])
    return drafted, evidence


def _parts(evidence: Sequence[Sentence], words: int) -> list[list[Sentence]]:
    parts: list[list[Sentence]] = []
    room = 0
    for sentence in evidence:
        size = count_words(sentence.text)
        if size > room:
            parts.append([])
            room = words
        parts[-1].append(sentence)
        room -= size
    return parts


def timeline(
    assistant: Pipeline,
    topic: str,
    filters: Filters = Filters(),
    *,
    words: int = 2 * WORDS,
    late: bool = False,
) -> Answer:
    """The articles' own sentences about a topic with their articles' dates, earliest first.

    Takes the best-matching sentence of each article, up to `words` words in all, and skips near-duplicates.
    With `late`, it stands for a brief whose model has run out of time.
    """
    course = _found(assistant, topic, filters)
    if late:
        course.without_model()
    entries = [entry for passage in course.passages if (entry := _entry(assistant, topic, passage))]
    chosen: list[Statement] = []
    for entry in sorted(entries, key=lambda entry: -entry.support):
        (sentence,) = entry.sentences
        size = count_words(entry.text)
        known = any(
            sentence.article.id == other.article.id or copied(sentence.text, other.text)
            for statement in chosen
            for other in statement.sentences
        )
        if not known and (size <= words or not chosen):
            chosen.append(entry)
            words -= size
    course.statements = sorted(chosen, key=lambda one: (str(one.sentences[0].article.published), one.text))
    course.lap("generate")
    return _answer(assistant, course, EXTRACTIVE)


def _found(assistant: Pipeline, topic: str, filters: Filters) -> Course:
    """The dated passages about a topic."""
    course = Course(make_query(topic, (), filters, assistant.newest(filters)), separator="\n")
    if any(map(str.isalnum, topic)):
        found = assistant.retriever.thorough().retrieve(topic, course.query.filters, POOL)
        about = [one for one in found if one.score >= RELEVANT]
        course.passages = [one for one in about if one.article.published]
        if undated := {one.article.id for one in about if not one.article.published}:
            course.warnings = [undated_warning(len(undated), "cannot stand among dated points")]
    course.searches = [topic]
    course.lap("retrieve")
    return course


def _entry(assistant: Pipeline, topic: str, passage: Passage) -> Statement | None:
    """The best-matching sentence of a passage, prefixed with its article's date."""
    sentences = [one for one in sentences_of(passage, 1) if not one.suspect]
    published = passage.article.published
    if not sentences or published is None:
        return None
    reranker = assistant.retriever.reranker
    if reranker is None:
        score, best = passage.score, max(sentences, key=lambda one: one.chance)
    else:
        logits = reranker.score([(topic, f"{heading(one.article)}\n{one.text}") for one in sentences])
        logit, best = max(zip(logits, sentences, strict=True), key=lambda pair: (pair[0], -pair[1].start))
        score = probability(logit)
    return Statement(f"{in_words(published)}: {plain(best.text)}", (best,), score)


def _answer(assistant: Pipeline, course: Course, model: str) -> Answer:
    if not any(map(str.isalnum, course.query.question)):
        course.reason = "unclear-question"
    elif not course.statements:
        reason: AbstentionReason = "not-stated" if course.warnings else "nothing-relevant"
        course.reason = "unsupported" if course.rejected else reason
    hidden = assistant.retriever.index.catalogue.hidden(course.query.filters)
    return course.answer(assistant.newest(course.query.filters), hidden, model, assistant.profile)
