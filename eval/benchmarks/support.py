"""Does a quote support a claim? Three checks beside people's labels, on the claims of WiCE.

R. Kamoi et al., "WiCE: Real-World Entailment for Claims in Wikipedia" (EMNLP 2023): a claim of an article and
the text that it cites, which supports it, supports it in part, or does not; the latter two count as no
support. A claim's score is that of the best run of sentences of its source. Measured are the assistant's own
check, which gives `support`, the cross-encoder alone, and the scorers' check by words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.corpus.chunking import sentence_spans
from assistant.errors import GoldError
from assistant.evaluation.gate.statistics import Interval, balanced_interval
from assistant.evaluation.report import table
from assistant.evaluation.score_cache import remembered
from assistant.evaluation.scorers.support import SHARED, overlap
from assistant.models.encoders.reader import load_reader
from assistant.models.encoders.reranker import load_reranker
from assistant.retrieval.support import support_of
from assistant.settings import Settings
from eval.benchmarks.data import digest

SENTENCES = 3
"""Of a source, one after the other, that are held against a claim at a time."""


@dataclass(frozen=True, slots=True)
class WiceClaim:
    """A claim with the runs of sentences that may support it."""

    id: str
    text: str
    runs: tuple[str, ...]
    supported: bool

    @property
    def chooses(self) -> bool:
        """Whether it is of the half that thresholds are chosen on."""
        return int(digest(self.id), 16) % 2 == 0


def read_claims(folder: Path) -> list[WiceClaim]:
    """The claims of `folder/claims.jsonl` over `folder/sources.jsonl`. Raises GoldError."""
    try:
        claims, sources = (
            [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
            for name in ("claims", "sources")
        )
        texts = {source["id"]: source["text"] for source in sources}
        return [
            WiceClaim(line["id"], line["claim"], _runs(texts[line["source_id"]]), line["supported_bool"])
            for line in claims
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{folder}: cannot be used ({type(error).__name__}: {error}); correct its files or BENCH"
        raise GoldError(message) from error


def _runs(text: str) -> tuple[str, ...]:
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    last = max(1, len(sentences) - SENTENCES + 1)
    return tuple(" ".join(sentences[first : first + SENTENCES]) for first in range(last))


def support_section(settings: Settings, folder: Path, command: str) -> str:
    """The agreement of the checks with the labels, as Markdown. Raises AssistantError."""
    claims = read_claims(folder)
    reranker = remembered(
        load_reranker(settings.reranker, settings.cache, threads=settings.threads), settings
    )
    reader = load_reader(settings.reader, settings.cache, threads=settings.threads)
    rows = []
    for name, support in (
        ("support, as answers give it", support_of(reader, reranker)),
        ("the cross-encoder alone", support_of(None, reranker)),
    ):
        own = [max(support([(claim.text, run) for run in claim.runs])) for claim in claims]
        rows.append((name, best_threshold(claims, own), own))
    by_words = [max(overlap(claim.text, run) for run in claim.runs) for claim in claims]
    rows.append(("words, as the scorers check", SHARED, by_words))
    lines = []
    for name, threshold, scores in rows:
        halves = [balanced(claims, scores, threshold, chooses=half) for half in (True, False)]
        lines.append((name, f"{threshold:.3f}", *(half.decimals for half in halves)))
    other = sum(not claim.chooses for claim in claims)
    return "\n\n".join(
        (
            f"## Claim support on wice, {settings.reranker}",
            f"`{command}`",
            f"Balanced accuracy on {len(claims)} claims: half of them, {len(claims) - other}, to choose the "
            f"threshold on, the other {other} to go by. In brackets bootstrapped 95% intervals.",
            table(("check", "threshold", "chosen on", "other half"), lines),
        )
    )


def best_threshold(claims: Sequence[WiceClaim], scores: Sequence[float]) -> float:
    """The score from which on calling a claim supported is most often right, on the half that chooses."""
    candidates = sorted({score for claim, score in zip(claims, scores, strict=True) if claim.chooses})
    return max(candidates, key=lambda one: balanced(claims, scores, one, chooses=True).estimate)


def balanced(
    claims: Sequence[WiceClaim], scores: Sequence[float], threshold: float, *, chooses: bool
) -> Interval:
    """Balanced accuracy on one half: the mean of the shares of both kinds that are told right.

    Raises GoldError unless the half has claims of both kinds.
    """
    hits: dict[bool, list[float]] = {True: [], False: []}
    for claim, score in zip(claims, scores, strict=True):
        if claim.chooses == chooses:
            hits[claim.supported].append(float((score >= threshold) == claim.supported))
    if not hits[True] or not hits[False]:
        raise GoldError("a half of the claims has no supported or no unsupported ones; use more claims")
    return balanced_interval(list(hits.values()), seed=0)
