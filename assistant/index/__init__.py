"""The index on disk: Chroma for vectors, SQLite for articles and BM25, kept in line with a corpus.

filters     which articles a question may see
lexical     the catalogue: stored articles, chunk offsets, BM25
vectors     Chroma: opened, closed, and whether it is the one that the settings ask for
opened      Index: both of them, opened for questions
sync        brings them in line with a corpus
snapshots   its folders: written as copies, then named
"""
