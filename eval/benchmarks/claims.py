"""What each check of a sentence catches, and what it wrongly rejects, on pairs of a claim and its quotes.

    python -m eval.benchmarks.claims [--claims eval/claims.jsonl] [--model NAME]

The pairs are written by hand, half of them supported, and split by their ids into dev and test. Thresholds
are chosen on dev, figures are told for both. With `--model`, a capable model checks the test half as `verify`
asks it to.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict

from assistant.answering.evidence import Sentence
from assistant.answering.verify import (
    Drafted,
    Statement,
    check_by_model,
    check_exactly,
    sources_of,
)
from assistant.api.build import load_encoders, load_model, profile_for
from assistant.corpus.articles import Article
from assistant.errors import GoldError, reason
from assistant.evaluation.gate.statistics import wilson_interval
from assistant.evaluation.report import table
from assistant.models.chat.structured_output import StructuredChat
from assistant.models.prompts import load_prompt
from assistant.retrieval.support import support_of
from assistant.schema import Strict
from assistant.settings import Settings, load_settings, prompts_folder
from assistant.text.numbers import unconfirmed
from eval.benchmarks.command import conclude, notice

CLAIMS = Path("eval/claims.jsonl")
SUPPORTED = 0.5
"""Support score of the reader that is shown, beside the one that is best on dev."""

TOGETHER = 6
"""Pairs that a model checks in one call, about as many as a long answer has sentences."""


class Quote(Strict):
    """A quote with its article's id, headline and day."""

    article: str
    title: str
    date: dt.date
    quote: str


class ClaimPair(Strict):
    """A claim, the quotes it cites, and whether they support it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: str
    supported: bool
    claim: str
    quotes: tuple[Quote, ...]

    @property
    def half(self) -> Literal["dev", "test"]:
        return "test" if int(hashlib.sha256(self.id.encode()).hexdigest(), 16) % 2 else "dev"

    def statement(self) -> Statement:
        """The claim as `verify` takes it."""
        return Statement(self.claim, tuple(map(_sentence, self.quotes)), by="exact")


def _sentence(quote: Quote) -> Sentence:
    article = Article(quote.article, quote.title, quote.quote, quote.date)
    return Sentence("1.1", article, 0, len(quote.quote), quote.quote)


def read_pairs(path: Path) -> list[ClaimPair]:
    """Raises GoldError for a file that holds anything else, or too little to tell of both halves."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        pairs = [ClaimPair.model_validate_json(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise GoldError(f"{path}: holds no claims ({reason(error, most=120)}); correct it") from error
    if repeated := [name for name, count in Counter(pair.id for pair in pairs).items() if count > 1]:
        raise GoldError(f"{path}: holds the id {repeated[0]} twice; correct it")
    if len({(pair.half, pair.supported) for pair in pairs}) < 4:
        raise GoldError(f"{path}: needs supported and unsupported claims in both halves; add some")
    return pairs


def exact(pair: ClaimPair) -> bool:
    """Whether ids, quotations, numbers and dates hold, the last two to the letter: the small model's
    check."""
    return isinstance(_exactly(pair, computed=False), Statement)


def exact_computed(pair: ClaimPair) -> bool:
    """The same, where numbers and dates may follow from the quotes."""
    held = isinstance(_exactly(pair, computed=True), Statement)
    return held and not unconfirmed(pair.claim, sources_of(pair.statement().sentences))


def _exactly(pair: ClaimPair, *, computed: bool) -> object:
    sentences = pair.statement().sentences
    evidence = {f"1.{number}": sentence for number, sentence in enumerate(sentences, 1)}
    return check_exactly(Drafted(pair.claim, tuple(evidence)), evidence, computed=computed)


def row(name: str, pairs: Sequence[ClaimPair], stands: Callable[[ClaimPair], bool]) -> tuple[str, ...]:
    """A line of the table: unsupported that were rejected, supported that were."""
    unsupported = [pair for pair in pairs if not pair.supported]
    supported = [pair for pair in pairs if pair.supported]
    caught = wilson_interval(sum(not stands(pair) for pair in unsupported), len(unsupported))
    lost = wilson_interval(sum(not stands(pair) for pair in supported), len(supported))
    return name, str(len(pairs)), caught.decimals, lost.decimals


def by_kind(pairs: Sequence[ClaimPair], checks: dict[str, Callable[[ClaimPair], bool]]) -> str:
    """Share of each kind that each check rejects."""
    rows = []
    for kind in sorted({pair.kind for pair in pairs}, key=lambda kind: (_supported(pairs, kind), kind)):
        own = [pair for pair in pairs if pair.kind == kind]
        shares = (sum(not stands(pair) for pair in own) / len(own) for stands in checks.values())
        mark = " (supported)" if _supported(pairs, kind) else ""
        rows.append((f"{kind}{mark}", *(f"{share:.2f}" for share in shares)))
    return table(("kind", *checks), rows)


def _supported(pairs: Sequence[ClaimPair], kind: str) -> bool:
    return next(pair.supported for pair in pairs if pair.kind == kind)


def best_threshold(pairs: Sequence[ClaimPair], scores: dict[str, float]) -> float:
    """The reader's threshold with the best balanced accuracy."""

    def accuracy(threshold: float) -> float:
        return sum(
            sum((scores[pair.id] >= threshold) == wanted for pair in half) / len(half)
            for wanted in (True, False)
            if (half := [pair for pair in pairs if pair.supported == wanted])
        )

    return max(sorted(scores.values()), key=accuracy)


def model_verdicts(settings: Settings, pairs: Sequence[ClaimPair]) -> set[str]:
    """Ids of the pairs that the model of the settings finds supported. Raises ModelError."""
    profile = profile_for(settings)
    model = load_model(settings, profile)
    chat = StructuredChat(model, settings.model, profile, notice, timeout=settings.timeout)
    prompt = load_prompt(prompts_folder(), "verify")
    found = set()
    for first in range(0, len(pairs), TOGETHER):
        part = pairs[first : first + TOGETHER]
        checked, _ = check_by_model([pair.statement() for pair in part], chat, prompt)
        found |= {pair.id for pair, one in zip(part, checked, strict=True) if isinstance(one, Statement)}
    return found


def section(settings: Settings, pairs: Sequence[ClaimPair], *, ask_model: bool) -> str:
    """The tables, as Markdown. Raises AssistantError."""
    encoders = load_encoders(settings)
    support = support_of(encoders.reader, encoders.reranker)
    texts = [(pair.claim, " ".join(quote.quote for quote in pair.quotes)) for pair in pairs]
    scores = dict(zip((pair.id for pair in pairs), support(texts), strict=True))
    dev = [pair for pair in pairs if pair.half == "dev"]
    test = [pair for pair in pairs if pair.half == "test"]
    fitted = best_threshold(dev, scores)
    checks: dict[str, Callable[[ClaimPair], bool]] = {
        "exact": exact,
        "exact, computed": exact_computed,
        f"reader at {SUPPORTED}": lambda pair: scores[pair.id] >= SUPPORTED,
        f"reader at {fitted:.3f}, best on dev": lambda pair: scores[pair.id] >= fitted,
        f"exact and reader at {SUPPORTED}": lambda pair: exact(pair) and scores[pair.id] >= SUPPORTED,
    }
    lines = [
        row(f"{name}, {half}", own, stands)
        for name, stands in checks.items()
        for half, own in (("dev", dev), ("test", test))
    ]
    if ask_model:
        found = model_verdicts(settings, test)
        checks["model"] = lambda pair: pair.id in found
        lines.append(row(f"{settings.model}, test", test, checks["model"]))
    return "\n\n".join(
        (
            "## Checks of sentences against their quotes",
            "`make bench-claims`",
            f"{len(pairs)} pairs of eval/claims.jsonl; in brackets Wilson's 95% interval.",
            table(("check", "pairs", "unsupported rejected", "supported rejected"), lines),
            "Share rejected by kind, test half:",
            by_kind(test, checks),
        )
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="claims", description="Measures the checks of sentences.")
    parser.add_argument("--claims", type=Path, default=CLAIMS)
    parser.add_argument("--model", help="a capable model that checks the test half too")
    parser.add_argument("--results", type=Path, default=Path("eval/RESULTS.md"))
    chosen = parser.parse_args(arguments)

    def measure() -> tuple[str, str]:
        settings = load_settings(model=chosen.model)
        return "claims", section(settings, read_pairs(chosen.claims), ask_model=chosen.model is not None)

    return conclude(chosen.results, measure)


if __name__ == "__main__":
    sys.exit(main())
