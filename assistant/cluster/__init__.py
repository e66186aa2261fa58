"""Indexing, batches and evaluation on Ray: many cores, or many machines.

workers     Ray, started or joined; actors, each given one thing at a time
indexing    articles to chunks and vectors
asking      questions to answers, for a batch
evaluating  gold cases to answers, for an evaluation
"""
