"""Who asks, and the part of the organisation that they may see."""

from dataclasses import dataclass
from typing import Literal

from app.errors import OutOfScope

Role = Literal["province", "city", "branch", "lead", "agent", "system"]


@dataclass(frozen=True, slots=True)
class Scope:
    """The branches and teams that a caller may see; None means all of them."""

    branch_codes: frozenset[str] | None = None
    team_codes: frozenset[str] | None = None

    @property
    def listed_branches(self) -> list[str] | None:
        """The branches in order, as a statement takes them; None: all."""
        return None if self.branch_codes is None else sorted(self.branch_codes)


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: a name for the books, a role of rulebook section 3, and a scope."""

    name: str
    role: Role
    scope: Scope = EVERYTHING

    def need_branch(self, branch_code: str | None) -> None:
        """Raises `OutOfScope` unless the caller may act for the branch; None: for all of them."""
        if self.scope.branch_codes is not None and branch_code not in self.scope.branch_codes:
            raise OutOfScope
