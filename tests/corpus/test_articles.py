"""Reading a corpus: every format, ids and order, dates, and what is broken, named with its line."""

import datetime as dt
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.corpus.articles import Article, Source, corpus_stamp, fingerprint, read_corpus
from assistant.corpus.readers.registry import SUFFIXES
from assistant.errors import CorpusError

ROOT = Path(__file__).parents[2]
DAY = dt.date(2025, 11, 26)


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def lines(*fields: object) -> str:
    return "".join(json.dumps(line) + "\n" for line in fields)


def read_one(path: Path) -> Article:
    (article,) = read_corpus(path, strict=True)
    return article


def read_with_problems(path: Path) -> tuple[list[str], list[str]]:
    """The ids read and the problems told, their paths cut to what stands below the corpus."""
    problems: list[str] = []
    articles = read_corpus(path, on_skip=problems.append)
    assert all("\n" not in problem for problem in problems)
    return [article.id for article in articles], [p.removeprefix(f"{path}/") for p in problems]


def test_importing_loads_no_parser() -> None:
    heavy = ("trafilatura", "frontmatter", "yaml", "charset_normalizer", "lxml")
    code = f"import assistant.corpus.articles, sys; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "[]\n"


# Formats


def test_markdown(tmp_path: Path) -> None:
    head = (
        "title: 'Talks:  resumed'\ndate: 2025-11-26\nsection: talks\nurl: https://example.org/1\nsources:\n"
        "  - outlet: AP\n    url: https://ap.example/a\n  - Reuters\n  - https://www.dpa.example/b\n"
        "  - outlet: AFP\n    url: null\n"
    )
    path = write(tmp_path / "talks.md", f"---\n{head}---\n\n# Not the title\n\nThey met.\n\n---\n\nLater.\n")
    assert read_one(path) == Article(
        id="talks",
        title="Talks: resumed",
        text="# Not the title\n\nThey met.\n\n---\n\nLater.",
        published=DAY,
        section="talks",
        sources=(
            Source("AP", "https://ap.example/a"),
            Source("Reuters"),
            Source("dpa.example", "https://www.dpa.example/b"),
            Source("AFP"),
        ),
        url="https://example.org/1",
    )


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Intro.\n\n# The heading\n\nText.", "The heading"),
        ("---\ndate: 2025-11-26\n---\n# The heading\nText.", "The heading"),
        ("\n\n---\ntitle: After blank lines\n---\nText.", "After blank lines"),
        ("---\ntitle: 1984\n---\nText.", "1984"),
        ("---\ntitle: Yes\n---\nText.", "Yes"),
        ("---\ntitle: ~\n---\nText.", "stem"),
        ("---\n# nothing but a remark\n---\nText.", "stem"),
        ("## Not of the first level\nText.", "stem"),
    ],
)
def test_markdown_titles(tmp_path: Path, content: str, title: str) -> None:
    assert read_one(write(tmp_path / "stem.markdown", content)).title == title


def test_ids_in_front_matter_are_kept_as_written(tmp_path: Path) -> None:
    assert read_one(write(tmp_path / "x.md", "---\nid: 007\n---\nText.")).id == "007"


@pytest.mark.parametrize(
    ("content", "title"), [("A headline\n\nText.\n", "A headline"), ("A long sentence. " * 20, "note")]
)
def test_plain_text(tmp_path: Path, content: str, title: str) -> None:
    article = read_one(write(tmp_path / "note.txt", content))
    assert article == Article(id="note", title=title, text=content.removesuffix("\n"))


PAGE = """<!doctype html><html><head><title>Talks in Geneva</title>{head}
<script>var tracking = "script words";</script><style>p {{ color: red }}</style></head><body>
<nav><a href="/">Navigation words</a></nav><article><h1>Talks in Geneva</h1>
<p>Delegations met on Sunday in Geneva to discuss the plan, and they stayed until the evening.</p>
<p>They agreed on an updated framework, as Zürich’s observers said after the session had ended.</p>
</article><footer>Copyright 2020 Footer words</footer></body></html>"""
META = """<meta property="og:site_name" content="The Daily"><link rel="canonical" href="https://daily.example/g">
<meta property="article:published_time" content="2025-11-26T22:10:00Z">"""


def test_html(tmp_path: Path) -> None:
    article = read_one(write(tmp_path / "geneva.html", PAGE.format(head=META)))
    assert article == Article(
        id="geneva",
        title="Talks in Geneva",
        text=article.text,
        published=DAY,
        sources=(Source("The Daily", "https://daily.example/g"),),
        url="https://daily.example/g",
    )
    paragraphs = article.text.split("\n\n")
    assert paragraphs[-2].startswith("Delegations met")
    assert paragraphs[-1].startswith("They agreed")
    for stripped in ("script words", "color", "Navigation words", "Footer words"):
        assert stripped not in article.text


def test_html_takes_no_date_from_a_copyright_notice_and_none_from_the_clock(tmp_path: Path) -> None:
    write(tmp_path / "undated.htm", PAGE.format(head=""))
    write(tmp_path / "later.htm", PAGE.format(head=META.replace("2025", "2071")))
    later, undated = read_corpus(tmp_path)
    assert undated.published is None
    assert later.published == DAY.replace(year=2071)


def test_html_in_its_declared_encoding(tmp_path: Path) -> None:
    page = PAGE.format(head='<meta charset="windows-1252">').encode("cp1252")
    assert "Zürich’s" in read_one(write(tmp_path / "a.html", page)).text


def test_json_lines(tmp_path: Path) -> None:
    full = {
        "id": 7,
        "title": "T",
        "text": "Text.",
        "date": "2025-11-26",
        "source": "AP",
        "url": "https://ap/7",
    }
    empty = {"title": "E", "text": "Text.", "date": "", "source": "", "url": "", "section": None, "more": []}
    listed = {
        "id": "s",
        "text": "A headline\nText.",
        "sources": [{"outlet": "AP"}, "Reuters"],
        "section": "x",
    }
    path = write(tmp_path / "wire.jsonl", b"\xef\xbb\xbf" + f"{lines(full)}\n{lines(empty, listed)}".encode())
    assert read_corpus(path, strict=True) == [
        Article("7", "T", "Text.", DAY, sources=(Source("AP", "https://ap/7"),), url="https://ap/7"),
        Article(
            "s", "A headline", "A headline\nText.", section="x", sources=(Source("AP"), Source("Reuters"))
        ),
        Article("wire-3", "E", "Text."),
    ]


# Text


def test_text_is_untouched_but_for_newlines_and_outer_blank_lines(tmp_path: Path) -> None:
    stored = "\ufeff\r\n \r\n  indented\x1b[31m\u2028\xa0x \rend  \t\r\n\r\n \n"
    for name in ("a.md", "b.txt"):
        assert read_one(write(tmp_path / name, stored)).text == "  indented\x1b[31m\u2028\xa0x \nend  \t"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_plain_text_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    text = "café “quoted” – it’s 5 € now, said the café’s owner"
    path = write(tmp_path / "a.txt", text.encode(encoding))
    problems: list[str] = []
    (article,) = read_corpus(path, on_skip=problems.append)
    assert article.text == text
    # A byte-order mark is a declaration; without one the encoding is a guess, and said to be one.
    guessed = [problem for problem in problems if "not UTF-8, read as" in problem]
    assert (len(problems), len(guessed)) == ((0, 0) if encoding == "utf-16" else (1, 1))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.booleans())
def test_any_text_comes_back_from_json_lines(
    tmp_path_factory: pytest.TempPathFactory, text: str, escaped: bool
) -> None:
    line = json.dumps({"id": "x", "title": "T", "text": f"a{text}z"}, ensure_ascii=escaped)
    path = write(tmp_path_factory.getbasetemp() / "given.jsonl", line)
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    assert read_one(path).text == f"a{normal}z"
    write(path, json.dumps({"id": "x", "title": "T", "text": text}, ensure_ascii=escaped))
    if text.strip():
        alone = read_one(path).text
        assert alone.strip() == normal.strip()
        assert alone in normal
    else:
        with pytest.raises(CorpusError, match="has no text"):
            read_corpus(path)


@settings(max_examples=300)
@given(
    st.binary() | st.builds(lambda a, b: b"---\n" + a + b"\n---\n" + b, st.binary(), st.binary()),
    st.sampled_from([*SUFFIXES, ".jsonl.gz", ".md.gz"]),
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = write(tmp_path_factory.getbasetemp() / f"bytes{suffix}", data)
    with suppress(CorpusError):
        assert all(article.text.strip() for article in read_corpus(path))


# Which files, which ids, which order


def test_ids_order_and_ignored_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.md", "a/z.md", "a/b/c.d.txt", "C.MD", "a/.hidden.md", ".git/x.md", "notes.css", "README"):
        write(tmp_path / name, "Text.")
    write(tmp_path / "a/wire.ndjson", lines({"text": "One."}, {"text": "Two.", "id": "aa"}))
    expected = ["C", "a/b/c.d", "a/wire-1", "a/z", "aa", "b"]
    articles = read_corpus(tmp_path, strict=True)
    assert [article.id for article in articles] == expected
    assert articles[1].title == "Text."
    walk = os.walk

    def reversed_walk(*args: object, **options: object) -> object:
        for folder, folders, names in walk(*args, **options):  # type: ignore[call-overload]
            yield folder, folders, names[::-1]

    monkeypatch.setattr(os, "walk", reversed_walk)
    assert read_corpus(tmp_path, strict=True) == articles


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    write(tmp_path / "corpus/a.md", "Text.")
    write(tmp_path / "elsewhere/b.md", "Text.")
    (tmp_path / "corpus/linked.md").symlink_to(tmp_path / "elsewhere/b.md")
    (tmp_path / "corpus/folder").symlink_to(tmp_path / "elsewhere")
    # Two loops: followed blindly, they would make 2**40 folders before the system gives up.
    for name in ("back", "again"):
        (tmp_path / "elsewhere" / name).symlink_to(tmp_path / "corpus")
    (tmp_path / "corpus/dangling.md").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "corpus/pipe.txt")
    ids, problems = read_with_problems(tmp_path / "corpus")
    assert ids == ["a", "folder/b", "linked"]
    assert problems == [
        f"{name}: not a file, or a broken link; remove it" for name in ("dangling.md", "pipe.txt")
    ]


def test_the_second_of_two_articles_with_one_id_is_called_otherwise(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "Text.")
    write(tmp_path / "a.txt", "Other text.")
    write(tmp_path / "wire.jsonl", lines({"id": "a-2", "text": "Third."}, {"id": "a", "text": "Fourth."}))
    told: list[str] = []
    articles = {article.id: article.text for article in read_corpus(tmp_path, on_skip=told.append)}
    assert articles == {"a": "Text.", "a-2": "Third.", "a-3": "Other text.", "a-4": "Fourth."}
    named = "both have the id 'a'; the second is called"
    assert told == [
        f"{tmp_path}/a.md and {tmp_path}/a.txt {named} 'a-3' here",
        f"{tmp_path}/a.md and {tmp_path}/wire.jsonl:2 {named} 'a-4' here",
    ]
    with pytest.raises(CorpusError, match=named):
        read_corpus(tmp_path, strict=True)


def test_no_such_path_and_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere: cannot be read \(No such file or directory\); correct"):
        read_corpus(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match=r"no readable article; put articles there, such as \.md, "):
        read_corpus(tmp_path)
    with pytest.raises(CorpusError, match=r"no readable article: .*\.xyz is not read; convert it to \.md, "):
        read_corpus(write(tmp_path / "a.xyz", "Text."))
    (tmp_path / "a.xyz").unlink()
    with pytest.raises(CorpusError, match=r"no readable article: .*a\.md: is empty; write"):
        read_corpus(write(tmp_path / "a.md", "\n"))


# Dates


@pytest.mark.parametrize(
    "date",
    [
        "2025-11-26",
        "2025-11-26T23:30:00Z",
        "2025-11-26 23:30:00.5+02:00",
        "26 November 2025",
        "26 Nov 2025",
        "November 26, 2025",
        "Wednesday, 26 November 2025",
        "Wed, 26 Nov 2025 23:30:00 GMT",
        "Wed, 26 Nov 2025 23:30:00 +0100",
    ],
)
def test_dates(tmp_path: Path, date: str) -> None:
    assert read_one(write(tmp_path / "a.md", f"---\ndate: {date}\n---\nText.")).published == DAY
    assert read_one(write(tmp_path / "b.jsonl", lines({"text": "Text.", "date": date}))).published == DAY


@pytest.mark.parametrize("date", ["2025-13-45", "31/31/2025", "2025", "yesterday", "soon"])
def test_dates_not_understood(tmp_path: Path, date: str) -> None:
    path = write(tmp_path / "a.md", f"---\ndate: {date}\n---\nText.")
    message = f"{path}: date '{date}' not understood, treated as undated; write YYYY-MM-DD"
    problems: list[str] = []
    (article,) = read_corpus(path, on_skip=problems.append)
    assert (article.published, problems) == (None, [message])
    with pytest.raises(CorpusError) as raised:
        read_corpus(path, strict=True)
    assert str(raised.value) == message


# Broken articles

LOST: dict[str, tuple[str | bytes, str]] = {
    "bare.md": (
        "---\ntitle: A\n---\n \n",
        "bare.md: has no text (keys: title); the text goes under 'text', or",
    ),
    "binary.txt": (bytes(range(256)) * 9, "binary.txt: unknown encoding; convert it to UTF-8"),
    "empty.txt": ("\ufeff\r\n", "empty.txt: is empty; write an article or remove the file"),
    "page.html": ("<html><script>x</script></html>", "page.html: no article text in this page; save"),
    "json.jsonl": (lines({"text": "A."}) + "\n{oops}\n", "json.jsonl:3: not JSON (Expecting property name"),
    "scalar.jsonl": ("[]", "scalar.jsonl:1: not a JSON object; write {"),
    "deep.jsonl": ("[" * 200_000, "deep.jsonl: JSON that is too large or too deep; write JSON Lines"),
    "open.json": ('[{"text": "A."}', "open.json: the array does not end; the file may be"),
    "config.json": ('{"debug": true}', "config.json: JSON without articles (keys: debug); write an array"),
    "textless.jsonl": (
        lines({"title": "T"}),
        "textless.jsonl:1: has no text (keys: title); the text goes under",
    ),
    "half.jsonl": ('{"text": ""}', "half.jsonl:1: has no text; remove it"),
    "letter.eml": ("Subject: A\n\n", "letter.eml: no text in this message; remove it"),
    "letters.mbox": (
        "From a@b.c Tue Oct 14 06:30:00 2025\nSubject: A\n\n",
        "letters.mbox:1: no text in this",
    ),
    "feed.rss": ("<rss><channel/></rss>", "feed.rss: a feed without items; save it again or remove it"),
    "bomb.rss": (
        '<!DOCTYPE r [<!ENTITY a "b">]><rss><channel/></rss>',
        "bomb.rss: a feed that defines entities",
    ),
    "other.xml": ("<urlset/>", "other.xml: XML that is no feed and no page (<urlset>); convert it"),
    "table.csv": ("a,b\n1,2\n", "table.csv: no column is named title, text or date (columns: a, b); name"),
    "table.parquet": ("PAR1", "table.parquet: broken Parquet ("),
    "press.pdf": ("%PDF-1.4\n%%EOF", "press.pdf: a broken PDF (PdfReadError); save it again"),
    "press.docx": ("PK", "press.docx: a broken archive; save it again"),
    "press.odt": ("PK", "press.odt: a broken archive; save it again"),
    "press.rtf": ("Text.", "press.rtf: no RTF inside; save it again"),
    "book.epub": ("PK", "book.epub: a broken archive; save it again"),
    "page.mhtml": ("From: <Saved by Blink>\n\n", "page.mhtml: no page in this file; save the page again"),
    "dump.jsonl.gz": (b"\x1f\x8b", "dump.jsonl.gz: cannot be unpacked ("),
    "dump.gz": (b"\x1f\x8b", "dump.gz: names no kind of file before .gz; rename it, as in a.jsonl.gz"),
    "packed.zip": ("PK", "packed.zip: a broken archive; save it again"),
    "crawl.warc": ("WARC", "crawl.warc: a broken WARC ("),
    "sheet.xlsx": ("PK", "sheet.xlsx: .xlsx is not read; convert it to .md, .txt"),
}


@pytest.mark.parametrize("name", LOST)
def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    content, message = LOST[name]
    write(tmp_path / "good.md", "Text.")
    write(tmp_path / name, content)
    ids, problems = read_with_problems(tmp_path)
    assert "good" in ids
    assert len(problems) == 1
    assert problems[0].startswith(message)
    assert "; " in problems[0]
    with pytest.raises(CorpusError) as raised:
        read_corpus(tmp_path, strict=True)
    assert str(raised.value) == f"{tmp_path}/{problems[0]}"


MENDED: dict[str, tuple[str | bytes, str, str, str]] = {
    "yaml.md": ("---\ntitle: A\ntags: [x\n---\nText.", "yaml.md:4: front matter: ", "A", "Text."),
    "colon.md": (
        "\n---\ntitle: A: B\n---\nText.",
        "colon.md:3: front matter: mapping values",
        "A: B",
        "Text.",
    ),
    "at.md": ("---\ntitle: @a\n---\nText.", "at.md:2: front matter: found character", "@a", "Text."),
    "star.md": ("---\ntitle: *A* b\n---\nText.", "star.md:2: front matter: ", "*A* b", "Text."),
    "list.md": ("---\ntitle: [A]\n---\nText.", "list.md:2: front matter: the headline '[A]'", "[A]", "Text."),
    "hash.md": ("---\ntitle: A #2\n---\nText.", "hash.md:2: front matter: the headline", "A #2", "Text."),
    "quote.md": ("---\ntitle: 'A' b\n---\nText.", "quote.md:2: front matter: ", "'A' b", "Text."),
    "unclosed.md": ("---\ntitle: A\n\nText.", "unclosed.md: front matter has no end; put", "A", "Text."),
    "prose.md": (
        "---\nProse.\n---\nText.",
        "prose.md:2: front matter is not a mapping; write it as",
        "prose",
        "---\nProse.\n---\nText.",
    ),
    "source.md": (
        "---\nsources: [[A]]\n---\nText.",
        "source.md: an outlet has no name; write",
        "source",
        "Text.",
    ),
    "alias.md": (
        "---\na: &a [x]\nb: *a\n---\nText.",
        "alias.md:2: front matter: '*a' is an alias",
        "alias",
        "Text.",
    ),
    "toml.md": ("+++\ntitle = A\n+++\nText.", "toml.md: front matter TOML is broken", "A", "Text."),
    "latin.md": (
        "Café".encode("latin-1"),
        "latin.md: not UTF-8, read as cp1252; convert it",
        "latin",
        "Café",
    ),
    "nul.txt": ("Te\0xt and so on.", "nul.txt: holds NUL characters", "Text and so on.", "Text and so on."),
    "latin.jsonl": (b'{"text": "Caf\xe9"}', "latin.jsonl: not UTF-8, read as cp1252", "Café", "Café"),
    "bool.jsonl": (lines({"text": "A.", "id": True}), "bool.jsonl:1: 'id' is a bool; write it", "A.", "A."),
    "half.jsonl": ('{"text": "A\\ud800"}', "half.jsonl:1: holds NUL characters or half surrogate", "A", "A"),
    "date.jsonl": (
        lines({"text": "A.", "date": "03/04/2025"}),
        "date.jsonl:1: date '03/04/2025' could be",
        "A.",
        "A.",
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_what_is_not_as_it_should_be_is_read_with_a_notice(tmp_path: Path, name: str) -> None:
    content, message, title, text = MENDED[name]
    path = write(tmp_path / name, content)
    problems: list[str] = []
    (article,) = read_corpus(tmp_path, on_skip=problems.append)
    assert (article.title, article.text) == (title, text)
    assert [problem.startswith(f"{tmp_path}/{message}") and "; " in problem for problem in problems] == [True]
    with pytest.raises(CorpusError):
        read_corpus(path, strict=True)


def test_front_matter_nested_without_end_is_no_danger(tmp_path: Path) -> None:
    path = write(tmp_path / "deep.md", f"---\ntitle: A\na: {'[' * 60_000}\n---\nText.")
    (article,) = read_corpus(path)
    assert (article.title, article.text) == ("A", "Text.")


def test_paragraphs_in_a_list_are_a_text(tmp_path: Path) -> None:
    assert read_one(write(tmp_path / "a.jsonl", lines({"text": ["One.", "Two."]}))).text == "One.\n\nTwo."


def test_an_unprintable_file_name_is_written_otherwise(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\n\xff.md")).write_text("Text.")
    assert [article.id for article in read_corpus(tmp_path, strict=True)] == ["a__"]
    assert read_one(write(tmp_path / "b/x.md", '---\nid: "a\\nb"\n---\nText.').parent).id == "a_b"


# Fingerprints


def test_fingerprint_changes_with_every_field() -> None:
    article = Article("a", "T", "Text.", DAY, "s", (Source("AP", "u"),), "u")
    others = [
        Article("b", "T", "Text.", DAY, "s", (Source("AP", "u"),), "u"),
        Article("a", "U", "Text.", DAY, "s", (Source("AP", "u"),), "u"),
        Article("a", "T", "Text!", DAY, "s", (Source("AP", "u"),), "u"),
        Article("a", "T", "Text.", None, "s", (Source("AP", "u"),), "u"),
        Article("a", "T", "Text.", DAY, "t", (Source("AP", "u"),), "u"),
        Article("a", "T", "Text.", DAY, "s", (Source("AP"),), "u"),
        Article("a", "T", "Text.", DAY, "s", (Source("AP", "u"),), None),
        Article("a", "T", "Text.", DAY, "s", (Source("AP", "u"),), "u", updated=DAY),
        Article("a", "T", "Text.", DAY, "s", (Source("AP", "u"),), "u", superseded=DAY),
        Article("a", "T", "Text.", DAY, "s", (Source("AP", "u"),), "u", author="A. B."),
        Article("a", "T", "Text.", DAY, "s", (Source("AP", "u"),), "u", language="en"),
    ]
    assert len({fingerprint(other) for other in [article, *others]}) == 12
    assert fingerprint(article) == fingerprint(
        Article("a", "T", "Text.", DAY, "s", (Source("AP", "u"),), "u")
    )
    # Pinned: another value would make every index there is re-embed everything.
    assert fingerprint(Article("a", "T", "Text.", DAY)).startswith("b014e24d40fa76b9")
    day, sources = dt.date(2025, 3, 4), (Source("AP", "u"), Source("B"))
    filled = Article("a", "T", "Té xt.", day, "s", sources, "u", day, day, "A. B.", "en")
    assert fingerprint(filled).startswith("8d748543103147e6")


# The built-in corpus


def test_built_in_corpus_and_its_gold_quotes() -> None:
    articles = {article.id: article for article in read_corpus(ROOT / "corpus", strict=True)}
    assert len(articles) == 56
    assert all(article.published and article.sources for article in articles.values())
    cases = [json.loads(line) for line in (ROOT / "eval/gold.jsonl").read_text("utf-8").splitlines()]
    evidence = [each for case in cases for each in case["evidence"]]
    assert evidence
    assert [each for each in evidence if each["quote"] not in articles[each["article"]].text] == []


def test_the_stamp_tells_any_touch(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("One.")
    (tmp_path / "b.md").write_text("Two.")
    stamp = corpus_stamp(tmp_path)
    assert corpus_stamp(tmp_path) == stamp
    (tmp_path / "a.md").rename(tmp_path / "a.txt")
    renamed = corpus_stamp(tmp_path)
    (tmp_path / "a.txt").write_text("One more.")
    edited = corpus_stamp(tmp_path)
    (tmp_path / "b.md").unlink()
    assert len({stamp, renamed, edited, corpus_stamp(tmp_path)}) == 4
