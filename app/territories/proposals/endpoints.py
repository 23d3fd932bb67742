"""/territory-plans/proposals: territories worked out by a solver, and drafts made of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import Connection

from app.access.principal import Scope
from app.deps import CurrentPrincipal, IdempotencyKey, ReadConnection, Today, WantedPage, WriteConnection
from app.fields import Code
from app.idempotency import Answer, answer_once
from app.paging import cut, decode_cursor
from app.problems import documented
from app.strict import StrictRoute
from app.territories.plans import listing
from app.territories.plans.schemas import TerritoryPlan
from app.territories.proposals import repository
from app.territories.proposals.perform import ask, cancel, result_of
from app.territories.proposals.schemas import (
    DraftOfProposalIn,
    ProposalIn,
    ProposalSummary,
    TerritoryProposal,
    TerritoryProposalPage,
)
from app.territories.proposals.take import take_proposal
from app.territories.proposals.wish import Wish, barriers_of

router = APIRouter(route_class=StrictRoute, prefix="/territory-plans/proposals", tags=["territory proposals"])

ProposalId = Annotated[int, Path(ge=1, lt=2**63, description="Number of the proposal", examples=[4])]


@router.post(
    "",
    operation_id="proposeTerritories",
    status_code=202,
    response_model=TerritoryProposal,
    responses=documented(400, 403, 404, 413, 415),
)
def propose_territories(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    today: Today,
    wanted: ProposalIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Has balanced territories worked out that are close to the present ones; follow `Location` for progress and result."""
    principal.need_branch(wanted.branch_code)

    def act() -> Answer:
        wish = Wish(
            wanted.branch_code,
            wanted.as_of or today,
            seed=wanted.seed,
            plan_id=wanted.plan_id,
            tolerance=round(wanted.tolerance * 10_000),
            keep=round(wanted.keep * 10_000),
            weigh=wanted.weigh,
            measures=tuple(dict.fromkeys(wanted.measures)),
            locked=tuple(wanted.locked),
            pinned={pin.community_code: pin.team_code for pin in wanted.pinned},
            include=tuple(wanted.include),
            apart=tuple((pair.one, pair.other) for pair in wanted.apart),
            barriers=barriers_of(wanted.barriers.geojson, wanted.barriers.crs) if wanted.barriers else (),
        )
        made = ask(connection, wish, by=wanted.by)
        told = _one(connection, principal.scope, made)
        return Answer(202, told.model_dump_json().encode(), f"/api/v1/territory-plans/proposals/{made}")

    return answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation="proposeTerritories",
        request=wanted.model_dump_json(),
        act=act,
    )


@router.get("", operation_id="listTerritoryProposals", responses=documented(400))
def list_proposals(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    page: WantedPage,
    branch_code: Annotated[Code | None, Query()] = None,
) -> TerritoryProposalPage:
    """Proposals, the newest first, without their results."""
    before = decode_cursor("territory-proposals", page.cursor, (int,))[0] if page.cursor else None
    rows = repository.list_proposals(
        connection,
        scope=principal.scope,
        branch_code=branch_code,
        before=None if before is None else int(before),
        limit=page.limit + 1,
    )
    shown, following = cut("territory-proposals", rows, page.limit, lambda row: (row["id"],))
    return TerritoryProposalPage(items=[ProposalSummary.model_validate(dict(row)) for row in shown], next=following)


@router.get("/{proposal_id}", operation_id="getTerritoryProposal", responses=documented(404))
def get_proposal(connection: ReadConnection, principal: CurrentPrincipal, proposal_id: ProposalId) -> TerritoryProposal:
    """How far a proposal is, and what was found."""
    return _one(connection, principal.scope, proposal_id)


@router.post("/{proposal_id}/cancel", operation_id="cancelTerritoryProposal", responses=documented(404, 409))
def cancel_proposal(
    connection: WriteConnection, principal: CurrentPrincipal, proposal_id: ProposalId
) -> TerritoryProposal:
    """Stops a proposal that waits or is being worked out."""
    _one(connection, principal.scope, proposal_id)
    cancel(connection, proposal_id)
    return _one(connection, principal.scope, proposal_id)


@router.post(
    "/{proposal_id}/draft",
    operation_id="draftTerritoryProposal",
    status_code=201,
    response_model=TerritoryPlan,
    responses=documented(400, 404, 409, 413, 415),
)
def draft_proposal(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    today: Today,
    proposal_id: ProposalId,
    wanted: DraftOfProposalIn,
) -> Response:
    """A draft with the proposed territories, to be looked at, changed and published like any other. Asked for twice, the same draft."""
    row = repository.read_proposal(connection, proposal_id, principal.scope)
    made = take_proposal(connection, dict(row), name=wanted.name, by=wanted.by, today=today)
    plan = listing.one_plan(connection, made, scope=principal.scope, today=today)
    headers = {"Location": f"/api/v1/territory-plans/{made}"}
    return Response(plan.model_dump_json(), 201, headers, media_type="application/json")


def _one(connection: Connection, scope: Scope, proposal_id: int) -> TerritoryProposal:
    row: dict[str, Any] = dict(repository.read_proposal(connection, proposal_id, scope))
    return TerritoryProposal.model_validate({**row, "result": result_of(row)})
