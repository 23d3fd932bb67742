"""Reads the organisation, the areas and the loads on a date."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import shapely
from sqlalchemy import Connection, text

from app.allocation.areas import Areas
from app.allocation.domain import VALID_STATES, AgentState, City, TeamState, World, weigh
from app.allocation.strategy import Strategy
from app.models.in_force import in_force

_TERRITORIES = text(
    f"""
    SELECT t.team_code, t.effective_from, ST_AsBinary(t.geom) AS area
    FROM published_territory t WHERE {in_force("t", ":as_of")} ORDER BY t.team_code
    """  # noqa: S608 (fixed words)
)

_LOADS = text("""
    SELECT p.servicer_code, count(*)
    FROM policy p
    WHERE p.status <> 'ENDED' AND p.servicer_code IS NOT NULL AND NOT EXISTS (
        SELECT FROM orphan_case c WHERE c.policy_no = p.policy_no AND c.open AND c.state <> 'PENDING_APPROVAL')
    GROUP BY p.servicer_code
""")

_ALLOCATED = text("SELECT team_code, agent_code, count(*) FROM allocation WHERE live GROUP BY team_code, agent_code")

_RECEIVED = text("""
    SELECT a.agent_code, count(*)
    FROM allocation a JOIN run r ON r.id = a.run_id
    WHERE a.agent_code IS NOT NULL AND r.as_of > :since AND r.as_of <= :as_of AND r.status <> 'DISCARDED'
    GROUP BY a.agent_code
""")


@dataclass(frozen=True)
class Setting:
    """The organisation and the areas on a date: all of the world but its loads, so that it can be kept between requests."""

    as_of: date
    plan_version: str
    areas: Areas
    teams: tuple[tuple[str, str, str, str, str | None, int | None, str | None], ...]
    agents: tuple[tuple[str, str, str, bool, str | None, int, frozenset[str]], ...]
    city_of_branch: Mapping[str, City]

    def world(self) -> World:
        """A world with all loads at zero, that nobody else holds."""
        teams = {row[0]: TeamState(*row[:5], row[5] or 0, successor_code=row[6]) for row in self.teams}
        agents = {row[0]: AgentState(*row) for row in self.agents}
        for agent in agents.values():
            teams[agent.team_code].members.append(agent)
        own_capacity = {row[0] for row in self.teams if row[5] is not None}
        for team in teams.values():
            eligible = [agent for agent in team.members if agent.failure is None]
            if team.code not in own_capacity:
                team.capacity = sum(agent.capacity for agent in eligible)
            if team.failure is None and not eligible:
                team.failure = "H2_NO_MEMBER"
        of_branch: dict[str, list[TeamState]] = {}
        for code in sorted(teams):
            if teams[code].force == "COLLECTION":
                of_branch.setdefault(teams[code].branch_code, []).append(teams[code])
        for members in of_branch.values():
            weigh(members)
        return World(
            as_of=self.as_of,
            plan_version=self.plan_version,
            teams=teams,
            agents=agents,
            city_of_branch=dict(self.city_of_branch),
            teams_of_branch=of_branch,
            owners_of_community=self.areas.owners_of_community,
            distance=self.areas.distance,
        )


def read_strategy(connection: Connection) -> Strategy:
    """The newest published strategy."""
    row = connection.execute(text("SELECT version, config FROM strategy ORDER BY version DESC LIMIT 1")).one()
    return Strategy.from_config(row.version, row.config)


def read_setting(connection: Connection, as_of: date, strategy: Strategy) -> Setting:
    """The organisation and the areas on a date."""
    return _setting(connection, as_of, strategy, *read_areas(connection, as_of))


def read_organisation(connection: Connection, as_of: date, strategy: Strategy) -> Setting:
    """The same without any area: for who asks about teams and their loads only."""
    return _setting(connection, as_of, strategy, Areas({}, {}, {}), "")


def _setting(connection: Connection, as_of: date, strategy: Strategy, areas: Areas, plan_version: str) -> Setting:
    branches = text("SELECT code, coalesce(parent_code, code) AS parent FROM organisation WHERE level = 'branch'")
    parents: dict[str, str] = {row.code: row.parent for row in connection.execute(branches)}
    reach: dict[str, frozenset[str]] = {
        city: frozenset(branch for branch, parent in parents.items() if parent == city) for city in parents.values()
    }
    teams = {}
    for row in connection.execute(text("SELECT * FROM team ORDER BY code")):
        gone = row.ended_on is not None and row.ended_on <= as_of
        failure: str | None = None
        if gone:
            failure = "H2_ENDED"
        elif row.founded_on is not None and row.founded_on > as_of:
            failure = "H2_NOT_FOUNDED"
        elif not row.takes_part:
            failure = "H2_NOT_TAKING_PART"
        city = parents.get(row.branch_code, row.branch_code)
        successor = row.successor_code if gone else None
        teams[row.code] = (row.code, row.branch_code, city, row.force, failure, row.capacity, successor)
    agents = []
    for row in connection.execute(text("SELECT * FROM agent ORDER BY code")):
        valid = row.state in VALID_STATES
        away = (
            (row.leave_from is not None or row.leave_to is not None)
            and (row.leave_from is None or row.leave_from <= as_of)
            and (row.leave_to is None or as_of <= row.leave_to)
        )
        failure = None
        if not valid:
            failure = "H2_STATE"
        elif away:
            failure = "H2_ON_LEAVE"
        elif not row.qualified:
            failure = "H3_NOT_QUALIFIED"
        elif teams[row.team_code][4] == "H2_ENDED":
            failure = "H2_ENDED"
        capacity = strategy.default_agent_capacity if row.capacity is None else row.capacity
        agents.append((row.code, row.team_code, row.force, valid, failure, capacity, frozenset(row.community_codes)))
    cities = {
        branch: City(city, reach[city], not reach[city].isdisjoint(areas.branches)) for branch, city in parents.items()
    }
    return Setting(as_of, plan_version, areas, tuple(teams.values()), tuple(agents), cities)


def read_areas(connection: Connection, as_of: date) -> tuple[Areas, str]:
    """The areas on a date, and the version of the territories: a digest of their content, so that it is the same on every machine."""
    branches = connection.execute(text("SELECT branch_code, ST_AsBinary(geom) FROM branch_area"))
    communities = connection.execute(text("SELECT code, ST_AsBinary(geom) FROM community"))
    digest = hashlib.sha256()
    territories = {}
    for row in connection.execute(_TERRITORIES, {"as_of": as_of}):
        area = bytes(row.area)
        digest.update(f"{row.team_code}\t{row.effective_from}\t".encode())
        digest.update(shapely.to_wkb(shapely.normalize(shapely.from_wkb(area)), byte_order=1))
        territories[row.team_code] = shapely.from_wkb(area)
    areas = Areas(
        {code: shapely.from_wkb(bytes(area)) for code, area in branches},
        {code: shapely.from_wkb(bytes(area)) for code, area in communities},
        territories,
    )
    return areas, digest.hexdigest()[:12]


def add_loads(connection: Connection, world: World) -> None:
    """Load of an agent: open policies serviced and live allocations; of a team: those of its eligible members and its pool.

    Counted from the facts, for a run; the cases of the run are still to be taken out (`leave_out`).
    """
    for code, count in connection.execute(_LOADS):
        agent = world.agents.get(code)
        if agent is not None:
            agent.load += count
            if agent.failure is None:
                world.teams[agent.team_code].load += count
    for team_code, agent_code, count in connection.execute(_ALLOCATED):
        world.teams[team_code].load += count
        if agent_code is not None:
            world.agents[agent_code].load += count


def add_received(connection: Connection, world: World, since: date) -> None:
    """What each agent received in runs dated after `since`, up to the world's date."""
    for code, count in connection.execute(_RECEIVED, {"since": since, "as_of": world.as_of}):
        if code in world.agents:
            world.agents[code].received += count
