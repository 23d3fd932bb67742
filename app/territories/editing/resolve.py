"""Settles a conflict: the edit that met somebody else's is done again to the draft as it is now, or dropped."""

from pydantic import TypeAdapter
from sqlalchemy import Connection

from app.territories.editing.conflicts import Choice, settle_conflict
from app.territories.editing.edit import Outcome, edit
from app.territories.editing.schemas import Verb
from app.territories.plans.errors import PlanNotEditable
from app.territories.plans.repository import lock_plan
from app.territories.validation.renew import renew_defects

_VERB: TypeAdapter[Verb] = TypeAdapter(Verb)


def resolve(connection: Connection, plan_id: int, conflict_id: int, *, choice: Choice, by: str) -> Outcome:
    """Settles a conflict in the connection's transaction. Where the edit cannot be done any more, the conflict stays open.

    Raises `PlanNotFound`, `PlanNotEditable`, `ConflictNotFound`, `ConflictSettled`, and for MINE what `edit` raises.
    """
    plan = lock_plan(connection, plan_id)
    if plan["state"] != "DRAFT":
        raise PlanNotEditable
    row = settle_conflict(connection, plan_id, conflict_id, choice=choice, by=by)
    renew_defects(connection, plan_id)
    if choice == "THEIRS":
        return Outcome(plan["branch_code"], plan["revision"], [])
    verb = _VERB.validate_python(row["arguments"])
    return edit(connection, plan_id, verb, version=plan["revision"], by=by)
