"""The teams on a date and their members, kept by the state of the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from threading import Lock

from sqlalchemy import Connection

from app.allocation.domain import TeamState
from app.allocation.repository.reading import team_names
from app.allocation.repository.world import read_organisation, read_strategy
from app.revision import world_revision

KEPT = 8

Key = tuple[str, str, date]


@dataclass(frozen=True, slots=True)
class TeamsOn:
    """The teams on a date. `team_of`: agent → team, of those agents whose policies are the team's load (rulebook 5.2)."""

    key: Key
    teams: dict[str, TeamState]
    team_of: dict[str, str]
    names: dict[str, str]

    def balancing(self, branch_code: str) -> list[str]:
        """The collection teams of a branch that may receive, by code: those whose loads are compared."""
        return [
            code
            for code, team in sorted(self.teams.items())
            if team.branch_code == branch_code and team.force == "COLLECTION" and team.failure is None
        ]


_kept: dict[Key, TeamsOn] = {}
_lock = Lock()


def teams_on(connection: Connection, on: date, revision: str | None = None) -> TeamsOn:
    """The teams on a date. `revision`: the state of the world (`app.revision`) where it has been read already."""
    key = (str(connection.engine.url), revision or world_revision(connection), on)
    with _lock:
        if key not in _kept:
            world = read_organisation(connection, on, read_strategy(connection)).world()
            team_of = {agent.code: agent.team_code for agent in world.agents.values() if agent.failure is None}
            while len(_kept) >= KEPT:
                del _kept[next(iter(_kept))]
            _kept[key] = TeamsOn(key, world.teams, team_of, team_names(connection))
        return _kept[key]
