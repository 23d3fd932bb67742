"""One step of drawing: a verb done to a draft, or only looked at; edits of different territories merge, of the same one they conflict."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shapely import MultiPolygon
from sqlalchemy import Connection, RowMapping, text

from app.territories.editing import conflicts, repository
from app.territories.editing.errors import NothingChanged, TeamNotOfBranch, VersionUnknown
from app.territories.editing.history import forget_undone
from app.territories.editing.repository import Change
from app.territories.editing.schemas import Verb
from app.territories.editing.verbs import Worked, teams_named, work_out
from app.territories.plans.errors import PlanNotEditable
from app.territories.plans.repository import lock_plan, read_plan
from app.territories.validation.renew import renew_defects
from geo.coverage import Piece
from geo.errors import GeoError

_OF_BRANCH = text("SELECT code FROM team WHERE branch_code = :branch AND code = ANY (:codes)")


@dataclass(frozen=True, slots=True)
class Changed:
    """A team's territory before and after; None: no territory. `land`: whether its land changes, or only its vertices."""

    team_code: str
    before: MultiPolygon | None
    after: MultiPolygon | None
    land: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step. `revision`: the plan's, after it. `conflict_id`: it met somebody else's change and was put aside.

    `pieces`: the land that changes hands. `clashes`: the teams that it would conflict over.
    """

    branch_code: str
    revision: int
    changed: list[Changed]
    pieces: tuple[Piece, ...] = ()
    edit_id: int | None = None
    conflict_id: int | None = None
    clashes: list[str] = field(default_factory=list)


def edit(connection: Connection, plan_id: int, verb: Verb, *, version: int, by: str) -> Outcome:
    """Does a verb to a draft as its editor saw it in `version`, in the connection's transaction.

    Other people's edits of other territories since then are kept: the verb is done to the draft as it is now. Where somebody else
    has changed one of the same territories, nothing is done and the two versions are kept as a conflict.
    Raises `PlanNotFound`, `PlanNotEditable`, `VersionUnknown`, `TeamNotOfBranch`, `NothingChanged`, and what the verb raises
    (`geo.errors.GeoError`).
    """
    plan = lock_plan(connection, plan_id)
    outcome = _work_out(connection, plan_id, plan, verb, version=version, by=by)
    if outcome.clashes:
        conflict_id = conflicts.put_aside(
            connection, plan_id, verb, version=version, by=by, changed=outcome.changed, clashes=outcome.clashes
        )
        renew_defects(connection, plan_id)
        return Outcome(
            outcome.branch_code,
            outcome.revision,
            outcome.changed,
            outcome.pieces,
            conflict_id=conflict_id,
            clashes=outcome.clashes,
        )
    return save(connection, plan_id, outcome, verb=verb.verb, arguments=verb.model_dump(mode="json"), by=by)


def preview(connection: Connection, plan_id: int, verb: Verb, *, version: int, by: str) -> Outcome:
    """What `edit` would do; nothing is saved."""
    return _work_out(connection, plan_id, read_plan(connection, plan_id), verb, version=version, by=by)


def save(
    connection: Connection, plan_id: int, outcome: Outcome, *, verb: str, arguments: dict[str, object], by: str
) -> Outcome:
    """Writes what was worked out into the draft, whose plan is locked, and its history."""
    codes = [one.team_code for one in outcome.changed]
    held = repository.read_held(connection, plan_id, codes)
    kept = [one.after for one in outcome.changed if one.after is not None]
    stored = iter(repository.store_shapes(connection, kept))
    changes = [
        Change(
            one.team_code,
            held[one.team_code].shape_id if one.team_code in held else None,
            next(stored) if one.after is not None else None,
            one.land,
        )
        for one in outcome.changed
    ]
    forget_undone(connection, plan_id, by)
    revision, edit_id = repository.record(
        connection, plan_id, person=by, verb=verb, arguments=arguments, changes=changes
    )
    renew_defects(connection, plan_id, codes)
    return Outcome(outcome.branch_code, revision, outcome.changed, outcome.pieces, edit_id=edit_id)


def check_teams(connection: Connection, branch_code: str, codes: list[str]) -> None:
    """Raises `TeamNotOfBranch` unless all of these teams belong to the branch."""
    known = set(connection.execute(_OF_BRANCH, {"branch": branch_code, "codes": codes}).scalars())
    strangers = sorted(set(codes) - known)
    if strangers:
        raise TeamNotOfBranch(team_codes=strangers)


def _work_out(connection: Connection, plan_id: int, plan: RowMapping, verb: Verb, *, version: int, by: str) -> Outcome:
    branch, revision = plan["branch_code"], plan["revision"]
    if plan["state"] != "DRAFT":
        raise PlanNotEditable
    if not 0 <= version <= revision:
        raise VersionUnknown
    check_teams(connection, branch, teams_named(verb))
    foreign = conflicts.changed_by_others(connection, plan_id, since=version, by=by) if version < revision else set()

    def as_seen() -> Worked:
        return work_out(
            connection, plan_id, branch, verb, lambda areas: conflicts.as_of(connection, plan_id, areas, version)
        )

    try:
        worked = work_out(connection, plan_id, branch, verb, lambda areas: areas)
    except GeoError:
        # What cannot be done any more could be done to what the editor saw: that is a conflict, too.
        if not foreign or not _clashes(worked := as_seen(), foreign):
            raise
        clashes = _clashes(worked, foreign)
    else:
        clashes = _clashes(worked, foreign)
        if clashes:
            worked = as_seen()
    return outcome_of(branch, revision, worked, clashes)


def outcome_of(branch_code: str, revision: int, worked: Worked, clashes: Sequence[str] = ()) -> Outcome:
    """What a verb comes to in a plan at a revision. Raises `NothingChanged`."""
    changed = _changed(worked)
    if not changed:
        raise NothingChanged
    return Outcome(branch_code, revision, changed, worked.change.pieces, clashes=list(clashes))


def _clashes(worked: Worked, foreign: set[str]) -> list[str]:
    """The teams whose land a verb changes and somebody else has changed, too."""
    return sorted({one.team_code for one in _changed(worked) if one.land} & foreign)


def _changed(worked: Worked) -> list[Changed]:
    """The territories that a verb changes, by team code."""
    change = worked.change
    return [
        Changed(code, worked.before.get(code), area, code not in change.noded)
        for code, area in sorted(change.areas.items())
    ]
