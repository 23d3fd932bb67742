"""The life of a version: which step is allowed from which state, and what a published one is called on a day. Pure."""

from datetime import date
from typing import Final, Literal

from app.territories.plans.errors import PlanStepRefused

Step = Literal["submit", "withdraw", "reject", "approve", "publish", "discard"]

_STEPS: Final[dict[Step, tuple[frozenset[str], str]]] = {
    "submit": (frozenset({"DRAFT"}), "IN_REVIEW"),
    "withdraw": (frozenset({"IN_REVIEW", "APPROVED"}), "DRAFT"),
    "reject": (frozenset({"IN_REVIEW"}), "DRAFT"),
    "approve": (frozenset({"IN_REVIEW"}), "APPROVED"),
    "publish": (frozenset({"APPROVED"}), "PUBLISHED"),
    "discard": (frozenset({"DRAFT"}), "DISCARDED"),
}

STATE_NAMES: Final = {
    "DRAFT": "草稿",
    "IN_REVIEW": "审核中",
    "APPROVED": "已批准",
    "SCHEDULED": "待生效",
    "ACTIVE": "生效中",
    "SUPERSEDED": "已被取代",
    "DISCARDED": "已放弃",
}
"""What a version is called in the state that `state_on` gives."""


def after(step: Step, state: str) -> str:
    """The state that a step leads to. Raises `PlanStepRefused`, which names both."""
    before, reached = _STEPS[step]
    if state not in before:
        raise PlanStepRefused(from_state=state, to_state=reached)
    return reached


def allowed(state: str) -> tuple[Step, ...]:
    """The steps that may be taken from a state."""
    return tuple(step for step, (before, _) in _STEPS.items() if state in before)


def state_on(state: str, effective_from: date | None, effective_to: date | None, today: date) -> str:
    """What a version is called today: published ones are scheduled, active or superseded by their days."""
    if state != "PUBLISHED" or effective_from is None:
        return state
    if effective_to is not None and (effective_to <= today or effective_from == effective_to):
        return "SUPERSEDED"
    return "SCHEDULED" if today < effective_from else "ACTIVE"
