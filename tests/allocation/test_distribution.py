"""Within the team: which agent gets a bundle, and in which order the pool is handed out."""

from collections.abc import Mapping

import pytest

from app.allocation.distribution import choose_agent, duty_communities

from .maps import LEAVING, ON_LEAVE, RUN_DATE, Member, Town, event, orphan, policy, serviced

HOME = (0.005, 0.005)


def chosen(members: Mapping[str, int | Member], *, n: int = 1, capacity: int | None = None, **where) -> str | None:
    """The agent of the only team, which owns the community C1."""
    drawn = Town(branches="E E", communities="C1 C2", territories="T T").team("T", "E", members, capacity=capacity)
    bundle = drawn.bundle(drawn.holder(*(orphan(f"P{number}", of=None) for number in range(n)), **where))
    agent = choose_agent(bundle, "T", drawn.world())
    return agent.code if agent else None


@pytest.mark.parametrize(
    ("members", "agent"),
    [
        ({"a": 50, "b": 49}, "b"),
        ({"a": Member(5, 10), "b": Member(40, 100)}, "b"),
        ({"a": Member(0, 2), "b": Member(1, 4)}, "a"),
        ({"a": Member(0, 3), "b": Member(29, 100)}, "b"),
        ({"a": Member(5, received=3), "b": Member(5, received=2)}, "b"),
        ({"a": Member(5, received=0), "b": Member(4, received=9)}, "b"),
        ({"b": 5, "a": 5}, "a"),
        ({"a": Member(99, duty=("C1",)), "b": Member(0)}, "a"),
        ({"a": Member(0, duty=("C2",)), "b": Member(50, duty=("C9", "C1"))}, "b"),
        ({"a": Member(9, duty=("C1",)), "b": Member(8, duty=("C1",))}, "b"),
    ],
    ids=[
        "lowest load", "lowest ratio", "equal ratio, lowest code", "n counts", "fewest received", "ratio before received",
        "lowest code", "duty first", "duty of this community", "ratio among the duty holders",
    ],
)  # fmt: skip
def test_duty_then_ratio_then_received_then_code(members: Mapping[str, int | Member], agent: str) -> None:
    assert chosen(members, at=HOME) == agent


@pytest.mark.parametrize(
    ("members", "n", "agent"),
    [
        ({"a": ON_LEAVE, "b": 90}, 1, "b"),
        ({"a": LEAVING, "b": 90}, 1, "b"),
        ({"a": Member(failure="H3_NOT_QUALIFIED"), "b": 90}, 1, "b"),
        ({"a": 99, "b": 90}, 2, "b"),
        ({"a": 98, "b": 99}, 2, "a"),
        ({"a": Member(98, duty=("C1",)), "b": 90}, 3, "b"),
        ({"a": 98, "b": 98}, 3, None),
        ({"a": Member(0, 0)}, 1, None),
    ],
    ids=[
        "on leave", "leaving", "unqualified", "no room for the whole bundle", "exactly full", "full duty holder",
        "nobody has room", "no capacity at all",
    ],
)  # fmt: skip
def test_only_eligible_agents_with_room_for_the_whole_bundle(members, n: int, agent: str | None) -> None:
    assert chosen(members, n=n, at=HOME, capacity=1000) == agent


class TestDuty:
    """The address's code, else the communities that cover the point."""

    @pytest.fixture
    def drawn(self) -> Town:
        return Town(branches="E E", communities="C1 C2", territories="T T").team("T", "E", {"a": 0})

    @pytest.mark.parametrize(
        ("where", "communities"),
        [
            ({"at": HOME}, {"C1"}),
            ({"at": (0.010, 0.005)}, {"C1", "C2"}),
            ({"at": HOME, "code": "C2"}, {"C2"}),
            ({"code": "C2"}, {"C2"}),
            ({}, set()),
        ],
        ids=["point", "point on a border", "code before the point", "code alone", "neither"],
    )
    def test_communities_of_an_address(self, drawn: Town, where, communities: set[str]) -> None:
        assert duty_communities(drawn.bundle(drawn.holder(orphan(of=None), **where))) == communities

    def test_a_point_that_does_not_count_says_nothing(self, drawn: Town) -> None:
        unsure = drawn.address(HOME, level="DOOR", confidence=0.1)
        assert duty_communities(drawn.bundle(drawn.holder(orphan(of=None), addresses=[unsure]))) == frozenset()


class TestOfABatch:
    @pytest.fixture
    def drawn(self) -> Town:
        drawn = Town(branches="E E", communities="C1 C2", territories="T U")
        return drawn.team("T", "E", {"a": 0, "b": 0}).team("U", "E", {"c": 0})

    def test_loads_grow_in_the_order_of_the_batch(self, drawn: Town) -> None:
        holders = [drawn.holder(orphan(f"P{number}", of=None), at=HOME, name=f"H{number}") for number in range(4)]
        outcome = drawn.run(*reversed(holders), distribute=True)
        assert [outcome.of(f"P{number}").agent_code for number in range(4)] == ["a", "b", "a", "b"]
        assert {decision.state for decision in outcome.decisions} == {"ASSIGNED"}
        assert {code: (agent.load, agent.received) for code, agent in outcome.world.agents.items()} == {
            "a": (2, 2), "b": (2, 2), "c": (0, 0),
        }  # fmt: skip
        assert outcome.world.teams["T"].load == 4

    def test_runs_after_the_whole_batch(self, drawn: Town) -> None:
        # The second bundle goes to its servicer "a" while the batch is decided; only then is the first handed out.
        first = drawn.holder(orphan("P1", of=None), at=HOME, name="H1")
        second = drawn.holder(orphan("P2", of=None), serviced("P3", by="a"), at=HOME, name="H2")
        outcome = drawn.run(first, second, distribute=True)
        assert (outcome.of("P2").rung, outcome.of("P2").agent_code) == ("CURRENT_SERVICER", "a")
        assert outcome.of("P1").agent_code == "b"

    def test_the_decision_keeps_its_rung_flags_and_trail(self, drawn: Town) -> None:
        holder = drawn.holder(orphan("P1", of=None), at=(0.010, 0.005))
        pooled, assigned = drawn.decide(holder), drawn.decide(holder, distribute=True)
        assert (pooled.state, pooled.agent_code) == ("TEAM_POOL", None)
        assert assigned == pooled._replace(state="ASSIGNED", agent_code="a")

    def test_what_no_agent_can_take_stays_in_the_pool(self, drawn: Town) -> None:
        drawn.team("U", "E", {"c": 100}, capacity=200)
        outcome = drawn.run(drawn.holder(orphan("P1", of=None), at=(0.015, 0.005)), distribute=True)
        assert outcome.decisions[0][:4] == ("TEAM_POOL", "REGION_OWNER", "U", None)
        assert outcome.world.teams["U"].load == 101

    def test_what_waits_for_a_person_is_not_handed_out(self, drawn: Town) -> None:
        away = drawn.holder(orphan("P1", of=None), at=(1.0, 1.0), name="H1")
        stuck = drawn.holder(orphan("P2", of=None, branch="N"), name="H2")
        outcome = drawn.run(away, stuck, distribute=True)
        assert [decision.state for decision in outcome.decisions] == ["LOCATION_REVIEW", "CITY_REVIEW"]
        assert all(agent.load == 0 for agent in outcome.world.agents.values())

    def test_the_designated_agent_is_kept(self, drawn: Town) -> None:
        ended = event(of=None, on=RUN_DATE, approved=True, designates="c")
        decision = drawn.decide(drawn.holder(policy("P1", ended), at=HOME), distribute=True)
        assert (decision.rung, decision.agent_code) == ("DESIGNATED", "c")
