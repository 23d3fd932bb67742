"""The trail of a decision as it is stored: typed codes and numbers; sentences are made of it when it is read."""

from collections.abc import Sequence
from typing import Any

import orjson

from app.allocation.domain import Asked, Candidate


def dump(trail: Sequence[Asked]) -> str:
    """A trail as JSON: [[rung, outcome, [[team, agent, check, load, capacity], …]], …]."""
    return orjson.dumps([(a.rung, a.outcome, [tuple(c) for c in a.candidates]) for a in trail]).decode()


def load(stored: Sequence[Any]) -> tuple[Asked, ...]:
    """The trail of parsed JSON."""
    return tuple(
        Asked(rung, outcome, tuple(Candidate(*candidate) for candidate in candidates))
        for rung, outcome, candidates in stored
    )
