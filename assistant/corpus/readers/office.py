"""Documents of word processors, and books: DOCX, ODT, RTF and EPUB.

DOCX and RTF are read by python-docx and striprtf. ODT and EPUB are XML in a ZIP archive and read as that,
with lxml, which resolves no entities and asks no network here.
"""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from assistant.corpus.encodings import decoded, newlines
from assistant.corpus.readers.html import element_text
from assistant.corpus.readers.piece import Piece, Raw, first_line, needs, opened_zip, zipped
from assistant.corpus.readers.text import headed_document
from assistant.corpus.report import PassedOver

if TYPE_CHECKING:
    from zipfile import ZipFile

    from lxml.etree import _Element

LARGEST_DOCUMENT = 64 << 20
"""Bytes of its text, unpacked."""

_TEMPLATE_DAY = "2013-12-23"
"""When python-docx's template was made, which every document written with it says of itself."""


def read_docx(piece: Piece) -> Iterator[Raw]:
    """One article: the paragraphs, and the cells of tables where they stand."""
    needs(piece.where, "docx")
    import docx

    data = piece.data()
    _check_size(opened_zip(data, piece.where), piece)
    try:
        document = docx.Document(io.BytesIO(data))
        paragraphs = []
        title = ""
        for block in document.iter_inner_content():
            if isinstance(block, docx.table.Table):
                paragraphs += [" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows]
                continue
            style = (block.style.name or "") if block.style else ""
            if not title and style in ("Title", "Heading 1"):
                title = block.text.strip()
            paragraphs.append(block.text.strip())
        about = document.core_properties
        told = {
            "title": about.title.strip() or title,
            "author": about.author if about.author != "python-docx" else "",
            "language": about.language,
            "file-created": str(about.created or ""),
            "file-modified": str(about.modified or ""),
        }
    except Exception as error:  # a document's parts may be anything, and the package checks few of them
        message = f"{piece.where}: a broken DOCX ({type(error).__name__}); save it again"
        raise PassedOver(message, "broken file") from None
    if told["file-created"].startswith(_TEMPLATE_DAY):
        told["file-created"] = told["file-modified"] = ""
    yield _document("\n\n".join(paragraph for paragraph in paragraphs if paragraph), told, piece)


def read_odt(piece: Piece) -> Iterator[Raw]:
    """One article: paragraphs and headings in their order."""
    needs(piece.where, "lxml")
    archive = opened_zip(piece.data(), piece.where)
    body = _xml(zipped(archive, "content.xml", piece.where, LARGEST_DOCUMENT), piece)
    paragraphs = []
    title = ""
    for node in body.iter():
        name = _name(node)
        if name in ("p", "h") and not _inside_paragraph(node):
            words = " ".join("".join(_odt_words(node)).split())
            if not title and (name == "h" or node.get(f"{{{node.nsmap.get('text')}}}style-name") == "Title"):
                title = words
            paragraphs.append(words)
    told: dict[str, str] = {"title": title}
    if "meta.xml" in archive.namelist():
        meta = {
            _name(node): (node.text or "").strip()
            for node in _xml(zipped(archive, "meta.xml", piece.where), piece).iter()
        }
        told = {
            "title": meta.get("title") or title,
            "author": meta.get("initial-creator") or meta.get("creator", ""),
            "language": meta.get("language", ""),
            "file-created": meta.get("creation-date", ""),
            "file-modified": meta.get("date", ""),
        }
    yield _document("\n\n".join(paragraph for paragraph in paragraphs if paragraph), told, piece)


def _odt_words(node: _Element) -> Iterator[str]:
    """The words below a paragraph, with the spaces that ODT writes as elements; no remarks."""
    yield node.text or ""
    for child in node:
        name = _name(child)
        if name in ("s", "tab", "line-break"):
            yield " "
        elif name not in ("annotation", "note", "tracked-changes"):
            yield from _odt_words(child)
        yield child.tail or ""


def _inside_paragraph(node: _Element) -> bool:
    return any(
        _name(above) in ("p", "h", "annotation", "note", "tracked-changes") for above in node.iterancestors()
    )


def read_rtf(piece: Piece) -> Iterator[Raw]:
    """One article."""
    needs(piece.where, "striprtf")
    from striprtf.striprtf import rtf_to_text

    data = piece.data(LARGEST_DOCUMENT)
    if not data.lstrip().startswith(b"{\\rtf"):
        raise PassedOver(f"{piece.where}: no RTF inside; save it again", "broken file")
    source = data.decode("latin-1")
    try:
        text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]
    except Exception as error:  # it raises whatever broken RTF provokes
        message = f"{piece.where}: broken RTF ({type(error).__name__}); save it again"
        raise PassedOver(message, "broken file") from None
    told = {"title": _rtf(r"\\title ([^{}\\]+)", source), "author": _rtf(r"\\author ([^{}\\]+)", source)}
    for key, mark in (("file-created", "creatim"), ("file-modified", "revtim")):
        day = re.search(rf"\\{mark}\\yr(\d{{1,4}})\\mo(\d{{1,2}})\\dy(\d{{1,2}})", source)
        told[key] = f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else ""
    yield _document(re.sub(r"\n+", "\n\n", newlines(text).strip()), told, piece)


def _rtf(pattern: str, source: str) -> str:
    match = re.search(pattern, source)
    return match[1].strip() if match else ""


def _document(text: str, told: dict[str, str], piece: Piece) -> Raw:
    """A document's article: lines such as "Date: ..." at its top say more than the file's properties."""
    fields, body = headed_document(text)
    if not body.strip():
        raise PassedOver(f"{piece.where}: no text in this document; remove it", "no text")
    title = fields.get("title") or told.get("title") or first_line(body)
    return Raw({**told, **fields, "title": title, "text": body}, piece.name, piece.where, alone=True)


def read_epub(piece: Piece) -> Iterator[Raw]:
    """An article for each chapter with words; a book of one chapter is one article."""
    needs(piece.where, "lxml")
    archive = opened_zip(piece.data(), piece.where)
    _check_size(archive, piece)
    root = _xml(zipped(archive, "META-INF/container.xml", piece.where), piece)
    package = next((node.get("full-path", "") for node in root.iter() if _name(node) == "rootfile"), "")
    book = _xml(zipped(archive, package, piece.where), piece)
    told: dict[str, str] = {}
    places: dict[str, str] = {}
    spine: list[str] = []
    for node in book.iter():
        name = _name(node)
        if (
            name in ("title", "creator", "publisher", "date", "language", "source")
            and (node.text or "").strip()
        ):
            told.setdefault(
                {"publisher": "outlet", "source": "url"}.get(name, name), (node.text or "").strip()
            )
        elif name == "item":
            places[node.get("id", "")] = unquote(node.get("href", ""))
        elif name == "itemref" and node.get("linear") != "no":
            spine.append(places.get(node.get("idref", ""), ""))
    if not told.get("url", "http").startswith("http"):
        del told["url"]
    chapters = list(_chapters(archive, posixpath.dirname(package), spine, piece))
    if not chapters:
        raise PassedOver(f"{piece.where}: no text in this book; remove it", "no text")
    for number, (heading, text) in enumerate(chapters, start=1):
        alone = len(chapters) == 1
        title = (
            told.get("title", "") if alone else heading or f"{told.get('title', '')}, {number}".lstrip(", ")
        )
        name = piece.name if alone else f"{piece.name}-{number}"
        yield Raw({**told, "title": title, "text": text}, name, piece.where, alone=alone)


def _chapters(archive: ZipFile, folder: str, spine: list[str], piece: Piece) -> Iterator[tuple[str, str]]:
    from lxml.etree import LxmlError
    from lxml.html import fromstring

    for place in spine:
        name = posixpath.normpath(posixpath.join(folder, place))
        if not place or name not in archive.namelist():
            continue
        page = re.sub(
            r"^\s*<\?xml[^>]*\?>", "", decoded(zipped(archive, name, piece.where), piece.where, piece.report)
        )
        try:
            tree = fromstring(page)
        except (LxmlError, ValueError):
            continue
        text = element_text(tree)
        heading = next(
            (
                " ".join("".join(node.itertext()).split())
                for node in tree.iter("h1", "h2")
                if len(node) or node.text
            ),
            "",
        )
        if len(text.split()) > len(heading.split()) + 3:
            yield heading, text


def _check_size(archive: ZipFile, piece: Piece) -> None:
    """Raises PassedOver for an archive that says it unpacks to more than is read."""
    total = sum(
        member.file_size for member in archive.infolist() if member.filename.endswith((".xml", "html", "htm"))
    )
    if total > LARGEST_DOCUMENT:
        raise PassedOver(
            f"{piece.where}: unpacks to more than {LARGEST_DOCUMENT >> 20} MB; split it", "too large"
        )


def _xml(data: bytes, piece: Piece) -> _Element:
    """The root of an XML document, with no entity resolved and nothing fetched. Raises PassedOver."""
    from lxml.etree import LxmlError, XMLParser, fromstring

    parser = XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = fromstring(data, parser)
    except (LxmlError, ValueError):
        root = None
    if root is None:
        raise PassedOver(f"{piece.where}: broken XML inside; save it again", "broken file")
    return root


def _name(node: _Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
