"""Scorers of an answer as a reader meets it: how long, how direct, how much of it helps, whether it is sound.

Sentences that are held against quotes are the answer's claims; what the text as a whole asserts is read from
its own sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.evaluation.gold.cases import Case, quote_spans
from assistant.evaluation.scorers.assertions import asserts
from assistant.evaluation.scorers.degeneration import blemishes, faults
from assistant.evaluation.scorers.matching import (
    held,
    holds,
    sentences,
    telling,
    without_day,
    without_markers,
    words,
)
from assistant.evaluation.scorers.score import Articles, Score, Scorer, share
from assistant.retrieval.support import Support
from assistant.schema import Answer, Citation

SUPPORTED = 0.25
"""Support from which on a claim counts as supported: `check_scorers.fit_threshold`, of 110 answers."""

ASKED = 1 / 3
"""Share of a claim's words that must be the question's for a day in it to be the day of what was asked."""

_WORD = re.compile(r"(?<!\S)[^\w\s]*+\w\S*")


def counted(text: str) -> int:
    """The words of a text without its markers, as a reader counts them."""
    return len(_WORD.findall(without_markers(text)))


def beginning(text: str, most: int) -> str:
    """A text without its markers up to its word number `most`."""
    text = without_markers(text)
    ends = [match.end() for match in _WORD.finditer(text)]
    return text[: ends[most - 1]] if len(ends) > most else text


def answer_words(case: Case, answer: Answer) -> Score:
    """Words of the answer: a figure, lower is better. None for an abstention."""
    value = None if answer.status == "abstained" else float(counted(answer.answer))
    return Score("words", value, "words")


def answer_sentences(case: Case, answer: Answer) -> Score:
    """Sentences of the answer: a figure, lower is better. None for an abstention."""
    value = None if answer.status == "abstained" else float(len(sentences(answer.answer)))
    return Score("sentences", value, "sentences")


def first_sentence(case: Case, answer: Answer) -> Score:
    """1 if every expected group has a form in the first sentence, else 0. Answerable cases only."""
    name = "first sentence"
    if not case.answerable:
        return Score(name, None, "the case has no answer")
    first, *_ = sentences(answer.answer) or [""]
    missing = "; ".join(group[0] for group in case.expect if not held(first, group))
    return Score(name, float(not missing), f"missing: {missing}" if missing else "all groups found")


def false_assertions(case: Case, answer: Answer) -> list[str]:
    """The wrong values that a sentence of the answer asserts, in the first spelling of each."""
    told = sentences(answer.answer)
    return [
        group[0]
        for group in case.reject
        if any(asserts(sentence, form, case.expect) for sentence in told for form in group)
    ]


def no_false_sentence(case: Case, answer: Answer) -> Score:
    """1 if no sentence asserts a value known to be wrong, else 0; its mean is the share of such answers.

    None where no wrong value is known, and for an abstention.
    """
    name = "no false sentence"
    if not case.reject or answer.status == "abstained":
        return Score(name, None, "nothing wrong is known" if not case.reject else "abstained")
    wrong = false_assertions(case, answer)
    return Score(name, float(not wrong), f"asserted: {'; '.join(wrong)}" if wrong else "none asserted")


def not_degenerate(case: Case, answer: Answer) -> Score:
    """1 if nothing is repeated, echoed, a mere headline or cut off, else 0. None for an abstention."""
    if answer.status == "abstained":
        return Score("not degenerate", None, "abstained")
    found = faults(answer) or blemishes(answer)
    return Score("not degenerate", float(not found), "; ".join(found) or "sound")


def precision_of_sentences(case: Case, answer: Answer, *, articles: Articles) -> Score:
    """Share of the claims that help: see `helpful_claims`. Answerable cases only; None without claims."""
    return _precision("precision of sentences", case, helpful_claims(case, answer, articles))


def precision_of_quotes(case: Case, answer: Answer, *, articles: Articles) -> Score:
    """Share of the citations whose quote holds an expected form or overlaps evidence.

    Answerable cases only; None without citations.
    """
    helpful = [_quotes_evidence(case, one, articles) or _states(case, one.quote) for one in answer.citations]
    return _precision("precision of quotes", case, helpful)


def _precision(name: str, case: Case, helpful: Sequence[bool]) -> Score:
    if not case.answerable:
        return Score(name, None, "the case has no answer")
    if not helpful:
        return Score(name, None, "none given")
    beside = [str(number) for number, helps in enumerate(helpful, 1) if not helps]
    return share(name, len(helpful), beside, "beside the point")


def helpful_claims(case: Case, answer: Answer, articles: Articles) -> list[bool]:
    """For each claim, whether it helps.

    It does if it states an expected form or the day of what was asked, or if one of its citations overlaps
    evidence or leads up to it.
    """
    return [
        _states(case, claim.text)
        or _tells_day(case, claim.text)
        or any(_quotes_evidence(case, one, articles) for one in quotes)
        or (
            bool(telling(claim.text) & telling(case.query()))
            and any(_leads_to_evidence(case, one, articles) for one in quotes)
        )
        for claim, quotes in zip(answer.claims, claim_quotes(answer), strict=True)
    ]


def claim_quotes(answer: Answer) -> list[list[Citation]]:
    """The citations of each claim."""
    numbered = {citation.number: citation for citation in answer.citations}
    return [[numbered[number] for number in claim.citations if number in numbered] for claim in answer.claims]


def _states(case: Case, text: str) -> bool:
    return any(held(text, group) for group in case.expect)


def _tells_day(case: Case, text: str) -> bool:
    """Whether a text names a day, and enough of its words are the question's."""
    told = telling(without_day(text))
    return any(word.startswith("@") for word in told) and (
        len(told & telling(case.query())) >= ASKED * len(told)
    )


def _leads_to_evidence(case: Case, citation: Citation, articles: Articles) -> bool:
    """Whether the quote ends where evidence begins in its article, up to white space."""
    return any(
        citation.end <= start and not article.text[citation.end : start].strip()
        for evidence in case.evidence
        if citation.article == evidence.article and (article := articles.get(evidence.article))
        for start, _ in quote_spans(article.text, evidence.quote)
    )


def _quotes_evidence(case: Case, citation: Citation, articles: Articles) -> bool:
    """Whether the quote overlaps an evidence quote in its article, holds its words, or is a part of them."""
    for evidence in case.evidence:
        article = articles.get(evidence.article)
        if article and citation.article == evidence.article:
            spans = quote_spans(article.text, evidence.quote)
            if any(start < citation.end and citation.start < end for start, end in spans):
                return True
        if holds(citation.quote, evidence.quote) or (
            len(words(citation.quote).split()) > 3 and holds(evidence.quote, citation.quote)
        ):
            return True
    return False


def supported_sentences(
    support: Support, threshold: float = SUPPORTED, name: str = "supported sentences"
) -> Scorer:
    """A scorer: the share of the claims that their own quotes together support. None without claims."""

    def scorer(case: Case, answer: Answer) -> Score:
        if not answer.claims:
            return Score(name, None, "no claims")
        bare = [
            claim.text
            for claim, value in zip(answer.claims, claim_support(answer, support), strict=True)
            if value < threshold
        ]
        return share(name, len(answer.claims), bare, "unsupported")

    return scorer


def claim_support(answer: Answer, support: Support) -> list[float]:
    """How well each claim is supported by its quotes: 0 where it has none, 1 if they hold its words."""
    quoted = [
        (claim.text, " ".join(citation.quote for citation in quotes))
        for claim, quotes in zip(answer.claims, claim_quotes(answer), strict=True)
    ]
    asked = [(told, quotes) for told, quotes in quoted if quotes]
    values = iter(support(asked) if asked else ())
    judged = [next(values) if quotes else 0.0 for _, quotes in quoted]
    return [
        1.0 if holds(quotes, without_day(told)) else value
        for (told, quotes), value in zip(quoted, judged, strict=True)
    ]
