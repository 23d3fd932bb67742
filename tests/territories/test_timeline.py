"""What a delivery makes of the versions of a branch: held against the rulebook's rule, team by team and day by day."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.territories.plans.timeline import Delivered, Version, redraw

FIRST = date(2026, 1, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def versions(*rows: tuple[int, dict[str, tuple[int, int]]]) -> list[Version]:
    """(day, team → (shape, since day)), the version's number its place."""
    return [
        Version(day(begin), {team: (shape, day(since)) for team, (shape, since) in held.items()}, number)
        for number, (begin, held) in enumerate(rows, start=1)
    ]


def drawn(redrawn: Sequence[Version]) -> list[tuple[int, dict[str, tuple[int, int]], int | None]]:
    return [
        (
            (version.effective_from - FIRST).days,
            {team: (shape, (since - FIRST).days) for team, (shape, since) in version.territories.items()},
            version.plan_id,
        )
        for version in redrawn
    ]


def test_the_first_delivery_makes_a_version_a_day() -> None:
    found = redraw([], [Delivered("A", day(0), 1), Delivered("B", day(0), 2), Delivered("A", day(9), 3)])
    assert drawn(found) == [
        (0, {"A": (1, 0), "B": (2, 0)}, None),
        (9, {"A": (3, 9), "B": (2, 0)}, None),
    ]


def test_what_is_known_already_stays() -> None:
    known = versions((0, {"A": (1, 0), "B": (2, 0)}), (9, {"A": (3, 9), "B": (2, 0)}))
    assert redraw(known, []) == known
    assert redraw(known, [Delivered("A", day(0), 1)]) == known


def test_a_correction_supersedes_the_versions_that_show_it_and_no_other() -> None:
    known = versions((0, {"A": (1, 0)}), (5, {"A": (1, 0), "B": (2, 5)}), (9, {"A": (3, 9), "B": (2, 5)}))
    assert drawn(redraw(known, [Delivered("A", day(0), 7)])) == [
        (0, {"A": (7, 0)}, None),
        (5, {"A": (7, 0), "B": (2, 5)}, None),
        (9, {"A": (3, 9), "B": (2, 5)}, 3),
    ]


def test_a_territory_between_two_days_makes_a_version_of_its_own() -> None:
    known = versions((0, {"A": (1, 0)}), (9, {"A": (3, 9)}))
    assert drawn(redraw(known, [Delivered("A", day(4), 2)])) == [
        (0, {"A": (1, 0)}, 1),
        (4, {"A": (2, 4)}, None),
        (9, {"A": (3, 9)}, 2),
    ]


def test_what_a_published_plan_took_away_stays_away_until_it_is_delivered_anew() -> None:
    known = versions((0, {"A": (1, 0), "B": (2, 0)}), (5, {"A": (1, 0)}))
    assert drawn(redraw(known, [Delivered("B", day(0), 8)])) == [
        (0, {"A": (1, 0), "B": (8, 0)}, None),
        (5, {"A": (1, 0)}, 2),
    ]
    assert drawn(redraw(known, [Delivered("B", day(7), 8)]))[-1] == (7, {"A": (1, 0), "B": (8, 7)}, None)


def test_a_version_whose_days_of_origin_are_older_than_itself_is_not_made_anew() -> None:
    # put onto the grid by a draft: another shape, the same land, and so the same day of origin
    known = versions((0, {"A": (1, 0), "B": (2, 0)}), (5, {"A": (9, 0), "B": (3, 5)}))
    assert redraw(known, [Delivered("A", day(0), 1)]) == known


rows = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 12), st.integers(1, 5)), max_size=12, unique_by=lambda row: row[:2]
)


@given(st.lists(rows, max_size=4))
def test_of_each_team_the_latest_that_has_begun_is_in_force(deliveries: list[list[tuple[str, int, int]]]) -> None:
    known: list[Version] = []
    told: dict[tuple[str, int], int] = {}
    number = 0
    for delivery in deliveries:
        known = redraw(known, [Delivered(team, day(begin), shape) for team, begin, shape in delivery])
        told |= {(team, begin): shape for team, begin, shape in delivery}
        made = []
        for version in known:
            number += version.plan_id is None
            made.append(Version(version.effective_from, version.territories, version.plan_id or number))
        known = made
    for today in range(14):
        begun = [version for version in known if version.effective_from <= day(today)]
        held = dict(begun[-1].territories) if begun else {}
        expected = {}
        for team in "ABC":
            days = [begin for (code, begin) in told if code == team and begin <= today]
            if days:
                expected[team] = (told[team, max(days)], day(max(days)))
        assert held == expected
