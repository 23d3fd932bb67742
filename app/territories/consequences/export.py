"""The policies that change hands, row by row, as CSV."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, RowMapping

from app.access.masking import mask_name, mask_phone
from app.allocation.export import harmless
from app.allocation.repository.reading import team_names
from app.territories.consequences.owning import Owners
from app.territories.consequences.repository import read_policies_of

COLUMNS = (
    "policy_no",
    "policyholder_id",
    "policyholder",
    "phone",
    "branch_code",
    "product",
    "premium",
    "status",
    "case_state",
    "from_team_codes",
    "from_teams",
    "to_team_codes",
    "to_teams",
    "carried_by_team_code",
    "carried_by_agent_code",
)

HOLDERS = 20_000
"""Policyholders whose policies are read at a time."""


def write_policies(connection: Connection, moving: Iterable[tuple[str, Owners, Owners]]) -> bytes:
    """A row for each open policy of the policyholders that change hands, by policy number; names masked, several teams with `;`."""
    names = team_names(connection)
    owners = {holder: (old, new) for holder, old, new in moving}
    holders = sorted(owners)
    rows: list[tuple[str, ...]] = []
    for start in range(0, len(holders), HOLDERS):
        found = read_policies_of(connection, holders[start : start + HOLDERS])
        rows += [_row(policy, *owners[policy["policyholder_id"]], names) for policy in found]
    rows.sort()
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return written.getvalue().encode()


def _row(policy: RowMapping, old: Owners, new: Owners, names: Mapping[str, str]) -> tuple[str, ...]:
    def named(codes: Sequence[str]) -> str:
        return ";".join(names.get(code, code) for code in codes)

    return (
        policy["policy_no"],
        policy["policyholder_id"],
        mask_name(policy["name"]) or "",
        mask_phone(policy["phone"]) or "",
        policy["branch_code"],
        policy["product"] or "",
        "" if policy["premium"] is None else str(policy["premium"]),
        policy["status"],
        policy["state"] or "",
        ";".join(old),
        named(old),
        ";".join(new),
        named(new),
        policy["holder_team_code"] or "",
        policy["agent_code"] or "",
    )
