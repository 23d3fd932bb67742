"""Several opinions of one address as one answer."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.providers import Answer
from geo.providers.agreement import SAME_MISTAKE, Local, Opinion, Verdict, chances_of, combine, radius_half

METRE = 1 / 94_000
"""Degrees of longitude at 32° N, about."""


def local(confidence: float = 0.6, east_m: float | None = 0.0, level: str = "COMPOUND", **more: object) -> Local:
    lon = None if east_m is None else 118.73 + east_m * METRE
    made: dict[str, object] = {"radius_m": 300.0, "reasons": ()} | more
    return Local(lon, None if lon is None else 32.0, level, confidence, **made)  # type: ignore[arg-type]


def says(name: str, east_m: float, p: float = 0.75, level: str = "DOOR", **more: object) -> Opinion:
    answer = Answer(118.73 + east_m * METRE, 32.0, level, 100.0, weak=bool(more.get("weak")))
    return Opinion(name, str(more.get("data", name)), answer, p, bool(more.get("contradicts")))


def test_two_that_stand_together_raise_confidence() -> None:
    found = combine(local(0.6), [says("amap", 150)])
    both, neither = 0.6 * 0.75, 0.4 * 0.25 * SAME_MISTAKE
    assert found.verdict is Verdict.AGREED
    assert found.confidence == pytest.approx(both / (both + neither), abs=1e-4)
    assert (found.provider, found.level) == ("gazetteer+amap", "DOOR")
    assert found.lon is not None
    assert 118.73 < found.lon < 118.73 + 150 * METRE


def test_beyond_two_hundred_metres_they_disagree() -> None:
    assert combine(local(), [says("amap", 195)]).verdict is Verdict.AGREED
    found = combine(local(), [says("amap", 205)])
    assert (found.verdict, found.reasons) == (Verdict.DISAGREED, ("SOURCES_DISAGREE",))
    assert [candidate.sources for candidate in found.candidates] == [("amap",), ("gazetteer",)]
    assert found.confidence < 0.6
    assert sum(candidate.confidence for candidate in found.candidates) < 1


def test_the_surer_of_two_that_disagree_leads() -> None:
    found = combine(local(0.9), [says("amap", 5_000)])
    assert (found.provider, found.verdict) == ("gazetteer", Verdict.DISAGREED)
    assert found.confidence < 0.75


def test_two_against_one() -> None:
    found = combine(local(), [says("amap", 20), says("baidu", 9_000)])
    assert (found.verdict, found.provider) == (Verdict.AGREED, "gazetteer+amap")
    assert found.reasons == ("SOURCES_DISAGREE",)
    assert found.confidence < combine(local(), [says("amap", 20)]).confidence


def test_a_sole_answer_where_nothing_was_found_has_the_measured_confidence_of_its_provider() -> None:
    found = combine(local(0.0, None, "DISTRICT", reasons=("ONLY_DISTRICT", "STALE_DIVISION")), [says("amap", 0, 0.7)])
    assert (found.verdict, found.confidence, found.provider) == (Verdict.FOUND, 0.7, "amap")
    assert found.reasons == ("STALE_DIVISION",)
    assert [candidate.sources for candidate in found.candidates] == [("amap",)]


def test_a_provider_that_doubts_itself_counts_for_less() -> None:
    found = combine(local(0.0, None, "NONE"), [says("tencent", 0, 0.8, weak=True)])
    assert found.confidence == pytest.approx(0.4)


def test_two_of_one_map_are_one_voice() -> None:
    nothing = local(0.0, None, "NONE")
    one = combine(nothing, [says("nominatim", 0, data="osm")])
    two = combine(nothing, [says("nominatim", 0, data="osm"), says("geopy:photon", 10, data="osm")])
    assert (two.verdict, two.confidence) == (Verdict.FOUND, one.confidence)
    assert combine(nothing, [says("nominatim", 0, data="osm"), says("amap", 10)]).verdict is Verdict.AGREED


def test_who_repeats_the_gazetteer_does_not_confirm_it() -> None:
    drawn = local(0.6, draws_on=frozenset({"osm"}))
    found = combine(drawn, [says("nominatim", 0, data="osm")])
    assert (found.verdict, found.confidence, found.provider) == (Verdict.NOTHING, 0.6, "gazetteer")
    assert combine(drawn, [says("nominatim", 900, data="osm")]).verdict is Verdict.DISAGREED


def test_a_contradicting_answer_is_recorded_and_not_used() -> None:
    found = combine(local(), [says("amap", 0, contradicts=True)])
    assert (found.verdict, found.confidence) == (Verdict.NOTHING, 0.6)
    assert found.reasons == ("DISTRICT_CONTRADICTION",)


@pytest.mark.parametrize("level", ["ROAD", "SUBDISTRICT", "DISTRICT", "CITY", "NONE"])
def test_a_coarse_answer_is_no_evidence(level: str) -> None:
    assert combine(local(), [says("amap", 0, level=level)]).verdict is Verdict.NOTHING
    assert combine(local(), [says("amap", 9_000, level=level)]).reasons == ()


def test_a_precise_answer_within_the_error_of_a_road_takes_its_place() -> None:
    road = local(0.7, 0, "ROAD", radius_m=500.0, reasons=("ONLY_ROAD",))
    found = combine(road, [says("amap", 450)])
    assert (found.verdict, found.level, found.confidence, found.reasons) == (Verdict.FOUND, "DOOR", 0.75, ())
    assert combine(road, [says("amap", 3_000)]).reasons == ("SOURCES_DISAGREE",)


def test_a_road_does_not_agree_with_a_house() -> None:
    road = local(0.7, 0, "ROAD", radius_m=50.0)
    assert combine(road, [says("amap", 150)]).provider == "amap"


def test_nobody_answers() -> None:
    found = combine(local(reasons=("RURAL",)), [])
    assert (found.verdict, found.confidence, found.reasons, found.candidates) == (Verdict.NOTHING, 0.6, ("RURAL",), ())


_p = st.floats(0.01, 0.99)
_where = st.sampled_from([0.0, 50.0, 150.0, 1_000.0, 1_100.0, 40_000.0])
_opinions = st.lists(
    st.builds(says, st.sampled_from(["amap", "baidu", "tianditu", "tencent", "nominatim"]), _where, _p),
    max_size=4,
    unique_by=lambda opinion: opinion.provider,
)


@given(confidence=_p, east=st.none() | _where, opinions=_opinions)
def test_shares_are_probabilities_and_the_order_of_asking_does_not_matter(
    confidence: float, east: float | None, opinions: list[Opinion]
) -> None:
    here = local(confidence, east, "COMPOUND" if east is not None else "NONE")
    found = combine(here, opinions)
    assert 0 <= found.confidence <= 1
    assert sum(candidate.confidence for candidate in found.candidates) <= 1 + 1e-3
    ranked = [candidate.confidence for candidate in found.candidates]
    assert ranked == sorted(ranked, reverse=True)
    for order in list(permutations(opinions))[:6]:
        assert combine(here, order) == found


@given(a=st.floats(0.3, 0.98), b=st.floats(0.3, 0.98))
def test_agreement_never_lowers_and_disagreement_never_raises(a: float, b: float) -> None:
    together, apart = combine(local(a), [says("amap", 10, b)]), combine(local(a), [says("amap", 9_000, b)])
    assert together.confidence >= max(a, b) - 1e-3
    assert apart.confidence <= max(a, b) + 1e-3


def test_the_error_of_a_combined_answer_is_that_of_its_radius_and_confidence() -> None:
    chances = chances_of(0.98, 200.0)
    assert chances == sorted(chances)
    assert chances[2] == pytest.approx(0.98 * 0.9)  # of the 200 m circle
    assert chances[-1] == pytest.approx(0.98)
    assert 1 - 10 ** -((radius_half(200.0) / 200.0) ** 2) == pytest.approx(0.5)
