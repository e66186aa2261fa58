"""From a question to passages, best first: two searches, fused, reranked, read.

retriever         Retriever: the stages in order
fusion            merges rankings, and groups near-duplicates
passages          Ranks, Hit, Passage
scores            each stage's score for a chunk, and their combined probability
time_preference   favours articles from the time that a question asks about
"""
