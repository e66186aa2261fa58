"""Citations: converts statements and passages to the schema of an `Answer`, with its warnings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from assistant.answering.evidence import Sentence, sentences_of
from assistant.answering.provenance import reach, sourcing
from assistant.answering.query import Query
from assistant.answering.verify import Rejected, Statement
from assistant.index.filters import Hidden
from assistant.injection.scan import instruction_warnings
from assistant.retrieval.passages import Passage
from assistant.schema import AnswerPassage, AnswerWarning, Checks, Citation, Claim

NEAREST = 3
"""Passages that an abstention shows."""

CLOSING = "\"”“'’‘»«)"
"""Characters that may follow a sentence's final punctuation."""


def cite(statements: Iterable[Statement]) -> tuple[list[Claim], list[Citation]]:
    """The claims of an answer, and its citations: each quoted sentence once, numbered in order of use."""
    citations: dict[tuple[str, int], Citation] = {}
    claims = []
    for statement in statements:
        for sentence in statement.sentences:
            citations.setdefault(sentence.place, _citation(len(citations) + 1, sentence))
        numbers = [citations[sentence.place].number for sentence in statement.sentences]
        support = round(statement.support, 4)
        checks = Checks(support=support, by=statement.by)
        claims.append(Claim(text=statement.text, citations=numbers, support=support, checks=checks))
    return claims, list(citations.values())


def dropped(rejected: Iterable[Rejected]) -> list[Claim]:
    """Rejected sentences, as an answer lists them."""
    return [
        Claim(
            text=one.text,
            citations=[],
            support=0.0,
            checks=Checks(exact=False, support=0.0),
            reason=one.reason,
        )
        for one in rejected
    ]


def _citation(number: int, sentence: Sentence) -> Citation:
    article = sentence.article
    return Citation(
        number=number,
        article=article.id,
        title=article.title,
        date=article.published,
        updated=article.updated,
        outlets=[source.outlet for source in article.sources],
        quote=sentence.text,
        start=sentence.start,
        end=sentence.end,
        url=article.url,
    )


def marked(claim: Claim) -> str:
    """A claim with its citation markers before the full stop: "They met [1]." """
    text = claim.text.rstrip()
    markers = "".join(f"[{number}]" for number in claim.citations)
    if text.endswith((".", "!", "?")):
        return f"{text[:-1].rstrip()} {markers}{text[-1]}"
    if text[-1:] in CLOSING and text[-2:-1] in (".", "!", "?"):  # '... it's over.'
        return f"{text} {markers}"
    return f"{text} {markers}."


def nearest(passages: Sequence[Passage]) -> list[Citation]:
    """The likeliest sentence of each of the best passages, for an abstention."""
    found: list[Citation] = []
    for passage in passages[:NEAREST]:
        sentences = [sentence for sentence in sentences_of(passage, 1) if not sentence.suspect]
        if sentences:
            best = max(sentences, key=lambda sentence: sentence.chance)
            found.append(_citation(len(found) + 1, best))
    return found


def answer_passage(passage: Passage) -> AnswerPassage:
    """A passage as the JSON shows it."""
    return AnswerPassage(
        article=passage.article.id,
        date=passage.article.published,
        start=passage.start,
        end=passage.end,
        score=round(passage.score, 4),
        also_in=[copy.article.id for copy in passage.copies],
    )


def answer_warnings(
    query: Query,
    citations: Sequence[Citation],
    statements: Sequence[Statement],
    passages: Sequence[Passage],
    corpus_ends: dt.date | None,
) -> list[AnswerWarning]:
    """Warnings about the sources of an answer."""
    cited = [sentence.article for statement in statements for sentence in statement.sentences]
    warnings = instruction_warnings(cited or [passage.article for passage in passages[:NEAREST]])
    notes = {
        "sources": sourcing(citations, passages),
        "corpus-ends": reach(query.question, query.today, corpus_ends) if query.today else "",
    }
    return warnings + [AnswerWarning(code=code, message=note) for code, note in notes.items() if note]


def hidden_warnings(hidden: Hidden) -> list[AnswerWarning]:
    """Warnings about articles that a date limit hides."""
    warnings = []
    if hidden.undated:
        warnings.append(undated_warning(hidden.undated, "stayed hidden under --as-of and --since"))
    if hidden.changed:
        plural = "articles were" if hidden.changed > 1 else "article was"
        message = f"{hidden.changed} {plural} changed after that day, and stayed hidden"
        warnings.append(AnswerWarning(code="changed-hidden", message=message))
    return warnings


def undated_warning(count: int, what: str) -> AnswerWarning:
    """The warning that articles without a date were hidden or left out."""
    plural = "articles have" if count > 1 else "article has"
    return AnswerWarning(code="undated-hidden", message=f"{count} {plural} no date and {what}")
