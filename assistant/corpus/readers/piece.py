"""What readers take and give: a piece of data with its place, and the raw fields of the articles in it."""

from __future__ import annotations

import importlib.util
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from assistant.corpus.report import PassedOver, Report
from assistant.extras import remedy

LARGEST = 256 << 20
"""Bytes of a file that is read as a whole; those read line by line may be of any size."""

LONGEST_LINE = 64 << 20
"""Bytes of one line, or one object, of a file that is read line by line."""

LONGEST_TITLE = 150
"""Characters; a longer first line of plain text is its first paragraph, not a headline."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or what lies in an archive; nothing of it is opened yet."""

    name: str
    """The id of what it holds, or the beginning of one: its path without the suffix."""
    suffix: str
    """Lower case, with the dot."""
    where: str
    """What messages call it."""
    open: Callable[[], IO[bytes]]
    report: Report
    mapping: Mapping[str, str]
    """What the user said that keys mean (see `metadata.mapping_of`)."""
    depth: int = 0
    """How many archives it lies in."""
    packed: str = ""
    """The suffix of the one that it alone lies in, ".gz"."""

    @property
    def kind(self) -> str:
        """What it is counted as: its suffix."""
        return f"{self.suffix}{self.packed}" or "file without a suffix"

    def data(self, most: int = LARGEST) -> bytes:
        """All of it. Raises PassedOver for what is empty or too large, and OSError."""
        with self.open() as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise PassedOver(f"{self.where}: larger than {most >> 20} MB; split it", "too large")
        if not data.strip(b"\xef\xbb\xbf \t\r\n\f\v"):
            raise PassedOver(f"{self.where}: is empty; write an article or remove the file", "empty")
        return data

    def seekable(self) -> IO[bytes]:
        """A stream that can go back: what lies in an archive is unpacked in memory. Raises as `data` does."""
        stream = self.open()
        if stream.seekable():
            return stream
        stream.close()
        return io.BytesIO(self.data())


@dataclass(frozen=True, slots=True)
class Raw:
    """The fields of an article as they were found, with what names it and where it stands."""

    fields: Mapping[str, object]
    name: str
    where: str
    alone: bool = False
    """Whether it is all its file holds, so that the file's name may hold its date."""


Reader = Callable[[Piece], Iterator[Raw]]
"""Yields the articles of a piece as they come; raises PassedOver when the piece cannot be read. What is wrong
with one article of several is told to the piece's report, and the next one is read."""


def lost(piece: Piece, where: str, message: str, why: str) -> None:
    """Tells of one article of several that is not read."""
    piece.report.passed_over(f"{where}: {message}", f"in {piece.kind}", why)


def first_line(text: str) -> str:
    """The first line of a text where it can be a headline; else nothing."""
    first = text.strip().partition("\n")[0]
    return first if len(first) <= LONGEST_TITLE else ""


def slug(address: str) -> str:
    """The last part of an address's path that says something: it names an article as long as it is there."""
    path = re.sub(r"^[a-z]+://[^/]*|[?#].*", "", address, flags=re.IGNORECASE).strip("/")
    last = path.rpartition("/")[2]
    stem = re.sub(r"\.(?:s?html?|php|aspx?|jsp)$", "", last, flags=re.IGNORECASE)
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:100]


def opened_zip(data: bytes, where: str) -> zipfile.ZipFile:
    """A ZIP archive in memory. Raises PassedOver for one that is broken."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
        raise PassedOver(f"{where}: a broken archive; save it again", "broken file") from None


def zipped(archive: zipfile.ZipFile, name: str, where: str, most: int = LARGEST) -> bytes:
    """One member, unpacked in memory up to a limit. Raises PassedOver."""
    try:
        with archive.open(name) as stream:
            data = stream.read(most + 1)
    except KeyError:
        raise PassedOver(f"{where}: lacks {name}; save it again", "broken file") from None
    except Exception as error:  # zipfile and zlib raise many kinds for what is broken or locked
        why = "encrypted" if isinstance(error, RuntimeError) else "broken file"
        raise PassedOver(f"{where}: cannot be unpacked ({error}); save it again", why) from None
    if len(data) > most:
        raise PassedOver(f"{where}: unpacks to more than {most >> 20} MB; split it", "too large")
    return data


def needs(where: str, *modules: str) -> None:
    """Raises PassedOver, with the command that installs them, where modules of a reader are not there."""
    if not all(importlib.util.find_spec(module) for module in modules):
        message = f"{where} needs packages that are not installed; install them with: {remedy('formats')}"
        raise PassedOver(message, "needs news-assistant[formats]")


def stem_of(name: str) -> tuple[str, str]:
    """A path without its suffix, and the suffix in lower case; of "a.jsonl.gz", ".gz"."""
    path = PurePosixPath(name)
    suffix = path.suffix
    return (name[: -len(suffix)] if suffix else name), suffix.lower()
