"""What holds for every town, every policyholder and every order."""

import re
from collections import defaultdict
from copy import deepcopy
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from app.allocation.batch import Batch, allocate, batch_order, prepare
from app.allocation.domain import Bundle, Decision, Holder, World
from app.allocation.rules import LADDER, decide
from app.allocation.strategy import Strategy

from .maps import RUN_DATE, Town
from .scenes import Scene, scene_of, scenes

thorough = settings(deadline=None, max_examples=100)


def run(scene: Scene, *, distribute: bool = False) -> tuple[Batch, list[Decision], World]:
    outcome = scene.town.run(*scene.holders, strategy=scene.strategy, distribute=distribute)
    return outcome.batch, outcome.decisions, outcome.world


def shuffled(scene: Scene, random: Random) -> Scene:
    """The same facts in another order: teams, members, holders and addresses."""

    def mixed(rows):
        rows = list(rows)
        random.shuffle(rows)
        return rows

    town = scene.town
    teams = {code: row._replace(members=dict(mixed(row.members.items()))) for code, row in mixed(town.teams.items())}
    again = Town(town.branches, town.communities, town.territories, town.cities, teams)
    holders = [
        Holder(holder.policyholder_id, holder.agent_code, holder.policies, mixed(holder.addresses))
        for holder in mixed(scene.holders)
    ]
    return Scene(again, holders, scene.strategy)


def test_the_scenes_hold_every_rung_state_flag_and_review() -> None:
    """Else the properties below would hold of too little."""
    seen: set[str | None] = set()
    for seed in range(150):
        batch, decisions, _ = run(
            scene_of(seed, range(9 * seed, 9 * seed + 9), region_before_servicer=False), distribute=True
        )
        for bundle, decision in zip(batch.bundles, decisions, strict=True):
            seen |= {
                decision.rung,
                decision.state,
                *decision.flags,
                bundle.review_code,
                bundle.located_by,
                bundle.nature,
            }
            seen |= {candidate.check for asked in decision.trail for candidate in asked.candidates}
        seen |= {refusal.code for refusal in batch.refusals}
        seen |= {"pending"} if batch.pending else set()
    rungs = {*(name for name, _ in LADDER), "REGION_TIE_ORIGIN", "REGION_TIE_COMMUNITY", "REGION_TIE_LOAD"}
    flags = {"BORDER", "OVERLAP", "CROSS_BRANCH", "NEAR_BORDER", "ADDRESS_UNRESOLVED", "NON_PURE_MARKETING"}
    reviews = {"OUTSIDE_CITY", "BRANCH_CONFLICT", "UNSURE", "TOO_COARSE"}
    states = {"LOCATION_REVIEW", "CITY_REVIEW", "TEAM_POOL", "ASSIGNED"}
    constraints = {"PASS", "H1", "H3_MARKETING", "H4", "H4_AGENT", "H6", "H9"}
    refusals = {"POLICY_ENDED", "NOT_LAPSED", "LAPSE_TOO_SHORT", "SELLER_NOT_VALID"}
    assert rungs | flags | reviews | states | constraints | refusals | {"pending", "PURE", "NON_PURE"} <= seen


@thorough
@given(scenes, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_rows_changes_nothing(scene: Scene, random: Random, distribute: bool) -> None:
    batch, decisions, _ = run(scene, distribute=distribute)
    other, again, _ = run(shuffled(scene, random), distribute=distribute)
    assert batch.bundles == other.bundles
    assert decisions == again
    assert sorted(batch.refusals) == sorted(other.refusals)
    numbers = [sorted(case.policy.policy_no for _, case in of.pending) for of in (batch, other)]
    assert numbers[0] == numbers[1]


@thorough
@given(scenes, st.booleans())
def test_no_capacity_is_exceeded(scene: Scene, distribute: bool) -> None:
    before = scene.town.world()
    _, decisions, after = run(scene, distribute=distribute)
    for code, team in after.teams.items():
        assert team.load == before.teams[code].load or team.load <= team.capacity
    for code, agent in after.agents.items():
        assert agent.load == before.agents[code].load or agent.load <= agent.capacity
    for decision in decisions:
        if decision.team_code is not None:
            assert after.teams[decision.team_code].failure is None
        if decision.agent_code is not None:
            assert after.agents[decision.agent_code].failure is None
            assert after.agents[decision.agent_code].team_code == decision.team_code


@thorough
@given(scenes, st.booleans())
def test_loads_grow_by_what_was_decided(scene: Scene, distribute: bool) -> None:
    before = scene.town.world()
    batch, decisions, after = run(scene, distribute=distribute)
    teams: dict[str, int] = defaultdict(int)
    agents: dict[str, int] = defaultdict(int)
    for bundle, decision in zip(batch.bundles, decisions, strict=True):
        teams[decision.team_code or ""] += len(bundle.cases)
        agents[decision.agent_code or ""] += len(bundle.cases)
    assert {code: team.load - before.teams[code].load for code, team in after.teams.items()} == {
        code: teams[code] for code in after.teams
    }
    for code, agent in after.agents.items():
        assert agent.load - before.agents[code].load == agent.received - before.agents[code].received == agents[code]


@thorough
@given(scenes)
def test_no_bundle_and_no_combined_policy_is_split(scene: Scene) -> None:
    batch, decisions, _ = run(scene)
    assert len(decisions) == len(batch.bundles)
    bundle_of = {case.policy.policy_no: bundle.bundle_no for bundle in batch.bundles for case in bundle.cases}
    assert sum(len(bundle.cases) for bundle in batch.bundles) == len(bundle_of)
    assert len({bundle.policyholder_id for bundle in batch.bundles}) == len(batch.bundles)
    pending = {case.policy.policy_no for _, case in batch.pending}
    assert pending.isdisjoint(bundle_of)
    parts: dict[str, set[str | None]] = defaultdict(set)
    for holder in scene.holders:
        for policy in holder.policies:
            if policy.combination_id and policy.status != "ENDED":
                number = policy.policy_no
                parts[policy.combination_id].add(bundle_of.get(number, "pending" if number in pending else None))
    assert all(len(where) == 1 for where in parts.values())


def collection_ever_serviced(bundle: Bundle, world: World) -> bool:
    """H1, said again from the facts alone."""
    for case in bundle.cases:
        hands = [case.policy.servicer_code, *(event.origin_agent_code for event in case.events)]
        forces = [world.agents[hand].force for hand in hands if hand in world.agents]
        if case.policy.served_by_collection or "COLLECTION" in forces:
            return True
    return False


def never_to(holder: Holder) -> set[str | None]:
    """H6, said again from the facts alone."""
    return {holder.agent_code} | {
        event.origin_agent_code
        for policy in holder.policies
        if policy.status != "ENDED"
        for event in policy.events
        if event.event_on <= RUN_DATE
        if event.reason in ("AGENT_TERMINATED", "CUSTOMER_REQUEST")
        or (event.reason == "AGENT_REQUEST" and event.approval_ref)
    }


@thorough
@given(scenes, st.booleans())
def test_h1_h3_h6_h7_and_h9_hold_on_every_path(scene: Scene, distribute: bool) -> None:
    batch, decisions, world = run(scene, distribute=distribute)
    holders = {holder.policyholder_id: holder for holder in scene.holders}
    for bundle, decision in zip(batch.bundles, decisions, strict=True):
        assert not any(case.pending for case in bundle.cases)
        if decision.team_code is None:
            continue
        team = world.teams[decision.team_code]
        if team.force == "MARKETING":
            assert not collection_ever_serviced(bundle, world)
            assert decision.rung == "DESIGNATED"
        if decision.agent_code is not None:
            assert decision.agent_code not in never_to(holders[bundle.policyholder_id])
        assert team.city_code == scene.town.city(bundle.branch_code)
        assert ("CROSS_BRANCH" in decision.flags) == (team.branch_code != bundle.branch_code)


@thorough
@given(scenes)
def test_one_bundle_is_answered_as_the_first_of_a_batch(scene: Scene) -> None:
    batch, decisions, _ = run(scene)
    assert batch.bundles == sorted(batch.bundles, key=batch_order)
    for bundle, decision in list(zip(batch.bundles, decisions, strict=True))[:1]:
        (holder,) = [holder for holder in scene.holders if holder.policyholder_id == bundle.policyholder_id]
        world = scene.town.world()
        (alone,) = prepare([holder], world, scene.strategy).bundles
        assert alone == bundle
        assert allocate([alone], world, scene.strategy) == [decision]


@thorough
@given(scenes, st.integers(0, 4))
def test_what_comes_later_changes_nothing_before(scene: Scene, length: int) -> None:
    batch, decisions, _ = run(scene)
    assert allocate(batch.bundles[:length], scene.town.world(), scene.strategy) == decisions[:length]


@thorough
@given(scenes)
def test_decide_changes_nothing_and_answers_the_same_again(scene: Scene) -> None:
    world = scene.town.world()
    for bundle in prepare(scene.holders, world, scene.strategy).bundles:
        kept_world, kept_bundle = deepcopy((world.teams, world.agents)), deepcopy(bundle)
        first = decide(bundle, world, scene.strategy)
        assert (world.teams, world.agents) == kept_world
        assert bundle == kept_bundle
        assert decide(bundle, world, scene.strategy) == first


@thorough
@given(scenes)
def test_the_trail_ends_with_the_rung_taken_and_every_failure_names_a_constraint(scene: Scene) -> None:
    batch, decisions, _ = run(scene)
    for bundle, decision in zip(batch.bundles, decisions, strict=True):
        assert (decision.trail == ()) == (decision.rung is None) == (bundle.review_code is not None)
        for asked in decision.trail:
            assert (asked.outcome == "TAKEN") == (asked is decision.trail[-1] and decision.rung != "CITY_REVIEW")
            for candidate in asked.candidates:
                assert candidate.check == "PASS" or re.match(r"H[1-9]\b|H[1-9]_", candidate.check)
        if decision.rung is not None:
            last = decision.trail[-1]
            assert last.rung == decision.rung
            assert len({asked.rung for asked in decision.trail}) == len(decision.trail)
            passed = {(candidate.team_code, candidate.check) for candidate in last.candidates}
            assert decision.team_code is None or (decision.team_code, "PASS") in passed


@thorough
@given(scenes)
def test_nobody_is_passed_over_who_could_have_received(scene: Scene) -> None:
    """A rung before the one taken had no candidate that passed; the city is asked only if nobody in the branch can."""
    _, decisions, _ = run(scene)
    for decision in decisions:
        for asked in decision.trail[:-1]:
            assert all(candidate.check != "PASS" for candidate in asked.candidates)


@thorough
@given(scenes)
def test_the_same_facts_give_the_same_answer(scene: Scene) -> None:
    assert run(scene, distribute=True)[1] == run(scene, distribute=True)[1]


@thorough
@given(scenes)
def test_the_switch_changes_only_what_a_servicer_and_an_owner_both_want(scene: Scene) -> None:
    world = scene.town.world()
    for bundle in prepare(scene.holders, world, scene.strategy).bundles:
        usual, switched = (decide(bundle, world, Strategy(region_before_servicer=switch)) for switch in (False, True))
        if usual[:4] != switched[:4]:
            assert usual.rung == "CURRENT_SERVICER"
            assert str(switched.rung).startswith("REGION_")
