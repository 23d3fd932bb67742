"""Location: which address is the service address, what it says, and what waits in location review."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from app.allocation.domain import Address, Bundle
from app.allocation.grouping import current_addresses
from app.allocation.strategy import Strategy

from .maps import RUN_DATE, Place, Town, event, orphan, outcomes, policy, rulebook_town

IN_C01, IN_C02, IN_C05, ABROAD = (0.005, 0.005), (0.015, 0.005), (0.035, 0.005), (1.0, 1.0)
KINDS = ["CUSTOMER_CONFIRMED", "VISIT_CONFIRMED", "POSTAL", "HOME", "WORK"]


def located(town: Town, *addresses: Address, strategy: Strategy | None = None, **columns) -> Bundle:
    return town.bundle(town.holder(orphan(**columns), addresses=addresses), strategy)


class TestServiceAddress:
    """Customer-confirmed, then visit-confirmed, postal, home, work; of one kind the latest."""

    @pytest.mark.parametrize(("better", "worse"), list(pairwise(KINDS)))
    def test_the_better_kind(self, town: Town, better: str, worse: str) -> None:
        new = town.address(IN_C01, kind=worse, updated_on=date(2026, 3, 1))
        old = town.address(IN_C02, kind=better, updated_on=date(2001, 1, 1))
        bundle = located(town, new, old)
        assert bundle.address == old

    @pytest.mark.parametrize("other", [date(2026, 1, 1), None], ids=["older", "undated"])
    def test_the_latest_of_a_kind(self, town: Town, other: date | None) -> None:
        latest = town.address(IN_C01, kind="HOME", updated_on=date(2026, 1, 2))
        assert located(town, town.address(IN_C02, kind="HOME", updated_on=other), latest).address == latest
        assert located(town, latest, town.address(IN_C02, kind="HOME", updated_on=other)).address == latest

    def test_of_one_kind_and_date_the_order_of_the_rows_does_not_decide(self, town: Town) -> None:
        rows = [town.address(at, kind="HOME", text=text) for at, text in ((IN_C01, "甲路1号"), (IN_C02, "乙路1号"))]
        assert current_addresses(rows) == current_addresses(rows[::-1])

    def test_by_rank_even_if_a_lower_one_is_locatable(self, town: Town) -> None:
        nowhere = town.address(kind="POSTAL", text="不详")
        bundle = located(town, nowhere, town.address(IN_C01, kind="HOME"))
        assert (bundle.address, bundle.located_by) == (nowhere, "NONE")

    def test_the_latest_of_a_kind_even_if_an_older_one_is_locatable(self, town: Town) -> None:
        nowhere = town.address(kind="POSTAL", updated_on=date(2026, 1, 2))
        assert located(town, town.address(IN_C01, updated_on=date(2026, 1, 1)), nowhere).located_by == "NONE"

    def test_one_of_each_kind_is_a_candidate(self, town: Town) -> None:
        rows = [town.address(kind=kind, updated_on=date(2020, 1, day)) for day in (1, 2) for kind in reversed(KINDS)]
        assert [(row.kind, row.updated_on) for row in current_addresses(rows)] == [
            (kind, date(2020, 1, 2)) for kind in KINDS
        ]

    def test_no_address_at_all(self, town: Town) -> None:
        bundle = located(town)
        assert (bundle.address, bundle.located_by, bundle.review_code) == (None, "NONE", None)


class TestWhatAnAddressSays:
    @pytest.mark.parametrize("level", ["UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY"])
    def test_precise_enough(self, town: Town, level: str) -> None:
        assert located(town, town.address(IN_C01, level=level, radius_m=900)).located_by == "POINT"

    @pytest.mark.parametrize("level", ["ROAD", "SUBDISTRICT", "DISTRICT", "CITY", "NONE"])
    @pytest.mark.parametrize(("radius_m", "says"), [(100, "POINT"), (900, "NONE")])
    def test_a_coarser_one_counts_only_within_one_territory(
        self, town: Town, level: str, radius_m: float, says: str
    ) -> None:
        assert located(town, town.address(IN_C01, level=level, radius_m=radius_m)).located_by == says

    def test_a_coarse_area_on_two_territories_does_not_count(self, town: Town) -> None:
        assert located(town, town.address((0.0195, 0.002), level="ROAD", radius_m=100)).located_by == "NONE"

    @pytest.mark.parametrize(("confidence", "says"), [(0.9, "POINT"), (0.89, "NONE")])
    def test_unsure_does_not_count(self, town: Town, confidence: float, says: str) -> None:
        assert located(town, town.address(IN_C01, level="DOOR", confidence=confidence)).located_by == says

    def test_unsure_does_not_count_within_one_territory_either(self, town: Town) -> None:
        assert located(town, town.address(IN_C01, level="ROAD", confidence=0.5)).located_by == "NONE"

    def test_the_least_confidence_is_configuration(self, town: Town) -> None:
        unsure = town.address(IN_C01, level="DOOR", confidence=0.5)
        assert located(town, unsure, strategy=Strategy(accept_confidence=0.5)).located_by == "POINT"

    def test_a_point_that_came_with_the_address_is_exact(self, town: Town) -> None:
        given = town.address(IN_C01)._replace(level="NONE", confidence=0.0)
        assert located(town, given).located_by == "POINT"

    def test_a_point_beats_the_community_code(self, town: Town) -> None:
        assert located(town, town.address(IN_C01, "C03")).located_by == "POINT"

    def test_the_code_alone(self, town: Town) -> None:
        bundle = located(town, town.address(code="C03"))
        assert (bundle.located_by, bundle.review_code) == ("COMMUNITY", None)


FRESH = RUN_DATE - timedelta(days=1)


class TestHold:
    """Too coarse or unsure waits 7 days after the event, never past 5 days before the notice is due."""

    def held(self, town: Town, on: date, formalities: date | None = None, strategy: Strategy | None = None) -> Bundle:
        coarse = town.address(IN_C01, level="ROAD", radius_m=900)
        return town.bundle(
            town.holder(policy("P1", event(on=on, formalities=formalities)), addresses=[coarse]), strategy
        )

    @pytest.mark.parametrize(
        ("days", "waits"),
        [(0, True), (6, True), (7, False), (8, False)],
        ids=["same day", "sixth", "seventh", "eighth"],
    )
    def test_seven_days_after_the_event(self, town: Town, days: int, waits: bool) -> None:
        event_on = RUN_DATE - timedelta(days=days)
        bundle = self.held(town, event_on)
        assert bundle.hold_until == event_on + timedelta(days=7)
        assert (bundle.review_code, bundle.located_by) == ("TOO_COARSE" if waits else None, "NONE")

    @pytest.mark.parametrize(
        ("due", "until", "waits"),
        [
            (date(2026, 3, 14), date(2026, 3, 9), False),
            (date(2026, 3, 15), date(2026, 3, 10), False),
            (date(2026, 3, 16), date(2026, 3, 11), True),
            (date(2026, 3, 20), date(2026, 3, 15), True),
            (date(2026, 4, 20), date(2026, 3, 16), True),
        ],
    )
    def test_never_past_five_days_before_the_notice(self, town: Town, due: date, until: date, waits: bool) -> None:
        bundle = self.held(town, FRESH, formalities=due - timedelta(days=30))
        assert (bundle.notice_due_on, bundle.hold_until) == (due, until)
        assert bundle.review_code == ("TOO_COARSE" if waits else None)

    def test_the_first_event_of_the_bundle_counts(self, town: Town) -> None:
        coarse = town.address(IN_C01, level="ROAD", radius_m=900)
        old = policy("P2", event(on=RUN_DATE - timedelta(days=7)))
        holder = town.holder(policy("P1", event(on=RUN_DATE)), old, addresses=[coarse])
        assert town.bundle(holder).review_code is None

    @pytest.mark.parametrize(("days", "waits"), [(1, False), (2, True)])
    def test_the_hold_is_configuration(self, town: Town, days: int, waits: bool) -> None:
        bundle = self.held(town, FRESH, strategy=Strategy(location_hold_days=days))
        assert bundle.review_code == ("TOO_COARSE" if waits else None)

    def test_the_days_before_the_notice_are_configuration(self, town: Town) -> None:
        bundle = self.held(town, FRESH, RUN_DATE - timedelta(days=28), Strategy(hold_ends_before_notice_days=1))
        assert bundle.hold_until == RUN_DATE + timedelta(days=1)

    @pytest.mark.parametrize(
        ("level", "confidence", "code"),
        [("DOOR", 0.5, "UNSURE"), ("ROAD", 0.9, "TOO_COARSE"), ("ROAD", 0.5, "TOO_COARSE")],
    )
    def test_says_what_is_wanting(self, town: Town, level: str, confidence: float, code: str) -> None:
        address = town.address(IN_C01, level=level, confidence=confidence, radius_m=900)
        bundle = town.bundle(town.holder(policy("P1", event(on=RUN_DATE)), addresses=[address]))
        assert bundle.review_code == code

    def test_a_community_code_needs_no_waiting(self, town: Town) -> None:
        address = town.address(IN_C01, "C03", level="ROAD", radius_m=900)
        decision = town.decide(town.holder(policy("P1", event(on=RUN_DATE)), addresses=[address]))
        assert (decision.team_code, decision.rung) == ("T-E2", "REGION_OWNER")

    @pytest.mark.parametrize("address", [None, "不详"])
    def test_what_nothing_is_known_of_does_not_wait(self, town: Town, address: str | None) -> None:
        addresses = [town.address(text=address)] if address else []
        decision = town.decide(town.holder(policy("P1", event(on=RUN_DATE)), addresses=addresses))
        assert (decision.state, decision.flags) == ("TEAM_POOL", ("ADDRESS_UNRESOLVED",))

    def test_when_the_hold_is_over_it_goes_the_way_of_the_not_locatable(self, town: Town) -> None:
        coarse = town.address(IN_C05, level="ROAD", radius_m=900)
        decision = town.decide(town.holder(orphan(of="A4"), addresses=[coarse]))
        assert (decision.team_code, decision.rung, decision.flags) == ("T-E2", "ORIGIN_TEAM", ("ADDRESS_UNRESOLVED",))
        assert outcomes(decision)["REGION_OWNER"] == "NOT_LOCATED"

    def test_while_it_waits_no_rung_is_asked(self, town: Town) -> None:
        coarse = town.address(IN_C01, level="ROAD", radius_m=900)
        wish = event("CUSTOMER_REQUEST", on=RUN_DATE, approved=True, designates="A6")
        decision = town.decide(town.holder(policy("P1", wish), addresses=[coarse]))
        assert decision == ("LOCATION_REVIEW", None, None, None, (), ())


class TestOutsideTheCity:
    @pytest.mark.parametrize(
        ("at", "code"),
        [
            ((0.005, 0.005), None),
            ((0.035, 0.005), None),
            ((0.040, 0.020), None),
            ((0.0401, 0.010), "OUTSIDE_CITY"),
            ((0.055, 0.005), "OUTSIDE_CITY"),
            (ABROAD, "OUTSIDE_CITY"),
        ],
        ids=[
            "own branch",
            "another branch of the city",
            "corner of the city",
            "just outside",
            "another city",
            "abroad",
        ],
    )
    def test_city_is_the_union_of_its_branches(self, town: Town, at: Place, code: str | None) -> None:
        outer = Town(branches="E E E W . Z\nE E E W . Z", cities={"Z": "Y"}, teams=town.teams)
        assert located(outer, outer.address(at)).review_code == code

    @pytest.mark.parametrize("kind", KINDS)
    def test_also_a_confirmed_address(self, town: Town, kind: str) -> None:
        assert located(town, town.address(ABROAD, kind=kind)).review_code == "OUTSIDE_CITY"

    def test_also_with_a_community_code(self, town: Town) -> None:
        assert located(town, town.address(ABROAD, "C01")).review_code == "OUTSIDE_CITY"

    @pytest.mark.parametrize(("level", "confidence"), [("CITY", 0.9), ("DOOR", 0.1)])
    def test_however_long_it_takes_and_however_coarse(self, town: Town, level: str, confidence: float) -> None:
        bundle = located(town, town.address(ABROAD, level=level, confidence=confidence))
        assert (bundle.review_code, bundle.hold_until) == ("OUTSIDE_CITY", None)

    def test_a_gap_between_the_branches_is_outside(self, town: Town) -> None:
        gap = Town(branches="E . W", teams=town.teams)
        assert located(gap, gap.address((0.015, 0.005))).review_code == "OUTSIDE_CITY"

    def test_a_city_without_a_known_area_has_no_outside(self, town: Town) -> None:
        unknown = Town(branches=".", cities={"E": "X"}, teams=town.teams)
        assert located(unknown, unknown.address(ABROAD)).review_code is None

    def test_nor_has_a_branch_of_no_known_city(self, town: Town) -> None:
        assert located(town, town.address(ABROAD), branch="nowhere").review_code is None

    def test_the_city_is_that_of_the_managing_branch(self, town: Town) -> None:
        two = Town(branches="E W", cities={"W": "Y"}, teams=town.teams)
        home = two.address((0.015, 0.005))
        assert located(two, home, branch="W").review_code is None
        assert located(two, home, branch="E").review_code == "OUTSIDE_CITY"


class TestBranchConflict:
    """Candidate addresses in different branches, none confirmed."""

    @pytest.mark.parametrize(
        ("home", "work", "conflict"),
        [
            (IN_C01, IN_C05, True),
            (IN_C01, IN_C02, False),
            (IN_C01, (0.030, 0.005), False),
            (IN_C05, (0.030, 0.005), False),
            (IN_C01, ABROAD, False),
            (IN_C01, None, False),
            (None, IN_C05, False),
        ],
        ids=[
            "two branches", "one branch", "border of both: own", "border of both: other", "outside counts for nothing",
            "one without a point", "the chosen without a point",
        ],
    )  # fmt: skip
    def test_no_single_branch_covers_them_all(
        self, town: Town, home: Place | None, work: Place | None, conflict: bool
    ) -> None:
        bundle = located(town, town.address(home, kind="HOME"), town.address(work, kind="WORK"))
        assert (bundle.review_code == "BRANCH_CONFLICT") is conflict

    def test_a_border_does_not_reconcile_two_others(self, town: Town) -> None:
        spread = zip(("POSTAL", "HOME", "WORK"), (IN_C01, (0.030, 0.005), IN_C05), strict=True)
        bundle = located(town, *(town.address(at, kind=kind) for kind, at in spread))
        assert bundle.review_code == "BRANCH_CONFLICT"

    @pytest.mark.parametrize("kind", ["CUSTOMER_CONFIRMED", "VISIT_CONFIRMED"])
    def test_a_confirmed_one_settles_it(self, town: Town, kind: str) -> None:
        addresses = [
            town.address(IN_C01, kind="HOME"),
            town.address(IN_C05, kind="WORK"),
            town.address(IN_C02, kind=kind),
        ]
        bundle = located(town, *addresses)
        assert (bundle.review_code, bundle.located_by) == (None, "POINT")

    def test_replaced_addresses_are_no_candidates(self, town: Town) -> None:
        old = town.address(IN_C05, kind="HOME", updated_on=date(2020, 1, 1))
        new = town.address(IN_C01, kind="HOME", updated_on=date(2021, 1, 1))
        assert located(town, old, new).review_code is None

    def test_lower_candidates_conflict_even_if_the_chosen_has_no_point(self, town: Town) -> None:
        nowhere = town.address(code="C01", kind="POSTAL")
        bundle = located(town, nowhere, town.address(IN_C01, kind="HOME"), town.address(IN_C05, kind="WORK"))
        assert bundle.review_code == "BRANCH_CONFLICT"

    def test_precedes_every_rung_and_waits_however_long(self, town: Town) -> None:
        ended = event(approved=True, designates="A6")
        addresses = [town.address(IN_C01, kind="HOME"), town.address(IN_C05, kind="WORK")]
        decision = town.decide(town.holder(policy("P1", ended), addresses=addresses))
        assert decision == ("LOCATION_REVIEW", None, None, None, (), ())


def test_a_coarse_point_in_another_branch_is_a_conflict_too() -> None:
    town = rulebook_town()
    addresses = [
        town.address((0.005, 0.005), kind="HOME"),
        town.address((0.035, 0.005), kind="WORK", level="ROAD"),
    ]
    assert town.decide(town.holder(orphan(), addresses=addresses)).state == "LOCATION_REVIEW"


def test_the_order_of_rows_never_chooses_between_addresses_of_one_day() -> None:
    town = rulebook_town()
    addresses = [town.address((0.005, 0.005)), town.address((0.025, 0.005))]
    first, second = (
        town.decide(town.holder(orphan(), addresses=rows)).team_code for rows in (addresses, addresses[::-1])
    )
    assert first == second


@pytest.mark.parametrize(("level", "state"), [("DISTRICT", "LOCATION_REVIEW"), ("NONE", "TEAM_POOL")])
def test_a_coarse_answer_without_a_point_waits_and_no_answer_does_not(level: str, state: str) -> None:
    town = rulebook_town()
    holder = town.holder(
        policy("P1", event(of="A8", on=RUN_DATE), servicer="A8"), addresses=[town.address(level=level)]
    )
    assert town.decide(holder).state == state
