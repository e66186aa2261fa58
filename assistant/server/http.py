"""The HTTP API: the methods of `Assistant` as endpoints that return the command line's JSON.

    POST /ask /search /brief /timeline     GET /articles /articles/{id} /health /openapi.json
    POST /v1/chat/completions              GET /v1/models

Blocking work runs in threads: questions in those of `Work`, reading articles in any.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from assistant.api.assistant import Assistant
from assistant.errors import AssistantError, SettingsError
from assistant.schema import Answer, SearchAnswer
from assistant.server import events, openai_chat
from assistant.server.client import CAPABLE, STREAM
from assistant.server.guard import Guard, Refused, answer_problem, as_json, note, words_of
from assistant.server.openai_chat import ChatRequest
from assistant.server.openapi import document
from assistant.server.requests import (
    AskRequest,
    BriefRequest,
    ListRequest,
    SearchRequest,
    TimelineRequest,
    body_of,
    query_of,
)
from assistant.server.work import Telling, Work
from assistant.terminal.render import article_json

if TYPE_CHECKING:
    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from assistant.corpus.articles import Article


def application(news: Assistant, work: Work[Any], *, token: str, host: str) -> ASGIApp:
    """The ASGI application over an assistant; `host` is where it listens, `token` what it asks for."""
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.routing import Route

    api = Endpoints(news, work)
    routes = [
        Route("/ask", api.ask, methods=["POST"]),
        Route("/search", api.search, methods=["POST"]),
        Route("/brief", api.brief, methods=["POST"]),
        Route("/timeline", api.timeline, methods=["POST"]),
        Route("/articles", api.articles, methods=["GET"]),
        Route("/articles/{name:path}", api.article, methods=["GET"]),
        Route("/health", api.health, methods=["GET"]),
        Route("/openapi.json", api.openapi, methods=["GET"]),
        Route("/v1/chat/completions", api.chat, methods=["POST"]),
        Route("/v1/models", api.models, methods=["GET"]),
    ]
    kinds: tuple[Any, ...] = (Refused, AssistantError, HTTPException, Exception)
    app = Starlette(routes=routes, exception_handlers=dict.fromkeys(kinds, answer_problem))
    return Guard(app, token=token, host=host)


class Endpoints:
    """What is done with each request."""

    def __init__(self, news: Assistant, work: Work[Any]) -> None:
        self._news, self._work = news, work

    async def ask(self, request: Request) -> Response:
        """An `Answer`, whole or as server-sent events."""
        asked = await body_of(request, AskRequest)

        def answer(on_event: Telling) -> Answer:
            return self._news.ask(asked.question, history=asked.turns(), on_event=on_event, **asked.limits())

        if not asked.stream and STREAM not in request.headers.get("accept", ""):
            return await self._answered(request, answer)
        await self._limits_checked(asked.limits())
        happening, telling = self._work.stream(answer), events.Telling()

        async def parts() -> AsyncIterator[bytes]:
            async for item in happening:
                if isinstance(item, Exception):
                    note(request.scope, item)
                if (told := telling.told(item)) is not None:
                    yield events.encoded(told[1], told[0])

        return self._streaming(parts())

    async def search(self, request: Request) -> Response:
        """A `SearchAnswer`."""
        asked = await body_of(request, SearchRequest)
        return await self._answered(
            request,
            lambda _: self._news.search(
                asked.query, k=asked.k, history=asked.turns(), explain=asked.explain, **asked.limits()
            ),
        )

    async def brief(self, request: Request) -> Response:
        """An `Answer` of dated points."""
        asked = await body_of(request, BriefRequest)
        return await self._answered(
            request,
            lambda on_event: self._news.brief(
                asked.topic, words=asked.words, on_event=on_event, **asked.limits()
            ),
        )

    async def timeline(self, request: Request) -> Response:
        """An `Answer` of the articles' own sentences."""
        asked = await body_of(request, TimelineRequest)
        return await self._answered(request, lambda _: self._news.timeline(asked.topic, **asked.limits()))

    async def articles(self, request: Request) -> Response:
        """What articles there are, without their texts."""
        from starlette.responses import JSONResponse

        asked = query_of(request, ListRequest)

        def listed() -> dict[str, Any]:
            catalogue = self._news.catalogue
            names = sorted(catalogue.matching(self._news.filters(**asked.limits())))
            shown = map(catalogue.article, names[asked.offset : asked.offset + asked.limit])
            return {"total": len(names), "articles": [_about(one) for one in shown if one is not None]}

        return JSONResponse(await asyncio.to_thread(listed))

    async def article(self, request: Request) -> Response:
        """An article as stored, which is what offsets count in."""
        from starlette.responses import Response

        def found() -> str:
            try:
                return article_json(self._news.article(request.path_params["name"]))
            except SettingsError as error:
                raise Refused(404, str(error)) from None

        return Response(await asyncio.to_thread(found), media_type="application/json")

    async def health(self, request: Request) -> Response:
        """That it works; nothing about the articles, since no token is asked for."""
        from starlette.responses import JSONResponse

        return JSONResponse({"status": "ok", "server": openai_chat.MODEL})

    async def openapi(self, request: Request) -> Response:
        """This API's description."""
        from starlette.responses import JSONResponse

        return JSONResponse(document())

    async def chat(self, request: Request) -> Response:
        """An answer as OpenAI's chat completion."""
        from starlette.responses import JSONResponse

        asked = await body_of(request, ChatRequest)
        question, history = asked.question(), asked.history()

        def answer(on_event: Telling) -> Answer:
            return self._news.ask(question, history=history, on_event=on_event, **asked.limits())

        if not asked.stream:
            found = await self._work.answer(answer, request.receive)
            return JSONResponse(openai_chat.completion(found))
        await self._limits_checked(asked.limits())
        happening = self._work.stream(answer)

        async def parts() -> AsyncIterator[bytes]:
            async for item in happening:
                if isinstance(item, Answer):
                    for chunk in openai_chat.chunks(item, asked.stream_options):
                        yield events.encoded(chunk)
                    yield events.encoded("[DONE]")
                elif isinstance(item, Exception):
                    note(request.scope, item)
                    yield events.encoded(as_json(request.url.path, 500, words_of(item)))

        return self._streaming(parts())

    async def models(self, request: Request) -> Response:
        """The one model there is."""
        from starlette.responses import JSONResponse

        return JSONResponse(openai_chat.models())

    async def _answered(
        self, request: Request, answer: Callable[[Telling], Answer | SearchAnswer]
    ) -> Response:
        from starlette.responses import Response

        found: BaseModel = await self._work.answer(answer, request.receive)
        return Response(found.model_dump_json(), media_type="application/json", headers=self._headers())

    def _streaming(self, parts: AsyncIterator[bytes]) -> Response:
        from starlette.responses import StreamingResponse

        kept = events.kept_alive(parts)
        return StreamingResponse(kept, media_type=STREAM, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {CAPABLE: "yes" if self._news.capable else "no"}

    async def _limits_checked(self, limits: dict[str, Any]) -> None:
        """Raises SettingsError for limits that cannot be used, while a status can still say so."""
        await asyncio.to_thread(lambda: self._news.filters(**limits))


def _about(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "title": article.title,
        "date": article.published.isoformat() if article.published else None,
        "section": article.section,
        "sources": [{"outlet": source.outlet, "url": source.url} for source in article.sources],
    }
