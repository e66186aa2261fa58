"""The catalogue: a SQLite file that holds articles, chunks and the full-text index.

lexical     what it holds, read and written
layers      read together with the one of the state on which its own lies
bm25        the passages with the words of a query, best first
database    the file: connections, version, what is said when it is damaged
"""
