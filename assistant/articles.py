"""Articles: what a corpus is made of, and how one is read.

`read_corpus(path)` turns a folder or a single file (Markdown with YAML front matter, plain text, HTML, JSON
Lines) into a list of `Article`, in a stable order. trafilatura, frontmatter, yaml and charset_normalizer are
imported only inside the functions that need them, so that importing this module stays cheap.
"""

from __future__ import annotations

import codecs
import contextlib
import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from assistant.errors import CorpusError

if TYPE_CHECKING:
    from yaml.events import Event

LONGEST_TITLE = 150
"""Characters; a longer first line of plain text is its first paragraph, not a headline."""

DEEPEST_FRONT_MATTER = 10
"""Levels; libyaml's Python binding crashes the process on front matter nested some ten thousand deep."""

_DATE_FORMATS = (
    *(
        day + form
        for day in ("", "%A, ", "%A ")
        for form in ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")
    ),
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %Z",
)
_HEADING = re.compile(r"^#[ \t]+(\S.*)$", re.MULTILINE)
_SITE = re.compile(r"https?://(?:www\.)?([^/\s]+)")
_UNTYPEABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")

Fields = Mapping[str, object]
Report = Callable[[str], None]


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


def read_corpus(path: Path, *, on_skip: Report | None = None, strict: bool = False) -> list[Article]:
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
        why = f": {problems[0]}" if problems else f"; put articles there, as {', '.join(_PARSERS)} files"
        raise CorpusError(f"{_shown(path)}: no readable article{why}")
    return [found[key][0] for key in sorted(found)]


def fingerprint(article: Article) -> str:
    """The sha256 (hex) of every field: equal exactly when nothing about the article changed."""
    canonical = json.dumps(asdict(article), sort_keys=True, default=dt.date.isoformat)
    return hashlib.sha256(canonical.encode()).hexdigest()


def corpus_stamp(path: Path) -> str:
    """A digest of the names, sizes and times of a corpus's files: while it is the same, nothing was touched.

    Reads no file. Raises CorpusError when there is no such path.
    """
    digest = hashlib.sha256()
    for file, name in _files(path, lambda problem: None):
        with contextlib.suppress(OSError):  # gone between listing and looking
            stat = file.stat()
            digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(path: Path, report: Report) -> list[tuple[Path, str]]:
    """The files to read, each with its path below the corpus without the suffix, '/' between the parts."""
    try:
        path.stat()
    except (OSError, ValueError) as error:
        raise CorpusError(f"{_shown(path)}: cannot be read ({_reason(error)}); correct the path") from None
    if not path.is_dir():
        if path.suffix.lower() not in _PARSERS:
            raise CorpusError(f"{_shown(path)}: unknown kind of file; use one of {', '.join(_PARSERS)}")
        return [(path, path.stem)]
    files = sorted(
        file
        for folder, names in _walk(path, report)
        for name in names
        if not name.startswith(".") and (file := folder / name).suffix.lower() in _PARSERS
    )
    return [(file, file.relative_to(path).with_suffix("").as_posix()) for file in files]


def _walk(top: Path, report: Report) -> Iterator[tuple[Path, list[str]]]:
    """Each folder once, through links too; links that lead back therefore end."""

    def unreadable(error: OSError) -> None:
        report(f"{_shown(error.filename)}: cannot be read ({_reason(error)}); check its permissions")

    seen: set[str] = set()
    for folder, folders, names in os.walk(top, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith("."))
        if real not in seen:
            seen.add(real)
            yield Path(folder), names


def _read_file(file: Path, name: str, report: Report) -> Iterator[tuple[Article, str]]:
    """Each article of a file with the place it stands at: the path, and the line for JSON Lines."""
    where = _shown(file)
    try:
        # A named pipe would block for ever, and a dangling link is no file either.
        data = file.read_bytes() if file.is_file() else None
    except OSError as error:
        return report(f"{where}: cannot be read ({_reason(error)}); check its permissions")
    if data is None:
        return report(f"{where}: not a file, or a broken link; remove it")
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return report(f"{where}: is empty; write an article or remove the file")
    parse = _PARSERS[file.suffix.lower()]
    for part, part_name, part_where in _parts(data, name, where) if parse is _line else [(data, name, where)]:
        try:
            yield _article(parse(part, part_where, report), part_name, part_where, report), part_where
        except CorpusError as error:
            report(str(error))


def _parts(data: bytes, name: str, where: str) -> Iterator[tuple[bytes, str, str]]:
    """The lines of JSON Lines that are not blank, each with its number in what names it."""
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if line.strip():
            yield line, f"{name}-{number}", f"{where}:{number}"


def _article(fields: Fields, name: str, where: str, report: Report) -> Article:
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


def _markdown(data: bytes, where: str, report: Report) -> Fields:
    from frontmatter.default_handlers import YAMLHandler

    text = _newlines(_utf8(data, where))
    handler = YAMLHandler()
    fields: Fields = {}
    if handler.detect(text.lstrip("\n")):
        try:
            head, body = handler.split(text)
        except ValueError:
            raise CorpusError(f"{where}: front matter without an end; put a line '---' below it") from None
        fields = _front_matter(head, where, text.count("\n", 0, text.index(head)) + 1)
        text = body
    heading = _HEADING.search(text)
    return {**fields, "text": text, "title": fields.get("title") or (heading and heading[1])}


def _front_matter(head: str, where: str, first_line: int) -> Fields:
    """The mapping, every scalar a string as written ("007", "Yes", "2025-13-45"), except YAML's null."""
    import yaml

    # BaseLoader constructs nothing but strings, lists and mappings: it is safer than SafeLoader.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        problem = _bomb(yaml.parse(head, Loader=loader))
        fields = {} if problem else _without_nulls(yaml.load(head, Loader=loader) or {})
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{where}:{first_line + mark.line}" if mark else where
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "broken YAML"
    if problem:
        raise CorpusError(f"{where}: front matter: {problem}; correct the YAML")
    if not isinstance(fields, dict):
        raise CorpusError(f"{where}: front matter is not a mapping; write it as 'title: ...' lines")
    return fields


def _bomb(events: Iterator[Event]) -> str:
    """What in a stream of YAML events could exhaust memory or the stack; empty if nothing."""
    import yaml

    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_FRONT_MATTER:
            return "nested too deeply"
        if isinstance(event, yaml.AliasEvent):
            return f"'*{event.anchor}' is an alias, which is not read here"
    return ""


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return None if value in ("", "~", "null", "Null", "NULL") else value


def _plain(data: bytes, where: str, report: Report) -> Fields:
    text = _decode(data, where, report)
    return {"text": text, "title": _first_line(text)}


def _html(data: bytes, where: str, report: Report) -> Fields:
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    # Extensive search would take a date from any number on the page, such as a copyright notice's year;
    # without max_date, what is read would depend on the day it is read.
    dates = {"original_date": True, "extensive_search": False, "max_date": dt.datetime.max}
    html = _decode(data, where, report)
    try:
        page = bare_extraction(html, with_metadata=True, include_comments=False, date_extraction_params=dates)
    except Exception as error:  # it documents none: whatever a page provokes is that page's problem
        raise CorpusError(f"{where}: HTML that cannot be read ({_reason(error)}); correct the page") from None
    if not isinstance(page, Document) or not page.text:
        raise CorpusError(f"{where}: no article text in this page; save the whole page or remove it")
    text = re.sub(r"\n+", "\n\n", page.text)
    return {"title": page.title, "date": page.date, "source": page.sitename, "url": page.url, "text": text}


def _line(data: bytes, where: str, report: Report) -> Fields:
    try:
        fields = json.loads(_utf8(data, where))
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else _reason(error)
        raise CorpusError(f"{where}: not JSON ({reason}); write one object a line") from None
    if not isinstance(fields, dict):
        raise CorpusError(f'{where}: not a JSON object; write {{"id": ..., "title": ..., "text": ...}}')
    text = fields.get("text")
    return {**fields, "title": fields.get("title") or (_first_line(text) if isinstance(text, str) else None)}


_PARSERS: Mapping[str, Callable[[bytes, str, Report], Fields]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain,
    ".html": _html,
    ".htm": _html,
    ".jsonl": _line,
    ".ndjson": _line,
}


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


def _date(value: str, where: str, report: Report) -> dt.date | None:
    if not value:
        return None
    try:
        return dt.datetime.fromisoformat(value).date()
    except ValueError:
        pass
    for form in _DATE_FORMATS:
        try:
            return dt.datetime.strptime(value, form).date()
        except ValueError:
            continue
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


def _first_line(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return first if len(first) <= LONGEST_TITLE else ""


def _decode(data: bytes, where: str, report: Report) -> str:
    """UTF-8, else what the bytes declare or most look like; a mere guess is reported."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes
        from charset_normalizer.utils import any_specified_encoding
    match = from_bytes(data).best()
    if match is None:
        raise CorpusError(f"{where}: unknown encoding; convert it to UTF-8")
    if not match.bom and match.encoding != any_specified_encoding(data):
        report(f"{where}: not UTF-8, read as {match.encoding}; convert it to UTF-8")
    return str(match).removeprefix("\ufeff")


def _utf8(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CorpusError(f"{where}: not UTF-8; convert it to UTF-8") from None


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _tidy(text: str) -> str:
    """Line feeds alone end lines, and no blank lines at either end; all else untouched."""
    text = _newlines(text)
    start = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    end = text.find("\n", len(text.rstrip()))
    return text[start : end if end >= 0 else None]


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())[:200] or type(error).__name__


def _shown(path: Path | str) -> str:
    """A path as one line that any terminal can print."""
    return "".join(char if char.isprintable() else "?" for char in str(path))
