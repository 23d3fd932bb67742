"""Which column of a file is which of the contract's, by the operator's word or by its name."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from geo.geocoding.gazetteer import PLACE_KINDS

TEXTS: Final = ("name", "kind", "province", "city", "district", "subdistrict", "road", "number", "address", "source")
COLUMNS: Final = ("id", *TEXTS, "lon", "lat", "crs")
"""The contract's columns of a gazetteer."""

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("编号", "编码", "主键", "代码", "code", "uid", "poi_id", "objectid"),
    "name": ("名称", "地名", "小区名称", "小区名", "楼盘名称", "标准名称", "title"),
    "kind": ("类别", "类型", "种类", "地名类别", "type", "category"),
    "province": ("省", "省份", "省级", "prov"),
    "city": ("市", "城市", "地市", "市级"),
    "district": ("区", "区县", "县区", "区市县", "行政区", "county", "adname"),
    "subdistrict": ("街道", "乡镇", "镇街", "街道乡镇", "subdistric", "town", "township"),
    "road": ("道路", "路", "路名", "道路名称", "street"),
    "number": ("门牌", "门牌号", "号码", "house_no", "housenumber"),
    "address": ("地址", "详细地址", "标准地址", "addr"),
    "source": ("来源", "数据来源", "src"),
    "lon": ("经度", "lng", "long", "longitude", "x", "x坐标", "东坐标", "横坐标"),
    "lat": ("纬度", "latitude", "y", "y坐标", "北坐标", "纵坐标"),
    "crs": ("坐标系", "坐标系统", "crs_declared", "srs"),
}

_KINDS: Final[Mapping[str, str]] = {
    **{kind: kind for kind in PLACE_KINDS},
    **dict.fromkeys(("小区", "住宅", "住宅小区", "楼盘", "RESIDENTIAL", "ESTATE"), "COMPOUND"),
    **dict.fromkeys(("兴趣点", "地名点", "单位", "设施"), "POI"),
    **dict.fromkeys(("社区", "居委会", "村委会", "居民委员会", "村民委员会"), "COMMUNITY"),
    **dict.fromkeys(("道路", "路", "街巷", "街道道路", "STREET"), "ROAD"),
    **dict.fromkeys(("门牌", "门牌号", "门址", "ADDRESS"), "DOOR"),
}


def plain_name(name: str) -> str:
    """A column's name without case, width, blanks and brackets' contents: `经度（°）` → `经度`."""
    folded = unicodedata.normalize("NFKC", name).strip().lower()
    return folded.split("(")[0].strip().replace(" ", "_")


def choose_columns(found: Sequence[str], said: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The contract's column → the file's, and what was said in vain: columns that the contract or the file does not have.

    What is said counts before a column of the contract's own name, that before an alias; of several aliases the first in the
    file. A column is taken once.
    """
    vain = [name for name, column in said.items() if name not in COLUMNS or column not in found]
    chosen = {name: column for name, column in said.items() if name not in vain}
    taken = set(chosen.values())
    plain = {column: plain_name(column) for column in found}
    for alias in (False, True):
        for name in COLUMNS:
            if name in chosen:
                continue
            words = _NAMES[name] if alias else (name,)
            column = next((c for c in found if c not in taken and plain[c] in words), None)
            if column is not None:
                chosen[name] = column
                taken.add(column)
    return chosen, vain


def kinds_of(words: Sequence[str | None]) -> dict[str, str]:
    """What is written as a kind → the contract's word, for those that are known, in any case."""
    return {word: _KINDS[word.strip().upper()] for word in words if word and word.strip().upper() in _KINDS}
