"""Intake: which events open a case on a date, what waits for approval, and what a case is made of."""

from datetime import date

import pytest

from app.allocation import intake
from app.allocation.domain import Case, Event, Policy, Refusal
from app.allocation.strategy import Strategy

from .maps import LEAVING, RUN_DATE, Town, event, orphan, policy, serviced

FREE = ["AGENT_TERMINATED", "TRANSFER_IN_DOMESTIC", "TRANSFER_IN_EXTERNAL", "NO_QUALIFIED_SERVICER"]
ON_APPROVAL = ["AGENT_REQUEST", "CUSTOMER_REQUEST", "OTHER_CHANNEL"]


@pytest.fixture
def opened(town: Town):
    """Opens the cases of one policyholder on a date: (cases, refusals)."""

    def open_them(*policies: Policy, on: date = RUN_DATE) -> tuple[list[Case], list[Refusal]]:
        town.team("M-E9", "E", {"gone": LEAVING, "back": 5}, force="MARKETING")
        return intake.open_cases(town.holder(*policies), town.world().agents, on, Strategy())

    return open_them


def numbers(cases: list[Case], *, pending: bool) -> list[str]:
    return [case.policy.policy_no for case in cases if case.pending == pending]


@pytest.mark.parametrize("reason", FREE)
def test_a_reason_that_needs_no_approval_opens_a_case(opened, reason: str) -> None:
    cases, refusals = opened(policy("P1", event(reason)))
    assert (numbers(cases, pending=False), refusals) == (["P1"], [])


@pytest.mark.parametrize("reason", ON_APPROVAL)
@pytest.mark.parametrize("approved", [True, False])
def test_a_reason_that_needs_approval_waits_for_it(opened, reason: str, approved: bool) -> None:
    cases, refusals = opened(policy("P1", event(reason, approved=approved)))
    assert (numbers(cases, pending=not approved), refusals) == (["P1"], [])


def test_the_reasons_that_need_approval_are_those_of_the_measures() -> None:
    assert set(ON_APPROVAL) == intake.NEEDS_APPROVAL


@pytest.mark.parametrize("reason", [*FREE, *ON_APPROVAL, "LAPSED_SELF_SOLD"])
def test_an_ended_policy_opens_nothing_and_is_listed(opened, reason: str) -> None:
    cases, refusals = opened(policy("P1", event(reason, event_id="E1"), status="ENDED"))
    assert (cases, refusals) == ([], [Refusal("E1", "P1", "POLICY_ENDED")])


@pytest.mark.parametrize(("on", "opens"), [(date(2026, 3, 9), True), (RUN_DATE, True), (date(2026, 3, 11), False)])
def test_only_events_up_to_the_run_s_date_open_a_case(opened, on: date, opens: bool) -> None:
    cases, refusals = opened(policy("P1", event(on=on)))
    assert (len(cases), refusals) == (int(opens), [])


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 9, 10), 6, date(2026, 3, 10)),
        (date(2025, 8, 28), 6, date(2026, 2, 28)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2023, 8, 29), 6, date(2024, 2, 29)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2024, 2, 29), 6, date(2024, 8, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 3, 31), 6, date(2025, 9, 30)),
        (date(2025, 12, 31), 6, date(2026, 6, 30)),
        (date(2025, 6, 30), 6, date(2025, 12, 30)),
        (date(2025, 12, 31), 0, date(2025, 12, 31)),
        (date(2025, 1, 31), 25, date(2027, 2, 28)),
    ],
)
def test_months_end_on_the_last_day_of_a_shorter_month(day: date, months: int, expected: date) -> None:
    assert intake.add_months(day, months) == expected


LAPSE = event("LAPSED_SELF_SOLD", of=None, on=date(2025, 9, 1), event_id="L")


@pytest.mark.parametrize(
    ("lapsed", "on", "code"),
    [
        (date(2025, 9, 10), date(2026, 3, 10), None),
        (date(2025, 9, 10), date(2026, 3, 9), "LAPSE_TOO_SHORT"),
        (date(2025, 8, 31), date(2026, 2, 28), None),
        (date(2025, 8, 31), date(2026, 2, 27), "LAPSE_TOO_SHORT"),
        (date(2025, 8, 29), date(2026, 2, 28), None),
        (date(2025, 9, 30), date(2026, 3, 29), "LAPSE_TOO_SHORT"),
        (date(2025, 9, 30), date(2026, 3, 30), None),
        (date(2027, 8, 31), date(2028, 2, 28), "LAPSE_TOO_SHORT"),
        (date(2027, 8, 31), date(2028, 2, 29), None),
        (date(2024, 2, 29), date(2026, 3, 10), None),
    ],
)
def test_a_lapse_is_tested_on_the_run_s_date(opened, lapsed: date, on: date, code: str | None) -> None:
    early = LAPSE._replace(event_on=lapsed)
    cases, refusals = opened(policy("P1", early, status="LAPSED", lapsed=lapsed, seller="A8"), on=on)
    assert [refusal.code for refusal in refusals] == ([code] if code else [])
    assert numbers(cases, pending=False) == ([] if code else ["P1"])


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"status": "IN_FORCE", "lapsed": date(2025, 1, 1), "seller": "A8"}, "NOT_LAPSED"),
        ({"status": "LAPSED", "lapsed": None, "seller": "A8"}, "NOT_LAPSED"),
        ({"status": "LAPSED", "lapsed": date(2025, 1, 1), "seller": None}, "SELLER_NOT_VALID"),
        ({"status": "LAPSED", "lapsed": date(2025, 1, 1), "seller": "nobody"}, "SELLER_NOT_VALID"),
        ({"status": "LAPSED", "lapsed": date(2025, 1, 1), "seller": "gone"}, "SELLER_NOT_VALID"),
        ({"status": "LAPSED", "lapsed": date(2025, 1, 1), "seller": "A5"}, None),
    ],
    ids=["in force", "no date", "no seller", "unknown seller", "seller left", "seller on leave is still valid"],
)
def test_a_lapse_counts_only_for_a_seller_with_a_valid_contract(opened, columns, code: str | None) -> None:
    cases, refusals = opened(policy("P1", LAPSE, **columns))
    assert refusals == ([Refusal("L", "P1", code)] if code else [])
    assert len(cases) == (code is None)


def test_the_months_of_a_lapse_are_configuration(town: Town) -> None:
    holder = town.holder(policy("P1", LAPSE, status="LAPSED", lapsed=date(2025, 12, 10), seller="A8"))
    for months, count in ((3, 1), (4, 0)):
        cases, _ = intake.open_cases(holder, town.world().agents, RUN_DATE, Strategy(lapse_months=months))
        assert len(cases) == count


UNAPPROVED = event("CUSTOMER_REQUEST", of="A1", on=date(2026, 1, 5))
APPROVED = event("OTHER_CHANNEL", of=None, on=date(2026, 1, 20), approved=True)
ENDED = event("AGENT_TERMINATED", of="A8", on=date(2026, 1, 10))
TOO_SHORT = event("LAPSED_SELF_SOLD", of="A8", on=date(2026, 1, 11))


@pytest.mark.parametrize(
    ("events", "pending", "reasons"),
    [
        ([UNAPPROVED, ENDED], False, ["CUSTOMER_REQUEST", "AGENT_TERMINATED"]),
        ([UNAPPROVED, APPROVED], False, ["CUSTOMER_REQUEST", "OTHER_CHANNEL"]),
        ([UNAPPROVED, event("AGENT_REQUEST")], True, ["CUSTOMER_REQUEST", "AGENT_REQUEST"]),
        ([UNAPPROVED, TOO_SHORT], True, ["CUSTOMER_REQUEST"]),
        ([ENDED, TOO_SHORT], False, ["AGENT_TERMINATED"]),
        ([ENDED, ENDED._replace(event_id="again", event_on=date(2026, 1, 12))], False, ["AGENT_TERMINATED"]),
    ],
    ids=[
        "one free",
        "one approved",
        "none valid",
        "the other fails",
        "a failing one joins nothing",
        "same reason twice",
    ],
)
def test_a_case_with_two_reasons_goes_on_if_one_is_valid_by_itself(
    opened, events: list[Event], pending: bool, reasons: list[str]
) -> None:
    (case,), _ = opened(policy("P1", *events))
    assert (case.pending, case.reasons) == (pending, reasons)


def test_the_first_event_names_the_origin(opened) -> None:
    (case,), _ = opened(policy("P1", ENDED, UNAPPROVED))
    assert case.origin_agent_code == "A1"


def test_an_event_that_fails_does_not_name_the_origin(opened) -> None:
    failing = TOO_SHORT._replace(event_on=date(2026, 1, 1), origin_agent_code="A2")
    (case,), (refusal,) = opened(policy("P1", failing, ENDED))
    assert (case.origin_agent_code, refusal.code) == ("A8", "NOT_LAPSED")


class TestCombinedPolicies:
    def test_an_event_on_one_part_brings_the_others_along(self, opened) -> None:
        cases, _ = opened(serviced("P1", "A8", combination="K"), orphan("P2", combination="K"), serviced("P3", "A8"))
        assert numbers(cases, pending=False) == ["P1", "P2"]
        assert cases[0].events == cases[1].events

    def test_parts_of_another_combination_stay(self, opened) -> None:
        still = [serviced(number, "A8", combination="K") for number in ("P1", "P3")]
        cases, _ = opened(*still, orphan("P2", combination="L"), serviced("P4", "A8", combination="L"))
        assert numbers(cases, pending=False) == ["P2", "P4"]

    def test_an_ended_part_stays(self, opened) -> None:
        cases, refusals = opened(serviced("P1", "A8", combination="K", status="ENDED"), orphan("P2", combination="K"))
        assert (numbers(cases, pending=False), refusals) == (["P2"], [])

    def test_an_event_on_an_ended_part_brings_nothing(self, opened) -> None:
        cases, refusals = opened(orphan("P1", combination="K", status="ENDED"), serviced("P2", "A8", combination="K"))
        assert (cases, [refusal.code for refusal in refusals]) == ([], ["POLICY_ENDED"])

    def test_a_part_that_waits_holds_all(self, opened) -> None:
        cases, _ = opened(
            orphan("P1", combination="K"),
            policy("P2", UNAPPROVED, combination="K"),
            serviced("P3", "A8", combination="K"),
            orphan("P4"),
        )
        assert numbers(cases, pending=True) == ["P1", "P2", "P3"]
        assert numbers(cases, pending=False) == ["P4"]

    def test_a_part_brought_along_by_a_waiting_one_waits(self, opened) -> None:
        cases, _ = opened(serviced("P1", "A8", combination="K"), policy("P2", UNAPPROVED, combination="K"))
        assert numbers(cases, pending=True) == ["P1", "P2"]

    def test_approval_lets_all_go_on(self, opened) -> None:
        approved = UNAPPROVED._replace(approval_ref="approval")
        cases, _ = opened(orphan("P1", combination="K"), policy("P2", approved, combination="K"))
        assert numbers(cases, pending=False) == ["P1", "P2"]

    def test_a_part_whose_own_event_fails_is_still_brought_along(self, opened) -> None:
        cases, refusals = opened(policy("P1", TOO_SHORT, combination="K"), orphan("P2", combination="K"))
        assert numbers(cases, pending=False) == ["P1", "P2"]
        assert cases[0].reasons == ["AGENT_TERMINATED"]
        assert [refusal.code for refusal in refusals] == ["NOT_LAPSED"]

    def test_a_part_brought_along_has_the_events_of_all_that_brought_it_oldest_first(self, opened) -> None:
        cases, _ = opened(
            policy("P1", ENDED, combination="K"),
            policy(
                "P2",
                ENDED._replace(event_id="older", event_on=date(2026, 1, 2), origin_agent_code="A2"),
                combination="K",
            ),
            serviced("P3", "A8", combination="K"),
        )
        assert [known.origin_agent_code for known in cases[2].events] == ["A2", "A8"]
        assert cases[2].origin_agent_code == "A2"
        assert [known.origin_agent_code for known in cases[0].events] == ["A8"]

    def test_events_of_one_day_come_by_their_numbers(self, opened) -> None:
        origins = ["A1", "A2", "A3", "A4", "A5", "A6"]
        rows = [event(of=code, event_id=f"E{number}") for number, code in enumerate(origins)]
        parts = [policy(f"P{number}", row, combination="K") for number, row in enumerate(reversed(rows))]
        cases, _ = opened(*parts, serviced("P9", "A8", combination="K"))
        assert [known.origin_agent_code for known in cases[-1].events] == origins


FORMALITIES = date(2026, 3, 5)


@pytest.mark.parametrize(
    ("term", "formalities", "due"),
    [
        (5, [FORMALITIES], date(2026, 4, 4)),
        (1, [FORMALITIES], date(2026, 4, 4)),
        (0, [FORMALITIES], None),
        (None, [FORMALITIES], date(2026, 4, 4)),
        (5, [None], None),
        (5, [date(2026, 3, 9), FORMALITIES, None], date(2026, 4, 4)),
    ],
    ids=["five years", "one year", "short term", "unknown term is longer", "no formalities yet", "earliest of several"],
)
def test_notice_is_due_for_contracts_of_a_year_or_longer(opened, term, formalities, due) -> None:
    events = [event(event_id=str(i), formalities=day) for i, day in enumerate(formalities)]
    (case,), _ = opened(policy("P1", *events, term=term))
    assert case.notice_due_on == due


def test_days_to_the_notice_are_configuration() -> None:
    due = intake.notice_due(policy("P1"), [event(formalities=FORMALITIES)], Strategy(notice_days=10))
    assert due == date(2026, 3, 15)


@pytest.mark.parametrize(
    ("columns", "serviced_by_collection"),
    [
        ({}, False),
        ({"seller": "A1"}, False),
        ({"collection": True}, True),
        ({"servicer": "A1"}, True),
        ({"servicer": "A8"}, False),
        ({"servicer": "nobody"}, False),
    ],
    ids=["marketing alone", "the seller is irrelevant", "history", "present servicer", "marketing servicer", "unknown"],
)
def test_h1_is_keyed_on_the_servicing_history(opened, columns, serviced_by_collection: bool) -> None:
    (case,), _ = opened(policy("P1", event(of="A8"), **columns))
    assert case.collection_serviced is serviced_by_collection


@pytest.mark.parametrize(
    ("origins", "expected"), [(["A8"], False), (["A1"], True), (["A8", "A1"], True), ([None], False)]
)
def test_h1_counts_the_force_of_every_origin(opened, origins: list[str | None], expected: bool) -> None:
    events = [event(of=code, event_id=str(i)) for i, code in enumerate(origins)]
    (case,), _ = opened(policy("P1", *events))
    assert case.collection_serviced is expected
