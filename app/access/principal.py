"""Who asks, and the part of the organisation that they may see."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["province", "city", "branch", "lead", "agent", "system"]


@dataclass(frozen=True, slots=True)
class Scope:
    """The branches and teams that a caller may see; None means all of them."""

    branch_codes: frozenset[str] | None = None
    team_codes: frozenset[str] | None = None


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: a name for the books, a role of rulebook section 3, and a scope."""

    name: str
    role: Role
    scope: Scope = EVERYTHING
