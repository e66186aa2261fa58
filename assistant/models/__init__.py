"""From settings to LangChain's `Embeddings`, `BaseCrossEncoder` and `BaseChatModel`.

    onnx.py          runs an ONNX encoder with its tokenizer, without torch
    hub.py           models that are not packaged: found here first, then on the hub
    embeddings.py    load_embeddings, embedder_id
    reranker.py      load_reranker
    chatml.py        messages as Qwen reads them, control tokens in them made harmless
    embedded.py      EmbeddedChat: a packaged language model, through llama.cpp
    chat.py          load_chat_model, model_errors

Only these modules import providers. Heavy libraries are imported inside the functions that need them, and
nothing is imported here.
"""
