"""From files to articles, and from articles to chunks with exact character offsets.

walking         which files a corpus is
readers/        a reader for each kind of file: raw fields
fields/         raw fields to an article
whole/          repeats, versions and boilerplate, which only a whole corpus tells
report          what was passed over, and why
articles        all of it: a path to articles
article         what an article is
chunking        articles to passages
encodings       bytes to text
near_duplicates texts that nearly hold each other

What the index remembers of them is `index`'s; what of them may be shown to a model is `injection`'s.
"""
