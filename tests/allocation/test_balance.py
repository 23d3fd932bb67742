"""The last rungs: ORIGIN_TEAM, BRANCH_BALANCE, CITY_REVIEW, and the branch in which they look."""

import pytest

from app.allocation.rules import branch_of_place

from .maps import LEAVING, Town, checks, orphan, outcomes, serviced

NO_OWNER, IN_C01, IN_C05 = (0.005, 0.015), (0.005, 0.005), (0.035, 0.005)


class TestBranchOfPlace:
    """The branch whose area covers the point, else the managing one; on a line the managing one, else the lowest code."""

    @pytest.mark.parametrize(
        ("at", "managing", "branch"),
        [
            ((0.005, 0.005), "E", "E"),
            ((0.005, 0.005), "W", "E"),
            ((0.010, 0.005), "E", "E"),
            ((0.010, 0.005), "W", "W"),
            ((0.010, 0.005), "V", "E"),
            ((0.025, 0.005), "V", "V"),
            ((0.020, 0.005), "V", "V"),
            ((0.020, 0.005), "E", "V"),
        ],
        ids=[
            "own branch", "another branch", "line: managing", "line: the other managing", "line: lowest code",
            "covered by its own", "border of the managing one", "border of another",
        ],
    )  # fmt: skip
    def test_point(self, town: Town, at, managing: str, branch: str) -> None:
        drawn = Town(branches="E W V", teams=town.teams)
        bundle = drawn.bundle(drawn.holder(orphan(branch=managing), at=at))
        assert branch_of_place(bundle, drawn.world()) == branch

    def test_without_any_area_the_managing_one(self, town: Town) -> None:
        drawn = Town(branches=".", teams=town.teams)
        assert branch_of_place(drawn.bundle(drawn.holder(orphan(branch="W"), at=IN_C01)), drawn.world()) == "W"

    def test_a_community_code_alone_leaves_the_managing_one(self, town: Town) -> None:
        bundle = town.bundle(town.holder(orphan(branch="W"), code="C04"))
        assert branch_of_place(bundle, town.world()) == "W"

    def test_a_point_that_does_not_count_leaves_the_managing_one(self, town: Town) -> None:
        coarse = town.address(NO_OWNER, level="ROAD", radius_m=900)
        bundle = town.bundle(town.holder(orphan(branch="W"), addresses=[coarse]))
        assert branch_of_place(bundle, town.world()) == "W"


class TestOriginTeam:
    def test_however_full_while_there_is_room(self, town: Town) -> None:
        town.team("T-E2", "E", {"A4": 99})
        decision = town.decide(town.holder(orphan(of="A4"), at=NO_OWNER))
        assert (decision.team_code, decision.rung) == ("T-E2", "ORIGIN_TEAM")

    @pytest.mark.parametrize(
        ("of", "outcome"),
        [
            (None, "NO_PRODUCER"),
            ("nobody", "NO_PRODUCER"),
            ("A8", "PRODUCER_IS_MARKETING"),
            ("A9", "PRODUCER_IN_OTHER_BRANCH"),
            ("full", "NONE_ELIGIBLE"),
        ],
    )
    def test_else_it_is_passed_over(self, town: Town, of: str | None, outcome: str) -> None:
        town.team("T-E4", "E", {"full": 100})
        decision = town.decide(town.holder(orphan(of=of), at=NO_OWNER))
        assert outcomes(decision)["ORIGIN_TEAM"] == outcome
        assert (decision.team_code, decision.rung) == ("T-E3", "BRANCH_BALANCE")

    def test_after_an_owner_that_is_not_eligible(self, town: Town) -> None:
        town.team("T-E1", "E", {"A1": 100})
        decision = town.decide(town.holder(orphan(of="A4"), at=IN_C01))
        assert (decision.team_code, decision.rung) == ("T-E2", "ORIGIN_TEAM")

    def test_the_branch_is_that_of_the_place_not_the_managing_one(self, town: Town) -> None:
        in_place = town.decide(town.holder(orphan(of="A4", branch="W"), at=NO_OWNER))
        assert (in_place.team_code, in_place.rung, in_place.flags) == ("T-E2", "ORIGIN_TEAM", ("CROSS_BRANCH",))
        elsewhere = town.decide(town.holder(orphan(of="A9", branch="W"), at=NO_OWNER))
        assert outcomes(elsewhere)["ORIGIN_TEAM"] == "PRODUCER_IN_OTHER_BRANCH"

    def test_what_cannot_be_located_goes_back_too(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan(of="A4")))
        assert (decision.team_code, decision.rung, decision.flags) == ("T-E2", "ORIGIN_TEAM", ("ADDRESS_UNRESOLVED",))

    def test_the_leaver_s_own_team_has_produced_it(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan(of="A3"), at=NO_OWNER))
        assert (decision.team_code, decision.rung) == ("T-E1", "ORIGIN_TEAM")


class TestBranchBalance:
    """Lowest (load + n) / capacity; then most room; then nearest territory; then lowest code."""

    def balanced(self, *teams: tuple[str, int, int], n: int = 1, territories: str = ".") -> str | None:
        drawn = Town(branches="E E E E", territories=territories)
        for code, load, capacity in teams:
            drawn.team(code, "E", {f"of {code}": load}, capacity=capacity)
        holder = drawn.holder(*(orphan(f"P{number}", of=None) for number in range(n)), at=(0.005, 0.005))
        decision = drawn.decide(holder)
        assert decision.rung == "BRANCH_BALANCE"
        return decision.team_code

    @pytest.mark.parametrize(
        ("teams", "n", "team"),
        [
            ([("a", 50, 100), ("b", 49, 100)], 1, "b"),
            ([("a", 1, 10), ("b", 15, 100)], 1, "b"),
            ([("a", 0, 3), ("b", 29, 100)], 1, "b"),
            ([("a", 0, 2), ("b", 40, 100)], 1, "b"),
            ([("a", 1, 10), ("b", 12, 100)], 2, "b"),
            ([("a", 0, 5), ("b", 12, 100), ("c", 2, 30)], 3, "b"),
        ],
        ids=["load", "capacity", "n counts", "the emptier is not the better", "n counts twice", "three"],
    )
    def test_lowest_ratio(self, teams: list[tuple[str, int, int]], n: int, team: str) -> None:
        assert self.balanced(*teams, n=n) == team

    def test_then_most_room(self) -> None:
        assert self.balanced(("a", 0, 2), ("b", 1, 4), ("c", 0, 2)) == "b"
        assert self.balanced(("a", 4, 10), ("b", 49, 100), ("c", 9, 20)) == "b"

    def test_then_nearest_territory(self) -> None:
        assert self.balanced(("a", 1, 4), ("b", 1, 4), ("c", 1, 4), territories=". a . b") == "a"
        assert self.balanced(("a", 1, 4), ("b", 1, 4), ("c", 1, 4), territories=". b . a") == "b"

    @pytest.mark.parametrize(
        ("at", "team"),
        [((0.012, 0.015), "west"), ((0.018, 0.015), "east"), ((0.015, 0.012), "south"), ((0.015, 0.018), "north")],
    )
    def test_nearest_in_every_direction(self, at, team: str) -> None:
        drawn = Town(branches="E E E\nE E E\nE E E", territories=". north .\nwest . east\n. south .")
        for code in ("west", "east", "south", "north"):
            drawn.team(code, "E", {f"of {code}": 0})
        assert drawn.decide(drawn.holder(orphan(of=None), at=at)).team_code == team

    def test_a_team_without_territory_is_last(self) -> None:
        assert self.balanced(("a", 1, 4), ("b", 1, 4), territories=". . . b") == "b"

    def test_territory_settles_only_what_room_and_ratio_left(self) -> None:
        assert self.balanced(("a", 1, 4), ("b", 0, 4), territories=". a . .") == "b"

    def test_then_the_lowest_code(self) -> None:
        assert self.balanced(("c", 1, 4), ("b", 1, 4), ("a", 2, 4)) == "b"
        assert self.balanced(("b", 1, 4), ("a", 1, 4), territories=". a+b . .") == "a"

    @pytest.mark.parametrize(("metres", "team"), [({"a": 500, "b": 500}, "a"), ({"a": 501, "b": 500}, "b")])
    def test_distances_are_compared_in_whole_metres(self, metres: dict[str, int], team: str, monkeypatch) -> None:
        monkeypatch.setattr(Town, "distance", lambda self, lon, lat, code: metres[code])
        assert self.balanced(("a", 1, 4), ("b", 1, 4)) == team

    @pytest.mark.parametrize("code", [None, "C1"])
    def test_without_a_point_the_distance_is_skipped(self, code: str | None) -> None:
        drawn = Town(branches="E E E", communities="C1 . .", territories=". . b")
        drawn.team("a", "E", {"A": 1}).team("b", "E", {"B": 1})
        decision = drawn.decide(drawn.holder(orphan(of=None), code=code))
        assert decision.team_code == "a"

    def test_a_point_that_does_not_count_is_skipped_too(self) -> None:
        drawn = Town(branches="E E E", territories=". . b").team("a", "E", {"A": 1}).team("b", "E", {"B": 1})
        coarse = drawn.address((0.005, 0.005), level="ROAD", radius_m=900)
        assert drawn.decide(drawn.holder(orphan(of=None), addresses=[coarse])).team_code == "a"

    def test_every_collection_team_of_the_branch_is_a_candidate(self, town: Town) -> None:
        town.team("T-E2", "E", {"A4": 100}).team("T-E4", "E", {"A90": LEAVING})
        decision = town.decide(town.holder(orphan(), at=NO_OWNER))
        assert checks(decision, "BRANCH_BALANCE") == {
            "T-E1": "PASS", "T-E2": "H4", "T-E3": "PASS", "T-E4": "H2_NO_MEMBER",
        }  # fmt: skip

    def test_in_the_branch_of_the_place(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan(branch="E"), at=IN_C05))
        assert (decision.team_code, decision.rung, decision.flags) == ("T-W3", "BRANCH_BALANCE", ("CROSS_BRANCH",))

    def test_without_a_place_in_the_managing_branch(self, town: Town) -> None:
        assert town.decide(town.holder(orphan(branch="W"))).team_code == "T-W3"
        assert town.decide(town.holder(orphan(branch="W"), code="C04")).team_code == "T-W3"


class TestCityReview:
    def test_nobody_in_the_branch_can_take_it(self, town: Town) -> None:
        town.team("T-W3", "W", {"A9": 100})
        outcome = town.run(town.holder(orphan(branch="W"), serviced("P2", by="A8"), at=IN_C05))
        (decision,) = outcome.decisions
        assert decision[:5] == ("CITY_REVIEW", "CITY_REVIEW", None, None, ())
        assert decision.trail[-1] == ("CITY_REVIEW", "FOR_A_PERSON", ())
        assert {code: team.load for code, team in outcome.world.teams.items()} == {
            code: team.load for code, team in town.world().teams.items()
        }

    def test_a_branch_without_teams(self, town: Town) -> None:
        assert town.decide(town.holder(orphan(branch="N"))).state == "CITY_REVIEW"
