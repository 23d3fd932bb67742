"""Runs, single allocations, and cases with their explanation."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import Connection, RowMapping, text

from app.access.principal import Scope
from app.allocation.confirm import confirm_run, discard_run
from app.allocation.explain import explain_policy
from app.allocation.repository import listing
from app.allocation.run import create_run
from app.allocation.schemas import (
    AllocationIn,
    AllocationsIn,
    Case,
    CaseFacts,
    CasePage,
    Decided,
    Run,
    RunIn,
    RunPage,
)
from app.allocation.single import allocate_policy
from app.deps import CurrentEngine, CurrentPrincipal, IdempotencyKey, ReadConnection, Today, WantedPage, WriteConnection
from app.errors import CaseNotFound, OutOfScope, RunNotFound
from app.fields import CaseState, Code, Rung
from app.idempotency import Answer, answer_once
from app.jobs import enqueue_run
from app.paging import cut, decode_cursor
from app.problems import documented
from app.strict import StrictRoute

router = APIRouter(route_class=StrictRoute)

RunId = Annotated[int, Path(ge=1, lt=2**63, description="Number of the run", examples=[7])]
PolicyNo = Annotated[Code, Path(description="Number of the policy", examples=["P000000001"])]

# Bulk updates of a confirmation may take longer than a request usually may.
_UNHURRIED = text("SET LOCAL statement_timeout = 0")

_UNDECIDED: dict[str, Any] = dict.fromkeys(Decided.model_fields) | {
    "reasons": [],
    "flags": [],
    "policy_nos": [],
}
_REPLAY: dict[int | str, dict[str, Any]] = {
    200: {"model": Decided, "description": "The policy has its target already, or the key came before"}
}


@router.post(
    "/allocations",
    operation_id="allocate",
    tags=["allocations"],
    status_code=201,
    response_model=Decided,
    responses=documented(400, 404, 409, 413, 415, also=_REPLAY),
)
def allocate(
    engine: CurrentEngine,
    principal: CurrentPrincipal,
    today: Today,
    wanted: AllocationIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Allocates one policy with its bundle, by the same rules as a run, and says why."""

    def act() -> Answer:
        found = allocate_policy(
            connection,
            wanted.policy_no,
            as_of=wanted.as_of or today,
            confirm=wanted.confirm,
            requested_by=principal.name,
        )
        told = {name: found.get(name, blank) for name, blank in _UNDECIDED.items()}
        told["policy_nos"] = told["policy_nos"] or [wanted.policy_no]
        # Only a case that was there before knows how often it went round.
        return Answer(200 if "generation" in found else 201, orjson.dumps(told))

    # The transaction is in here and not in a dependency, which would go to another thread and back twice more.
    with engine.begin() as connection:
        return answer_once(
            connection,
            caller=principal.name,
            key=idempotency_key,
            operation="allocate",
            request="" if idempotency_key is None else wanted.model_dump_json(),
            act=act,
        )


@router.post(
    "/allocations/batch",
    operation_id="allocateBatch",
    tags=["allocations"],
    status_code=202,
    response_model=Run,
    responses=documented(400, 413, 415),
)
def allocate_batch(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    today: Today,
    wanted: AllocationsIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Allocates up to 10,000 policies, each with its bundle, in a run of their own; follow `Location` for its progress."""

    def act() -> Answer:
        run_id = create_run(
            connection,
            as_of=wanted.as_of or today,
            policy_nos=wanted.policy_nos,
            confirm=wanted.confirm,
            distribute=wanted.distribute,
            requested_by=principal.name,
        )
        return _queued(connection, run_id)

    return answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation="allocateBatch",
        request=wanted.model_dump_json(),
        act=act,
    )


@router.post(
    "/runs",
    operation_id="startRun",
    tags=["runs"],
    status_code=202,
    response_model=Run,
    responses=documented(400, 403, 413, 415),
)
def start_run(
    connection: WriteConnection, principal: CurrentPrincipal, wanted: RunIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Starts a run over all orphans of a date, or of one branch; follow `Location` for its progress."""
    principal.need_branch(wanted.branch_code)

    def act() -> Answer:
        run_id = create_run(
            connection,
            as_of=wanted.as_of,
            branch_code=wanted.branch_code,
            confirm=wanted.confirm,
            distribute=wanted.distribute,
            requested_by=principal.name,
        )
        return _queued(connection, run_id)

    return answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation="startRun",
        request=wanted.model_dump_json(),
        act=act,
    )


def _queued(connection: Connection, run_id: int) -> Answer:
    enqueue_run(connection, run_id)
    row = listing.read_run(connection, run_id, Scope())
    assert row is not None
    return Answer(202, _run(row).model_dump_json().encode(), f"/api/v1/runs/{run_id}")


@router.get("/runs", operation_id="listRuns", tags=["runs"], responses=documented(400))
def list_runs(connection: ReadConnection, principal: CurrentPrincipal, page: WantedPage) -> RunPage:
    """Runs, newest first."""
    before = decode_cursor("runs", page.cursor, (int,))[0] if page.cursor else None
    rows = listing.list_runs(connection, scope=principal.scope, before=before, limit=page.limit + 1)
    shown, following = cut("runs", rows, page.limit, lambda row: (row["id"],))
    return RunPage(items=[_run(row) for row in shown], next=following)


@router.get("/runs/{run_id}", operation_id="getRun", tags=["runs"], responses=documented(404))
def get_run(connection: ReadConnection, principal: CurrentPrincipal, run_id: RunId) -> Run:
    """A run with its progress."""
    return _read_run(connection, principal.scope, run_id)


@router.post("/runs/{run_id}/confirm", operation_id="confirmRun", tags=["runs"], responses=documented(404, 409))
def confirm(connection: WriteConnection, principal: CurrentPrincipal, run_id: RunId) -> Run:
    """Puts a proposed run into effect: its policies go to their teams' pools, or to their agents."""
    _read_run(connection, principal.scope, run_id)
    connection.execute(_UNHURRIED)
    confirm_run(connection, run_id)
    return _read_run(connection, principal.scope, run_id)


@router.post("/runs/{run_id}/discard", operation_id="discardRun", tags=["runs"], responses=documented(404, 409))
def discard(connection: WriteConnection, principal: CurrentPrincipal, run_id: RunId) -> Run:
    """Gives the proposals of a run back; nothing comes of them."""
    _read_run(connection, principal.scope, run_id)
    connection.execute(_UNHURRIED)
    discard_run(connection, run_id)
    return _read_run(connection, principal.scope, run_id)


def _read_run(connection: Connection, scope: Scope, run_id: int) -> Run:
    row = listing.read_run(connection, run_id, scope)
    if row is None:
        raise RunNotFound
    return _run(row)


def _run(row: RowMapping) -> Run:
    return Run.model_validate(dict(row))


@router.get("/cases", operation_id="listCases", tags=["cases"], responses=documented(400))
def list_cases(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    page: WantedPage,
    policy_no: Annotated[Code | None, Query()] = None,
    state: Annotated[CaseState | None, Query()] = None,
    rung: Annotated[Rung | None, Query()] = None,
    team_code: Annotated[Code | None, Query()] = None,
    branch_code: Annotated[Code | None, Query()] = None,
) -> CasePage:
    """Cases by policy number: the open ones, or with `state` those in it."""
    after = decode_cursor("cases", page.cursor, (str, int)) if page.cursor else None
    rows = listing.list_cases(
        connection,
        scope=principal.scope,
        limit=page.limit + 1,
        policy_no=policy_no,
        state=state,
        rung=rung,
        team_code=team_code,
        branch_code=branch_code,
        after=after and (str(after[0]), int(after[1])),
    )
    shown, following = cut("cases", rows, page.limit, lambda row: (row["policy_no"], row["id"]))
    return CasePage(items=[CaseFacts.model_validate(dict(row)) for row in shown], next=following)


@router.get("/cases/{policy_no}", operation_id="getCase", tags=["cases"], responses=documented(403, 404))
def get_case(connection: ReadConnection, principal: CurrentPrincipal, policy_no: PolicyNo) -> Case:
    """The open, else newest case of a policy: its facts, and why it is where it is, rung by rung."""
    found = explain_policy(connection, policy_no)
    if found is None:
        raise CaseNotFound
    scope = principal.scope
    within = scope.branch_codes is None or found["branch_code"] in scope.branch_codes
    if not within or (scope.team_codes is not None and found["team_code"] not in scope.team_codes):
        raise OutOfScope
    return Case.model_validate(found)
