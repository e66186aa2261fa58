"""Articles: what a corpus is made of, and how one is read.

`read_corpus(path)` turns a folder or a single file (Markdown with YAML front matter, plain text, HTML, JSON
Lines) into a list of `Article`, in a stable order. Importing this module is cheap.
"""

from __future__ import annotations

import codecs
import contextlib
import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from assistant.errors import CorpusError, reason
from assistant.corpus.formats import PARSERS, Fields, Notice, json_line, newlines
from assistant.text.dates import parse_day

_SITE = re.compile(r"https?://(?:www\.)?([^/\s]+)")
_UNTYPEABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an article's facts come from: an outlet's name and, where known, an address."""

    outlet: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """One news article. Offsets anywhere in this project count characters (code points) of `text`."""

    id: str
    title: str
    text: str
    published: dt.date | None = None
    section: str = ""
    sources: tuple[Source, ...] = ()
    url: str | None = None


def read_corpus(path: Path, *, on_skip: Notice | None = None, strict: bool = False) -> list[Article]:
    """The articles of a folder and its sub-folders, or of one file, sorted by id.

    Hidden files and unknown suffixes are left out. What cannot be read is told to `on_skip`, one line each,
    and the rest is read; so is a date that is not understood, whose article is kept undated.

    Raises:
        CorpusError: no such path, no readable article, or two with one id; when `strict`, any problem.
    """
    problems: list[str] = []

    def report(problem: str) -> None:
        if strict:
            raise CorpusError(problem)
        problems.append(problem)
        if on_skip:
            on_skip(problem)

    found: dict[str, tuple[Article, str]] = {}
    for file, name in _files(path, report):
        for article, where in _read_file(file, name, report):
            if article.id in found:
                first = found[article.id][1]
                raise CorpusError(f"{first} and {where} both have the id {article.id!r}; change one of them")
            found[article.id] = article, where
    if not found:
        why = f": {problems[0]}" if problems else f"; put articles there, as {', '.join(PARSERS)} files"
        raise CorpusError(f"{_shown(path)}: no readable article{why}")
    return [found[key][0] for key in sorted(found)]


def fingerprint(article: Article) -> str:
    """The sha256 (hex) of every field: equal exactly when nothing about the article changed."""
    canonical = json.dumps(asdict(article), sort_keys=True, default=dt.date.isoformat)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CorpusDifference:
    """Ids of the articles that a corpus and an index of it do not have alike."""

    added: list[str]
    changed: list[str]
    removed: list[str]


def compare(known: Mapping[str, str], articles: Sequence[Article]) -> CorpusDifference:
    """How articles differ from what is known of them, as id -> fingerprint."""
    now = {article.id: fingerprint(article) for article in articles}
    return CorpusDifference(
        [one for one in now if one not in known],
        [one for one in now if one in known and known[one] != now[one]],
        [one for one in known if one not in now],
    )


def corpus_stamp(path: Path) -> str:
    """A digest of the names, sizes and times of a corpus's files: while it is the same, nothing was touched.

    Reads no file. Raises CorpusError when there is no such path.
    """
    digest = hashlib.sha256()
    for file, name in _files(path, lambda problem: None):
        with contextlib.suppress(OSError):  # gone between listing and looking
            stat = file.stat()
            digest.update(f"{name}{file.suffix}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(path: Path, report: Notice) -> list[tuple[Path, str]]:
    """The files to read, each with its path below the corpus without the suffix, '/' between the parts."""
    try:
        path.stat()
    except (OSError, ValueError) as error:
        raise CorpusError(f"{_shown(path)}: cannot be read ({reason(error)}); correct the path") from None
    if not path.is_dir():
        if path.suffix.lower() not in PARSERS:
            raise CorpusError(f"{_shown(path)}: unknown kind of file; use one of {', '.join(PARSERS)}")
        return [(path, path.stem)]
    files = sorted(
        file
        for folder, names in _walk(path, report)
        for name in names
        if not name.startswith(".") and (file := folder / name).suffix.lower() in PARSERS
    )
    return [(file, file.relative_to(path).with_suffix("").as_posix()) for file in files]


def _walk(top: Path, report: Notice) -> Iterator[tuple[Path, list[str]]]:
    """Each folder once, through links too; links that lead back therefore end."""

    def unreadable(error: OSError) -> None:
        report(f"{_shown(error.filename)}: cannot be read ({reason(error)}); check its permissions")

    seen: set[str] = set()
    for folder, folders, names in os.walk(top, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith("."))
        if real not in seen:
            seen.add(real)
            yield Path(folder), names


def _read_file(file: Path, name: str, report: Notice) -> Iterator[tuple[Article, str]]:
    """Each article of a file with the place it stands at: the path, and the line for JSON Lines."""
    where = _shown(file)
    try:
        # A named pipe would block for ever, and a dangling link is no file either.
        data = file.read_bytes() if file.is_file() else None
    except OSError as error:
        return report(f"{where}: cannot be read ({reason(error)}); check its permissions")
    if data is None:
        return report(f"{where}: not a file, or a broken link; remove it")
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return report(f"{where}: is empty; write an article or remove the file")
    parse = PARSERS[file.suffix.lower()]
    for part, part_name, part_where in (
        _parts(data, name, where) if parse is json_line else [(data, name, where)]
    ):
        try:
            yield _article(parse(part, part_where, report), part_name, part_where, report), part_where
        except CorpusError as error:
            report(str(error))


def _parts(data: bytes, name: str, where: str) -> Iterator[tuple[bytes, str, str]]:
    """The lines of JSON Lines that are not blank, each with its number in what names it."""
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if line.strip():
            yield line, f"{name}-{number}", f"{where}:{number}"


def _article(fields: Fields, name: str, where: str, report: Notice) -> Article:
    text = _tidy(_string(fields, "text", where))
    if not text.strip():
        raise CorpusError(f"{where}: has no text; write some or remove it")
    identity = _string(fields, "id", where).strip() or name
    if _UNTYPEABLE.search(identity):
        raise CorpusError(f"{where}: the id {identity!r} holds characters nobody can type; change the id")
    url = _string(fields, "url", where).strip() or None
    return Article(
        id=identity,
        title=_words(fields, "title", where) or PurePosixPath(name).name,
        text=text,
        published=_date(_words(fields, "date", where), where, report),
        section=_words(fields, "section", where),
        sources=_sources(fields, url, where),
        url=url,
    )


def _sources(fields: Fields, url: str | None, where: str) -> tuple[Source, ...]:
    """`sources`, each an outlet, an address or both; else `source`, an outlet that stands at `url`."""
    several = fields.get("sources")
    if not several:
        outlet = _words(fields, "source", where)
        return (Source(outlet, url),) if outlet else ()
    return tuple(_source(entry, where) for entry in (several if isinstance(several, list) else [several]))


def _source(entry: object, where: str) -> Source:
    if isinstance(entry, str):
        entry = {"url" if _SITE.match(entry) else "outlet": entry}
    if isinstance(entry, dict):
        url = _words(entry, "url", where)
        site = _SITE.match(url)
        if outlet := _words(entry, "outlet", where) or (site[1] if site else ""):
            return Source(outlet, url or None)
    raise CorpusError(f"{where}: an entry of 'sources' names no outlet; write 'outlet: ...' and 'url: ...'")


def _date(value: str, where: str, report: Notice) -> dt.date | None:
    if not value:
        return None
    if day := parse_day(value):
        return day
    report(f"{where}: date {value[:60]!r} not understood, treated as undated; write YYYY-MM-DD")
    return None


def _words(fields: Fields, name: str, where: str) -> str:
    """A field that is one line, with single spaces."""
    return " ".join(_string(fields, name, where).split())


def _string(fields: Fields, name: str, where: str) -> str:
    """A field's text exactly as stored; empty where there is none."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise CorpusError(f"{where}: {name!r} is a {type(value).__name__}; write it as a string")
    text = str(value)
    if _UNSTORABLE.search(text):
        raise CorpusError(f"{where}: {name!r} holds NUL characters or half surrogate pairs; remove them")
    return text


def _tidy(text: str) -> str:
    """Line feeds alone end lines, and no blank lines at either end; all else untouched."""
    text = newlines(text)
    start = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    end = text.find("\n", len(text.rstrip()))
    return text[start : end if end >= 0 else None]


def _shown(path: Path | str) -> str:
    """A path as one line that any terminal can print."""
    return "".join(char if char.isprintable() else "?" for char in str(path))
