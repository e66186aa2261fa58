"""Scorers: pure functions of a case and its answer, each giving one `Score`.

Those that look into articles take them as a keyword; `standard_scorers` binds it. A score of None means that
the case cannot be graded so; it is left out of means, never counted as zero. Scorers of retrieval take the
passages in place of the answer (`retrieval_scores`), since they can be graded where there is no answer.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

from assistant.evaluation.gold.cases import Case, CaseType
from assistant.evaluation.scorers.answer_quality import (
    answer_sentences,
    answer_words,
    beginning,
    counted,
    false_assertions,
    first_sentence,
    no_false_sentence,
    not_degenerate,
    precision_of_quotes,
    precision_of_sentences,
    supported_sentences,
)
from assistant.evaluation.scorers.citations import (
    citation_precision,
    citation_recall,
    evidence_cited,
    quotes_verbatim,
)
from assistant.evaluation.scorers.degeneration import faults
from assistant.evaluation.scorers.matching import held, holds, without_markers, words
from assistant.evaluation.scorers.score import Articles, Outcome, Score, Scorer, share
from assistant.retrieval.support import Support
from assistant.schema import Answer, AnswerPassage, Citation

FACT, RELATION, ACCOUNT = 40, 60, 100
MOST_WORDS: dict[CaseType, int] = {
    "multi-hop": RELATION,
    "comparison": RELATION,
    "false-premise": RELATION,
    "follow-up": RELATION,
    "timeline": ACCOUNT,
    "conflict": ACCOUNT,
    "summary": ACCOUNT,
}
"""Words within which all that is expected must stand; for the types of single facts `FACT`. An answer of more
than twice as many is wrong."""


def standard_scorers(articles: Articles, support: Support | None = None) -> tuple[Scorer, ...]:
    """All scorers over these articles; with `support`, that of claims by their quotes too."""
    return (
        correctness,
        right_if_length_ignored,
        first_sentence,
        no_false_sentence,
        partial(precision_of_sentences, articles=articles),
        partial(precision_of_quotes, articles=articles),
        not_degenerate,
        *((supported_sentences(support),) if support else ()),
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
        answer_words,
        answer_sentences,
        latency,
        tokens,
    )


def correctness(case: Case, answer: Answer) -> Score:
    """1 if a reader could use the answer, else 0; an abstention is 0. Answerable cases only.

    Every expected group has a form within the first words (`MOST_WORDS`), the answer is at most twice as
    long, no sentence asserts a value known to be wrong, and nothing is degenerate about it.
    """
    if not case.answerable:
        return Score("correctness", None, "the case has no answer")
    if answer.status == "abstained":
        return Score("correctness", 0.0, "abstained")
    most, length = most_words(case), counted(answer.answer)
    failing = []
    if missing := _missing(case, beginning(answer.answer, most)):
        failing.append(f"missing within {most} words: {missing}")
    if length > 2 * most:
        failing.append(f"{length} words, and at most {2 * most} may be")
    if wrong := false_assertions(case, answer):
        failing.append("false: " + "; ".join(wrong))
    if found := faults(answer):
        failing.append("degenerate: " + "; ".join(found))
    return Score("correctness", float(not failing), ". ".join(failing) or "all groups found")


def right_if_length_ignored(case: Case, answer: Answer) -> Score:
    """1 if every expected group has a form anywhere and nothing false is asserted, else 0.

    An abstention is 0. Answerable cases only.
    """
    name = "right if length ignored"
    if not case.answerable:
        return Score(name, None, "the case has no answer")
    if answer.status == "abstained":
        return Score(name, 0.0, "abstained")
    missing, wrong = _missing(case, without_markers(answer.answer)), false_assertions(case, answer)
    failing = [f"missing: {missing}"] * bool(missing) + [f"false: {'; '.join(wrong)}"] * bool(wrong)
    return Score(name, float(not failing), ". ".join(failing) or "all groups found")


def _missing(case: Case, text: str) -> str:
    return "; ".join(" | ".join(group) for group in case.expect if not held(text, group))


def most_words(case: Case) -> int:
    """Words within which all that is expected must stand."""
    return MOST_WORDS.get(case.type, FACT)


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
    the words of `matching.words` and without a, an, the. The reference joins one form of each group: the one
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
    missing = [group[0] for group in case.expect if not held(text, group)]
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
    """What counts of an answer: its first words, without its markers."""
    return beginning(answer.answer, most_words(case))


def bag_f1(expected: Counter[str], given: Counter[str]) -> float:
    """Harmonic mean of the shares of each that stand in the other, 0 to 1."""
    shared = (expected & given).total()
    return 2 * shared / (expected.total() + given.total()) if shared else 0.0


def token_bag(text: str) -> Counter[str]:
    """The plain words of a text with their counts, without a, an, the."""
    return Counter(word for word in words(text).split() if word not in {"a", "an", "the"})
