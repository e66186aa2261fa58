"""Scorers: pure functions of a case and its answer, each giving one `Score`.

Those that look into articles take them as a keyword; `standard_scorers` binds it. A score of None means that
the case cannot be graded so; it is left out of means, never counted as zero. Scorers of retrieval take the
passages in place of the answer (`retrieval_scores`), since they can be graded where there is no answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from assistant.articles import Article
from assistant.evaluation.gold import Case
from assistant.evaluation.support import supports
from assistant.interface import Answer, AnswerPassage, Citation
from assistant.surface import holds, without_markers, words

Outcome = Literal["right", "wrong", "abstained"]
Articles = Mapping[str, Article]
MAX_WORDS = 120
"""What an answer may say; a timeline alone may be longer. Words beyond earn nothing."""


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of one answer; `value` is None where it cannot be taken, `why` says what was seen."""

    name: str
    value: float | None
    why: str


Scorer = Callable[[Case, Answer], Score]


def standard_scorers(articles: Articles) -> tuple[Scorer, ...]:
    """All scorers of this module, over these articles."""
    return (
        correctness,
        token_f1,
        citation_precision,
        citation_recall,
        evidence_cited,
        partial(quotes_verbatim, articles=articles),
        abstention_precision,
        abstention_recall,
        conflict_coverage,
        conflict_precision,
        conflict_recall,
        no_future_article,
        latency,
        tokens,
    )


def share(name: str, total: int, failing: Sequence[str], fault: str) -> Score:
    """The share that does not fail, of `total`."""
    why = f"{fault}: {', '.join(failing)}" if failing else f"all {total}"
    return Score(name, 1 - len(failing) / total, why)


def correctness(case: Case, answer: Answer) -> Score:
    """1 if every expected group has a form in the answer, else 0; an abstention is 0. Answerable cases only.

    The answer is read without its citation markers and, unless a timeline, up to its 120th word, so that
    saying everything does not pay. What counts as standing there: `assistant.surface.holds`.
    """
    if not case.answerable:
        return Score("correctness", None, "the case has no answer")
    if answer.status == "abstained":
        return Score("correctness", 0.0, "abstained")
    text = graded_text(case, answer)
    missing = [group for group in case.expect if not any(holds(text, form) for form in group)]
    why = "missing: " + "; ".join(" | ".join(group) for group in missing) if missing else "all groups found"
    return Score("correctness", float(not missing), why)


def outcome(case: Case, answer: Answer) -> Outcome:
    """What became of the case, every case being exactly one of the three.

    Answerable (a false premise too, whose answer is its correction): right if correct, abstained if the
    assistant abstained, else wrong. Unanswerable: right if it abstained, else wrong.
    """
    if not case.answerable:
        return "right" if answer.status == "abstained" else "wrong"
    if answer.status == "abstained":
        return "abstained"
    return "right" if correctness(case, answer).value == 1 else "wrong"


def token_f1(case: Case, answer: Answer) -> Score:
    """Harmonic mean of precision and recall of the answer's words against the expected forms, 0 to 1.

    After Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text" (EMNLP 2016), with
    the words of `surface.words` and without a, an, the. The reference joins one form of each group: the one
    that stands in the answer, else the first. Answerable cases only; low values are usual for full sentences.
    """
    if not case.answerable:
        return Score("token F1", None, "the case has no answer")
    text = graded_text(case, answer)
    forms = (next((form for form in group if holds(text, form)), group[0]) for group in case.expect)
    expected, given = token_bag(" ".join(forms)), token_bag(text)
    shared = (expected & given).total()
    told = f"{shared} shared of {given.total()} given, {expected.total()} expected"
    return Score("token F1", bag_f1(expected, given), told)


def citation_precision(case: Case, answer: Answer) -> Score:
    """Share of the claims' citations that support their claim, alone or needed beside the claim's others.

    After Gao et al., "Enabling Large Language Models to Generate Text with Citations" (EMNLP 2023), with
    `support.supports` in place of an entailment model: a citation counts against the answer if it does not
    support the claim alone, and the claim has support without it or none at all. None without citations.
    """
    quotes = {citation.number: citation for citation in answer.citations}
    total, stray = 0, []
    for claim in answer.claims:
        cited = [quotes[number] for number in claim.citations if number in quotes]
        total += len(cited)
        for one in cited:
            others = [other for other in cited if other is not one]
            needed = supports(claim.text, cited) and not supports(claim.text, others)
            if not needed and not supports(claim.text, [one]):
                stray.append(f"[{one.number}] {one.article}")
    if not total:
        return Score("citation precision", None, "no citations")
    return share("citation precision", total, stray, "no support for their claims")


def citation_recall(case: Case, answer: Answer) -> Score:
    """Share of the claims that their citations, taken together, support. None without claims.

    After Gao et al. (EMNLP 2023), as `citation_precision`.
    """
    if not answer.claims:
        return Score("citation recall", None, "no claims")
    quotes = {citation.number: citation for citation in answer.citations}
    bare = [
        claim.text
        for claim in answer.claims
        if not supports(claim.text, [quotes[number] for number in claim.citations if number in quotes])
    ]
    return share("citation recall", len(answer.claims), bare, "unsupported")


def evidence_cited(case: Case, answer: Answer) -> Score:
    """Share of citations that are of an evidence article, or whose quote itself holds an expected form.

    Whether the right thing is cited, whatever it is cited for. None without citations or evidence.
    """
    if not answer.citations or not case.evidence:
        return Score("evidence cited", None, "no citations" if case.evidence else "no evidence")
    gold = {evidence.article for evidence in case.evidence}
    forms = [form for group in case.expect for form in group]
    stray = [
        f"[{citation.number}] {citation.article}"
        for citation in answer.citations
        if citation.article not in gold and not any(holds(citation.quote, form) for form in forms)
    ]
    return share("evidence cited", len(answer.citations), stray, "beside the evidence")


def quotes_verbatim(case: Case, answer: Answer, *, articles: Articles) -> Score:
    """Share of citations whose quote is exactly `text[start:end]` of its article. None without any."""
    if not answer.citations:
        return Score("quotes verbatim", None, "no citations")
    false = [
        f"[{citation.number}] {citation.article}"
        for citation in answer.citations
        if citation.article not in articles
        or articles[citation.article].text[citation.start : citation.end] != citation.quote
    ]
    return share("quotes verbatim", len(answer.citations), false, "not verbatim")


def abstention_precision(case: Case, answer: Answer) -> Score:
    """1 if the articles do not say either, else 0; its mean is the share of abstentions that are right.

    None where the assistant did not abstain.
    """
    if answer.status != "abstained":
        return Score("abstention precision", None, "did not abstain")
    return Score("abstention precision", float(not case.answerable), "abstained")


def abstention_recall(case: Case, answer: Answer) -> Score:
    """1 if the assistant abstained, else 0; its mean is the share of unanswerable questions it declines.

    None where the articles do say.
    """
    if case.answerable:
        return Score("abstention recall", None, "the case has an answer")
    return Score("abstention recall", float(answer.status == "abstained"), answer.status)


def conflict_coverage(case: Case, answer: Answer) -> Score:
    """Share of the conflicting accounts, the expected groups, that the answer gives. Conflict cases only."""
    if case.type != "conflict":
        return Score("conflict coverage", None, "no conflict")
    text = graded_text(case, answer)
    missing = [group[0] for group in case.expect if not any(holds(text, form) for form in group)]
    return share("conflict coverage", len(case.expect), missing, "missing")


def conflict_precision(case: Case, answer: Answer) -> Score:
    """1 if accounts do differ, else 0; its mean is the share of answers that rightly say so.

    None where the assistant does not say that accounts differ.
    """
    if answer.status != "conflicting":
        return Score("conflict precision", None, "not said to conflict")
    return Score("conflict precision", float(case.type == "conflict"), "said to conflict")


def conflict_recall(case: Case, answer: Answer) -> Score:
    """1 if the assistant says that accounts differ, else 0. Conflict cases only."""
    if case.type != "conflict":
        return Score("conflict recall", None, "no conflict")
    return Score("conflict recall", float(answer.status == "conflicting"), answer.status)


def no_future_article(case: Case, answer: Answer) -> Score:
    """1 if nothing cited, nearest or retrieved is later than the case's `as_of` or undated, else 0.

    None where the case has no `as_of`, or nothing was shown.
    """
    name = "no future article"
    if case.as_of is None:
        return Score(name, None, "no as-of date")
    shown: list[Citation | AnswerPassage] = [*answer.citations, *answer.nearest, *answer.passages]
    if not shown:
        return Score(name, None, "nothing shown")
    late = sorted({seen.article for seen in shown if seen.date is None or seen.date > case.as_of})
    return Score(name, float(not late), "later or undated: " + ", ".join(late) if late else "none later")


def latency(case: Case, answer: Answer) -> Score:
    """Seconds the assistant says it took, all stages together: a figure, lower is better."""
    return Score("latency", answer.seconds.total, "seconds")


def tokens(case: Case, answer: Answer) -> Score:
    """Tokens the language model read and wrote: a figure, lower is better."""
    prompt, completion = answer.tokens.prompt, answer.tokens.completion
    return Score("tokens", float(prompt + completion), f"{prompt} read, {completion} written")


def graded_text(case: Case, answer: Answer) -> str:
    """What counts of an answer: without its markers and, unless a timeline, up to its 120th word."""
    text = without_markers(answer.answer)
    return text if case.type == "timeline" else " ".join(text.split()[:MAX_WORDS])


def bag_f1(expected: Counter[str], given: Counter[str]) -> float:
    """Harmonic mean of the shares of each that stand in the other, 0 to 1."""
    shared = (expected & given).total()
    return 2 * shared / (expected.total() + given.total()) if shared else 0.0


def token_bag(text: str) -> Counter[str]:
    """The plain words of a text with their counts, without a, an, the."""
    return Counter(word for word in words(text).split() if word not in {"a", "an", "the"})
