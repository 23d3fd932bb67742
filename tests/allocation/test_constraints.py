"""Hard constraints H1–H9, each on every rung that could break it. H8 and H10 are the store's and the use cases'."""

import pytest

from app.allocation.distribution import choose_agent
from app.allocation.rules import check_agent, check_team

from .maps import LEAVING, ON_LEAVE, Member, Town, checks, event, orphan, outcomes, policy, serviced

IN_C01, IN_C03, NOWHERE = (0.005, 0.005), (0.025, 0.005), (0.005, 0.015)


def wish(agent: str, of: str = "A8"):
    """An approved request of the customer for an agent."""
    return event("CUSTOMER_REQUEST", of=of, approved=True, designates=agent)


class TestH1:
    """Nothing that the collection force ever serviced may go to the marketing force."""

    @pytest.mark.parametrize(
        ("columns", "of", "check"),
        [
            ({}, "M1", "PASS"),
            ({"seller": "A1"}, "M1", "PASS"),
            ({"collection": True}, "M1", "H1"),
            ({"servicer": "A1"}, "M1", "H1"),
            ({}, "A1", "H1"),
        ],
        ids=["never", "sold by collection only", "history", "present servicer", "origin agent"],
    )
    def test_keyed_on_servicing_history(self, town: Town, columns, of: str, check: str) -> None:
        town.team("M-E2", "E", {"M1": 0}, force="MARKETING")
        decision = town.decide(town.holder(policy("P1", wish("A8", of), **columns), at=IN_C01))
        assert checks(decision, "DESIGNATED") == {"A8": check}
        assert decision.rung == ("DESIGNATED" if check == "PASS" else "REGION_OWNER")

    def test_one_policy_of_the_bundle_is_enough(self, town: Town) -> None:
        town.team("M-E2", "E", {"M1": 0}, force="MARKETING")
        holder = town.holder(policy("P1", wish("A8", "M1")), policy("P2", event(of="M1"), collection=True), at=IN_C01)
        assert checks(town.decide(holder), "DESIGNATED") == {"A8": "H1"}

    def test_does_not_keep_a_collection_team_from_receiving(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan(of="A1", collection=True), at=IN_C03))
        assert (decision.team_code, decision.rung) == ("T-E2", "REGION_OWNER")


class TestH2:
    """Target team and agent active on the run's date."""

    @pytest.mark.parametrize("failure", ["H2_ENDED", "H2_NOT_TAKING_PART"])
    def test_a_team_that_is_not_active_receives_on_no_rung(self, town: Town, failure: str) -> None:
        town.team("T-E1", "E", {"A1": 0}, failure=failure)
        decision = town.decide(town.holder(orphan(of="A1"), at=IN_C01))
        assert checks(decision, "REGION_OWNER") == {"T-E1": failure}
        assert checks(decision, "ORIGIN_TEAM") == {"T-E1": failure}
        assert checks(decision, "BRANCH_BALANCE")["T-E1"] == failure
        assert decision.team_code == "T-E3"

    @pytest.mark.parametrize("failure", ["H2_ENDED", "H2_NOT_TAKING_PART"])
    def test_nor_does_an_agent_of_such_a_team(self, town: Town, failure: str) -> None:
        town.team("T-E3", "E", {"A6": 0}, failure=failure)
        holder = town.holder(policy("P1", wish("A6")), serviced("P2", by="A6"), at=IN_C01)
        decision = town.decide(holder)
        assert checks(decision, "DESIGNATED") == checks(decision, "CURRENT_SERVICER") == {"A6": failure}

    def test_an_agent_who_is_not_active_is_not_designated(self, town: Town) -> None:
        town.team("T-E4", "E", {"on leave": ON_LEAVE, "leaving": LEAVING, "able": 0})
        for who, failure in (("on leave", "H2_ON_LEAVE"), ("leaving", "H2_STATE"), ("nobody", "H2_UNKNOWN_AGENT")):
            decision = town.decide(town.holder(policy("P1", wish(who)), at=IN_C01))
            assert checks(decision, "DESIGNATED") == {who: failure}
            assert decision.rung == "REGION_OWNER"

    def test_an_agent_on_leave_still_services_but_receives_nothing(self, town: Town) -> None:
        decision = town.decide(town.holder(orphan("P1"), serviced("P2", by="A5"), at=IN_C01))
        assert checks(decision, "CURRENT_SERVICER") == {"A5": "H2_ON_LEAVE"}
        assert decision.rung == "REGION_OWNER"

    def test_a_team_with_room_of_its_own_but_no_eligible_member_may_not_receive(self, town: Town) -> None:
        town.team("T-E1", "E", {"A5": ON_LEAVE, "A3": LEAVING}, capacity=1000)
        decision = town.decide(town.holder(orphan(), at=IN_C01))
        assert checks(decision, "REGION_OWNER") == {"T-E1": "H2_NO_MEMBER"}


class TestH3:
    """Target in the individual channel and qualified; automatic targets are collection teams only."""

    def test_a_marketing_team_that_owns_the_region_is_passed_over(self, town: Town) -> None:
        town.territory("M-E1", 0.000, 0.010, 0.010, 0.020)
        decision = town.decide(town.holder(orphan(), at=NOWHERE))
        assert checks(decision, "REGION_OWNER") == {"M-E1": "H3_MARKETING"}
        assert (decision.team_code, decision.rung) == ("T-E3", "BRANCH_BALANCE")

    def test_a_marketing_team_is_not_balanced_to(self, town: Town) -> None:
        assert set(checks(town.decide(town.holder(orphan(), at=NOWHERE)), "BRANCH_BALANCE")) == {"T-E1", "T-E2", "T-E3"}

    def test_a_marketing_agent_may_be_designated(self, town: Town) -> None:
        town.team("M-E2", "E", {"M1": 0}, force="MARKETING")
        decision = town.decide(town.holder(policy("P1", wish("M1")), at=IN_C01))
        assert (decision.state, decision.team_code, decision.agent_code) == ("ASSIGNED", "M-E2", "M1")

    def test_an_unqualified_agent_receives_on_no_rung(self, town: Town) -> None:
        town.team("T-E3", "E", {"unqualified": Member(failure="H3_NOT_QUALIFIED"), "A6": 20})
        holder = town.holder(policy("P1", wish("unqualified")), serviced("P2", by="unqualified"), at=IN_C01)
        decision = town.decide(holder)
        failed = {"unqualified": "H3_NOT_QUALIFIED"}
        assert checks(decision, "DESIGNATED") == checks(decision, "CURRENT_SERVICER") == failed
        chosen = choose_agent(town.bundle(holder), "T-E3", town.world())
        assert chosen is not None
        assert chosen.code == "A6"


class TestH4:
    """Room for the whole bundle."""

    @pytest.mark.parametrize(
        ("load", "policies", "check"),
        [(99, 1, "PASS"), (100, 1, "H4"), (98, 2, "PASS"), (99, 2, "H4"), (97, 3, "PASS"), (0, 101, "H4")],
    )
    def test_exactly_full_is_not_too_full(self, town: Town, load: int, policies: int, check: str) -> None:
        town.team("T-E2", "E", {"A4": load})
        holder = town.holder(*(orphan(f"P{number}") for number in range(policies)), at=IN_C03)
        assert check_team(town.world().teams["T-E2"], town.bundle(holder), town.world(), automatic=True) == check
        assert checks(town.decide(holder), "REGION_OWNER") == {"T-E2": check}

    def test_the_team_s_own_figure_comes_before_its_members(self, town: Town) -> None:
        town.team("T-E2", "E", {"A4": 50}, capacity=50)
        assert checks(town.decide(town.holder(orphan(), at=IN_C03)), "REGION_OWNER") == {"T-E2": "H4"}

    def test_the_pool_counts(self, town: Town) -> None:
        town.team("T-E2", "E", {"A4": 50}, pool=50)
        assert checks(town.decide(town.holder(orphan(), at=IN_C03)), "REGION_OWNER") == {"T-E2": "H4"}

    @pytest.mark.parametrize(
        ("agent", "team_capacity", "check"),
        [
            (Member(9, 10), None, "PASS"),
            (Member(10, 10), None, "H4"),
            (Member(10, 10), 20, "H4_AGENT"),
            (Member(5, 10), 5, "H4"),
        ],
        ids=["last place", "both full", "agent full", "team full"],
    )
    def test_an_agent_needs_room_in_both(
        self, town: Town, agent: Member, team_capacity: int | None, check: str
    ) -> None:
        town.team("T-E3", "E", {"A6": agent}, capacity=team_capacity)
        holder = town.holder(policy("P1", wish("A6")), serviced("P2", by="A6"), at=IN_C01)
        decision = town.decide(holder)
        assert checks(decision, "DESIGNATED") == {"A6": check}
        if check != "PASS":
            assert checks(decision, "CURRENT_SERVICER") == {"A6": check}

    def test_a_full_agent_is_shown_with_the_agent_s_own_figures(self, town: Town) -> None:
        town.team("T-E3", "E", {"A6": Member(10, 10), "A7": Member(0, 10)})
        candidate = check_agent("A6", town.bundle(town.holder(orphan())), town.world(), automatic=True)
        assert candidate == ("T-E3", "A6", "H4_AGENT", 10, 10)


class TestH5:
    """A bundle goes as a whole or not at all."""

    def test_the_smaller_team_with_room_for_a_part_gets_nothing(self, town: Town) -> None:
        for team, load in (("T-E1", 99), ("T-E2", 99), ("T-E3", 98)):
            town.team(team, "E", {f"of {team}": load})
        outcome = town.run(town.holder(*(orphan(f"P{number}") for number in range(3)), at=IN_C01))
        assert [decision.state for decision in outcome.decisions] == ["CITY_REVIEW"]
        assert [outcome.world.teams[team].load for team in ("T-E1", "T-E2", "T-E3")] == [99, 99, 98]


class TestH6:
    """Never to the leaver, to the agent whom the customer asked to leave, or to the policyholder."""

    @pytest.mark.parametrize(
        ("events", "holder_is"),
        [
            ([event("AGENT_TERMINATED", of="A6")], None),
            ([event("CUSTOMER_REQUEST", of="A6", approved=True)], None),
            ([event("CUSTOMER_REQUEST", of="A6"), event("TRANSFER_IN_DOMESTIC", of=None)], None),
            ([event("AGENT_REQUEST", of="A6", approved=True)], None),
            ([event("TRANSFER_IN_DOMESTIC", of=None)], "A6"),
        ],
        ids=["leaver", "customer's request", "the same before approval", "agent's request", "policyholder"],
    )
    def test_excluded_on_every_path_to_an_agent(self, town: Town, events, holder_is: str | None) -> None:
        asked = event("OTHER_CHANNEL", of=None, approved=True, designates="A6")
        holder = town.holder(policy("P1", *events, asked), serviced("P2", by="A6"), agent=holder_is, at=NOWHERE)
        decision = town.decide(holder)
        assert checks(decision, "DESIGNATED") == {"A6": "H6"}
        bundle = town.bundle(holder)
        assert check_agent("A6", bundle, town.world(), automatic=True).check == "H6"
        assert choose_agent(bundle, "T-E3", town.world()) is None

    def test_not_the_agent_s_request_before_approval(self, town: Town) -> None:
        request = event("AGENT_REQUEST", of="A6")
        holder = town.holder(policy("P1", request, event("TRANSFER_IN_DOMESTIC", of=None)), serviced("P2", by="A6"))
        assert town.decide(holder).agent_code == "A6"

    def test_a_customer_s_request_that_still_waits_excludes_from_the_other_policies(self, town: Town) -> None:
        holder = town.holder(orphan("P1"), policy("P2", event("CUSTOMER_REQUEST", of="A6"), servicer="A6"), at=IN_C01)
        decision = town.decide(holder)
        assert checks(decision, "CURRENT_SERVICER") == {"A6": "H6"}
        assert decision.rung == "REGION_OWNER"

    def test_the_excluded_agent_s_team_may_still_receive(self, town: Town) -> None:
        holder = town.holder(policy("P1", event("CUSTOMER_REQUEST", of="A1", approved=True)), at=IN_C01)
        decision = town.decide(holder, distribute=True)
        assert (decision.team_code, decision.agent_code) == ("T-E1", "A2")


@pytest.mark.parametrize("reason", ["AGENT_REQUEST", "CUSTOMER_REQUEST", "OTHER_CHANNEL"])
def test_h7_nothing_is_decided_without_the_approval(town: Town, reason: str) -> None:
    outcome = town.run(town.holder(policy("P1", event(reason, designates="A6")), at=IN_C01))
    assert (outcome.decisions, len(outcome.batch.pending)) == ([], 1)


class TestH9:
    """Another branch of the city may receive as owner, designated or servicer; another city never."""

    @pytest.fixture
    def cities(self, town: Town) -> Town:
        """Branches E and W in city X, Z in city Y. E's first square is T-Z's, the second T-W3's, the third T-E1's."""
        two = Town(branches="E E E W Z", territories="T-Z T-W3 T-E1 . .", cities={"Z": "Y"}, teams=town.teams)
        return two.team("T-Z", "Z", {"AZ": 0})

    def test_an_owner_in_another_city_is_passed_over(self, cities: Town) -> None:
        decision = cities.decide(cities.holder(orphan(), at=(0.005, 0.005)))
        assert checks(decision, "REGION_OWNER") == {"T-Z": "H9"}
        assert (decision.team_code, decision.rung) == ("T-E3", "BRANCH_BALANCE")

    def test_an_owner_in_another_branch_receives_and_is_flagged(self, cities: Town) -> None:
        decision = cities.decide(cities.holder(orphan(), at=(0.015, 0.005)))
        assert (decision.team_code, decision.rung, decision.flags) == ("T-W3", "REGION_OWNER", ("CROSS_BRANCH",))

    @pytest.mark.parametrize(("agent", "check"), [("A9", "PASS"), ("AZ", "H9")])
    def test_the_designated_and_the_servicer_too(self, cities: Town, agent: str, check: str) -> None:
        holder = cities.holder(policy("P1", wish(agent)), serviced("P2", by=agent), at=(0.025, 0.005))
        decision = cities.decide(holder)
        assert checks(decision, "DESIGNATED") == {agent: check}
        if check == "PASS":
            assert decision.flags == ("CROSS_BRANCH",)
        else:
            assert checks(decision, "CURRENT_SERVICER") == {agent: check}
            assert (decision.team_code, decision.flags) == ("T-E1", ())

    def test_balancing_stays_in_the_branch(self, cities: Town) -> None:
        for team in ("T-E1", "T-E2", "T-E3"):
            cities.team(team, "E", {f"of {team}": 100})
        decision = cities.decide(cities.holder(orphan(), at=(0.005, 0.005)))
        assert (decision.state, decision.rung) == ("CITY_REVIEW", "CITY_REVIEW")
        assert outcomes(decision)["BRANCH_BALANCE"] == "NONE_ELIGIBLE"
