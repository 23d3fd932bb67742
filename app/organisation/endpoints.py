"""GET /organisations, /teams, /teams/{code}, /teams/{code}/pool."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from app.access.masking import mask_address, mask_degrees, mask_name, mask_phone
from app.access.principal import Scope
from app.deps import CurrentPrincipal, ReadConnection, Today, WantedPage
from app.errors import OutOfScope, TeamNotFound
from app.fields import CaseState, Code
from app.organisation import repository
from app.organisation.schemas import Force, Level, Organisation, PoolPage, Team, TeamPage
from app.paging import cut, decode_cursor
from app.problems import documented

router = APIRouter()

TeamCode = Annotated[Code, Path(description="Code of the team", examples=["T-E1"])]
State = Annotated[
    CaseState | None, Query(description="Only policies whose case is in this state", examples=["TEAM_POOL"])
]


@router.get("/organisations", operation_id="listOrganisations", tags=["organisation"], responses=documented())
def list_organisations(
    connection: ReadConnection, principal: CurrentPrincipal, level: Annotated[Level | None, Query()] = None
) -> list[Organisation]:
    """Provinces, cities and branches, by code."""
    rows = repository.list_organisations(connection, level=level, scope=principal.scope)
    return [Organisation.model_construct(**row) for row in rows]


@router.get("/teams", operation_id="listTeams", tags=["organisation"], responses=documented(400))
def list_teams(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    page: WantedPage,
    branch_code: Annotated[Code | None, Query()] = None,
    force: Annotated[Force | None, Query()] = None,
) -> TeamPage:
    """Teams by code, with what each carries today."""
    after = decode_cursor("teams", page.cursor, (str,))[0] if page.cursor else None
    rows = repository.list_teams(
        connection,
        today=today,
        scope=principal.scope,
        limit=page.limit + 1,
        branch_code=branch_code,
        force=force,
        after=after,
    )
    shown, following = cut("teams", rows, page.limit, lambda row: (row["code"],))
    return TeamPage.model_construct(items=[Team.model_construct(**row) for row in shown], next=following)


@router.get("/teams/{code}", operation_id="getTeam", tags=["organisation"], responses=documented(403, 404))
def get_team(connection: ReadConnection, principal: CurrentPrincipal, today: Today, code: TeamCode) -> Team:
    """One team, with what it carries today."""
    require_team(connection, principal.scope, code)
    rows = repository.list_teams(connection, today=today, scope=principal.scope, limit=1, code=code)
    return Team.model_construct(**rows[0])


@router.get(
    "/teams/{code}/pool", operation_id="getTeamPool", tags=["organisation"], responses=documented(400, 403, 404)
)
def get_team_pool(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    page: WantedPage,
    code: TeamCode,
    state: State = None,
) -> PoolPage:
    """The policies of a team's live allocations by policy number, with masked policyholders."""
    require_team(connection, principal.scope, code)
    after = decode_cursor("pool", page.cursor, (str,))[0] if page.cursor else None
    rows = repository.list_pool(connection, team_code=code, state=state, after=after, limit=page.limit + 1)
    shown, following = cut("pool", rows, page.limit, lambda row: (row["policy_no"],))
    total = repository.pool_size(connection, team_code=code, state=state)
    return PoolPage.model_validate({"items": [_masked(dict(row)) for row in shown], "next": following, "total": total})


def require_team(connection: Connection, scope: Scope, code: str) -> None:
    """Raises `OutOfScope` for a team that the caller may not see, existing or not, and `TeamNotFound` for none."""
    if scope.team_codes is not None and code not in scope.team_codes:
        raise OutOfScope
    branch_code = repository.branch_of_team(connection, code)
    if scope.branch_codes is not None and branch_code not in scope.branch_codes:
        raise OutOfScope
    if branch_code is None:
        raise TeamNotFound


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    name, phone = row.pop("name"), row.pop("phone")
    return {
        **row,
        "policyholder": {"name": mask_name(name), "phone": mask_phone(phone)},
        "address": mask_address(row["address"]),
        "lon": mask_degrees(row["lon"]),
        "lat": mask_degrees(row["lat"]),
        "flags": row["flags"] or [],
    }
