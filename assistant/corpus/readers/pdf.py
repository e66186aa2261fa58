"""PDF with a text layer: the words of its pages, with lines joined to paragraphs again."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import Any

from assistant.corpus.readers.piece import Piece, Raw, first_line, needs
from assistant.corpus.readers.text import headed_document
from assistant.corpus.report import PassedOver

MOST_PAGES = 2000
_DAY = re.compile(r"(?:D:)?(\d{4})(\d{2})(\d{2})")
_LIGATURES = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl", "\u00ad": "", "\0": ""})


def read_pdf(piece: Piece) -> Iterator[Raw]:
    """One article. Raises PassedOver for a scan, which has no text layer, and for what is locked."""
    needs(piece.where, "pypdf")
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it remarks on every oddity of a file
    data = piece.data()
    try:
        reader = PdfReader(io.BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [page.extract_text() or "" for page in reader.pages[:MOST_PAGES]]
        told = _told(reader.metadata) if not locked else {}
    except Exception as error:  # it raises many kinds for what is broken
        message = f"{piece.where}: a broken PDF ({type(error).__name__}); save it again"
        raise PassedOver(message, "broken file") from None
    if locked:
        raise PassedOver(f"{piece.where}: needs a password; save it without one", "encrypted")
    text = paragraphs(_without_furniture(pages))
    if not any(map(str.isalnum, text)):
        message = f"{piece.where}: no text layer; run OCR over it (ocrmypdf IN.pdf OUT.pdf)"
        raise PassedOver(message, "no text layer")
    fields, body = headed_document(text)
    title = fields.get("title") or told.get("title") or first_line(body)
    yield Raw({**told, **fields, "title": title, "text": body}, piece.name, piece.where, alone=True)


def _told(metadata: Any) -> dict[str, str]:
    """What the file says of itself; names of files that word processors put for a title are none."""
    about = metadata or {}

    def value(key: str) -> str:
        return " ".join(str(about.get(key) or "").split())

    title = value("/Title")
    is_name = re.search(r"\.\w{2,4}$|^(?:Microsoft Word|untitled|Dokument|Document)\b", title, re.IGNORECASE)
    told = {"title": "" if is_name else title, "author": value("/Author")}
    for key, name in (("file-created", "/CreationDate"), ("file-modified", "/ModDate")):
        day = _DAY.match(value(name))
        told[key] = "-".join(day.groups()) if day else ""
    return told


def _without_furniture(pages: list[str]) -> str:
    """The pages' lines without those that stand at the edge of most of them, page numbers left aside."""
    split = [[line.rstrip() for line in page.split("\n")] for page in pages]
    counts: dict[str, int] = {}
    if len(pages) > 2:
        for lines in split:
            for line in {re.sub(r"\d+", "#", line.strip()) for line in (*lines[:2], *lines[-2:])}:
                counts[line] = counts.get(line, 0) + 1
    edge = {line for line, count in counts.items() if line and count * 2 > len(pages)}
    kept = []
    for lines in split:
        last = len(lines) - 2
        kept += [
            line
            for at, line in enumerate(lines)
            if not ((at < 2 or at >= last) and re.sub(r"\d+", "#", line.strip()) in edge)
        ]
    return "\n".join(kept)


def paragraphs(text: str) -> str:
    """Lines of print as paragraphs: a full line goes on in the next, and a hyphen at its end is taken out."""
    lines = [" ".join(line.translate(_LIGATURES).split()) for line in text.split("\n")]
    lengths = sorted(len(line) for line in lines if line)
    full = 0.75 * lengths[int(len(lengths) * 0.8)] if lengths else 0
    pieces: list[str] = []
    open_line = False
    for line in lines:
        if not line:
            open_line = False
        elif open_line and pieces:
            pieces[-1:] = _joined(pieces[-1], line)
        else:
            pieces += ["\n\n", line]
        if line:
            open_line = (
                len(line) >= full or (line[-1].isalnum() and len(line) > 0.7 * full) or line[-1] in ",-;"
            )
    return "".join(pieces[1:])


def _joined(before: str, line: str) -> tuple[str, ...]:
    """A line, its hyphen or the space behind it, and the next line."""
    if before.endswith("-") and before[-2:-1].isalpha() and line[:1].islower():
        return before[:-1], line
    return before, " ", line
