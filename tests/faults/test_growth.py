"""Whatever a text is made of, reading it takes time in proportion to its length.

`GROWTH=1000000` tries texts of a million characters; without it they have at most a hundred thousand.
"""

import io
import json
import os
import time
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest

from assistant.answering import evidence, generate, short, verify
from assistant.corpus.article import Article, Source
from assistant.corpus.chunking import sentence_spans, split_article
from assistant.corpus.fields import article_dates, making
from assistant.corpus.near_duplicates import trigrams
from assistant.corpus.readers.pdf import paragraphs
from assistant.corpus.readers.piece import Piece
from assistant.corpus.readers.registry import read
from assistant.corpus.report import PassedOver, Report
from assistant.corpus.whole.boilerplate import Boilerplate
from assistant.corpus.whole.suspects import suspicion
from assistant.evaluation.scorers import answer_quality, matching
from assistant.injection import scan
from assistant.models.chat.structured_output import Reply
from assistant.schema import Tokens
from assistant.text import dates, languages, normalize, numbers

pytestmark = pytest.mark.slow

LONGEST = int(os.environ.get("GROWTH", "100000"))
MOST_GROWTH = 30
"""Of ten times the text; ten and what a busy machine adds."""
SHORT = 0.1
"""Seconds of the processor that tell nothing."""

SHAPES = {
    "no spaces": "a",
    "spaces": " ",
    "new lines": "\n",
    "blank lines": "\n \r\n",
    "comments": "<!-- -->",
    "open comments": "<!--",
    "open tags": "<a ",
    "tags": "<p>",
    "brackets": "[",
    "parentheses": "( ",
    "braces": "{",
    "markers": "[1.1",
    "quotes": '"',
    "low quotes": "“",
    "apostrophes": "' ",
    "digits": "1",
    "numbers": "1,000 ",
    "dots": ".",
    "initials": "A.",
    "dashes": "– ",
    "rules": "---\n",
    "fields": "title: a\n",
    "marks": "\u0316\u0301",
    "entities": "&amp;",
    "ampersands": "&",
    "percent": "%4",
    "days": "1 may ",
    "different days": "".join(f"{n % 28 + 1} {dates.MONTHS[n % 12]} {1900 + n // 84} " for n in range(8400)),
    "sentences": "The ship came. ",
    "ideographs": "中",
    "orders": "system: ",
    "turns": "user:\n",
    "letters": "i ",
    "links": "![a](http:",
    "hidden": "\U000e0041",
}


def in_file(suffix: str, before: str = "", behind: str = "") -> Callable[[str], object]:
    def reads(text: str) -> None:
        data = f"{before}{text}{behind}".encode()
        report = Report()
        piece = Piece("a", suffix, f"a{suffix}", lambda: io.BytesIO(data), report, {})
        for raw in read(piece):
            try:
                making.article_of(raw, report, {})
            except PassedOver as error:
                report.passed_over(str(error), suffix, error.why)

    return reads


def in_json(suffix: str, wrap: Callable[[dict[str, str]], object]) -> Callable[[str], object]:
    names = ("title", "text", "date", "outlet", "author", "url", "id", "language", "content_html")
    reads = in_file(suffix)
    return lambda text: reads(json.dumps(wrap(dict.fromkeys(names, text))))


def boilerplate(text: str) -> None:
    counts = Boilerplate()
    article = Article("a", text, text, sources=(Source(text),))
    counts.count(article)
    counts.decide()
    counts.without(article)


def scanned(text: str) -> None:
    scan._instructions_in.cache_clear()
    scan.without_instructions(text)


def sentences(text: str) -> None:
    article = Article("a", "A ship", text)
    passage = SimpleNamespace(article=article, start=0, end=len(text), text=text, hits=())
    evidence.render(evidence.sentences_of(passage, 1))  # type: ignore[arg-type]


def drafted(text: str) -> None:
    generate.parse_draft(Reply(f"It is so. {text}", Tokens(), None, "text"))
    generate.clean(text)


DAY = date(2025, 11, 26)
SHIP = Article("a", "A ship", "The ship came on 26 November with 31,000 tonnes.")
SENTENCE = evidence.Sentence("1.1", SHIP, 0, len(SHIP.text), SHIP.text)

FUNCTIONS: dict[str, Callable[[str], object]] = {
    "text": in_file(".txt"),
    "Markdown": in_file(".md"),
    "YAML": in_file(".md", "---\ntitle: a", "\n---\nA ship came.\n"),
    "YAML without an end": in_file(".md", "---\nheadline: @a\nlist:\n - "),
    "TOML": in_file(".md", '+++\ntitle = "a'),
    "JSON above": in_file(".md", '{"title": "'),
    "mbox": in_file(".mbox", "From a@b.example Mon 2020\nSubject: a\n\nA ship.\n\nFrom "),
    "XML": in_file(".xml"),
    "table": in_file(".csv", "title,text,date\n"),
    "cell": in_file(".csv", 'title,text,date\na,"'),
    "JSON": in_file(".json"),
    "JSON array": in_file(".json", "["),
    "JSON values": in_file(".json", '["a",', "1]"),
    "JSON Lines": in_file(".jsonl", '{"text": "a"}\n'),
    "PDF": paragraphs,
    "a date": article_dates.day_of,
    "a date in a name": article_dates.day_in_name,
    "an outlet": making.outlet_name,
    "boilerplate": boilerplate,
    "suspicion": lambda text: suspicion(Article("a", text, text)),
    "trigrams": trigrams,
    "sentence spans": sentence_spans,
    "chunks": lambda text: split_article(Article("a", "A", text), 160),
    "visible": scan.visible,
    "words": normalize.words,
    "acronyms": normalize.acronyms,
    "markers": normalize.without_markers,
    "a day": dates.parse_day,
    "language": languages.is_english,
    "bigrams": languages.bigrams,
    "number of words": languages.count_words,
    "plain": evidence.plain,
    "counted": answer_quality.counted,
    "without markers": matching.without_markers,
}
SLOWER: dict[str, Callable[[str], object]] = {
    "JSON Feed": in_json(
        ".json", lambda item: {"version": "https://jsonfeed.org/version/1", "items": [item]}
    ),
    "chunks in German": lambda text: split_article(Article("a", "A", text, language="de"), 160),
    "neutral": scan.neutral,
    "words and dates": lambda text: normalize.words(text, dates=True),
    "holds": lambda text: normalize.holds(text, "90bn"),
    "amounts": numbers.amounts,
    "as of": lambda text: dates.day_asked_as_of(f"{text} as of {text}", DAY),
    "draft": drafted,
    "RTF": in_file(".rtf", "{\\rtf1 {\\title a"),
    "feed": in_file(
        ".rss", "<rss><channel><item><title>a</title><description>", "</description></item></rss>"
    ),
    "JSON fields": in_json(".json", lambda fields: fields),
    "JSON Lines' fields": in_json(".jsonl", lambda fields: fields),
    "injection": scanned,
    "unconfirmed in a source": lambda text: numbers.unconfirmed(SHIP.text, [numbers.CitedText(text, DAY)]),
    "unconfirmed in a claim": lambda text: numbers.unconfirmed(text, [numbers.CitedText(SHIP.text, DAY)]),
    "question times": lambda text: dates.question_times(f"What happened in May? {text}", DAY),
    "sentences": sentences,
    "quotations": lambda text: verify.misquoted(f'He said "{text}", ‘{text}’ and „{text}“.', [SHIP.text]),
    "quotations in a source": lambda text: verify.misquoted('He said "it came".', [text]),
    "exact checks": lambda text: verify.check_exactly(
        verify.Drafted(text, ("1.1",)), {"1.1": SENTENCE}, computed=False
    ),
    "words of an answer": matching.words,
    "held": lambda text: matching.holds(text, "90bn"),
    "nearness": lambda text: short.nearness(text, text, "What came?"),
    "HTML": in_file(".html"),
    "HTML head": in_file(
        ".html", "<html><head><title>", "</title></head><body><p>A ship came.</p></body></html>"
    ),
    "HTML meta": in_file(".html", "<meta name=author content='", "'><article><p>A ship came.</p></article>"),
    "HTML text": in_file(".html", "<html><body><article><p>", "</p></article></body></html>"),
    "mail": in_file(".eml", "Subject: a\nDate: 1 May 2020\n\n"),
    "mail's head": in_file(".eml", "Subject: a\nFrom: ", "\n\nA ship came.\n"),
    "mail's subject": in_file(".eml", "Date: 1 May 2020\nSubject: ", "\n\nA ship came.\n"),
    "mail in HTML": in_file(".eml", "Subject: a\nContent-Type: text/html\n\n<p>"),
    "saved page": in_file(".mhtml", "Subject: a\nContent-Type: text/html\n\n<p>"),
}
"""What takes longer for a character, mostly in libraries: these are tried with a tenth of the text."""


def growth(function: Callable[[str], object], longest: int) -> list[str]:
    """The shapes for which the function takes far more than ten times as long for ten times the text."""
    return [name for name, shape in SHAPES.items() if not _is_linear(function, shape, longest)]


def _is_linear(function: Callable[[str], object], shape: str, longest: int) -> bool:
    """Tried again, three times at most, only where it does not look so at once."""
    text, longer = ((shape * (size // len(shape) + 1))[:size] for size in (longest // 10, longest))
    before = after = float("inf")
    for _ in range(3):
        after = min(after, _seconds(function, longer))
        if after <= SHORT:
            return True
        before = min(before, _seconds(function, text))
        if after <= MOST_GROWTH * before:
            return True
    return False


def _seconds(function: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    function(text)
    return time.process_time() - start


@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_with_the_length_of_a_text(name: str) -> None:
    FUNCTIONS[name]("A ship came.")  # what is imported and compiled at first is no growth
    assert not growth(FUNCTIONS[name], LONGEST)


@pytest.mark.parametrize("name", SLOWER)
def test_time_grows_with_the_length_of_a_shorter_text(name: str) -> None:
    SLOWER[name]("A ship came.")
    assert not growth(SLOWER[name], LONGEST // 10)


def test_a_growing_time_is_noticed() -> None:
    def squared(text: str) -> None:
        for _ in range(len(text) // 10):
            text.count("b")

    def doubled(text: str) -> None:
        for _ in range(10):
            text.count("b")

    assert not _is_linear(squared, "a", 100_000)
    assert _is_linear(doubled, "a", 100_000)
