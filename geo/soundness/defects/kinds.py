"""What a defect of a coverage is, and a way to mend it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

INVALID_RING: Final = "INVALID_RING"
OVERLAP: Final = "OVERLAP"
GAP: Final = "GAP"
HOLE: Final = "HOLE"
SLIVER: Final = "SLIVER"
OUTSIDE_BRANCH: Final = "OUTSIDE_BRANCH"
UNOWNED_COMMUNITY: Final = "UNOWNED_COMMUNITY"
COMMUNITY_SHARED: Final = "COMMUNITY_SHARED"
DISCONNECTED_PART: Final = "DISCONNECTED_PART"
TOO_MANY_VERTICES: Final = "TOO_MANY_VERTICES"
DUPLICATED_VERTEX: Final = "DUPLICATED_VERTEX"

PART: Final = "PART"
"""Kind of a sliver that is a part of an area; the others are `GAP` and `OVERLAP`."""

GIVE: Final = "GIVE"
"""The land goes to the team that the way names; of an overlap the others lose it."""
CLIP: Final = "CLIP"
"""What lies outside of the branch becomes nobody's."""
MEND: Final = "MEND"
"""A border that crosses itself is rebuilt."""
REMOVE: Final = "REMOVE"
"""The team has no territory any more; its land becomes nobody's."""
DROP_DUPLICATES: Final = "DROP_DUPLICATES"
"""Of vertices that repeat the one before, the first stays."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to mend a defect; `team_code`: who gets the land, where somebody does."""

    code: str
    team_code: str | None = None


MOST_WAYS: Final = 12
"""Ways that a defect offers: nobody compares more, and each may be tried out to be shown."""


def gifts(codes: Iterable[str]) -> tuple[Way, ...]:
    """The ways to give the land to one of these teams, the likeliest first."""
    return tuple(Way(GIVE, code) for code in islice(codes, MOST_WAYS))


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong with a coverage, and where (degrees).

    `team_codes`: whose areas are concerned: the two of an overlap, the owner of a part, those that border on a gap, the longest border
    first. `details`: figures by name, such as `width_m`, `share`, `borders`; a sliver's `kind`. `ways`: the best first; none: only a
    person can say.
    """

    code: str
    team_codes: tuple[str, ...]
    place: BaseGeometry
    area_m2: float | None = None
    length_m: float | None = None
    community_codes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    ways: tuple[Way, ...] = ()

    @property
    def kind(self) -> str:
        """What a sliver is a sliver of; else the code."""
        return str(self.details.get("kind", self.code))
