"""Makes a draft: of what is in force, of any version, of nothing, or of a published version that is to be taken up again."""

from datetime import date

from sqlalchemy import Connection, text

from app.db import lock_branches
from app.errors import UnknownOrganisation
from app.territories.editing.settle import settle_draft
from app.territories.plans import repository
from app.territories.plans.errors import BaseOfOtherBranch, PlanNotPublished
from app.territories.plans.move import move
from app.territories.validation.renew import renew_all
from app.territories.validation.repository import inherit_all

_BRANCH = text("SELECT FROM organisation WHERE code = :code AND level = 'branch'")


def make_draft(
    connection: Connection,
    branch_code: str,
    *,
    name: str,
    by: str,
    today: date,
    note: str | None = None,
    base_id: int | None = None,
    empty: bool = False,
    origin: str = "DRAWN",
) -> int:
    """A draft from the version `base_id`, else from the one in force today, else from none; its id. `empty`: without any territory.

    Its territories are put onto the editing grid (`settle_draft`). Raises `UnknownOrganisation`, `PlanNotFound`, `BaseOfOtherBranch`.
    """
    if connection.execute(_BRANCH, {"code": branch_code}).one_or_none() is None:
        raise UnknownOrganisation
    lock_branches(connection, [branch_code])
    if base_id is not None and repository.read_plan(connection, base_id)["branch_code"] != branch_code:
        raise BaseOfOtherBranch
    base = base_id if base_id is not None else repository.plan_in_force(connection, branch_code, today)
    made = repository.new_draft(
        connection,
        branch_code,
        name=name,
        note=note,
        origin=origin,
        base_id=base,
        content_id=None if empty else base,
        by=by,
    )
    settle_draft(connection, made, by)
    renew_all(connection, made, on=today)
    if not empty and base is not None:
        inherit_all(connection, made)
    return made


def roll_back(connection: Connection, plan_id: int, *, by: str, today: date) -> int:
    """A version with the territories of a published one, submitted for approval; its id. Published, it takes the old one up again.

    Its shapes are those of the old version, to the byte. Raises `PlanNotFound`, `PlanNotPublished`.
    """
    old = repository.read_plan(connection, plan_id)
    if old["state"] != "PUBLISHED":
        raise PlanNotPublished
    lock_branches(connection, [old["branch_code"]])
    made = repository.new_draft(
        connection,
        old["branch_code"],
        name=f"恢复 {old['name']}",
        origin="ROLLED_BACK",
        base_id=repository.plan_in_force(connection, old["branch_code"], today),
        content_id=plan_id,
        by=by,
    )
    move(connection, made, "submit", by=by)
    return made
