"""Rungs 3 and 4 where several teams own a place: who among them, which flag, who stands in for a dissolved team."""

import pytest

from app.allocation.domain import Owner
from app.allocation.rules import owners

from .maps import LEAVING, Town, checks, orphan, outcomes

SHARED = (0.005, 0.005)


@pytest.fixture
def three(town: Town) -> Town:
    """T-A, T-B and T-C all own the first square and its community; T-C the second square too. All are half full."""
    drawn = Town(branches="E E W", communities="C1 C2 .", territories="T-A+T-B+T-C T-C .", teams=dict(town.teams))
    for code in "ABC":
        drawn.team(f"T-{code}", "E", {f"A-{code}": 50})
    return drawn


class TestTie:
    """The producing team if among them; else who holds the community's code; else the lowest load ratio; else the code."""

    @pytest.mark.parametrize("code", [None, "C1"])
    @pytest.mark.parametrize("producer", ["T-A", "T-B", "T-C"])
    def test_the_producer_first_however_full(self, three: Town, producer: str, code: str | None) -> None:
        three.team(producer, "E", {"A": 99})
        decision = three.decide(three.holder(orphan(of="A"), at=SHARED, code=code))
        assert (decision.team_code, decision.rung) == (producer, "REGION_TIE_ORIGIN")

    def test_a_producer_that_is_not_eligible_is_not_among_them(self, three: Town) -> None:
        three.team("T-A", "E", {"A": 100})
        decision = three.decide(three.holder(orphan(of="A"), at=SHARED))
        assert checks(decision, "REGION_TIE_LOAD") == {"T-A": "H4", "T-B": "PASS", "T-C": "PASS"}
        assert decision.team_code == "T-B"

    def test_a_producer_elsewhere_changes_nothing(self, three: Town) -> None:
        decision = three.decide(three.holder(orphan(of="A6"), at=SHARED))
        assert (decision.team_code, decision.rung) == ("T-A", "REGION_TIE_LOAD")

    def test_who_holds_the_code_s_whole_community(self, three: Town) -> None:
        decision = three.decide(three.holder(orphan(), at=SHARED, code="C2"))
        assert (decision.team_code, decision.rung) == ("T-C", "REGION_TIE_COMMUNITY")

    def test_a_part_of_the_community_is_not_enough(self, three: Town) -> None:
        three.territory("T-A", 0.010, 0.000, 0.019, 0.010).territory("T-B", 0.010, 0.000, 0.019, 0.010)
        assert three.decide(three.holder(orphan(), at=SHARED, code="C2")).team_code == "T-C"

    def test_several_hold_the_code_the_ratio_decides_among_them(self, three: Town) -> None:
        three.territory("T-B", 0.010, 0.000, 0.020, 0.010)
        three.team("T-A", "E", {"A-A": 0}).team("T-B", "E", {"A-B": 50}).team("T-C", "E", {"A-C": 49})
        decision = three.decide(three.holder(orphan(), at=SHARED, code="C2"))
        assert (decision.team_code, decision.rung) == ("T-C", "REGION_TIE_LOAD")

    def test_a_holder_that_is_not_eligible_leaves_it_to_the_ratio_of_all(self, three: Town) -> None:
        three.team("T-C", "E", {"A-C": 100}).team("T-B", "E", {"A-B": 49})
        decision = three.decide(three.holder(orphan(), at=SHARED, code="C2"))
        assert (decision.team_code, decision.rung) == ("T-B", "REGION_TIE_LOAD")

    def test_a_code_of_elsewhere_leaves_it_to_the_ratio(self, three: Town) -> None:
        three.team("T-B", "E", {"A-B": 49})
        decision = three.decide(three.holder(orphan(), at=SHARED, code="unknown"))
        assert (decision.team_code, decision.rung) == ("T-B", "REGION_TIE_LOAD")

    @pytest.mark.parametrize("loser", ["T-A", "T-B"])
    def test_then_the_lowest_ratio_then_the_lowest_code(self, three: Town, loser: str) -> None:
        three.team(loser, "E", {f"of {loser}": 51})
        winner = {"T-A": "T-B", "T-B": "T-A"}[loser]
        assert three.decide(three.holder(orphan(), at=SHARED)).team_code == winner

    def test_the_ratio_is_load_over_capacity_without_the_bundle(self, three: Town) -> None:
        # 1/100, 2/1000, 0/1; with the bundle T-B's 3/1000 would be the lowest
        for code, load, capacity in (("T-A", 1, 100), ("T-B", 2, 1000), ("T-C", 0, 1)):
            three.team(code, "E", {f"of {code}": load}, capacity=capacity)
        assert three.decide(three.holder(orphan(), at=SHARED)).team_code == "T-C"

    @pytest.mark.parametrize(
        ("loads", "team"), [((120, 200, 50, 100), "T-B"), ((1, 2, 50, 100), "T-A"), ((51, 100, 102, 201), "T-B")]
    )
    def test_ratios_of_unlike_capacities(self, three: Town, loads: tuple[int, int, int, int], team: str) -> None:
        three.team("T-A", "E", {"A-A": loads[0]}, capacity=loads[1])
        three.team("T-B", "E", {"A-B": loads[2]}, capacity=loads[3])
        three.team("T-C", "E", {"A-C": 100})
        assert three.decide(three.holder(orphan(), at=SHARED)).team_code == team

    def test_of_the_community_alone_the_producer_then_the_ratio(self, three: Town) -> None:
        produced = three.decide(three.holder(orphan(of="A-C"), code="C1"))
        assert (produced.team_code, produced.rung, produced.flags) == ("T-C", "REGION_TIE_ORIGIN", ())
        three.team("T-B", "E", {"A-B": 49})
        settled = three.decide(three.holder(orphan(), code="C1"))
        assert (settled.team_code, settled.rung, settled.flags) == ("T-B", "REGION_TIE_LOAD", ())


class TestBorderAndOverlap:
    @pytest.fixture
    def drawn(self) -> Town:
        """T-A and T-B side by side; T-C on top of both from the middle of the one to the middle of the other."""
        drawn = Town(branches="E E", territories="T-A T-B")
        drawn.territory("T-C", 0.005, 0.005, 0.015, 0.010)
        for code in "ABC":
            drawn.team(f"T-{code}", "E", {f"A-{code}": 50})
        return drawn

    @pytest.mark.parametrize(
        ("at", "flags"),
        [
            ((0.002, 0.005), ()),
            ((0.010, 0.002), ("BORDER",)),
            ((0.008, 0.008), ("OVERLAP",)),
            ((0.008, 0.005), ("BORDER",)),
            ((0.010, 0.008), ("BORDER",)),
            ((0.010, 0.005), ("BORDER",)),
            ((0.010, 0.010), ("BORDER",)),
        ],
        ids=[
            "one team", "two touch", "inside two", "inside one, touches another", "inside one, two touch",
            "three touch", "corner",
        ],
    )  # fmt: skip
    def test_overlap_needs_two_interiors(self, drawn: Town, at, flags: tuple[str, ...]) -> None:
        assert drawn.decide(drawn.holder(orphan(of=None), at=at)).flags == flags

    def test_inside_two_and_on_the_border_of_a_third_is_an_overlap(self, drawn: Town) -> None:
        drawn.territory("T-D", 0.008, 0.000, 0.009, 0.010).team("T-D", "E", {"A-D": 50})
        assert drawn.decide(drawn.holder(orphan(of=None), at=(0.008, 0.008))).flags == ("OVERLAP",)

    @pytest.mark.parametrize(
        ("full", "at", "flags"),
        [
            (["T-C"], (0.008, 0.008), ()),
            (["T-A"], (0.010, 0.008), ("BORDER",)),
            (["T-C"], (0.010, 0.008), ("BORDER",)),
            (["T-B", "T-C"], (0.010, 0.008), ()),
            ([], (0.008, 0.008), ("OVERLAP",)),
        ],
    )
    def test_only_eligible_teams_count(self, drawn: Town, full: list[str], at, flags: tuple[str, ...]) -> None:
        drawn.territory("T-D", 0.000, 0.000, 0.009, 0.010)
        for code in ("T-D", *full):
            drawn.team(code, "E", {f"of {code}": 100})
        assert drawn.decide(drawn.holder(orphan(of=None), at=at)).flags == flags


class TestSuccessor:
    @pytest.fixture
    def drawn(self) -> Town:
        """The dissolved T-A owns the first square, T-B the second, nobody the third; T-D in branch W owns nothing."""
        drawn = Town(branches="E E E W", communities="C1 C2 C3 .", territories="T-A T-B . .", cities={"Z": "Y"})
        drawn.team("T-A", "E", {"A-A": 0, "left": LEAVING}, failure="H2_ENDED", successor="T-D")
        drawn.team("T-B", "E", {"A-B": 50}).team("T-C", "E", {"A-C": 0})
        return drawn.team("T-D", "W", {"A-D": 50})

    def test_stands_in_as_owner(self, drawn: Town) -> None:
        for holder in (drawn.holder(orphan(of=None), at=SHARED), drawn.holder(orphan(of=None), code="C1")):
            decision = drawn.decide(holder)
            assert (decision.team_code, decision.rung, decision.flags) == ("T-D", "REGION_OWNER", ("CROSS_BRANCH",))
            assert checks(decision, "REGION_OWNER") == {"T-D": "PASS"}

    def test_however_many_steps_away(self, drawn: Town) -> None:
        drawn.team("T-D", "W", {}, failure="H2_ENDED", successor="T-E").team("T-E", "E", {"A-E": 0})
        assert drawn.decide(drawn.holder(orphan(of=None), at=SHARED)).team_code == "T-E"

    def test_a_cycle_owns_nothing(self, drawn: Town) -> None:
        drawn.team("T-D", "W", {}, failure="H2_ENDED", successor="T-A")
        decision = drawn.decide(drawn.holder(orphan(of=None), at=SHARED))
        assert outcomes(decision)["REGION_OWNER"] == "NONE_ELIGIBLE"
        assert set(checks(decision, "REGION_OWNER").values()) == {"H2_ENDED"}
        assert decision.rung == "BRANCH_BALANCE"

    def test_without_one_the_team_is_a_candidate_that_failed(self, drawn: Town) -> None:
        drawn.team("T-A", "E", {"A-A": 0}, failure="H2_ENDED")
        decision = drawn.decide(drawn.holder(orphan(of=None), at=SHARED))
        assert checks(decision, "REGION_OWNER") == {"T-A": "H2_ENDED"}

    def test_of_another_city_may_not_receive(self, drawn: Town) -> None:
        drawn.team("T-D", "Z", {"A-D": 0})
        assert checks(drawn.decide(drawn.holder(orphan(of=None), at=SHARED)), "REGION_OWNER") == {"T-D": "H9"}

    def test_stands_in_as_producer_in_a_tie_and_without_an_owner(self, drawn: Town) -> None:
        drawn.team("T-A", "E", {"left": LEAVING}, failure="H2_ENDED", successor="T-B").team("T-B", "E", {"A-B": 90})
        alone = drawn.decide(drawn.holder(orphan(of="left"), at=(0.025, 0.005)))
        assert (alone.team_code, alone.rung) == ("T-B", "ORIGIN_TEAM")
        drawn.territory("T-C", 0.000, 0.000, 0.020, 0.010)
        tied = drawn.decide(drawn.holder(orphan(of="left"), at=SHARED))
        assert (tied.team_code, tied.rung, tied.flags) == ("T-B", "REGION_TIE_ORIGIN", ("OVERLAP",))

    def test_holds_the_community_for_the_dissolved_team(self, drawn: Town) -> None:
        drawn.territory("T-C", 0.000, 0.000, 0.005, 0.010)
        decision = drawn.decide(drawn.holder(orphan(of=None), at=(0.002, 0.005), code="C1"))
        assert (decision.team_code, decision.rung) == ("T-D", "REGION_TIE_COMMUNITY")

    @pytest.mark.parametrize(
        ("at", "touching"),
        [((0.005, 0.005), False), ((0.010, 0.005), False), ((0.005, 0.000), True), ((0.007, 0.005), False)],
        ids=["inside the inherited", "inside the own", "on the border of both", "inside both"],
    )
    def test_owns_a_place_once_and_is_inside_if_inside_once(self, drawn: Town, at, touching: bool) -> None:
        drawn.team("T-A", "E", {}, failure="H2_ENDED", successor="T-B").territory("T-B", 0.005, 0.000, 0.010, 0.010)
        holder = drawn.holder(orphan(of=None), at=at)
        assert owners(drawn.bundle(holder), drawn.world()) == (Owner("T-B", touching),)
        decision = drawn.decide(holder)
        assert (decision.rung, decision.flags) == ("REGION_OWNER", ())

    def test_is_named_in_the_order_of_the_codes(self, drawn: Town) -> None:
        bundle = drawn.bundle(drawn.holder(orphan(of=None), at=(0.010, 0.005)))
        assert owners(bundle, drawn.world()) == (Owner("T-B", True), Owner("T-D", True))

    def test_agents_still_listed_under_the_dissolved_team_are_not_eligible(self, drawn: Town) -> None:
        holder = drawn.holder(orphan(of="left"), orphan("P2", of="left"), at=SHARED)
        outcome = drawn.run(holder, distribute=True)
        assert [(decision.team_code, decision.agent_code) for decision in outcome.decisions] == [("T-D", "A-D")]
