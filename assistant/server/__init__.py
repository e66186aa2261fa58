"""HTTP and MCP servers over the public API, and an HTTP client.

    http, guard, work     `assistant serve`: endpoints; access control; concurrent questions
    requests, events      request bodies; server-sent events
    openai_chat, openapi  OpenAI-compatible answers; the API description
    running, tokens       socket and signals; the access token
    client                `ask --server`, with only the standard library
    mcp/                  `assistant mcp`: the Model Context Protocol

Starlette, uvicorn and the MCP SDK are imported inside functions: they are optional.
"""
