"""The application of its own that is mounted under /ogc: same session, scope and errors, its own definition."""

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import AppError
from app.ogc.endpoints import router
from app.problems import answer
from geo.errors import GeoError

PATH = "/ogc"


def mount(app: FastAPI) -> None:
    """Serve OGC API Features below `PATH` of an application, on its state."""
    app.add_api_route(PATH, _to_landing_page, methods=["GET"], include_in_schema=False)
    app.mount(PATH, create(app.state))


def create(state: State) -> FastAPI:
    """The application, on the state (engines, settings) of the one that it is mounted in."""
    made = FastAPI(
        title="Guidan OGC API Features",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    made.state = state
    made.include_router(router)
    for kind in (AppError, GeoError, RequestValidationError, HTTPException, SQLAlchemyError):
        made.add_exception_handler(kind, _answer)
    return made


def _answer(request: Request, error: Exception) -> Response:
    """The product's problem, with the member `description` that OGC's exceptions have and GIS clients show."""
    told = answer(request, error)
    body = orjson.loads(bytes(told.body))
    body["description"] = f"{body['detail']} {body['detail_en']}"
    headers = {name: value for name, value in told.headers.items() if name != "content-length"}
    return Response(orjson.dumps(body), told.status_code, headers)


async def _to_landing_page(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{request.scope.get('root_path', '')}{PATH}/{query}", status_code=307)
