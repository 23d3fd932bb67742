"""What a collection is: where its features come from, what they tell, and who may see which."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Kind = Literal["string", "integer", "number", "boolean", "date", "array"]
Shape = Literal["polygon", "point", "any"]


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a feature. `sql`: an expression over the collection's source. `queryable`: may be filtered by its value."""

    name: str
    kind: Kind
    sql: str
    title: str
    queryable: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """Features of one kind, as SQL. All text is the product's own; what comes from a client is bound.

    `source`, `where`: FROM and the condition that always holds, the caller's scope included; they may use :branches and :teams
    (null: all), :today, and `values`. `geometry`: CGCS2000. `near`: a condition that an index serves for those near :area, if
    `geometry` itself is none that an index knows. `key`: the expressions by which pages go, with the types of their values; the
    first key expressions make the feature's id, joined by a dot. `begins`, `ends`: the days of a feature, `ends` excluded.
    `counted`: what `source` comes down to where only
    their number is asked. `on_today`: without `datetime` only those of today. `finish`: what becomes of the properties before they are told.
    """

    id: str
    title: str
    description: str
    source: str
    where: str
    geometry: str
    shape: Shape
    key: Sequence[tuple[str, type]]
    fields: Sequence[Field]
    near: str | None = None
    begins: str | None = None
    ends: str | None = None
    on_today: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    finish: Callable[[dict[str, Any]], dict[str, Any]] = lambda properties: properties
    extent: str | None = None
    counted: str | None = None
    plan_id: int | None = None
    etag: str | None = None
    editable: bool = False

    @property
    def queryables(self) -> dict[str, str]:
        """Name → kind of the properties that may be filtered by."""
        return {known.name: known.kind for known in self.fields if known.queryable}

    def feature_id(self, key: Sequence[Any]) -> str | int:
        """A feature's id, from the values of its key."""
        return key[0] if len(key) == 1 else ".".join(str(part) for part in key)

    def key_of(self, feature_id: str) -> tuple[Any, ...] | None:
        """The key in an id, None for one that is none."""
        parts = feature_id.split(".", len(self.key) - 1)
        if len(parts) != len(self.key):
            return None
        key: list[Any] = []
        for part, (_, kind) in zip(parts, self.key, strict=True):
            if kind is int and not (part.isascii() and part.isdigit() and len(part) <= 18 and str(int(part)) == part):
                return None
            if "\x00" in part:
                return None
            key.append(int(part) if kind is int else part)
        return tuple(key)


@dataclass(frozen=True, slots=True)
class Extent:
    """What a collection covers: west, south, east, north, and its first day."""

    box: tuple[float, float, float, float] | None
    begins: date | None = None
