"""Makes the QGIS project of a version, or of what is in force: its layers, coloured so that neighbours differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from sqlalchemy import Connection, text

from app.models.base import SRID
from app.ogc.collections import plan_collection_id
from app.ogc.qgis.project import Layer, write, zipped
from app.ogc.qgis.styles import OTHERS, SEVERITIES, SEVERITY_NAMES, Style, Symbol
from app.territories.plans.repository import read_plan
from app.tiles.colouring import beside, fill_and_border, steady_colours

_IN_FORCE = text(
    """
    SELECT t.team_code, ST_AsBinary(t.geom) AS area FROM published_territory t
    WHERE t.valid_from <= :today AND (t.valid_to IS NULL OR :today < t.valid_to) ORDER BY t.team_code
    """
)
_OF_PLAN = text(
    """
    SELECT t.team_code, ST_AsBinary(s.geom) AS area FROM territory t JOIN territory_shape s ON s.id = t.shape_id
    WHERE t.plan_id = :plan ORDER BY t.team_code
    """
)
_EXTENT = text(
    """
    SELECT ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north
    FROM (SELECT ST_Extent(geom) AS box FROM branch_area
          WHERE CAST(:branch AS text) IS NULL OR branch_code = :branch) AS covered
    """
)

Filters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where QGIS reads from: the service at `url`, or the database of a libpq string."""

    url: str | None = None
    conninfo: str | None = None

    def of(self, collection: str, view: str, key: str, geometry: str, condition: str = "") -> tuple[str, str]:
        """The provider and its source for a collection of the service, or for a view of the schema `studio`."""
        if self.url is not None:
            root = self.url.rstrip("/") + "/ogc/"
            parts = {
                "pagingEnabled": "default",
                "restrictToRequestBBOX": "1",
                "srsname": "OGC:CRS84",
                "typename": collection,
                "url": root,
                "version": "OGC_API_FEATURES",
            }
            return "OAPIF", " ".join(f"{name}='{_quoted(value)}'" for name, value in parts.items())
        return "postgres", (
            f"{self.conninfo} key='{key}' srid={SRID} type={geometry} checkPrimaryKeyUnicity='0' "
            f'table="studio"."{view}" (geom){f" sql={condition}" if condition else ""}'
        )

    @property
    def srid(self) -> int:
        """The system of what QGIS reads: the service answers in CRS84 unless asked."""
        return SRID if self.url is None else 4326


def export_project(connection: Connection, output: Path, *, source: Source, plan_id: int | None, today: date) -> int:
    """Writes the project, zipped where the name ends in .qgz; the number of layers. Raises `PlanNotFound`."""
    plan = read_plan(connection, plan_id) if plan_id is not None else None
    title = "归单 Guidan" if plan is None else f"归单 {plan['name']}（{plan['branch_code']} 第 {plan['number']} 版）"
    layers: list[Layer] = []
    if plan is not None and plan_id is not None:
        coloured = _coloured(connection.execute(_OF_PLAN, {"plan": plan_id}).all(), draft=True)
        layers += _plan_layers(source, plan_id, plan["state"] == "DRAFT", coloured)
    if source.url is not None:
        layers.append(_orphans(source))
    in_force = _coloured(connection.execute(_IN_FORCE, {"today": today}).all(), draft=False)
    layers.append(
        _layer(
            source,
            "territories",
            "生效区域 territories in force",
            ("territories", "territory_in_force", "plan_id,team_code"),
            in_force,
            shown=plan is None,
        )
    )
    layers += [
        _layer(
            source,
            "communities",
            "社区 communities",
            ("communities", "community", "code"),
            Style(Symbol("fill", None, "#5a5444", 0.15), label="name", label_size=7),
            snapped=True,
        ),
        _layer(
            source,
            "branches",
            "支公司辖区 branches",
            ("branches", "branch", "branch_code"),
            Style(Symbol("fill", "#f4f2ec", "#8d8778", 0.7)),
            snapped=True,
        ),
    ]
    row = connection.execute(_EXTENT, {"branch": plan["branch_code"] if plan is not None else None}).one()
    extent = (row.west, row.south, row.east, row.north) if row.west is not None else None
    document = write(title, layers, extent)
    output.write_bytes(zipped(output.stem, document) if output.suffix == ".qgz" else document)
    return len(layers)


def _plan_layers(source: Source, plan_id: int, draft: bool, coloured: Style) -> list[Layer]:
    collection, condition = plan_collection_id(plan_id), f'"plan_id" = {plan_id}'
    view = "draft_territory" if draft else "plan_territory"
    defects = [
        _layer(
            source,
            f"defect_{kind}",
            f"缺陷 defects：{words}（方案 {plan_id}）",
            (f"{collection}-defects-{kind}", "defect", "id"),
            _by_severity(shape),
            geometry=geometry,
            condition=condition,
        )
        for kind, words, geometry, shape in (
            ("points", "点 points", "Point", "marker"),
            ("lines", "线 lines", "LineString", "line"),
            ("areas", "面 areas", "Polygon", "fill"),
        )
    ]
    return [
        *defects,
        _layer(
            source,
            "plan",
            f"区域 territories（方案 {plan_id}）",
            (collection, view, "plan_id,team_code"),
            coloured,
            condition=condition,
            edited=draft,
            snapped=True,
            defaults=[("plan_id", str(plan_id))] if source.url is None else [],
        ),
    ]


def _by_severity(shape: str) -> Style:
    def symbol(tint: str) -> Symbol:
        return Symbol(shape, tint, tint, 0.8, opacity=0.35 if shape == "fill" else 1.0, size=2.6)

    categories = [(value, SEVERITY_NAMES[value], symbol(tint)) for value, tint in SEVERITIES.items()]
    return Style(symbol("#77736a"), "severity", categories, label="code", label_size=8)


def _orphans(source: Source) -> Layer:
    symbol = Symbol("marker", "#a5342a", "#ffffff", 0.2, opacity=0.8, size=1.8)
    return _layer(
        source, "orphans", "孤儿单 orphans", ("orphans", "", ""), Style(symbol), geometry="Point", shown=False
    )


def _layer(
    source: Source,
    name: str,
    title: str,
    read: tuple[str, str, str],
    style: Style,
    *,
    geometry: str = "MultiPolygon",
    condition: str = "",
    edited: bool = False,
    snapped: bool = False,
    shown: bool = True,
    defaults: Filters = (),
) -> Layer:
    collection, view, key = read
    provider, address = source.of(collection, view, key, geometry, condition)
    return Layer(
        f"guidan_{name}", title, provider, address, geometry, style, source.srid, edited, snapped, shown, defaults
    )


def _coloured(rows: Sequence[object], *, draft: bool) -> Style:
    """A category for each team, its colour unlike those of the territories that its own touches; drafts are dashed."""
    codes = [row.team_code for row in rows]  # type: ignore[attr-defined]
    areas = shapely.from_wkb([bytes(row.area) for row in rows])  # type: ignore[attr-defined]
    pairs = shapely.STRtree(areas).query(areas, predicate="intersects") if codes else np.zeros((2, 0), dtype=np.int64)
    line, width = ("dash", 0.5) if draft else ("solid", 0.4)

    def symbol(pair: tuple[str, str]) -> Symbol:
        return Symbol("fill", pair[0], pair[1], width, line, opacity=0.75)

    numbers = steady_colours(codes, beside(len(codes), pairs))
    categories = [(code, code, symbol(fill_and_border(number))) for code, number in zip(codes, numbers, strict=True)]
    return Style(symbol(OTHERS), "team_code", categories, label="team_code")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def conninfo_of(*, host: str | None, port: int | None, database: str | None, role: str) -> str:
    """A connection as QGIS writes it, without a password."""
    parts = {"dbname": database, "host": host, "port": str(port) if port else None, "user": role}
    return " ".join(f"{name}='{_quoted(value)}'" for name, value in parts.items() if value)
