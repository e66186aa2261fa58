"""From a question to passages, best first: two searches, fused, reranked, read.

retriever         Retriever, a LangChain `BaseRetriever`
fusion            several rankings as one, and near copies as one
passages          Ranks, Hit, Passage
scores            what each stage made of a chunk, and the probability of it all
time_preference   articles of about the time that a question asks about
"""
