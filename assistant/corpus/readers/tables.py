"""Tables and dumps: JSON Lines, JSON arrays and objects, CSV, TSV and Parquet; read a record at a time."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from assistant.corpus.encodings import guessed_encoding, marked_encoding
from assistant.corpus.fields.metadata import is_known, plain_key
from assistant.corpus.readers.feed import feed_items
from assistant.corpus.readers.piece import LONGEST_LINE, Piece, Raw, lost, needs
from assistant.corpus.report import PassedOver
from assistant.errors import reason

_LISTS = (
    "articles",
    "items",
    "results",
    "data",
    "docs",
    "documents",
    "entries",
    "news",
    "rows",
    "records",
    "hits",
)
_HEAD = 1 << 16
_BETWEEN_VALUES = re.compile("[\ufeff \t\r\n,]*")


def read_json_lines(piece: Piece) -> Iterator[Raw]:
    """An article a line; a JSON array or one object over many lines is read as such."""
    with piece.open() as stream:
        head = stream.read(_HEAD)
    if _is_document(head):
        yield from read_json(piece)
        return
    with piece.open() as stream:
        empty = True
        for number, line in enumerate(_lines(stream, head, piece), start=1):
            if line.strip():
                empty = False
                yield from _line(line, number, piece)
    if empty:
        raise PassedOver(f"{piece.where}: is empty; write an article or remove the file", "empty")


def _line(line: str, number: int, piece: Piece) -> Iterator[Raw]:
    where = f"{piece.where}:{number}"
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else reason(error)
        lost(piece, where, f"not JSON ({why}); write one object a line", "not JSON")
        return
    if isinstance(fields, dict):
        yield Raw(fields, f"{piece.name}-{number}", where)
    else:
        message = 'not a JSON object; write {"id": ..., "title": ..., "text": ...}'
        lost(piece, where, message, "no object")


def _is_document(head: bytes) -> bool:
    """Whether a file begins as a JSON array, or as an object that does not end with its line."""
    text = head.decode(marked_encoding(head) or "utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        return not text.startswith("[]")
    first, end, _ = text.partition("\n")
    if not first.startswith("{") or not end:
        return False
    try:
        json.loads(first)
        return False
    except (ValueError, RecursionError):
        return first.rstrip() == "{" or first.rstrip().endswith(("{", "[", ","))


def _lines(stream: IO[bytes], head: bytes, piece: Piece) -> Iterator[str]:
    """The lines of a file, decoded one by one: what is no UTF-8 is guessed, once for the file."""
    marked = marked_encoding(head)
    if marked and marked != "utf-8-sig":
        with io.TextIOWrapper(stream, marked, errors="replace", newline="\n") as text:
            yield from text
        return
    encoding = ""
    while line := stream.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise PassedOver(
                f"{piece.where}: a line of more than {LONGEST_LINE >> 20} MB; split it", "too large"
            )
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError:
            encoding = encoding or guessed_encoding(_not_ascii(head) or line, piece.where, piece.report)
            yield line.decode(encoding, errors="replace")


def _not_ascii(head: bytes) -> bytes:
    """The lines that tell an encoding."""
    return b"\n".join(line for line in head.split(b"\n") if not line.isascii())


def read_json(piece: Piece) -> Iterator[Raw]:
    """A JSON array, read one object at a time; an object with such a list in it; a JSON Feed; an article."""
    with piece.open() as stream:
        head = stream.read(_HEAD)
    marked = marked_encoding(head)
    encoding = marked or "utf-8"
    if not marked:
        encoding = _encoding_of(piece, head)
    with piece.open() as stream, io.TextIOWrapper(stream, encoding, errors="replace") as text:
        number, first = 0, None
        for value, listed in _values(text, piece):
            number += 1
            if number == 1 and not listed:
                first = value  # the only one, or the first of several one below the other
                continue
            if first is not None:
                yield from _record(first, 1, piece)
                first = None
            yield from _record(value, number, piece)
    if isinstance(first, Mapping):
        yield from _object(first, piece)
    elif first is not None:
        raise PassedOver(f"{piece.where}: JSON without articles; write an array of objects", "no articles")


def _record(value: object, number: int, piece: Piece) -> Iterator[Raw]:
    where = f"{piece.where}:{number}"
    if isinstance(value, Mapping):
        yield Raw(value, f"{piece.name}-{number}", where)
    else:
        lost(piece, where, "not a JSON object; write an array of objects", "no object")


def _encoding_of(piece: Piece, head: bytes) -> str:
    try:
        head[: -4 or None].decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 8:
            return "utf-8"
        return guessed_encoding(_not_ascii(head), piece.where, piece.report)


def _object(value: Mapping[str, Any], piece: Piece) -> Iterator[Raw]:
    if "jsonfeed.org" in str(value.get("version", "")) and isinstance(value.get("items"), list):
        yield from feed_items(value, piece)
        return
    for name in _LISTS:
        inner = value.get(name)
        if isinstance(inner, Mapping) and isinstance(inner.get("hits"), list):
            inner = inner["hits"]  # Elasticsearch
        if isinstance(inner, list) and inner and all(isinstance(one, Mapping) for one in inner):
            for number, one in enumerate(inner, start=1):
                source = one.get("_source")
                fields = source if isinstance(source, Mapping) else one
                yield Raw(fields, f"{piece.name}-{number}", f"{piece.where}:{number}")
            return
    if not any(is_known(str(key)) or plain_key(str(key)) in piece.mapping for key in value):
        keys = ", ".join(str(key)[:40] for key in list(value)[:8])
        raise PassedOver(
            f"{piece.where}: JSON without articles (keys: {keys}); write an array of them", "no articles"
        )
    yield Raw(value, piece.name, piece.where, alone=True)


def _values(stream: IO[str], piece: Piece) -> Iterator[tuple[Any, bool]]:
    """The values of a file with whether they stand in an array, decoded one by one as they are read."""
    decoder = json.JSONDecoder()
    buffer, at, listed, wanted = "", 0, False, 1 << 16
    first = True
    while True:
        at = _BETWEEN_VALUES.match(buffer, at).end()  # type: ignore[union-attr]
        if first and buffer.startswith("[", at):
            at, listed = at + 1, True
            first = False
            continue
        if buffer.startswith("]", at) and listed:
            return
        try:
            if at == len(buffer):
                raise ValueError
            value, end = decoder.raw_decode(buffer, at)
            if end == len(buffer) and not listed and not isinstance(value, dict | list):
                raise ValueError
        except (ValueError, RecursionError) as error:
            if len(buffer) - at > LONGEST_LINE or isinstance(error, RecursionError):
                raise PassedOver(
                    f"{piece.where}: JSON that is too large or too deep; write JSON Lines", "too large"
                ) from None
            more = stream.read(wanted)
            wanted = min(wanted * 2, 1 << 24)
            if more:
                buffer, at = buffer[at:] + more, 0
                continue
            if buffer[at:].strip():
                why = error.msg if isinstance(error, json.JSONDecodeError) else "it does not end"
                raise PassedOver(f"{piece.where}: not JSON ({why}); correct the file", "not JSON") from None
            if listed:
                told = f"{piece.where}: the array does not end; the file may be cut off, fetch it again"
                piece.report.notice(told, "file cut off")
            return
        first, wanted = False, 1 << 16
        yield value, listed
        at = end


def read_csv(piece: Piece) -> Iterator[Raw]:
    """An article a row, under the names of the first one."""
    with piece.open() as stream:
        head = stream.read(_HEAD)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise PassedOver(f"{piece.where}: is empty; write an article or remove the file", "empty")
    encoding = marked_encoding(head) or _encoding_of(piece, head)
    csv.field_size_limit(LONGEST_LINE)
    with piece.open() as stream, io.TextIOWrapper(stream, encoding, errors="replace", newline="") as text:
        dialect = "\t" if piece.suffix == ".tsv" else _delimiter(head.decode(encoding, "replace"))
        rows = csv.reader((line.replace("\0", "") for line in text), delimiter=dialect)
        try:
            names = [name.strip().lstrip("\ufeff") for name in next(rows, [])]
            known = [name for name in names if is_known(name) or plain_key(name) in piece.mapping]
            if not known:
                listed = ", ".join(name[:40] for name in names[:8])
                message = (
                    f"{piece.where}: no column is named title, text or date (columns: {listed}); name them"
                )
                raise PassedOver(f"{message}, or give --map text=COLUMN", "no known column")
            for row in rows:
                if any(cell.strip() for cell in row):
                    number = rows.line_num
                    yield Raw(
                        dict(zip(names, row, strict=False)),
                        f"{piece.name}-{number}",
                        f"{piece.where}:{number}",
                    )
        except csv.Error as error:
            raise PassedOver(
                f"{piece.where}:{rows.line_num}: {reason(error)}; correct the file", "broken table"
            ) from None


def _delimiter(head: str) -> str:
    """The sign that stands most often in the first line, outside quotation marks."""
    line = head.lstrip("\ufeff\r\n").partition("\n")[0]
    bare = "".join(line.split('"')[::2])
    return max(",;\t|", key=bare.count)


def read_parquet(piece: Piece) -> Iterator[Raw]:
    """An article a row."""
    needs(piece.where, "pyarrow")
    import pyarrow
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with piece.seekable() as stream, ParquetFile(stream) as table:
            for batch in table.iter_batches(batch_size=256):
                for row in batch.to_pylist():
                    number += 1
                    yield Raw(row, f"{piece.name}-{number}", f"{piece.where}:{number}")
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise PassedOver(
            f"{piece.where}: broken Parquet ({reason(error)[:80]}); write it again", "broken file"
        ) from None
