"""From files to articles, and from articles to chunks with exact character offsets.

walking         finds the files of a corpus
readers/        file types: file to raw fields
fields/         raw fields to an article
whole/          repeats, versions and boilerplate, found across the whole corpus
report          what was skipped, and why
articles        the whole path: a folder or file to articles
article         Article and its fingerprint
chunking        articles to passages
encodings       bytes to text
near_duplicates near-copies

`index` stores the articles; `injection` decides what of them a model may see.
"""
