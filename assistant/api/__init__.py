"""The public API, and the code that assembles its parts.

assistant   Assistant, which `assistant.open` returns
build       the composition root: builds index, models and pipeline from settings
opening     the index that the settings mean
remembered  what an index remembers of its last run
changed     what changed in the corpus since
runnable    the assistant in LangChain's forms: Runnable, BaseRetriever
asked       questions as JSON, for batches and the server
search      retrieval without an answer
selection   looks up sections, outlets and articles by name
spending    token and cost totals
"""
