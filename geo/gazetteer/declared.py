"""The system that a file declares, as an operator, a column or a GIS writes it, and the way from there to degrees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from geo.crs import Crs, parse_crs
from geo.errors import GeoError, UnknownCrsError

Floats = NDArray[np.float64]

_EPSG: Final = re.compile(r"(?:EPSG:{0,2})?(\d{4,6})", re.IGNORECASE)
_CGCS2000: Final = re.compile(r"cgcs ?2000|china[ _]*(?:geodetic[ _]*coordinate[ _]*system[ _]*)?2000", re.IGNORECASE)
_WGS84: Final = re.compile(r"wgs[ _]*(?:19)?84|world[ _]*geodetic[ _]*system[ _]*1984", re.IGNORECASE)
COARSEST: Final = 5.0
"""Metres: a transformation between datums that is known no better is none."""

LONGEST_DEFINITION: Final = 20_000


class DatumWithoutWay(GeoError):
    """A datum such as Beijing 1954, from which there is no public transformation of useful accuracy."""

    code: ClassVar[str] = "CRS_NO_TRANSFORMATION"
    zh: ClassVar[str] = (
        "这个坐标系（如北京54、西安80、地方独立坐标系）没有公开的高精度转换参数；请让数据提供方转换为 CGCS2000 后再导入。"
    )
    en: ClassVar[str] = (
        "There is no public transformation of useful accuracy from this datum (Beijing 1954, Xian 1980, a local grid). "
        "Have the provider convert the file to CGCS2000."
    )


@dataclass(frozen=True)
class Declared:
    """`system`: what the degrees are in after `to_degrees`; `text`: as it was declared; `projection`: None for plain degrees."""

    system: Crs
    text: str
    projection: pyproj.CRS | None = None

    def to_degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Eastings and northings as written (always in this order), shape (n,) → degrees in `system`; NaN where there is no way.

        Raises `DatumWithoutWay`.
        """
        if self.projection is None:
            return x, y
        try:
            lon, lat = _way(self.projection, self.system).transform(x, y, errcheck=False)
        except ProjError as error:
            raise DatumWithoutWay from error
        lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        lost = ~(np.isfinite(lon) & np.isfinite(lat))
        lon[lost], lat[lost] = np.nan, np.nan
        return lon, lat


def read_declared(text: str) -> Declared:
    """What an operator writes: one of the four systems in any spelling, or an EPSG code (`EPSG:4549`, `4490`).

    Raises `UnknownCrsError`, `DatumWithoutWay`, `UndeclaredCrsError`.
    """
    try:
        return Declared(parse_crs(text), text.strip())
    except UnknownCrsError:
        code = _EPSG.fullmatch(text.strip())
        if code is None:
            raise
    try:
        return _declared(pyproj.CRS.from_epsg(int(code[1])), f"EPSG:{int(code[1])}")
    except CRSError as error:
        raise UnknownCrsError from error


def read_definition(definition: str | dict[str, Any]) -> Declared:
    """What a file says of itself: WKT of any dialect (a `.prj`), an authority's code (`EPSG:4490`) or PROJJSON.

    Raises `UnknownCrsError`, `DatumWithoutWay`.
    """
    if isinstance(definition, str):
        if _EPSG.fullmatch(definition.strip()):
            return read_declared(definition)
        # Only definitions, never a name of a file or a network's address that pyproj would resolve.
        if len(definition) > LONGEST_DEFINITION or "[" not in definition:
            raise UnknownCrsError
    try:
        crs = pyproj.CRS.from_wkt(definition) if isinstance(definition, str) else pyproj.CRS.from_json_dict(definition)
    except (CRSError, ProjError, ValueError, TypeError) as error:
        raise UnknownCrsError from error
    code = crs.to_epsg(min_confidence=70)
    return _declared(crs, f"EPSG:{code}" if code else crs.name)


def _declared(crs: pyproj.CRS, text: str) -> Declared:
    base = crs.geodetic_crs
    if base is None or not (crs.is_geographic or crs.is_projected):
        raise UnknownCrsError
    system = _system(base)
    if system is not None and crs.is_geographic and _in_degrees(crs):
        return Declared(system, text)
    declared = Declared(system or Crs.CGCS2000, text, crs)
    _way(crs, declared.system)
    return declared


def _system(base: pyproj.CRS) -> Crs | None:
    """CGCS2000 or WGS-84 by the name of the datum; None for another."""
    names = f"{base.name} {base.datum.name if base.datum else ''}"
    if _CGCS2000.search(names):
        return Crs.CGCS2000
    return Crs.WGS84 if _WGS84.search(names) else None


def _in_degrees(crs: pyproj.CRS) -> bool:
    return all(axis.unit_name.lower().startswith("degree") for axis in crs.axis_info)


def _way(source: pyproj.CRS, system: Crs) -> pyproj.Transformer:
    """To the degrees of `system`. Within one datum the way is exact; between two only a published one will do."""
    base = source.geodetic_crs
    if base is not None and _system(base) is not None:
        return pyproj.Transformer.from_crs(source, base, always_xy=True)
    group = TransformerGroup(
        source, f"EPSG:{4490 if system is Crs.CGCS2000 else 4326}", always_xy=True, allow_ballpark=False
    )
    for way in group.transformers:
        if 0 <= way.accuracy <= COARSEST:
            return way
    raise DatumWithoutWay
