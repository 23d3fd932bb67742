"""Reads and writes for the allocation of one holder: few short statements, no temporary table, no COPY."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import Connection

from app.allocation.batch import Batch
from app.allocation.domain import Decision, World
from app.allocation.repository.facts import ADDRESSES, EVENTS, POLICIES, Row
from app.allocation.trail import dump
from app.db import BRANCH_LOCKS, branch_key, driver

HOLDER_LOCKS = 0x6764_0004
"""Namespace of the locks that keep two requests from deciding on one holder at a time."""

_SCOPE = "p.policyholder_id = %(holder)s"
_POLICIES = POLICIES.format(scope=_SCOPE) + " ORDER BY p.policy_no COLLATE \"C\""
_EVENTS = (
    EVENTS.format(scope=_SCOPE).replace(":as_of", "%(as_of)s")
    + ' ORDER BY e.policy_no COLLATE "C", e.event_on, e.event_id COLLATE "C"'
)
_ADDRESSES = ADDRESSES.format(scope=_SCOPE) + " ORDER BY p.id"

_START = """
    SELECT p.policyholder_id, p.branch_code, (SELECT revision || ':' || xmin FROM world_revision)
    FROM policy p WHERE p.policy_no = %s
"""

_LOCK = "SELECT pg_advisory_xact_lock_shared(%s, %s), pg_advisory_xact_lock(%s, hashtext(%s))"

_UNLOCATED = """
    SELECT EXISTS (
        SELECT FROM address a WHERE a.policyholder_id = %s AND a.point IS NULL AND a.text <> ''
            AND NOT EXISTS (SELECT FROM location l WHERE l.address_id = a.id))
"""

_LOADS = """
    SELECT 'agent', agent_code, serviced, allocated FROM agent_load WHERE agent_code = ANY(%s)
    UNION ALL
    SELECT 'team', team_code, 0, allocated FROM team_load WHERE team_code = ANY(%s)
"""

_DECIDE = """
    WITH made AS (
        INSERT INTO run (as_of, policy_nos, confirm, status, progress, strategy_version, plan_version, requested_by,
            finished_at, settled_at)
        VALUES (%(as_of)s, %(policy_nos)s, %(confirm)s, %(status)s, 1, %(strategy_version)s, %(plan_version)s,
            %(requested_by)s, now(), CASE WHEN %(confirm)s THEN now() END)
        RETURNING id
    )
    INSERT INTO decision (run_id, policyholder_id, bundle_no, policies, branch_code, nature, nature_evidence, address_id,
        address_kind, point, level, confidence, radius_m, community_code, located_by, rung, team_code, flags, review_code,
        hold_until, notice_due_on, first_event_on, strategy_version, plan_version, trail)
    SELECT id, %(policyholder_id)s, %(bundle_no)s, %(policies)s, %(branch_code)s, %(nature)s, %(nature_evidence)s,
        %(address_id)s, %(address_kind)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490), %(level)s, %(confidence)s,
        %(radius_m)s, %(community_code)s, %(located_by)s, %(rung)s, %(team_code)s, %(flags)s, %(review_code)s,
        %(hold_until)s, %(notice_due_on)s, %(first_event_on)s, %(strategy_version)s, %(plan_version)s, %(trail)s
    FROM made
    RETURNING id, run_id
"""

_OPEN = """
    INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, origin_agent_code,
        first_event_on, notice_due_on, collection_serviced, nature, bundle_no, decision_id)
    VALUES (%(policy_no)s, %(policyholder_id)s, %(branch_code)s, %(state)s, true, %(reasons)s, %(event_ids)s,
        %(origin_agent_code)s, %(first_event_on)s, %(notice_due_on)s, %(collection_serviced)s, %(nature)s, %(bundle_no)s,
        %(decision_id)s)
    RETURNING id
"""

_UPDATE = """
    UPDATE orphan_case SET state = %(state)s, reasons = %(reasons)s, event_ids = %(event_ids)s,
        origin_agent_code = %(origin_agent_code)s, first_event_on = %(first_event_on)s,
        notice_due_on = %(notice_due_on)s, collection_serviced = %(collection_serviced)s, nature = %(nature)s,
        bundle_no = %(bundle_no)s, decision_id = coalesce(%(decision_id)s, decision_id)
    WHERE id = %(id)s
    RETURNING id
"""

_ALLOCATE = """
    INSERT INTO allocation (case_id, collection_serviced, run_id, team_code, team_force, agent_code, agent_force, live)
    SELECT *, %(run_id)s, %(team_code)s, %(team_force)s, %(agent_code)s, %(agent_force)s, true
    FROM unnest(%(case_ids)s::bigint[], %(collection_serviced)s::boolean[])
"""

_TAKE_TEAM = "UPDATE team_load SET allocated = allocated + %s WHERE team_code = %s AND allocated + %s <= %s"
_TAKE_AGENT = "UPDATE agent_load SET allocated = allocated + %s WHERE agent_code = %s AND allocated + %s <= %s"
_GIVE_UP = "UPDATE agent_load SET serviced = greatest(serviced - %s, 0) WHERE agent_code = %s"


@dataclass(frozen=True, slots=True)
class Start:
    """What is known at once of a policy: its holder, its managing branch, and the state of the world."""

    policyholder_id: str
    branch_code: str
    world_revision: str


class Store:
    """The statements, on the driver's connection within the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection: psycopg.Connection[Any] = driver(connection)
        self._allocated: dict[tuple[str, str], int] = {}

    def _all(self, query: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
        return self._connection.execute(query.encode(), values).fetchall()

    def start(self, policy_no: str) -> Start | None:
        """None without such a policy."""
        rows = self._all(_START, (policy_no,))
        return Start(*rows[0]) if rows else None

    def lock(self, start: Start) -> None:
        """Keep runs off the branch and other requests off the holder until the transaction ends.

        Requests share the branch: what they must not do together, overfill a team, its row in `team_load` settles.
        """
        self._all(_LOCK, (BRANCH_LOCKS, branch_key(start.branch_code), HOLDER_LOCKS, start.policyholder_id))

    def has_unlocated(self, policyholder_id: str) -> bool:
        """Whether some address of the holder has never been geocoded."""
        return bool(self._all(_UNLOCATED, (policyholder_id,))[0][0])

    def facts(self, policyholder_id: str, as_of: date) -> tuple[list[Row], list[Row], list[Row]]:
        """Policies, events and addresses of a holder, as `facts.holders` wants them."""
        values = {"holder": policyholder_id, "as_of": as_of}
        return self._all(_POLICIES, values), self._all(_EVENTS, values), self._all(_ADDRESSES, values)

    def set_loads(self, world: World, teams: Collection[str], agents: Collection[str]) -> None:
        """Set the loads of these teams, of their members, and of these agents, from the counters."""
        members = {agent.code for code in teams for agent in world.teams[code].members}
        for code in teams:
            world.teams[code].load = 0
        for kind, code, serviced, allocated in self._all(_LOADS, (list(members.union(agents)), list(teams))):
            self._allocated[kind, code] = allocated
            if kind == "team":
                world.teams[code].load += allocated
                continue
            agent = world.agents[code]
            agent.load = serviced + allocated
            if agent.failure is None and agent.team_code in teams:
                world.teams[agent.team_code].load += serviced

    def write(
        self,
        batch: Batch,
        decision: Decision | None,
        world: World,
        *,
        strategy_version: int,
        plan_version: str,
        confirm: bool,
        requested_by: str | None,
    ) -> int | None:
        """Store the outcome of a batch of one holder; the number of the run made for it, None where nothing was decided.

        The counters are not touched: `take` and `give_up` do that.
        """
        run_id = decision_id = None
        case_ids = []
        if decision is not None:
            bundle = batch.bundles[0]
            address = bundle.address
            values = {
                "as_of": world.as_of,
                "policy_nos": [case.policy.policy_no for case in bundle.cases],
                "confirm": confirm,
                "status": "CONFIRMED" if confirm else "PROPOSED",
                "requested_by": requested_by,
                "policyholder_id": bundle.policyholder_id,
                "bundle_no": bundle.bundle_no,
                "policies": len(bundle.cases),
                "branch_code": bundle.branch_code,
                "nature": bundle.nature,
                "nature_evidence": ";".join(bundle.servicers + bundle.marketing_servicers),
                "address_id": address.address_id if address else None,
                "address_kind": address.kind if address else None,
                "lon": address.lon if address else None,
                "lat": address.lat if address else None,
                "level": address.level if address else None,
                "confidence": address.confidence if address else None,
                "radius_m": address.radius_m if address else None,
                "community_code": address.community_code if address else None,
                "located_by": bundle.located_by,
                "rung": decision.rung,
                "team_code": decision.team_code,
                "flags": list(decision.flags),
                "review_code": bundle.review_code,
                "hold_until": bundle.hold_until,
                "notice_due_on": bundle.notice_due_on,
                "first_event_on": bundle.first_event_on,
                "strategy_version": strategy_version,
                "plan_version": plan_version,
                "trail": dump(decision.trail),
            }
            decision_id, run_id = self._all(_DECIDE, values)[0]
            state = decision.state if confirm or decision.team_code is None else "PROPOSED"
            for case in bundle.cases:
                row = _case_values(case, bundle.policyholder_id, state, bundle.nature, bundle.bundle_no, decision_id)
                case_ids.append(self._all(_UPDATE if case.policy.case else _OPEN, row)[0][0])
            if decision.team_code is not None:
                agent_force = world.agents[decision.agent_code].force if decision.agent_code else None
                self._connection.execute(
                    _ALLOCATE.encode(),
                    {
                        "case_ids": case_ids,
                        "collection_serviced": [case.collection_serviced for case in bundle.cases],
                        "run_id": run_id,
                        "team_code": decision.team_code,
                        "team_force": world.teams[decision.team_code].force,
                        "agent_code": decision.agent_code,
                        "agent_force": agent_force,
                    },
                )
        for policyholder_id, case in batch.pending:
            row = _case_values(case, policyholder_id, "PENDING_APPROVAL", None, None, None)
            self._all(_UPDATE if case.policy.case else _OPEN, row)
        return run_id

    def take(self, decision: Decision, count: int, world: World) -> bool:
        """Count `count` policies to the target; False when another request has taken the room meanwhile.

        Call it with the world's loads as the decision saw them, the bundle not yet added.
        """
        if decision.team_code is None:
            return True
        team = world.teams[decision.team_code]
        room = team.capacity - (team.load - self._allocated["team", team.code])
        done = self._connection.execute(_TAKE_TEAM.encode(), (count, team.code, count, room)).rowcount
        if done and decision.agent_code is not None:
            agent = world.agents[decision.agent_code]
            room = agent.capacity - (agent.load - self._allocated["agent", agent.code])
            done = self._connection.execute(_TAKE_AGENT.encode(), (count, agent.code, count, room)).rowcount
        return bool(done)

    def give_up(self, counts: Mapping[str, int]) -> None:
        """Count the new orphans out of what their servicers service, in one order for all so that none waits in a circle."""
        for agent_code in sorted(counts):
            self._connection.execute(_GIVE_UP.encode(), (counts[agent_code], agent_code))


def _case_values(
    case: Any, policyholder_id: str, state: str, nature: str | None, bundle_no: str | None, decision_id: int | None
) -> dict[str, Any]:
    return {
        "id": case.policy.case.case_id if case.policy.case else None,
        "policy_no": case.policy.policy_no,
        "policyholder_id": policyholder_id,
        "branch_code": case.policy.branch_code,
        "state": state,
        "reasons": case.reasons,
        "event_ids": [event.event_id for event in case.events],
        "origin_agent_code": case.origin_agent_code,
        "first_event_on": case.events[0].event_on,
        "notice_due_on": case.notice_due_on,
        "collection_serviced": case.collection_serviced,
        "nature": nature,
        "bundle_no": bundle_no,
        "decision_id": decision_id,
    }
