"""The index on disk: Chroma for vectors, SQLite for articles and BM25, synced with a corpus.

filters     which articles a question may see
catalogue   SQLite: stored articles, chunk offsets, BM25
vectors     Chroma: read, written, on this machine or on a server
opened      Index: both of them, opened for questions
sync        updates both from a corpus
encoding    from articles to chunks and their vectors
manifest    checksums of Chroma's files, which it does not check
checking    whether an index is whole
snapshots   the index's folders: a run writes a new state, which then becomes current
"""
