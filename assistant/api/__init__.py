"""The public API, and how its parts are put together.

assistant   Assistant: what `assistant.open` returns
build       the composition root: settings in, parts out
runnable    the assistant in LangChain's chains
asked       questions as JSON, of a batch and of the server
search, selection, spending   passages alone; sections and outlets by name; what answers cost
"""
