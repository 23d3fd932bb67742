"""Reads organisations, teams and pools."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope
from app.models.in_force import in_force

_ORGANISATIONS = text(
    """
    SELECT code, level, parent_code, name FROM organisation
    WHERE (CAST(:level AS text) IS NULL OR level = :level)
      AND (CAST(:branches AS text[]) IS NULL OR level <> 'branch' OR code = ANY (:branches))
    ORDER BY code
    """
)

# A team's load and capacity as in rulebook 5.2: members that are eligible on the day, and the team's live allocations.
_TEAMS = text(
    f"""
    WITH strategy AS (
        SELECT coalesce((SELECT CAST(config ->> 'default_agent_capacity' AS integer)
                         FROM strategy ORDER BY version DESC LIMIT 1), 0) AS agent_capacity
    )
    SELECT team.code, team.name, team.branch_code, organisation.name AS branch_name, team.force, team.takes_part,
           coalesce(team.capacity, members.capacity, 0) AS capacity,
           coalesce(members.serviced, 0) + coalesce(team_load.allocated, 0) AS load,
           pool.policies AS pool, team.ended_on,
           EXISTS (SELECT FROM published_territory t WHERE t.team_code = team.code AND {in_force("t", ":today")})
               AS has_territory
    FROM team
    JOIN organisation ON organisation.code = team.branch_code
    LEFT JOIN team_load ON team_load.team_code = team.code
    CROSS JOIN strategy
    CROSS JOIN LATERAL (
        SELECT sum(coalesce(agent.capacity, strategy.agent_capacity)) AS capacity, sum(agent_load.serviced) AS serviced
        FROM agent LEFT JOIN agent_load ON agent_load.agent_code = agent.code
        WHERE agent.team_code = team.code AND agent.state IN ('01', '02') AND agent.qualified
          AND NOT ((agent.leave_from IS NOT NULL OR agent.leave_to IS NOT NULL)
                   AND :today BETWEEN coalesce(agent.leave_from, :today) AND coalesce(agent.leave_to, :today))
    ) AS members
    CROSS JOIN LATERAL (
        SELECT count(*) AS policies FROM allocation JOIN orphan_case ON orphan_case.id = allocation.case_id
        WHERE allocation.team_code = team.code AND allocation.live AND orphan_case.state = 'TEAM_POOL'
    ) AS pool
    WHERE (CAST(:code AS text) IS NULL OR team.code = :code)
      AND (CAST(:branch_code AS text) IS NULL OR team.branch_code = :branch_code)
      AND (CAST(:force AS text) IS NULL OR team.force = :force)
      AND (CAST(:after AS text) IS NULL OR team.code > :after)
      AND (CAST(:branches AS text[]) IS NULL OR team.branch_code = ANY (:branches))
      AND (CAST(:teams AS text[]) IS NULL OR team.code = ANY (:teams))
    ORDER BY team.code
    LIMIT :limit
    """  # noqa: S608 (fixed words)
)

_POOL = text(
    """
    SELECT orphan_case.policy_no, policyholder.name, policyholder.phone, policy.product, policy.premium,
           orphan_case.reasons, orphan_case.nature, decision.rung, decision.flags, orphan_case.state,
           allocation.agent_code, orphan_case.bundle_no, address.text AS address,
           ST_X(decision.point) AS lon, ST_Y(decision.point) AS lat, decision.level
    FROM allocation
    JOIN orphan_case ON orphan_case.id = allocation.case_id
    JOIN policy ON policy.policy_no = orphan_case.policy_no
    JOIN policyholder ON policyholder.id = orphan_case.policyholder_id
    LEFT JOIN decision ON decision.id = orphan_case.decision_id
    LEFT JOIN address ON address.id = decision.address_id
    WHERE allocation.team_code = :team_code AND allocation.live
      AND (CAST(:state AS text) IS NULL OR orphan_case.state = :state)
      AND (CAST(:after AS text) IS NULL OR orphan_case.policy_no > :after)
    ORDER BY orphan_case.policy_no
    LIMIT :limit
    """
)

_POOL_SIZE = text(
    """
    SELECT count(*) FROM allocation JOIN orphan_case ON orphan_case.id = allocation.case_id
    WHERE allocation.team_code = :team_code AND allocation.live
      AND (CAST(:state AS text) IS NULL OR orphan_case.state = :state)
    """
)

_TEAM_BRANCH = text("SELECT branch_code FROM team WHERE code = :code")


def _listed(codes: frozenset[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)


def list_organisations(connection: Connection, *, level: str | None, scope: Scope) -> Sequence[RowMapping]:
    """Organisations by code, of one level or of all."""
    bound = {"level": level, "branches": _listed(scope.branch_codes)}
    return connection.execute(_ORGANISATIONS, bound).mappings().all()


def list_teams(
    connection: Connection,
    *,
    today: date,
    scope: Scope,
    limit: int,
    code: str | None = None,
    branch_code: str | None = None,
    force: str | None = None,
    after: str | None = None,
) -> Sequence[RowMapping]:
    """Up to `limit` teams by code, those after `after`."""
    bound: dict[str, Any] = {
        "today": today,
        "code": code,
        "branch_code": branch_code,
        "force": force,
        "after": after,
        "limit": limit,
        "branches": _listed(scope.branch_codes),
        "teams": _listed(scope.team_codes),
    }
    return connection.execute(_TEAMS, bound).mappings().all()


def branch_of_team(connection: Connection, code: str) -> str | None:
    """The branch of a team, None if there is no such team."""
    found: str | None = connection.execute(_TEAM_BRANCH, {"code": code}).scalar()
    return found


def list_pool(
    connection: Connection, *, team_code: str, state: str | None, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Up to `limit` policies of a team's live allocations, by policy number, unmasked."""
    bound = {"team_code": team_code, "state": state, "after": after, "limit": limit}
    return connection.execute(_POOL, bound).mappings().all()


def pool_size(connection: Connection, *, team_code: str, state: str | None) -> int:
    """How many policies a team's live allocations hold."""
    return int(connection.execute(_POOL_SIZE, {"team_code": team_code, "state": state}).scalar_one())
