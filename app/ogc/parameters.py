"""Query parameters of GIS clients, read as OGC API Features says. Pure."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

import shapely
from shapely.geometry.base import BaseGeometry

from app.fields import printable
from app.ogc.crs import CRS84, Crs, find
from app.ogc.errors import CrsUnknown, ParameterInvalid, ParameterUnknown

DEFAULT_LIMIT, MAX_LIMIT = 1_000, 10_000
"""Features on a page. GDAL asks for pages of the default; more than the maximum is no error."""

_CHINA = timezone(timedelta(hours=8))
_WHOLE = re.compile(r"[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

STEPS = 64
"""Parts of a side of a box of another system, whose sides are curved in degrees."""

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Period:
    """Days from–to, both included; None: no end on that side."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants of a collection. `area`: CGCS2000 degrees. `given`: the parameters as they came, for links."""

    limit: int
    crs: Crs
    area: BaseGeometry | None = None
    period: Period | None = None
    cursor: str | None = None
    equals: Mapping[str, Value] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)


ITEMS = ("bbox", "bbox-crs", "datetime", "limit", "crs", "cursor")
ANYWHERE = ("f", "by")
"""What every resource takes: the format, and the person, which some clients put on every request and only edits look at."""


def read_items(query: Sequence[tuple[str, str]], queryables: Mapping[str, str]) -> Wanted:
    """The parameters of /items. `queryables`: name → `string`, `integer` or `boolean`. Raises `Malformed` errors."""
    given = read_known(query, (*ITEMS, *queryables))
    box_crs = _crs("bbox-crs", given.get("bbox-crs"))
    return Wanted(
        limit=_limit(given.get("limit")),
        crs=_crs("crs", given.get("crs")),
        area=_bbox(given["bbox"], box_crs) if "bbox" in given else None,
        period=read_period(given["datetime"]) if "datetime" in given else None,
        cursor=given.get("cursor"),
        equals={name: _value(name, kind, given[name]) for name, kind in queryables.items() if name in given},
        given=given,
    )


def read_known(query: Sequence[tuple[str, str]], names: Sequence[str]) -> dict[str, str]:
    """The parameters, each at most once. Raises `ParameterUnknown` and `ParameterInvalid`."""
    known = (*names, *ANYWHERE)
    given: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            raise ParameterUnknown(known=sorted(known))
        if name in given or len(value) > 2000:
            raise ParameterInvalid(parameter=name)
        try:
            given[name] = printable(value)
        except ValueError:
            raise ParameterInvalid(parameter=name) from None
    return given


def read_crs(given: Mapping[str, str]) -> Crs:
    """The system asked for by `crs`, else CRS84. Raises `CrsUnknown`."""
    return _crs("crs", given.get("crs"))


def read_period(text: str) -> Period:
    """`datetime`: an instant or an interval, as days in China. Raises `ParameterInvalid`."""
    parts = text.split("/")
    if len(parts) == 1:
        day = _day(parts[0])
        return Period(day, day)
    if len(parts) != 2:
        raise ParameterInvalid(parameter="datetime")
    first, last = (None if part in ("", "..") else _day(part) for part in parts)
    if (first is None and last is None) or (first is not None and last is not None and first > last):
        raise ParameterInvalid(parameter="datetime")
    return Period(first, last)


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if found := _TIME.fullmatch(text):
            day, time, _, zone = found.groups()
            offset = "+00:00" if zone in "Zz" else zone
            return datetime.fromisoformat(f"{day}T{time}{offset}").astimezone(_CHINA).date()
    except (ValueError, OverflowError):
        pass
    raise ParameterInvalid(parameter="datetime")


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not _WHOLE.fullmatch(text) or not text.strip("0"):
        raise ParameterInvalid(parameter="limit")
    digits = text.lstrip("0")
    return MAX_LIMIT if len(digits) > 6 else min(int(digits), MAX_LIMIT)


def _crs(parameter: str, uri: str | None) -> Crs:
    known = find(CRS84 if uri is None else uri)
    if known is None:
        raise CrsUnknown(parameter=parameter)
    return known


def _bbox(text: str, crs: Crs) -> BaseGeometry:
    parts = text.split(",")
    if len(parts) not in (4, 6) or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise ParameterInvalid(parameter="bbox")
    numbers = [float(part) for part in parts]
    if not all(math.isfinite(number) for number in numbers):
        raise ParameterInvalid(parameter="bbox")
    half = len(numbers) // 2  # heights are read and not used: everything lies on the ground
    x0, y0, x1, y1 = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if crs.flipped:
        x0, y0, x1, y1 = y0, x0, y1, x1
    if len(numbers) == 6 and numbers[2] > numbers[5]:
        raise ParameterInvalid(parameter="bbox")
    if crs.degrees:
        if not (-180 <= x0 <= 180 and -180 <= x1 <= 180 and -90 <= y0 <= y1 <= 90):
            raise ParameterInvalid(parameter="bbox")
        if x0 > x1:  # across the antimeridian
            return shapely.union_all([_box(x0, y0, 180, y1), _box(-180, y0, x1, y1)])
        return _box(x0, y0, x1, y1)
    if x0 > x1 or y0 > y1:
        raise ParameterInvalid(parameter="bbox")
    plain = _box(x0, y0, x1, y1)
    side = max(x1 - x0, y1 - y0)
    dense = shapely.segmentize(plain, side / STEPS) if side > 0 else plain
    if crs.flipped:
        dense = shapely.transform(dense, lambda xy: xy[:, ::-1])
    placed = crs.to_store(dense)
    if not all(math.isfinite(bound) for bound in placed.bounds):
        raise ParameterInvalid(parameter="bbox")
    return placed if placed.is_valid else placed.envelope


def _box(x0: float, y0: float, x1: float, y1: float) -> BaseGeometry:
    if x0 == x1 and y0 == y1:
        return shapely.Point(x0, y0)
    if x0 == x1 or y0 == y1:
        return shapely.LineString([(x0, y0), (x1, y1)])
    return shapely.box(x0, y0, x1, y1)


def _value(name: str, kind: str, text: str) -> Value:
    if kind == "string":
        return text
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        return int(text)
    raise ParameterInvalid(parameter=name)
