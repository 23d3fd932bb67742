"""Nature: PURE, or NON_PURE with the agents who still service the policyholder, best first."""

from datetime import date

import pytest

from app.allocation.domain import Event, Policy
from app.allocation.nature import Nature, classify

from .maps import LEAVING, Member, Town, event, orphan, policy, rulebook_town, serviced

PURE = Nature("PURE", (), ())


def non_pure(*collection: str, marketing: tuple[str, ...] = ()) -> Nature:
    return Nature("NON_PURE", collection, marketing)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (serviced("P2", by=None), PURE),
        (serviced("P2", by="nobody"), PURE),
        (serviced("P2", by="A4"), non_pure("A4")),
        (serviced("P2", by="A8"), non_pure(marketing=("A8",))),
        (serviced("P2", by="A4", status="LAPSED"), non_pure("A4")),
        (serviced("P2", by="A4", status="ENDED"), PURE),
        (serviced("P2", by="A3"), PURE),
        (serviced("P2", by="rejoined"), non_pure("rejoined")),
        (serviced("P2", by="A5"), non_pure("A5")),
        (serviced("P2", by="unqualified"), non_pure("unqualified")),
        (serviced("P2", by="leaver"), PURE),
        (orphan("P2", of="A4"), PURE),
    ],
    ids=[
        "nobody", "unknown agent", "collection", "marketing", "lapsed still counts", "ended does not", "state 03",
        "state 02", "on leave", "unqualified", "the leaver is excluded", "itself an open orphan",
    ],
)  # fmt: skip
def test_an_agent_with_a_valid_contract_makes_it_non_pure(town: Town, other: Policy, expected: Nature) -> None:
    town.team("T-E4", "E", {"rejoined": 0, "unqualified": Member(failure="H3_NOT_QUALIFIED"), "leaver": 0})
    bundle = town.bundle(town.holder(orphan("P1", of="leaver"), other))
    assert (bundle.nature, bundle.servicers, bundle.marketing_servicers) == expected


@pytest.mark.parametrize("reason", ["AGENT_REQUEST", "CUSTOMER_REQUEST", "OTHER_CHANNEL"])
@pytest.mark.parametrize("approved", [True, False])
def test_a_case_waiting_for_approval_still_counts_as_serviced(town: Town, reason: str, approved: bool) -> None:
    asked = policy("P2", event(reason, of="A4", approved=approved), servicer="A4")
    bundle = town.bundle(town.holder(orphan("P1"), asked))
    assert bundle.nature == ("PURE" if approved else "NON_PURE")


def test_every_part_of_a_waiting_combination_still_counts_as_serviced(town: Town) -> None:
    waiting = policy("P2", event("CUSTOMER_REQUEST", of="A4"), servicer="A4", combination="K")
    held = policy("P3", servicer="A1", combination="K")
    bundle = town.bundle(town.holder(orphan("P1"), waiting, held))
    assert bundle.servicers == ("A1", "A4")


@pytest.mark.parametrize("state", ["PROPOSED", "TEAM_POOL", "ASSIGNED", "RECLAIMED", "SUSPENDED", "SYNC_FAILED"])
def test_an_orphan_that_is_allocated_already_counts_as_serviced_by_nobody(town: Town, state: str) -> None:
    allocated = serviced("P2", by="A4", state=state)
    assert town.bundle(town.holder(orphan("P1"), allocated)).nature == "PURE"


def test_a_stored_case_that_waits_for_approval_counts_as_serviced(town: Town) -> None:
    waiting = serviced("P2", by="A4", state="PENDING_APPROVAL")
    assert town.bundle(town.holder(orphan("P1"), waiting)).servicers == ("A4",)


class TestRank:
    """Most policies, then latest start, then code."""

    def test_most_policies_first(self, town: Town) -> None:
        policies = [serviced("P2", "A4", date(2025, 1, 1)), serviced("P3", "A6"), serviced("P4", "A6")]
        assert town.bundle(town.holder(orphan(), *policies)).servicers == ("A6", "A4")

    def test_then_latest_start(self, town: Town) -> None:
        policies = [serviced("P2", "A1", date(2020, 1, 1)), serviced("P3", "A6", date(2020, 1, 2))]
        assert town.bundle(town.holder(orphan(), *policies)).servicers == ("A6", "A1")

    def test_the_latest_start_of_an_agent_counts(self, town: Town) -> None:
        starts = {"A1": [date(2015, 1, 1), date(2023, 1, 1)], "A6": [date(2022, 1, 1), date(2022, 1, 1)]}
        policies = [serviced(f"{code} {i}", code, day) for code, days in starts.items() for i, day in enumerate(days)]
        assert town.bundle(town.holder(orphan(), *policies)).servicers == ("A1", "A6")

    def test_an_unknown_start_is_the_earliest(self, town: Town) -> None:
        policies = [serviced("P2", "A1", None), serviced("P3", "A6", date(1990, 1, 1))]
        assert town.bundle(town.holder(orphan(), *policies)).servicers == ("A6", "A1")

    def test_then_code(self, town: Town) -> None:
        policies = [serviced("P2", "A6"), serviced("P3", "A4"), serviced("P4", "A1")]
        assert town.bundle(town.holder(orphan(), *policies)).servicers == ("A1", "A4", "A6")

    def test_forces_are_ranked_apart(self, town: Town) -> None:
        town.team("M-E2", "E", {"A10": 0, "A11": LEAVING}, force="MARKETING")
        policies = [serviced("P2", "A8"), serviced("P3", "A4"), serviced("P4", "A10"), serviced("P5", "A10")]
        bundle = town.bundle(town.holder(orphan(of="A11"), *policies))
        assert (bundle.servicers, bundle.marketing_servicers) == (("A4",), ("A10", "A8"))


def test_classify_reads_orphans_and_leavers_as_given(town: Town) -> None:
    holder = town.holder(serviced("P1", "A1"), serviced("P2", "A4"), serviced("P3", "A6"))
    agents = town.world().agents
    assert classify(holder, {"P1"}, {"A6"}, agents) == non_pure("A4")
    assert classify(holder, {"P1", "P2", "P3"}, set(), agents) == PURE


@pytest.mark.parametrize("events", [(), (event(of="A8"),)], ids=["no event", "the event that opened it"])
@pytest.mark.parametrize("state", ["CONFIRMED", "SERVICING"])
def test_a_case_that_its_new_agent_services_counts_for_nature(state: str, events: tuple[Event, ...]) -> None:
    town = rulebook_town()
    taken_over = policy("P2", *events, servicer="A4", state=state)
    assert town.bundle(town.holder(orphan("P1"), taken_over, at=(0.005, 0.005))).nature == "NON_PURE"
