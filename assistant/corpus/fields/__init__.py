"""From the fields that a reader found, under whatever names, to an article.

metadata        the table of field names
article_dates   parses dates in any format
making          makes an article from the fields, leniently
"""
