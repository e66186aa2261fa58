"""Archives: gzip, ZIP and WARC. Their parts are read as files are; nothing is written to the disk."""

from __future__ import annotations

import gzip
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import IO, Any

from assistant.corpus.encodings import decoded
from assistant.corpus.readers.html import LARGEST_PAGE, page_fields
from assistant.corpus.readers.piece import Piece, Raw, Reader, lost, needs, slug, stem_of
from assistant.corpus.report import PassedOver
from assistant.corpus.walking import is_left_out, shown

DEEPEST = 3
"""Archives in archives that are opened."""

MOST_UNPACKED = 1 << 30
"""Bytes that an archive may always unpack to; beyond, as many times its size as `MOST_RATIO`."""

MOST_RATIO = 200


class Limited(io.RawIOBase):
    """A stream that ends in PassedOver where it unpacks to more than any honest archive."""

    def __init__(self, stream: IO[bytes], packed: int, where: str, below: IO[bytes] | None = None) -> None:
        """`packed` are the bytes it is unpacked from; `below` is closed with it."""
        self._stream, self._where, self._below = stream, where, below
        self._left = max(MOST_UNPACKED, MOST_RATIO * packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (
            OSError,
            EOFError,
            zlib.error,
            zipfile.BadZipFile,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise PassedOver(
                f"{self._where}: cannot be unpacked ({error}); save it again", "broken file"
            ) from None
        self._left -= len(data)
        if self._left < 0:
            raise PassedOver(
                f"{self._where}: unpacks to far more than it is; unpack it yourself", "too large"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        if self._below is not None:
            self._below.close()
        super().close()


def read_gzip(piece: Piece, read: Reader) -> Iterator[Raw]:
    """The file inside, by the suffix before ".gz"."""
    stem, suffix = stem_of(piece.name)

    def unpacked() -> IO[bytes]:
        stream = piece.seekable()
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        packed: IO[bytes] = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
        return io.BufferedReader(Limited(packed, size, piece.where, stream), 1 << 16)

    if suffix in (".gz", ""):
        raise PassedOver(
            f"{piece.where}: names no kind of file before .gz; rename it, as in a.jsonl.gz", "kind not read"
        )
    yield from read(replace(_inner(piece, stem, suffix, piece.where, unpacked), packed=piece.suffix))


def read_zip(piece: Piece, read: Reader) -> Iterator[Raw]:
    """The files inside, in the order of their names; each is a file of its own, however broken."""
    with piece.seekable() as stream:
        try:
            archive = zipfile.ZipFile(stream)
            members = sorted(archive.infolist(), key=lambda member: member.filename)
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
            raise PassedOver(f"{piece.where}: a broken archive; save it again", "broken file") from None
        for member in members:
            below = posixpath.normpath("/" + member.filename.replace("\\", "/")).lstrip("/")
            if member.is_dir() or is_left_out(below, piece.report):
                continue
            where = f"{piece.where}:{shown(below)}"
            name, suffix = stem_of(below)
            inner = _inner(
                piece, f"{piece.name}/{name}", suffix, where, partial(_member, archive, member, where)
            )
            yield from read(inner)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> IO[bytes]:
    try:
        stream = archive.open(member)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        why = "encrypted" if member.flag_bits & 1 else "broken file"
        raise PassedOver(f"{where}: cannot be unpacked ({error}); save it again", why) from None
    if member.file_size > max(MOST_UNPACKED, MOST_RATIO * member.compress_size):
        raise PassedOver(f"{where}: unpacks to far more than it is; unpack it yourself", "too large")
    return io.BufferedReader(Limited(stream, member.compress_size, where), 1 << 16)


def _inner(piece: Piece, name: str, suffix: str, where: str, opened: Any) -> Piece:
    if piece.depth >= DEEPEST:
        raise PassedOver(f"{piece.where}: an archive in an archive too often; unpack it", "too many archives")
    return Piece(name, suffix, where, opened, piece.report, piece.mapping, piece.depth + 1)


def read_warc(piece: Piece) -> Iterator[Raw]:
    """An article for each page that was answered with success; a crawl's own date is not the article's."""
    needs(piece.where, "warcio")
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    number = 0
    with piece.open() as stream:
        try:
            for record in ArchiveIterator(stream):
                number += 1
                if record.rec_type not in ("response", "resource"):
                    continue
                head = record.http_headers
                kind = (head.get_header("Content-Type") if head else record.content_type) or ""
                if "html" not in kind.lower() or (head and head.get_statuscode() != "200"):
                    continue
                address = record.rec_headers.get_header("WARC-Target-URI") or ""
                yield from _page(
                    record.content_stream().read(LARGEST_PAGE), address.strip("<>"), number, piece
                )
        except PassedOver:
            raise
        except (
            ArchiveLoadFailed,
            OSError,
            EOFError,
            ValueError,
            zlib.error,
            AttributeError,
            KeyError,
        ) as error:
            why = re.sub(r"\s+", " ", str(error))[:80] or type(error).__name__
            raise PassedOver(f"{piece.where}: a broken WARC ({why}); save it again", "broken file") from None
    if not number:
        raise PassedOver(f"{piece.where}: no records in this archive; remove it", "empty")


def _page(data: bytes, address: str, number: int, piece: Piece) -> Iterator[Raw]:
    where = f"{piece.where}:{number}"
    try:
        html = decoded(data, where, piece.report, declares=True)
        yield Raw(page_fields(html, where, address), f"{piece.name}/{slug(address) or number}", where)
    except PassedOver as error:
        lost(piece, where, str(error).removeprefix(f"{where}: "), error.why)
