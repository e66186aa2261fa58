"""Servers over the public API, and the client of one.

    http, guard, work     `assistant serve`: endpoints; who may ask; questions side by side
    requests, events, openai_chat, openapi   what is asked, told meanwhile and described
    running, tokens       sockets and signals; the token, made and found
    client                `ask --server`, with the standard library alone

Starlette, uvicorn and MCP are imported inside functions: they are optional.
"""
