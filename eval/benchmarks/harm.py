"""The gate's own test: what is the same must pass, and what is worse must be caught.

    python -m eval.benchmarks.harm [--model NAME] [--gold FILE] [--runs 200]

Same against same (A/A): two runs of one assistant that differ by chance in a word of an answer and in the
order of passages whose scores are all but equal, over cases drawn with replacement. At most `alpha` of such
pairs may fail. Harms: the reranker off, each claim with the citations of the next, the evidence gate's
threshold moved up, likely sentences added, a number exchanged, a sentence repeated. Each must fail, and the
reasons are printed.

With the default model, "extractive", no language model is needed; another is replayed from its recordings.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from assistant.answering.course import MESSAGES
from assistant.api.build import open_index
from assistant.errors import AssistantError, GoldError
from assistant.evaluation.gate.baseline import baseline_of, kept
from assistant.evaluation.gate.comparison import BaselineCase
from assistant.evaluation.gate.paired import family_tests
from assistant.evaluation.gate.regression_gate import Rules, exit_status, held_against, read_rules
from assistant.evaluation.gate.statistics import wilson_interval
from assistant.evaluation.gold.cases import stored_articles
from assistant.evaluation.harness import GOLD, Wanted, evaluate
from assistant.evaluation.run import Graded, Report
from assistant.evaluation.scorers.matching import holds, sentences, without_markers
from assistant.evaluation.scorers.retrieval import RetrievalScorer, retrieval_scorers
from assistant.evaluation.scorers.score import Articles, Scorer
from assistant.evaluation.scorers.standard import standard_scorers
from assistant.index.opened import Index
from assistant.schema import Abstention, Answer, AnswerPassage, Citation, Claim
from assistant.settings import EXTRACTIVE, Settings, load_settings

TIE = 0.01
"""Scores of neighbouring passages that are at most so far apart may swap places on another computer."""

VARIANTS = 5
"""Ways that the same answer may come out."""

MOVED = 0.9
"""Where the evidence gate's threshold is moved to."""

PADDING = 3
"""Sentences that are added to each answer."""

RESAMPLES = 2000

_NUMBER = re.compile(r"(?<![\[\w.,])\d+(?:[.,]\d+)*(?![\w\]])")
"""A number that is no citation marker."""


@dataclass(frozen=True, slots=True)
class Grader:
    """Scores an answer anew after something was done to it."""

    scorers: Sequence[Scorer]
    retrieval_scorers: Sequence[RetrievalScorer]

    def __call__(self, graded: Graded, answer: Answer) -> Graded:
        scores = [scorer(graded.case, answer) for scorer in self.scorers]
        scores += [scorer(graded.case, answer.passages) for scorer in self.retrieval_scorers]
        return graded.model_copy(update={"answer": answer, "scores": tuple(scores)})


def changed(report: Report, change: Callable[[Answer], Answer], grade: Grader) -> Report:
    """The run with every answer changed and scored anew."""
    graded = tuple(grade(one, change(one.answer)) if one.answer else one for one in report.graded)
    return report.model_copy(update={"graded": graded})


def shuffled_citations(answer: Answer) -> Answer:
    """Each claim with the citations of the next; an answer of one claim stays as it is."""
    numbers = [claim.citations for claim in answer.claims]
    moved = [
        claim.model_copy(update={"citations": other})
        for claim, other in zip(answer.claims, numbers[1:] + numbers[:1], strict=True)
    ]
    return answer.model_copy(update={"claims": moved})


def withheld(answer: Answer, threshold: float) -> Answer:
    """The answer behind an evidence gate of that threshold; its confidence is what the gate goes by."""
    if answer.confidence >= threshold:
        return answer
    nothing = {"status": "abstained", "answer": "", "claims": [], "citations": [], "confidence": 0.0}
    reason = Abstention(reason="not-stated", message=MESSAGES["not-stated"])
    return answer.model_copy(update=nothing | {"abstention": reason})


def padded(answer: Answer, articles: Articles) -> Answer:
    """The answer with the next `PADDING` sentences of its passages, each with itself as its quote."""
    if answer.status == "abstained":
        return answer
    text, claims, citations = answer.answer, list(answer.claims), list(answer.citations)
    for quote in islice(_unsaid(answer, articles), PADDING):
        number = max((one.number for one in citations), default=0) + 1
        citations.append(quote.model_copy(update={"number": number}))
        claims.append(Claim(text=quote.quote, citations=[number], support=1.0))
        text += f" {quote.quote} [{number}]"
    return answer.model_copy(update={"answer": text, "claims": claims, "citations": citations})


def _unsaid(answer: Answer, articles: Articles) -> Iterator[Citation]:
    """The sentences of the passages that the answer does not quote, the best passage first."""
    for passage in answer.passages:
        article = articles.get(passage.article)
        told = sentences(article.text[passage.start : passage.end]) if article else []
        for sentence in told:
            start = article.text.find(sentence, passage.start) if article else -1
            if article and start >= 0 and not any(holds(one.quote, sentence) for one in answer.citations):
                yield Citation(
                    number=1,
                    article=article.id,
                    title=article.title,
                    date=article.published,
                    outlets=[source.outlet for source in article.sources],
                    quote=sentence,
                    start=start,
                    end=start + len(sentence),
                    url=article.url,
                )


def renumbered(answer: Answer, articles: Articles) -> Answer:
    """The answer with its first number exchanged, wherever it stands, for another of an article it cites."""
    said = _NUMBER.findall(without_markers(answer.answer))
    known = [articles[one.article].text for one in answer.citations if one.article in articles]
    other = next((one for text in known for one in _NUMBER.findall(text) if one not in said), None)
    if not said or other is None:
        return answer

    def exchange(text: str) -> str:
        return _NUMBER.sub(lambda match: other if match[0] == said[0] else match[0], text)

    claims = [claim.model_copy(update={"text": exchange(claim.text)}) for claim in answer.claims]
    return answer.model_copy(update={"answer": exchange(answer.answer), "claims": claims})


def repeated(answer: Answer) -> Answer:
    """The answer with its first claim told again at its end."""
    if not answer.claims:
        return answer
    first = answer.claims[0]
    markers = "".join(f"[{number}]" for number in first.citations)
    text = f"{answer.answer} {first.text} {markers}".rstrip()
    return answer.model_copy(update={"answer": text, "claims": [*answer.claims, first]})


def noisy(answer: Answer, chance: Random) -> Answer:
    """The answer without one of its words, its passages of all but equal score in another order."""
    words = answer.answer.split(" ")
    if len(words) > 1:
        del words[chance.randrange(len(words))]
    passages = _swapped(answer.passages, chance)
    return answer.model_copy(update={"answer": " ".join(words), "passages": passages})


def _swapped(passages: Sequence[AnswerPassage], chance: Random) -> list[AnswerPassage]:
    swapped = list(passages)
    for place in range(len(swapped) - 1):
        tied = abs(swapped[place].score - swapped[place + 1].score) <= TIE
        if tied and chance.random() < 0.5:
            swapped[place : place + 2] = swapped[place + 1], swapped[place]
    return swapped


def false_alarms(report: Report, rules: Rules, grade: Grader, runs: int) -> int:
    """How many of `runs` pairs of noisy runs over resampled cases fail, though nothing got worse."""
    chance = Random(0)
    variants = [_variants(graded, grade, chance) for graded in report.graded]
    failed = 0
    for _ in range(runs):
        drawn = chance.choices(variants, k=len(variants))
        pairs = [(chance.choice(case), chance.choice(case)) for case in drawn]
        tests = family_tests(pairs, rules.family, resamples=RESAMPLES)
        failed += any(one.corrected is not None and one.corrected <= rules.alpha for one in tests)
    return failed


def _variants(graded: Graded, grade: Grader, chance: Random) -> list[BaselineCase]:
    answer = graded.answer
    again = [grade(graded, noisy(answer, chance)) for _ in range(VARIANTS - 1)] if answer else []
    return [kept(one) for one in (graded, *again)]


def without_reranker(settings: Settings, index: Index, wanted: Wanted) -> Report:
    """The cases asked again with the searches' own order."""
    return evaluate(settings.model_copy(update={"reranker": "none"}), index, wanted, _quiet)


def examine(settings: Settings, index: Index, wanted: Wanted, runs: int) -> bool:
    """Prints what passes and what is caught; whether all is as it must be. Raises AssistantError."""
    articles: Articles = stored_articles(index.catalogue)
    grade = Grader(standard_scorers(articles), retrieval_scorers(articles))
    rules = read_rules(wanted.gold.parent / "floors.toml")
    report = evaluate(settings, index, wanted, _quiet)
    lacking = sum(graded.answer is None for graded in report.graded)
    if lacking > rules.most_unmeasured:
        raise GoldError(f"{lacking} cases are unmeasured; record them first with: assistant eval --record")
    failed = false_alarms(report, rules, grade, runs)
    rate = wilson_interval(failed, runs)
    print(
        f"same against same: {failed} of {runs} pairs of runs fail ({rate.estimate:.1%}, 95% interval "
        f"{rate.low:.1%} to {rate.high:.1%}; promised are at most {rules.alpha:.0%})"
    )
    harmed = {
        "reranker off": without_reranker(settings, index, wanted),
        "citations shuffled": changed(report, shuffled_citations, grade),
        f"threshold moved to {MOVED}": changed(report, lambda answer: withheld(answer, MOVED), grade),
        f"{PADDING} sentences added": changed(report, lambda answer: padded(answer, articles), grade),
        "a number exchanged": changed(report, lambda answer: renumbered(answer, articles), grade),
        "a sentence repeated": changed(report, repeated, grade),
    }
    caught = [_caught(name, report, worse, rules) for name, worse in harmed.items()]
    return rate.low <= rules.alpha and all(caught)


def _caught(name: str, report: Report, worse: Report, rules: Rules) -> bool:
    """Whether the gate fails by the harm; floors apart, since a harm above them must be caught too."""
    held = held_against(worse, baseline_of(report), rules.model_copy(update={"floors": {}}))
    caught = exit_status(held) == 1
    print(f"{name}: {'caught' if caught else 'NOT CAUGHT'}")
    for reason in held.gate.reasons if held.gate else ():
        print(f"    {reason}")
    return caught


def _quiet(message: str) -> None:
    """Progress and unrecorded answers are not this command's matter."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 the gate passes what it must and catches the rest, 1 it does not, 2 with one line that says why."""
    parser = argparse.ArgumentParser(prog="harm", description="Tests the gate.")
    parser.add_argument("--model", default=EXTRACTIVE, help="another than extractive is replayed")
    parser.add_argument("--gold", type=Path, default=GOLD)
    parser.add_argument("--runs", type=int, default=200, help="pairs of the same assistant")
    chosen = parser.parse_args(arguments)
    try:
        settings = load_settings(model=chosen.model)
        with closing(open_index(settings, _quiet, lambda done, total: None)) as index:
            return 0 if examine(settings, index, Wanted(gold=chosen.gold), chosen.runs) else 1
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
