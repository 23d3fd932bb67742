"""What the uncertainty of a point means among territories."""

import numpy as np
import pytest
from shapely import box

from geo.geocoding.calibration import confidence_of
from geo.geocoding.certainty import certainty
from geo.matching import AreaIndex
from tests.geo.geocoding.town import at

SHARP = (0.6, 0.9, 0.97, 0.99, 0.995, 0.999)
BLUNT = (0.05, 0.1, 0.25, 0.7, 0.85, 0.95)


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    """Two territories that meet at x = 0 and reach 20 km to either side."""
    return AreaIndex.build([box(*at(-20000, -20000), *at(0, 20000)), box(*at(0, -20000), *at(20000, 20000))])


def found(index: AreaIndex, x: float, within: tuple[float, ...]) -> tuple[float, float, dict[int, float]]:
    lon, lat = at(x, 0)
    result = certainty(index, np.array([lon]), np.array([lat]), np.array([within]))
    return (
        float(result.confidence[0]),
        float(result.share[0]),
        dict(zip(result.area.tolist(), result.inside.tolist(), strict=True)),
    )


def test_far_from_every_border_all_of_the_disc_lies_inside(index: AreaIndex) -> None:
    confidence, share, inside = found(index, -10000, BLUNT)
    assert share == pytest.approx(BLUNT[-1])
    assert inside == {0: pytest.approx(BLUNT[-1])}
    assert confidence > confidence_of(np.array([BLUNT]))[0]


def test_on_the_border_half_of_the_disc_lies_with_either(index: AreaIndex) -> None:
    _, share, inside = found(index, 0.5, SHARP)
    assert share == pytest.approx(0.5, abs=0.04)
    assert inside[0] == pytest.approx(inside[1], abs=0.04)
    assert sum(inside.values()) == pytest.approx(SHARP[-1])


def test_confidence_falls_towards_a_border_and_faster_for_a_blunt_answer(index: AreaIndex) -> None:
    distances = (3000, 700, 250, 60, 1)
    sharp = [found(index, x, SHARP)[0] for x in distances]
    blunt = [found(index, x, BLUNT)[0] for x in distances]
    assert sharp == sorted(sharp, reverse=True)
    assert blunt == sorted(blunt, reverse=True)
    assert sharp[0] - sharp[2] < blunt[0] - blunt[2]
    assert sharp[-1] < 0.95 < sharp[0]


def test_the_largest_share_comes_first(index: AreaIndex) -> None:
    lon, lat = at(40, 0)
    result = certainty(index, np.array([lon, lon]), np.array([lat, lat]), np.array([SHARP, BLUNT]))
    assert result.point.tolist() == [0, 0, 1, 1]
    assert result.area.tolist() == [1, 0, 1, 0]
    assert (result.inside[[0, 2]] >= result.inside[[1, 3]]).all()
