"""From files to articles, and from articles to chunks with exact character offsets.

What the index remembers of them is `index`'s; what of them may be shown to a model is `injection`'s.
"""
