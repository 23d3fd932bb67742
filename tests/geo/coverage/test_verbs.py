"""Each verb on maps drawn as squares: who has what afterwards, what changed hands, and that borders stay shared."""

from collections.abc import Callable
from typing import Any

import pytest
from shapely import Polygon

from geo import coverage
from geo.coverage import Change

from .maps import Areas, after, at, drawn, flaws, line, moved, picture, same, square, squares_of

FOUR = """
    C C D D
    C C D D
    A A B B
    A A B B
"""
RING = """
    A A A A
    A . . A
    A . B A
    A A A A
"""
COURT = """
    A A A A
    A . . A
    A . . A
    A . . A
    A A A A
"""
ISLANDS = """
    A A . B B
    A A . B B
    . . . . .
    A A C C C
    A A C C C
"""
NESTED = """
    A A A A A
    A B B B A
    A B C B A
    A B B B A
    A A A A A
"""


def of(verb: Callable[..., Change], *arguments: Any, **named: Any) -> Callable[[Areas], Change]:
    return lambda areas: verb(areas, *arguments, **named)


CASES: list[tuple[str, str, Callable[[Areas], Change], str, dict[tuple[str | None, str | None], float]]] = [
    (
        "give: a lasso over a triple point takes from all",
        FOUR,
        of(coverage.give, square(1, 1, 3, 3), "A"),
        """
            C C D D
            C A A D
            A A A B
            A A B B
        """,
        {("B", "A"): 1, ("C", "A"): 1, ("D", "A"): 1},
    ),
    (
        "give: only from those that are named",
        FOUR,
        of(coverage.give, square(1, 1, 3, 3), "A", ["B"]),
        """
            C C D D
            C C D D
            A A A B
            A A B B
        """,
        {("B", "A"): 1},
    ),
    (
        "give: to nobody",
        FOUR,
        of(coverage.give, square(1, 1, 3, 3), None),
        """
            C C D D
            C . . D
            A . . B
            A A B B
        """,
        {("A", None): 1, ("B", None): 1, ("C", None): 1, ("D", None): 1},
    ),
    (
        "give: to a new code, with nobody's land around",
        ISLANDS,
        of(coverage.give, square(1, 1, 4, 4), "N"),
        """
            A A . B B
            A N N N B
            . N N N .
            A N N N C
            A A C C C
        """,
        {("A", "N"): 2, ("B", "N"): 1, ("C", "N"): 2, (None, "N"): 4},
    ),
    (
        "give: the whole of an area leaves nothing of it",
        FOUR,
        of(coverage.give, square(0, 0, 2, 2), "B"),
        """
            C C D D
            C C D D
            B B B B
            B B B B
        """,
        {("A", "B"): 4},
    ),
    (
        "give: a lasso with a hole leaves what is in the hole",
        NESTED,
        of(coverage.give, Polygon(square(0, 0, 5, 5).exterior, [square(2, 2, 3, 3).exterior]), "B"),
        """
            B B B B B
            B B B B B
            B B C B B
            B B B B B
            B B B B B
        """,
        {("A", "B"): 16},
    ),
    (
        "draw: nobody's land only",
        ISLANDS,
        of(coverage.draw, "A", square(1, 1, 4, 4)),
        """
            A A . B B
            A A A B B
            . A A A .
            A A C C C
            A A C C C
        """,
        {(None, "A"): 4},
    ),
    (
        "draw: others' land too",
        ISLANDS,
        of(coverage.draw, "A", square(1, 1, 4, 4), take=True),
        """
            A A . B B
            A A A A B
            . A A A .
            A A A A C
            A A C C C
        """,
        {(None, "A"): 4, ("B", "A"): 1, ("C", "A"): 2},
    ),
    (
        "assign: whole communities from anybody",
        FOUR,
        of(coverage.assign, [square(1, 1, 2, 3), square(2, 2, 3, 3)], "D"),
        """
            C C D D
            C D D D
            A D B B
            A A B B
        """,
        {("A", "D"): 1, ("C", "D"): 1},
    ),
    (
        "cut a hole: inside of one, others keep theirs",
        FOUR,
        of(coverage.cut_hole, "A", square(1, 1, 3, 3)),
        """
            C C D D
            C C D D
            A . B B
            A A B B
        """,
        {("A", None): 1},
    ),
    (
        "merge: neighbours",
        FOUR,
        of(coverage.merge, "A", "C"),
        """
            C C D D
            C C D D
            C C B B
            C C B B
        """,
        {("A", "C"): 4},
    ),
    (
        "merge: an area in the hole of another",
        NESTED,
        of(coverage.merge, "C", "B"),
        """
            A A A A A
            A B B B A
            A B B B A
            A B B B A
            A A A A A
        """,
        {("C", "B"): 1},
    ),
    (
        "merge: areas far apart make a MultiPolygon",
        ISLANDS,
        of(coverage.merge, "B", "A"),
        """
            A A . A A
            A A . A A
            . . . . .
            A A C C C
            A A C C C
        """,
        {("B", "A"): 4},
    ),
    (
        "remove",
        NESTED,
        of(coverage.remove, "B"),
        """
            A A A A A
            A . . . A
            A . C . A
            A . . . A
            A A A A A
        """,
        {("B", None): 8},
    ),
    (
        "split: the smaller piece goes",
        FOUR,
        of(coverage.split, "A", line((1.2, -1), (1.2, 3)), "N"),
        """
            C C D D
            C C D D
            A N B B
            A N B B
        """,
        {("A", "N"): 1.6},
    ),
    (
        "split: the piece that is named goes",
        FOUR,
        of(coverage.split, "A", line((1, -1), (1, 3)), "B", at(1.5, 0.5)),
        """
            C C D D
            C C D D
            A B B B
            A B B B
        """,
        {("A", "B"): 2},
    ),
    (
        "split: through a hole both ways",
        NESTED,
        of(coverage.split, "B", line((0.5, 2), (4.5, 2)), "N", at(1.5, 1.5)),
        """
            A A A A A
            A B B B A
            A B C B A
            A N N N A
            A A A A A
        """,
        {("B", "N"): 3},
    ),
    (
        "split: along the border, from a vertex to a vertex",
        FOUR,
        of(coverage.split, "A", line((0, 0), (0, 2), (2, 1)), "N"),
        """
            C C D D
            C C D D
            A N B B
            A A B B
        """,
        {("A", "N"): 1},
    ),
    (
        "reshape: outwards with a closed line, from all that it passes",
        FOUR,
        of(coverage.reshape, "A", line((1, 1), (3, 1), (3, 3), (1, 3), (1, 1))),
        """
            C C D D
            C A A D
            A A A B
            A A B B
        """,
        {("B", "A"): 1, ("C", "A"): 1, ("D", "A"): 1},
    ),
    (
        "reshape: out of one side and in again at another",
        FOUR,
        of(coverage.reshape, "A", line((1.5, 1), (3, 1), (3, 3), (1, 3), (1, 1.5))),
        """
            C C D D
            C A A D
            A A A B
            A A B B
        """,
        {("B", "A"): 1, ("C", "A"): 1, ("D", "A"): 1},
    ),
    (
        "reshape: inwards, what is cut off goes to the longest border",
        FOUR,
        of(coverage.reshape, "A", line((1, -1), (1, 1), (2.5, 1))),
        """
            C C D D
            C C D D
            A A B B
            A B B B
        """,
        {("A", "B"): 1},
    ),
    (
        "reshape: cut off where nobody borders is nobody's",
        "A A A",
        of(coverage.reshape, "A", line((1, -1), (1, 2))),
        ". A A",
        {("A", None): 1},
    ),
    (
        "reshape: a hole keeps its larger side",
        COURT,
        of(coverage.reshape, "A", line((0.5, 2), (3.5, 2))),
        """
            A A A A
            A . . A
            A . . A
            A A A A
            A A A A
        """,
        {(None, "A"): 2},
    ),
    (
        "fill a gap: the longest border gets it",
        RING,
        of(coverage.fill_gap, at(1.5, 2.5)),
        """
            A A A A
            A A A A
            A A B A
            A A A A
        """,
        {(None, "A"): 3},
    ),
    (
        "fill a gap: for somebody",
        RING,
        of(coverage.fill_gap, at(1.5, 2.5), "B"),
        """
            A A A A
            A B B A
            A B B A
            A A A A
        """,
        {(None, "B"): 3},
    ),
    (
        "fill a gap: as far as the limit",
        ISLANDS,
        of(coverage.fill_gap, at(2.5, 2.5), "C", square(0, 0, 5, 5)),
        """
            A A C B B
            A A C B B
            C C C C C
            A A C C C
            A A C C C
        """,
        {(None, "C"): 7},
    ),
]


@pytest.mark.parametrize(
    ("before", "verb", "expected", "pieces"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_who_has_what_afterwards(
    before: str, verb: Callable[[Areas], Change], expected: str, pieces: dict[tuple[str | None, str | None], float]
) -> None:
    areas = drawn(before)
    change = verb(areas)
    result = after(areas, change)
    assert picture(result, before) == same(expected)
    assert moved(change) == pieces
    assert flaws(result) == []
    for code, area in change.areas.items():
        assert area is None or squares_of(area) > 0
        assert area != areas.get(code), "an area that did not change is among the changed"
