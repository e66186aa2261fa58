"""Draft gold cases: sentences of articles without a case, for a person to turn into questions.

A draft has an answer and evidence, with the sentence with a gap as its question. While it is marked as a
draft, it is neither asked nor counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest

from assistant.corpus.articles import Article
from assistant.corpus.chunking import sentence_spans
from assistant.evaluation.gold.cases import Case, CaseType, Evidence
from assistant.text.dates import MONTH_NAMES

GAP = "____"
WORDS = range(8, 41)
"""How long a sentence may be that is asked about."""

_DETAILS: tuple[tuple[CaseType, re.Pattern[str]], ...] = (
    ("quote", re.compile(r'(?<=["“])[^"“”]{12,120}(?=["”])')),
    ("date", re.compile(rf"\b\d{{1,2}} (?:{MONTH_NAMES.title()})(?: \d{{4}})?\b")),
    ("number", re.compile(r"[€$£]?\b\d[\d.,]*\b(?:%| per cent| percent)?(?: (?:thousand|million|billion))?")),
)
"""What can be asked for, by the type of the case, the most telling first."""


def draft_cases(articles: Mapping[str, Article], cases: Sequence[Case], count: int) -> list[Case]:
    """At most `count` drafts over articles that no case has as evidence, the newest articles first.

    Every article gives one before any gives two.
    """
    used = {evidence.article for case in cases for evidence in case.evidence}
    ids = {case.id for case in cases}
    unused = [article for name, article in articles.items() if name not in used]
    unused.sort(key=lambda article: article.published.toordinal() if article.published else 0, reverse=True)
    rounds = zip_longest(*map(_drafts, unused))
    found = (case for one_each in rounds for case in one_each if case and case.id not in ids)
    return list(islice(found, count))


def _drafts(article: Article) -> Iterator[Case]:
    """A draft for each sentence of an article that has a detail to ask for."""
    sentences = [article.text[start:end] for start, end in sentence_spans(article.text)]
    for number, sentence in enumerate(sentences, 1):
        if len(sentence.split()) not in WORDS or sentence.startswith("#"):
            continue
        for kind, pattern in _DETAILS:
            if match := pattern.search(sentence):
                yield Case(
                    id=f"draft-{article.id}-{number}",
                    question=f"{sentence[: match.start()]}{GAP}{sentence[match.end() :]}",
                    type=kind,
                    as_of=None,
                    history=(),
                    answerable=True,
                    expect=((match.group(),),),
                    evidence=(Evidence(article=article.id, quote=sentence),),
                    draft=True,
                )
                break
