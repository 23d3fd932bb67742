"""Read what a provider sent without trusting it: every reader gives a value of its type or nothing, and never raises."""

from __future__ import annotations

import math
from typing import Any, Final

import orjson

from geo.crs import Crs, convert, inside_china
from geo.providers.levels import USUAL_RADIUS
from geo.providers.protocol import Answer, Failure, Fault, Outcome

LONGEST_NAME: Final = 60
"""Characters of a name that are kept: the longest division name has 15."""


def document(body: bytes) -> Any:
    """The JSON value of a body; None for what is no JSON in UTF-8 (NaN and bottomless nesting included)."""
    try:
        return orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None


def member(value: Any, *names: str) -> Any:
    """A member of nested objects, or None."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def first(value: Any) -> Any:
    """The first item of a list, or None."""
    return value[0] if isinstance(value, list) and value else None


def word(value: Any) -> str:
    """A string without control characters (no store takes a NUL) and outer spaces; a whole number as its digits; anything else
    (高德 sends [] for "none") is empty."""
    if isinstance(value, str):
        return "".join(sign for sign in value[: 2 * LONGEST_NAME] if sign.isprintable()).strip()[:LONGEST_NAME]
    return str(value)[:LONGEST_NAME] if isinstance(value, int) and not isinstance(value, bool) else ""


def number(value: Any) -> float | None:
    """A finite number, also one in a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def answer(
    lon: Any, lat: Any, crs: Crs, level: str, status: str, *, radius_m: float | None = None, **stated: Any
) -> Outcome:
    """An answer from coordinates in `crs` degrees, converted to CGCS2000; a failure where they cannot be a place in China.

    `stated`: further members of `Answer`.
    """
    x, y = number(lon), number(lat)
    if x is None or y is None or abs(x) > 180 or abs(y) > 90:
        return Failure(Fault.UNREADABLE, status)
    converted = convert([x], [y], crs, Crs.CGCS2000)
    x, y = float(converted[0][0]), float(converted[1][0])
    if not inside_china(x, y):
        return Failure(Fault.NOT_FOUND, f"{status} OUTSIDE_CHINA".strip())
    radius = USUAL_RADIUS[level] if radius_m is None else max(1.0, radius_m)
    return Answer(x, y, level, radius, status=status, **stated)
