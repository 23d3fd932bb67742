"""How a file of places is parsed, within the confined process (`app.uploads.child`), which `app.gazetteer.formats.apart` starts.

The places are answered as Arrow IPC: columns as texts, `@x`, `@y` in the file's system, `@shape` (0 a point, 1 none, 2 something
else); beside them what the file says of itself.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.uploads.gdal import MOSTLY_VALID, choose_layer, encoding_of_shapefile, said_of, short
from app.uploads.refused import UploadRefused

if TYPE_CHECKING:
    import polars as pl


def read(task: dict[str, Any]) -> tuple[dict[str, Any], memoryview]:
    """Read the file of a task in its format. Raises `UploadRefused`."""
    said, frame = _READERS[task["format"]](task)
    buffer = BytesIO()
    frame.write_ipc(buffer)
    return said, buffer.getbuffer()


def _read_with_gdal(task: dict[str, Any]) -> tuple[dict[str, Any], pl.DataFrame]:
    import polars as pl
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FieldError

    path: str = task["path"]
    try:
        layer = choose_layer(path, task["driver"], task["layer"])
        encoding = task["encoding"]
        if task["driver"] == "ESRI Shapefile" and encoding is None:
            encoding = encoding_of_shapefile(Path(path))
        with pyogrio.open_arrow(path, layer=layer, encoding=encoding, use_pyarrow=False) as (meta, stream):
            frame = pl.DataFrame(stream)
    except (DataSourceError, DataLayerError, FieldError) as error:
        raise UploadRefused("UNREADABLE_FILE", short(error)) from error
    geometry = meta["geometry_name"] or "wkb_geometry"
    shapes = frame.get_column(geometry) if geometry in frame.columns else None
    fields = [name for name in frame.columns if name in set(meta["fields"]) and name != geometry]
    texts = _as_texts(frame.select(fields), task)
    return said_of(meta, layer, encoding), _with_points(texts, shapes)


def _read_geojson(task: dict[str, Any]) -> tuple[dict[str, Any], pl.DataFrame]:
    import orjson
    import polars as pl

    try:
        document = orjson.loads(Path(task["path"]).read_bytes())
    except orjson.JSONDecodeError as error:
        raise UploadRefused("BAD_JSON", short(error)) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise UploadRefused("BAD_JSON", "不是 FeatureCollection", "it is no FeatureCollection")
    if len(features) > task["most"]:
        raise UploadRefused("FILE_TOO_LARGE", f"{len(features):,} > {task['most']:,}")
    names: dict[str, None] = {}
    rows: list[dict[str, Any]] = []
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        row = properties if isinstance(properties, dict) else {}
        names.update(dict.fromkeys(row))
        rows.append(row)
    if len(names) > task["most_columns"]:
        raise UploadRefused("FILE_TOO_LARGE", f"{len(names):,} > {task['most_columns']:,}")
    columns = {name: pl.Series(name, [_text(row.get(name)) for row in rows], dtype=pl.String) for name in names}
    points = [_point(feature) for feature in features]
    frame = pl.DataFrame(columns).with_columns(
        pl.Series("@x", [p[0] for p in points], dtype=pl.Float64),
        pl.Series("@y", [p[1] for p in points], dtype=pl.Float64),
        pl.Series("@shape", [p[2] for p in points], dtype=pl.Int8),
    )
    declared = document.get("crs_declared")
    legacy = document.get("crs")
    if declared is None and isinstance(legacy, dict):
        inside = legacy.get("properties")
        declared = inside.get("name") if isinstance(inside, dict) else None
    return {"crs": declared if isinstance(declared, str) else "WGS84", "encoding": None, "layer": None}, frame


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _point(feature: Any) -> tuple[float | None, float | None, int]:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if geometry is None:
        return None, None, 1
    place = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(place, list) or geometry.get("type") != "Point":
        return None, None, 2
    numbers = [value for value in place[:2] if isinstance(value, int | float) and not isinstance(value, bool)]
    return (float(numbers[0]), float(numbers[1]), 0) if len(numbers) == 2 else (None, None, 2)


def _read_parquet(task: dict[str, Any]) -> tuple[dict[str, Any], pl.DataFrame]:
    import polars as pl

    try:
        described = json.loads(pl.read_parquet_metadata(task["path"]).get("geo") or "{}")
        lazy = pl.scan_parquet(task["path"], glob=False)
        if lazy.select(pl.len()).collect().item() > task["most"]:
            raise UploadRefused("FILE_TOO_LARGE", f"> {task['most']:,}")
        frame = lazy.collect()
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise UploadRefused("UNREADABLE_FILE", short(error)) from error
    geometry = described.get("primary_column")
    about = described.get("columns", {}).get(geometry, {}) if isinstance(described.get("columns"), dict) else {}
    shapes = frame.get_column(geometry) if geometry in frame.columns else None
    if shapes is not None and (about.get("encoding") != "WKB" or shapes.dtype != pl.Binary):
        raise UploadRefused("UNREADABLE_FILE", "encoding ≠ WKB")
    crs = about.get("crs", "OGC:CRS84") if shapes is not None else None
    texts = _as_texts(frame.drop(geometry) if shapes is not None else frame, task)
    return {"crs": crs, "encoding": None, "layer": None}, _with_points(texts, shapes)


def _as_texts(frame: pl.DataFrame, task: dict[str, Any]) -> pl.DataFrame:
    """Every column as text; a column of whole numbers without a decimal point."""
    import polars as pl

    if frame.height > task["most"] or frame.width > task["most_columns"]:
        raise UploadRefused("FILE_TOO_LARGE", f"{frame.height:,} × {frame.width:,}")
    columns = []
    for column in frame.iter_columns():
        if column.dtype in (pl.Binary, pl.Object) or column.dtype.is_nested():
            continue
        if column.dtype.is_float() and bool((column.drop_nulls() == column.drop_nulls().round()).all()):
            columns.append(column.cast(pl.Int64, strict=False).cast(pl.String))
        else:
            columns.append(_readable(column.cast(pl.String)))
    return pl.DataFrame(columns) if columns else pl.DataFrame({"@row": pl.int_range(frame.height, eager=True)})


def _readable(texts: pl.Series) -> pl.Series:
    """Texts without bytes that are not UTF-8, such as half a letter at the end of a cut one. Most of them broken: another encoding."""
    import polars as pl

    raw = texts.cast(pl.Binary)
    broken = raw.cast(pl.String, strict=False).is_null() & raw.is_not_null()
    if not broken.any():
        return texts
    if int(broken.sum()) > (1.0 - MOSTLY_VALID) * texts.len() + 3:
        raise UploadRefused("ENCODING_UNDECLARED")
    values = [None if value is None else value.decode("utf-8", "ignore") for value in raw.to_list()]
    return pl.Series(texts.name, values, dtype=pl.String)


def _with_points(texts: pl.DataFrame, shapes: pl.Series | None) -> pl.DataFrame:
    import numpy as np
    import polars as pl
    import shapely

    if shapes is None:
        return texts
    geometries = shapely.from_wkb(shapes.to_numpy(), on_invalid="ignore")
    kind = shapely.get_type_id(geometries)
    alone = (kind == 4) & (shapely.get_num_geometries(geometries) == 1)
    geometries[alone] = shapely.get_geometry(geometries[alone], 0)
    kind = shapely.get_type_id(geometries)
    empty = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    shape = np.where(empty, 1, np.where(kind == 0, 0, 2)).astype(np.int8)
    x, y = shapely.get_x(geometries), shapely.get_y(geometries)
    point = shape == 0
    return texts.with_columns(
        pl.Series("@x", np.where(point, x, np.nan)),
        pl.Series("@y", np.where(point, y, np.nan)),
        pl.Series("@shape", shape),
    )


_READERS: Final = {
    "gpkg": _read_with_gdal,
    "shp": _read_with_gdal,
    "geojson": _read_geojson,
    "parquet": _read_parquet,
}
