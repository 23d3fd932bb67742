"""Writes a QGIS project: an XML document, built as a tree so that whatever a name holds is escaped, alone or zipped (.qgz)."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

import pyproj

from app.models.base import SRID
from app.ogc.qgis.styles import Style, labeling, renderer

SNAP_PIXELS = 12
"""How near the pointer must come to a vertex or a border."""

_KINDS = {"MultiPolygon": "Polygon", "Polygon": "Polygon", "Point": "Point", "LineString": "Line"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer. `id`: unique in the project. `provider`: OAPIF or postgres. `geometry`: MultiPolygon, Polygon, LineString or Point.

    `edited`: the one that is drawn in: neighbours move along and do not overlap; `snapped`: its vertices and borders catch the pointer.
    `defaults`: field → expression that a new feature starts with.
    """

    id: str
    title: str
    provider: str
    source: str
    geometry: str
    style: Style
    srid: int
    edited: bool = False
    snapped: bool = False
    shown: bool = True
    defaults: Sequence[tuple[str, str]] = ()


def write(title: str, layers: Sequence[Layer], extent: tuple[float, float, float, float] | None) -> bytes:
    """The project as XML. `layers`: the uppermost first. `extent`: west, south, east, north, CGCS2000 degrees."""
    root = Element("qgis", version="3.22.0", projectname=title)
    SubElement(root, "title").text = title
    SubElement(root, "autotransaction", active="0")
    SubElement(root, "evaluateDefaultValues", active="1")
    SubElement(root, "projectCrs").append(_system(SRID))
    tree = SubElement(root, "layer-tree-group")
    for layer in layers:
        SubElement(
            tree,
            "layer-tree-layer",
            id=layer.id,
            name=layer.title,
            providerKey=layer.provider,
            source=layer.source,
            checked="Qt::Checked" if layer.shown else "Qt::Unchecked",
            expanded="0",
        )
    _snapping(root, layers)
    if extent is not None:
        canvas = SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
        SubElement(canvas, "units").text = "degrees"
        seen = SubElement(canvas, "extent")
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), extent, strict=True):
            SubElement(seen, name).text = repr(value)
        SubElement(canvas, "destinationsrs").append(_system(SRID))
    described = SubElement(root, "projectlayers")
    for layer in layers:
        described.append(_layer(layer))
    order = SubElement(root, "layerorder")
    for layer in layers:
        SubElement(order, "layer", id=layer.id)
    _properties(root, layers)
    document: bytes = tostring(root, encoding="utf-8")
    return b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + document


def zipped(name: str, document: bytes) -> bytes:
    """A .qgz with the project `name`.qgs in it; the same document makes the same file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}.qgs", (1980, 1, 1, 0, 0, 0)), document, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _system(srid: int) -> Element:
    made = Element("spatialrefsys")
    known = pyproj.CRS.from_epsg(srid)
    SubElement(made, "wkt").text = known.to_wkt("WKT2_2019")
    SubElement(made, "srid").text = str(srid)
    SubElement(made, "authid").text = f"EPSG:{srid}"
    SubElement(made, "description").text = known.name
    SubElement(made, "geographicflag").text = "true"
    return made


def _snapping(root: Element, layers: Sequence[Layer]) -> None:
    # mode 3: each layer by itself; type 3: vertices and segments; unit 1: pixels
    snapping = SubElement(
        root,
        "snapping-settings",
        {
            "enabled": "1",
            "mode": "3",
            "type": "3",
            "unit": "1",
            "tolerance": str(SNAP_PIXELS),
            "intersection-snapping": "0",
            "self-snapping": "0",
            "scaleDependencyMode": "0",
            "minScale": "0",
            "maxScale": "0",
        },
    )
    each = SubElement(snapping, "individual-layer-settings")
    for layer in layers:
        SubElement(
            each,
            "layer-setting",
            id=layer.id,
            enabled="1" if layer.snapped else "0",
            type="3",
            tolerance=str(SNAP_PIXELS),
            units="1",
            minScale="0",
            maxScale="0",
        )


def _properties(root: Element, layers: Sequence[Layer]) -> None:
    properties = SubElement(root, "properties")
    digitizing = SubElement(properties, "Digitizing")
    SubElement(digitizing, "TopologicalEditing", type="int").text = "1"
    # 2: a new or changed polygon gives way to those of the layers in the list
    SubElement(digitizing, "AvoidIntersectionsMode", type="int").text = "2"
    kept = SubElement(digitizing, "AvoidIntersectionsList", type="QStringList")
    for layer in layers:
        if layer.edited:
            SubElement(kept, "value").text = layer.id
    paths = SubElement(properties, "Paths")
    SubElement(paths, "Absolute", type="bool").text = "false"


def _layer(layer: Layer) -> Element:
    kind = _KINDS[layer.geometry]
    made = Element(
        "maplayer",
        type="vector",
        geometry=kind,
        wkbType=layer.geometry,
        readOnly="0" if layer.edited else "1",
        labelsEnabled="1" if layer.style.label else "0",
        hasScaleBasedVisibilityFlag="0",
        simplifyDrawingHints="0" if layer.edited else "1",
    )
    SubElement(made, "id").text = layer.id
    SubElement(made, "datasource").text = layer.source
    SubElement(made, "layername").text = layer.title
    SubElement(made, "srs").append(_system(layer.srid))
    SubElement(made, "provider", encoding="UTF-8").text = layer.provider
    made.append(renderer(layer.style))
    labels = labeling(layer.style)
    if labels is not None:
        made.append(labels)
    if layer.defaults:
        defaults = SubElement(made, "defaults")
        for name, expression in layer.defaults:
            SubElement(defaults, "default", field=name, expression=expression, applyOnUpdate="0")
    return made
