"""Which files of territories are read and written, and how much one may ask of this machine."""

from __future__ import annotations

from typing import Final, Literal

FORMATS: Final = {
    ".geojson": "geojson",
    ".json": "geojson",
    ".gpkg": "gpkg",
    ".shp": "shp",
    ".zip": "zip",
    ".csv": "csv",
    ".kml": "kml",
    ".fgb": "fgb",
}
"""Suffix → format; a zip holds one file of another."""

MEDIA_TYPES: Final = {
    "application/geo+json": "geojson",
    "application/json": "geojson",
    "application/geopackage+sqlite3": "gpkg",
    "application/x-sqlite3": "gpkg",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "text/csv": "csv",
    "application/vnd.google-earth.kml+xml": "kml",
    "application/flatgeobuf": "fgb",
}

READABLE: Final = ".geojson, .gpkg, .zip (Shapefile), .csv, .kml, .fgb"

SINGLE: Final = (".geojson", ".json", ".gpkg", ".csv", ".kml", ".fgb")
"""Files that a zip may hold instead of a shapefile's parts."""

DRIVERS: Final = {"gpkg": "GPKG", "shp": "ESRI Shapefile", "kml": "KML", "fgb": "FlatGeobuf"}

MAGIC: Final = {"gpkg": b"SQLite format 3\0", "shp": b"\x00\x00\x27\x0a", "fgb": b"fgb"}
"""How a file of the format begins. GDAL would go by that alone and not by the name."""

WRITTEN: Final = {
    "geojson": ("geojson", "application/geo+json"),
    "gpkg": ("gpkg", "application/geopackage+sqlite3"),
    "shp": ("zip", "application/zip"),
    "csv": ("csv", "text/csv; charset=utf-8"),
}
"""Format → suffix and media type of what is written."""

Written = Literal["geojson", "gpkg", "shp", "csv"]

LARGEST_UNPACKED: Final = 256 * 1024**2
"""Bytes of a file, and of what a zip holds when it is unpacked."""

MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 500

MEMORY: Final = 2 * 1024**3
"""Bytes of address space of the process that reads a file and compares it with the version; the libraries alone take half of one."""

SECONDS: Final = 30
"""Of the processor: a branch of 2,000 territories with half a million vertices takes five."""

CLOCK_SECONDS: Final = 60
"""Of the clock, on a machine that has other work, too."""

AT_ONCE: Final = 2
"""How many files a server reads at the same time."""
