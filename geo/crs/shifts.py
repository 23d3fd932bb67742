"""GCJ-02 and BD-09: the published shifts, the rule where they apply, and their exact inverses.

The rule outside of mainland China (docs/decisions/0003-gcj02-outside-mainland.md): GCJ-02's shift applies in full inside the
published rectangle, Hong Kong, Macau and Taiwan included; outside it fades to nothing over a collar of 0.05 degrees (5 km), and
everywhere else on Earth all four systems are the same. Without the collar two places would get one GCJ-02 coordinate along
the rectangle's edge; with it every conversion has exactly one inverse. BD-09's shift on top of GCJ-02 obeys the same rule.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.crs.systems import Crs

Floats = NDArray[np.float64]
_Reals = NDArray[Any]
Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]

# Rectangle and ellipsoid (Krasovsky 1940) of the published GCJ-02 algorithm.
WEST: Final = 72.004
EAST: Final = 137.8347
SOUTH: Final = 0.8293
NORTH: Final = 55.8271
_SEMI_MAJOR_M: Final = 6378245.0
_ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
_DEGREES: Final = 180.0 / np.pi

# The published BD-09 algorithm: a wobble of radius and angle as seen from (0, 0), then a constant move.
_BD_LON: Final = 0.0065
_BD_LAT: Final = 0.006
_BD_RADIUS: Final = 0.00002
_BD_ANGLE: Final = 0.000003
_BD_WAVE: Final = np.pi * 3000.0 / 180.0

COLLAR_DEG: Final = 0.05
# No shift is longer than this, so a coordinate deeper inside of the rectangle comes from inside of it.
_REACH_DEG: Final = 0.02
# A block's temporaries stay in the processor's second-level cache.
_BLOCK: Final = 8192


def convert(lon: ArrayLike, lat: ArrayLike, source: Crs, target: Crs) -> tuple[Floats, Floats]:
    """Coordinates of `source` (degrees, any shapes that broadcast, scalars included) in `target`.

    Two new float64 arrays of the common shape. Going there and back ends within 0.01 mm of the start, everywhere on Earth.
    A point with NaN in either coordinate becomes NaN in both; a point outside of the rectangle and its collar stays as it is.
    A point's result does not depend on the other points of the call.

    Formulas: the published GCJ-02 and BD-09 algorithms; their inverses by fixed-point iteration (Banach), see `_GCJ_ROUNDS`.
    """
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    shape = x.shape
    # Always copies: the steps below write in place.
    new_lon, new_lat = x.flatten(), y.flatten()
    steps = _STEPS[_HEIGHT[source], _HEIGHT[target]]
    if steps:
        for start in range(0, new_lon.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            for step in steps:
                new_lon[block], new_lat[block] = step(new_lon[block], new_lat[block])
    missing = np.isnan(new_lon) | np.isnan(new_lat)
    new_lon[missing] = np.nan
    new_lat[missing] = np.nan
    return new_lon.reshape(shape), new_lat.reshape(shape)


def _triple(sine: _Reals) -> _Reals:
    """sin 3a from sin a: three of the published waves cost no sine of their own."""
    return sine * (3.0 - 4.0 * sine * sine)


def _gcj_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 minus WGS-84 at a WGS-84 coordinate, in degrees: the published polynomial and waves, in metres, over the
    ellipsoid's radii of curvature."""
    return _gcj_waves(lon - 105.0, lat - 35.0)


def _gcj_shift_roughly(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The same to 1e-8 degrees, at an eighth of the cost: single precision from the difference to the origin on."""
    return _gcj_waves((lon - 105.0).astype(np.float32), (lat - 35.0).astype(np.float32))


def _gcj_waves(x: _Reals, y: _Reals) -> tuple[_Reals, _Reals]:
    """The shift at (105 + x, 35 + y), in the precision of x and y."""
    root = np.sqrt(np.abs(x))
    wave_x2 = np.sin(2.0 * np.pi * x)
    wave_x3 = np.sin(np.pi / 3.0 * x)
    wave_y3 = np.sin(np.pi / 3.0 * y)
    shared = (_triple(wave_x2) + wave_x2) * (40.0 / 3.0)
    north = shared - 100.0 + 2.0 * x + y * (3.0 + 0.2 * y + 0.1 * x) + 0.2 * root
    north += _triple(wave_y3) * (40.0 / 3.0) + wave_y3 * (80.0 / 3.0)
    north += np.sin(np.pi / 12.0 * y) * (320.0 / 3.0) + np.sin(np.pi / 30.0 * y) * (640.0 / 3.0)
    east = shared + 300.0 + x * (1.0 + 0.1 * x + 0.1 * y) + 2.0 * y + 0.1 * root
    east += _triple(wave_x3) * (40.0 / 3.0) + wave_x3 * (80.0 / 3.0)
    east += np.sin(np.pi / 12.0 * x) * 100.0 + np.sin(np.pi / 30.0 * x) * 200.0
    sine2 = np.sin((y + 35.0) * (np.pi / 180.0)) ** 2
    flat = 1.0 - _ECCENTRICITY_SQUARED * sine2
    root_flat = np.sqrt(flat)
    east *= root_flat / np.sqrt(1.0 - sine2) * (_DEGREES / _SEMI_MAJOR_M)
    north *= flat * root_flat * (_DEGREES / (_SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED)))
    return east, north


def _bd_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """BD-09 minus GCJ-02 at a GCJ-02 coordinate, in degrees.

    The published form turns (lon, lat) into polar form and back; here the small turn is applied directly, with
    cos δ = 1 - δ²/2 and sin δ = δ, which for δ ≤ 3e-6 is exact to the last bit of a degree.
    """
    stretch = _BD_RADIUS * np.sin(_BD_WAVE * lat) / np.sqrt(lon * lon + lat * lat)
    turn = _BD_ANGLE * np.cos(_BD_WAVE * lon)
    along = stretch - (1.0 + stretch) * (0.5 * turn * turn)
    across = (1.0 + stretch) * turn
    return _BD_LON + lon * along - lat * across, _BD_LAT + lat * along + lon * across


def _outside_deg(lon: Floats, lat: Floats) -> Floats:
    """How far outside of the rectangle (negative: inside), in degrees along the farther axis; NaN where a coordinate is NaN."""
    return np.maximum(np.maximum(WEST - lon, lon - EAST), np.maximum(SOUTH - lat, lat - NORTH))


def _faded(lon: Floats, lat: Floats, shift: Shift) -> tuple[Floats, Floats]:
    """`shift` by the rule: full inside of the rectangle, fading in the collar. Only for points near the edge."""
    weight = np.clip(1.0 - _outside_deg(lon, lat) / COLLAR_DEG, 0.0, 1.0)
    east, north = shift(lon, lat)
    return weight * east, weight * north


def _forward(lon: Floats, lat: Floats, shift: Shift) -> tuple[Floats, Floats]:
    outside = _outside_deg(lon, lat)
    inside = outside <= 0.0
    if inside.all():
        east, north = shift(lon, lat)
        return lon + east, lat + north
    new_lon, new_lat = lon.copy(), lat.copy()
    moved = outside < COLLAR_DEG
    east, north = _faded(lon[moved], lat[moved], shift)
    new_lon[moved] += east
    new_lat[moved] += north
    return new_lon, new_lat


def _backward(lon: Floats, lat: Floats, rounds: Sequence[Shift], guess: tuple[float, float]) -> tuple[Floats, Floats]:
    outside = _outside_deg(lon, lat)
    deep = outside <= -_REACH_DEG
    if deep.all():
        return _solve(lon, lat, rounds, guess)
    new_lon, new_lat = lon.copy(), lat.copy()
    new_lon[deep], new_lat[deep] = _solve(lon[deep], lat[deep], rounds, guess)
    rim = ~deep & (outside < COLLAR_DEG + _REACH_DEG)

    def faded(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return _faded(x, y, rounds[-1])

    new_lon[rim], new_lat[rim] = _solve(lon[rim], lat[rim], [faded] * _COLLAR_ROUNDS, (0.0, 0.0))
    return new_lon, new_lat


def _solve(lon: Floats, lat: Floats, rounds: Sequence[Shift], guess: tuple[float, float]) -> tuple[Floats, Floats]:
    """The place w with w + shift(w) = (lon, lat), by w ← (lon, lat) - shift(w) from (lon, lat) - guess; a shift for each round."""
    found_lon, found_lat = lon - guess[0], lat - guess[1]
    for shift in rounds:
        east, north = shift(found_lon, found_lat)
        found_lon, found_lat = lon - east, lat - north
    return found_lon, found_lat


# A round shrinks the error by the norm of the shift's Jacobian: at most 0.0079 for GCJ-02 (0.0108° at the start, so below
# 0.01 mm after four rounds in the worst corner, the first two of which need not be exact), 0.024 for BD-09 (0.0005° at the
# start, below 0.001 mm after five), and 0.25 in the collar. The number of rounds is fixed, so that a point's result never
# depends on the points beside it.
_GCJ_ROUNDS: Final = (_gcj_shift_roughly, _gcj_shift_roughly, _gcj_shift, _gcj_shift)
_BD_ROUNDS: Final = (_bd_shift,) * 5
_COLLAR_ROUNDS: Final = 24


def _wgs_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    return _forward(lon, lat, _gcj_shift)


def _gcj_to_bd(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    return _forward(lon, lat, _bd_shift)


def _gcj_to_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    return _backward(lon, lat, _GCJ_ROUNDS, (0.0, 0.0))


def _bd_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    return _backward(lon, lat, _BD_ROUNDS, (_BD_LON, _BD_LAT))


# BD-09 stands on GCJ-02, and that on WGS-84 = CGCS2000: a conversion climbs or descends this ladder.
_HEIGHT: Final = {Crs.CGCS2000: 0, Crs.WGS84: 0, Crs.GCJ02: 1, Crs.BD09: 2}
_STEPS: Final[dict[tuple[int, int], tuple[Shift, ...]]] = {
    (0, 0): (),
    (1, 1): (),
    (2, 2): (),
    (0, 1): (_wgs_to_gcj,),
    (1, 2): (_gcj_to_bd,),
    (0, 2): (_wgs_to_gcj, _gcj_to_bd),
    (1, 0): (_gcj_to_wgs,),
    (2, 1): (_bd_to_gcj,),
    (2, 0): (_bd_to_gcj, _gcj_to_wgs),
}
