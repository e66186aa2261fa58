"""Bytes to text: UTF-8, else the encoding that a BOM or the page declares, else the best guess."""

from __future__ import annotations

import codecs
import re

from assistant.corpus.report import PassedOver, Report

SAMPLE = 1 << 20
"""Bytes that are looked at to guess an encoding."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w-]{2,40})""", re.IGNORECASE)
# As browsers read them: these labels are mostly found on pages in the larger encoding.
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
}


def marked_encoding(head: bytes) -> str | None:
    """The encoding that a byte-order mark at the beginning tells, or zero bytes between Latin letters do."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    pairs = head[: 512 & -2]
    if len(pairs) >= 4 and pairs.count(0) * 5 >= len(pairs) * 2:
        return "utf-16-le" if pairs[1::2].count(0) > pairs[::2].count(0) else "utf-16-be"
    return None


def decoded(data: bytes, where: str, report: Report, *, declares: bool = False) -> str:
    """The text of `data`; a mere guess is reported. With `declares`, a page may name its encoding.

    Raises PassedOver for bytes that are no text.
    """
    if marked := marked_encoding(data):
        try:
            return data.decode(marked).removeprefix("\ufeff")
        except UnicodeDecodeError:
            pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declares and (said := declared_encoding(data)):
        try:
            return data.decode(said)
        except (UnicodeDecodeError, LookupError):
            pass
    encoding = guessed_encoding(data, where, report)
    return data.decode(encoding, errors="replace").removeprefix("\ufeff")


def declared_encoding(data: bytes) -> str | None:
    """The encoding named in the first bytes of a page, as browsers understand the name."""
    match = _DECLARED.search(data[:4096])
    if not match:
        return None
    name = match[1].decode("ascii", "replace").lower()
    return _MEANT.get(name, name)


def guessed_encoding(data: bytes, where: str, report: Report) -> str:
    """The encoding that the bytes most look like, reported as the guess it is. Raises PassedOver."""
    from charset_normalizer import from_bytes

    sample = data[:SAMPLE]
    match = None if _is_binary(sample) else from_bytes(sample).best()
    if match is None:
        raise PassedOver(f"{where}: unknown encoding; convert it to UTF-8", "unknown encoding")
    # What Windows writes in the West: where its letters are the same, or the guess finds signs among them.
    western = "cp1252" in match.could_be_from_charset or (
        _are_letters(sample, "cp1252") and not (match.coherence and _are_letters(sample, match.encoding))
    )
    name = "cp1252" if western else match.encoding
    report.notice(f"{where}: not UTF-8, read as {name}; convert it to UTF-8", "encoding guessed")
    return name


def _is_binary(data: bytes) -> bool:
    controls = sum(data.count(byte) for byte in (0, 1, 2, 3, 4, 5, 6, 14, 15, 16, 17, 18))
    return controls * 50 > len(data)


def _are_letters(data: bytes, encoding: str) -> bool:
    """Whether all that is not ASCII is letters and what stands between words in print."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return all(char.isalpha() or char in "–—‘’“”„…€£§°«»" for char in text if not char.isascii())


def newlines(text: str) -> str:
    """The text with line feeds alone between its lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
