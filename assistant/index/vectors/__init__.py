"""The vectors of an index, in Chroma.

chroma      a collection: opening, closing, and checking that it matches the settings
reading     read without importing chromadb
writing     written, for a state that nobody reads yet
served      on a Chroma server: written, and read meanwhile
connection  to a Chroma server
"""
