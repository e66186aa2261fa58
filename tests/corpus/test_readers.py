"""Readers: a sample of each kind, with the right headline, day and outlet; and no bytes that break one."""

import gzip
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.corpus.articles import Article, read_corpus
from assistant.corpus.readers import archives
from assistant.errors import CorpusError
from corpus import samples

pytestmark = pytest.mark.slow

DAY = "2025-10-14"


def read(folder: Path, name: str, data: bytes, strict: bool = False) -> list[Article]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return read_corpus(folder / name, strict=strict)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_a_sample_of_each_kind(tmp_path: Path, name: str) -> None:
    articles = read(tmp_path, name, samples.SAMPLES[name](), strict=True)
    article = articles[0]
    assert article.title == samples.HEADLINE
    assert str(article.published) == DAY
    assert [source.outlet for source in article.sources] == [samples.OUTLET]
    assert article.text.endswith(samples.TEXT)
    assert len(articles) == (2 if name == "letters.mbox" else 1)


def test_what_a_feed_and_a_crawl_name_their_articles(tmp_path: Path) -> None:
    """After their address: the number of an item changes with each new one."""
    for name in ("feed.rss", "feed.xml", "feed.json", "crawl.warc.gz"):
        (article,) = read(tmp_path, name, samples.SAMPLES[name]())
        assert article.id == f"{name.partition('.')[0]}/grain-ship"
        assert article.url == samples.URL
    assert str(read(tmp_path, "feed.xml", samples.atom())[0].updated) == "2025-10-16"


def test_a_page_that_was_changed_has_two_days(tmp_path: Path) -> None:
    linked = {"@context": "https://schema.org", "@graph": [{"@type": ["NewsArticle"], "datePublished": DAY}]}
    linked["@graph"][0] |= {"dateModified": "2026-02-01T10:00:00Z", "author": {"name": "Ada Fjord"}}  # type: ignore[index]
    script = f'<script type="application/ld+json">{json.dumps(linked)}</script></head>'
    for head in (script, '<meta property="article:modified_time" content="2026-02-01T10:00:00Z"></head>'):
        (article,) = read(tmp_path, "a.html", samples.PAGE.replace("</head>", head).encode())
        assert (str(article.published), str(article.updated)) == (DAY, "2026-02-01")
        assert article.written == article.updated
    assert read(tmp_path, "a.html", samples.PAGE.replace("</head>", script).encode())[0].author == "Ada Fjord"


@pytest.mark.parametrize(
    ("declared", "written"),
    [("iso-8859-1", "cp1252"), ("iso-8859-1", "utf-8"), ("shift_jis", "cp932"), ("koi8-r", "koi8-r")],
)
def test_a_page_in_the_encoding_it_has(tmp_path: Path, declared: str, written: str) -> None:
    word = {"cp932": "港の橋", "koi8-r": "Порт"}.get(written, "“Zürich”")
    page = samples.PAGE.replace("<head>", f'<head><meta charset="{declared}">').replace("Calliope", word)
    (article,) = read(tmp_path, "a.html", page.encode(written), strict=True)
    assert f"The grain ship {word} reached" in article.text


def test_a_page_under_the_name_of_a_text_is_read_as_a_page(tmp_path: Path) -> None:
    for name in ("a.txt", "a.md", "a.xml"):
        (article,) = read(tmp_path, name, samples.xhtml() if name == "a.xml" else samples.html())
        assert article.title == samples.HEADLINE
        assert "<p>" not in article.text


def test_a_json_array_of_any_size_is_read_one_at_a_time(tmp_path: Path) -> None:
    records = [{"title": f"T{n}", "text": f"{n} “ö” " * n} for n in range(1, 401)]
    for data in (json.dumps(records, indent=2), json.dumps(records, ensure_ascii=False)):
        assert len(read(tmp_path, "a.json", data.encode(), strict=True)) == 400
        assert len(read(tmp_path, "a.jsonl", data.encode(), strict=True)) == 400
    assert len(read(tmp_path, "b.json", "\n".join(map(json.dumps, records)).encode(), strict=True)) == 400


def test_a_dump_of_a_search_engine(tmp_path: Path) -> None:
    hits = {"hits": {"total": 1, "hits": [{"_id": "1", "_source": samples.RECORD}]}}
    assert read(tmp_path, "a.json", json.dumps(hits).encode())[0].title == samples.HEADLINE


def test_a_table_as_excel_writes_it(tmp_path: Path) -> None:
    text = '"Die Brücke kostet 42 Millionen – so viel wie nie.\r\nSagt das Amt."'
    table = f'Titel;Inhalt;Datum;Quelle\r\n"Brücke";{text};26.11.2025;Das Blatt\r\n'
    for encoding in ("cp1252", "utf-8-sig", "utf-16"):
        (article,) = read(tmp_path, "a.csv", table.encode(encoding))
        assert (article.title, str(article.published)) == ("Brücke", "2025-11-26")
        assert article.text == "Die Brücke kostet 42 Millionen – so viel wie nie.\nSagt das Amt."
        assert article.sources[0].outlet == "Das Blatt"


def test_the_chapters_of_a_book_are_articles(tmp_path: Path) -> None:
    book = io.BytesIO(samples.epub())
    with zipfile.ZipFile(book, "a") as archive:
        for name in ("d", "e"):
            archive.writestr(
                f"OPS/{name}.xhtml", f"<html><body><h1>Part {name}</h1><p>{samples.FIRST}</p></body></html>"
            )
    parts = zipfile.ZipFile(book)
    files = {name: parts.read(name) for name in parts.namelist()}
    items = b'<item id="d" href="d.xhtml"/><item id="e" href="e.xhtml"/></manifest>'
    package = files["OPS/book.opf"].replace(b"</manifest>", items)
    files["OPS/book.opf"] = package.replace(b"</spine>", b'<itemref idref="d"/><itemref idref="e"/></spine>')
    articles = read(tmp_path, "b.epub", samples.zipped(files), strict=True)
    assert [(one.id, one.title) for one in articles] == [
        ("b-1", f"{samples.HEADLINE}, 1"), ("b-2", "Part d"), ("b-3", "Part e")
    ]  # fmt: skip


def test_a_scan_without_a_text_layer_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"a\.pdf: no text layer; run OCR over it"):
        read(tmp_path, "a.pdf", samples.pdf(""))


def test_lines_of_print_are_joined_to_paragraphs() -> None:
    from assistant.corpus.readers.pdf import paragraphs

    lines = (
        "A headline\n\nThe har-\nbour was shut for nine months and the\nbridge stayed shut too.\n"
        "A second one begins here and goes on and"
    )
    assert paragraphs(lines).split("\n\n")[1:] == [
        "The harbour was shut for nine months and the bridge stayed shut too.",
        "A second one begins here and goes on and",
    ]
    assert paragraphs("x" * 40 + " nego-\ntiations ended.") == "x" * 40 + " negotiations ended."


# Untrusted


def test_paths_in_an_archive_never_touch_the_disk(tmp_path: Path) -> None:
    data = samples.zipped(
        {"../../evil.md": "Evil.", "/etc/x.md": "Root.", "C:\\x.md": "Drive.", "ok.md": "Fine."}
    )
    ids = [article.id for article in read(tmp_path / "c", "a.zip", data, strict=True)]
    assert ids == ["a/C:/x", "a/etc/x", "a/evil", "a/ok"]
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["a.zip"]


def test_archives_that_unpack_to_far_more_than_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1 << 20)
    bomb = b'{"a": 1}\n' * (1 << 20)
    for name, data in (("a.jsonl.gz", gzip.compress(bomb)), ("a.zip", samples.zipped({"a.jsonl": bomb}))):
        with pytest.raises(CorpusError, match="no readable article"):
            read(tmp_path, name, data)
    nested = samples.zipped({"a.md": "Text."})
    for _ in range(2):
        nested = samples.zipped({"a.zip": nested, "b.parquet": samples.parquet()})
    assert len(read(tmp_path, "nested.zip", nested)) == 2
    for _ in range(4):
        nested = samples.zipped({"a.zip": nested})
    with pytest.raises(CorpusError, match="an archive in an archive too often; unpack it"):
        read(tmp_path, "nested.zip", nested)


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    attack = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]>'
    files = {
        name: zipfile.ZipFile(io.BytesIO(samples.odt())).read(name) for name in ("content.xml", "meta.xml")
    }
    files["content.xml"] = attack.encode() + files["content.xml"].replace(b"four", b"&x; four")
    (article,) = read(tmp_path / "odt", "a.odt", samples.zipped(files))
    assert "secret words" not in article.text
    (article,) = read(
        tmp_path / "page", "a.xhtml", (attack + samples.PAGE).replace("Calliope", "&x;").encode()
    )
    assert "secret words" not in article.text


@settings(max_examples=300)
@given(st.sampled_from(sorted(samples.SAMPLES)), st.data())
def test_no_damage_breaks_a_reader(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    whole = MADE.setdefault(name, samples.SAMPLES[name]())
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 64)))
    damaged = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    with suppress(CorpusError):
        assert all(
            one.text.strip() for one in read(tmp_path_factory.getbasetemp() / "damaged", name, damaged)
        )


MADE: dict[str, bytes] = {}
