"""How grave a defect is: an ERROR keeps the version from being submitted and published, a WARNING is to be looked at. Pure."""

from typing import Final, Literal

from geo.soundness.defects import Defect

Severity = Literal["ERROR", "WARNING", "NOTE"]

OF_CODE: Final[dict[str, Severity]] = {
    # Nobody could say whose a customer is.
    "INVALID_RING": "ERROR",
    "OVERLAP": "ERROR",
    # Another branch's customers would be taken.
    "OUTSIDE_BRANCH": "ERROR",
    # A team that may not receive orphans (H2, H3).
    "TEAM_DISSOLVED": "ERROR",
    "TEAM_WRONG_FORCE": "ERROR",
    "OPEN_CONFLICT": "ERROR",
    # Allowed, and seldom meant: customers there are balanced over the branch, or the map misleads.
    "GAP": "WARNING",
    "HOLE": "WARNING",
    "SLIVER": "WARNING",
    "UNOWNED_COMMUNITY": "WARNING",
    "DISCONNECTED_PART": "WARNING",
    "TEAM_WITHOUT_TERRITORY": "WARNING",
    "TOO_MANY_VERTICES": "WARNING",
    "NAME_CLASH": "WARNING",
    # Good to know.
    "COMMUNITY_SHARED": "NOTE",
    "DUPLICATED_VERTEX": "NOTE",
}


def severity_of(defect: Defect) -> Severity:
    """The severity of a defect; a sliver of an overlap is as grave as an overlap, land outside within the tolerance less than beyond."""
    if defect.kind == "OVERLAP":
        return "ERROR"
    if defect.code == "OUTSIDE_BRANCH" and defect.details.get("tolerated"):
        return "WARNING"
    return OF_CODE[defect.code]
