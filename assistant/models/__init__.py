"""From settings to LangChain's `Embeddings`, `BaseCrossEncoder` and `BaseChatModel`.

    encoders/    embedder, reranker and reader; ONNX, without torch
    chat/        language models, embedded or hosted, and structured output
    cores        how many CPU cores the models may use
    table        the bundled models
    packaged     finds their weights and verifies them
    pull         downloads a language model's weights from the Hugging Face hub
    prompts      prompts/*.md as templates
    asking       what answering asks a model with, without importing LangChain
    recordings   a language model's recorded answers, replayed without it

Only these modules import providers. Heavy libraries are imported inside the functions that need them.
"""
