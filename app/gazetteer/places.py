"""A file's table → records with the contract's columns, each with the system it declares; what is missing is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from app.exchange.layout import GAZETTEER
from app.exchange.points import with_points
from app.exchange.rejections import PROBLEMS, FileRefused
from app.exchange.values import typed
from app.gazetteer.formats.reading import Table
from app.gazetteer.repository import COLUMNS
from geo.crs import UnknownCrsError
from geo.errors import GeoError
from geo.gazetteer.columns import choose_columns, kinds_of
from geo.gazetteer.declared import DatumWithoutWay, Declared, read_declared, read_definition

NEARLY_ALL: Final = 0.9
"""Share of records with exchanged axes from which on the columns are confused and not single records."""

PROJECTED_DECIMALS: Final = 9
"""Digits of degrees that come from metres: 0.1 mm, less than the arithmetic leaves."""

_CONTROL: Final = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"

_IDENTITY: Final = ("kind", "name", "province", "city", "district", "subdistrict", "road", "number", "address")


@dataclass(frozen=True)
class Said:
    """What the operator says of a file. `columns`: the contract's column → the file's; `force`: why a contradicted system is right."""

    crs: str | None = None
    source: str | None = None
    licence: str | None = None
    dated: date | None = None
    kind: str | None = None
    columns: Mapping[str, str] | None = None
    encoding: str | None = None
    layer: str | None = None
    id_prefix: str = ""
    force: str | None = None


@dataclass(frozen=True)
class Places:
    """`rows`: `row` and `gazetteer_place`'s columns, the good ones; `problems`: of the others (`PROBLEMS`).

    `declared`: `row`, `declared`; `crs`: as declared, in words; `columns`: which column of the file became which; `ids`: row → id.
    """

    rows: pl.DataFrame
    problems: pl.DataFrame
    declared: pl.DataFrame
    crs: str
    columns: Mapping[str, str]
    ids: pl.DataFrame


def places_of(table: Table, said: Said) -> Places:
    """The records of a table. Raises `FileRefused` with a question where something about the whole file is not said."""
    chosen, vain = choose_columns(table.columns, said.columns or {})
    if vain:
        listed = ", ".join(table.columns)[:300]
        raise FileRefused(
            "COLUMN_IN_VAIN",
            detail=(f"{'、'.join(vain)}（文件的列：{listed}）", f"{', '.join(vain)} (columns: {listed})"),
        )
    frame = table.frame.select(
        "row", *(pl.col(column).alias(name) for name, column in chosen.items()), pl.col("^@[xy]$"), pl.col("^@shape$")
    )
    with_geometry = "@shape" in frame.columns
    declared = _declared(table, said, frame)
    frame = _located(frame, declared, with_geometry=with_geometry)
    frame = _named(frame, said)
    absent = [column.name for column in GAZETTEER.columns if column.name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    shapeless = _shape_problems(frame) if with_geometry else pl.DataFrame(schema=PROBLEMS)
    rows, problems = typed(frame, GAZETTEER, has_breaks=True)
    rows, misplaced = with_points(rows, required=True)
    swapped = misplaced.filter(pl.col("code") == "SWAPPED_AXES")
    if swapped.height >= max(NEARLY_ALL * frame.height, 1):
        raise FileRefused("AXES_SWAPPED", detail=swapped["detail"][0] or "")
    problems = pl.concat([table.problems, shapeless, _control_problems(frame), problems, misplaced])
    if shapeless.height:
        # What a record without a point lacks is told once.
        beside = shapeless.select("row", beside=pl.lit(True))
        problems = (
            problems.join(beside, on="row", how="left", maintain_order="left")
            .filter(
                pl.col("beside").is_null() | ~pl.col("code").is_in(["MISSING_VALUE", "NOT_FINITE", "CRS_UNDECLARED"])
            )
            .drop("beside")
        )
    good = rows.join(problems, on="row", how="anti", maintain_order="left")
    systems = rows.select("row", declared="declared_crs")
    told = declared.text if declared is not None else ";".join(systems["declared"].drop_nulls().unique().sort())
    return Places(good.select("row", *COLUMNS), problems, systems, told, chosen, rows.select("row", "id"))


def _declared(table: Table, said: Said, frame: pl.DataFrame) -> Declared | None:
    """What holds for the whole file; None: each record declares its own. Raises `FileRefused`."""
    if said.crs is not None:
        try:
            return read_declared(said.crs)
        except DatumWithoutWay as error:
            raise FileRefused("CRS_NO_TRANSFORMATION", detail=said.crs) from error
        except GeoError as error:
            raise FileRefused("CRS_UNKNOWN", column="--crs") from error
    if "crs" in frame.columns and (frame.is_empty() or frame["crs"].is_not_null().any()):
        return None
    if table.crs is None:
        raise FileRefused("CRS_NOT_DECLARED", detail=("", ""))
    try:
        return read_definition(table.crs) if not _plain(table.crs) else read_declared(str(table.crs))
    except DatumWithoutWay as error:
        raise FileRefused("CRS_NO_TRANSFORMATION", detail=_shown(table.crs)) from error
    except GeoError as error:
        shown = _shown(table.crs)
        raise FileRefused("CRS_NOT_DECLARED", detail=(f"，只写了“{shown}”", f" (it only says {shown})")) from error


def _plain(crs: object) -> bool:
    """Whether a file's word is one of the four systems."""
    if not isinstance(crs, str):
        return False
    try:
        read_declared(crs)
    except UnknownCrsError:
        return False
    except GeoError:
        return True
    return True


def _shown(crs: object) -> str:
    """A definition's first words, such as the name of the system."""
    return " ".join(str(crs).split())[:60].replace("|", "/").replace("{", "(").replace("}", ")")


def _located(frame: pl.DataFrame, declared: Declared | None, *, with_geometry: bool) -> pl.DataFrame:
    """lon, lat and crs as texts of degrees."""
    if declared is not None:
        frame = frame.with_columns(crs=pl.lit(declared.system.value))
    if with_geometry:
        x, y = frame["@x"].to_numpy(), frame["@y"].to_numpy()
    elif declared is not None and declared.projection is not None and {"lon", "lat"} <= set(frame.columns):
        x, y = (frame[name].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy() for name in ("lon", "lat"))
    else:
        return frame
    if declared is not None and declared.projection is not None:
        x, y = declared.to_degrees(x, y)
        x, y = np.round(x, PROJECTED_DECIMALS), np.round(y, PROJECTED_DECIMALS)
    lon, lat = (pl.Series(values).fill_nan(None).cast(pl.String) for values in (x, y))
    return frame.with_columns(lon.alias("lon"), lat.alias("lat"))


def _named(frame: pl.DataFrame, said: Said) -> pl.DataFrame:
    """Kind, source and id. Raises `FileRefused` where none is said."""
    if said.kind is None and "kind" not in frame.columns:
        raise FileRefused("KIND_NOT_NAMED")
    if said.source is None and "source" not in frame.columns:
        raise FileRefused("SOURCE_NOT_NAMED")
    written = pl.col("kind") if "kind" in frame.columns else pl.lit(None, pl.String)
    words = kinds_of(frame["kind"].unique().to_list()) if "kind" in frame.columns else {}
    kind = written.replace(words) if words else written
    frame = frame.with_columns(kind=kind.fill_null(said.kind) if said.kind else kind)
    if said.source is not None:
        frame = frame.with_columns(source=pl.lit(said.source))
    if "id" not in frame.columns:
        frame = frame.with_columns(id=_derived_ids(frame))
    return frame.with_columns(id=pl.lit(said.id_prefix) + pl.col("id")) if said.id_prefix else frame


def _derived_ids(frame: pl.DataFrame) -> pl.Series:
    """An id from what a place is called and where it is said to be, the same in the next edition of the file.

    Places of one description are numbered in the order of the file.
    """
    present = [name for name in _IDENTITY if name in frame.columns]
    joined = frame.select(
        pl.concat_str([pl.col(name).fill_null("") for name in ("source", *present)], separator="\x1f").alias("all")
    )
    digests = [hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for text in joined["all"].to_list()]
    numbered = pl.DataFrame({"digest": digests}, schema={"digest": pl.String}).with_columns(
        nth=pl.int_range(pl.len()).over("digest")
    )
    return numbered.select(
        pl.when(pl.col("nth") == 0)
        .then(pl.lit("x") + pl.col("digest"))
        .otherwise(pl.format("x{}-{}", "digest", pl.col("nth") + 1))
    ).to_series()


def _shape_problems(frame: pl.DataFrame) -> pl.DataFrame:
    codes = {1: "EMPTY_GEOMETRY", 2: "NOT_A_POINT"}
    return frame.filter(pl.col("@shape") != 0).select(
        "row",
        column=pl.lit("geometry"),
        code=pl.col("@shape").cast(pl.Int64).replace_strict(codes, return_dtype=pl.String),
        detail=pl.lit(""),
    )


def _control_problems(frame: pl.DataFrame) -> pl.DataFrame:
    """Invisible signs, some of which the store cannot keep. A CSV's records were looked at before."""
    found = [
        frame.filter(pl.col(name).str.contains(_CONTROL)).select(
            "row", column=pl.lit(name), code=pl.lit("BAD_CHARACTER"), detail=pl.lit("")
        )
        for name in frame.columns
        if frame.schema[name] == pl.String
    ]
    return pl.concat([pl.DataFrame(schema=PROBLEMS), *found])
