"""`assistant mcp`: tools for Model Context Protocol clients, over standard input and output.

session     the protocol, using the SDK; concurrent calls
tools       ask, search, timeline, list_articles, read_article
arguments   the tools' arguments
view        restricts a server to part of the corpus
streams     reserves standard output for the protocol
"""
