"""/territory-plans/{id}/edits and what belongs to drawing: undo, redo, history, conflicts, presence."""

from collections.abc import Mapping
from typing import Annotated

import orjson
import shapely
from fastapi import APIRouter, Header, Path, Query, Response

from app.deps import CurrentPrincipal, IdempotencyKey, ReadConnection, Today, WantedPage, WriteConnection
from app.idempotency import Answer, answer_once
from app.paging import cut, decode_cursor
from app.problems import documented, render
from app.strict import StrictRoute
from app.territories.consequences.schemas import told
from app.territories.consequences.step import of_step
from app.territories.editing import conflicts, history, presence, repository
from app.territories.editing.edit import Outcome, edit, preview
from app.territories.editing.errors import TerritoryConflict, VersionMissing, VersionsDiffer
from app.territories.editing.resolve import resolve
from app.territories.editing.schemas import (
    ConflictSide,
    EditConflict,
    EditConflictList,
    Edited,
    EditIn,
    EditStep,
    EditStepIn,
    EditStepPage,
    PresenceIn,
    PresenceList,
    Present,
    Previewed,
    ResolveIn,
    Traced,
    TraceIn,
)
from app.territories.editing.trace import trace
from app.territories.plans.endpoints import PlanId, checked_plan
from app.territories.validation import listing
from app.territories.validation.schemas import TerritoryDefectOut

router = APIRouter(route_class=StrictRoute, prefix="/territory-plans/{plan_id}", tags=["territory drawing"])

IfMatch = Annotated[
    str | None, Header(max_length=40, description="The version that was edited, as the plan's ETag; or say `version`")
]
ConflictId = Annotated[int, Path(ge=1, lt=2**63, description="Number of the conflict", examples=[3])]


@router.post(
    "/edits", operation_id="editTerritoryPlan", response_model=Edited, responses=documented(400, 404, 409, 413, 415)
)
def edit_plan(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    plan_id: PlanId,
    wanted: EditIn,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Does one verb. A change of the same territory by somebody else is answered with 409 and kept as a conflict."""
    checked_plan(connection, principal, plan_id)
    version = version_of(wanted.version, if_match)

    def act() -> Answer:
        outcome = edit(connection, plan_id, wanted.edit, version=version, by=wanted.by)
        if outcome.conflict_id is not None:
            # Answered and not raised: the conflict is to be kept.
            status, _, body = render(TerritoryConflict(conflict_id=outcome.conflict_id, team_codes=outcome.clashes))
            return Answer(status, body)
        return Answer(200, _edited(connection, plan_id, outcome.revision, changed(outcome), wanted.by))

    return answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation=f"editTerritoryPlan {plan_id} {version}",
        request=wanted.model_dump_json(),
        act=act,
    )


@router.post(
    "/edits/preview",
    operation_id="previewTerritoryEdit",
    response_model=Previewed,
    responses=documented(400, 404, 409, 413, 415),
)
def preview_edit(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    plan_id: PlanId,
    wanted: EditIn,
    if_match: IfMatch = None,
) -> Response:
    """What an edit would do, and what that would mean; nothing is saved."""
    checked_plan(connection, principal, plan_id)
    version = version_of(wanted.version, if_match)
    outcome = preview(connection, plan_id, wanted.edit, version=version, by=wanted.by)
    found = of_step(connection, plan_id, outcome, today)
    body = {
        "version": outcome.revision,
        "changed": changed(outcome),
        "clashes": outcome.clashes,
        "consequences": orjson.Fragment(told(found).model_dump_json()) if found is not None else None,
    }
    return Response(_body(body), media_type="application/json")


@router.post(
    "/trace", operation_id="traceTerritoryBorder", response_model=Traced, responses=documented(400, 404, 413, 415)
)
def trace_border(connection: ReadConnection, principal: CurrentPrincipal, plan_id: PlanId, wanted: TraceIn) -> Response:
    """The line along existing borders from one place to another, the shortest way; to draw with."""
    checked_plan(connection, principal, plan_id)
    line = trace(connection, plan_id, wanted.start, wanted.end, long_way=wanted.long_way)
    body = {"line": orjson.Fragment(shapely.to_geojson(line))}
    return Response(_body(body), media_type="application/json")


@router.post(
    "/undo", operation_id="undoTerritoryEdit", response_model=Edited, responses=documented(400, 404, 409, 413, 415)
)
def undo_edit(
    connection: WriteConnection, principal: CurrentPrincipal, plan_id: PlanId, wanted: EditStepIn
) -> Response:
    """Takes this person's last step back."""
    checked_plan(connection, principal, plan_id)
    revision, _, changes = history.undo(connection, plan_id, by=wanted.by)
    return _stepped(connection, plan_id, revision, changes, wanted.by)


@router.post(
    "/redo", operation_id="redoTerritoryEdit", response_model=Edited, responses=documented(400, 404, 409, 413, 415)
)
def redo_edit(
    connection: WriteConnection, principal: CurrentPrincipal, plan_id: PlanId, wanted: EditStepIn
) -> Response:
    """Repeats the step that this person took back last."""
    checked_plan(connection, principal, plan_id)
    revision, _, changes = history.redo(connection, plan_id, by=wanted.by)
    return _stepped(connection, plan_id, revision, changes, wanted.by)


@router.get("/edits", operation_id="listTerritoryEdits", responses=documented(400, 404))
def list_edits(
    connection: ReadConnection, principal: CurrentPrincipal, plan_id: PlanId, page: WantedPage
) -> EditStepPage:
    """The history of a draft, newest step first."""
    checked_plan(connection, principal, plan_id)
    before = decode_cursor("territory-edits", page.cursor, (int,))[0] if page.cursor else 2**31 - 1
    rows = history.list_steps(connection, plan_id, before=before, limit=page.limit + 1)
    shown, following = cut("territory-edits", rows, page.limit, lambda row: (row["revision"],))
    items = [EditStep.model_validate({**row, "version": row["revision"]}) for row in shown]
    return EditStepPage(items=items, next=following)


@router.get("/conflicts", operation_id="listTerritoryConflicts", responses=documented(404))
def list_conflicts(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    plan_id: PlanId,
    settled: Annotated[bool, Query(description="Also those that are settled")] = False,
) -> EditConflictList:
    """The conflicts of a draft with both versions."""
    checked_plan(connection, principal, plan_id)
    rows = conflicts.list_conflicts(connection, plan_id, settled=settled)
    return EditConflictList(
        items=[
            EditConflict.model_validate(
                {**row, "sides": [ConflictSide.model_validate(side) for side in row["sides"] or []]}
            )
            for row in rows
        ]
    )


@router.post(
    "/conflicts/{conflict_id}/resolve",
    operation_id="resolveTerritoryConflict",
    response_model=Edited,
    responses=documented(400, 404, 409, 413, 415),
)
def resolve_conflict(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    plan_id: PlanId,
    conflict_id: ConflictId,
    wanted: ResolveIn,
) -> Response:
    """Settles a conflict: the edit that met another one is done again to the draft as it is now, or dropped."""
    checked_plan(connection, principal, plan_id)
    outcome = resolve(connection, plan_id, conflict_id, choice=wanted.choice, by=wanted.by)
    body = _edited(connection, plan_id, outcome.revision, changed(outcome), wanted.by)
    return Response(body, media_type="application/json")


@router.put("/presence", operation_id="putTerritoryPresence", responses=documented(400, 404, 413, 415))
def put_presence(
    connection: WriteConnection, principal: CurrentPrincipal, plan_id: PlanId, wanted: PresenceIn
) -> PresenceList:
    """Says that somebody has the draft open, and tells who else has."""
    checked_plan(connection, principal, plan_id)
    rows = presence.be_present(connection, plan_id, by=wanted.by, view=wanted.bbox)
    return PresenceList(
        items=[
            Present(
                person=row["person"],
                seen_at=row["seen_at"],
                bbox=(row["west"], row["south"], row["east"], row["north"]),
            )
            for row in rows
        ]
    )


def version_of(version: int | None, if_match: str | None) -> int:
    """The version that was edited. Raises `VersionMissing`, `VersionsDiffer`."""
    tag = if_match.strip().removeprefix("W/").strip('"') if if_match is not None else None
    if tag is not None and (not tag.isdecimal() or len(tag) > 9):
        raise VersionMissing
    if tag is not None and version is not None and int(tag) != version:
        raise VersionsDiffer
    if tag is None and version is None:
        raise VersionMissing
    return int(tag) if tag is not None else version  # type: ignore[return-value]


def changed(outcome: Outcome) -> list[dict[str, object]]:
    """The changed territories as `ChangedTerritory`, their areas written once and not read again."""
    return [{"team_code": one.team_code, "geometry": _geojson(one.after)} for one in outcome.changed]


def _stepped(
    connection: WriteConnection, plan_id: int, revision: int, changes: list[repository.Change], by: str
) -> Response:
    ids = [change.after_shape_id for change in changes if change.after_shape_id is not None]
    shapes = repository.read_shapes(connection, ids)
    told: list[dict[str, object]] = [
        {
            "team_code": change.team_code,
            "geometry": _geojson(shapes[change.after_shape_id]) if change.after_shape_id is not None else None,
        }
        for change in changes
    ]
    return Response(_edited(connection, plan_id, revision, told, by), media_type="application/json")


def _edited(connection: WriteConnection, plan_id: int, revision: int, told: list[dict[str, object]], by: str) -> bytes:
    """The body of `Edited`: what changed, and the defects that concern it now."""
    undo, redo = history.next_steps(connection, plan_id, by)
    defects = listing.defects_of_teams(connection, plan_id, [str(one["team_code"]) for one in told])
    return _body(
        {
            "version": revision,
            "changed": told,
            "defects": [TerritoryDefectOut.model_validate(one).model_dump(mode="json") for one in defects],
            "errors": listing.counts(connection, plan_id).get("ERROR", 0),
            "undo": undo,
            "redo": redo,
        }
    )


def _geojson(area: shapely.MultiPolygon | None) -> orjson.Fragment | None:
    return orjson.Fragment(shapely.to_geojson(area)) if area is not None else None


def _body(content: Mapping[str, object]) -> bytes:
    return orjson.dumps(content)
