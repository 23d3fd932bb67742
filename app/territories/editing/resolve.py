"""Settles a conflict: the edit that met somebody else's is done after all to the draft as it is now, or dropped."""

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping

from app.territories.editing.conflicts import Choice, mine_of, settle_conflict
from app.territories.editing.edit import Outcome, edit, outcome_of, save
from app.territories.editing.schemas import Verb
from app.territories.editing.verbs import work_out_claim
from app.territories.plans.errors import PlanNotEditable
from app.territories.plans.repository import lock_plan
from app.territories.validation.renew import renew_defects
from geo.coverage.errors import NothingThere
from geo.errors import GeoError

_VERB: TypeAdapter[Verb] = TypeAdapter(Verb)


def resolve(connection: Connection, plan_id: int, conflict_id: int, *, choice: Choice, by: str) -> Outcome:
    """Settles a conflict in the connection's transaction.

    MINE is the edit done again, so that what others did beside it stays. Where that cannot be done any more (its vertex is gone), the
    teams of the conflict get the territories that the edit would have made, as far as no other team loses land by it.
    Raises `PlanNotFound`, `PlanNotEditable`, `ConflictNotFound`, `ConflictSettled`, and for MINE what `edit` raises but `GeoError`s
    of a verb that the draft has no place for.
    """
    plan = lock_plan(connection, plan_id)
    if plan["state"] != "DRAFT":
        raise PlanNotEditable
    row = settle_conflict(connection, plan_id, conflict_id, choice=choice, by=by)
    renew_defects(connection, plan_id)
    if choice == "THEIRS":
        return Outcome(plan["branch_code"], plan["revision"], [])
    try:
        return edit(connection, plan_id, _VERB.validate_python(row["arguments"]), version=plan["revision"], by=by)
    except GeoError:
        return _claim(connection, plan_id, plan, row, by)


def _claim(connection: Connection, plan_id: int, plan: RowMapping, row: RowMapping, by: str) -> Outcome:
    try:
        worked = work_out_claim(connection, plan_id, mine_of(connection, row["id"]))
    except NothingThere:
        # It is so already.
        return Outcome(plan["branch_code"], plan["revision"], [])
    outcome = outcome_of(plan["branch_code"], plan["revision"], worked)
    return save(connection, plan_id, outcome, verb=row["verb"], arguments=row["arguments"], by=by)
