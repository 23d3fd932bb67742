"""How errors are answered: one table from the kind of error to its status, one function that answers in RFC 9457's form."""

import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.errors import (
    AppError,
    Conflict,
    DatabaseUnavailable,
    Forbidden,
    Invalid,
    Malformed,
    MalformedJson,
    NotFound,
    PreconditionFailed,
    StorageFull,
    TimedOut,
    TooBusy,
    Unavailable,
    ValidationFailed,
)
from geo.errors import GeoError

log = logging.getLogger("guidan.error")

MEDIA_TYPE = "application/problem+json"


class TooLarge(AppError):
    code = "BODY_TOO_LARGE"
    zh = "请求体过大；请分批发送。"
    en = "The body is too large. Send it in several parts."


class TooSlow(AppError):
    code = "REQUEST_TIMEOUT"
    zh = "请求体没有在规定时间内发完；请重发。"
    en = "The body did not arrive in time. Send it again."


class UnsupportedMediaType(AppError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    zh = "请求体须为 application/json；请改正 Content-Type。"
    en = "The body must be application/json. Correct the Content-Type."


class NoSuchPath(NotFound):
    code = "NO_SUCH_PATH"
    zh = "没有这个地址；接口一览见 /openapi.json。"
    en = "There is nothing at this path. See /openapi.json for what there is."


class MethodNotAllowed(AppError):
    code = "METHOD_NOT_ALLOWED"
    zh = "这个地址不支持该方法；可用的方法见 Allow。"
    en = "This path does not know the method. See Allow for those it knows."


class DataConflict(Conflict):
    code = "DATA_CONFLICT"
    zh = "与现有数据冲突，没有任何改动；请查看现状后再试。"
    en = "It contradicts the data as they are; nothing was changed. Look at the present state, then try again."


class NotStorable(Invalid):
    code = "NOT_STORABLE"
    zh = "有的值超出可以保存的范围；请改正后重发。"
    en = "A value is beyond what can be stored. Correct it and send it again."


STATUS: dict[type[AppError], tuple[int, str]] = {
    Malformed: (400, "Bad request"),
    Forbidden: (403, "Forbidden"),
    NotFound: (404, "Not found"),
    MethodNotAllowed: (405, "Method not allowed"),
    TooSlow: (408, "Request timeout"),
    Conflict: (409, "Conflict"),
    PreconditionFailed: (412, "Precondition failed"),
    TooLarge: (413, "Content too large"),
    UnsupportedMediaType: (415, "Unsupported media type"),
    Invalid: (422, "Unprocessable content"),
    AppError: (500, "Internal error"),
    Unavailable: (503, "Service unavailable"),
}
"""Kind of error → status and title; a class takes the entry of its nearest base."""


class FieldError(BaseModel):
    """A field that is not acceptable: where it is and which rule it breaks, without its value."""

    field: str
    rule: str
    message: str


class Problem(BaseModel):
    """Problem details, RFC 9457. `code` is stable; `detail` says in Chinese what to do next, `detail_en` in English."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not found",
                    "status": 404,
                    "code": "TEAM_NOT_FOUND",
                    "detail": "没有这个团队；请核对团队代码。",
                    "detail_en": "There is no such team. Check its code.",
                }
            ]
        },
    )

    type: str = Field(default="about:blank")
    title: str
    status: int
    code: str
    detail: str
    detail_en: str
    errors: list[FieldError] | None = None


_DOCUMENTED = {
    400: "Cannot be read: malformed JSON, a forged cursor",
    403: "Not allowed to this caller",
    404: "There is no such thing, or it is outside of the caller's scope",
    409: "Contradicts the present state",
    412: "If-Match names another state than the present one",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "A field is not acceptable",
    500: "Something went wrong inside",
    503: "Cannot be done at this moment; see Retry-After",
}


def documented(
    *statuses: int, also: Mapping[int | str, dict[str, Any]] | None = None
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint: these statuses, those that every endpoint may answer, and `also` further good ones."""
    return {
        **(also or {}),
        **_problems(*statuses),
    }


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "description": _DOCUMENTED[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 422, 500, 503})
    }


def kind_of(error: AppError) -> tuple[int, str]:
    """Status and title of an error: the entry of its nearest base in the table."""
    return next(STATUS[base] for base in type(error).__mro__ if base in STATUS)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Which fields break which rule: the names that we know and the limits, never a value, which may be personal."""
    # Pydantic's own words may quote the input ("Input should be 'A' or 'B'" does not, a custom ValueError might):
    # the rule's name and the limits are enough to correct a field.
    listed = []
    for error in errors[:50]:
        rule = str(error["type"])
        # the name of a member that is not known is input, too
        parts = error["loc"][:-1] if rule == "extra_forbidden" else error["loc"]
        where = ".".join(str(part) for part in (*parts, "?")[: len(error["loc"])])
        limits = {
            name: value
            for name, value in (error.get("ctx") or {}).items()
            if name in {"ge", "gt", "le", "lt", "min_length", "max_length", "expected"}
        }
        told = ", ".join(f"{name} {value}" for name, value in limits.items())
        listed.append({"field": where, "rule": rule, "message": f"{rule}: {told}" if told else rule})
    return listed


def _of_database(error: DBAPIError) -> AppError:
    # Classes of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "57014":
        return TimedOut()
    if state.startswith("40") or state == "55P03":
        return TooBusy()
    if state == "53100":
        return StorageFull()
    lost = error.connection_invalidated or (not state and isinstance(error, OperationalError | InterfaceError))
    if lost or state.startswith(("08", "53", "57P", "58")):
        return DatabaseUnavailable()
    if isinstance(error, IntegrityError):
        return DataConflict()
    if state.startswith("22") or (not state and isinstance(error, DataError)):
        return NotStorable()
    return AppError()


def known(error: Exception) -> AppError:
    """The error in the words of this product; whatever is not foreseen is an `AppError` itself, so a 500."""
    match error:
        case AppError():
            return error
        case GeoError():
            told = Invalid(error.zh, error.en)
            told.code = error.code
            return told
        case RequestValidationError():
            errors = error.errors()
            if any(entry["type"] == "json_invalid" for entry in errors):
                return MalformedJson()
            return ValidationFailed(errors=field_errors(errors))
        case HTTPException(status_code=404):
            return NoSuchPath()
        case HTTPException(status_code=405):
            return MethodNotAllowed()
        case HTTPException(status_code=400):
            return MalformedJson()
        case PoolTimeout():
            return TooBusy()
        case DBAPIError():
            return _of_database(error)
        case _:
            return AppError()


def render(error: AppError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a problem."""
    status, title = kind_of(error)
    headers = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, TooLarge | TooSlow):
        headers["Connection"] = "close"
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": error.code,
        "detail": error.detail_zh,
        "detail_en": error.detail_en,
        **error.facts,
    }
    return status, headers, orjson.dumps(body)


def answer(request: Request, error: Exception) -> Response:
    """The one handler: an answer for any error, without internals and without the input."""
    told = known(error)
    status, headers, body = render(told)
    if status == 500:
        _log_unforeseen(request.scope, error)
    if isinstance(error, HTTPException) and error.headers and "Allow" in error.headers:
        headers["Allow"] = error.headers["Allow"]
    return Response(body, status, headers)


def _log_unforeseen(scope: Mapping[str, Any], error: Exception) -> None:
    log.error("unforeseen at %s: %s", getattr(scope.get("route"), "path", "?"), described(error))


def described(error: BaseException) -> str:
    """An error for the log: its class and where it was raised. Messages of the database carry parameters, and so personal data."""
    cause = getattr(error, "orig", None)
    beneath = f" of {type(cause).__name__} {getattr(cause, 'sqlstate', '')}" if cause is not None else ""
    return f"{type(error).__name__}{beneath}\n{''.join(traceback.format_tb(error.__traceback__))}"
