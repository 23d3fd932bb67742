"""Cursor paging: a cursor is the key of the last row of a page, opaque to the caller."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from app.errors import InvalidCursor

Key = str | int | None
Row = TypeVar("Row")

MAX_CURSOR = 1024
"""Longest cursor in characters; ours are far shorter."""


def encode_cursor(listing: str, key: Sequence[Key]) -> str:
    """The cursor after the row with this key in this listing."""
    return base64.urlsafe_b64encode(orjson.dumps([listing, *key])).rstrip(b"=").decode("ascii")


def decode_cursor(listing: str, cursor: str, types: Sequence[type]) -> tuple[Any, ...]:
    """The key in a cursor. `types`: what each part of the key must be. Raises `InvalidCursor` for a forged one."""
    if len(cursor) > MAX_CURSOR:
        raise InvalidCursor
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = orjson.loads(raw)
    except (binascii.Error, UnicodeEncodeError, orjson.JSONDecodeError) as error:
        raise InvalidCursor from error
    if not isinstance(parts, list) or len(parts) != len(types) + 1 or parts[0] != listing:
        raise InvalidCursor
    key = tuple(parts[1:])
    for part, kind in zip(key, types, strict=True):
        # bool is an int to isinstance, and a number beyond bigint or a NUL would only fail in the database
        beyond = isinstance(part, int) and abs(part) >= 2**63
        if type(part) is not kind or beyond or (isinstance(part, str) and "\x00" in part):
            raise InvalidCursor
    if encode_cursor(listing, key) != cursor:
        raise InvalidCursor
    return key


def cut(
    listing: str, rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[Key]]
) -> tuple[Sequence[Row], str | None]:
    """A page out of up to `limit` + 1 rows, and the cursor of the next page, None on the last one."""
    page = rows[:limit]
    return page, encode_cursor(listing, key(page[-1])) if len(rows) > limit else None
