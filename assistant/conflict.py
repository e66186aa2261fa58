"""Conflict: articles, or outlets named in one article, that say different things of one thing.

Two signs are trusted. One article tells that accounts differ, or sets what one outlet says against what
another does ("AP put it at four hours, while Reuters said five"), where the answer stands. Or the likeliest
sentences of two articles, each of them somebody's account, give different values of the kind that the
question asks for. An older state that a newer one replaced is no conflict: see `changes`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, takewhile

from assistant.articles import Article
from assistant.chunks import heading
from assistant.details import knows, names, numbers
from assistant.evidence import Sentence, plain
from assistant.quantities import Asked, Value, asked_quantity, quantities
from assistant.sourcing import origins
from assistant.surface import holds, in_words, words

STANDS_HERE = 0.45
"""Chance that the answer stands in the sentences that set accounts against each other, from which they
answer; chosen on the dev half of gold."""

LIKELY = 0.2
"""Chance from which a sentence of an article is its account of what is asked; chosen likewise."""

SAME_TIME = 3
"""Days between two articles in which a number is taken not to change."""

LONG, EXCERPT = 40, 30
"""Words from which an account is cut, and words that it is cut to."""

MOST_WORDS = 6
"""Words of a name."""

MOST = 3
"""Sentences of one article that tell of a conflict."""

_DIFFER = re.compile(
    r"\b(?:accounts?|reports?|outlets?|versions?|estimates?|figures?|sources|counts|tallies|media|newspapers"
    r"|agencies)\b[^.;]{0,60}?\b(?:differ(?:s|ed|ent|ently)?|diverge[sd]?|disagree[ds]?|var(?:y|ied|ies)"
    r"|conflict(?:s|ing)?|contradict\w*|(?:do|does|did) not agree)\b"
    r"|\b(?:is|are|was|were) (?:disputed|contested)\b",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"[^\W\d_a-z][\w.-]*(?: [A-Z][\w.-]*)*|\w+\.\w+")
_THE = re.compile(r"^[Tt]he ")
_CONTRAST = re.compile(
    r";|\b(?:whereas|while|but|although|though|by contrast|in contrast|against|rather than|instead of)\b"
)
_OTHERS = re.compile(
    r"\b(?:another|others?|several|some) (?:outlet|report|site|account|source|newspaper|agenc|media)\w*"
    r"|\bothers\b",
    re.IGNORECASE,
)
_NAME = r"([A-Z][\w.]*(?: [A-Z][\w.]*)*)"
_ATTRIBUTED = re.compile(
    rf"\b(?:according to|reported by|cited by|quoted by) (?:the |an? )?{_NAME}"
    rf"|\b{_NAME}(?: \w+)? (?:put|timed|dated|counted|counts|estimated|gave|gives) "
)
_ONE_ACCOUNT = re.compile(
    r"\baccording to (?!(?:the )?(?:articles?|corpus|latest|press|reports?|sources)\b)"
    r"|\b(?:which|one|what) (?:outlet|newspaper|agency|site)\b"
    r"|\bwho (?:\w+ )?(?:said|told|called|described|warned|claimed|argued|insisted|dismissed|denied)\b"
)
_WHO = re.compile(r"\b(?:who|whom|whose|names? of)\b", re.IGNORECASE)
_NAME_ASKED = re.compile(
    r"\b(?:who|whom|whose|where)\b"
    r"|\b(?:what|which) (?!(?:is|are|was|were|do|does|did|has|had|have|will|would|can)\b)[a-z]+\b",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"\b(?:reach|rise|rising|risen|rose|grow|grew|fell|fall|climb|initial)\w*"
    r"|\b(?:now|so far|at least|stood at|later)\b"
    r"|\bby (?:\w+day|\d|noon|then|midnight)|\b(?:first|early) reports\b"
)
"""That a number is one of a time, and may be another soon after."""

_SEVERAL = re.compile(r"\b(?:each|both|respectively|versus|vs|against|compared?|comparison)\b")


def conflict(question: str, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences that give differing accounts of what is asked, in the order of reading; empty if none do.

    Sentences without a chance, which no reader has read, are not judged. Nor is a question about one outlet's
    account, or one that asks for several things, whose answers differ anyway.
    """
    if _SEVERAL.search(words(question)):
        return []
    return _within_an_article(question, sentences) or _between_articles(question, sentences)


def byline(sentence: Sentence) -> str:
    """What stands before an account: its article's date, and its outlet where it is the only one and the
    sentence names none, as "3 December 2025, Reuters: "."""
    article = sentence.article
    outlets = {source.outlet for source in article.sources}
    about = [in_words(article.published)] if article.published else []
    if len(outlets) == 1 and not authors(sentence.text, article):
        about += outlets
    return f"{', '.join(about)}: " if about else ""


def excerpt(sentence: Sentence) -> str:
    """The sentence, or of one too long to stand beside another the words around its likeliest answer."""
    text = plain(sentence.text)
    listed = text.split()
    if len(listed) <= LONG:
        return text
    before = text.partition(plain(sentence.answer))[0] if sentence.answer else ""
    start = max(0, min(len(before.split()) - EXCERPT // 2, len(listed) - EXCERPT))
    end = start + EXCERPT
    shown = " ".join(listed[start:end])
    return f"{'… ' if start else ''}{shown}{' …' if end < len(listed) else ''}"


def authors(text: str, article: Article) -> dict[str, int]:
    """Whose account a text gives, each with where it is named: outlets of its article, or whoever "put it at"
    something."""
    listed = {source.outlet for source in article.sources}
    # The Guardian, of "Guardian live blog (mirror)".
    short = {
        match[0] for outlet in listed | origins(listed) if (match := _CAPITALS.match(_THE.sub("", outlet)))
    }
    found = {one: match.start() for one in short if (match := _whole(one).search(text))}
    for match in _ATTRIBUTED.finditer(text):
        found.setdefault(match[1] or match[2], match.start())
    return found


@lru_cache(maxsize=4096)  # re's own cache is too small for the outlets of a corpus
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def _within_an_article(question: str, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The likeliest run of sentences that sets accounts against each other, if the answer stands there."""
    asked = asked_quantity(question)
    best: list[Sentence] = []
    for _, chunk in groupby(sentences, key=lambda one: one.chunk.id):
        for run in _contrasts(list(chunk)):
            outlets = {outlet for one in run for outlet in authors(one.text, one.article)}
            if (
                _fits(question, asked, " ".join(one.text for one in run), outlets)
                and not _of_one_account(question, outlets)
                and _chance(run) > _chance(best)
            ):
                best = run
    return best if _chance(best) >= STANDS_HERE else []


def _fits(question: str, asked: Asked | None, text: str, outlets: Iterable[str]) -> bool:
    """Whether accounts may differ in what the question asks for: two values of its kind, or two persons.

    A number often goes without what it counts: "how many differs: Sputnik says seven, the other eight".
    """
    if asked and asked.kind != "date":
        bare = {number for number in numbers(text) if number.replace(".", "").isdigit()}
        return len(bare) > 1 and (asked.kind == "count" or bool(quantities(text, asked)))
    if asked:
        return len(_apart(text, asked)) > 1
    if not _WHO.search(question):
        return True
    known = frozenset(words(f"{question} {' '.join(outlets)}").split())
    return len([name for name in names(text) if not knows(words(name), known)]) > 1


def _contrasts(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Runs of a paragraph's sentences that tell of differing accounts."""
    place = 0
    while place < len(sentences):
        one = sentences[place]
        length = 1
        if _DIFFER.search(one.text):
            behind = sentences[place + 1 : place + MOST]
            told = len(_sources(one)) > 1 or ":" in one.text
            length += 0 if told else len(behind[:1]) + len(list(takewhile(_sources, behind[1:])))
        elif not _opposed(one):
            length = 0
        if length:
            yield list(sentences[place : place + length])
        place += max(1, length)


def _sources(sentence: Sentence) -> list[int]:
    """Where the sentence names outlets."""
    others = [match.start() for match in _OTHERS.finditer(sentence.text)]
    return sorted([*authors(sentence.text, sentence.article).values(), *others])


def _opposed(sentence: Sentence) -> bool:
    """Whether it names outlets on both sides of a word such as "while"."""
    places = _sources(sentence)
    marks = [match.start() for match in _CONTRAST.finditer(sentence.text)]
    return any(places[0] < mark < places[-1] for mark in marks) if places else False


def _chance(run: Sequence[Sentence]) -> float:
    return sum(one.chance for one in run)


def _apart(text: str, asked: Asked) -> list[Value]:
    """The values of a text that are not the same as one before."""
    apart: list[Value] = []
    for value in quantities(text, asked):
        if not any(value.same(other) for other in apart):
            apart.append(value)
    return apart


def _between_articles(question: str, sentences: Sequence[Sentence]) -> list[Sentence]:
    """A sentence for each of the differing values that different outlets give, the earliest first.

    The likeliest value is among them: else the others are of something else.
    """
    asked = asked_quantity(question)
    if not asked and not _NAME_ASKED.search(question):
        return []
    told = [one for one in sentences if one.chance >= LIKELY and _values(one, asked)]
    told.sort(key=lambda one: (-one.chance, one.number))
    for first in told:
        if first is not told[0] and _differ(told[0], first, asked):
            continue
        found = [first]
        for other in told:
            if all(_accounts_differ(one, other, asked, question) for one in found):
                found.append(other)
        if len(found) > 1 and _on_its_days(question, found):
            return sorted(found, key=lambda one: one.article.published or dt.date.max)
    return []


def _values(sentence: Sentence, asked: Asked | None) -> list[Value]:
    """The values of the kind that is asked for; of a name, what the reader takes for the answer."""
    if asked:
        return quantities(sentence.text, asked)
    answer = words(sentence.answer)
    return [Value("name", 0.0, answer)] if answer and len(answer.split()) <= MOST_WORDS else []


def _differ(one: Sentence, other: Sentence, asked: Asked | None) -> bool:
    """Whether they give different values and none that is the same."""
    pairs = [(mine, theirs) for mine in _values(one, asked) for theirs in _values(other, asked)]
    return any(mine.differs(theirs) for mine, theirs in pairs) and not any(a.same(b) for a, b in pairs)


def _accounts_differ(one: Sentence, other: Sentence, asked: Asked | None, question: str) -> bool:
    """Whether two sentences are accounts of the same, at the same time, by different outlets, and differ."""
    if one.article.id == other.article.id or not _same_time(one, other, asked):
        return False
    first, second = _authors(one), _authors(other)
    if not first or not second or first & second or _of_one_account(question, first | second):
        return False
    return _named(question, one) == _named(question, other) and _differ(one, other, asked)


def _authors(sentence: Sentence) -> set[str]:
    """The outlets that a sentence names, else its article's only one; without any, the article."""
    article = sentence.article
    named = set(authors(sentence.text, article))
    outlets = {source.outlet for source in article.sources}
    if named or len(outlets) == 1:
        return named or outlets
    return set() if outlets else {article.id}


def _same_time(one: Sentence, other: Sentence, asked: Asked | None) -> bool:
    """Whether no change can lie between two articles: how long something took does not change any more."""
    first, second = one.article.published, other.article.published
    if asked and asked.kind == "duration":
        return True
    if asked and asked.kind != "date" and (_PASSING.search(one.text) or _PASSING.search(other.text)):
        return False
    if first is None and second is None:
        return True
    return first is not None and second is not None and abs(first - second).days <= SAME_TIME


def _named(question: str, sentence: Sentence) -> set[str]:
    """The names in the question that the sentence's paragraph or headline holds: what it is about."""
    about = frozenset(words(f"{heading(sentence.article)} ; {sentence.chunk.text}").split())
    return {name for name in names(question) if knows(words(name), about)}


def _on_its_days(question: str, accounts: Sequence[Sentence]) -> bool:
    """Whether one of the accounts is about each day that the question names."""
    about = " ; ".join(f"{heading(one.article)} ; {one.chunk.text}" for one in accounts)
    return {day for day in numbers(question) if not day[-1].isdigit()} <= set(numbers(about))


def _of_one_account(question: str, outlets: Iterable[str]) -> bool:
    """Whether the question asks what one outlet or person says."""
    return bool(_ONE_ACCOUNT.search(question.casefold())) or any(holds(question, one) for one in outlets)
