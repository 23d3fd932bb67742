"""What a change means, against a whole re-join by hand: every customer asked of every territory before and after, by GEOS."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine, text

from app.allocation.grouping import current_addresses
from app.allocation.repository import facts
from app.allocation.repository.world import add_loads, read_organisation, read_strategy
from app.territories.consequences.measure import Change, Consequences, Ground, consequences, touched

from .branch import (
    ON,
    STATES,
    TEAMS,
    AddressOf,
    CustomerOf,
    PolicyOf,
    add_address,
    add_customer,
    add_customers,
    build_branch,
)

CELLS = 5
SIDE = 0.01
EAST, NORTH = 120.0, 30.0
KINDS = ("CUSTOMER_CONFIRMED", "VISIT_CONFIRMED", "POSTAL", "HOME", "WORK")
HELD = {"PROPOSED", "TEAM_POOL", "ASSIGNED"}
Map = Mapping[str, BaseGeometry]


def cell(column: int, row: int) -> BaseGeometry:
    return box(EAST + column * SIDE, NORTH + row * SIDE, EAST + (column + 1) * SIDE, NORTH + (row + 1) * SIDE)


def territories(owner: np.ndarray, spread: str | None) -> dict[str, BaseGeometry]:
    """Team → the union of its cells; the team `spread` reaches half a cell beyond them, so that it overlaps others."""
    found = {}
    for number, code in enumerate(TEAMS):
        cells = [cell(column, row) for column, row in np.argwhere(owner == number).tolist()]
        if cells:
            area = shapely.union_all(cells)
            found[code] = area.buffer(SIDE / 2, join_style="mitre") if code == spread else area
    return found


def random_customers(rng: np.random.Generator, count: int) -> list[CustomerOf]:
    made = []
    for number in range(count):
        customer = CustomerOf(f"H{number:03}")
        for _ in range(int(rng.integers(0, 4))):
            state = str(rng.choice(STATES)) if rng.random() < 0.5 else None
            customer.policies.append(
                PolicyOf(
                    premium=Decimal(int(rng.integers(0, 1_000_000))) / 100,
                    status=str(rng.choice(["IN_FORCE", "LAPSED", "ENDED"], p=[0.7, 0.2, 0.1]))
                    if state is None
                    else "LAPSED",
                    servicer=f"{rng.choice(TEAMS)}-{rng.choice(['a', 'z'])}" if rng.random() < 0.8 else None,
                    state=state,
                    team=str(rng.choice(TEAMS)) if state in HELD else None,
                )
            )
        for order in rng.permutation(int(rng.integers(0, 4))).tolist():
            point = tuple(float(at) for at in rng.uniform(-0.5, CELLS + 0.5, 2))
            if rng.random() < 0.4:  # on a border, often on a corner
                point = tuple(float(at) for at in np.round(np.array(point) * 2) / 2)
            place = (EAST + point[0] * SIDE, NORTH + point[1] * SIDE)
            address = AddressOf(
                str(rng.choice(KINDS)), ON - timedelta(days=int(rng.integers(0, 2))), text=f"庐山路{order}号"
            )
            what = rng.random()
            if what < 0.5:
                address.given = place
            elif what < 0.9:
                address.found, address.level = place, str(rng.choice(["DOOR", "COMMUNITY", "ROAD", "CITY"]))
            customer.addresses.append(address)
        made.append(customer)
    return made


def service_points(connection: Connection) -> dict[str, tuple[float, float]]:
    """Holder → the point of the address that the allocation's own code chooses, if it is precise."""
    rows = [
        tuple(row)
        for row in connection.execute(text(facts.ADDRESSES.format(scope="true") + " ORDER BY p.policyholder_id, p.id"))
    ]
    policies = [
        tuple(row)
        for row in connection.execute(text(facts.POLICIES.format(scope="true") + " ORDER BY p.policyholder_id"))
    ]
    nowhere = [(1.0, (), (), (), False, False)] * len(rows)
    found = {}
    for holder in facts.holders(policies, [], rows, nowhere):
        chosen = current_addresses(holder.addresses)
        if chosen and chosen[0].lon is not None and chosen[0].lat is not None:
            sure = chosen[0].given or chosen[0].confirmed or chosen[0].level in facts.PRECISE_LEVELS
            if sure:
                found[holder.policyholder_id] = (chosen[0].lon, chosen[0].lat)
    return found


def owners(areas: Map, place: tuple[float, float]) -> tuple[str, ...]:
    return tuple(sorted(code for code, area in areas.items() if shapely.covers(area, Point(place))))


def check(connection: Connection, found: Consequences, customers: list[CustomerOf], before: Map, after: Map) -> None:
    """Every figure of the consequences, counted by hand."""
    points = service_points(connection)
    world = read_organisation(connection, ON, read_strategy(connection)).world()
    add_loads(connection, world)
    loads = {code: world.teams[code].load for code in TEAMS}
    after_loads = dict(loads)
    moves: dict[tuple[tuple[str, ...], tuple[str, ...]], Counter[str]] = {}
    totals: dict[tuple[str, str], Counter[str]] = {
        (when, code): Counter() for when in ("before", "after") for code in TEAMS
    }
    for customer in customers:
        opened = [policy for policy in customer.policies if policy.status != "ENDED"]
        if not opened or customer.id not in points:
            continue
        old, new = owners(before, points[customer.id]), owners(after, points[customer.id])
        count: Counter[str] = Counter(customers=1)
        for policy in opened:
            orphan = policy.state not in (None, "CLOSED")
            count["policies"] += 1
            count["cents"] += int(policy.premium * 100)
            count["orphans"] += orphan
            count["unassigned"] += orphan and policy.state not in ("TEAM_POOL", "ASSIGNED")
        kept = {
            (when, code): sum(
                policy.state not in (None, "CLOSED")
                and (
                    policy.team is None
                    or policy.team == code
                    or (when == "after" and len(old) == 1 and policy.team == old[0])
                )
                for policy in opened
            )
            for when in ("before", "after")
            for code in TEAMS
        }
        carried = 0
        if len(old) == len(new) == 1 and old != new:
            for policy in opened:
                serving = policy.state in (None, "CLOSED", "PENDING_APPROVAL") and policy.servicer == f"{old[0]}-a"
                carried += serving or policy.team == old[0]
            after_loads[old[0]] -= carried
            after_loads[new[0]] += carried
        if old != new:
            moves.setdefault((old, new), Counter()).update({**count, "carried": carried})
        for when, those in (("before", old), ("after", new)):
            for code in those:
                if len(those) == 1:
                    totals[when, code].update({**count, "kept": kept[when, code]})
                else:
                    totals[when, code]["shared"] += 1
    assert {
        (move.from_team_codes, move.to_team_codes): (
            move.customers,
            move.policies,
            int(move.premium * 100),
            move.orphans,
            move.unassigned,
            move.carried,
        )
        for move in found.moves
    } == {
        key: tuple(count[name] for name in ("customers", "policies", "cents", "orphans", "unassigned", "carried"))
        for key, count in moves.items()
    }
    for team in found.teams:
        for when, figures, load in (
            ("before", team.before, loads[team.team_code]),
            ("after", team.after, after_loads[team.team_code]),
        ):
            count = totals[when, team.team_code]
            assert (
                figures.customers,
                figures.shared,
                figures.policies,
                int(figures.premium * 100),
                figures.orphans,
                figures.unassigned,
                figures.kept_in_team,
                figures.load,
                figures.capacity,
            ) == (
                count["customers"],
                count["shared"],
                count["policies"],
                count["cents"],
                count["orphans"],
                count["unassigned"],
                count["kept"],
                load,
                50,
            ), (team.team_code, when)
            assert figures.load_ratio == round(load / 50, 4)
            assert figures.kept_in_team_rate == (
                round(count["kept"] / count["orphans"], 4) if count["orphans"] else None
            )
    for spread, those in ((found.balance_before, loads), (found.balance_after, after_loads)):
        values = list(those.values())
        assert (spread.teams, spread.most, spread.least) == (len(TEAMS), max(values), min(values))
        gini = sum(Fraction(abs(a - b)) for a, b in itertools.product(values, values)) / (
            2 * len(values) * sum(values) or 1
        )
        assert spread.gini == pytest.approx(float(gini), abs=1e-4)
        assert spread.ratio == (round(max(values) / min(values), 4) if min(values) else None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_it_is_what_a_whole_rejoin_finds(connection: Connection, seed: int, anew: bool) -> None:
    """`anew`: nearly all is drawn anew, and counts as many territories."""
    rng = np.random.default_rng(seed)
    inner = connection.begin_nested()
    try:
        build_branch(connection)
        customers = random_customers(rng, int(rng.integers(0, 80)))
        add_customers(connection, customers)
        owner = rng.integers(-1, len(TEAMS), (CELLS, CELLS))
        later = np.where(
            rng.random((CELLS, CELLS)) < (1.0 if anew else 0.3), rng.integers(-1, len(TEAMS), (CELLS, CELLS)), owner
        )
        spread = str(rng.choice(TEAMS)) if rng.random() < 0.5 else None
        before, after = territories(owner, spread), territories(later, spread)
        changing = [
            code for code in TEAMS if not shapely.equals(before.get(code), after.get(code)) or rng.random() < 0.2
        ]
        changes = [Change(code, before.get(code), after.get(code)) for code in changing]
        around = {code: area for code, area in before.items() if code not in changing}
        with patch("app.territories.consequences.owning.MANY", 0 if anew else 100):
            found = consequences(connection, "B", changes, ON, around=around)
        assert [team.team_code for team in found.teams] == changing
        check(connection, found, customers, before, after)
    finally:
        inner.rollback()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1))
def test_steps_one_after_the_other_come_to_what_they_come_to_at_once(connection: Connection, seed: int) -> None:
    """A draft is drawn in two steps: the second begins with the figures that the first ended with, and both end with those of the whole."""
    rng = np.random.default_rng(seed)
    inner = connection.begin_nested()
    try:
        build_branch(connection)
        add_customers(connection, random_customers(rng, int(rng.integers(0, 80))))
        owner = rng.integers(-1, len(TEAMS), (CELLS, CELLS))
        maps = [owner]
        for _ in range(2):
            maps.append(
                np.where(rng.random((CELLS, CELLS)) < 0.3, rng.integers(-1, len(TEAMS), (CELLS, CELLS)), maps[-1])
            )
        spread = str(rng.choice(TEAMS)) if rng.random() < 0.5 else None
        base, draft, end = (territories(each, spread) for each in maps)

        def between(old: Map, new: Map, codes: list[str], ground: Ground | None = None) -> Consequences:
            changes = [Change(code, old.get(code), new.get(code)) for code in codes]
            around = {code: area for code, area in old.items() if code not in codes}
            return consequences(connection, "B", changes, ON, around=around, ground=ground)

        first = between(base, draft, list(TEAMS))
        whole = between(base, end, list(TEAMS))
        gained = {team.team_code: team.after.load - team.before.load for team in first.teams}
        codes = [code for code in TEAMS if not shapely.equals(draft.get(code), end.get(code)) or rng.random() < 0.2]
        step = between(draft, end, codes, Ground(base, gained))
        after_first = {team.team_code: team.after for team in first.teams}
        after_whole = {team.team_code: team.after for team in whole.teams}
        for team in step.teams:
            assert team.before == after_first[team.team_code]
            assert team.after == after_whole[team.team_code]
        assert step.balance_before == first.balance_after
        assert step.balance_after == whole.balance_after
    finally:
        inner.rollback()


def square(x0: float, x1: float) -> MultiPolygon:
    return MultiPolygon([box(EAST + x0, NORTH, EAST + x1, NORTH + 1)])


def at(x: float, y: float = 0.5) -> tuple[float, float]:
    return (EAST + x, NORTH + y)


def customer(name: str, x: float, policies: int = 1, **what: object) -> CustomerOf:
    return CustomerOf(
        name,
        [PolicyOf(Decimal("100.00"), servicer="T0-a", **what) for _ in range(policies)],  # type: ignore[arg-type]
        [AddressOf("HOME", ON, given=at(x))],
    )


def test_a_point_on_the_new_border_is_shared_and_counts_once(connection: Connection) -> None:
    build_branch(connection)
    add_customers(connection, [customer("A", 0.25), customer("B", 0.5), customer("C", 0.75)])
    changes = [Change("T0", square(0, 1), square(0, 0.5)), Change("T1", square(1, 2), square(0.5, 2))]
    found = consequences(connection, "B", changes, ON)
    assert [(m.from_team_codes, m.to_team_codes, m.customers) for m in found.moves] == [
        (("T0",), ("T0", "T1"), 1),
        (("T0",), ("T1",), 1),
    ]
    t0, t1 = found.teams
    assert (t0.before.customers, t0.before.shared, t0.after.customers, t0.after.shared) == (3, 0, 1, 1)
    assert (t1.before.customers, t1.after.customers, t1.after.shared) == (0, 1, 1)
    assert (t0.before.load, t0.after.load, t1.after.load) == (3, 2, 1)


def test_what_a_neighbour_covers_too_is_shared_if_the_neighbour_is_told(connection: Connection) -> None:
    build_branch(connection)
    add_customers(connection, [customer("A", 0.5)])
    changes = [Change("T0", square(0, 1), None)]
    alone = consequences(connection, "B", changes, ON)
    assert [(m.from_team_codes, m.to_team_codes) for m in alone.moves] == [(("T0",), ())]
    beside = consequences(connection, "B", changes, ON, around={"T2": square(0.5, 3), "T0": square(0, 9)})
    assert [(m.from_team_codes, m.to_team_codes) for m in beside.moves] == [(("T0", "T2"), ("T2",))]


def test_nothing_changes_where_nothing_changes(connection: Connection) -> None:
    build_branch(connection)
    add_customers(connection, [customer("A", 0.5)])
    found = consequences(connection, "B", [Change("T0", square(0, 1), square(0, 1).normalize())], ON)
    assert found.moves == ()
    assert found.teams[0].before == found.teams[0].after
    assert found.balance_before == found.balance_after


def moved(engine: Engine) -> list[tuple[tuple[str, ...], tuple[str, ...], int, int]]:
    with engine.connect() as connection:
        found = consequences(connection, "B", [Change("T0", square(0, 1), None), Change("T1", None, square(0, 1))], ON)
    return [(m.from_team_codes, m.to_team_codes, m.policies, m.orphans) for m in found.moves]


@pytest.fixture
def branch(database_url: str) -> Engine:
    from app.db import make_engine

    engine = make_engine(database_url)
    with engine.begin() as connection:
        build_branch(connection)
        add_customers(connection, [customer(f"H{n}", 0.1 + n / 100) for n in range(10)])
    yield engine
    engine.dispose()


def test_every_change_is_seen_at_once(branch: Engine) -> None:
    assert moved(branch) == [(("T0",), ("T1",), 10, 0)]

    def then(statement: str, **values: object) -> list[tuple[tuple[str, ...], tuple[str, ...], int, int]]:
        with branch.begin() as connection:
            connection.execute(text(statement), values)
        return moved(branch)

    assert then("UPDATE policy SET status = 'ENDED' WHERE policyholder_id = 'H1'") == [(("T0",), ("T1",), 9, 0)]
    assert then("UPDATE address SET point = ST_SetSRID(ST_MakePoint(0, 0), 4490) WHERE policyholder_id = 'H2'") == [
        (("T0",), ("T1",), 8, 0)
    ]
    with branch.begin() as connection:
        add_address(connection, "H2", AddressOf("POSTAL", date(2020, 1, 1), found=at(0.5)))
    assert moved(branch) == [(("T0",), ("T1",), 9, 0)]
    assert then("UPDATE location SET level = 'CITY'") == [(("T0",), ("T1",), 8, 0)]
    assert then("DELETE FROM location") == [(("T0",), ("T1",), 8, 0)]
    assert then("DELETE FROM address WHERE policyholder_id = 'H2' AND kind = 'POSTAL'") == [(("T0",), ("T1",), 8, 0)]
    assert then(
        """INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, first_event_on,
               collection_serviced) VALUES ('H3-0', 'H3', 'B', 'LOCATED', true, '{}', '{}', '2026-03-01', false)"""
    ) == [(("T0",), ("T1",), 8, 1)]
    assert then("UPDATE policy SET policyholder_id = 'H4' WHERE policyholder_id = 'H5'") == [(("T0",), ("T1",), 8, 1)]
    with branch.begin() as connection:
        add_customer(connection, customer("NEW", 0.3, policies=2))
    assert moved(branch) == [(("T0",), ("T1",), 10, 1)]
    assert then("DELETE FROM orphan_case; DELETE FROM address WHERE policyholder_id = 'NEW'") == [
        (("T0",), ("T1",), 8, 0)
    ]
    assert then("TRUNCATE policy CASCADE") == []


def test_what_is_rolled_back_was_never_there(branch: Engine) -> None:
    assert moved(branch) == [(("T0",), ("T1",), 10, 0)]
    with branch.connect() as connection:
        add_customer(connection, customer("NEW", 0.3))
        changes = [Change("T0", square(0, 1), None)]
        own = consequences(connection, "B", changes, ON)
        assert own.policies == 11
        assert moved(branch) == [(("T0",), ("T1",), 10, 0)]
        connection.rollback()
    assert moved(branch) == [(("T0",), ("T1",), 10, 0)]


def test_a_transaction_that_commits_late_is_not_missed(branch: Engine) -> None:
    moved(branch)
    with branch.begin() as slow:
        add_customer(slow, customer("SLOW", 0.3))
        with branch.begin() as quick:
            add_customer(quick, customer("QUICK", 0.3))
        assert moved(branch) == [(("T0",), ("T1",), 11, 0)]
    assert moved(branch) == [(("T0",), ("T1",), 12, 0)]


def test_many_changes_at_once_and_many_one_by_one(branch: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.territories.consequences import customers

    monkeypatch.setattr(customers, "MOST_CHANGES", 5)
    moved(branch)
    for number in range(12):
        with branch.begin() as connection:
            add_customer(connection, customer(f"N{number}", 0.3))
        assert moved(branch) == [(("T0",), ("T1",), 11 + number, 0)]
    with branch.begin() as connection:
        connection.execute(
            text(
                """WITH holder AS (INSERT INTO policyholder (id) SELECT 'M' || n FROM generate_series(1, 10050) AS n RETURNING id),
                placed AS (INSERT INTO address (policyholder_id, kind, text, point)
                    SELECT id, 'HOME', '', ST_SetSRID(ST_MakePoint(120.2, 30.2), 4490) FROM holder)
                INSERT INTO policy (policy_no, policyholder_id, branch_code, status, served_by_collection)
                SELECT id, id, 'B', 'IN_FORCE', false FROM holder"""
            )
        )
        notes = connection.execute(
            text("SELECT count(*) FROM customer_change WHERE policyholder_id IS NULL")
        ).scalar_one()
    assert notes == 2
    assert moved(branch) == [(("T0",), ("T1",), 22 + 10_050, 0)]


def test_touched_counts_customers_and_orphans_of_each_area(connection: Connection) -> None:
    build_branch(connection)
    add_customers(
        connection, [customer("A", 0.25, policies=2, state="LOCATED"), customer("B", 0.5), customer("C", 0.75)]
    )
    areas = [square(0, 0.5), square(0.5, 1), square(3, 4), MultiPolygon(), None, Point(at(0.5)), square(0, 1)]
    assert touched(connection, areas) == [(2, 2), (2, 0), (0, 0), (0, 0), (0, 0), (0, 0), (3, 2)]
