"""Intake events as they go over the wire."""

from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from app.fields import Code, Day, Input, Output
from app.problems import FieldError

Reason = Literal[
    "AGENT_TERMINATED",
    "AGENT_REQUEST",
    "CUSTOMER_REQUEST",
    "TRANSFER_IN_DOMESTIC",
    "TRANSFER_IN_EXTERNAL",
    "LAPSED_SELF_SOLD",
    "OTHER_CHANNEL",
    "NO_QUALIFIED_SERVICER",
]

MAX_BATCH = 10_000
"""Events that one batch may hold."""

_EXAMPLE: dict[str, JsonValue] = {
    "event_id": "EV-20260305-0001",
    "policy_no": "P000000001",
    "reason": "AGENT_TERMINATED",
    "event_on": "2026-03-05",
    "origin_agent_code": "A1",
    "formalities_on": "2026-03-05",
    "approval_ref": None,
    "designated_agent_code": None,
}


class EventIn(Input):
    """A policy enters orphan management (rulebook 4.1).

    `origin_agent_code`: who serviced it until the event. `formalities_on`: when the leaver's formalities were completed; the
    notice is due 30 days later. `designated_agent_code` counts only together with `approval_ref`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    event_id: Code
    policy_no: Code
    reason: Reason
    event_on: Day
    origin_agent_code: Code | None = None
    formalities_on: Day | None = None
    approval_ref: Code | None = None
    designated_agent_code: Code | None = None


Outcome = Literal["CREATED", "REPLAYED", "CONFLICT", "REFUSED"]


class EventReceipt(Output):
    """An event as stored. `outcome`: CREATED, or REPLAYED if the same event had come before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"event_id": "EV-20260305-0001", "policy_no": "P000000001", "outcome": "CREATED"}]
        }
    )

    event_id: str
    policy_no: str
    outcome: Literal["CREATED", "REPLAYED"]


class ItemOutcome(Output):
    """What became of one item of a batch; `code` and the sentences say why it was not stored."""

    index: int = Field(description="Position in the batch, from 0")
    event_id: str | None = Field(description="Null if the item itself is not acceptable")
    outcome: Outcome
    code: str | None = None
    detail: str | None = None
    detail_en: str | None = None
    errors: list[FieldError] | None = None


class BatchReceipt(Output):
    """What became of a batch: good items are stored even if others are not."""

    created: int
    replayed: int
    conflicts: int
    refused: int
    items: list[ItemOutcome]
