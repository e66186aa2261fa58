"""The OpenAPI document of the HTTP API, generated from the request and answer models."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from assistant.schema import Answer, SearchAnswer
from assistant.server.openai_chat import ChatRequest
from assistant.server.requests import AskRequest, BriefRequest, ListRequest, SearchRequest, TimelineRequest

REFERENCE = "#/components/schemas/{model}"
REQUESTS: tuple[type[BaseModel], ...] = (
    AskRequest,
    SearchRequest,
    BriefRequest,
    TimelineRequest,
    ChatRequest,
)
ANSWERS: tuple[type[BaseModel], ...] = (Answer, SearchAnswer)

PROBLEMS = {
    "400": "The request cannot be used: not JSON, an unknown field, section or outlet, a wrong date.",
    "401": "The token is missing or wrong.",
    "404": "There is no such article or path.",
    "413": "The body is too large.",
    "429": "Too many questions at a time.",
    "500": "The server failed.",
    "502": "The language model failed.",
}

TEXT = {"type": "string"}
ARTICLE = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "title": TEXT,
        "section": TEXT,
        "sources": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"outlet": TEXT, "url": {"type": ["string", "null"]}},
            },
        },
    },
}


def document() -> dict[str, Any]:
    """The document, as JSON."""
    from assistant import __version__

    kinds = [(model, "validation") for model in REQUESTS] + [(model, "serialization") for model in ANSWERS]
    _, schemas = models_json_schema(kinds, ref_template=REFERENCE)  # type: ignore[arg-type]
    listed = _article({"date": {"type": ["string", "null"], "format": "date"}})
    stored = _article(
        {
            "text": TEXT,
            "published": {"type": ["string", "null"], "format": "date"},
            "url": {"type": ["string", "null"]},
        }
    )
    articles = {"type": "array", "items": listed}
    page = {"type": "object", "properties": {"total": {"type": "integer"}, "articles": articles}}
    error = {"type": "object", "properties": {"error": TEXT}, "required": ["error"]}
    name = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    other = {"type": "object"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "news-assistant", "version": __version__},
        "security": [{"token": []}],
        "paths": {
            "/ask": {"post": _posted(AskRequest, Answer, streams=True)},
            "/search": {"post": _posted(SearchRequest, SearchAnswer)},
            "/brief": {"post": _posted(BriefRequest, Answer)},
            "/timeline": {"post": _posted(TimelineRequest, Answer)},
            "/articles": {"get": _got("What articles there are, by id.", page, _query(ListRequest))},
            "/articles/{id}": {"get": _got("An article as stored.", stored, [name])},
            "/health": {"get": _got("That the server works.", other) | {"security": []}},
            "/v1/chat/completions": {"post": _posted(ChatRequest, None, streams=True)},
            "/v1/models": {"get": _got("The one model there is.", other)},
        },
        "components": {
            "schemas": schemas.get("$defs", {}) | {"Error": error},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _article(more: dict[str, Any]) -> dict[str, Any]:
    return {**ARTICLE, "properties": {**ARTICLE["properties"], **more}}  # type: ignore[dict-item]


def _schema(model: type[BaseModel] | None) -> dict[str, Any]:
    return {"$ref": REFERENCE.format(model=model.__name__)} if model else {"type": "object"}


def _posted(
    model: type[BaseModel], answer: type[BaseModel] | None, *, streams: bool = False
) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": _schema(model)}}}
    found = _got((model.__doc__ or "").strip(), _schema(answer), streams=streams)
    return found | {"requestBody": body}


def _got(
    summary: str,
    schema: dict[str, Any],
    parameters: list[dict[str, Any]] | None = None,
    *,
    streams: bool = False,
) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if streams:
        content["text/event-stream"] = {"schema": TEXT}
    problem = {"application/json": {"schema": {"$ref": REFERENCE.format(model="Error")}}}
    problems = {status: {"description": text, "content": problem} for status, text in PROBLEMS.items()}
    responses = {"200": {"description": "The answer.", "content": content}, **problems}
    return {"summary": summary, "parameters": parameters or [], "responses": responses}


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    fields = model.model_json_schema()["properties"].items()
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields]
