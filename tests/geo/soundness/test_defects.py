"""Defects of coverages drawn as maps: the whole, around a change, and what each way of mending makes."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from geo.coverage import CoverageError, give, remove, replace
from geo.coverage.grid import multi, polygons
from geo.coverage.measure import area_m2
from geo.soundness import Thresholds
from geo.soundness.defects import (
    Defect,
    NoSuchWay,
    Way,
    changed_land,
    defects,
    defects_near,
    neighbourhood,
    repair,
    superseded,
)
from geo.soundness.errors import TooComplex

from .maps import CELL, SOUTH, WEST, box, drawn, whole

CELL_M2 = float(area_m2(box(0, 0, 1, 1))[0])
PLAIN = ("aab", "aab", "ccb")


def told(found: list[Defect]) -> dict[tuple[str, tuple[str, ...]], float]:
    """Code and teams → cells of area."""
    return {(one.code, one.team_codes): round((one.area_m2 or 0.0) / CELL_M2, 3) for one in found}


def test_a_sound_coverage_has_no_defects() -> None:
    assert defects(drawn(*PLAIN), branch=whole(3, 3)) == []


def test_a_gap_is_named_with_its_borders_longest_first() -> None:
    areas = drawn("aaab", "a..b", "aaab")
    (gap,) = defects(areas, branch=whole(3, 4))
    assert (gap.code, gap.team_codes) == ("GAP", ("a", "b"))
    assert gap.area_m2 == pytest.approx(2 * CELL_M2, rel=1e-4)
    a, b = gap.details["borders"]
    assert a["length_m"] / b["length_m"] == pytest.approx((4 * 94.4 + 110.9) / 110.9, rel=0.01)
    assert gap.ways == (Way("GIVE", "a"), Way("GIVE", "b"))


def test_a_gap_with_many_neighbours_offers_the_longest_borders_alone() -> None:
    strip = "".join(chr(ord("a") + n) for n in range(20))
    (gap,) = defects(drawn(strip, "." * 20), branch=whole(2, 20))
    assert len(gap.team_codes) == 20
    assert len(gap.ways) == 12


def test_a_gap_at_the_edge_of_the_branch_is_found_and_outside_of_it_none() -> None:
    areas = drawn("aa.", "aab")
    assert told(defects(areas, branch=whole(2, 3))) == {("GAP", ("a", "b")): 1.0}
    assert defects(areas) == []


def test_two_gaps_that_touch_at_a_corner_are_two() -> None:
    found = defects(drawn("a.b", ".cb", "ccb"), branch=whole(3, 3))
    assert Counter(one.code for one in found) == {"GAP": 2}


def test_a_hole_is_nobodys_land_inside_one_area() -> None:
    assert told(defects(drawn("aaa", "a.a", "aaa"), branch=whole(3, 3))) == {("HOLE", ("a",)): 1.0}
    assert defects(drawn("aaa", "aba", "aaa"), branch=whole(3, 3)) == []


def test_nothing_drawn_is_one_gap() -> None:
    (gap,) = defects({}, branch=whole(2, 2))
    assert (gap.code, gap.team_codes, gap.ways) == ("GAP", (), ())


@pytest.mark.parametrize(
    "other", [box(1, 0, 3, 2), box(0, 0, 2, 2), box(0, 0, 1, 2), box(0.5, 0.5, 1.5, 1.5), box(-1, -1, 3, 3)]
)
def test_an_overlap_is_named_with_its_pair_and_place(other: MultiPolygon) -> None:
    areas = {"a": box(0, 0, 2, 2), "b": other}
    found = [one for one in defects(areas) if one.code == "OVERLAP"]
    expected = shapely.intersection(areas["a"], other)
    assert [one.team_codes for one in found] == [("a", "b")]
    assert found[0].place.equals(expected)
    assert found[0].area_m2 == pytest.approx(float(area_m2(expected)[0]))


def test_two_whole_coverages_upon_each_other_overlap_pair_by_pair() -> None:
    lower = drawn("ab", "cd")
    upper = {code.upper(): area for code, area in lower.items()}
    found = defects(lower | upper)
    assert {one.team_codes for one in found} == {("A", "a"), ("B", "b"), ("C", "c"), ("D", "d")}


def test_areas_that_only_touch_do_not_overlap() -> None:
    # c's corner lies in the middle of an edge of b, which has no vertex there
    areas = {"b": box(0, 0, 2, 1), "c": box(0.5, 1, 1.5, 2)}
    assert defects(areas) == []


def test_slivers_are_told_by_width_whatever_they_are_slivers_of() -> None:
    thin = 1.0 / 94.4  # a metre
    gap = {"a": box(0, 0, 1, 1), "b": box(1 + thin, 0, 2, 1)}
    overlap = {"a": box(0, 0, 1 + thin, 1), "b": box(1, 0, 2, 1)}
    part = {"a": multi([*polygons(box(0, 0, 1, 1)), *polygons(box(3, 0, 3 + thin, 1))]), "b": box(1, 0, 3, 1)}
    kinds = [
        [(one.code, one.kind) for one in defects(areas, branch=branch)]
        for areas, branch in ((gap, box(0, 0, 2, 1)), (overlap, None), (part, None))
    ]
    assert kinds == [[("SLIVER", "GAP")], [("SLIVER", "OVERLAP")], [("SLIVER", "PART")]]
    wide = {"a": box(0, 0, 1, 1), "b": box(1 + 3 * thin, 0, 2, 1)}
    assert [one.code for one in defects(wide, branch=box(0, 0, 2, 1))] == ["GAP"]


def test_what_the_grid_rounds_is_no_defect() -> None:
    # one and two cells of the grid between the two
    for cells in (1, 2):
        areas = {
            "a": box(0, 0, 1, 1),
            "b": shapely.transform(box(1, 0, 2, 1), lambda p, c=cells: p + np.array([c * 1e-8, 0])),
        }
        assert defects(areas, branch=shapely.union(box(0, 0, 1, 1), box(0.5, 0, 2, 1))) == []


def test_land_outside_of_the_branch_is_told_and_tolerated_up_to_a_width() -> None:
    (far,) = defects({"a": box(0, 0, 2, 1)}, branch=box(0, 0, 1, 1))
    (near,) = defects({"a": box(0, 0, 1.03, 1)}, branch=box(0, 0, 1, 1))
    assert (far.code, far.details["tolerated"], far.ways) == ("OUTSIDE_BRANCH", False, (Way("CLIP", "a"),))
    assert (near.code, near.details["tolerated"]) == ("OUTSIDE_BRANCH", True)
    assert near.area_m2 == pytest.approx(0.03 * CELL_M2, rel=0.01)


def test_parts_apart_are_told_but_for_the_largest() -> None:
    found = defects(drawn("aab", "aab", "cca"), branch=whole(3, 3))
    assert told(found) == {("DISCONNECTED_PART", ("a",)): 1.0}
    assert found[0].ways == (Way("GIVE", "c"), Way("GIVE", "b"))


def test_vertices() -> None:
    ring = [(0, 0), (1, 0), (1, 0), (1, 1), (0, 1), (0, 1), (0, 1), (0, 0)]
    doubled = multi([Polygon([(WEST + x * CELL, SOUTH + y * CELL) for x, y in ring])])
    (found,) = defects({"a": doubled})
    assert (found.code, found.details["vertices"]) == ("DUPLICATED_VERTEX", 3)
    assert shapely.get_num_geometries(found.place) == 2
    (many,) = defects(drawn("a"), thresholds=Thresholds(max_vertices=3))
    assert (many.code, many.details["vertices"]) == ("TOO_MANY_VERTICES", 4)


def test_an_invalid_ring_is_told_where_it_crosses_itself() -> None:
    bow = multi([Polygon([(WEST, SOUTH), (WEST + CELL, SOUTH + CELL), (WEST + CELL, SOUTH), (WEST, SOUTH + CELL)])])
    (found,) = [one for one in defects({"a": bow}) if one.code == "INVALID_RING"]
    assert found.place.distance(shapely.Point(WEST + CELL / 2, SOUTH + CELL / 2)) < 1e-9


def test_communities_without_an_owner_or_with_several() -> None:
    communities = {"1": box(0, 0, 1, 1), "2": box(1, 0, 2, 1), "3": box(2, 0, 3, 1), "4": box(9, 9, 10, 10)}
    areas = {"a": box(0, 0, 1.6, 1), "b": box(1.6, 0, 2.2, 1)}
    found = {
        one.community_codes: one
        for one in defects(areas, branch=whole(1, 3), communities=communities)
        if one.community_codes
    }
    assert set(found) == {("2",), ("3",)}
    shared, unowned = found[("2",)], found[("3",)]
    assert (shared.code, shared.team_codes) == ("COMMUNITY_SHARED", ("a", "b"))
    assert [round(one["share"], 3) for one in shared.details["owners"]] == [0.6, 0.4]
    assert (unowned.code, round(unowned.details["share"], 3), unowned.ways) == (
        "UNOWNED_COMMUNITY",
        0.8,
        (Way("GIVE", "b"),),
    )


def test_hostile_areas_are_refused_before_they_are_overlaid() -> None:
    def comb(teeth: int, turned: bool) -> MultiPolygon:
        points = [(0.0, 0.0)]
        for n in range(teeth):
            x = n / teeth
            points += [(x, 1.0), (x + 0.4 / teeth, 1.0), (x + 0.5 / teeth, 0.01), (x + 0.9 / teeth, 0.01)]
        ring = [*points, (1.0, 0.0), (0.0, 0.0)]
        return multi(
            [Polygon([(WEST + (y if turned else x) * CELL, SOUTH + (x if turned else y) * CELL) for x, y in ring])]
        )

    with pytest.raises(TooComplex):
        defects({"a": comb(2000, False), "b": comb(2000, True)})


# Around a change


def near(
    known: list[Defect],
    before: Mapping[str, MultiPolygon],
    after: Mapping[str, MultiPolygon],
    changed: set[str],
    branch: MultiPolygon,
    communities: Mapping[str, MultiPolygon],
) -> list[Defect]:
    """The known defects with what concerns a change renewed, as the store does it."""
    touched = shapely.union_all([area for side in (before, after) for code, area in side.items() if code in changed])
    land = changed_land({code: before.get(code) for code in changed}, {code: after.get(code) for code in changed})
    concerned = {code for code, area in communities.items() if shapely.intersects(area, land)}
    gone = superseded(known, touched, changed, concerned)
    around = neighbourhood(
        dict(after),
        {code: before.get(code) for code in changed},
        [known[n] for n in gone],
        communities={code: communities[code] for code in concerned},
        branch=branch,
    )
    return [one for n, one in enumerate(known) if n not in gone] + defects_near(around)


def summary(found: list[Defect]) -> Counter[tuple[object, ...]]:
    """What two lists of defects must have in common."""
    return Counter(
        (
            one.code,
            one.kind,
            tuple(sorted(one.team_codes)),
            one.community_codes,
            round(one.area_m2 or 0),
            frozenset(one.ways),
        )
        for one in found
    )


_rectangle = st.tuples(st.integers(0, 10), st.integers(0, 10), st.integers(1, 5), st.integers(1, 5))
_change = st.tuples(st.sampled_from(["give", "nobody", "replace", "remove"]), st.sampled_from("abcdef"), _rectangle)


@given(st.lists(_change, min_size=1, max_size=8))
def test_around_each_change_as_in_the_whole(changes: list[tuple[str, str, tuple[int, int, int, int]]]) -> None:
    areas = drawn("aabb", "aacb", "dccc", "deef", "deff")
    branch = whole(5, 4)
    communities = {f"{x}{y}": box(x, y, x + 1, y + 1) for x in range(4) for y in range(5)}
    known = defects(areas, branch=branch, communities=communities)
    for verb, code, (x, y, w, h) in changes:
        region = box(x / 2.5, y / 2.5, (x + w) / 2.5, (y + h) / 2.5)
        try:
            match verb:
                case "give":
                    change = give(areas, region, code)
                case "nobody":
                    change = give(areas, region, None)
                case "replace":
                    change = replace(areas, code, region)
                case _:
                    change = remove(areas, code)
        except CoverageError:
            continue
        after = {c: a for c, a in {**areas, **change.areas}.items() if a is not None}
        known = near(known, areas, after, set(change.areas), branch, communities)
        areas = after
        assert summary(known) == summary(defects(areas, branch=branch, communities=communities))


# Mending


def mended(areas: dict[str, MultiPolygon], found: Defect, way: Way) -> dict[str, MultiPolygon]:
    change = repair(areas, found, way)
    return {code: area for code, area in {**areas, **change.areas}.items() if area is not None}


@pytest.mark.parametrize(
    ("areas", "branch"),
    [
        (drawn("aaab", "a..b", "aaab"), whole(3, 4)),
        (drawn("aaa", "a.a", "aaa"), whole(3, 3)),
        (drawn("aa.", "aab"), whole(2, 3)),
        (drawn("aab", "aab", "bba"), whole(3, 3)),
        ({"a": box(0, 0, 2, 1), "b": box(1, 0, 3, 1)}, whole(1, 3)),
        ({"a": box(0, 0, 3, 1), "b": box(1, 0.2, 2, 0.7)}, whole(1, 3)),
        ({"a": box(0, 0, 1.01, 1), "b": box(1, 0, 2, 1)}, whole(1, 2)),
        ({"a": box(0, 0, 1, 1), "b": box(1.01, 0, 2, 1)}, whole(1, 2)),
        ({"a": box(0, 0, 1, 1), "b": box(1, -1, 2, 1)}, whole(1, 2)),
        (
            {
                "a": multi(
                    [
                        Polygon(
                            [
                                (WEST, SOUTH),
                                (WEST, SOUTH),
                                *[(WEST + x * CELL, SOUTH + y * CELL) for x, y in ((1, 0), (1, 1), (0, 1))],
                            ]
                        )
                    ]
                )
            },
            whole(1, 1),
        ),
    ],
)
def test_each_way_mends_its_defect_and_makes_no_other(areas: dict[str, MultiPolygon], branch: MultiPolygon) -> None:
    found = defects(areas, branch=branch)
    assert found
    assert all(one.ways for one in found)
    for way in found[0].ways:
        after = mended(areas, found[0], way)
        left = defects(after, branch=branch)
        assert len(left) < len(found) or way.code == "CLIP"
        assert not {one.code for one in left} - {one.code for one in found}


def test_an_overlap_given_to_one_stays_with_it_and_leaves_the_other() -> None:
    areas = {"a": box(0, 0, 2, 1), "b": box(1, 0, 3, 1)}
    (found,) = defects(areas)
    assert {way.team_code for way in found.ways} == {"a", "b"}
    for way in found.ways:
        change = repair(areas, found, way)
        after = {**areas, **change.areas}
        winner, loser = (way.team_code, "b" if way.team_code == "a" else "a")
        assert after[winner].equals(areas[winner])  # type: ignore[index, union-attr]
        assert [(p.from_code, p.to_code) for p in change.pieces] == [(loser, None)]
        assert defects(after) == []  # type: ignore[arg-type]


def test_a_shared_community_goes_to_one_of_its_owners() -> None:
    areas = {"a": box(0, 0, 1.5, 1), "b": box(1.5, 0, 3, 1)}
    (found,) = defects(areas, communities={"2": box(1, 0, 2, 1)})
    after = mended(areas, found, Way("GIVE", "b"))
    assert after["b"].equals(box(1, 0, 3, 1))
    assert defects(after, communities={"2": box(1, 0, 2, 1)}) == []


def test_a_mended_ring_encloses_what_it_enclosed() -> None:
    loop = [(0, 0), (1, 0), (1, 0.5), (0.9, 0.6), (1, 0.6), (0.9, 0.5), (0, 1)]
    areas = {"a": multi([Polygon([(WEST + x * CELL, SOUTH + y * CELL) for x, y in loop])])}
    found = next(one for one in defects(areas) if one.code == "INVALID_RING")
    after = mended(areas, found, Way("MEND", "a"))
    assert after["a"].is_valid


def test_other_ways_are_refused() -> None:
    areas = drawn("aab", "a.b")
    (gap,) = defects(areas, branch=whole(2, 3))
    for way in (Way("GIVE", "z"), Way("CLIP", "a"), Way("BURN", None)):
        with pytest.raises(NoSuchWay):
            repair(areas, gap, way)


def test_borders_are_measured_where_the_neighbour_has_more_vertices() -> None:
    fine = shapely.segmentize(box(1, 0, 2, 1), CELL / 7)
    areas = {"a": box(0, 0, 1, 3), "b": multi(polygons(fine)), "c": box(1, 2, 2, 3)}
    (gap,) = defects(areas, branch=whole(3, 2))
    lengths = {one["team_code"]: one["length_m"] for one in gap.details["borders"]}
    assert lengths["a"] == pytest.approx(110.9, rel=0.01)
    assert lengths["b"] == pytest.approx(94.4, rel=0.01)
    assert np.isclose(lengths["b"], lengths["c"], rtol=1e-3)
