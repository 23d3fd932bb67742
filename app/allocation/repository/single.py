"""Reads and writes for the allocation of one holder: few short statements, no temporary table, no COPY."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import orjson
import psycopg
from sqlalchemy import Connection

from app.allocation.batch import Batch
from app.allocation.domain import Bundle, Case, Decision, World
from app.allocation.repository.facts import ADDRESSES, EVENTS, POLICIES, Row
from app.allocation.trail import dump
from app.db import BRANCH_LOCKS, branch_key, driver
from app.revision import WORLD_REVISION

HOLDER_LOCKS = 0x6764_0004
"""Namespace of the locks that keep two requests from deciding on one holder at a time."""

_SCOPE = "p.policyholder_id = %(holder)s"
_POLICIES = POLICIES.format(scope=_SCOPE) + ' ORDER BY p.policy_no COLLATE "C"'
_EVENTS = (
    EVENTS.format(scope=_SCOPE).replace(":as_of", "%(as_of)s")
    + ' ORDER BY e.policy_no COLLATE "C", e.event_on, e.event_id COLLATE "C"'
)
_ADDRESSES = (
    ADDRESSES.replace(
        "FROM address p", ", l.address_id IS NULL AND p.point IS NULL AND p.text <> '' AS unlocated FROM address p"
    ).format(scope=_SCOPE)
    + " ORDER BY p.id"
)

_START = f"""
    SELECT p.policyholder_id, p.branch_code, ({WORLD_REVISION})
    FROM policy p WHERE p.policy_no = %s
"""  # noqa: S608

_LOCK = "SELECT pg_advisory_xact_lock_shared(%s, %s), pg_advisory_xact_lock(%s, hashtext(%s))"

_LOADS = """
    SELECT 'agent', agent_code, serviced, allocated FROM agent_load WHERE agent_code = ANY(%s)
    UNION ALL
    SELECT 'team', team_code, 0, allocated FROM team_load WHERE team_code = ANY(%s)
"""

_CASE_COLUMNS = """policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, origin_agent_code, first_event_on,
        notice_due_on, collection_serviced, nature, bundle_no, decision_id"""

_CASES = f"""
    given AS (
        SELECT * FROM json_to_recordset(%(cases)s::json) AS given (id bigint, policy_no text, policyholder_id text,
            branch_code text, state text, reasons text[], event_ids text[], origin_agent_code text, first_event_on date,
            notice_due_on date, collection_serviced boolean, nature text, bundle_no text)
    ), opened AS (
        INSERT INTO orphan_case ({_CASE_COLUMNS})
        SELECT policy_no, policyholder_id, branch_code, state, true, reasons, event_ids, origin_agent_code, first_event_on,
            notice_due_on, collection_serviced, nature, bundle_no, (SELECT id FROM decided)
        FROM given WHERE id IS NULL
        RETURNING id, collection_serviced, decision_id
    ), updated AS (
        UPDATE orphan_case c SET state = g.state, reasons = g.reasons, event_ids = g.event_ids,
            origin_agent_code = g.origin_agent_code, first_event_on = g.first_event_on, notice_due_on = g.notice_due_on,
            collection_serviced = g.collection_serviced, nature = g.nature, bundle_no = g.bundle_no,
            decision_id = coalesce((SELECT id FROM decided), c.decision_id)
        FROM given g WHERE c.id = g.id
        RETURNING c.id, c.collection_serviced, c.decision_id
    )"""  # noqa: S608

_WAIT = f"WITH decided AS (SELECT NULL::bigint AS id), {_CASES} SELECT count(*) FROM opened, updated"  # noqa: S608

_DECIDE = f"""
    WITH made AS (
        INSERT INTO run (as_of, policy_nos, confirm, status, progress, strategy_version, plan_version, requested_by,
            finished_at, settled_at)
        VALUES (%(as_of)s, %(policy_nos)s, %(confirm)s, %(status)s, 1, %(strategy_version)s, %(plan_version)s,
            %(requested_by)s, now(), CASE WHEN %(confirm)s THEN now() END)
        RETURNING id
    ), decided AS (
        INSERT INTO decision (run_id, policyholder_id, bundle_no, policies, branch_code, nature, nature_evidence, address_id,
            address_kind, point, level, confidence, radius_m, community_code, located_by, rung, team_code, flags,
            review_code, hold_until, notice_due_on, first_event_on, strategy_version, plan_version, trail)
        SELECT id, %(policyholder_id)s, %(bundle_no)s, %(policies)s, %(branch_code)s, %(nature)s, %(nature_evidence)s,
            %(address_id)s, %(address_kind)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4490), %(level)s, %(confidence)s,
            %(radius_m)s, %(community_code)s, %(located_by)s, %(rung)s, %(team_code)s, %(flags)s, %(review_code)s,
            %(hold_until)s, %(notice_due_on)s, %(first_event_on)s, %(strategy_version)s, %(plan_version)s, %(trail)s
        FROM made
        RETURNING id, run_id
    ), {_CASES}, allocated AS (
        INSERT INTO allocation (case_id, collection_serviced, run_id, team_code, team_force, agent_code, agent_force, live)
        SELECT cases.id, cases.collection_serviced, decided.run_id, %(team_code)s, %(team_force)s, %(agent_code)s,
            %(agent_force)s, true
        FROM (SELECT * FROM opened UNION ALL SELECT * FROM updated) AS cases, decided
        WHERE %(team_code)s::text IS NOT NULL
    ), given_up AS (
        UPDATE agent_load SET serviced = greatest(serviced - own.count, 0)
        FROM unnest(%(servicers)s::text[], %(counts)s::int[]) AS own (agent_code, count)
        WHERE agent_load.agent_code = own.agent_code
    )
    SELECT run_id FROM decided
"""  # noqa: S608

_TAKE_TEAM = "UPDATE team_load SET allocated = allocated + %s WHERE team_code = %s AND allocated + %s <= %s"
_TAKE_AGENT = "UPDATE agent_load SET allocated = allocated + %s WHERE agent_code = %s AND allocated + %s <= %s"


@dataclass(frozen=True, slots=True)
class Start:
    """What is known at once of a policy: its holder, its managing branch, and the state of the world."""

    policyholder_id: str
    branch_code: str
    world_revision: str


class Rows(NamedTuple):
    """The facts of one holder; `unlocated`: some address has never been geocoded."""

    policies: list[Row]
    events: list[Row]
    addresses: list[Row]
    unlocated: bool


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

    def facts(self, start: Start, as_of: date) -> Rows:
        """Lock, then read the policies, events and addresses of a holder, as `facts.holders` wants them.

        The locks, held until the transaction ends, keep runs off the branch and other requests off the holder. Requests share
        the branch: what they must not do together, overfill a team, its row in `team_load` settles.
        """
        values = {"holder": start.policyholder_id, "as_of": as_of}
        locks = (BRANCH_LOCKS, branch_key(start.branch_code), HOLDER_LOCKS, start.policyholder_id)
        with self._connection.pipeline():
            self._connection.execute(_LOCK.encode(), locks)
            policies, events, addresses = (
                self._connection.execute(query.encode(), values) for query in (_POLICIES, _EVENTS, _ADDRESSES)
            )
            rows = addresses.fetchall()
            return Rows(
                policies.fetchall(), events.fetchall(), [row[:-1] for row in rows], any(row[-1] for row in rows)
            )

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
        confirm: bool,
        servicers: Mapping[str, int],
        requested_by: str | None,
    ) -> int | None:
        """Store the outcome of a batch of one holder; the number of the run made for it, None where nothing was decided.

        `servicers`: how many new orphans each agent serviced until now. The target's counters are `take`'s.
        """
        run_id: int | None = None
        if batch.pending:
            waiting = [_case_values(case, holder, "PENDING_APPROVAL") for holder, case in batch.pending]
            self._connection.execute(_WAIT.encode(), {"cases": _json(waiting)})
        if decision is not None:
            bundle = batch.bundles[0]
            state = decision.state if confirm or decision.team_code is None else "PROPOSED"
            cases = [
                _case_values(case, bundle.policyholder_id, state)
                | {"nature": bundle.nature, "bundle_no": bundle.bundle_no}
                for case in bundle.cases
            ]
            agent_force = world.agents[decision.agent_code].force if decision.agent_code else None
            values = _decision_values(bundle, decision) | {
                "cases": _json(cases),
                "as_of": world.as_of,
                "policy_nos": [case.policy.policy_no for case in bundle.cases],
                "confirm": confirm,
                "status": "CONFIRMED" if confirm else "PROPOSED",
                "requested_by": requested_by,
                "strategy_version": strategy_version,
                "plan_version": world.plan_version,
                "team_force": world.teams[decision.team_code].force if decision.team_code else None,
                "agent_force": agent_force,
                "servicers": list(servicers),
                "counts": list(servicers.values()),
            }
            run_id = self._all(_DECIDE, values)[0][0]
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


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def _decision_values(bundle: Bundle, decision: Decision) -> dict[str, Any]:
    address = bundle.address
    return {
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
        "agent_code": decision.agent_code,
        "flags": list(decision.flags),
        "review_code": bundle.review_code,
        "hold_until": bundle.hold_until,
        "notice_due_on": bundle.notice_due_on,
        "first_event_on": bundle.first_event_on,
        "trail": dump(decision.trail),
    }


def _case_values(case: Case, policyholder_id: str, state: str) -> dict[str, Any]:
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
    }
