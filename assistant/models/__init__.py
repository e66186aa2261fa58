"""From settings to LangChain's `Embeddings`, `BaseCrossEncoder` and `BaseChatModel`.

    onnx.py          runs an ONNX encoder with its tokenizer, without torch
    hub.py           models that are not packaged: found here first, then on the hub
    embeddings.py    load_embeddings, embedder_id
    reranker.py      load_reranker

Only these modules import providers. Heavy libraries are imported inside the functions that need them, and
nothing is imported here.
"""
