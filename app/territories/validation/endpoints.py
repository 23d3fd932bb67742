"""/territory-plans/{id}/defects: the list, one with its ways, and a check of the whole version."""

from typing import Annotated

import orjson
import shapely
from fastapi import APIRouter, Path, Query

from app.deps import CurrentPrincipal, ReadConnection, Today, WantedPage, WriteConnection
from app.fields import Code
from app.paging import cut, decode_cursor
from app.problems import documented
from app.strict import StrictRoute
from app.territories.plans.endpoints import PlanId, checked_plan
from app.territories.validation import listing
from app.territories.validation.renew import renew_all
from app.territories.validation.repair import offers
from app.territories.validation.schemas import (
    DefectCode,
    DefectOffers,
    DefectSeverity,
    TerritoryCheckOut,
    TerritoryDefectOut,
    TerritoryDefectPage,
)

router = APIRouter(route_class=StrictRoute, prefix="/territory-plans/{plan_id}", tags=["territory defects"])

DefectId = Annotated[int, Path(ge=1, lt=2**63, description="Number of the defect", examples=[41])]


@router.get("/defects", operation_id="listTerritoryDefects", responses=documented(400, 404))
def list_defects(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    plan_id: PlanId,
    page: WantedPage,
    severity: Annotated[DefectSeverity | None, Query()] = None,
    code: Annotated[DefectCode | None, Query()] = None,
    team_code: Annotated[Code | None, Query(description="Only those that concern this team")] = None,
) -> TerritoryDefectPage:
    """What is wrong with a version, the gravest first, then what touches most customers."""
    checked_plan(connection, principal, plan_id)
    after = decode_cursor("territory-defects", page.cursor, (int, int, int)) if page.cursor else None
    rows = listing.list_defects(
        connection, plan_id, severity=severity, code=code, team=team_code, limit=page.limit + 1, after=after
    )
    shown, following = cut("territory-defects", rows, page.limit, lambda row: (row["rank"], row["many"], row["id"]))
    many = listing.counts(connection, plan_id)
    state = listing.state(connection, plan_id)
    return TerritoryDefectPage(
        items=[_shown(row) for row in shown],
        next=following,
        errors=many.get("ERROR", 0),
        warnings=many.get("WARNING", 0),
        notes=many.get("NOTE", 0),
        fresh=state is not None and state["fresh"],
        judged_on=state["on_day"] if state else None,
        checked_at=state["checked_at"] if state else None,
    )


@router.get("/defects/{defect_id}", operation_id="getTerritoryDefect", responses=documented(404))
def get_defect(
    connection: ReadConnection, principal: CurrentPrincipal, plan_id: PlanId, defect_id: DefectId
) -> DefectOffers:
    """One defect with its whole place, and what each way of mending it would give to whom."""
    checked_plan(connection, principal, plan_id)
    offered = offers(connection, plan_id, defect_id)
    (row,) = listing.these_defects(connection, plan_id, [defect_id], whole=True)
    told = []
    for offer in offered:
        title = next(
            way for way in row["ways"] if (way["way"], way["team_code"]) == (offer.way.code, offer.way.team_code)
        )
        told.append(
            {
                **title,
                "gifts": [
                    {
                        "from_team_code": gift.from_team_code,
                        "to_team_code": gift.to_team_code,
                        "area_m2": gift.area_m2,
                        "customers": gift.customers,
                        "orphans": gift.orphans,
                        "geometry": orjson.loads(shapely.to_geojson(gift.area)),
                    }
                    for gift in offer.gifts
                ],
                "refused": offer.refused.code if offer.refused else None,
            }
        )
    return DefectOffers.model_validate({"defect": _shown(row), "offers": told})


@router.post("/checks", operation_id="checkTerritoryPlan", status_code=201, responses=documented(404))
def check_plan(
    connection: WriteConnection, principal: CurrentPrincipal, today: Today, plan_id: PlanId
) -> TerritoryCheckOut:
    """Looks at the whole version anew: after areas of branches or communities, teams or customers have changed."""
    checked_plan(connection, principal, plan_id)
    renewal = renew_all(connection, plan_id, on=today)
    many = listing.counts(connection, plan_id)
    return TerritoryCheckOut(
        errors=many.get("ERROR", 0),
        warnings=many.get("WARNING", 0),
        notes=many.get("NOTE", 0),
        added=len(renewal.added),
        gone=len(renewal.gone),
    )


def _shown(row: dict[str, object]) -> TerritoryDefectOut:
    return TerritoryDefectOut.model_validate({name: row[name] for name in TerritoryDefectOut.model_fields})
