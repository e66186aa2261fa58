"""Mail: EML files and MBOX archives; the sender is the outlet, the header tells the day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parseaddr
from typing import IO

from assistant.corpus.encodings import decoded, newlines
from assistant.corpus.readers.html import html_text, page_fields
from assistant.corpus.readers.mime import message_of
from assistant.corpus.readers.piece import LARGEST, LONGEST_LINE, Piece, Raw, lost, needs
from assistant.corpus.report import PassedOver

_FROM = re.compile(rb"From \S.*\d{4}\s*$|From \S+@\S")


def read_eml(piece: Piece) -> Iterator[Raw]:
    """One message, one article."""
    yield Raw(message_fields(piece.data(), piece, piece.where), piece.name, piece.where)


def read_mbox(piece: Piece) -> Iterator[Raw]:
    """Each message of an archive, one at a time."""
    with piece.open() as stream:
        for number, data in enumerate(_messages(stream), start=1):
            where = f"{piece.where}:{number}"
            try:
                yield Raw(message_fields(data, piece, where), f"{piece.name}-{number}", where)
            except PassedOver as error:
                lost(piece, where, str(error).removeprefix(f"{where}: "), error.why)


def _messages(stream: IO[bytes]) -> Iterator[bytes]:
    lines: list[bytes] = []
    size, blank = 0, True
    while line := stream.readline(LONGEST_LINE):
        if blank and _FROM.match(line):
            if lines:
                yield b"".join(lines)
            lines, size = [], 0
        else:
            size += len(line)
            if size <= LARGEST:
                lines.append(line[1:] if line.startswith(b">From ") else line)
        blank = not line.strip()
    if lines:
        yield b"".join(lines)


def message_fields(data: bytes, piece: Piece, where: str) -> dict[str, object]:
    """The fields of a message. Raises PassedOver for one without text."""
    try:
        message = message_of(data)
        head = {
            name: _header(message, name) for name in ("Subject", "Date", "From", "List-Id", "Archived-At")
        }
        text = _text(message, piece, where)
    except PassedOver:
        raise
    except Exception as error:  # the parser raises many kinds for headers that are none
        raise PassedOver(f"{where}: a broken message ({type(error).__name__}); save it again") from None
    if not text.strip():
        raise PassedOver(f"{where}: no text in this message; remove it", "no text")
    name, address = parseaddr(head["From"])
    return {
        "title": re.sub(r"^(?:(?:fwd?|wg|tr|re|aw)\s*:\s*)+", "", head["Subject"], flags=re.IGNORECASE),
        "date": head["Date"],
        "outlet": name or address.rpartition("@")[2],
        "url": head["Archived-At"].strip("<>"),
        "language": _header(message, "Content-Language"),
        "text": text,
    }


def _header(message: EmailMessage, name: str) -> str:
    value = message.get(name)
    return " ".join(str(value).split()) if value is not None else ""


def _text(message: EmailMessage, piece: Piece, where: str) -> str:
    """The words of the HTML part, else of the plain one: newsletters send the latter half-heartedly."""
    html = plain = ""
    if any(part.get_content_type() == "text/html" for part in message.walk()):
        needs(where, "lxml")
    for part in message.walk():
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind not in ("text/html", "text/plain") or (html if kind == "text/html" else plain):
            continue
        words = _part_text(part, piece, where)
        if kind == "text/html":
            html = words
        else:
            plain = newlines(words)
    if not html.strip():
        return plain
    whole = html_text(html)
    try:
        text = str(page_fields(html, where)["text"])
    except PassedOver:
        text = ""
    # The layout of a newsletter is made of tables, of which an extractor of articles may keep one cell.
    return text if len(text) * 2 > len(whole) else whole


def _part_text(part: EmailMessage, piece: Piece, where: str) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_content_charset()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        if charset and charset != "utf-8":
            return data.decode(charset)
    except (LookupError, UnicodeDecodeError):
        pass
    return decoded(data, where, piece.report, declares=True)
