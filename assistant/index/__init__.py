"""The index on disk: Chroma for vectors, SQLite for articles and BM25, synced with a corpus.

filters     which articles a question may see
database    a SQLite file: connections, version, what is said when it is damaged
lexical     the catalogue: stored articles, chunk offsets, BM25
terms       the words of a query, as they are looked up
vectors     Chroma: read, written, on this machine or on a server
opened      Index: both of them, opened for questions
sync        updates both from a corpus
manifest    checksums of Chroma's files, which it does not check
checking    whether an index is whole
snapshots   the index's folders: a run writes a copy, which then becomes current
"""
