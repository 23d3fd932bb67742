"""Match levels of the rulebook as providers' answers are mapped to them."""

from typing import Final

LEVELS: Final = ("UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY", "ROAD", "SUBDISTRICT", "DISTRICT", "CITY", "NONE")
"""From fine to coarse."""

PRECISE: Final = frozenset(LEVELS[:5])
"""Levels that can be matched to a territory (rulebook 4.5)."""

USUAL_RADIUS: Final = {
    "UNIT": 50.0, "DOOR": 100.0, "COMPOUND": 200.0, "POI": 200.0, "COMMUNITY": 800.0, "ROAD": 2000.0,
    "SUBDISTRICT": 4000.0, "DISTRICT": 15000.0, "CITY": 50000.0, "NONE": 50000.0,
}  # fmt: skip
"""Metres, where a provider states no error of its own: a convention, not a measurement."""


def fineness(level: str) -> int:
    """Position from fine to coarse; an unknown word is coarsest."""
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
