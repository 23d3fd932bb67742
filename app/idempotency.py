"""Retried writes: the same Idempotency-Key with the same request gets the same answer, and the work is done once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from fastapi import Response
from sqlalchemy import Connection, text

from app.errors import IdempotencyKeyReused

# Of two requests at once the second waits here until the first has committed, and then finds its answer; if the first was
# rolled back, the second does the work.
_CLAIM = text(
    """
    INSERT INTO idempotency_key (key, request_sha256, status, body) VALUES (:key, :request, 0, '{}')
    ON CONFLICT (key) DO NOTHING RETURNING key
    """
)
_STORED = text("SELECT request_sha256, status, body FROM idempotency_key WHERE key = :key")
_SETTLE = text("UPDATE idempotency_key SET status = :status, body = :body WHERE key = :key")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers: a status, a JSON body, and where the thing written is."""

    status: int
    body: bytes
    location: str | None = None

    def response(self, *, replayed: bool = False) -> Response:
        """The answer over HTTP."""
        headers = {"Location": self.location} if self.location is not None else {}
        if replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(self.body, self.status, headers, media_type="application/json")


def answer_once(
    connection: Connection, *, caller: str, key: str | None, operation: str, request: str, act: Callable[[], Answer]
) -> Response:
    """The answer of `act`, done in the connection's transaction, or the one given before to the same key.

    `operation` and `request` say what is asked for. Raises `IdempotencyKeyReused` if the key came with something else before.
    An error is not kept: its retry is tried afresh.
    """
    if key is None:
        return act().response()
    named = f"{caller}:{key}"
    asked = hashlib.sha256(f"{operation}\n{request}".encode()).hexdigest()
    if connection.execute(_CLAIM, {"key": named, "request": asked}).first() is not None:
        answer = act()
        # As text within the JSON, so that the replay is the same to the byte.
        kept = orjson.dumps({"text": answer.body.decode(), "location": answer.location}).decode()
        connection.execute(_SETTLE, {"key": named, "status": answer.status, "body": kept})
        return answer.response()
    stored = connection.execute(_STORED, {"key": named}).one()
    if stored.request_sha256 != asked:
        raise IdempotencyKeyReused
    return Answer(stored.status, stored.body["text"].encode(), stored.body["location"]).response(replayed=True)
