"""Grouping: one policyholder's open orphans become one bundle with one branch, one producer, one order in the batch."""

from datetime import date

import pytest

from app.allocation.domain import UNALLOCATED_STATES
from app.allocation.grouping import designations, successor

from .maps import LEAVING, Town, event, orphan, policy, serviced


def numbers(town: Town, holder) -> list[str]:
    return [case.policy.policy_no for case in town.bundle(holder).cases]


def test_all_open_orphans_of_a_holder_are_one_bundle_named_by_the_lowest(town: Town) -> None:
    holder = town.holder(orphan("P3"), serviced("P1", by="A4"), orphan("P2", of="A1"), name="王")
    bundle = town.bundle(holder)
    assert (bundle.policyholder_id, bundle.bundle_no) == ("王", "P2")
    assert [case.policy.policy_no for case in bundle.cases] == ["P2", "P3"]


def test_holders_are_never_put_together(town: Town) -> None:
    outcome = town.run(town.holder(orphan("P1"), name="王"), town.holder(orphan("P2"), name="李"))
    assert [bundle.bundle_no for bundle in outcome.batch.bundles] == ["P1", "P2"]


def test_a_holder_without_an_open_orphan_has_no_bundle(town: Town) -> None:
    waiting = policy("P1", event("OTHER_CHANNEL"))
    outcome = town.run(town.holder(waiting), town.holder(serviced("P2", by="A4")))
    assert outcome.decisions == []
    assert [(holder, case.policy.policy_no) for holder, case in outcome.batch.pending] == [("H", "P1")]


def test_what_waits_for_approval_does_not_hold_the_other_orphans(town: Town) -> None:
    holder = town.holder(orphan("P2"), policy("P1", event("OTHER_CHANNEL"), branch="W"))
    bundle = town.bundle(holder)
    assert (bundle.bundle_no, bundle.branch_code) == ("P2", "E")


def test_a_part_that_waits_holds_the_whole_combined_policy(town: Town) -> None:
    outcome = town.run(
        town.holder(orphan("P1", combination="K"), policy("P2", event("OTHER_CHANNEL"), combination="K"))
    )
    assert outcome.decisions == []
    assert [case.policy.policy_no for _, case in outcome.batch.pending] == ["P1", "P2"]


@pytest.mark.parametrize("state", sorted(UNALLOCATED_STATES))
def test_a_case_that_is_not_allocated_yet_is_looked_at_again(town: Town, state: str) -> None:
    assert numbers(town, town.holder(orphan("P1", state=state))) == ["P1"]


@pytest.mark.parametrize(
    "state", ["PROPOSED", "TEAM_POOL", "ASSIGNED", "SYNC_FAILED", "CONFIRMED", "SERVICING", "RECLAIMED", "SUSPENDED"]
)
def test_a_case_that_is_allocated_stays_as_it_is(town: Town, state: str) -> None:
    allocated = orphan("P1", state=state)
    assert town.run(town.holder(allocated)).decisions == []
    assert numbers(town, town.holder(allocated, orphan("P2"))) == ["P2"]


def test_two_branches_take_that_of_the_lowest_policy_number(town: Town) -> None:
    assert town.bundle(town.holder(orphan("P2", branch="E"), orphan("P1", branch="W"))).branch_code == "W"


def test_a_policy_that_is_no_orphan_does_not_name_the_branch(town: Town) -> None:
    assert town.bundle(town.holder(serviced("P1", by="A4", branch="W"), orphan("P2", branch="E"))).branch_code == "E"


class TestProducer:
    """The team of the origin agent of most policies; tie: lowest policy number."""

    @pytest.mark.parametrize(
        ("origins", "team"),
        [
            (["A1"], "T-E1"),
            (["A8"], "M-E1"),
            ([None], None),
            (["nobody"], None),
            ([None, "A4"], "T-E2"),
            (["A1", "A4", "A4"], "T-E2"),
            (["A4", "A1"], "T-E2"),
            (["A1", "A4"], "T-E1"),
            (["A6", "A1", "A4", "A1", "A4"], "T-E1"),
            (["A3"], "T-E1"),
        ],
        ids=[
            "collection", "marketing", "none", "unknown", "none counts for nothing", "most policies",
            "tie: lowest number", "tie the other way", "tie among the most", "a leaver's team still produced it",
        ],
    )  # fmt: skip
    def test_team_of_the_origin_agent(self, town: Town, origins: list[str | None], team: str | None) -> None:
        policies = [orphan(f"P{number}", of=code) for number, code in enumerate(origins)]
        assert town.bundle(town.holder(*policies)).producing_team_code == team

    def test_the_present_servicer_and_the_seller_produce_nothing(self, town: Town) -> None:
        holder = town.holder(policy("P1", event(of="A8"), servicer="A4", seller="A6"))
        assert town.bundle(holder).producing_team_code == "M-E1"

    def test_the_successor_of_a_dissolved_team_stands_in(self, town: Town) -> None:
        town.team("T-E9", "E", {"A90": LEAVING}, failure="H2_ENDED", successor="T-E3")
        assert town.bundle(town.holder(orphan(of="A90"))).producing_team_code == "T-E3"

    def test_a_dissolved_team_without_a_successor_stays_the_producer(self, town: Town) -> None:
        town.team("T-E9", "E", {"A90": LEAVING}, failure="H2_ENDED")
        assert town.bundle(town.holder(orphan(of="A90"))).producing_team_code == "T-E9"


class TestSuccessor:
    @pytest.mark.parametrize(
        ("chain", "stands_in"),
        [
            ({"a": None}, "a"),
            ({"a": "b", "b": None}, "b"),
            ({"a": "b", "b": "c", "c": None}, "c"),
            ({"a": "a"}, "a"),
            ({"a": "elsewhere"}, "elsewhere"),
            ({}, "a"),
        ],
        ids=["itself", "one step", "however many steps", "itself again", "leads to an unknown team", "unknown team"],
    )
    def test_stands_in_for_a_dissolved_team(self, town: Town, chain: dict[str, str | None], stands_in: str) -> None:
        for code, follower in chain.items():
            town.team(code, "E", {}, failure="H2_ENDED", successor=follower)
        assert successor("a", town.world()) == stands_in

    def test_a_cycle_ends_at_a_dissolved_team_that_cannot_receive(self, town: Town) -> None:
        town.team("a", "E", {}, failure="H2_ENDED", successor="b").team("b", "E", {}, failure="H2_ENDED", successor="a")
        world = town.world()
        assert {world.teams[successor(code, world)].failure for code in ("a", "b")} == {"H2_ENDED"}


class TestExcluded:
    """H6: the leaver, the agent whom the customer asked to leave, the policyholder."""

    @pytest.mark.parametrize(
        ("reason", "approved", "excluded"),
        [
            ("AGENT_TERMINATED", False, True),
            ("CUSTOMER_REQUEST", True, True),
            ("CUSTOMER_REQUEST", False, True),
            ("AGENT_REQUEST", True, True),
            ("AGENT_REQUEST", False, False),
            ("OTHER_CHANNEL", True, False),
            ("TRANSFER_IN_DOMESTIC", False, False),
            ("TRANSFER_IN_EXTERNAL", False, False),
            ("NO_QUALIFIED_SERVICER", False, False),
        ],
    )
    def test_the_origin_agent_by_reason(self, town: Town, reason: str, approved: bool, excluded: bool) -> None:
        other = policy("P2", event(reason, of="A4", approved=approved))
        bundle = town.bundle(town.holder(orphan("P1", of="A8"), other))
        assert bundle.excluded_agents == ({"A8", "A4"} if excluded else {"A8"})

    def test_the_policyholder(self, town: Town) -> None:
        bundle = town.bundle(town.holder(policy("P1", event("TRANSFER_IN_DOMESTIC", of=None)), agent="A1"))
        assert bundle.excluded_agents == {"A1"}

    def test_an_event_that_names_no_agent_excludes_nobody(self, town: Town) -> None:
        assert town.bundle(town.holder(orphan(of=None))).excluded_agents == frozenset()

    def test_a_request_that_joins_an_open_case_excludes_too(self, town: Town) -> None:
        joined = policy("P1", event(of="A8"), event("CUSTOMER_REQUEST", of="A4"))
        assert town.bundle(town.holder(joined)).excluded_agents == {"A8", "A4"}


class TestDesignations:
    def test_latest_event_first_each_agent_once(self, town: Town) -> None:
        first = event("CUSTOMER_REQUEST", on=date(2026, 1, 1), approved=True, designates="A6")
        second = event("OTHER_CHANNEL", on=date(2026, 1, 2), approved=True, designates="A4")
        third = event("AGENT_REQUEST", on=date(2026, 1, 3), approved=True, designates="A6")
        holder = town.holder(policy("P1", first, third), policy("P2", second))
        assert town.bundle(holder).designations == ("A6", "A4")

    def test_of_one_day_the_latest_number_first(self, town: Town) -> None:
        rows = [
            event("OTHER_CHANNEL", event_id=number, approved=True, designates=agent)
            for number, agent in (("E1", "A6"), ("E2", "A4"), ("E3", "A9"))
        ]
        assert town.bundle(town.holder(policy("P1", *rows))).designations == ("A9", "A4", "A6")

    def test_without_an_approval_nobody_is_designated(self, town: Town) -> None:
        asked = event("CUSTOMER_REQUEST", approved=False, designates="A4")
        assert town.bundle(town.holder(policy("P1", event(), asked))).designations == ()

    def test_an_approval_of_any_reason_designates(self, town: Town) -> None:
        ended = event("AGENT_TERMINATED", approved=True, designates="A4")
        assert town.bundle(town.holder(policy("P1", ended), orphan("P2"))).designations == ("A4",)

    def test_a_case_that_still_waits_designates_nothing(self, town: Town) -> None:
        waiting = policy("P1", event("OTHER_CHANNEL", approved=True, designates="A4"), combination="K")
        held = policy("P2", event("CUSTOMER_REQUEST"), combination="K")
        assert town.bundle(town.holder(waiting, held, orphan("P3"))).designations == ()

    def test_without_cases_nobody_is_designated(self) -> None:
        assert designations([]) == ()


class TestDates:
    def test_the_earliest_first_event_and_the_earliest_notice_of_the_bundle(self, town: Town) -> None:
        holder = town.holder(
            policy("P1", event(on=date(2026, 2, 3), formalities=date(2026, 2, 20))),
            policy("P2", event(on=date(2026, 2, 2))),
            policy("P3", event(on=date(2026, 2, 4), formalities=date(2026, 2, 10))),
            policy("P4", event(on=date(2026, 2, 5), formalities=date(2026, 1, 1)), term=0),
        )
        bundle = town.bundle(holder)
        assert (bundle.first_event_on, bundle.notice_due_on) == (date(2026, 2, 2), date(2026, 3, 12))

    def test_no_formalities_no_notice(self, town: Town) -> None:
        assert town.bundle(town.holder(orphan())).notice_due_on is None

    def test_what_waits_does_not_set_the_dates(self, town: Town) -> None:
        waiting = policy("P1", event("OTHER_CHANNEL", on=date(2025, 1, 1), formalities=date(2025, 1, 1)))
        bundle = town.bundle(town.holder(waiting, orphan("P2")))
        assert (bundle.first_event_on, bundle.notice_due_on) == (date(2026, 2, 1), None)


def test_h1_holds_for_a_bundle_if_it_holds_for_one_policy(town: Town) -> None:
    assert not town.bundle(town.holder(orphan("P1"), orphan("P2"))).collection_serviced
    assert town.bundle(town.holder(orphan("P1"), orphan("P2", collection=True))).collection_serviced
