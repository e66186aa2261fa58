"""From the raw fields of a reader to an article: leniently, and with a notice for whatever was mended."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from assistant.corpus.article import Article, Source
from assistant.corpus.encodings import newlines
from assistant.corpus.fields.article_dates import Ambiguous, day_in_name, day_of, is_month
from assistant.corpus.fields.metadata import is_empty, known_fields, looks_dated
from assistant.corpus.readers.piece import Raw, first_line
from assistant.corpus.report import PassedOver, Report
from assistant.corpus.walking import normal

_SITE = re.compile(r"(?:https?:)?//(?:[^/@\s]*@)?(?:www\.)?([^/:?#\s]+)", re.IGNORECASE)
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_COPYRIGHT = re.compile(
    r"©|\(c\)|&copy;|\bcopyright\b|\ball rights reserved\b\.?"
    r"|(?<!\w)(?:19|20)\d{2}(?:\s*[-–]\s*(?:19|20)?\d{2,4})?(?!\w)",
    re.IGNORECASE,
)
_CUT = re.compile(r"\s*(?:…|\.\.\.)?\s*\[\+\d+ chars\]\s*$")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][\w-]+)?")
_NAMES = ("outlet", "name", "title", "publisher", "sitename", "label", "value", "text", "@value", "headline")
_ADDRESSES = ("url", "link", "href", "uri", "homepage", "@id")


@dataclass(frozen=True, slots=True)
class Made:
    """An article that was made, and what of it was given and not derived from the file's name."""

    article: Article
    titled: bool
    named: bool
    """Whether it has an id of its own."""


def article_of(raw: Raw, report: Report, mapping: Mapping[str, str]) -> Made:
    """The article that a reader's fields make. Raises PassedOver for one without text, or too deep."""
    try:
        return _made(raw, report, mapping)
    except RecursionError:
        message = f"{raw.where}: its fields are nested too deeply; write them as plain texts"
        raise PassedOver(message, "nested too deeply") from None


def _made(raw: Raw, report: Report, mapping: Mapping[str, str]) -> Made:
    known, unknown = known_fields(raw.fields, mapping)
    for key in unknown:
        report.unknown(key, dated=looks_dated(raw.fields.get(key)))
    maker = _Maker(raw, report, known)
    text = maker.text()
    url = maker.url()
    sources = maker.sources(url)
    published, updated = maker.days()
    title = maker.title(text)
    article = Article(
        id=maker.identity(),
        title=title or PurePosixPath(raw.name).name,
        text=text,
        published=published,
        section=maker.line("section", first=True),
        sources=sources,
        url=url,
        updated=updated,
        author=re.sub(r"^by\s+", "", maker.line("author"), flags=re.IGNORECASE),
        language=maker.language(),
    )
    return Made(article, bool(title), bool(known.get("id")))


class _Maker:
    """The fields of one article, each made from the likeliest of its values."""

    def __init__(self, raw: Raw, report: Report, known: Mapping[str, list[object]]) -> None:
        self.raw, self.report, self.known = raw, report, known
        self._cleaned = False

    def text(self) -> str:
        text = next((text for value in self.known.get("text", []) if (text := self._body(value)).strip()), "")
        if not text and "excerpt" in self.known:
            text = self._body(self.known["excerpt"][0])
            self.report.count("only a summary for a text")
        if not text.strip():
            keys = ", ".join(str(key)[:40] for key, value in self.raw.fields.items() if not is_empty(value))
            named = (
                f" (keys: {keys}); the text goes under 'text', or give --map text=KEY"
                if keys
                else "; remove it"
            )
            raise PassedOver(f"{self.raw.where}: has no text{named}", "no text")
        if text.rstrip().endswith("chars]") and (cut := _CUT.search(text, len(text) - 80)):
            text = text[: cut.start()]
            self.report.suspect(f"{self.raw.where}: the text is cut off", "cut off")
        return tidy(text)

    def _body(self, value: object) -> str:
        """A text as stored; paragraphs that stand in a list, one below the other."""
        if isinstance(value, list | tuple):
            return "\n\n".join(filter(None, map(self._body, value)))
        if isinstance(value, Mapping):
            return self._body(_named(value, _NAMES))
        return self._clean(str(value)) if isinstance(value, str | int | float) else ""

    def title(self, text: str) -> str:
        if title := self.line("title"):
            return title
        return "" if self.raw.alone else " ".join(first_line(text).split())

    def line(self, name: str, *, first: bool = False) -> str:
        """A field as one line with single spaces; of several values the first, or all with commas."""
        for value in self.known.get(name, []):
            words = [" ".join(self._clean(word).split()) for word in _words(value)]
            if words := [word for word in words if word and not (name == "author" and _SITE.match(word))]:
                return words[0] if first else ", ".join(dict.fromkeys(words))
        return ""

    def identity(self) -> str:
        for value in self.known.get("id", []):
            usable = isinstance(value, str | int | float) and not isinstance(value, bool)
            if usable and (identity := normal(str(value))):
                return identity
            where = self.raw.where
            self.report.notice(
                f"{where}: 'id' is a {type(value).__name__}; write it as a string", "id not usable"
            )
        return normal(self.raw.name) or "article"

    def url(self) -> str | None:
        for value in (*self.known.get("url", []), *self._outlet_values()):
            address = _named(value, _ADDRESSES) if isinstance(value, Mapping) else value
            if isinstance(address, list) and address:
                address = address[0]
            if not isinstance(address, str):
                continue
            address = self._clean(address).strip()
            if value in self.known.get("url", []) or (_SITE.match(address) and _has_path(address)):
                return address or None
        return None

    def _outlet_values(self) -> list[object]:
        """An outlet that is an address of the article, as in trafilatura's dumps."""
        return [value for value in self.known.get("outlet", []) if isinstance(value, str)]

    def sources(self, url: str | None) -> tuple[Source, ...]:
        """The outlets, each with its address; else the site at which the article stands."""
        for value in self.known.get("outlet", []):
            entries = value if isinstance(value, list) else [value]
            found = [source for entry in entries if (source := self._source(entry))]
            if found:
                if not isinstance(value, list) and not found[0].url:
                    found = [Source(found[0].outlet, url)]
                return tuple(found)
            self.report.notice(
                f"{self.raw.where}: an outlet has no name; write 'outlet: ...' and 'url: ...'",
                "outlet not understood",
            )
        if url and (site := site_of(url)):
            return (Source(site, url),)
        return ()

    def _source(self, entry: object) -> Source | None:
        address = _named(entry, _ADDRESSES) if isinstance(entry, Mapping) else None
        name = _named(entry, _NAMES) if isinstance(entry, Mapping) else entry
        url = self._clean(address).strip() if isinstance(address, str) else ""
        outlet = " ".join(self._clean(name).split()) if isinstance(name, str) else ""
        if _SITE.match(outlet):
            outlet, url = "", url or outlet
        outlet = outlet_name(outlet) or site_of(url)
        return Source(outlet, url or None) if outlet else None

    def days(self) -> tuple[dt.date | None, dt.date | None]:
        """The day it was published, and the day it was changed where that is later."""
        published = self._day("date")
        if published is None and self.raw.alone:
            published = day_in_name(self.raw.name)
        updated = self._day("updated")
        if published is None:
            published, updated = updated, None
        return published, updated if published and updated and updated > published else None

    def _day(self, name: str) -> dt.date | None:
        failed = ""
        for value in self.known.get(name, []):
            text = self._date_text(value)
            try:
                day = day_of(text)
            except Ambiguous as error:
                why = f"could be {error}, so it is treated as undated; write YYYY-MM-DD"
                self.report.notice(f"{self.raw.where}: {name} {text[:60]!r} {why}", "date ambiguous")
                return None
            if day:
                if is_month(text):
                    self.report.count("only a month for a date, taken as its last day")
                if failed == "" and value is self.raw.fields.get("file-created"):
                    self.report.count("dated by the file's own properties")
                return day
            failed = failed or text
        if failed:
            why = f"{name} {failed[:60]!r} not understood, treated as undated; write YYYY-MM-DD"
            self.report.notice(f"{self.raw.where}: {why}", "date not understood")
        return None

    def _date_text(self, value: object) -> str:
        if isinstance(value, Mapping):
            value = _named(value, ("$date", "iso", "date", "value", "@value", "datetime", "start"))
        if isinstance(value, list) and value:
            value = value[0]
        return " ".join(str("" if value is None else value).split())

    def language(self) -> str:
        match = _LANGUAGE.fullmatch(self.line("language", first=True))
        return match[1].lower() if match else ""

    def _clean(self, text: str) -> str:
        if not _UNSTORABLE.search(text):
            return text
        if not self._cleaned:
            message = f"{self.raw.where}: holds NUL characters or half surrogate pairs; they are left out"
            self.report.notice(message, "characters left out")
        self._cleaned = True
        return _UNSTORABLE.sub("", text)


def outlet_name(outlet: str) -> str:
    """An outlet's name; of a copyright line, the name in it."""
    if not re.search(r"©|\(c\)|&copy;|\bcopyright\b|rights reserved", outlet, re.IGNORECASE):
        return outlet
    return " ".join(_COPYRIGHT.sub(" ", outlet).split()).strip(" ,.;:|-–—")


def site_of(url: str) -> str:
    """The host of an address without "www."; empty for what is none."""
    match = _SITE.match(url)
    return match[1].lower() if match else ""


def _has_path(url: str) -> bool:
    return bool(re.match(r"(?:https?:)?//[^/]+/[^/?#]", url))


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, Mapping):
        yield from _words(_named(value, _NAMES))
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _named(value: Mapping[str, object], names: tuple[str, ...]) -> object:
    """The value of a mapping under the first of the names that it has."""
    return next((value[name] for name in names if not is_empty(value.get(name))), None)


def tidy(text: str) -> str:
    """Line feeds alone end lines, and no blank lines at either end; all else untouched."""
    text = newlines(text)
    start = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    end = text.find("\n", len(text.rstrip()))
    return text[start : end if end >= 0 else None]
