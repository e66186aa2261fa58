"""Readers: one for each file type, chosen by suffix. Each yields the raw fields of the articles in a file.

text        Markdown with front matter, plain text with a header
html        HTML, XHTML, MHTML
office      DOCX, ODT, RTF, EPUB
pdf         PDF with a text layer
mail        EML, MBOX
mime        messages and their parts
feed        RSS, Atom, JSON Feed
tables      CSV, TSV, Parquet, JSON, JSON Lines
archives    gzip, ZIP, WARC
piece       the readers' input and output types

Other packages need only `read`. Importing it loads no library: each reader imports its own on first use.
"""
