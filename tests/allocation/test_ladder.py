"""The ladder's order and its first rungs: DESIGNATED, CURRENT_SERVICER, REGION_OWNER; flags; what the trail says."""

from datetime import date

import pytest

from app.allocation.rules import LADDER, ladder
from app.allocation.strategy import Strategy

from .maps import Member, Town, checks, event, orphan, outcomes, policy, serviced

IN_C01, IN_C03, NO_OWNER = (0.005, 0.005), (0.025, 0.005), (0.005, 0.015)


class TestDesignated:
    def test_beats_servicer_and_owner(self, town: Town) -> None:
        ended = event(approved=True, designates="A6")
        decision = town.decide(town.holder(policy("P1", ended), serviced("P2", by="A4"), at=IN_C01))
        assert (decision.state, decision.team_code, decision.agent_code) == ("ASSIGNED", "T-E3", "A6")
        assert (decision.rung, list(outcomes(decision))) == ("DESIGNATED", ["DESIGNATED"])

    def test_for_the_whole_bundle(self, town: Town) -> None:
        ended = event(approved=True, designates="A6")
        outcome = town.run(town.holder(policy("P1", ended), orphan("P2"), at=IN_C01))
        assert outcome.of("P2").agent_code == "A6"
        assert outcome.world.agents["A6"].load == outcome.world.teams["T-E3"].load == 22

    def test_the_next_is_asked_if_the_latest_is_not_eligible(self, town: Town) -> None:
        first = event("CUSTOMER_REQUEST", on=date(2026, 1, 1), approved=True, designates="A6")
        second = event("CUSTOMER_REQUEST", on=date(2026, 1, 2), approved=True, designates="A5")
        decision = town.decide(town.holder(policy("P1", first, second), at=IN_C01))
        assert checks(decision, "DESIGNATED") == {"A5": "H2_ON_LEAVE", "A6": "PASS"}
        assert decision.agent_code == "A6"

    def test_nobody_designated_is_eligible(self, town: Town) -> None:
        asked = event("CUSTOMER_REQUEST", of=None, approved=True, designates="A5")
        decision = town.decide(town.holder(policy("P1", asked), at=IN_C01))
        assert outcomes(decision)["DESIGNATED"] == "NONE_ELIGIBLE"
        assert decision.rung == "REGION_OWNER"


class TestCurrentServicer:
    def test_the_next_in_rank_is_asked(self, town: Town) -> None:
        town.team("T-E2", "E", {"A4": 100})
        policies = [serviced("P2", "A4"), serviced("P3", "A4"), serviced("P4", "A6")]
        decision = town.decide(town.holder(orphan(), *policies, at=IN_C01))
        assert checks(decision, "CURRENT_SERVICER") == {"A4": "H4", "A6": "PASS"}
        assert (decision.team_code, decision.agent_code) == ("T-E3", "A6")

    def test_another_branch_of_the_city_is_allowed(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan(), serviced("P2", by="A9"), at=IN_C01))
        assert (decision.team_code, decision.rung, decision.flags) == ("T-W3", "CURRENT_SERVICER", ("CROSS_BRANCH",))

    def test_takes_what_cannot_be_located(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan(), serviced("P2", by="A4")))
        assert (decision.rung, decision.flags) == ("CURRENT_SERVICER", ("ADDRESS_UNRESOLVED",))

    @pytest.mark.parametrize(
        ("others", "outcome", "flags"),
        [
            ([], "PURE", ()),
            (["A8"], "ONLY_MARKETING", ("NON_PURE_MARKETING",)),
            (["A8", "A5"], "NONE_ELIGIBLE", ()),
        ],
        ids=["pure", "only marketing", "a collection agent who may not receive is no marketing agent"],
    )
    def test_goes_on_and_says_why(self, town: Town, others: list[str], outcome: str, flags: tuple[str, ...]) -> None:
        policies = [serviced(f"P{number}", by) for number, by in enumerate(others, start=2)]
        decision = town.decide(town.holder(orphan(of="A1"), *policies, at=IN_C03))
        assert (outcomes(decision)["CURRENT_SERVICER"], decision.flags) == (outcome, flags)
        assert decision.rung == "REGION_OWNER"

    def test_the_flag_stays_on_every_later_rung(self, town: Town) -> None:
        for team in ("T-E1", "T-E2", "T-E3"):
            town.team(team, "E", {f"of {team}": 100})
        decision = town.decide(town.holder(orphan(of="A1"), serviced("P2", by="A8"), at=IN_C01))
        assert (decision.rung, decision.flags) == ("CITY_REVIEW", ("NON_PURE_MARKETING",))

    def test_the_flag_is_not_set_when_the_rung_is_not_asked(self, town: Town) -> None:
        ended = event(of="A1", approved=True, designates="A6")
        decision = town.decide(town.holder(policy("P1", ended), serviced("P2", by="A8"), at=IN_C01))
        assert (decision.rung, decision.flags) == ("DESIGNATED", ())


class TestRegionBeforeServicer:
    SWITCHED = Strategy(region_before_servicer=True)

    def test_the_owner_beats_the_servicer(self, town: Town) -> None:
        holder = town.holder(orphan(), serviced("P2", by="A4"), at=IN_C01)
        decision = town.decide(holder, strategy=self.SWITCHED)
        assert (decision.team_code, decision.rung) == ("T-E1", "REGION_OWNER")
        assert list(outcomes(decision)) == ["DESIGNATED", "REGION_OWNER"]

    def test_so_does_a_tie_of_owners(self, town: Town) -> None:
        holder = town.holder(orphan(), serviced("P2", by="A6"), at=(0.020, 0.002))
        assert town.decide(holder, strategy=self.SWITCHED).rung == "REGION_TIE_LOAD"

    def test_the_servicer_comes_next(self, town: Town) -> None:
        holder = town.holder(orphan(of="A1"), serviced("P2", by="A4"), at=NO_OWNER)
        decision = town.decide(holder, strategy=self.SWITCHED)
        assert (decision.agent_code, decision.rung) == ("A4", "CURRENT_SERVICER")
        assert list(outcomes(decision)) == ["DESIGNATED", "REGION_OWNER", "CURRENT_SERVICER"]

    @pytest.mark.parametrize(("at", "flags"), [(IN_C01, ()), (NO_OWNER, ("NON_PURE_MARKETING",))])
    def test_marketing_is_flagged_only_if_the_rung_is_asked(self, town: Town, at, flags: tuple[str, ...]) -> None:
        holder = town.holder(orphan(of="A1"), serviced("P2", by="A8"), at=at)
        assert town.decide(holder, strategy=self.SWITCHED).flags == flags

    def test_the_designated_stays_first_and_the_rest_in_order(self) -> None:
        assert [name for name, _ in ladder(Strategy())] == [name for name, _ in LADDER]
        assert [name for name, _ in ladder(self.SWITCHED)] == [
            "DESIGNATED", "REGION_OWNER", "CURRENT_SERVICER", "ORIGIN_TEAM", "BRANCH_BALANCE", "CITY_REVIEW",
        ]  # fmt: skip


class TestRegionOwner:
    @pytest.mark.parametrize(
        ("at", "team"),
        [
            (IN_C01, "T-E1"),
            (IN_C03, "T-E2"),
            ((0.000, 0.000), "T-E1"),
            ((0.005, 0.010), "T-E1"),
            ((0.030, 0.000), "T-E2"),
            ((0.010, 0.005), "T-E1"),
        ],
        ids=["inside", "inside another", "corner", "outer border", "border of the branches", "between own squares"],
    )
    def test_border_included(self, town: Town, at, team: str) -> None:
        town.team("T-W1", "W", {"A7": 100})
        decision = town.decide(town.holder(orphan(), at=at))
        assert (decision.team_code, decision.rung, decision.flags) == (team, "REGION_OWNER", ())

    def test_by_the_community_when_only_its_code_is_known(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan(), code="C02"))
        assert (decision.team_code, decision.rung, decision.flags) == ("T-E1", "REGION_OWNER", ())

    def test_a_part_of_a_community_does_not_own_its_code(self, town: Town) -> None:
        town.territory_areas["T-E2"] -= town.territory_areas["T-E1"]
        decision = town.decide(town.holder(orphan(), code="C03"))
        assert outcomes(decision)["REGION_OWNER"] == "NO_OWNER"
        assert (decision.rung, decision.flags) == ("BRANCH_BALANCE", ())

    def test_no_owner(self, town: Town) -> None:
        assert outcomes(town.decide(town.holder(orphan(), at=NO_OWNER)))["REGION_OWNER"] == "NO_OWNER"

    def test_not_located(self, town: Town) -> None:
        assert outcomes(town.decide(town.holder(orphan())))["REGION_OWNER"] == "NOT_LOCATED"


class TestFlags:
    @pytest.mark.parametrize(
        ("at", "radius_m", "flags"),
        [
            ((0.019, 0.002), 200, ("NEAR_BORDER",)),
            ((0.019, 0.002), 50, ()),
            ((0.001, 0.002), 200, ()),
            ((0.005, 0.0105), 200, ("NEAR_BORDER",)),
        ],
        ids=["another is nearer than the radius", "farther", "only the own border is near", "no owner, one near"],
    )
    def test_near_border(self, town: Town, at, radius_m: float, flags: tuple[str, ...]) -> None:
        geocoded = town.address(at, level="DOOR", radius_m=radius_m)
        decision = town.decide(town.holder(orphan(), addresses=[geocoded]))
        assert (decision.flags, decision.state) == (flags, "TEAM_POOL")

    def test_a_given_point_is_never_near_a_border(self, town: Town) -> None:
        assert town.decide(town.holder(orphan(), at=(0.01999, 0.002))).flags == ()

    def test_near_border_on_every_rung_that_allocates(self, town: Town) -> None:
        geocoded = town.address((0.019, 0.002), level="DOOR", radius_m=200)
        decision = town.decide(town.holder(orphan(), serviced("P2", by="A6"), addresses=[geocoded]))
        assert (decision.rung, decision.flags) == ("CURRENT_SERVICER", ("NEAR_BORDER",))

    def test_near_border_not_when_the_point_does_not_count(self, town: Town) -> None:
        coarse = town.address((0.019, 0.002), "C01", level="ROAD", radius_m=900)
        assert town.decide(town.holder(orphan(), addresses=[coarse])).flags == ()

    @pytest.mark.parametrize(("branch", "flags"), [("E", ()), ("W", ("CROSS_BRANCH",))])
    def test_cross_branch_whenever_the_target_is_not_of_the_managing_branch(
        self, town: Town, branch: str, flags: tuple[str, ...]
    ) -> None:
        for at in (IN_C01, NO_OWNER):
            assert town.decide(town.holder(orphan(branch=branch), at=at)).flags == flags

    def test_several_flags_come_in_order(self, town: Town) -> None:
        policies = [orphan(of="A1", branch="W"), serviced("P2", by="A8")]
        decision = town.decide(town.holder(*policies, at=(0.020, 0.002)))
        assert decision.flags == ("BORDER", "CROSS_BRANCH", "NON_PURE_MARKETING")

    def test_unresolved_in_the_city_s_review_too(self, town: Town) -> None:
        for team in ("T-E1", "T-E2", "T-E3"):
            town.team(team, "E", {f"of {team}": Member(1, 1)})
        assert town.decide(town.holder(orphan())).flags == ("ADDRESS_UNRESOLVED",)
