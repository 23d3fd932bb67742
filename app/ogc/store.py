"""Creates, replaces and deletes a draft's territories as GIS clients do: through the editing of drafts, with its history and conflicts."""

from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import Connection

from app.ogc.errors import FeatureInvalid, FeatureNotFound, TeamFixed, TerritoryChanged, TerritoryExists
from app.ogc.feature import SentFeature
from app.territories.editing.edit import Outcome, edit
from app.territories.editing.errors import NothingChanged
from app.territories.editing.repository import read_held
from app.territories.editing.schemas import Remove, Replace
from app.territories.plans.errors import PlanNotEditable
from app.territories.plans.repository import lock_plan


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of it. `version`: of the draft when the territory last changed. `conflict`: the edit was put aside; id and teams."""

    version: int
    conflict_id: int | None = None
    clashes: tuple[str, ...] = ()


def create(connection: Connection, plan_id: int, sent: SentFeature, *, by: str) -> tuple[str, Stored]:
    """A territory for a team that has none in the draft; its team. Raises `FeatureInvalid`, `TerritoryExists`, and what `edit` raises."""
    revision = _lock(connection, plan_id)
    if not sent.team_code:
        raise FeatureInvalid
    if _held_at(connection, plan_id, sent.team_code) is not None:
        raise TerritoryExists(team_code=sent.team_code)
    verb = _replacing(sent.team_code, sent)
    return sent.team_code, _stored(edit(connection, plan_id, verb, version=revision, by=by))


def replace(
    connection: Connection, plan_id: int, team_code: str, sent: SentFeature, *, by: str, if_match: str | None
) -> Stored:
    """Another shape for a team's territory. To send what is there already is no error.

    Somebody else's change since the version in the feature makes a conflict, which is kept; If-Match, if given, must name the present
    version. Raises `FeatureNotFound`, `TerritoryChanged`, `TeamFixed`, and what `edit` raises.
    """
    revision = _lock(connection, plan_id)
    held_at = _held_at(connection, plan_id, team_code)
    if held_at is None:
        raise FeatureNotFound
    _check(if_match, held_at)
    if sent.team_code not in (None, team_code):
        raise TeamFixed(team_code=team_code)
    # A client that has loaded a version and names none means the one that is there: it sees only what it has loaded anew.
    version = revision if sent.version is None or if_match is not None else min(sent.version, revision)
    try:
        return _stored(edit(connection, plan_id, _replacing(team_code, sent), version=version, by=by))
    except NothingChanged:
        return Stored(held_at)


def delete(connection: Connection, plan_id: int, team_code: str, *, by: str, if_match: str | None) -> Stored:
    """No territory for the team any more. Raises `FeatureNotFound`, `TerritoryChanged`, and what `edit` raises."""
    revision = _lock(connection, plan_id)
    held_at = _held_at(connection, plan_id, team_code)
    if held_at is None:
        raise FeatureNotFound
    _check(if_match, held_at)
    return _stored(edit(connection, plan_id, Remove(verb="REMOVE", team_code=team_code), version=revision, by=by))


def _lock(connection: Connection, plan_id: int) -> int:
    plan = lock_plan(connection, plan_id)
    if plan["state"] != "DRAFT":
        raise PlanNotEditable
    revision: int = plan["revision"]
    return revision


def _held_at(connection: Connection, plan_id: int, team_code: str) -> int | None:
    held = read_held(connection, plan_id, [team_code]).get(team_code)
    return None if held is None or held.shape_id is None else held.revision


def _check(if_match: str | None, held_at: int) -> None:
    if if_match is None:
        return
    named = [tag.strip() for tag in if_match.split(",")]
    if "*" not in named and f'"{held_at}"' not in named:
        raise TerritoryChanged


def _replacing(team_code: str, sent: SentFeature) -> Replace:
    try:
        return Replace.model_validate({"verb": "REPLACE", "team_code": team_code, "geometry": sent.geometry})
    except ValidationError as error:
        raise FeatureInvalid from error


def _stored(outcome: Outcome) -> Stored:
    return Stored(outcome.revision, outcome.conflict_id, tuple(outcome.clashes))
