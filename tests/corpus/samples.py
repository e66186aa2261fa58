"""One sample of each kind of file that is read, made here; each tells the same kind of story."""

import gzip
import io
import json
import zipfile
from pathlib import Path

HEADLINE = "Grain ship reaches Portmore"
DAY = "2025-10-14"
OUTLET = "Portmore Gazette"
URL = "https://gazette.example/news/grain-ship"
FIRST = "The grain ship Calliope reached Portmore on Tuesday with 31,000 tonnes of wheat on board."
SECOND = "Harbour master Lene Osei said that unloading would take four days and nights."
TEXT = f"{FIRST}\n\n{SECOND}"

PAGE = f"""<!doctype html><html lang="en"><head><title>{HEADLINE}</title>
<meta property="og:site_name" content="{OUTLET}"><link rel="canonical" href="{URL}">
<meta property="article:published_time" content="{DAY}T08:00:00Z"></head><body><nav>Home Sport</nav>
<article><h1>{HEADLINE}</h1><p>{FIRST}</p><p>{SECOND}</p></article></body></html>"""
HEAD = f"title: {HEADLINE}\ndate: {DAY}\noutlet: {OUTLET}\n"
RECORD = {"headline": HEADLINE, "article_body": TEXT, "pubDate": f"{DAY}T08:00:00Z", "publisher": OUTLET}


def markdown_yaml() -> bytes:
    return f"---\n{HEAD}---\n{TEXT}\n".encode()


def markdown_toml() -> bytes:
    head = f'title = "{HEADLINE}"\ndate = {DAY}T08:00:00Z\n[params]\noutlet = "{OUTLET}"\n'
    return f"+++\n{head}+++\n{TEXT}\n".encode()


def markdown_json() -> bytes:
    return f"{json.dumps({'title': HEADLINE, 'date': DAY, 'source': OUTLET})}\n\n{TEXT}\n".encode()


def plain() -> bytes:
    return f"Title: {HEADLINE}\nDate: 14 October 2025\nSource: {OUTLET}\n\n{TEXT}\n".encode()


def html() -> bytes:
    return PAGE.encode()


def xhtml() -> bytes:
    page = PAGE.replace("<!doctype html><html", '<html xmlns="http://www.w3.org/1999/xhtml"')
    for value in (OUTLET, URL, f"{DAY}T08:00:00Z"):
        page = page.replace(f'{value}">', f'{value}"/>')
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{page}'.encode()


def mhtml() -> bytes:
    return (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: "
        + URL
        + "\r\nDate: Sat, 1 Nov 2025 10:00:00 +0000\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + PAGE
        + "\r\n--b--\r\n"
    ).encode()


def docx() -> bytes:
    import docx

    document = docx.Document()
    document.core_properties.title = HEADLINE
    for line in (f"Source: {OUTLET}", f"Date: {DAY}", "", FIRST, SECOND):
        document.add_paragraph(line)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def zipped(files: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def odt() -> bytes:
    names = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        ' xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    body = "".join(f"<text:p>{line}</text:p>" for line in (f"Source: {OUTLET}", f"Date: {DAY}", "", FIRST))
    second = SECOND.replace("four days", "four<text:s/>days")
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {names}><office:body><office:text>{body}"
            f"<text:p>{second}</text:p></office:text></office:body></office:document-content>",
            "meta.xml": f"<office:document-meta {names}><office:meta><dc:title>{HEADLINE}</dc:title>"
            f"<meta:creation-date>{DAY}T08:00:00</meta:creation-date></office:meta></office:document-meta>",
        }
    )


def rtf() -> bytes:
    lines = r"\par ".join((f"Source: {OUTLET}", f"Date: {DAY}", "", FIRST, SECOND))
    return (
        r"{\rtf1\ansi{\fonttbl\f0 Arial;}{\info{\title " + HEADLINE + r"}}\f0 " + lines + r"\par}"
    ).encode()


def epub() -> bytes:
    package = f"""<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{HEADLINE}</dc:title>
<dc:publisher>{OUTLET}</dc:publisher><dc:date>{DAY}</dc:date></metadata>
<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="c"/></spine></package>"""
    container = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    page = f"<html><body><p>{FIRST}</p><p>{SECOND}</p></body></html>"
    return zipped({"META-INF/container.xml": container, "OPS/book.opf": package, "OPS/c.xhtml": page})


def pdf(text: str = f"Source: {OUTLET}\n\nDate: 14 October 2025\n\n{TEXT}") -> bytes:
    lines = [line for paragraph in text.split("\n\n") for line in (*_wrapped(paragraph), "")]
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    content = f"BT /F1 11 Tf 14 TL 72 770 Td {shown} ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Title ({HEADLINE}) /CreationDate (D:20251014080000Z) >>".encode(),
    ]
    data = b"%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 7\n0000000000 65535 f \n" + table + b"trailer << /Size 7 /Root 1 0 R /Info 6 0 R >>\n"
    return data + head + b"startxref\n%d\n%%%%EOF\n" % len(data)


def _wrapped(paragraph: str, width: int = 60) -> list[str]:
    lines = [""]
    for word in paragraph.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def eml() -> bytes:
    return (
        f"From: {OUTLET} <news@gazette.example>\r\nSubject: {HEADLINE}\r\n"
        "Date: Tue, 14 Oct 2025 06:30:00 EDT\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nView this mail in a browser.\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<table><tr><td><p>{FIRST}</p></td></tr>"
        f"<tr><td><p>{SECOND}</p></td></tr></table>\r\n--b--\r\n"
    ).encode()


def mbox() -> bytes:
    other = (
        eml().replace(HEADLINE.encode(), b"Wheat prices fall").replace(FIRST.encode(), b"Wheat fell by 3%.")
    )
    return (
        b"From news@gazette.example Tue Oct 14 06:30:00 2025\n"
        + eml()
        + (b"\nFrom news@gazette.example Wed Oct 15 06:30:00 2025\n" + other)
    )


def rss() -> bytes:
    return f"""<?xml version="1.0"?><rss version="2.0"><channel><title>{OUTLET}</title>
<item><title>{HEADLINE}</title><link>{URL}</link><pubDate>Tue, 14 Oct 2025 06:30:00 GMT</pubDate>
<description>&lt;p&gt;{FIRST}&lt;/p&gt;&lt;p&gt;{SECOND}&lt;/p&gt;</description></item></channel></rss>""".encode()


def atom() -> bytes:
    return f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>{OUTLET}</title><entry>
<title>{HEADLINE}</title><link href="{URL}"/><id>tag:gazette.example,1</id>
<published>{DAY}T06:30:00Z</published><updated>2025-10-16T09:00:00Z</updated>
<content type="html">&lt;p&gt;{FIRST}&lt;/p&gt;&lt;p&gt;{SECOND}&lt;/p&gt;
</content></entry></feed>""".encode()


def json_feed() -> bytes:
    item = {"id": "1", "url": URL, "title": HEADLINE, "content_html": f"<p>{FIRST}</p><p>{SECOND}</p>"}
    item["date_published"] = f"{DAY}T06:30:00Z"
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": OUTLET, "items": [item]}
    ).encode()


def csv(sign: str = ",") -> bytes:
    row = sign.join(f'"{value}"' for value in RECORD.values())
    return f"{sign.join(RECORD)}\r\n{row}\r\n".encode()


def parquet() -> bytes:
    import datetime as dt

    import pyarrow
    from pyarrow.parquet import write_table

    record = RECORD | {"pubDate": dt.datetime(2025, 10, 14, 8)}
    file = io.BytesIO()
    write_table(pyarrow.Table.from_pylist([record]), file)
    return file.getvalue()


def warc() -> bytes:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {URL}\r\nWARC-Date: 2026-01-05T10:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + answer + b"\r\n\r\n")


SAMPLES = {
    "yaml.md": markdown_yaml,
    "toml.md": markdown_toml,
    "json.md": markdown_json,
    "plain.txt": plain,
    "page.html": html,
    "page.xhtml": xhtml,
    "page.mhtml": mhtml,
    "document.docx": docx,
    "document.odt": odt,
    "document.rtf": rtf,
    "book.epub": epub,
    "print.pdf": pdf,
    "letter.eml": eml,
    "letters.mbox": mbox,
    "feed.rss": rss,
    "feed.xml": atom,
    "feed.json": json_feed,
    "table.csv": csv,
    "semicolons.csv": lambda: csv(";"),
    "table.tsv": lambda: csv("\t"),
    "table.parquet": parquet,
    "array.json": lambda: json.dumps([RECORD], indent=1).encode(),
    "api.json": lambda: json.dumps({"status": "ok", "articles": [RECORD]}).encode(),
    "lines.jsonl": lambda: json.dumps(RECORD).encode(),
    "lines.jsonl.gz": lambda: gzip.compress(json.dumps(RECORD).encode()),
    "packed.zip": lambda: zipped({"2025/lines.jsonl": json.dumps(RECORD), "__MACOSX/._x.md": "x"}),
    "crawl.warc.gz": warc,
}


def write_samples(folder: Path) -> Path:
    """One file of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SAMPLES.items():
        (folder / name).write_bytes(make())
    return folder
