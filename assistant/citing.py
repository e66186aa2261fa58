"""Citing: grounded claims and passages in the shape that the JSON and the terminal show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from assistant.arrangement import Arrangement
from assistant.changes import in_turn
from assistant.evidence import Sentence, number_sentences
from assistant.filters import Filters
from assistant.grounding import Grounded
from assistant.interface import AnswerPassage, AnswerWarning, Citation, Claim
from assistant.retrieval import Passage
from assistant.sourcing import reach, sourcing
from assistant.untrusted import instruction_warnings

NEAREST = 3
"""Passages that an answer shows when it abstains."""


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
    question: str,
    claims: Sequence[Grounded],
    citations: Sequence[Citation],
    passages: Sequence[Passage],
    filters: Filters,
    corpus_ends: dt.date | None,
) -> list[AnswerWarning]:
    """What a reader should know about an answer: of its claims, kept and dropped, and of what they rest
    on."""
    dropped = [claim for claim in claims if not claim.sentences]
    warnings = [AnswerWarning(code="unsupported-claim-dropped", message=claim.reason) for claim in dropped]
    shown = [one.article for claim in claims for one in claim.sentences]
    warnings += instruction_warnings(shown or [passage.article for passage in passages[:NEAREST]])
    today = filters.as_of or corpus_ends
    notes = {
        "sources": sourcing(citations, passages),
        "corpus-ends": reach(question, today, corpus_ends) if today else "",
    }
    return warnings + [AnswerWarning(code=code, message=note) for code, note in notes.items() if note]


def hidden_warnings(undated: int, filters: Filters) -> list[AnswerWarning]:
    """The warning that articles without a date were not looked at, when a date limits the question."""
    if not undated or (filters.as_of is None and filters.since is None):
        return []
    plural = "articles have" if undated > 1 else "article has"
    message = f"{undated} {plural} no date and stayed hidden under --as-of and --since"
    return [AnswerWarning(code="undated-hidden", message=message)]


def premise_warnings(denying: Sentence | None) -> list[AnswerWarning]:
    """The warning that a sentence denies what the question takes for granted."""
    if denying is None:
        return []
    message = "the question takes something for granted that this article denies"
    return [AnswerWarning(article=denying.article.id, code="premise-denied", message=message)]


def arrangement_warnings(order: Arrangement) -> list[AnswerWarning]:
    """The warning that accounts differ, or that what is asked changed, with the dates of its states."""
    if order.accounts:
        return [AnswerWarning(code="conflict", message="accounts differ; none of them is preferred")]
    if order.changes:
        return [AnswerWarning(code="superseded", message=f"it changed: {in_turn(order.changes)}")]
    return []


def cite(claims: Sequence[Grounded]) -> tuple[list[Claim], list[Citation]]:
    """The claims as an answer has them; and each quoted sentence once, numbered in their order."""
    citations: dict[tuple[str, int], Citation] = {}
    cited = []
    for claim in claims:
        for sentence in claim.sentences:
            citations.setdefault(sentence.place, _citation(len(citations) + 1, sentence))
        numbers = [citations[sentence.place].number for sentence in claim.sentences]
        cited.append(Claim(text=claim.text, citations=numbers, support=round(claim.support, 4)))
    return cited, list(citations.values())


def _citation(number: int, sentence: Sentence) -> Citation:
    article = sentence.article
    return Citation(
        number=number,
        article=article.id,
        title=article.title,
        date=article.published,
        outlets=[source.outlet for source in article.sources],
        quote=sentence.text,
        start=sentence.start,
        end=sentence.end,
        url=article.url,
    )


def nearest(passages: Sequence[Passage]) -> list[Citation]:
    """The first sentence of the passages that came closest, for an answer that abstains."""
    found: list[Citation] = []
    for passage in passages[:NEAREST]:
        found += [_citation(len(found) + 1, one) for one in number_sentences(passage.hits[:1])[:1]]
    return found


def marked(claim: Claim) -> str:
    """A claim with its markers, before the full stop as in print: "They met [1]." """
    text = claim.text.rstrip()
    stop = text[-1] if text.endswith((".", "!", "?")) else ""
    markers = "".join(f"[{number}]" for number in claim.citations)
    return f"{text[: len(text) - len(stop)]} {markers}{stop or '.'}"
