"""Language models: which to load, what to expect of them, and how to ask for JSON.

loading             load_chat_model, model_errors
profiles            what a model can read and write, by its name
llama_cpp, chatml   the packaged models
openai_api          OpenAI's API, without what its client adds and takes
structured_output   StructuredChat: asks for JSON, whatever the server takes
requests            such a request, in each provider's words
responses           what a model says, piece by piece: thoughts, finish reason, tokens
provider_errors     what a provider's error says
json_replies        JSON in a reply, read tolerantly
"""
