"""Addresses parsed and geocoded a second on one core, and the peak of memory, against cpca in the same run.

The work is done in a process of its own, bound to one core and with one Polars thread. Texts are synthetic but written
as people write them: distinct, of mixed forms, over a fictional gazetteer. cpca (MIT; requirements-bench.lock) only
reads divisions; without it the ratio is left out.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
from importlib.resources import files
from importlib.util import find_spec
from time import perf_counter
from types import ModuleType
from typing import Any, Final

import polars as pl

PROVINCE, CITY = "江苏省", "南京市"
DISTRICTS: Final = ("玄武区", "秦淮区", "建邺区", "鼓楼区", "浦口区", "栖霞区", "雨花台区", "江宁区", "六合区")
FIRST: Final = "云锦松竹梅兰菊荷枫柏桂榕杉柳桐杏桃李凤鹤"
SECOND: Final = "山湖江河溪泉岭峰洲岸桥台亭阁苑林田园城门"
ESTATES: Final = ("花园", "小区", "公寓", "家园", "新村", "苑", "雅居", "广场")
ROADS: Final = ("路", "街", "大道", "巷", "东路", "西路")
CPCA_TEXTS: Final = 50_000


def gazetteer(places: int, draw: random.Random) -> pl.DataFrame:
    """A fictional gazetteer of so many estates, two sources, CGCS2000 degrees."""
    rows = []
    roads = [f"{a}{b}{end}" for a in FIRST for b in SECOND for end in ROADS]
    for i in range(places // 2):
        district = i % len(DISTRICTS)
        name = f"{draw.choice(FIRST)}{draw.choice(SECOND)}{draw.choice(FIRST)}{draw.choice(ESTATES)}"
        road, number = draw.choice(roads), draw.randint(1, 400)
        lon, lat = 118.6 + 0.05 * district + 0.05 * draw.random(), 31.9 + 0.2 * draw.random()
        rows += [
            {
                "name": name, "kind": "COMPOUND", "province": PROVINCE, "city": CITY, "district": DISTRICTS[district],
                "subdistrict": "", "road": road, "number": str(number), "address": f"{road}{number}号",
                "lon": lon + draw.gauss(0, 0.0003), "lat": lat + draw.gauss(0, 0.0003), "source": source,
            }
            for source in "PQ"
        ]  # fmt: skip
    return pl.DataFrame(rows)


def addresses(table: pl.DataFrame, count: int, draw: random.Random) -> list[str]:
    """Distinct texts: most in full, some without division, house or name."""
    entries = table.select("district", "road", "number", "name").rows()
    texts = []
    for i in range(count):
        district, road, number, name = draw.choice(entries)
        form = draw.random()
        where = f"{PROVINCE}{CITY}{district}" if form < 0.6 else (CITY if form < 0.8 else f"{CITY}{district[:-1]}")
        house = f"{road}{number}号" if draw.random() < 0.85 else road
        estate = name if draw.random() < 0.9 else ""
        texts.append(f"{where}{house}{estate}{i % 97 + 1}幢{i // 97 % 9 + 1}单元{i // 873 + 101}室")
    return texts


def measure(count: int, places: int) -> dict[str, Any]:
    """The figures of one run in this process. Seconds are wall-clock; memory is the process's peak in MiB."""
    from geo.geocoding import Geocoder

    draw = random.Random(1)
    table = gazetteer(places, draw)
    since = perf_counter()
    geocoder = Geocoder.build(table)
    built_s = perf_counter() - since
    written = addresses(table, count, draw)
    texts = pl.Series(written)
    geocoder.geocode(texts.head(1000))
    since = perf_counter()
    found = geocoder.geocode(texts)
    bulk_s = perf_counter() - since
    since = perf_counter()
    for text in written[:500]:
        geocoder.geocode_one(text)
    one_s = (perf_counter() - since) / 500
    figures: dict[str, Any] = {
        "texts": count,
        "distinct": texts.n_unique(),
        "places": len(table),
        "located": round(found["lon"].count() / count, 4),
        "build_s": round(built_s, 2),
        "geocode_s": round(bulk_s, 2),
        "texts_per_s": round(count / bulk_s),
        "one_text_ms": round(1000 * one_s, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if find_spec("cpca") is not None:
        _resources_of_cpca()
        import cpca  # type: ignore[import-not-found,import-untyped,unused-ignore]

        some = written[:CPCA_TEXTS]
        since = perf_counter()
        cpca.transform(some)
        figures["cpca_texts_per_s"] = round(len(some) / (perf_counter() - since))
        figures["ratio_to_cpca"] = round(figures["texts_per_s"] / figures["cpca_texts_per_s"], 2)
    return figures


def _resources_of_cpca() -> None:
    """cpca reads its table by `pkg_resources`, which setuptools no longer brings: the one function that it calls stands in."""
    if find_spec("pkg_resources") is None:
        stand_in = ModuleType("pkg_resources")
        stand_in.resource_stream = lambda package, path: files(package).joinpath(path).open("rb")  # type: ignore[attr-defined]
        sys.modules["pkg_resources"] = stand_in


def main(texts: int = 1_000_000, places: int = 20_000) -> None:
    """Measure in a process of its own on one core, and print the figures."""
    environment = os.environ | {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "app.bench.geocode", str(texts), str(places)]
    print(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip())
    if find_spec("cpca") is None:
        print(
            "未安装 cpca，略去对比；请用 ./dev bench geocode / cpca is not installed, so nothing to compare with: use ./dev bench geocode"
        )


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2])), ensure_ascii=False, indent=1))
