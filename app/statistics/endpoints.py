"""GET /statistics/summary."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.deps import CurrentPrincipal, ReadConnection
from app.errors import RunNotFound
from app.problems import documented
from app.statistics import repository
from app.statistics.schemas import Summary

router = APIRouter()


@router.get("/statistics/summary", operation_id="getSummary", tags=["statistics"], responses=documented(404))
def get_summary(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    run: Annotated[int | None, Query(ge=1, lt=2**63, description="Only this run, else all open cases")] = None,
) -> Summary:
    """What became of the orphans: by rung, by state, how well they were located, and how many stayed in their region."""
    seconds = repository.seconds_of(connection, run)
    if run is not None and seconds is None:
        raise RunNotFound
    rungs = repository.count_by_rung(connection, run)
    levels = repository.count_by_level(connection, run)
    states = repository.count_by_state(connection, run)
    by_level: dict[str | None, int] = {}
    by_place = {"POINT": 0, "COMMUNITY": 0, "NONE": 0}
    for row in levels:
        by_level[row["level"]] = by_level.get(row["level"], 0) + row["policies"]
        by_place[row["located_by"]] += row["policies"]
    decided = sum(by_place.values())
    placed = sum(row["placed"] for row in rungs)
    kept = sum(row["allocated"] for row in rungs if (row["rung"] or "").startswith("REGION_"))
    return Summary.model_validate(
        {
            "run": run,
            "cases": sum(row["cases"] for row in states),
            "bundles": sum(row["bundles"] for row in rungs),
            "policyholders": repository.count_policyholders(connection, run),
            "by_rung": [
                {"rung": row["rung"], "policies": row["policies"], "bundles": row["bundles"]}
                for row in rungs
                if row["rung"] is not None
            ],
            "by_state": [{"state": row["state"], "cases": row["cases"]} for row in states],
            "by_level": [{"level": level, "policies": policies} for level, policies in by_level.items()],
            "allocated": sum(row["allocated"] for row in rungs),
            "kept_in_team": kept,
            "kept_in_team_rate": round(kept / placed, 4) if placed else None,
            "located": {
                "by_point": by_place["POINT"],
                "by_community": by_place["COMMUNITY"],
                "not_at_all": by_place["NONE"],
                "share": round(1 - by_place["NONE"] / decided, 4) if decided else None,
            },
            "cross_branch": sum(row["cross_branch"] for row in rungs),
            "near_border": sum(row["near_border"] for row in rungs),
            "seconds": seconds or {},
        }
    )
