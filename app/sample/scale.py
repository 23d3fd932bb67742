"""How large a city a number of policies needs."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """The sizes that follow from the number of policies and orphans."""

    policies: int
    orphans: int
    holders: int
    communities: int
    estates: int
    districts: int
    branches: int
    radius: float
    """Mean radius of the city in metres."""
    members: int
    """How many agents a collection team aims at."""

    @property
    def orphan_share(self) -> float:
        return self.orphans / self.policies


def scale_for(policies: int, orphans: int | None) -> Scale:
    """Sizes for ``policies`` policies of which ``orphans`` (default a quarter) are named in events.

    Raises ``ValueError`` where there are fewer than 10 policies, or more orphans than policies.
    """
    if policies < 10:
        raise ValueError("样例至少需要 10 张保单；a sample needs at least 10 policies: give a larger number")
    orphans = policies // 4 if orphans is None else orphans
    if not 0 <= orphans <= policies:
        raise ValueError("孤儿单数必须在 0 与保单数之间；orphans must lie between 0 and the number of policies")
    # 20,000 policies give about 350 communities and a million about 4,000.
    communities = max(24, round(0.755 * policies**0.62))
    steps = (5_000, 50_000, 100_000, 300_000)
    districts = (6, 8, 9, 10, 12)[sum(policies >= step for step in steps)]
    return Scale(
        policies=policies,
        orphans=orphans,
        holders=max(5, round(policies / 1.8)),
        communities=communities,
        estates=7 * communities,
        districts=districts,
        branches=max(districts, round(policies / 25_000)),
        # Larger cities are denser: 2.4 square kilometres a community at 350 communities, 1.2 at 4,000.
        radius=math.sqrt(communities * 2.4e6 * (350 / communities) ** 0.3 / math.pi),
        members=round(5 + 17 * min(1.0, policies / 1_000_000)),
    )
