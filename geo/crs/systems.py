"""The coordinate systems that a coordinate may declare, and how their names are read."""

import unicodedata
from enum import StrEnum
from typing import Final

from geo.errors import UndeclaredCrsError, UnknownCrsError


class Crs(StrEnum):
    """The coordinate systems that a coordinate may declare."""

    CGCS2000 = "CGCS2000"
    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


_SPELLINGS: Final = {
    "CGCS2000": Crs.CGCS2000,
    "EPSG4490": Crs.CGCS2000,
    "4490": Crs.CGCS2000,
    "URN:OGC:DEF:CRS:EPSG4490": Crs.CGCS2000,
    "HTTP://WWW.OPENGIS.NET/DEF/CRS/EPSG/0/4490": Crs.CGCS2000,
    "国家2000": Crs.CGCS2000,
    "国家大地坐标系2000": Crs.CGCS2000,
    "2000国家大地坐标系": Crs.CGCS2000,
    "WGS84": Crs.WGS84,
    "WGS1984": Crs.WGS84,
    "EPSG4326": Crs.WGS84,
    "4326": Crs.WGS84,
    "CRS84": Crs.WGS84,
    "OGC:CRS84": Crs.WGS84,
    "URN:OGC:DEF:CRS:EPSG4326": Crs.WGS84,
    "URN:OGC:DEF:CRS:OGC:1.3:CRS84": Crs.WGS84,
    "HTTP://WWW.OPENGIS.NET/DEF/CRS/EPSG/0/4326": Crs.WGS84,
    "HTTP://WWW.OPENGIS.NET/DEF/CRS/OGC/1.3/CRS84": Crs.WGS84,
    "GCJ02": Crs.GCJ02,
    "国测局": Crs.GCJ02,
    "国测局坐标": Crs.GCJ02,
    "火星坐标": Crs.GCJ02,
    "火星坐标系": Crs.GCJ02,
    "BD09": Crs.BD09,
    "BD09LL": Crs.BD09,
    "百度坐标": Crs.BD09,
    "百度坐标系": Crs.BD09,
}


def parse_crs(text: str | None) -> Crs:
    """The system that `text` names: `CGCS2000`, `EPSG:4490`, `wgs-84`, `GCJ-02`, `bd09ll`, `火星坐标` …, in any case and width.

    Raises `UndeclaredCrsError` for `None` and blank text, `UnknownCrsError` for anything else that is not in the table, Baidu's
    Mercator metres (`BD09MC`) included.
    """
    plain = "".join(unicodedata.normalize("NFKC", text or "").upper().split()).translate(
        {ord("-"): None, ord("_"): None}
    )
    if not plain:
        raise UndeclaredCrsError
    crs = _SPELLINGS.get(plain) or _SPELLINGS.get(plain.replace("EPSG::", "EPSG").replace("EPSG:", "EPSG"))
    if crs is None:
        raise UnknownCrsError
    return crs
