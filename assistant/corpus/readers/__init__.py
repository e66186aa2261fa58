"""Readers: one for each kind of file, found by the suffix. Each yields the raw fields of the articles in it.

text        Markdown with front matter, plain text with a head
html        HTML, XHTML, MHTML
office      DOCX, ODT, RTF, EPUB
pdf         PDF with a text layer
mail        EML, MBOX
feed        RSS, Atom, JSON Feed
tables      CSV, TSV, Parquet, JSON, JSON Lines
archives    gzip, ZIP, WARC
piece       what all of them take and give

`read` is all that others need. Importing it loads no library: each reader imports its own when it is used.
"""
