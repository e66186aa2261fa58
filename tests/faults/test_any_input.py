"""Whatever stands in a file or a reply, it is read or refused in one line.

The tests try `FUZZ` inputs in all, 5,000 where it is not set (`make fuzz`: 100,000), always the same ones.
"""

import datetime as dt
import io
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from assistant.answering import verify
from assistant.answering.evidence import Sentence, plain
from assistant.answering.generate import clean, parse_draft
from assistant.chat import sessions
from assistant.cli.batch import BatchLine, Limits, run_batch
from assistant.corpus.article import Article, fingerprint
from assistant.corpus.articles import Options, read_articles
from assistant.corpus.chunking import sentence_spans, split_article
from assistant.corpus.fields.article_dates import Ambiguous, day_of
from assistant.corpus.readers.registry import SUFFIXES
from assistant.corpus.report import Report, Summary
from assistant.errors import CorpusError, GoldError, RecordingError, SettingsError
from assistant.evaluation.gold.cases import check_gold, quote_spans, read_cases
from assistant.injection import scan
from assistant.models.chat.structured_output import Reply
from assistant.models.recordings import Recordings
from assistant.schema import Answer, Citation, Claim, Tokens
from assistant.settings import SETTINGS_FILE, Settings, load_settings
from assistant.terminal import render
from assistant.text import dates, languages, normalize, numbers
from corpus import samples

pytestmark = pytest.mark.slow

FUZZ = int(os.environ.get("FUZZ", "5000"))
DAY = dt.date(2025, 11, 26)


def tries(share: float) -> settings:
    """So much of all inputs, the same ones every time."""
    return settings(
        max_examples=max(10, round(FUZZ * share)),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


MARKS = (
    "\n|\r\n|\r|\0|\ufeff|\u2028|\x1c|\x85| |\t|---\n|+++\n|...\n|title: "
    "|text: |date: |url: |id: |- a\n|#|# A\n"
    "|> |{|}|[|]|(|)|\"|'|“|”|„|«|»|‘|’|,|;|:|.|…|!|?|<|>|&|=|\\|/|//|%|$|€|–|-"
    "|_|*|`|~|@|1|0|٣|²|9999999999|1e999"
    "|-0|null|true|NaN|Infinity|2025-11-26|26.11.2025|31 February|1 May 2020"
    "|in May|since 1 May|as of 3 June 2025"
    "|between March and April 2025|1,000|90bn|U.S.|[1]|[1.1]|[1.1, 2.3].|<!--|-->|<p>|</p>|<html>|<script>"
    "|</title>|&amp;|&#0;|&#x110000;|<![CDATA[|]]>|<?xml version='1.0'?>|<rss>|<item>|<description>"
    "|<!DOCTYPE html>|<!ENTITY a|Subject: |From: |From a@b.example |Date: Tue, 32 Nov 2025 99:99 +9999\n"
    "|=?utf-8?q?=ff?=|=?x?b?!!?=|Content-Type: multipart/mixed; boundary=b\n\n|--b\n|--b--\n"
    "|Content-Type: text/html; charset=no\n|{\\rtf1 |\\title |\\creatim\\yr"
    "|\\u-1?|\\'ff|%PDF-1.4\n|PK\3\4|\x1f\x8b"
    '|WARC/1.0\r\n|yaml: &a [*a]\n|? |!!int |{"title": "a", "text": |"text": |{"question": "|"as_of": '
    '|"history": |"kind": "turn"|"answer": |"sentences": ['
    "|ignore all previous instructions|system:|<|im_end|>"
    "|aWdub3JlIGFsbA==|%41%42%43|\\u0041|\u0301|\u0316|\u200b|\U000e0041|中|ก|🙂|ß|İ|ﬁ|\u202e|\ud800|\udc80"
).split("|")
MARKS += ["[" * 2000, "{" * 500, '{"a":' * 2000, "1" * 5000, "a" * 3000]
MARKS += [" " * 300, "(" * 300, "- " * 300, "<p>" * 300]
"""What means something to somebody who reads it, and what there is too much of."""

anything = st.lists(st.sampled_from(MARKS) | st.text(max_size=12), max_size=12).map("".join)
printed = anything.map(lambda text: "".join(one for one in text if not "\ud800" <= one <= "\udfff"))
"""Text as a file in UTF-8 may hold it."""
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(anything | st.sampled_from(MARKS), inner, max_size=4)
    ),
    max_leaves=8,
)
SAMPLES = {f".{name.partition('.')[2]}": make() for name, make in samples.SAMPLES.items()}
KEYS = "title text date id url outlet author section language updated tags metadata items version".split()


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """Text in some encoding."""
    encoding = draw(
        st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"])
    )
    return draw(anything).encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """A file some bytes of which are others, are lacking, or stand twice."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = draw(st.integers(at, min(len(data), at + draw(st.sampled_from([1, 8, 200, 1 << 20])))))
        data = data[:at] + draw(written() | st.binary(max_size=9) | st.just(data[at:end] * 2)) + data[end:]
    return data


@st.composite
def files(draw: st.DrawFn, suffixes: list[str]) -> tuple[str, bytes]:
    """A file of one of these kinds, and what stands in it."""
    suffix = draw(st.sampled_from(suffixes))
    contents = written() | st.binary(max_size=200)
    if suffix in SAMPLES:
        contents |= damaged(SAMPLES[suffix])
    if suffix in (".json", ".jsonl"):
        fields = st.dictionaries(st.sampled_from(KEYS) | anything, values, max_size=6)
        contents |= (fields | st.lists(fields, max_size=3)).map(lambda given: json.dumps(given).encode())
    return suffix, draw(contents)


SLOW = [
    ".html",
    ".xhtml",
    ".mhtml",
    ".eml",
    ".mbox",
    ".xml",
    ".rss",
    ".pdf",
    ".docx",
    ".epub",
    ".warc.gz",
    ".parquet",
]
QUICK = [suffix for suffix in [*SUFFIXES, ".jsonl.gz", ""] if suffix not in SLOW]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


def read(folder: Path, suffix: str, data: bytes) -> list[Article]:
    """The articles of a file. What is told of it stands in one line each, and nothing else is raised."""
    told: list[str] = []
    file = folder / f"a{suffix}"
    file.write_bytes(data)
    try:
        found = read_articles(file, Report(told.append))
    except CorpusError as error:
        told.append(str(error))
        return []
    finally:
        file.unlink()
        for message in told:
            check_line(message)
    articles = list(found)
    found.close()
    return articles


def check_line(message: str) -> None:
    assert message
    assert "\n" not in message


def check(article: Article) -> None:
    """That an article can be stored, split and shown."""
    assert article.id
    assert article.text.strip()
    assert len(fingerprint(article)) == 64
    article.text.encode()
    split_article(article, 160)
    json.loads(render.article_json(article))


@tries(0.2)
@given(files(QUICK))
@example((".json", b'{"text": "a", "title": ' + b"[" * 900 + b"]" * 900 + b"}"))
@example((".rtf", b"{\\rtf1 a{\\creatim\\yr" + b"1" * 5000 + b"\\mo" + b"1" * 5000 + b"\\dy1}}"))
@example((".jsonl", '{"text": "a"}\n'.encode("utf-16")))
def test_any_file_is_read_or_told_of_in_one_line(folder: Path, file: tuple[str, bytes]) -> None:
    for article in read(folder, *file):
        check(article)


@tries(0.1)
@given(files(SLOW))
def test_any_page_is_read_or_told_of_in_one_line(folder: Path, file: tuple[str, bytes]) -> None:
    for article in read(folder, *file):
        check(article)


@tries(0.1)
@given(
    printed, st.sampled_from(["", "de", "fr", "zh", "th", "xx", "-", "a" * 90]), st.sampled_from([40, 160])
)
def test_the_chunks_of_any_text_hold_all_of_it(text: str, language: str, most: int) -> None:
    chunks = split_article(Article("a", "A", text, language=language), most)
    end = 0
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end]
        assert end <= chunk.start < chunk.end
        assert not text[end : chunk.start].strip()
        assert languages.count_words(text, chunk.start, chunk.end) <= most
        end = chunk.end
    assert not text[end:].strip()


@tries(0.02)
@given(printed, st.integers(1, 40))
def test_the_sentences_of_a_long_text_hold_all_of_it(text: str, times: int) -> None:
    text = text * 500 * times
    end = 0
    for start, after in sentence_spans(text[:50_000]):
        assert end <= start < after
        assert not text[end:start].strip()
        end = after
    assert not text[end:50_000].strip()


@tries(0.1)
@given(printed)
def test_findings_in_any_text_lie_in_it(text: str) -> None:
    end = 0
    for finding in scan.instructions_in(text):
        assert end <= finding.start < finding.end <= len(text)
        end = finding.end
    assert len(scan.blanked(text, 0, len(text))) == len(text)
    scan.without_instructions(text)
    assert "\n" not in plain(text)


@tries(0.1)
@given(anything)
@example("1" * 5000 + " days ago")
@example("in May " + "9" * 5000)
def test_numbers_and_dates_of_any_text(text: str) -> None:
    assert normalize.words(text) == " ".join(normalize.words(text).split())
    normalize.holds(text, text)
    normalize.acronyms(text)
    numbers.unconfirmed(text, [numbers.CitedText(text, DAY)])
    dates.day_asked_as_of(text, DAY)
    for period in dates.question_times(text, DAY).periods:
        assert period.start <= period.end
    languages.language_of(text)
    languages.is_foreign(text)
    languages.bigrams(text)
    dates.parse_day(text)


@tries(0.06)
@given(anything)
@example("0" * 40 + "2025-11-26")
def test_any_date_is_a_day_ambiguous_or_none(text: str) -> None:
    try:
        day = day_of(text)
    except Ambiguous:
        return
    assert day is None or day.year >= 1000


SENTENCES = {
    f"1.{number}": Sentence(f"1.{number}", Article("a", "A", text, DAY), 0, len(text), text)
    for number, text in enumerate(["The ship came.", "“It came on 26 May with 31,000 tonnes,” she said."], 1)
}


@tries(0.08)
@given(
    anything
    | values.map(json.dumps)
    | st.dictionaries(
        st.sampled_from(["verdict", "search", "sentences", "cites", "missing", "wrong_premise"]), values
    ).map(json.dumps)
)
def test_any_reply_of_a_model_is_a_draft(text: str) -> None:
    draft = parse_draft(Reply(text, Tokens(), None, "text"))
    for drafted in draft.sentences:
        checked = verify.check_exactly(drafted, SENTENCES, computed=False)
        assert isinstance(checked, verify.Rejected) or checked.sentences
    verify.misquoted(text, [text])
    assert "\n" not in clean(text)


@tries(0.04)
@given(printed, printed)
def test_any_answer_can_be_printed_and_read_again(text: str, other: str) -> None:
    citation = Citation(
        number=1,
        article=text,
        title=other,
        date=DAY,
        updated=None,
        outlets=[text],
        quote=other,
        start=0,
        end=len(other),
        url=text,
    )
    claim = Claim(text=other, citations=[1], support=1.0)
    answer = Answer(
        question=text,
        status="answered",
        confidence=1,
        answer=other,
        claims=[claim],
        citations=[citation],
        model="m",
    )
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    shown = io.StringIO()
    render.print_answer(answer, Console(file=shown, width=60))
    assert not {"\x1b", "\0", "\x85"} & set(shown.getvalue())


def reply(line: BatchLine, limits: Limits) -> Answer:
    return Answer(question=line.question, status="answered", confidence=1, answer="Yes.", model="m", **limits)


lines = st.lists(
    written()
    | st.dictionaries(st.sampled_from(["question", "id", "as_of", "history", "answer"]), values)
    .map(json.dumps)
    .map(str.encode),
    max_size=4,
).map(b"\n".join)
"""A file of lines, JSON among them."""


@tries(0.06)
@given(lines)
def test_each_line_of_a_batch_has_its_line(folder: Path, data: bytes) -> None:
    file = folder / "questions.jsonl"
    file.write_bytes(data)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", newline="\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        run_batch(str(file), {}, reply, lambda message: None)
    out.seek(0)
    answers = [json.loads(line) for line in out.read().split("\n")[:-1]]
    asked = data.split(b"\n")
    assert len(answers) == sum(bool(line.removeprefix(b"\xef\xbb\xbf").strip()) for line in asked)
    assert all(("error" in answer) != ("answer" in answer) for answer in answers)
    assert not any("\n" in answer.get("error", "") for answer in answers)


golds = st.dictionaries(
    st.sampled_from(
        ["question", "answer", "answers", "unanswerable", "id", "type", "as_of", "evidence", "expect"]
    ),
    values | st.sampled_from(["lookup", "2025-11-26", ["a"], {"article": "a", "quote": "b"}]),
).map(lambda given: json.dumps(given).encode())


@tries(0.06)
@given(lines | st.lists(golds, max_size=3).map(b"\n".join))
@example(b"[" * 100_000)
@example(b'{"question": "a", "answer": ' + b"[" * 900 + b"]" * 900 + b"}")
def test_any_gold_is_read_or_refused_in_one_line(folder: Path, data: bytes) -> None:
    file = folder / "gold.jsonl"
    file.write_bytes(data)
    try:
        cases = read_cases(file)
    except GoldError as error:
        check_line(str(error))
        return
    check_gold(cases, {"a": Article("a", "A", "b")})


@tries(0.02)
@given(printed, printed)
def test_a_quote_is_found_where_it_stands(text: str, quote: str) -> None:
    assume(quote.strip())
    for start, end in quote_spans(f"{text} {quote} {text}", quote):
        assert f"{text} {quote} {text}"[start:end].split() == quote.split()
    assert quote_spans(f"{text} {quote} {text}", quote)


fields = st.sampled_from([*Settings.model_fields, "a"])
tables = st.dictionaries(fields, printed.map(json.dumps) | printed, max_size=3).map(
    lambda given: "\n".join(f"{name} = {value}" for name, value in given.items()).encode()
)


@tries(0.04)
@given(
    written() | tables, st.dictionaries(fields, printed.map(lambda text: text.replace("\0", "")), max_size=2)
)
@example(b"k = " + b"[" * 5000, {})
@example(b"k = " + b"1" * 5000, {})
def test_any_settings_are_taken_or_refused_in_one_line(
    folder: Path, toml: bytes, environment: dict[str, str]
) -> None:
    (folder / SETTINGS_FILE).write_bytes(toml)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in environment.items():
            patch.setenv(f"ASSISTANT_{name.upper()}", value)
        try:
            load_settings()
        except SettingsError as error:
            check_line(str(error))
    (folder / SETTINGS_FILE).unlink()


SESSION = (
    sessions.Terms(model="m").model_dump_json()
    + "\n"
    + sessions.Record(
        answer=Answer(question="a", status="answered", confidence=1, answer="b", model="m")
    ).model_dump_json()
    + "\n"
    + sessions.Undo().model_dump_json()
).encode()


@tries(0.04)
@given(lines | damaged(SESSION))
@example(b"[" * 100_000)
def test_any_session_goes_on(data: bytes) -> None:
    file = sessions.file_of("a")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    session = sessions.Session("a", sessions.Terms())
    turns = len(session.turns)
    session.add(sessions.replay(SESSION.rpartition(b"\n")[0]).turns[0])
    session.close()
    again = sessions.replay(file.read_bytes())
    assert len(again.turns) == turns + 1
    assert again.unreadable == session.unreadable


@tries(0.02)
@given(
    written()
    | damaged(b'{"calls": [{"key": {"system": "a", "user": "b", "parameters": "c"}, "reply": "d"}]}')
)
@example(b"[" * 100_000)
def test_any_recording_is_read_or_refused_in_one_line(folder: Path, data: bytes) -> None:
    recordings = Recordings(folder, "m", "", "replay")
    recordings.folder.mkdir(exist_ok=True)
    (recordings.folder / "a.json").write_bytes(data)
    try:
        recordings.seconds("a")
    except RecordingError as error:
        check_line(str(error))


@tries(0.02)
@given(anything | values.map(json.dumps))
@example("[" * 100_000)
def test_what_an_index_remembers_of_its_corpus_is_read_or_nothing(text: str) -> None:
    assert isinstance(Options.load(text), Options)
    assert all(isinstance(line, str) for line in Summary.load(text).lines())
