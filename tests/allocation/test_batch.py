"""A batch: its order, its loads, and what a branch's own run looks at."""

from datetime import date, timedelta

import pytest

from app.allocation.batch import allocate, prepare
from app.allocation.strategy import Strategy

from .maps import RUN_DATE, Town, event, orphan, policy

HOME = (0.005, 0.005)
EARLY, LATE = date(2026, 2, 1), date(2026, 2, 20)


def dated(town: Town, policy_no: str, due: date | None, on: date):
    """A holder's only orphan, with its notice due on a date."""
    formalities = due and due - timedelta(days=30)
    return town.holder(policy(policy_no, event(on=on, formalities=formalities)), at=HOME, name=f"of {policy_no}")


class TestOrder:
    """Notice due date (none last), first event, lowest policy number."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (("P2", date(2026, 4, 1), LATE), ("P1", date(2026, 4, 2), EARLY)),
            (("P2", date(2026, 4, 1), LATE), ("P1", None, EARLY)),
            (("P2", date(2026, 4, 1), EARLY), ("P1", date(2026, 4, 1), LATE)),
            (("P2", None, EARLY), ("P1", None, LATE)),
            (("P1", date(2026, 4, 1), EARLY), ("P2", date(2026, 4, 1), EARLY)),
            (("P1", None, EARLY), ("P2", None, EARLY)),
            (("P10", None, EARLY), ("P9", None, EARLY)),
        ],
        ids=[
            "notice first", "none last", "same notice: event", "no notice: event", "same dates: number", "number alone",
            "numbers are text",
        ],
    )  # fmt: skip
    def test_of_two(self, town: Town, first, second) -> None:
        for holders in ([first, second], [second, first]):
            outcome = town.run(*(dated(town, *row) for row in holders))
            assert [bundle.bundle_no for bundle in outcome.batch.bundles] == [first[0], second[0]]

    def test_the_first_takes_the_last_place(self, town: Town) -> None:
        town.team("T-E1", "E", {"A1": 99})
        urgent = dated(town, "P9", date(2026, 3, 20), LATE)
        outcome = town.run(dated(town, "P1", None, EARLY), urgent)
        assert (outcome.of("P9").team_code, outcome.of("P9").rung) == ("T-E1", "REGION_OWNER")
        assert (outcome.of("P1").team_code, outcome.of("P1").rung) == ("T-E3", "BRANCH_BALANCE")

    def test_decisions_come_in_the_order_of_the_bundles(self, town: Town) -> None:
        holders = [dated(town, "P1", None, LATE), dated(town, "P2", None, EARLY)]
        outcome = town.run(*holders)
        assert [outcome.of(number) for number in ("P2", "P1")] == outcome.decisions


class TestLoads:
    def test_grow_as_the_batch_goes(self, town: Town) -> None:
        # T-E3 has 20 of 100, T-E2 50 of 100 and the nearer territory, T-E1 120 of 200; two policies a bundle.
        pairs = [(orphan(f"P{n:02}"), orphan(f"P{n:02}b")) for n in range(27)]
        outcome = town.run(*(town.holder(*pair, at=(0.005, 0.015), name=pair[0].policy_no) for pair in pairs))
        targets = [decision.team_code for decision in outcome.decisions]
        assert targets == ["T-E3"] * 15 + ["T-E2", "T-E3"] * 5 + ["T-E1"] * 2
        assert [outcome.world.teams[code].load for code in ("T-E1", "T-E2", "T-E3")] == [124, 60, 60]

    def test_of_a_team_and_of_its_agent(self, town: Town) -> None:
        ended = event(approved=True, designates="A6")
        outcome = town.run(town.holder(policy("P1", ended), orphan("P2"), at=HOME))
        agent = outcome.world.agents["A6"]
        assert (outcome.world.teams["T-E3"].load, agent.load, agent.received) == (22, 22, 2)

    def test_of_a_pool_no_agent_s(self, town: Town) -> None:
        outcome = town.run(town.holder(orphan("P1"), at=HOME))
        assert outcome.world.teams["T-E1"].load == 121
        assert [outcome.world.agents[code].load for code in ("A1", "A2")] == [40, 80]


class TestOfOneBranch:
    @pytest.fixture
    def holders(self, town: Town):
        return [
            town.holder(orphan("P1", branch="E"), orphan("P2", branch="W"), name="H1"),
            town.holder(orphan("P3", branch="W"), name="H2"),
            town.holder(
                policy("P4", event("OTHER_CHANNEL"), branch="E"),
                policy("P5", event("OTHER_CHANNEL"), branch="W"),
                name="H3",
            ),
            town.holder(
                policy("P6", event(), branch="E", status="ENDED"),
                policy("P7", event(), branch="W", status="ENDED"),
                name="H4",
            ),
        ]

    @pytest.mark.parametrize(
        ("branch", "bundles", "pending", "refused"),
        [
            (None, ["P1", "P3"], ["P4", "P5"], ["P6", "P7"]),
            ("E", ["P1"], ["P4"], ["P6"]),
            ("W", ["P3"], ["P5"], ["P7"]),
            ("N", [], [], []),
        ],
    )
    def test_what_the_branch_manages(self, town: Town, holders, branch, bundles, pending, refused) -> None:
        batch = prepare(holders, town.world(), Strategy(), branch_code=branch)
        assert [bundle.bundle_no for bundle in batch.bundles] == bundles
        assert [case.policy.policy_no for _, case in batch.pending] == pending
        assert [refusal.policy_no for refusal in batch.refusals] == refused

    def test_a_bundle_is_taken_whole(self, town: Town, holders) -> None:
        (bundle,) = prepare(holders, town.world(), Strategy(), branch_code="E").bundles
        assert [case.policy.policy_no for case in bundle.cases] == ["P1", "P2"]


def test_progress_is_told_of_every_thousandth(town: Town) -> None:
    holders = (town.holder(orphan(f"P{n:04}"), name=str(n)) for n in range(2001))
    batch = prepare(holders, town.world(), Strategy())
    told: list[int] = []
    allocate(batch.bundles, town.world(), Strategy(), progress=told.append)
    assert told == [0, 1000, 2000]


def test_an_empty_batch(town: Town) -> None:
    outcome = town.run()
    assert (outcome.decisions, outcome.batch.bundles, outcome.batch.pending, outcome.batch.refusals) == ([], [], [], [])
    assert outcome.world == town.world()


def test_the_run_s_date_is_the_world_s(town: Town) -> None:
    holder = town.holder(policy("P1", event(on=RUN_DATE + timedelta(days=1))), at=HOME)
    assert town.run(holder).decisions == []
    town.as_of = RUN_DATE + timedelta(days=1)
    assert len(town.run(holder).decisions) == 1
