"""Context: a question that follows up, said so that it can be understood alone.

    Who quit in November?  Andriy Yermak resigned.  ─┐
    Who replaced him?                               ─┴─► Who replaced Andriy Yermak?

A pronoun is replaced by what the conversation is centred on, where one thing can be meant; a question that
names nothing is told what it is about; one that points back in another way has the question before it in
brackets. The centre is a simple form of B. Grosz, A. Joshi and S. Weinstein, "Centering: A Framework for
Modeling the Local Coherence of Discourse", Computational Linguistics 21 (1995): a turn is about what it names
first, and what a pronoun stands for stays in the centre.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from assistant.details import names, numbers, stands_alone
from assistant.errors import ModelError
from assistant.evidence import plain
from assistant.interface import Tokens
from assistant.models.chat import model_errors, tokens_of
from assistant.prompts import Prompt
from assistant.surface import without_markers, words
from assistant.topics import DAY, answered_topic, people, phrases, topic

MOST_WORDS = 60
"""A model's rewriting that is longer than this is no question."""

SHORT = 30
"""Words of an answer that is repeated with its question: a long one says more than what is pointed at."""

_THING = re.compile(r"(?<!n't )(?<!n’t )\b(?:it|its|they|them|their)\b(?!['’])", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:he|him|his|she|her|hers)\b(?!['’])", re.IGNORECASE)
_PLURAL = frozenset(("they", "them", "their"))
_POSSESSIVE = frozenset(("its", "their", "his", "her", "hers"))
_THAT_DAY = re.compile(r"\b(before|until) (?:that|then)\b(?! [a-z])", re.IGNORECASE)
_CLAUSE = re.compile(r"[,.?!;]| (?:and|but|if|when|because)\b", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:this|that|these|those|there|then|same|former|latter|else|another|ones?)\b|\bso(?=[,.?!]|$)"
    r"|^(?:and|but|so)? ?(?:what|how) about\b|^and (?!(?:who|what|when|where|why|how|which)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the same conversation, with its answer and the ids of the articles it cites."""

    question: str
    answer: str
    articles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Centre:
    """What a conversation is about by now; empty where that is not certain."""

    thing: str = ""
    person: str = ""
    day: str = ""
    """The only day that the last turn names."""


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question, so that it can be understood and searched for without the turns before it, oldest first.

    One that stands alone is left as it is: the words of an earlier topic would only lead away from it.
    """
    if not history or stands_alone(question):
        return question
    centre = centre_of(history)
    text, resolved = _resolved(plain(question), centre)
    if _POINTING.search(text) or not (resolved or centre.thing):
        asked, _ = _resolved(plain(history[-1].question), centre_of(history[:-1]))
        answered = plain(without_markers(history[-1].answer))
        short = len(answered.split()) <= SHORT
        return f"{text} (Before: {f'{asked} {answered}'.strip() if short else asked})"
    return text if resolved or names(text) else f"{text} (about {centre.thing})"


def centre_of(history: Sequence[Turn]) -> Centre:
    """What a conversation is about after these turns, oldest first."""
    centre = Centre()
    for turn in history:
        question, answer = plain(turn.question), plain(without_markers(turn.answer))
        thing = "" if _THING.search(question) else answered_topic(question, answer, known=bool(centre.thing))
        person = centre.person
        if question.lower().startswith("who") or not _PERSON.search(question):
            # Where several are named, none of them is certain, nor is anybody from before.
            person = _person(question, answer) or ("" if people(question) else person)
        days = DAY.findall(question) or DAY.findall(answer)
        centre = Centre(thing or centre.thing, person, days[0] if len(days) == 1 else "")
    return centre


def _person(question: str, answer: str) -> str:
    """Whom "he" or "she" means: who a who-question was answered with or who alone is named, else who the
    answer begins with."""
    named, answered = people(question), people(answer.partition(". ")[0])[:1]
    if question.lower().startswith("who"):
        return "".join(answered)
    if not named and answered and " " in answered[0] and answer.startswith(answered[0]):
        return answered[0]
    return named[0] if len(named) == 1 else ""


def _resolved(text: str, centre: Centre) -> tuple[str, bool]:
    """The question with the first pronoun of each kind replaced, and whether it has some and none is left."""
    if centre.day:
        text = _THAT_DAY.sub(rf"\g<1> {centre.day}", text)
    done = []
    for pattern, antecedent in ((_PERSON, centre.person), (_THING, centre.thing)):
        found = pattern.search(text)
        if not found:
            continue
        before, pronoun, after = text[: found.start()], found.group().lower(), text[found.end() :]
        *clauses, _ = _CLAUSE.split(before)
        if topic("; ".join(clauses)):  # the question names it itself
            done.append(True)
        elif antecedent and (pattern is _PERSON or _agrees(pronoun, antecedent)):
            text = f"{before}{_in_place(pronoun, antecedent, after)}{after}"
            done.append(True)
        else:
            done.append(False)
    return text, bool(done) and all(done)


def _agrees(pronoun: str, thing: str) -> bool:
    """Whether a pronoun and a thing are both of one or of several, as far as the thing's last word tells."""
    several = " and " in thing or (thing.endswith("s") and not thing.endswith("ss"))
    return several == (pronoun in _PLURAL) or thing.rsplit(maxsplit=1)[-1][:1].isupper()


def _in_place(pronoun: str, antecedent: str, after: str) -> str:
    """The antecedent in the form that stands for the pronoun; "her" owns what follows it, if anything."""
    if pronoun not in _POSSESSIVE or (pronoun == "her" and not re.match(r" \w", after)):
        return antecedent
    return f"{antecedent}'" if antecedent.endswith("s") else f"{antecedent}'s"


def condense(
    model: BaseChatModel, model_name: str, prompt: Prompt, question: str, history: Sequence[Turn]
) -> tuple[str, Tokens]:
    """The standalone question as a language model words it, and what that took; as `standalone` words it
    where the model fails or loses a name, a number or half of what the question says."""
    by_rules = standalone(question, history)
    if by_rules == question:
        return question, Tokens()
    turns = [
        f"Question: {plain(turn.question)}\nAnswer: {plain(without_markers(turn.answer))}" for turn in history
    ]
    given = {"conversation": "\n".join(turns), "question": plain(question)}
    try:
        with model_errors(model_name):
            message = (prompt.template | model).invoke(given)
    except ModelError:
        return by_rules, Tokens()
    reply = plain(message.text).strip('" ')
    return reply if keeps(question, reply) else by_rules, tokens_of(message)


def keeps(question: str, rewritten: str) -> bool:
    """Whether a rewriting is short, and keeps the question's names and numbers and half of what it says."""
    there = set(words(rewritten).split())
    exact = {part for name in names(question) for part in words(name).split()}
    said = {part for phrase in phrases(question) for part in words(phrase).split()}
    return (
        0 < len(rewritten.split()) <= MOST_WORDS
        and exact <= there
        and set(numbers(question)) <= set(numbers(rewritten))
        and 2 * len(said & there) >= len(said)
    )
