"""How bodies are read: as JSON and nothing else, by a parser that refuses NaN, lone surrogates and bottomless nesting."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.problems import UnsupportedMediaType


class _StrictRequest(Request):
    async def json(self) -> Any:
        return orjson.loads(await self.body())


class StrictRoute(APIRoute):
    """A route whose body must be declared as JSON, and is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI behind the checks."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def strict(request: Request) -> Response:
            declared = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
            if declared != "application/json":
                raise UnsupportedMediaType
            return await handle(_StrictRequest(request.scope, request.receive))

        return strict
