"""Language models: loading, capabilities, and structured output.

loading             load_chat_model, model_errors
profiles            a model's limits and prices, by its name
llama_cpp, chatml   the packaged models
openai_api          OpenAI's API, working around quirks of LangChain's client
structured_output   StructuredChat: asks for JSON in whatever way the server supports
requests            such a request, in each provider's format
deadline            the time left for a question
responses           a streamed reply: answer, thoughts, finish reason, tokens
provider_errors     interprets a provider's error messages
json_replies        parses JSON in a reply, tolerantly
"""
