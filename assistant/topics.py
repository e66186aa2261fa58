"""Topics: what a question is about, as a phrase of its own words.

Nothing here knows grammar. A phrase is a run of words between those that every question is made of, and the
topic is the first that the question brings up, rather than a side of what is known ("the main themes").
"""

from __future__ import annotations

import re

from assistant.surface import MONTHS

_VERBS = frozenset(
    "tell describe explain give show list name know mean say says said think happen happens happened get got "
    "go work works make made take took come came use used like please".split()
)
_PLAIN = _VERBS | frozenset(
    # question words, auxiliaries
    "what what's which who who's whom whose when where why how is are was were be been being am do does did "
    "done has have had will would can could shall should may might must isn't aren't wasn't weren't don't "
    "doesn't didn't "
    # pronouns, and what stands for a noun
    "i you he it we they me him us her them my your his its our their mine yours she this that these those "
    "there here one ones some any all both each every either other others another much many more most few "
    # prepositions, conjunctions, adverbs
    "in on at by for from to with without about as than into over after before between through during under "
    "against among since until besides versus vs per via of and or but so if because while not no yes also "
    "too still yet again ever never now then just really very well exactly actually ago soon later first "
    # what is said of the phrase before it, or in passing
    "long far often old famous known called according different important good best better bad ok okay oh "
    "thanks the a an".split()
)
"""Words that no phrase holds, but for those that join one."""

_LIGHT = re.compile(
    r"^(?:\S+ )*(?:types?|kinds?|meaning|purposes?|functions?|history|(?:dis)?advantages?|roles?|author"
    r"|causes?|symptoms|sources?|impact|effects?|importance|benefits?|creation|use|development|idea|concept)"
    r" of (?:the |an? )?"
)
"""What is asked of a thing, before the thing."""

_DETERMINERS = frozenset("a an the this that these those".split())
_AUXILIARIES = frozenset("do does did will would can could should may might has have had".split())
_WORD = re.compile(r"[€$£]?\w[\w.,’'&/-]*(?<![.,’'-])|\S")

_MONTH = "|".join(MONTHS)
_DAYS = rf"(?:\d{{1,2}} (?:to|and) )?\d{{1,2}} (?:{_MONTH})(?: \d{{4}})?\b"
DAY = re.compile(rf"\b\d{{1,2}} (?:{_MONTH})(?: \d{{4}})?\b", re.IGNORECASE)
_DATE = re.compile(rf"{DAY.pattern}|\b(?:{_MONTH})(?: \d{{4}})?\b|\b\d{{4}}\b", re.IGNORECASE)

_INTRODUCED = r"(?:\b(?:is|are|was|were|do|does|did|has|have|an?|about|happened to) |^)(?:an? )?(?<!the )"
"""Before a phrase without a capital that is brought up now."""
_FIRST = r"(?:\b(?:the|an?|is|are) )"
"""The same where nothing is known yet."""
_WHERE = r"\b(?:in|at|to|from|after|before|during|since) (?:the )?"
"""Before a place or an event that a question is not about, but about the thing that it puts there."""
_ARTICLE = re.compile(r"(?:the|an?) ", re.IGNORECASE)
_OBJECT = re.compile(
    r"^(?:and |so |but )?(?:what|which)\b.*?\b(?:did|do|does|has|have|had|will|would)\b", re.IGNORECASE
)
_NAME = re.compile(
    r"(?:\b(?P<before>the|in|into|at|to|from) )?\b(?P<name>[A-Z]\w+(?:[ -][A-Z]\w+)*)(?!\w|['’]s)"
)


def topic(question: str, *, known: bool = True) -> str:
    """The phrase that a question is about, with its article and its day.

    Empty where there is none, or where it may be a side of what is `known` by then.
    """
    introduced = _INTRODUCED if known else _FIRST
    passed = ""
    for phrase in phrases(question):
        about = _LIGHT.sub("", phrase)
        if passed and re.search(_WHERE + re.escape(about), question):
            return _as_it_stands(passed, question)
        brought_up = about != phrase or any(word[:1].isupper() for word in about.split())
        if brought_up or re.search(introduced + re.escape(about), question, re.IGNORECASE):
            return _as_it_stands(about, question)
        if re.search(rf"\bthe {re.escape(about)}", question):
            passed = passed or about
    return ""


def answered_topic(question: str, answer: str, *, known: bool = True) -> str:
    """What "it" means after an answer: what was asked for, if that begins the answer, else the topic."""
    first = phrases(answer.partition(". ")[0])[:1] if _ARTICLE.match(answer) else []
    if not _OBJECT.match(question) or (first and first[0].split()[-1] in question):
        return topic(question, known=known)
    return _ARTICLE.sub("the ", _as_it_stands(first[0], answer)) if first else ""


def people(text: str) -> list[str]:
    """The names that people may have: not those after an article, nor of where something is or goes."""
    found = []
    for match in _NAME.finditer(_DATE.sub("", text)):
        run = match["name"].split()
        while run and _lower(run[0]) in _PLAIN:
            run = run[1:]
        if run and not match["before"] and not run[0].isupper():
            found.append(" ".join(run))
    return found


def phrases(text: str) -> list[str]:
    """The noun phrases of a question in their order, without articles and dates."""
    words = _WORD.findall(_DATE.sub(";", text))
    found: list[list[str]] = []
    run: list[str] = []
    inverted = False
    for place, word in enumerate([*words, ";"]):
        after = next((one for one in words[place + 1 :] if one.lower() not in _DETERMINERS), ";")
        if _is_content(word) or (run and _joins(run, word, after)):
            run.append(word)
            continue
        in_passing = len(run) == 1 and place == 1 and word in ",.!?"
        if run and not in_passing:
            found.append(_without_verb(run, inverted=inverted and word.lower() not in _VERBS))
            inverted = False
        run = []
        inverted = inverted or word.lower() in _AUXILIARIES
    return [" ".join(run) for run in found]


def _joins(run: list[str], word: str, after: str) -> bool:
    """Whether a plain word goes on with a run: "head of the office", "Trump and Putin", "loan to Kyiv"."""
    if word in _DETERMINERS:
        return run[-1] == "of"
    capitals = run[-1][:1].isupper(), after[:1].isupper()
    joining = word == "of" or (word, *capitals) in (("and", True, True), ("to", False, True))
    return joining and _is_content(after)


def _lower(word: str) -> str:
    """In lower case, but for what is written in capitals: us, but US."""
    return word if len(word) > 1 and word.isupper() else word.lower().replace("’", "'")


def _is_content(word: str) -> bool:
    return (word[:1].isalnum() or word[:1] in "€$£") and _lower(word) not in _PLAIN


def _without_verb(run: list[str], *, inverted: bool) -> list[str]:
    """The noun that a run begins with: in "did Trump announce" it ends before the verb."""
    if inverted and run[0][:1].isupper():
        small = (at for at, word in enumerate(run) if word[:1].islower() and word not in ("of", "and", "the"))
        return run[: next(small, len(run))]
    verb = (inverted or run[-1].endswith("ed")) and len(run) > 1
    return run[:-1] if verb else run


def _as_it_stands(phrase: str, text: str) -> str:
    """The phrase as the text has it, with its article and its day."""
    pattern = rf"\b(?:(?:the|an?) )?{re.escape(phrase)}(?: (?:of|on|for) {_DAYS})?"
    found = re.search(pattern, text, re.IGNORECASE)
    return found.group() if found else phrase
