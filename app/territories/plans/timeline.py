"""The versions of a branch in the order of their days, and what a delivery of territories makes of them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

Held = Mapping[str, tuple[int, date]]
"""Team code → its shape's id and the day from which the team has it."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that decides from a day on until the next one does. `plan_id` None: it is still to be made."""

    effective_from: date
    territories: Held
    plan_id: int | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A territory of a team from a day on, as a file delivers it."""

    team_code: str
    effective_from: date
    shape_id: int


def redraw(versions: Sequence[Version], delivered: Iterable[Delivered]) -> list[Version]:
    """The versions of a branch, in the order of their days, after these territories were delivered.

    Of each team the latest territory that has begun is in force (rulebook 5.5), whether a file or a published plan brought it: a
    delivered one holds until the next day for which the team has another one, and takes the place of one of the same day. A
    version that stays as it was keeps its `plan_id`; any other is to be made, because what is published never changes.
    """
    begun: dict[str, dict[date, tuple[int, date] | None]] = {}
    before: Held = {}
    for version in versions:
        for code in {*before, *version.territories}:
            now = version.territories.get(code)
            if now != before.get(code):
                begun.setdefault(code, {})[version.effective_from] = now
        before = version.territories
    for one in delivered:
        begun.setdefault(one.team_code, {})[one.effective_from] = (one.shape_id, one.effective_from)
    known = {version.effective_from: version for version in versions}
    days = sorted({*known, *(day for rows in begun.values() for day in rows)})
    redrawn = []
    territories: dict[str, tuple[int, date]] = {}
    for day in days:
        for code, rows in begun.items():
            if day in rows:
                held = rows[day]
                if held is None:
                    territories.pop(code, None)
                else:
                    territories[code] = held
        kept = known.get(day)
        same = kept is not None and dict(kept.territories) == territories
        redrawn.append(Version(day, dict(territories), kept.plan_id if kept is not None and same else None))
    return redrawn
