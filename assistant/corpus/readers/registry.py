"""The registry: which reader takes which suffix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from assistant.corpus.readers.piece import Piece, Raw, Reader
from assistant.corpus.report import PassedOver
from assistant.errors import reason

_READERS = {
    "text.read_markdown": ".md .markdown .mdown .mkd",
    "text.read_plain": ".txt .text",
    "html.read_html": ".html .htm .shtml .xhtml .xht",
    "html.read_mhtml": ".mhtml .mht",
    "office.read_docx": ".docx",
    "office.read_odt": ".odt",
    "office.read_rtf": ".rtf",
    "office.read_epub": ".epub",
    "pdf.read_pdf": ".pdf",
    "mail.read_eml": ".eml",
    "mail.read_mbox": ".mbox .mbx",
    "feed.read_xml": ".rss .atom .xml .rdf",
    "tables.read_json_lines": ".jsonl .ndjson .jl",
    "tables.read_json": ".json .geojson .jsonfeed",
    "tables.read_csv": ".csv .tsv",
    "tables.read_parquet": ".parquet .pq",
    "archives.read_gzip": ".gz",
    "archives.read_zip": ".zip",
    "archives.read_warc": ".warc",
}
SUFFIXES: Mapping[str, str] = {
    suffix: reader for reader, suffixes in _READERS.items() for suffix in suffixes.split()
}
"""Suffix -> "module.function" of its reader, imported when it is first needed."""

NO_ARTICLES = frozenset(
    ".png .jpg .jpeg .gif .webp .svg .ico .bmp .tif .tiff .heic .avif .mp3 .mp4 .m4a .wav .ogg .mov"
    " .avi .webm .mkv .css .js .mjs .map .ts .woff .woff2 .ttf .otf .eot .py .pyc .sh .c .h .go .rs"
    " .java .so .dll .exe .toml .ini .cfg .yml .yaml .sqlite .sqlite3 .db .log .canvas .bib".split()
)
"""Suffixes of what may lie beside articles: counted, and no failure under --strict."""

COMMON = ".md, .txt, .html, .pdf, .docx, .eml, .rss, .csv, .json, .jsonl, .zip"
"""What is named to somebody who has no file that can be read."""


def read(piece: Piece) -> Iterator[Raw]:
    """The articles of a piece. Whatever is wrong with it is told to its report, and ends it alone."""
    if piece.suffix in NO_ARTICLES or not piece.suffix:
        piece.report.unread_kind(f"{piece.where}: {piece.kind} is not read", piece.kind, "kind not read")
        return
    try:
        yield from _reader(piece)(piece)
    except PassedOver as error:
        piece.report.passed_over(str(error), piece.kind, error.why)
    except OSError as error:
        message = f"{piece.where}: cannot be read ({reason(error)}); check its permissions"
        piece.report.passed_over(message, piece.kind, "cannot be read")


def _reader(piece: Piece) -> Reader:
    """Raises PassedOver for a kind that is not read."""
    place = SUFFIXES.get(piece.suffix)
    if place is None:
        raise PassedOver(f"{piece.where}: {piece.kind} is not read; convert it to {COMMON}", "kind not read")
    module, _, name = place.partition(".")
    reader = getattr(import_module(f"assistant.corpus.readers.{module}"), name)
    if module == "archives" and name != "read_warc":
        return lambda inner: reader(inner, read)
    found: Reader = reader
    return found
