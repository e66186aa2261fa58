"""The JSON that `ask` and `search` print and that servers give, as pydantic models: a versioned contract with
whoever reads it.

Scores, support and confidence lie between 0 and 1, higher is better. `start` and `end` are character offsets
into the article's text as stored in the index: `text[start:end] == quote` always holds.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION = 2

AbstentionReason = Literal["nothing-relevant", "not-stated", "unsupported", "unclear-question"]
Status = Literal["answered", "partly", "conflicting", "abstained"]
CheckedBy = Literal["model", "exact", "verbatim"]


class Strict(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Citation(Strict):
    """A verbatim quote in a dated article."""

    number: int = Field(ge=1)
    article: str
    title: str
    date: dt.date | None
    updated: dt.date | None = None
    """The day its text was last changed, where that is later than `date`."""
    outlets: list[str]
    quote: str
    start: int
    end: int
    url: str | None


class Checks(Strict):
    """What a sentence was checked by: code (`exact`), and the strongest judge of its meaning (`by`)."""

    exact: bool = True
    support: float = Field(default=1.0, ge=0, le=1)
    by: CheckedBy = "verbatim"


class Claim(Strict):
    """One sentence of the answer, and the numbers of the citations it rests on; why it was dropped, if so."""

    text: str
    citations: list[int]
    support: float = Field(ge=0, le=1)
    checks: Checks = Checks()
    reason: str = ""


class Abstention(Strict):
    """Why there is no answer."""

    reason: AbstentionReason
    message: str


class AnswerPassage(Strict):
    """A passage that was found for the question; `also_in` names articles that hold a near copy."""

    article: str
    date: dt.date | None
    start: int
    end: int
    score: float = Field(ge=0, le=1)
    also_in: list[str] = []


class AnswerWarning(Strict):
    """Something the reader should know: about the article named, or about the whole answer."""

    article: str | None = None
    code: str
    message: str


class Seconds(Strict):
    """Wall-clock seconds of each stage."""

    retrieve: float = 0.0
    generate: float = 0.0
    ground: float = 0.0
    total: float = 0.0


class Tokens(Strict):
    """What the language model read and wrote."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(prompt=self.prompt + other.prompt, completion=self.completion + other.completion)


class Cost(Strict):
    """What the tokens cost, at the prices of the settings."""

    currency: str = "USD"
    amount: float


class Answer(Strict):
    """What `ask --json` prints."""

    version: int = VERSION
    question: str
    rewritten: str | None = None
    as_of: dt.date | None = None
    status: Status
    abstention: Abstention | None = None
    confidence: float = Field(ge=0, le=1)
    answer: str
    missing: str | None = None
    """What the articles do not say, of an answer that is `partly`."""
    premise: str | None = None
    """What the articles say against what the question takes for granted."""
    claims: list[Claim] = []
    dropped: list[Claim] = []
    citations: list[Citation] = []
    nearest: list[Citation] = []
    passages: list[AnswerPassage] = []
    corpus_ends: dt.date | None = None
    warnings: list[AnswerWarning] = []
    model: str
    seconds: Seconds = Seconds()
    tokens: Tokens = Tokens()
    rounds: int = 1
    """How often passages were read for an answer."""
    searches: list[str] = []
    """What was searched for, in order."""
    cost: Cost | None = None


class StageRanks(Strict):
    """1-based ranks of a passage after each stage; None where the stage did not hold it."""

    dense: int | None = None
    lexical: int | None = None
    fused: int | None = None
    reranked: int | None = None


class SearchPassage(Strict):
    """One passage of `search --json`; `ranks` only with `--explain`."""

    article: str
    title: str
    date: dt.date | None
    start: int
    end: int
    text: str
    score: float = Field(ge=0, le=1)
    also_in: list[str] = []
    ranks: StageRanks | None = None


class SearchAnswer(Strict):
    """What `search --json` prints."""

    version: int = VERSION
    query: str
    as_of: dt.date | None = None
    passages: list[SearchPassage]
    warnings: list[AnswerWarning] = []
    seconds: Seconds = Seconds()


class ArticleSource(Strict):
    """Where an article's facts come from."""

    outlet: str
    url: str | None


class ArticleEntry(Strict):
    """An article without its text; `length` counts the characters of that."""

    article: str
    title: str
    date: dt.date | None
    section: str
    sources: list[ArticleSource]
    url: str | None
    length: int


class ArticleList(Strict):
    """A page of the articles that may be seen, the newest first and those without a date last.

    `total` counts them on all pages; `next_offset` is where the next page begins, None on the last.
    """

    version: int = VERSION
    total: int
    offset: int
    next_offset: int | None
    articles: list[ArticleEntry]
    corpus_ends: dt.date | None
    warnings: list[AnswerWarning] = []


class ArticleText(ArticleEntry):
    """`text` is the article's from `start` to `end`; `next_start` is where what follows begins, None at the
    end of the article."""

    version: int = VERSION
    start: int
    end: int
    next_start: int | None
    text: str
    warnings: list[AnswerWarning] = []
