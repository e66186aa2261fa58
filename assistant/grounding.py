"""Grounding: what of a model's answer the articles really say.

A model names, for each claim, a sentence that it read. Here it is decided, by pure functions, whether that
sentence carries the claim: every number and date of the claim must stand in the sentence or beside it, every
name and every quoted word in its paragraph. A claim that names the wrong sentence is given the right one if
there is one; a claim that no sentence carries is dropped; one that stands says who said it, and is no surer
than its sentence (`voices`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from assistant.catalogue import STOP_WORDS
from assistant.chunks import heading
from assistant.details import (
    PUNCTUATION,
    QUOTED,
    QUOTED_LETTERS,
    amounts,
    denies,
    initials,
    knows,
    names,
    negated,
    quoted,
)
from assistant.evidence import Sentence, plain
from assistant.surface import MONTHS, acronyms, words
from assistant.voices import in_own_voice, with_speaker

QUOTE_MATCH = 85.0
"""Similarity (0 to 100) from which words in quotation marks are a misquote to be mended, not an invention."""

_SHORT = re.compile(r"\b[A-Z]{2,}\b")

RESTATED, OTHER = 85.0, 60.0
"""Similarities (0 to 100) from which a claim restates a sentence, and under which it says something else."""

Support = Callable[[list[tuple[str, str]]], list[float]]
"""Scores (claim, quote) pairs between 0 and 1: does the quote support the claim? Asked where their words
differ."""


@dataclass(frozen=True, slots=True)
class RawClaim:
    """What a model said, and the numbers of the sentences it named."""

    text: str
    sentences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grounded:
    """A claim with the sentences that carry it; none, and a reason, when it was dropped."""

    text: str
    sentences: tuple[Sentence, ...]
    support: float
    reason: str = ""


def ground(
    claims: Sequence[RawClaim], sentences: Sequence[Sentence], support: Support, question: str = ""
) -> list[Grounded]:
    """Every claim with what carries it, in order; a repeated claim comes once."""
    asked = frozenset(words(question).split())
    by_number = {sentence.number: sentence for sentence in sentences}
    grounded: list[Grounded] = []
    seen: set[str] = set()
    for claim in claims:
        text = plain(claim.text)
        key = words(text)
        if key and key not in seen:
            named = [by_number[number] for number in claim.sentences if number in by_number]
            one = _ground_one(text, named, sentences, support, asked)
            # It may have been put right into what another claim says.
            if not seen & {key, words(one.text)}:
                grounded.append(one)
            seen |= {key, words(one.text)}
    return grounded


def _ground_one(
    text: str, named: list[Sentence], sentences: Sequence[Sentence], support: Support, asked: frozenset[str]
) -> Grounded:
    text = mend_quotes(completed(text, named), sentences)
    if not content(text):
        return Grounded(text, (), 0.0, f"{text!r} says too little to be checked")
    missing = unsupported_details(text, named, sentences, asked) if named else ["so"]
    if missing:
        # The model may have named the wrong sentence: take the most similar one that carries every detail.
        others = sorted(sentences, key=lambda one: (-fuzz.token_set_ratio(text, one.text), one.number))
        for other in others[:5]:
            if not unsupported_details(text, [other], sentences, asked) and shares_words(text, other.text):
                named, missing = [other], []
                break
    else:
        named = _with_numbers(text, _restated(text, named, sentences, asked), sentences)
    if missing:
        details = ", ".join(missing)
        return Grounded(text, (), 0.0, f"no sentence that was read says {details}")
    text = _voiced(text, named, sentences)
    said = any(text == plain(sentence.text) for sentence in named)
    best = 1.0 if said else max(support([(text, sentence.text) for sentence in named]))
    return Grounded(text, tuple(named), best)


def _voiced(text: str, named: list[Sentence], sentences: Sequence[Sentence]) -> str:
    """The claim with who said it, and no surer than its sentences; a quotation going on gets its speaker."""
    cited = [plain(one.text) for one in named]
    if [text] != cited:
        return in_own_voice(text, cited)
    before = [plain(one.text) for one in sentences if _beside(named[0], one) and one.number < named[0].number]
    return with_speaker(text, before[0]) if before else text


def _restated(
    text: str, named: list[Sentence], sentences: Sequence[Sentence], asked: frozenset[str]
) -> list[Sentence]:
    """The named sentences, or the one that the claim plainly restates where the model miscounted."""
    claimed = words(text)
    likeness = {one.number: fuzz.token_set_ratio(claimed, words(one.text)) for one in sentences}
    closest = max(sentences, key=lambda one: (likeness[one.number], -one.number))
    miscounted = likeness[closest.number] >= RESTATED and all(likeness[one.number] < OTHER for one in named)
    return [closest] if miscounted and not unsupported_details(text, [closest], sentences, asked) else named


def _with_numbers(text: str, named: list[Sentence], sentences: Sequence[Sentence]) -> list[Sentence]:
    """The named sentences with those beside them that the claim has its numbers from, in order.

    A named sentence that holds none of the numbers gives way to the one that holds them all.
    """
    wanted = set(amounts(text))
    held = {number for one in named for number in amounts(one.text)}
    if wanted <= held:
        return named
    beside = [other for one in named for other in sentences if _beside(one, other)]
    carriers = [other for other in beside if (wanted - held) & set(amounts(other.text))]
    whole = [other for other in carriers if wanted <= set(amounts(other.text))]
    if whole and not wanted & held:
        return whole[:1]
    return sorted({one.number: one for one in [*named, *carriers]}.values(), key=lambda one: one.number)


def unsupported_details(
    text: str, named: Sequence[Sentence], sentences: Sequence[Sentence], asked: frozenset[str] = frozenset()
) -> list[str]:
    """The numbers, dates, names and quoted words of a claim that its sentences and what is round them lack.

    Numbers and dates must stand in a named sentence, one beside it, or its article's headline or date; names
    anywhere in its paragraph or headline, or, if the question brought them up (`asked`, plain words), in its
    article. Quoted words must stand verbatim in its paragraph.
    """
    near, paragraph = _near(named, sentences), _paragraphs(named)
    near_words, held = f" {words(near)} ", frozenset(amounts(near))
    missing = [amount for amount in amounts(text) if amount not in held]
    known, short_forms = frozenset(words(paragraph).split()), initials(paragraph)
    if asked:
        known |= asked & frozenset(words(" ".join(one.article.text for one in named)).split())
    capitals = set(_SHORT.findall(paragraph))
    shortened = {name for short, run in initials(text).items() if short.upper() in capitals for name in run}
    for name in [*_leading_name(text, sentences), *names(text)]:
        plain_name = words(name)
        # "23 April" is checked as a day above; a month alone must stand near, as a date's has to.
        stands = plain_name in near_words if plain_name in MONTHS else knows(plain_name, known)
        abbreviated = name.isupper() and plain_name in short_forms
        if not stands and not abbreviated and name not in shortened:
            missing.append(name)
    if contradicts(text, named, near):
        missing.append('"not"' if negated(text) else 'it without a "not"')
    flat = _flat(paragraph)
    missing += [quote for quote in quoted(text) if _flat(quote) not in flat]
    return missing


_FIRST = re.compile(r"[A-Z][\w'’-]*")


def _leading_name(text: str, sentences: Sequence[Sentence]) -> list[str]:
    """The word that a claim starts with, where an article that was read has it as a name."""
    first = _FIRST.match(text)
    word = re.sub(r"['’]s$", "", first[0]) if first else ""
    read = {one.chunk.text for one in sentences}
    return [word] if word and any(word in names(chunk) for chunk in read) else []


def contradicts(text: str, named: Sequence[Sentence], near: str) -> bool:
    """Whether a claim negates what nothing near denies, or drops the "not" of a sentence that it restates."""
    if negated(text):
        return not denies(near)
    return any(
        negated(one.text)
        and not denies(text)
        and fuzz.token_sort_ratio(words(text), words(one.text)) >= RESTATED
        for one in named
    )


FILLERS = STOP_WORDS | {"yes", "no", "not", "indeed", "true", "false", "correct"}


_CUT = re.compile(r"[\s:,]*[\"“‘']")


def completed(text: str, named: Sequence[Sentence]) -> str:
    """The whole sentence in place of a claim that repeats its beginning and breaks off before a quotation.

    In JSON a quotation mark that a model copies ends its text: 'and that his deadline was "when'.
    """
    for one in named:
        whole = plain(one.text)
        if whole.startswith(text.rstrip()) and _CUT.match(whole, len(text.rstrip())):
            return whole
    return text


def mend_quotes(text: str, sentences: Sequence[Sentence]) -> str:
    """The text with words in quotation marks as the articles have them, where they were only slightly off."""

    def mend(match: re.Match[str]) -> str:
        inner = match.group(1)
        if len(inner) < QUOTED_LETTERS:
            return match.group()
        for sentence in sentences:
            source = plain(sentence.text)
            if _flat(inner.strip(PUNCTUATION)) in _flat(source):
                return match.group()
        best = max(
            ((fuzz.partial_ratio_alignment(inner, plain(one.text)), one) for one in sentences),
            key=lambda pair: pair[0].score if pair[0] else 0.0,
            default=(None, None),
        )
        if best[0] is None or best[1] is None or best[0].score < QUOTE_MATCH:
            return match.group()
        source = plain(best[1].text)
        start, end = _whole_words(source, best[0].dest_start, best[0].dest_end)
        mended = source[start:end].strip(PUNCTUATION + '"“”')
        tail = inner[len(inner.rstrip(PUNCTUATION)) :]
        return f"{match.group()[0]}{mended}{tail}{match.group()[-1]}"

    return QUOTED.sub(mend, text)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def content(text: str) -> set[str]:
    """The plain words of a text that can be checked; "Yes, they did." has none."""
    return {word for word in words(text).split() if word not in FILLERS} | acronyms(text)


def shares_words(text: str, quote: str) -> bool:
    """Whether a third of the claim's words that can be checked stand in the quote."""
    mine = content(text)
    return len(mine & set(words(quote).split())) * 3 >= len(mine)


def _near(named: Iterable[Sentence], sentences: Sequence[Sentence]) -> str:
    parts = []
    for one in named:
        beside = [other.text for other in sentences if _beside(one, other)]
        parts += [heading(one.article), one.text, *beside]
    return " ; ".join(parts)


def _beside(one: Sentence, other: Sentence) -> bool:
    return other.chunk is one.chunk and abs(other.number - one.number) == 1


def _paragraphs(named: Iterable[Sentence]) -> str:
    return " ; ".join(f"{heading(one.article)} ; {one.chunk.text}" for one in named)


def _flat(text: str) -> str:
    """Letters and digits alone, so that spelling of dashes, spaces and quotation marks does not count."""
    return "".join(character for character in text.casefold() if character.isalnum())
