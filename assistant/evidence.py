"""Evidence: passages as a model reads them, each sentence with a number that a claim can name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assistant.articles import Article
from assistant.chunks import Chunk, heading, sentence_spans
from assistant.models.reranker import logit
from assistant.retrieval import Hit, Passage
from assistant.untrusted import is_instruction, neutral, visible

BESIDE = 0.05
"""What a sentence beside the answer is worth, as a probability: it tells who and when. Chosen on the dev
half of gold."""

LIKELY = 0.08
"""Share of the likeliest sentence's chance from which another is worth showing; chosen on the dev half of
gold."""

LESS, LESS_BESIDE = 1.5, 3.0
"""Logits of the reader by which a paragraph may stay behind the likeliest, to be quoted too: one of another
article, and one of the first's own article, which tells the same story; chosen likewise."""

_HEADING = re.compile(r"#{1,6} ")
_THOUSANDS = re.compile("(?<=\\d)[\u00a0\u2009\u202f](?=\\d{3}(?!\\d))")
"""Spaces between thousands, which would come apart as two numbers once they are ordinary ones."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a chunk: `article.text[start:end] == text`. Numbers count from 1."""

    number: int
    article: Article
    chunk: Chunk
    start: int
    end: int
    text: str
    chance: float = 0.0
    """How likely the answer stands here, from 0 to 1; 0 where no reader has read the chunk."""
    answer: str = ""
    """The words that the reader takes for the answer, where they stand in this sentence."""

    @property
    def place(self) -> tuple[str, int]:
        """Its article's id and where it starts there: the same sentence, however often it is read."""
        return self.article.id, self.start


def quotable(hits: Sequence[Hit]) -> list[Hit]:
    """The first hit, and those of the others that answer nearly as likely as the likeliest (`LESS`)."""
    chances = [logit(hit.reading.answers) if hit.reading else -LESS for hit in hits]
    best = max(chances, default=0.0)

    def least(hit: Hit) -> float:
        return best - (LESS_BESIDE if hit.article.id == hits[0].article.id else LESS)

    places = [place for place, hit in enumerate(hits) if not place or chances[place] >= least(hit)]
    return [hits[place] for place in places]


def choose(passages: Iterable[Passage], most: int) -> list[Hit]:
    """The `most` best hits that have a sentence to show: what a model reads, as reading takes it time."""
    hits = [hit for passage in passages for hit in passage.hits if number_sentences([hit])]
    return sorted(hits, key=lambda hit: -hit.score)[:most]


def number_sentences(hits: Iterable[Hit]) -> list[Sentence]:
    """The sentences of the hits' chunks, in their order, numbered through.

    Markdown headings say nothing and are left out, and so is what addresses a machine.
    """
    sentences: list[Sentence] = []
    for hit in hits:
        chunk = hit.chunk
        for start, end in sentence_spans(chunk.text):
            place = chunk.start + start, chunk.start + end
            if _HEADING.match(chunk.text, start) or is_instruction(hit.article.text, *place):
                continue
            number = len(sentences) + 1
            chance = hit.score * min(1.0, hit.reading.within(start, end) + BESIDE) if hit.reading else 0.0
            answer = hit.reading.words_in(chunk.text, start, end) if hit.reading else ""
            sentences.append(
                Sentence(number, hit.article, chunk, *place, chunk.text[start:end], chance, answer)
            )
    return sentences


def likely(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences that are not far less likely to hold the answer than the likeliest; all where none was
    read."""
    least = LIKELY * max((one.chance for one in sentences), default=0.0)
    return [one for one in sentences if one.chance >= least]


def render(sentences: Iterable[Sentence]) -> str:
    """What the model reads: each chunk under its article's headline and date, a numbered sentence a line."""
    lines: list[str] = []
    shown: Chunk | None = None
    for sentence in sentences:
        if sentence.chunk is not shown:
            if shown is not None:
                lines.append("")
            lines.append(f"Article: {plain(_heading(sentence.article))}")
            shown = sentence.chunk
        lines.append(f"{sentence.number}. {plain(sentence.text)}")
    return "\n".join(lines)


def _heading(article: Article) -> str:
    """Headline and date; without the headline where that addresses a machine."""
    return heading(replace(article, title="(no headline)") if is_instruction(article.title) else article)


def plain(text: str) -> str:
    """One line without what a reader would not see either, and without anything a model takes for control."""
    return re.sub(r"\s+", " ", visible(neutral(_THOUSANDS.sub(",", text)))).strip()
