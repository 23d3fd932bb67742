"""A small invented town as an interchange folder, and ways to spoil it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Row = dict[str, str]

TOWN: Mapping[str, str] = {
    "organisations.csv": """
        code,level,parent_code,name
        E,branch,C,东支公司
        W,branch,C,西支公司
        C,city,P,乙市分公司
        P,province,,甲省分公司
        """,
    "teams.csv": """
        code,branch_code,name,force,takes_part,capacity,successor_code,founded_on,ended_on
        E-1,E,东收展一部,COLLECTION,true,120,E-2,2015-03-01,2026-06-30
        E-2,E,东收展二部,COLLECTION,,,,,
        E-M,E,东营销一部,MARKETING,false,0,,2010-01-01,9999-12-31
        W-1,W,西收展一部,COLLECTION,true,80,,,
        """,
    "agents.csv": """
        code,team_code,name,is_lead,state,qualified,capacity,leave_from,leave_to,community_codes
        A1,E-1,甲一,true,01,true,60,2026-02-01,2026-03-31,C01;C02
        A2,E-2,甲二,false,02,false,,,,
        A3,W-1,,,,,,,,
        M1,E-M,乙一,TRUE,04,true,30,,,C09
        """,
    "policyholders.csv": """
        id,name,phone,agent_code
        H1,张三,19900000001,
        H2,"李,四",19900000002,A2
        H3,,,
        """,
    "addresses.csv": """
        policyholder_id,kind,text,lon,lat,crs,community_code,updated_on
        H1,CUSTOMER_CONFIRMED,示例路1号,120.005,30.005,CGCS2000,C01,2025-05-26
        H1,HOME,示例路2号,120.022707,30.002588,GCJ02,,2024-01-01
        H2,POSTAL,"示例路3号
        2单元",,,,C02,
        H3,WORK,,120.01,30.01,wgs84,,2023-12-31
        """,
    "policies.csv": """
        policy_no,policyholder_id,branch_code,product,premium,combination_id,effective_on,term_years,status,lapsed_on,seller_code,servicer_code,servicer_since,served_by_collection
        P1,H1,E,年金甲款,30000,K1,2012-01-10,0,IN_FORCE,,M1,A1,2022-06-24,true
        P2,H1,E,住院医疗,199.5,K1,2019-08-25,1,LAPSED,2025-08-01,M1,M1,,
        P3,H2,W,终身寿险,,,,,ENDED,,,A3,,
        P4,H3,E,,1e0,,,,IN_FORCE,,,,,false
        """.replace(",1e0,", ",0.01,"),
    "events.csv": """
        event_id,policy_no,reason,event_on,origin_agent_code,formalities_on,approval_ref,designated_agent_code
        X1,P1,AGENT_TERMINATED,2026-02-07,M1,2026-02-10,,
        X2,P2,CUSTOMER_REQUEST,2026-01-08,M1,,SP09746,A2
        X3,P4,OTHER_CHANNEL,2026-01-09,,,,
        """,
    "gazetteer.csv": """
        id,name,kind,province,city,district,subdistrict,road,number,address,lon,lat,crs,source
        G1,示例花园,COMPOUND,甲省,乙市,东区,一街道,示例路,1,示例路1号,120.005,30.005,CGCS2000,自编
        G2,,DOOR,,,,,,,,120.029176,30.008723,BD09,
        """,
}
"""Files of the folder; the blanks before a line are not part of it."""


def square(west: float, south: float, size: float = 0.01) -> list[list[list[float]]]:
    """A polygon's coordinates."""
    east, north = round(west + size, 6), round(south + size, 6)
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def feature(properties: Mapping[str, Any], coordinates: Any, kind: str = "Polygon") -> dict[str, Any]:
    """A GeoJSON feature."""
    return {"type": "Feature", "properties": dict(properties), "geometry": {"type": kind, "coordinates": coordinates}}


AREAS: Mapping[str, list[dict[str, Any]]] = {
    "branches.geojson": [
        feature({"branch_code": "E"}, square(120.0, 30.0, 0.03)),
        feature({"branch_code": "W"}, square(120.03, 30.0)),
    ],
    "communities.geojson": [
        feature({"code": "C01", "name": "第一社区"}, square(120.0, 30.0)),
        feature({"code": "C02"}, [square(120.01, 30.0), square(120.02, 30.02)], "MultiPolygon"),
    ],
    "territories.geojson": [
        feature({"team_code": "E-1", "effective_from": "2026-01-01"}, square(120.0, 30.0)),
        feature({"team_code": "E-2"}, square(120.01, 30.0)),
        feature({"team_code": "E-1", "effective_from": "2026-01-01"}, square(120.0, 30.01)),
        feature({"team_code": "E-1", "effective_from": "2026-04-01"}, square(120.0, 30.0)),
    ],
}


def lines(file: str) -> list[str]:
    """The lines of a file of the town."""
    return [line.strip() for line in TOWN[file].strip().splitlines()]


def rows(file: str) -> list[Row]:
    """The records of a file of the town."""
    return list(csv.DictReader(io.StringIO("\n".join(lines(file)), newline="")))


def write(folder: Path, files: Iterable[str] | None = None) -> Path:
    """The town's files in `folder`, or some of them."""
    folder.mkdir(exist_ok=True)
    for file in [*TOWN, *AREAS] if files is None else files:
        if file in TOWN:
            write_text(folder, file, "\n".join(lines(file)) + "\n")
        else:
            write_areas(folder, file, AREAS[file])
    return folder


def write_text(folder: Path, file: str, text: str | bytes) -> None:
    """A file with exactly this content."""
    (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())


def write_rows(folder: Path, file: str, records: Iterable[Row]) -> None:
    """A CSV file with the town's header and these records."""
    with (folder / file).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows(file)[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def write_areas(folder: Path, file: str, features: list[dict[str, Any]], **members: Any) -> None:
    """A GeoJSON file."""
    document = {"type": "FeatureCollection", **members, "features": features}
    (folder / file).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
