"""The fields of an article under whatever names: front matter, dumps, feeds, meta tags and mail headers.

`SYNONYMS` is the one table of them. Names are compared without case, spaces and punctuation, so that
"datePublished", "date_published" and "Date published" are one; of several, the first in the table counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from assistant.errors import SettingsError

Fields = Mapping[str, object]

SYNONYMS: Mapping[str, str] = {
    "id": "id article-id doc-id document-id uid uuid",
    "title": "title headline head heading headline-main og:title dc.title dcterms.title twitter:title"
    " subject article-title news-title name titel titre titolo titulo título überschrift заголовок"
    " título 标题 タイトル",
    "text": "text content maintext main-text article-body body article full-text content-text fulltext"
    " article-text article-content body-text story story-text news-text plain-text cleaned-text"
    " markdown raw-text document news content-html body-html html inhalt texte texto testo текст"
    " 正文 本文",
    "excerpt": "description summary excerpt abstract lead teaser standfirst dek subtitle",
    "date": "date published pub-date published-at date-published published-date publish-date date-publish"
    " publication-date published-on published-time publish-time article:published_time"
    " article:published first-published first-published-at first-publication-date"
    " original-publication-date date-posted posted posted-at posted-on date-issued issued released"
    " release-date dc.date dc.date.issued dcterms.issued dcterms.date parsely-pub-date"
    " sailthru.date display-date article-date news-date publish-timestamp seen-date sort-date"
    " dcterms.created dc.date.created date-created created created-at created-on creation-date"
    " timestamp datetime date-time day datum veröffentlicht erschienen date-de-publication publié"
    " fecha fecha-publicacion data-pubblicazione pubblicato data-publicacao publicado дата"
    " опубликовано 日期 发布时间 日付 file-created",
    "updated": "updated updated-at date-updated updated-date last-updated last-update modified modified-at"
    " date-modified modified-date date-modify lastmod last-modified last-modified-at modified-time"
    " article:modified_time og:updated_time dcterms.modified dc.date.modified updated-on changed"
    " revised corrected corrected-at aktualisiert geändert mis-à-jour actualizado aggiornato"
    " atualizado обновлено 更新时间 file-modified",
    "outlet": "outlet sources source newspaper publication publisher publication-name publisher-name"
    " site-name og:site_name source-name news-source sitename journal paper media medium"
    " media-name agency provider website website-name site feed-title channel newspaper-name"
    " dc.publisher dcterms.publisher application-name zeitung quelle journal fuente medio fonte"
    " testata источник издание 来源 媒体 source-hostname source-domain hostname domain host",
    "author": "author authors byline by creator dc.creator dcterms.creator article:author writer written-by"
    " reporter reporters journalist correspondent parsely-author sailthru.author autor autoren"
    " auteur autore автор 作者",
    "section": "section sections category categories article-section article:section rubric desk topic"
    " parsely-section ressort rubrik rubrique seccion sección sezione seção рубрика 栏目",
    "language": "language lang in-language dc.language og:locale locale content-language sprache langue"
    " idioma lingua язык",
    "url": "url link canonical canonical-url permalink web-url source-url article-url page-url"
    " webpage-url original-url og:url href external-url document-identifier uri",
}

UNUSED = frozenset(
    "tags tag keywords keyword newskeywords aliases alias image images thumbnail video media"
    " layout draft slug type kind cssclass cssclasses publish comments rating guid version status"
    " position fingerprint rawtext imageurl urltoimage entities sentiment toc weight images"
    " imagesrc index unnamed0 dateretrieved datesaved savedat fetched fetchedat fetchdate"
    " retrieved retrievedat dateaccessed accessed accessdate crawled crawledat crawldate scrapedat"
    " scrapedate downloaddate datedownload localpath filename titlepage score label labels"
    " wordcount numwords readingtime comment commentcount id etag".split()
)
"""Keys that are common and say nothing that is kept here, such as the day on which a page was fetched."""

_PLAIN = re.compile(r"[\W_]+")
_DATE_LIKE = re.compile(r"\D{0,12}\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")


def plain_key(key: str) -> str:
    """A key as it is compared: without case, spaces and punctuation."""
    return _PLAIN.sub("", key.casefold())


def _table() -> dict[str, tuple[str, int]]:
    table: dict[str, tuple[str, int]] = {}
    for name, synonyms in SYNONYMS.items():
        for rank, synonym in enumerate(synonyms.split()):
            table.setdefault(plain_key(synonym), (name, rank))
    return table


_KNOWN = _table()


def is_known(key: str) -> bool:
    """Whether a key names one of the fields."""
    return plain_key(key) in _KNOWN


def mapping_of(pairs: Sequence[str]) -> dict[str, str]:
    """`--map date=published_at`, given any number of times, as plain key -> field. Raises SettingsError."""
    mapping = {}
    for pair in pairs:
        name, equals, key = pair.partition("=")
        if not equals or not plain_key(key) or name.strip() not in SYNONYMS:
            known = ", ".join(SYNONYMS)
            raise SettingsError(f"--map {pair!r} is not FIELD=KEY; FIELD is one of {known}")
        mapping[plain_key(key)] = name.strip()
    return mapping


def known_fields(fields: Fields, mapping: Mapping[str, str]) -> tuple[dict[str, list[object]], list[str]]:
    """What is known of an article: field -> its values, the likeliest first; and the keys with no meaning.

    `mapping` is what the user said of keys; it comes before the table. Empty values count as not given.
    """
    ranked: dict[str, list[tuple[int, object]]] = {}
    unknown = []
    for key, value in _flat(fields):
        plain = plain_key(key)
        name, rank = (mapping[plain], -1) if plain in mapping else _KNOWN.get(plain, ("", 0))
        if not name:
            if plain and plain not in UNUSED:
                unknown.append(key)
        elif not is_empty(value):
            ranked.setdefault(name, []).append((rank, value))
    return {
        name: [value for _, value in sorted(values, key=lambda pair: pair[0])]
        for name, values in ranked.items()
    }, unknown


def _flat(fields: Fields) -> Iterator[tuple[str, object]]:
    """The pairs, with those of a nested "metadata" among them."""
    for key, value in fields.items():
        if plain_key(key) in ("metadata", "meta", "params", "frontmatter") and isinstance(value, Mapping):
            yield from ((str(inner), one) for inner, one in value.items())
        else:
            yield str(key), value


def is_empty(value: object) -> bool:
    """Whether a value says nothing."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {}, ())


def looks_dated(value: object) -> bool:
    """Whether the value of an unknown key may be a date, so that it can be named."""
    return isinstance(value, str) and len(value) < 40 and bool(_DATE_LIKE.match(value))
