"""Voices: who said what a sentence reports, how surely, and whether a claim made from it still says so.

Pure functions over a claim and the sentence it cites. They know the forms that news is written in ("..., X
said", "according to X", "X told Y that ...") and no grammar. An attribution or a hedge concerns a claim that
takes most of its words from what is attributed or hedged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.catalogue import STOP_WORDS
from assistant.details import names
from assistant.surface import MONTHS, words

_PART = r"[A-Z][\w.’'&-]*"
_NAME = rf"{_PART}(?: (?:{_PART}|of|the|for))*(?<! of)(?<! the)(?<! for)"
_ROLE = (
    r"(?:[a-z]+ )?(?:officials?|sources?|spokes\w+|ministers?|ministry|diplomats?|aides?|reports?|media"
    r"|agency|newspaper|analysts?|experts?|witness(?:es)?)"
)
_MONTHS = "|".join(month.capitalize() for month in MONTHS)
_SOURCE = (
    rf"(?P<source>(?!(?:{_MONTHS})\b)(?:the )?{_NAME}(?: and {_NAME})?"
    rf"|(?:[Tt]he |[Aa]n? |[Tt]wo |[Ss]enior )?{_ROLE}|he|she|they|He|She|They)"
)
_VERB = (
    r"(?:said|says|told|added|adds|reported|reports|noted|notes|wrote|writes|claimed|claims|alleged|alleges"
    r"|argued|argues|warned|warns|stated|states|insisted|insists|suggested|suggests|believes?|conceded)"
)
_SPOKEN = re.compile(
    rf"(?<![\w’'-]){_SOURCE}(?:,[^,;]{{3,80}},)? (?:has |have |had |also |later |all |both )*"
    rf"(?P<verb>{_VERB})\b"
)
_ABBREVIATED = r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Lt|Gen|Col|Sen)|(?<=[A-Z]\.)[A-Z])\.(?= [A-Z])"
_ACCORDING = re.compile(rf"\b[Aa]ccording to (?P<source>(?:{_ABBREVIATED}|\.(?=\w)|[^,;.:()])+)")
_MARKER = re.compile(
    rf"\b(?:{_VERB}|saying|telling|reporting|according|citing|quot\w+|accus\w+|den(?:y|ies|ied)|calls?|called"
    r"|describ\w+|announc\w+|reportedly|allegedly)\b",
    re.IGNORECASE,
)
"""That a text is somebody's words in any way."""

_PRONOUNS = frozenset(("he", "she", "they"))
_TURNS = r";|,? \b(?:but|while|whereas|although)\b"
"""Where a sentence goes over to something else, which an attribution does not reach."""
_CLAUSE = re.compile(rf"{_TURNS}|:|, (?:and|which|who)\b|[\"“”]")

_INTENDS = r"(?:expect|intend|hope|want|plann?|propose|threaten|consider)(?:s|ed|d|ing)"
_HEDGE = re.compile(
    r"\b(?:may|might|could|[Rr]eportedly|[Aa]llegedly|alleged|purported(?:ly)?|supposed(?:ly)?|[Aa]pparently"
    r"|[Pp]ossibl[ey]|[Pp]otential(?:ly)?|[Pp]robably|(?:un)?likely|[Pp]erhaps|presumably|unconfirmed|suspected"
    r"|rumou?red|seem(?:s|ed)?|appear(?:s|ed)? to"
    rf"|{_INTENDS} to|(?:believed|thought|understood|said|reported|aim(?:s|ed|ing)) to)\b"
)
_CAUTION = re.compile(
    rf"{_HEDGE.pattern}|\b(?:would|should|if|whether|draft|(?:expect|inten|hope|want|plan|propos|threat|suggest"
    r"|possib|claim|consider)\w*|not (?:yet )?(?:certain|confirmed|clear))\b",
    re.IGNORECASE,
)
"""That a text does not state a plain fact, in whatever words: a claim need not repeat the sentence's own."""

MOST_WORDS = 8
"""Words of a source that can be added to a claim."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody whose words, or an outlet whose report, a part of a sentence is."""

    source: str
    said: str
    """What is attributed, as it stands in the sentence."""


def voices(sentence: str) -> list[Voice]:
    """Everybody that a sentence attributes something to, in order."""
    matches = [*_SPOKEN.finditer(sentence), *_ACCORDING.finditer(sentence)]
    found = []
    for match in sorted(matches, key=lambda one: one.start()):
        before, after = sentence[: match.start()], sentence[match.end() :]
        spoken = "verb" in match.groupdict()
        trails = _trails(before, after) if spoken else bool(before.strip())
        said = re.split(_TURNS, before)[-1] if trails else re.split(_TURNS + r"|, according to\b", after)[0]
        if words(said) or after.strip() == ":":
            found.append(Voice(match["source"].strip(), said))
    return found


_INTRODUCING = re.compile(
    r"(?:On|In|At|By|After|Before|During|Since|For|From|With|Under|Following|Asked|Speaking|However|Meanwhile"
    r"|Still|Also|Later|Earlier|Then|But|And|Yet|Instead|Additionally|Eventually|Finally|Initially|Previously"
    r"|Privately|Publicly|Recently|Separately|Similarly|Ultimately)\b(?:\W+\w+){0,7}\W*"
)
_WHEN_OR_WHERE = re.compile(r" (?:on|in|at|during|after|before|late|earlier|this|last)(?: \S+){1,4}")


def _trails(before: str, after: str) -> bool:
    """Whether "X said" stands behind what X said. Not behind "On Tuesday," which only introduces it."""
    if re.match(r"(?:[^,;]* )?that\b|[^,;]*[:\"“]", after):
        return False
    if re.search(r"[\"”] ?$", before):
        return True
    ended = not words(after) or after.lstrip()[0] in ",;." or bool(_WHEN_OR_WHERE.fullmatch(after))
    return bool(re.search(r", ?$", before)) and (ended or not _INTRODUCING.fullmatch(before))


def lost_voice(claim: str, sentence: str) -> Voice | None:
    """The first attribution that concerns the claim and is not in it.

    It is kept if the claim names the source, be it as the one who acts ("Putin called it constructive"), or
    has an attribution of its own where the sentence only has a pronoun.
    """
    for voice in voices(sentence):
        if _concerns(voice.said, claim, sentence) and not _names_source(claim, voice.source, sentence):
            return voice
    return None


def _names_source(claim: str, source: str, sentence: str) -> bool:
    mine = set(words(claim).split())
    if source.lower() in _PRONOUNS:
        known = set(words(sentence).split())
        return bool(_MARKER.search(claim)) or any(words(name) not in known for name in _all_names(claim))
    source = re.sub(r"^(?:[Tt]he|[Aa]n?) ", "", source)
    named = [part for name in _all_names(source) for part in words(name).split()]
    return bool(mine & set(named or _content(source)))


def _all_names(text: str) -> list[str]:
    """Names, with the word that the text starts with."""
    return names(f"so {text}")


def _concerns(part: str, claim: str, sentence: str) -> bool:
    """Whether a claim has more of its words from this part of a sentence than from the rest of it."""
    mine, inside, everywhere = _content(claim), _content(part), _content(sentence)
    return len(mine & inside) > len(mine & (everywhere - inside))


def _content(text: str) -> set[str]:
    return set(words(text).split()) - STOP_WORDS


def lost_hedge(claim: str, sentence: str) -> str:
    """The first hedge in the clauses that the claim is made from, where it has none itself; else empty."""
    if _CAUTION.search(claim):
        return ""
    mine = _content(claim)
    for clause in _CLAUSE.split(sentence):
        shared = mine & _content(clause)
        hedge = _HEDGE.search(clause)
        if hedge and 2 * len(shared) > len(mine):
            return hedge.group()
    return ""


def in_own_voice(claim: str, cited: Sequence[str]) -> str:
    """The claim, with the attributions and hedges of the sentences it cites.

    A lost name is added ("..., according to Axios"); what was surer than its sentence, or whose source cannot
    be named shortly, gives way to the sentence itself.
    """
    for sentence in cited:
        if lost_hedge(claim, sentence):
            return " ".join(cited)
    for sentence in cited:
        lost = lost_voice(claim, sentence)
        if lost is None:
            continue
        if lost.source.lower() in _PRONOUNS or len(lost.source.split()) > MOST_WORDS or _MARKER.search(claim):
            return " ".join(cited)
        stop = claim[-1] if claim.endswith((".", "!", "?")) else "."
        source = re.sub(r"^(The|An?|Two|Senior) ", lambda match: match.group().lower(), lost.source)
        bare = claim if re.search(r"\b[A-Z]\.[A-Z]\.$", claim) else claim.rstrip(".!?")
        claim = f"{bare}, according to {source}{stop}"
    return claim


_ALL_QUOTED = re.compile(r"[\"“][^\"“”]+[\"”][.!?]?")
_PRONOUN_SAID = re.compile(rf"(?<=[\"”] )(?:he|she)(?= (?:{_VERB})\b)")
_QUOTING = re.compile(r"[\"“][^\"“”]+[\"”]|:$")


def with_speaker(sentence: str, before: str) -> str:
    """A sentence that goes on quoting, with the name of who speaks where the sentence before it is certain.

    That is where a quotation stands there, or is announced by a colon, and one person alone is heard in it.
    """
    heard = voices(before)
    if len(heard) != 1 or heard[0].source.lower() in _PRONOUNS or not _QUOTING.search(before.strip()):
        return sentence
    if _ALL_QUOTED.fullmatch(sentence):
        return f"{heard[0].source}: {sentence}"
    return _PRONOUN_SAID.sub(heard[0].source, sentence, count=1)
