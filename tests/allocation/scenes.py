"""Small crowded towns with every kind of policyholder in them, for Hypothesis.

A town and each policyholder grow from a number of their own: quick to draw, and a failing scene still shrinks to the few
policyholders that it needs.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from app.allocation.domain import Address, Event, Holder, Policy
from app.allocation.strategy import Strategy

from .maps import RUN_DATE, Member, Town, policy

TEAMS = {"C1": "E", "C2": "E", "C3": "E", "C4": "W", "C5": "W", "C6": "Z", "M1": "E", "M2": "Z"}
AGENTS = [f"{team}-{number}" for team in TEAMS for number in range(3)]
REASONS = [
    "AGENT_TERMINATED",
    "AGENT_TERMINATED",
    "AGENT_REQUEST",
    "CUSTOMER_REQUEST",
    "TRANSFER_IN_DOMESTIC",
    "LAPSED_SELF_SOLD",
    "OTHER_CHANNEL",
    "NO_QUALIFIED_SERVICER",
]


class Scene(NamedTuple):
    town: Town
    holders: list[Holder]
    strategy: Strategy


class Dice(Random):
    """Chances, said shortly."""

    def often(self, percent: int) -> bool:
        return self.randrange(100) < percent

    def some(self, values: Sequence[str], most: int) -> tuple[str, ...]:
        return tuple(sorted(self.sample(values, self.randint(0, most))))

    def maybe(self, percent: int, values: Sequence[str]) -> str | None:
        return self.choice(values) if self.often(percent) else None


def town_of(dice: Dice) -> Town:
    """Branches E and W in city X, Z in city Y; eight teams own squares alone, together or not at all."""
    owned = ["+".join(dice.some(list(TEAMS), 3)) or "." for _ in range(8)]
    town = Town(
        branches="E E W Z\nE E W Z",
        communities="c5 c6 c7 c8\nc1 c2 c3 c4",
        territories=f"{' '.join(owned[:4])}\n{' '.join(owned[4:])}",
        cities={"Z": "Y"},
    )
    for code, branch in TEAMS.items():
        ended = dice.often(15)
        town.team(
            code,
            branch,
            {f"{code}-{number}": member_of(dice) for number in range(dice.randint(0 if dice.often(10) else 1, 3))},
            force="MARKETING" if code.startswith("M") else "COLLECTION",
            failure="H2_ENDED" if ended else dice.maybe(10, ["H2_NOT_TAKING_PART"]),
            capacity=dice.randint(0, 30) if dice.often(30) else None,
            pool=dice.randint(0, 2),
            successor=dice.maybe(80, list(TEAMS)) if ended else None,
        )
    return town


def member_of(dice: Dice) -> Member:
    failure = dice.maybe(20, ["H2_STATE", "H2_ON_LEAVE", "H3_NOT_QUALIFIED"])
    return Member(
        load=dice.randint(0, 4),
        capacity=dice.choice([0, 6, 8, 8, 12, 12]),
        failure=failure,
        valid=failure != "H2_STATE",
        duty=dice.some(["c1", "c2", "c5"], 2),
        received=dice.randint(0, 2),
    )


def events_of(dice: Dice, policy_no: str) -> list[Event]:
    rows = []
    for number in range(dice.choice([0, 1, 1, 2])):
        on = RUN_DATE + timedelta(days=dice.randint(-40, 1))
        approved = dice.often(60)
        rows.append(
            Event(
                event_id=f"{policy_no}/{number}",
                reason=dice.choice(REASONS),
                event_on=on,
                origin_agent_code=dice.maybe(80, AGENTS),
                formalities_on=on if dice.often(50) else None,
                approval_ref="approval" if approved else None,
                designated_agent_code=dice.maybe(25, AGENTS) if approved else None,
            )
        )
    return rows


def policy_of(dice: Dice, policy_no: str, combination: str | None, agents: Sequence[str]) -> Policy:
    lapsed = dice.often(20)
    return policy(
        policy_no,
        *events_of(dice, policy_no),
        branch=dice.choice(["E"] * 6 + ["W"] * 3 + ["Z"]),
        servicer=dice.maybe(80, agents),
        since=date(dice.choice([2020, 2021]), 1, 1) if dice.often(80) else None,
        seller=dice.maybe(80, AGENTS),
        collection=dice.often(30),
        combination=combination,
        term=dice.choice([None, 0, 1, 20]),
        status="LAPSED" if lapsed else dice.choice(["IN_FORCE"] * 9 + ["ENDED"]),
        lapsed=date(2025, 9, dice.choice([10, 11])) if lapsed else None,
        state=None if combination else dice.maybe(20, ["TEAM_POOL", "PENDING_APPROVAL", "CITY_REVIEW"]),
    )


def address_of(dice: Dice, town: Town, number: int) -> Address:
    """Points on a grid of a quarter square, so that borders and corners are hit; a few in the other city."""
    at = dice.randint(0, 13 if dice.often(95) else 17) * 0.0025, dice.randint(0, 8) * 0.0025
    return town.address(
        at if dice.often(70) else None,
        dice.maybe(40, ["c1", "c2", "c3", "c6"]),
        dice.choice(["CUSTOMER_CONFIRMED", "POSTAL", "HOME", "WORK"]),
        level=dice.choice([None, None, "DOOR", "COMMUNITY", "ROAD", "CITY"]),
        confidence=dice.choice([0.5, 0.9, 0.9]),
        radius_m=dice.choice([30, 300]),
        updated_on=date(dice.choice([2024, 2025]), 1, 1) if dice.often(80) else None,
        text=f"{number}号",
        address_id=number,
    )


def holder_of(dice: Dice, town: Town, number: int) -> Holder:
    agents = dice.sample(AGENTS, 3)
    parts = [dice.choice([None, None, f"K{number}", f"L{number}"]) for _ in range(dice.randint(1, 4))]
    return Holder(
        policyholder_id=f"H{number}",
        agent_code=dice.maybe(15, agents),
        policies=[policy_of(dice, f"P{number}{part}", combination, agents) for part, combination in enumerate(parts)],
        addresses=[address_of(dice, town, row) for row in range(dice.choice([0, 1, 1, 1, 2, 3]))],
    )


def scene_of(town_seed: int, holder_seeds: Sequence[int], *, region_before_servicer: bool) -> Scene:
    town = town_of(Dice(town_seed))
    holders = [holder_of(Dice(seed), town, number) for number, seed in enumerate(holder_seeds)]
    return Scene(town, holders, Strategy(region_before_servicer=region_before_servicer))


seeds = st.integers(0, 2**32 - 1)


scenes = st.builds(scene_of, seeds, st.lists(seeds, min_size=1, max_size=8), region_before_servicer=st.booleans())
