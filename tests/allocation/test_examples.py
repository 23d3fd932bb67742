"""The worked examples of the rulebook, by their numbers. Run date 2026-03-10; each starts from the same world.

What needs the database or HTTP is held elsewhere: 14's refusal by the store in `tests/runs/test_invariants.py`, 17's
refusal of an undeclared system in `tests/exchange/test_bad_rows.py`, 19's replay in `tests/api/test_events.py`, 20's
choice of the territories of a date in `tests/api/test_territories.py`. 21 is about access alone and not told here, nor are
12's address task and 16's derived "overdue".
"""

from datetime import date, timedelta

import pytest

from app.allocation import intake
from app.allocation.distribution import choose_agent
from app.allocation.rules import check_agent
from app.allocation.strategy import Strategy
from geo.crs import Crs, convert

from .maps import RUN_DATE, Town, checks, event, orphan, outcomes, place, policy, serviced


def test_1_owner_of_the_region_receives_and_the_emptier_agent(town: Town) -> None:
    holder = town.holder(orphan(of="A8"), at=(0.005, 0.005))
    decision = town.decide(holder)
    assert (decision.state, decision.team_code, decision.rung) == ("TEAM_POOL", "T-E1", "REGION_OWNER")
    assert (decision.agent_code, decision.flags) == (None, ())
    distributed = town.decide(holder, distribute=True)
    assert (distributed.state, distributed.agent_code) == ("ASSIGNED", "A1")


def test_2_owner_beats_the_producer(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A4"), at=(0.015, 0.005)))
    assert (decision.team_code, decision.rung) == ("T-E1", "REGION_OWNER")


def test_3_no_owner_is_balanced_in_the_branch(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A8"), at=(0.005, 0.015)))
    assert (decision.team_code, decision.rung) == ("T-E3", "BRANCH_BALANCE")


def test_4_no_owner_goes_back_to_the_producing_team(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A1"), at=(0.005, 0.015)))
    assert (decision.team_code, decision.rung) == ("T-E1", "ORIGIN_TEAM")


def test_5_border_is_settled_by_the_community_code(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A8"), at=(0.020, 0.002), code="C03"))
    assert (decision.team_code, decision.rung, decision.flags) == ("T-E2", "REGION_TIE_COMMUNITY", ("BORDER",))


def test_6_border_without_a_code_is_settled_by_the_load(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A8"), at=(0.020, 0.002)))
    assert (decision.team_code, decision.rung, decision.flags) == ("T-E2", "REGION_TIE_LOAD", ("BORDER",))
    assert [(c.team_code, c.load, c.capacity) for c in decision.trail[-1].candidates] == [
        ("T-E1", 120, 200),
        ("T-E2", 50, 100),
    ]


def test_7_overlap_is_settled_by_the_producer(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A1"), at=(0.021, 0.005), code="C03"))
    assert (decision.team_code, decision.rung, decision.flags) == ("T-E1", "REGION_TIE_ORIGIN", ("OVERLAP",))


def test_8_full_owner_is_passed_over_and_the_trail_says_so(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A8", branch="W"), at=(0.035, 0.005)))
    assert (decision.team_code, decision.rung) == ("T-W3", "BRANCH_BALANCE")
    assert checks(decision, "REGION_OWNER") == {"T-W1": "H4"}


def test_9_dissolved_owner_is_passed_over(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A8", branch="W"), at=(0.035, 0.015)))
    assert (decision.team_code, decision.rung) == ("T-W3", "BRANCH_BALANCE")
    assert checks(decision, "REGION_OWNER") == {"T-W2": "H2_ENDED"}


def test_10_current_servicer_beats_the_owner(town: Town) -> None:
    holder = town.holder(orphan("P1", of="A8"), serviced("P2", by="A4"), at=(0.005, 0.005))
    assert town.bundle(holder).nature == "NON_PURE"
    decision = town.decide(holder)
    assert (decision.state, decision.team_code, decision.agent_code) == ("ASSIGNED", "T-E2", "A4")
    assert decision.rung == "CURRENT_SERVICER"


def test_11_marketing_servicer_is_flagged_and_passed_over(town: Town) -> None:
    town.team("M-E2", "E", {"A10": 10}, force="MARKETING")
    holder = town.holder(orphan("P1", of="A10"), serviced("P2", by="A8"), at=(0.005, 0.005))
    assert town.bundle(holder).nature == "NON_PURE"
    decision = town.decide(holder)
    assert (decision.team_code, decision.rung, decision.flags) == ("T-E1", "REGION_OWNER", ("NON_PURE_MARKETING",))


def test_12_unknown_address_is_balanced_in_the_managing_branch(town: Town) -> None:
    decision = town.decide(town.holder(orphan(of="A8"), addresses=[town.address(text="不详")]))
    assert (decision.team_code, decision.rung, decision.flags) == ("T-E3", "BRANCH_BALANCE", ("ADDRESS_UNRESOLVED",))


def test_13_a_holder_s_policies_move_as_one(town: Town) -> None:
    holder = town.holder(
        orphan("P1", combination="K"), policy("P2", servicer="A8", combination="K"), orphan("P3"), at=(0.005, 0.005)
    )
    outcome = town.run(holder)
    assert [[case.policy.policy_no for case in bundle.cases] for bundle in outcome.batch.bundles] == [
        ["P1", "P2", "P3"]
    ]
    assert [(decision.team_code, decision.rung) for decision in outcome.decisions] == [("T-E1", "REGION_OWNER")]
    assert outcome.world.teams["T-E1"].load == 120 + 3


def test_14_once_serviced_by_collection_never_back_to_marketing(town: Town) -> None:
    ended = event(of="A1")
    wish = event("CUSTOMER_REQUEST", of="A1", approved=True, designates="A8")
    holder = town.holder(policy("P1", ended, wish, servicer="A1", seller="A8", collection=True), at=(0.005, 0.005))
    decision = town.decide(holder)
    assert checks(decision, "DESIGNATED") == {"A8": "H1"}
    assert (decision.team_code, decision.rung) == ("T-E1", "REGION_OWNER")
    assert check_agent("A8", town.bundle(holder), town.world(), automatic=False).check == "H1"


@pytest.mark.parametrize(("lapsed", "enters"), [(date(2025, 9, 10), True), (date(2025, 9, 11), False)])
def test_15_six_months_to_the_day(town: Town, lapsed: date, enters: bool) -> None:
    lapse = event("LAPSED_SELF_SOLD", of="A8", on=lapsed)
    holder = town.holder(policy("P1", lapse, status="LAPSED", lapsed=lapsed, seller="A8"), at=(0.005, 0.005))
    outcome = town.run(holder)
    assert len(outcome.decisions) == enters
    assert [refusal.code for refusal in outcome.batch.refusals] == ([] if enters else ["LAPSE_TOO_SHORT"])


def test_16_notice_is_due_thirty_days_after_the_formalities(town: Town) -> None:
    left = event(on=date(2026, 3, 1), formalities=date(2026, 3, 5))
    bundle = town.bundle(town.holder(policy("P1", left, term=5), at=(0.005, 0.005)))
    assert bundle.notice_due_on == date(2026, 4, 4)


def test_17_a_declared_gcj02_point_is_converted(town: Town) -> None:
    lon, lat = convert(120.022707, 30.002588, Crs.GCJ02, Crs.CGCS2000)
    assert (float(lon), float(lat)) == pytest.approx(place(0.018, 0.005), abs=1e-6)
    decision = town.decide(town.holder(orphan(of="A8"), at=(float(lon) - 120, float(lat) - 30)))
    assert (decision.team_code, decision.rung) == ("T-E1", "REGION_OWNER")


def test_18_a_point_outside_the_city_waits_for_a_person(town: Town) -> None:
    holder = town.holder(orphan(of="A8"), at=(1.0, 1.0))
    decision = town.decide(holder)
    assert (decision.state, decision.rung, decision.team_code) == ("LOCATION_REVIEW", None, None)
    assert town.bundle(holder).review_code == "OUTSIDE_CITY"


def test_19_the_same_event_twice_is_one_case_one_decision_one_notice(town: Town) -> None:
    left = event(on=date(2026, 3, 1), formalities=date(2026, 3, 5))
    once = town.run(town.holder(policy("P1", left), at=(0.005, 0.005)))
    twice = town.run(town.holder(policy("P1", left, left), at=(0.005, 0.005)))
    assert [len(bundle.cases) for bundle in twice.batch.bundles] == [1]
    assert twice.batch.bundles[0].cases[0].reasons == ["AGENT_TERMINATED"]
    assert twice.batch.bundles[0].notice_due_on == once.batch.bundles[0].notice_due_on
    assert twice.decisions == once.decisions


def test_20_a_handed_over_community_changes_owner_and_assigned_cases_stay(town: Town) -> None:
    new = orphan("P1", of="A8")
    assigned = orphan("P2", of="A8", state="ASSIGNED")
    before = town.run(town.holder(new, assigned, at=(0.015, 0.005)))
    assert [(decision.team_code, decision.rung) for decision in before.decisions] == [("T-E1", "REGION_OWNER")]
    town.territory_areas["T-E1"] -= town.community_areas["C02"]
    town.territory("T-E2", 0.010, 0.000, 0.020, 0.010)
    town.as_of = date(2026, 4, 1)
    after = town.run(town.holder(new, assigned, at=(0.015, 0.005)))
    assert [(decision.team_code, decision.rung) for decision in after.decisions] == [("T-E2", "REGION_OWNER")]
    assert [[case.policy.policy_no for case in bundle.cases] for bundle in after.batch.bundles] == [["P1"]]


def test_the_rulebook_s_rungs_are_asked_in_its_order(town: Town) -> None:
    for team in ("T-E1", "T-E2", "T-E3"):
        town.team(team, "E", {f"full {team}": 100})
    decision = town.decide(town.holder(orphan(of="A8"), at=(0.005, 0.005)))
    assert outcomes(decision) == {
        "DESIGNATED": "NO_DESIGNATION",
        "CURRENT_SERVICER": "PURE",
        "REGION_OWNER": "NONE_ELIGIBLE",
        "ORIGIN_TEAM": "PRODUCER_IS_MARKETING",
        "BRANCH_BALANCE": "NONE_ELIGIBLE",
        "CITY_REVIEW": "FOR_A_PERSON",
    }


def test_distribution_of_the_examples_asks_for_the_whole_bundle(town: Town) -> None:
    holder = town.holder(*(orphan(f"P{number}") for number in range(1, 62)), at=(0.005, 0.005))
    assert choose_agent(town.bundle(holder), "T-E1", town.world()) is None


def test_the_only_number_of_the_measures_is_six_months() -> None:
    strategy = Strategy()
    assert strategy.lapse_months == 6
    assert intake.add_months(RUN_DATE - timedelta(days=181), strategy.lapse_months) == RUN_DATE
