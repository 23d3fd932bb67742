"""What a picture shows, as plain values that another process can read: words, figures, shapes."""

from __future__ import annotations

from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class SceneTeam:
    """A team: its number in the legend, its colour number, its territory before and after (WKB), and its figures as (before, after)."""

    number: int
    name: str
    colour: int
    before: bytes | None
    after: bytes | None
    changed: bool
    customers: tuple[int, int]
    orphans: tuple[int, int]
    load: tuple[int, int]
    capacity: int


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a picture shows. Shapes in CGCS2000 degrees as WKB; `pieces`: what changes hands."""

    branch: str
    before: str
    after: str
    on: str
    outline: bytes | None
    teams: tuple[SceneTeam, ...]
    pieces: tuple[bytes, ...]
    customers: int
    policies: int
    orphans: int
    area_km2: float | None
    gini: tuple[float, float]
    spread: tuple[float | None, float | None]
    kept: tuple[float | None, float | None]

    def dump(self) -> bytes:
        """As bytes for another process."""
        return orjson.dumps(self, default=lambda value: value.hex())

    @classmethod
    def load(cls, data: bytes) -> Scene:
        """What `dump` has written."""
        values = orjson.loads(data)
        teams = [
            SceneTeam(
                **{
                    **team,
                    **{name: _bytes(team[name]) for name in ("before", "after")},
                    **{name: tuple(team[name]) for name in ("customers", "orphans", "load")},
                }
            )
            for team in values["teams"]
        ]
        return cls(
            **{
                **values,
                "outline": _bytes(values["outline"]),
                "teams": tuple(teams),
                "pieces": tuple(bytes.fromhex(piece) for piece in values["pieces"]),
                **{name: tuple(values[name]) for name in ("gini", "spread", "kept")},
            }
        )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)
