"""Allocates one policy with its holder's bundle, by the same rules as a run, fast enough to be asked over HTTP.

What rarely changes of the world, organisation and areas, is kept in the process and checked by one number; the loads come
fresh from the counters. Requests for different holders go side by side: a team's row in `team_load` keeps it within its capacity.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection

from app.allocation import explain
from app.allocation.areas import Areas
from app.allocation.batch import Batch, prepare
from app.allocation.domain import UNALLOCATED_STATES, Bundle, Decision, World
from app.allocation.repository import facts, reading
from app.allocation.repository import world as worlds
from app.allocation.repository.single import Start, Store
from app.allocation.repository.waiting import follow_holder
from app.allocation.rules import branch_of_place, decide, owners
from app.allocation.run import leave_out
from app.allocation.sentences import summary
from app.allocation.strategy import Strategy
from app.errors import NothingToAllocate, PolicyNotFound, TooBusy
from app.locating.geocoder import current_geocoder
from app.locating.locate import locate_holder
from app.revision import world_revision

ATTEMPTS = 5
KEPT_DATES = 4

Key = tuple[str, str, date]


class _Known:
    """Strategy and setting for a state of the world; each thread has a world of its own, because deciding writes loads into it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: dict[Key, tuple[Strategy, worlds.Setting, dict[str, str]]] = {}
        self._local = threading.local()

    def get(self, connection: Connection, revision: str, as_of: date) -> tuple[Strategy, World, Areas, dict[str, str]]:
        key = (str(connection.engine.url), revision, as_of)
        if getattr(self._local, "key", None) != key:
            strategy, setting, names = self._setting(connection, key)
            self._local.value = strategy, setting.world(), setting.areas, names
            self._local.key = key
        value: tuple[Strategy, World, Areas, dict[str, str]] = self._local.value
        return value

    def _setting(self, connection: Connection, key: Key) -> tuple[Strategy, worlds.Setting, dict[str, str]]:
        with self._lock:
            if key not in self._settings:
                strategy = worlds.read_strategy(connection)
                setting = worlds.read_setting(connection, key[2], strategy)
                setting.areas.prepare()
                names = reading.team_names(connection)
                while len(self._settings) >= KEPT_DATES:
                    del self._settings[next(iter(self._settings))]
                self._settings[key] = strategy, setting, names
            return self._settings[key]


_known = _Known()


def known_on(connection: Connection, as_of: date) -> tuple[Strategy, Areas]:
    """The strategy and the areas of a date, as kept in the process."""
    strategy, _, areas, _ = _known.get(connection, world_revision(connection), as_of)
    return strategy, areas


def warm(connection: Connection, as_of: date) -> None:
    """Build what requests of a date will need: organisation, areas with their index, geocoder. Seconds on a new machine."""
    current_geocoder(connection)
    _known.get(connection, world_revision(connection), as_of)


def allocate_policy(
    connection: Connection, policy_no: str, *, as_of: date, confirm: bool = False, requested_by: str | None = None
) -> dict[str, Any]:
    """Allocate the bundle that a policy belongs to, in the connection's transaction, and say why.

    A policy whose case has its target already keeps it: the answer is the case as it is. Raises `PolicyNotFound`,
    `NothingToAllocate` when no event opens a case, `TooBusy` when the room that a decision counted on was taken again and again.
    """
    store = Store(connection)
    start = store.start(policy_no)
    if start is None:
        raise PolicyNotFound
    strategy, world, areas, names = _known.get(connection, start.world_revision, as_of)
    rows = store.facts(start, as_of)
    if rows.unlocated:
        _locate(connection, start.policyholder_id)
        rows = store.facts(start, as_of)
    policies, events, addresses, _ = rows
    asked = next(row for row in policies if row[2] == policy_no)
    if asked[12] is not None and asked[13] not in UNALLOCATED_STATES:
        found = explain.explain_policy(connection, policy_no)
        assert found is not None
        return found
    holder = next(facts.holders(policies, events, addresses, facts.places_of_rows(addresses, areas)))
    batch = prepare([holder], world, strategy)
    bundle = batch.bundles[0] if batch.bundles else None
    members = {case.policy.policy_no for case in bundle.cases} if bundle else set()
    waiting = {case.policy.policy_no for _, case in batch.pending}
    if policy_no not in members | waiting:
        refused = sorted({refusal.code for refusal in batch.refusals if refusal.policy_no == policy_no})
        raise NothingToAllocate(reasons=refused)
    decision = _decide(store, batch, bundle, world, strategy) if bundle is not None else None
    run_id = store.write(
        batch,
        decision,
        world,
        strategy_version=strategy.version,
        confirm=confirm,
        servicers=_serviced(batch, world),
        requested_by=requested_by,
    )
    if any(policy.case is not None for policy in holder.policies) or (decision and decision.team_code is None):
        follow_holder(connection, start.policyholder_id, run_id)
    return _answer(policy_no, start, bundle if policy_no in members else None, decision, run_id, names, confirm=confirm)


def _locate(connection: Connection, policyholder_id: str) -> None:
    geocoder, version = current_geocoder(connection)
    locate_holder(connection, policyholder_id, geocoder=geocoder, version=version)


def _decide(store: Store, batch: Batch, bundle: Bundle, world: World, strategy: Strategy) -> Decision:
    """Decide, and take the room in the counters; again with fresh loads when somebody else was quicker.

    The loads of those asked before the branch is balanced are read first; the whole branch only when it comes to that.
    """
    agents = {code for code in (*bundle.designations, *bundle.servicers) if code in world.agents}
    teams = {world.agents[code].team_code for code in agents}
    teams.update(owner.team_code for owner in owners(bundle, world))
    if bundle.producing_team_code in world.teams:
        teams.add(bundle.producing_team_code)
    for _ in range(ATTEMPTS):
        decision = _decide_with(store, batch, bundle, world, strategy, teams, agents)
        if any(asked.rung == "BRANCH_BALANCE" for asked in decision.trail):
            teams.update(team.code for team in world.teams_of_branch.get(branch_of_place(bundle, world), ()))
            decision = _decide_with(store, batch, bundle, world, strategy, teams, agents)
        if store.take(decision, len(bundle.cases), world):
            return decision
    raise TooBusy


def _decide_with(
    store: Store,
    batch: Batch,
    bundle: Bundle,
    world: World,
    strategy: Strategy,
    teams: Iterable[str],
    agents: Iterable[str],
) -> Decision:
    store.set_loads(world, set(teams), set(agents))
    leave_out(batch, world)
    return decide(bundle, world, strategy)


def _serviced(batch: Batch, world: World) -> Counter[str]:
    """New orphans by the agent who services them on paper."""
    return Counter(
        case.policy.servicer_code
        for bundle in batch.bundles
        for case in bundle.cases
        if case.policy.servicer_code in world.agents
        and (case.policy.case is None or case.policy.case.state == "PENDING_APPROVAL")
    )


def _answer(
    policy_no: str,
    start: Start,
    bundle: Bundle | None,
    decision: Decision | None,
    run_id: int | None,
    names: dict[str, str],
    *,
    confirm: bool,
) -> dict[str, Any]:
    """The shape of `explain.explain_policy`, from what is at hand."""
    if bundle is None or decision is None:
        said = summary(
            state="PENDING_APPROVAL", rung=None, team=None, agent_code=None, flags=(), review_code=None, trail=()
        )
        return {
            "policy_no": policy_no,
            "state": "PENDING_APPROVAL",
            "run_id": run_id,
            "explanation": {"zh": said.zh, "en": said.en, "ladder": []},
        }
    case = next(case for case in bundle.cases if case.policy.policy_no == policy_no)
    address = bundle.address
    state = decision.state if confirm or decision.team_code is None else "PROPOSED"
    said = summary(
        state=state,
        rung=decision.rung,
        team=explain.call(decision.team_code, names) if decision.team_code else None,
        agent_code=decision.agent_code,
        flags=decision.flags,
        review_code=bundle.review_code,
        trail=decision.trail,
    )
    return {
        "policy_no": policy_no,
        "policyholder_id": start.policyholder_id,
        "branch_code": case.policy.branch_code,
        "state": state,
        "reasons": case.reasons,
        "event_ids": [event.event_id for event in case.events],
        "first_event_on": case.events[0].event_on,
        "notice_due_on": case.notice_due_on,
        "origin_agent_code": case.origin_agent_code,
        "collection_serviced": case.collection_serviced,
        "bundle_no": bundle.bundle_no,
        "policy_nos": [each.policy.policy_no for each in bundle.cases],
        "nature": bundle.nature,
        "run_id": run_id,
        "rung": decision.rung,
        "team_code": decision.team_code,
        "team_name": names.get(decision.team_code or ""),
        "agent_code": decision.agent_code,
        "flags": list(decision.flags),
        "review_code": bundle.review_code,
        "located_by": bundle.located_by,
        "address_kind": address.kind if address else None,
        "lon": address.lon if address else None,
        "lat": address.lat if address else None,
        "level": address.level if address else None,
        "confidence": address.confidence if address else None,
        "explanation": {"zh": said.zh, "en": said.en, "ladder": explain.ladder(decision.trail, names)},
    }
