"""From settings to LangChain's `Embeddings`, `BaseCrossEncoder` and `BaseChatModel`.

    encoders/    embedder, reranker and reader; ONNX, without torch
    chat/        language models: embedded or hosted, and asking them for JSON
    cores        how many the models may use
    packaged     weights that come inside packages, by checksum
    prompts      prompts/*.md as templates
    recordings   a language model's answers on disk, replayed without it

Only these modules import providers. Heavy libraries are imported inside the functions that need them.
"""
