"""The routes of the server."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orca_desk.serving.chat import chat
from orca_desk.serving.clients import ClientLeftError, read_fields, while_there
from orca_desk.serving.completions import complete
from orca_desk.serving.fields import Fields
from orca_desk.serving.queries import chat_query, completion_query
from orca_desk.serving.refusals import ApiError
from orca_desk.serving.served import ServedModel
from orca_desk.serving.tokens import detokenize, tokenize, tokenizer_info

logger = logging.getLogger(__name__)


class Endpoints:
    """What the routes do, over the models that are served."""

    def __init__(self, models: Sequence[ServedModel], created: int) -> None:
        self._models = {model.name: model for model in models}
        self._created = created

    def routes(self) -> list[Route]:
        """Return all routes."""
        return [
            Route("/v1/models", self._list, methods=["GET"]),
            Route("/v1/models/{name:path}", self._describe, methods=["GET"]),
            Route("/v1/chat/completions", _post(self._chat), methods=["POST"]),
            Route("/v1/completions", _post(self._complete), methods=["POST"]),
            Route("/tokenize", _post(self._tokenize), methods=["POST"]),
            Route("/detokenize", _post(self._detokenize), methods=["POST"]),
            Route("/tokenizer_info", self._tokenizer, methods=["GET"]),
        ]

    def _named(self, name: str) -> ServedModel:
        if name not in self._models:
            raise ApiError(
                f"There is no model {name!r:.80} here: choose one of {', '.join(self._models)}.",
                status=404,
                param="model",
                code="model_not_found",
            )
        return self._models[name]

    def _only(self, name: str) -> ServedModel:
        """Return a model by name; without one any of them, if all have one file and so one tokenizer."""
        if name:
            return self._named(name)
        if len({model.file for model in self._models.values()}) > 1:
            raise ApiError(
                f"Say which model: {', '.join(self._models)} have more than one tokenizer.", param="model"
            )
        return next(iter(self._models.values()))

    async def _list(self, request: Request) -> Response:
        return JSONResponse(
            {"object": "list", "data": [self._described(model) for model in self._models.values()]}
        )

    async def _describe(self, request: Request) -> Response:
        return JSONResponse(self._described(self._named(request.path_params["name"])))

    def _described(self, model: ServedModel) -> dict[str, Any]:
        return {
            "id": model.name,
            "object": "model",
            "created": self._created,
            "owned_by": "orca-desk",
            "part": model.part,
            "file": model.file.name,
            "adapter": model.adapter.name if model.adapter else None,
            "context": model.engine.context,
        }

    async def _chat(self, fields: Fields) -> Response:
        query = chat_query(fields)
        return await chat(self._named(query.model), query)

    async def _complete(self, fields: Fields) -> Response:
        query = completion_query(fields)
        return await complete(self._named(query.model), query)

    async def _tokenize(self, fields: Fields) -> Response:
        return JSONResponse(await tokenize(self._only(fields.text("model", "")), fields))

    async def _detokenize(self, fields: Fields) -> Response:
        return JSONResponse(await detokenize(self._only(fields.text("model", "")), fields))

    async def _tokenizer(self, request: Request) -> Response:
        return JSONResponse(tokenizer_info(self._only(request.query_params.get("model", ""))))


def make_app(models: Sequence[ServedModel], *, created: int) -> Starlette:
    """Return the app, without its guard."""
    return Starlette(
        routes=Endpoints(models, created).routes(),
        exception_handlers={
            ApiError: _refuse,
            HTTPException: _refuse_route,
            ClientLeftError: _say_nothing,
        },
    )


def _post(answer: Callable[[Fields], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that reads a body and answers it while the client is there."""

    async def endpoint(request: Request) -> Response:
        fields = await read_fields(request)

        async def work() -> Response:
            try:
                return await answer(fields)
            except (ApiError, ClientLeftError):
                raise
            except Exception:
                logger.exception("a bug")
                raise ApiError("The server failed; its log says how.", status=500) from None

        return await while_there(request.receive, work())

    return endpoint


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.response()


async def _refuse_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    what = "The path" if error.status_code == 404 else f"The method {request.method} for the path"
    refusal = ApiError(f"{what} {request.url.path!r:.80} is not served here.", status=error.status_code)
    return refusal.response()


async def _say_nothing(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # goes nowhere
