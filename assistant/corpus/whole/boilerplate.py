"""What repeats over a site's articles and is none of them: found by counting, never from a list.

Lines such as "Sign up for our newsletter" stand in most articles of a site, and so does the site's name
behind every headline. Paragraphs with numbers in them may be background that reporters reuse, so these must
repeat far more often. A corpus in which nothing repeats is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from assistant.corpus.article import Article
from assistant.corpus.fields.making import site_of

SAMPLE = 1000
"""Articles of a site that are counted; what repeats shows in them."""

LONGEST = 1000
"""Characters of a paragraph that can be boilerplate."""

_BREAK = re.compile(r"\n[^\S\n]*\n\s*")
_SUFFIX = re.compile(r"(.*\S)\s+[|–—·•»:-]{1,2}\s+(\S.{0,79})")
_PREFIX = re.compile(r"(\S.{0,79}?)\s*[|»]\s+(\S.*)")


@dataclass(slots=True)
class _Site:
    articles: int = 0
    paragraphs: dict[int, list[int]] = field(default_factory=dict)
    """Hash of a paragraph -> articles with it, of these those at the edge, and whether it states numbers."""
    endings: dict[str, int] = field(default_factory=dict)


class Boilerplate:
    """Counts while articles are read; afterwards takes out of them what repeats."""

    def __init__(self) -> None:
        self._sites: dict[str, _Site] = {}
        self._repeated: dict[str, set[int]] = {}
        self._endings: dict[str, set[str]] = {}

    def count(self, article: Article) -> None:
        """Takes note of an article."""
        site = self._sites.setdefault(_site(article), _Site())
        if site.articles >= SAMPLE:
            return
        site.articles += 1
        pieces = list(_paragraphs(article.text))
        for paragraph, at in {text: at for at, text in enumerate(pieces[len(pieces) == 1 :])}.items():
            if len(paragraph) <= LONGEST and not paragraph.startswith("#"):
                counts = site.paragraphs.setdefault(hash(paragraph), [0, 0, 0])
                counts[0] += 1
                counts[1] += at < 2 or at >= len(pieces) - 3
                counts[2] = any(map(str.isdigit, paragraph)) and "©" not in paragraph
        for ending in _endings(article.title):
            site.endings[ending] = site.endings.get(ending, 0) + 1

    def decide(self) -> dict[str, int]:
        """Ends the counting; how many repeated lines were found, for each site that has any."""
        found = {}
        for name, site in self._sites.items():
            repeated = {key for key, counts in site.paragraphs.items() if _repeats(counts, site.articles)}
            endings = {one for one, n in site.endings.items() if n >= 3 and n * 2 >= site.articles}
            if repeated:
                self._repeated[name] = repeated
            if endings:
                self._endings[name] = endings
            if repeated or endings:
                found[name] = len(repeated) + len(endings)
        self._sites = {}
        return found

    def without(self, article: Article) -> Article:
        """The article without what repeats; one that is nothing else is left as it is."""
        site = _site(article)
        title = self._title(article, site)
        text = article.text
        if repeated := self._repeated.get(site):
            text = _kept(text, repeated) or text
        if title == article.title and text == article.text:
            return article
        return replace(article, title=title, text=text)

    def _title(self, article: Article, site: str) -> str:
        for ending in _endings(article.title):
            if ending in self._endings.get(site, ()):
                rest = article.title.removesuffix(ending) if article.title.endswith(ending) else ""
                rest = rest or article.title.removeprefix(ending)
                if rest.strip():
                    return rest.strip()
        return article.title


def _repeats(counts: list[int], articles: int) -> bool:
    seen, edges, states = counts
    if states:
        return seen >= 10 and seen * 10 >= articles * 8
    if edges * 10 >= seen * 8:
        return (seen >= 3 and seen * 2 >= articles) or (seen >= 10 and seen * 20 >= articles)
    return seen >= 4 and seen * 10 >= articles * 6


def _site(article: Article) -> str:
    if article.url and (site := site_of(article.url)):
        return site
    return article.sources[0].outlet if len(article.sources) == 1 else ""


def _endings(title: str) -> Iterator[str]:
    """What may be the site's name at the end or the beginning of a headline, with the sign between."""
    if match := _SUFFIX.fullmatch(title):
        yield title[match.end(1) :]
    if match := _PREFIX.fullmatch(title):
        yield title[: match.start(2)]


def _paragraphs(text: str) -> Iterator[str]:
    """The paragraphs; of a text without blank lines, the lines."""
    pieces = _BREAK.split(text)
    return iter([" ".join(piece.split()) for piece in (pieces if len(pieces) > 1 else text.split("\n"))])


def _kept(text: str, repeated: set[int]) -> str:
    """The text without the paragraphs whose hashes are named; nothing where no words are left."""
    gaps = [match.span() for match in _BREAK.finditer(text)]
    if not gaps:
        gaps = [match.span() for match in re.finditer(r"\n", text)]
    starts = [0, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), len(text)]
    kept = []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if hash(" ".join(text[start:end].split())) not in repeated:
            kept.append(text[start : starts[number + 1] if number + 1 < len(starts) else None])
    if not any(map(str.strip, kept)):
        return ""
    return "".join(kept).rstrip("\n") if len(kept) < len(starts) else text
