"""How much a shape may be, and from where on something is a defect: two frozen values, each figure with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What `read_area` takes."""

    bytes: int = 8 * 1024 * 1024
    """Of text or WKB: 100,000 vertices written with 15 decimals each, twice over. Parsed, text takes several times as much memory."""

    depth: int = 16
    """Collections within collections: far more than anybody nests, far less than a reader that calls itself dies of."""

    vertices: int = 100_000
    """Of one area, before it is repaired: ten times what `Thresholds.max_vertices` calls too many."""

    parts: int = 10_000
    """Polygons of one area."""

    crossings: int = 10_000
    """Pairs of edges whose boxes cross, beyond which a broken border is not repaired: every crossing becomes a vertex."""

    ambiguous_share: float = 0.005
    """A repair may change this share of the area: more is no slip of the pen, and may hold customers."""

    ambiguous_m2: float = 25.0
    """Or so many square metres, whichever is more: a loop of 5 m by 5 m holds no house of its own."""

    crumb_m2: float = 1.0
    """Parts that a repair leaves behind and that are smaller are dropped: no address lies on a square metre."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on `defects` reports something."""

    noise_width_m: float = 0.005
    """Gaps and overlaps of a smaller mean width are the grid's rounding: a step is 1.1 mm, and the roundings of two borders meet."""

    sliver_width_m: float = 2.0
    """Mean width below which a gap, an overlap or a part is a sliver: narrower than a lane, and finer than borders are known."""

    sliver_area_m2: float = 20.0
    """Area below which it is one whatever its width: smaller than a building."""

    outside_tolerance_m: float = 5.0
    """Mean width up to which land outside of the branch is tolerated: outlines of branches come from other sources, and
    half a millimetre on a map 1 : 10,000 is this much."""

    community_share: float = 0.01
    """Share of a community from which on a team has a part in it, or nobody has: borders of communities and teams may differ by a road."""

    community_m2: float = 500.0
    """And at least so many square metres: a small residential building with its yard."""

    max_vertices: int = 10_000
    """Of one area. More of them say nothing that addresses can tell apart, and every edit, tile and check pays for them."""

    max_crossings: int = 200_000
    """Pairs of edges of two areas whose boxes cross, beyond which they are not examined: each may be a vertex of their overlap.
    See `complexity`."""
