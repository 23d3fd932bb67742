"""A branch with teams and customers, written row by row so that a test knows every one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, text

from app.allocation.loads import refresh

ON = date(2026, 3, 10)
TEAMS = ("T0", "T1", "T2", "T3")
STATES = ("LOCATED", "PROPOSED", "TEAM_POOL", "ASSIGNED", "PENDING_APPROVAL", "CITY_REVIEW", "CLOSED")


@dataclass
class PolicyOf:
    """A policy: who services it, the state of its case, the team that its live allocation names."""

    premium: Decimal
    status: str = "IN_FORCE"
    servicer: str | None = None
    state: str | None = None
    team: str | None = None


@dataclass
class AddressOf:
    """An address: its kind, its day, its own point, and the geocoder's point and level."""

    kind: str
    updated_on: date | None
    given: tuple[float, float] | None = None
    found: tuple[float, float] | None = None
    level: str = "DOOR"
    text: str = "庐山路"


@dataclass
class CustomerOf:
    """A policyholder with policies and addresses."""

    id: str
    policies: list[PolicyOf] = field(default_factory=list)
    addresses: list[AddressOf] = field(default_factory=list)


def build_branch(connection: Connection, teams: Sequence[str] = TEAMS) -> None:
    """A branch B of a city, collection teams with two agents each (the second one left), a strategy's run to allocate by."""
    connection.execute(
        text(
            """INSERT INTO organisation (code, level, parent_code, name)
            VALUES ('P', 'province', NULL, '省公司'), ('C', 'city', 'P', '市公司'), ('B', 'branch', 'C', '一支公司')"""
        )
    )
    for team in teams:
        connection.execute(
            text(
                """INSERT INTO team (code, branch_code, name, force, takes_part, capacity)
                VALUES (:team, 'B', :team || '队', 'COLLECTION', true, 50)"""
            ),
            {"team": team},
        )
        connection.execute(
            text(
                """INSERT INTO agent (code, team_code, force, name, is_lead, state, qualified, capacity)
                VALUES (:team || '-a', :team, 'COLLECTION', '甲', true, '01', true, 100),
                       (:team || '-z', :team, 'COLLECTION', '乙', false, '04', true, 100)"""
            ),
            {"team": team},
        )
    connection.execute(
        text(
            "INSERT INTO run (as_of, status, strategy_version) SELECT '2026-03-01', 'CONFIRMED', max(version) FROM strategy"
        )
    )


def add_customers(connection: Connection, customers: Sequence[CustomerOf]) -> None:
    """Write them, and count the loads anew."""
    for customer in customers:
        add_customer(connection, customer)
    refresh(connection)


def add_customer(connection: Connection, customer: CustomerOf) -> None:
    """Write one."""
    connection.execute(
        text("INSERT INTO policyholder (id, name, phone) VALUES (:id, '王小明', '19912340000')"), {"id": customer.id}
    )
    for number, policy in enumerate(customer.policies):
        add_policy(connection, customer.id, f"{customer.id}-{number}", policy)
    for address in customer.addresses:
        add_address(connection, customer.id, address)


def add_policy(connection: Connection, holder: str, policy_no: str, policy: PolicyOf) -> None:
    """Write a policy with its case and live allocation."""
    values = {
        "no": policy_no,
        "holder": holder,
        "premium": policy.premium,
        "status": policy.status,
        "servicer": policy.servicer,
    }
    connection.execute(
        text(
            """INSERT INTO policy (policy_no, policyholder_id, branch_code, premium, status, servicer_code, served_by_collection)
            VALUES (:no, :holder, 'B', :premium, :status, :servicer, false)"""
        ),
        values,
    )
    if policy.state is None:
        return
    case = connection.execute(
        text(
            """INSERT INTO orphan_case (policy_no, policyholder_id, branch_code, state, open, reasons, event_ids, first_event_on,
                   collection_serviced)
            VALUES (:no, :holder, 'B', :state, :state <> 'CLOSED', '{}', '{}', '2026-03-01', false) RETURNING id"""
        ),
        {**values, "state": policy.state},
    ).scalar_one()
    if policy.team is not None:
        connection.execute(
            text(
                """INSERT INTO allocation (case_id, collection_serviced, run_id, team_code, team_force, live)
                SELECT :case, false, max(id), :team, 'COLLECTION', true FROM run"""
            ),
            {"case": case, "team": policy.team},
        )


def add_address(connection: Connection, holder: str, address: AddressOf) -> None:
    """Write an address with what the geocoder found."""
    values = {"holder": holder, "kind": address.kind, "day": address.updated_on, "text": address.text}
    given = address.given or (None, None)
    row = connection.execute(
        text(
            """INSERT INTO address (policyholder_id, kind, text, updated_on, point)
            VALUES (:holder, :kind, :text, :day, ST_SetSRID(ST_MakePoint(:x, :y), 4490)) RETURNING id"""
        ),
        {**values, "x": given[0], "y": given[1]},
    ).scalar_one()
    if address.found is not None:
        connection.execute(
            text(
                """INSERT INTO location (address_id, point, level, confidence, provider, gazetteer_version)
                VALUES (:id, ST_SetSRID(ST_MakePoint(:x, :y), 4490), :level, 0.9, 'offline', 'g')"""
            ),
            {"id": row, "x": address.found[0], "y": address.found[1], "level": address.level},
        )
