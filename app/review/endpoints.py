"""/location-reviews: the queue, claims, decisions; /location-decisions: what was decided, and undo."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query, Response
from sqlalchemy import RowMapping

from app.access.masking import mask_address, mask_degrees
from app.deps import CurrentPrincipal, IdempotencyKey, ReadConnection, Today, WantedPage, WriteConnection
from app.fields import Code, Line
from app.idempotency import Answer, answer_once
from app.paging import cut, decode_cursor
from app.problems import documented
from app.review import history, item, queue
from app.review.choosing import choice_of
from app.review.claim import claim_next, claim_one, release, renew
from app.review.decide import decide, preview
from app.review.schemas import (
    ChoiceIn,
    Claimed,
    ClaimIn,
    DecisionIn,
    LocationDecision,
    LocationDecisionPage,
    Reached,
    Released,
    ReleaseIn,
    Renewed,
    RenewIn,
    ReviewFigures,
    ReviewItem,
    Settled,
    UndoIn,
    Undone,
    Waiting,
    WaitingCode,
    WaitingPage,
)
from app.review.undo import etag as decision_etag
from app.review.undo import undo
from app.strict import StrictRoute

router = APIRouter(route_class=StrictRoute)

ReviewId = Annotated[int, Path(ge=1, lt=2**63, description="Number of the item", examples=[12])]
DecisionId = Annotated[int, Path(ge=1, lt=2**63, description="Number of the decision", examples=[3])]
IfMatch = Annotated[
    str | None, Header(max_length=200, description="The state that was looked at; another one is answered with 412")
]


@router.get(
    "/location-reviews", operation_id="listLocationReviews", tags=["location review"], responses=documented(400)
)
def list_reviews(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    page: WantedPage,
    branch_code: Annotated[Code | None, Query()] = None,
    code: Annotated[WaitingCode | None, Query(description="Why it waits")] = None,
    reason: Annotated[Code | None, Query(description="A reason of the geocoder", examples=["ONLY_ROAD"])] = None,
    district: Annotated[Code | None, Query()] = None,
    text: Annotated[Line | None, Query(description="Part of the address or place, or the bundle's number")] = None,
    decided: Annotated[bool, Query(description="Those that wait although a person has decided")] = False,
) -> WaitingPage:
    """The queue by what is at stake: overdue notices, those due within 7 days, later ones, none; within each by (premium + 1) × uncertainty."""
    after = decode_cursor("location-reviews", page.cursor, (int, int, int)) if page.cursor else None
    rows = queue.list_queue(
        connection,
        filters=queue.Filters(branch_code, code, reason, district, text, decided),
        scope=principal.scope,
        today=today,
        limit=page.limit + 1,
        after=queue.After(*after) if after else None,
    )
    shown, following = cut("location-reviews", rows, page.limit, lambda row: (row["bucket"], row["stake"], row["id"]))
    items = [Waiting.model_validate({**item.masked(row), "sharing": row["sharing"]}) for row in shown]
    return WaitingPage(items=items, next=following)


@router.get(
    "/location-reviews/figures", operation_id="countLocationReviews", tags=["location review"], responses=documented()
)
def count_reviews(connection: ReadConnection, principal: CurrentPrincipal, today: Today) -> ReviewFigures:
    """How many wait: by code, days, branch, district and the geocoder's reason."""
    return ReviewFigures.model_validate(queue.figures(connection, scope=principal.scope, today=today))


@router.post(
    "/location-reviews/claim",
    operation_id="claimLocationReviews",
    tags=["location review"],
    responses=documented(400, 404, 409, 413, 415),
    response_model=Claimed,
)
def claim_reviews(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    today: Today,
    wanted: ClaimIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Gives the next free items of the queue, or the one asked for, to one person for a while. Nobody else gets them or others of their place.

    The answer shows full addresses; that is logged.
    """

    def act() -> Answer:
        if wanted.id is not None:
            got = claim_one(
                connection,
                wanted.id,
                by=wanted.reviewer,
                scope=principal.scope,
                today=today,
                claim=wanted.claim,
                seconds=wanted.seconds,
            )
        else:
            got = claim_next(
                connection,
                by=wanted.reviewer,
                scope=principal.scope,
                today=today,
                filters=queue.Filters(wanted.branch_code, wanted.code, wanted.reason, wanted.district, wanted.text),
                count=wanted.count,
                claim=wanted.claim,
                seconds=wanted.seconds,
            )
        return Answer(200, Renewed(claim=got.claim, until=got.until, ids=got.ids).model_dump_json().encode())

    answer = answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation="claimLocationReviews",
        request=wanted.model_dump_json(),
        act=act,
    )
    # The addresses are put in here, so that they are not kept with the key.
    told = Renewed.model_validate(orjson.loads(bytes(answer.body)))
    items = item.read_items(connection, told.ids, scope=principal.scope, today=today, claim=told.claim)
    whole = Claimed.model_validate({**dict(told), "items": items})
    replayed = {name: value for name, value in answer.headers.items() if name == "idempotency-replayed"}
    return Response(whole.model_dump_json(), 200, replayed, media_type="application/json")


@router.post(
    "/location-reviews/claim/renew",
    operation_id="renewLocationReviewClaim",
    tags=["location review"],
    responses=documented(400, 409, 413, 415),
)
def renew_claim(connection: WriteConnection, principal: CurrentPrincipal, wanted: RenewIn) -> Renewed:
    """Holds a claim for longer. Repeating it is harmless."""
    got = renew(connection, wanted.claim, seconds=wanted.seconds)
    return Renewed(claim=got.claim, until=got.until, ids=got.ids)


@router.post(
    "/location-reviews/claim/release",
    operation_id="releaseLocationReviewClaim",
    tags=["location review"],
    responses=documented(400, 413, 415),
)
def release_claim(connection: WriteConnection, principal: CurrentPrincipal, wanted: ReleaseIn) -> Released:
    """Gives a claim back, or one item of it. Repeating it is harmless."""
    return Released(released=release(connection, wanted.claim, wanted.id))


@router.get(
    "/location-reviews/{review_id}",
    operation_id="getLocationReview",
    tags=["location review"],
    responses=documented(404),
)
def get_review(
    connection: ReadConnection, principal: CurrentPrincipal, today: Today, review_id: ReviewId, response: Response
) -> ReviewItem:
    """One item with its ranked candidates; house numbers are hidden and points rounded until it is claimed."""
    found = item.read_item(connection, review_id, scope=principal.scope, today=today)
    response.headers["ETag"] = found["etag"]
    return ReviewItem.model_validate(found)


@router.post(
    "/location-reviews/{review_id}/preview",
    operation_id="previewLocationDecision",
    tags=["location review"],
    responses=documented(400, 404, 409, 413, 415),
)
def preview_decision(
    connection: ReadConnection, principal: CurrentPrincipal, today: Today, review_id: ReviewId, wanted: ChoiceIn
) -> Reached:
    """What a choice would come to: how many addresses, policies and cases, and which. Nothing is changed."""
    return Reached.model_validate(preview(connection, review_id, choice_of(wanted), scope=principal.scope, today=today))


@router.post(
    "/location-reviews/{review_id}/decision",
    operation_id="decideLocationReview",
    tags=["location review"],
    status_code=201,
    response_model=Settled,
    responses=documented(400, 404, 409, 412, 413, 415),
)
def decide_review(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    today: Today,
    review_id: ReviewId,
    wanted: DecisionIn,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Settles the address, or all that name the same place; its cases go on in the next run. Needs a claim on the item."""

    def act() -> Answer:
        told = decide(
            connection,
            review_id,
            choice_of(wanted),
            claim=wanted.claim,
            by=wanted.reviewer,
            scope=principal.scope,
            today=today,
            if_match=if_match,
        )
        location = f"/api/v1/location-decisions/{told['id']}"
        return Answer(201, Settled.model_validate(told).model_dump_json().encode(), location)

    return answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation=f"decideLocationReview {review_id}",
        request=wanted.model_dump_json(),
        act=act,
    )


@router.get(
    "/location-decisions", operation_id="listLocationDecisions", tags=["location review"], responses=documented(400)
)
def list_decisions(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    page: WantedPage,
    reviewer: Annotated[Code | None, Query(description="Only those of one person")] = None,
    standing: Annotated[bool | None, Query(description="Only those that stand, or only those undone")] = None,
) -> LocationDecisionPage:
    """Decisions, newest first."""
    before = decode_cursor("location-decisions", page.cursor, (int,))[0] if page.cursor else None
    rows = history.list_decisions(
        connection, scope=principal.scope, limit=page.limit + 1, before=before, by=reviewer, standing=standing
    )
    shown, following = cut("location-decisions", rows, page.limit, lambda row: (row["id"],))
    return LocationDecisionPage(items=[_decision(row) for row in shown], next=following)


@router.get(
    "/location-decisions/{decision_id}",
    operation_id="getLocationDecision",
    tags=["location review"],
    responses=documented(404),
)
def get_decision(
    connection: ReadConnection, principal: CurrentPrincipal, decision_id: DecisionId, response: Response
) -> LocationDecision:
    """One decision."""
    row = history.read_decision(connection, decision_id, scope=principal.scope)
    response.headers["ETag"] = decision_etag(row)
    return _decision(row)


@router.post(
    "/location-decisions/{decision_id}/undo",
    operation_id="undoLocationDecision",
    tags=["location review"],
    response_model=Undone,
    responses=documented(400, 404, 409, 412, 413, 415),
)
def undo_decision(
    connection: WriteConnection,
    principal: CurrentPrincipal,
    decision_id: DecisionId,
    wanted: UndoIn,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Response:
    """Takes a decision back: addresses go where the geocoder had them, cases wait again, unless they are allocated already."""

    def act() -> Answer:
        told = undo(
            connection,
            decision_id,
            by=wanted.reviewer,
            scope=principal.scope,
            reason=wanted.reason,
            if_match=if_match,
        )
        return Answer(200, Undone.model_validate(told).model_dump_json().encode())

    return answer_once(
        connection,
        caller=principal.name,
        key=idempotency_key,
        operation=f"undoLocationDecision {decision_id}",
        request=wanted.model_dump_json(),
        act=act,
    )


def _decision(row: RowMapping) -> LocationDecision:
    shown: dict[str, Any] = {
        **row,
        "place": item.place_of(row["key"], full=False),
        "address": mask_address(row["address"]),
        "matched": mask_address(row["matched"]),
        "lon": mask_degrees(row["lon"]),
        "lat": mask_degrees(row["lat"]),
        "etag": decision_etag(row),
    }
    return LocationDecision.model_validate({name: shown[name] for name in LocationDecision.model_fields})
