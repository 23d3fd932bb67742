"""What a step of drawing would mean: the draft with it, against the draft as it is."""

from datetime import date

from sqlalchemy import Connection

from app.territories.consequences.measure import Change, Consequences, consequences
from app.territories.consequences.repository import read_around
from app.territories.editing.edit import Outcome
from geo.errors import NotAnAreaError


def of_step(connection: Connection, plan_id: int, outcome: Outcome, on: date) -> Consequences | None:
    """The consequences of what a verb has worked out for a draft; None where an area of the draft is not sound enough to be measured."""
    changes = [Change(one.team_code, one.before, one.after) for one in outcome.changed if one.land]
    shapes = [shape for change in changes for shape in (change.before, change.after)]
    around = read_around(connection, plan_id, outcome.branch_code, on, shapes) if changes else {}
    changing = {change.team_code for change in changes}
    beside = {code: area for code, area in around.items() if code not in changing}
    try:
        return consequences(connection, outcome.branch_code, changes, on, around=beside)
    except NotAnAreaError:
        return None
