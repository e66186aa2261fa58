"""From settings to LangChain's `Embeddings`, `BaseCrossEncoder` and `BaseChatModel`.

    onnx.py          runs an ONNX encoder with its tokenizer, without torch
    hub.py           models that are not packaged: found here first, then on the hub
    embeddings.py    load_embeddings, embedder_id
    reranker.py      load_reranker
    reader.py        Reader: does a passage answer, and where?
    chatml.py        messages as Qwen reads them, control tokens in them made harmless
    embedded.py      EmbeddedChat: a packaged language model, through llama.cpp
    profiles.py      what to expect of a language model, by its name
    complaints.py    what a provider's error says
    chat.py          load_chat_model, model_errors
    hosted_openai.py OpenAI's API, without what its client adds and takes
    asking.py        a request for JSON, in each provider's words
    hearing.py       what a model says, piece by piece
    structured.py    StructuredChat: asks for JSON, whatever the server takes
    replies.py       what a model replied, read tolerantly

Only these modules import providers. Heavy libraries are imported inside the functions that need them, and
nothing is imported here.
"""
