"""From settings to LangChain's `Embeddings`, `BaseCrossEncoder` and `BaseChatModel`.

    encoders/    embedder, reranker and reader; ONNX, without torch
    chat/        language models: embedded or hosted, and asking them for JSON
    cores        how many the models may use
    table        the models that come inside packages
    packaged     where their weights lie, and whether they are the right ones
    pull         a language model's weights from the Hugging Face hub
    prompts      prompts/*.md as templates
    recordings   a language model's answers on disk, replayed without it

Only these modules import providers. Heavy libraries are imported inside the functions that need them.
"""
