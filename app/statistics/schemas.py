"""Counts as they go over the wire."""

from pydantic import Field

from app.fields import CaseState, Level, Output, Rung


class RungCount(Output):
    """Policies decided by a rung, and the bundles that they came in."""

    rung: Rung
    policies: int
    bundles: int


class StateCount(Output):
    """Cases in a state."""

    state: CaseState
    cases: int


class LevelCount(Output):
    """Policies whose service address was located at a level; null where the point was given or there is none."""

    level: Level | None
    policies: int


class Located(Output):
    """How the policies that were decided on could be placed."""

    by_point: int
    by_community: int
    not_at_all: int
    share: float | None = Field(description="(by_point + by_community) / all; null if there are none")


class Summary(Output):
    """Counts over the open cases, or over one run.

    `kept_in_team_rate`: of the policies that got a team and whose address could be placed, the share that went to the owner
    of the region (rungs REGION_OWNER and REGION_TIE_*); null if there are none.
    """

    run: int | None
    cases: int
    bundles: int
    policyholders: int
    by_rung: list[RungCount]
    by_state: list[StateCount]
    by_level: list[LevelCount]
    allocated: int
    kept_in_team: int
    kept_in_team_rate: float | None
    located: Located
    cross_branch: int
    near_border: int
    seconds: dict[str, float] = Field(description="Seconds of each stage of the run, or of the newest finished one")
