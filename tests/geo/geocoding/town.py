"""A fictional town for the tests of geocoding: two districts, a main road, estates of two sources."""

from __future__ import annotations

import polars as pl

PROVINCE, CITY, WEST, EAST = "云江省", "月湖市", "西屏区", "东屏区"
METRE_LON, METRE_LAT = 1 / (111320 * 0.8576), 1 / 110900  # at 30.96° north
ORIGIN = (121.0, 30.96)


def at(x: float, y: float) -> tuple[float, float]:
    """The point x metres east and y metres north of the town's origin."""
    return ORIGIN[0] + x * METRE_LON, ORIGIN[1] + y * METRE_LAT


def row(
    name: str,
    x: float,
    y: float,
    road: str = "",
    number: str = "",
    *,
    source: str = "P",
    address: str = "",
    kind: str = "COMPOUND",
) -> dict[str, str | float]:
    """An entry of the gazetteer; west of x = 5000 lies the western district."""
    lon, lat = at(x, y)
    district = WEST if x < 5000 else EAST
    return {
        "id": f"{source}-{name}-{x:.0f}", "name": name, "kind": kind, "province": PROVINCE, "city": CITY, "district": district,
        "subdistrict": "", "road": road, "number": number, "address": address or f"{district}{road}{number}号", "lon": lon,
        "lat": lat, "source": source,
    }  # fmt: skip


def town() -> pl.DataFrame:
    """About sixty entries: odd houses south and even ones north of 望山路, every 100 m; estates named by two sources."""
    rows = [
        row(
            f"望山{'春夏秋冬'[n % 4]}{'梅兰竹菊松柏'[n // 4 % 6]}里",
            100 * n,
            30 if n % 2 == 0 else -30,
            "望山路",
            str(10 + n),
        )
        for n in range(30)
        if n not in (12, 13)
    ]
    for source, shift in (("P", 0), ("Q", 25)):
        rows += [
            row("丹枫苑", 1000 + shift, 2000, "采石路", "8", source=source),
            row("丹枫苑二期", 1400 + shift, 2000, "采石路", "18", source=source),
            row("锦鲤湾花园", 2000 + shift, 3000, "钓台路", "1", source=source),
            row("金桂小区", 1500 + shift, 1000, "桂香巷", "3", source=source),
            row("金桂小区", 8000 + shift, 1000, "环湖路", "30", source=source),
            row("环湖国际公寓", 9000 + shift, 500, "环湖路", "88", source=source),
            row("五号公馆", 8500 + shift, 700, "环湖路", "60-2", source=source),
        ]
    rows.append(row("白鹭洲", 3000, 4000, "滩头路", "9", source="P"))
    rows.append(row("白鹭洲", 9500, 4000, "滩头路", "9", source="Q"))
    rows.append(row("望山路小学", 700, 120, "望山路", "17", kind="POI", source="Q"))
    return pl.DataFrame(rows)
