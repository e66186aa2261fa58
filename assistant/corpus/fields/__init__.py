"""From the fields that a reader found, under whatever names, to an article.

metadata        the one table of names
article_dates   dates in any spelling
making          an article of them, leniently
"""
