"""What benchmarks ask: questions of gold and of public sets, with the evidence they need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.cli.batch import BatchLine
from assistant.corpus.articles import Article
from assistant.corpus.chunking import Chunk
from assistant.errors import GoldError
from assistant.evaluation.gold.cases import Case, check_gold, quote_spans, read_gold
from assistant.index.filters import Filters
from assistant.retrieval.passages import Passage

SETS = ("clapnq", "mtragun", "ramdocs", "timeqa")
"""Folders with corpus.jsonl and questions.jsonl, of public question sets."""

SINGLE = frozenset({"lookup", "number", "date", "who-said", "quote"})
"""Types that one passage can answer."""

SEVERAL = frozenset({"multi-hop", "comparison", "timeline", "conflict"})
"""Types that need all of their evidence."""


@dataclass(frozen=True, slots=True)
class Need:
    """A piece of evidence: these characters of an article, wherever they stand, or with None any of it."""

    article: str
    spans: tuple[tuple[int, int], ...] | None = None

    def touches(self, chunk: Chunk) -> bool:
        """Whether some of it stands in the chunk."""
        return chunk.article_id == self.article and (
            self.spans is None or any(chunk.start < end and start < chunk.end for start, end in self.spans)
        )

    def held_by(self, passage: Passage) -> bool:
        """Whether it stands whole in the passage, or in one of its near copies."""
        places = [(passage.article.id, passage.start, passage.end)]
        places += [(copy.article.id, copy.chunk.start, copy.chunk.end) for copy in passage.copies]
        return any(
            article == self.article
            and (self.spans is None or any(low <= start and end <= high for start, end in self.spans))
            for article, low, high in places
        )


@dataclass(frozen=True, slots=True)
class PublicQuestion:
    """What is searched for, and all that should be found."""

    id: str
    text: str
    needs: tuple[Need, ...]
    type: str = ""
    half: str = ""
    filters: Filters = Filters()


def gold_questions(gold: Path, articles: Mapping[str, Article]) -> list[PublicQuestion]:
    """The answerable gold cases. Raises GoldError when the file or a piece of evidence is wrong."""
    cases = read_gold(gold)
    if problems := check_gold(cases, articles):
        raise GoldError(f"{gold}: {problems[0]} (of {len(problems)} such problems); correct the gold")
    return [_gold_question(case, articles) for case in cases if case.answerable]


def _gold_question(case: Case, articles: Mapping[str, Article]) -> PublicQuestion:
    needs = (
        Need(evidence.article, tuple(quote_spans(articles[evidence.article].text, evidence.quote)))
        for evidence in case.evidence
    )
    return PublicQuestion(
        case.id, case.query(), tuple(needs), case.type, case.half, Filters(as_of=case.as_of)
    )


def public_questions(file: Path, sample: int) -> list[PublicQuestion]:
    """A sample of a set's answerable questions, the same everywhere. Raises GoldError."""
    with usable(file):
        lines = [line for line in read_lines(file) if line["answerable"] and line["evidence_ids"]]
        return [
            PublicQuestion(line["id"], asked(line).query(), tuple(map(Need, line["evidence_ids"])))
            for line in sampled(lines, sample)
        ]


@contextmanager
def usable(file: Path) -> Iterator[None]:
    """Raises GoldError for whatever is found to be wrong with a public set's file."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{file}: cannot be used ({type(error).__name__}: {error}); correct the file or BENCH"
        raise GoldError(message) from error


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a public set; to be called under `usable`, as what is then made of them."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def sampled(lines: Sequence[dict[str, Any]], most: int | None = None) -> list[dict[str, Any]]:
    """At most so many lines, the same everywhere: the first by the digests of their ids."""
    return sorted(lines, key=lambda line: digest(line["id"]))[:most]


def asked(line: Mapping[str, Any]) -> BatchLine:
    """The question of such a line, with the conversation before it."""
    return BatchLine(question=line["question"], history=line.get("history", []))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
