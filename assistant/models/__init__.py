"""From settings to LangChain's `Embeddings`, `BaseCrossEncoder` and `BaseChatModel`: the only provider imports.

    onnx.py          runs an ONNX encoder with its tokenizer, without torch
    embeddings.py    load_embeddings, embedder_id
    reranker.py      load_reranker

Heavy libraries are imported inside the functions that need them; nothing is imported here.
"""
