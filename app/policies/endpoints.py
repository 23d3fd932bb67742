"""POST /events and /events/batch: intake, idempotent by event id."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import TypeAdapter, ValidationError, WithJsonSchema

from app.deps import CurrentPrincipal, WriteConnection
from app.errors import AppError, ValidationFailed
from app.policies.receive import Received, ReportedEvent, receive_events
from app.policies.schemas import MAX_BATCH, BatchReceipt, EventIn, EventReceipt, ItemOutcome
from app.problems import documented, field_errors
from app.strict import StrictRoute

router = APIRouter(route_class=StrictRoute)

_EVENTS: TypeAdapter[list[EventIn]] = TypeAdapter(list[EventIn])

# Items are looked at one by one, so that a bad one does not keep the good ones out.
Batch = Annotated[
    list[Any],
    Body(min_length=1, max_length=MAX_BATCH),
    WithJsonSchema(
        {"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": {"$ref": "#/components/schemas/EventIn"}}
    ),
]


@router.post(
    "/events",
    operation_id="reportEvent",
    tags=["events"],
    status_code=201,
    responses=documented(
        400,
        409,
        413,
        415,
        also={200: {"model": EventReceipt, "description": "The same event had come before; nothing has changed"}},
    ),
)
def report_event(
    connection: WriteConnection, principal: CurrentPrincipal, event: EventIn, response: Response
) -> EventReceipt:
    """Reports one event. It opens no case by itself: allocation does."""
    (outcome,) = receive_events(connection, [_reported(event)])
    if isinstance(outcome, AppError):
        raise outcome
    if outcome is Received.REPLAYED:
        response.status_code = 200
    return EventReceipt.model_construct(event_id=event.event_id, policy_no=event.policy_no, outcome=outcome.value)


@router.post("/events/batch", operation_id="reportEvents", tags=["events"], responses=documented(400, 413, 415))
def report_events(connection: WriteConnection, principal: CurrentPrincipal, events: Batch) -> BatchReceipt:
    """Reports up to 10,000 events. Each item has an outcome of its own; good ones are stored even if others are not."""
    accepted: dict[int, EventIn] = {}
    items: dict[int, ItemOutcome] = {}
    try:
        accepted = dict(enumerate(_EVENTS.validate_python(events)))
    except ValidationError:
        for index, event in enumerate(events):
            try:
                accepted[index] = EventIn.model_validate(event)
            except ValidationError as error:
                failed = ValidationFailed(errors=field_errors(error.errors(include_url=False, include_input=False)))
                items[index] = _outcome(index, None, failed)
    outcomes = receive_events(connection, [_reported(event) for event in accepted.values()])
    for (index, event), outcome in zip(accepted.items(), outcomes, strict=True):
        items[index] = _outcome(index, event.event_id, outcome)
    told = [items[index] for index in range(len(events))]
    return BatchReceipt.model_construct(
        created=sum(item.outcome == "CREATED" for item in told),
        replayed=sum(item.outcome == "REPLAYED" for item in told),
        conflicts=sum(item.outcome == "CONFLICT" for item in told),
        refused=sum(item.outcome == "REFUSED" for item in told),
        items=told,
    )


def _reported(event: EventIn) -> ReportedEvent:
    return ReportedEvent(**dict(event))


def _outcome(index: int, event_id: str | None, outcome: Received | AppError) -> ItemOutcome:
    if isinstance(outcome, Received):
        return ItemOutcome(index=index, event_id=event_id, outcome=outcome.value)
    return ItemOutcome(
        index=index,
        event_id=event_id,
        outcome="CONFLICT" if outcome.code == "EVENT_CONFLICT" else "REFUSED",
        code=outcome.code,
        detail=outcome.detail_zh,
        detail_en=outcome.detail_en,
        errors=outcome.facts.get("errors"),
    )
