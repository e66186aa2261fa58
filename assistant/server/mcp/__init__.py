"""`assistant mcp`: tools for a client of the Model Context Protocol, over standard input and output.

session     the protocol, with the SDK; calls side by side
tools       ask, search, timeline, list_articles, read_article
arguments   what they take
view        what a server that shows a part of the corpus lets through
streams     standard output kept for the protocol
"""
