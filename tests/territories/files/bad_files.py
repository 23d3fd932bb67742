"""More than two hundred files that are hostile or broken, the same each time: family, name, suffix, bytes, and what is expected.

`expected`: the code with which the file or a record is refused; `TAKEN` where it is read all the same (repaired, or harmless); None
where either will do, because how a parser reads the stump of a file is its own affair.
"""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from .town import box, feature, geojson, written

TAKEN = "TAKEN"
SECRET = "SECRET-绝密-7f3a"
"""Stands in a file that an attacker would like to read; no answer may ever hold it."""


@dataclass(frozen=True)
class Bad:
    """A file. `said`: what a person says of it."""

    family: str
    name: str
    suffix: str
    content: bytes
    expected: str | None
    said: tuple[tuple[str, Any], ...] = ()


FAMILIES: dict[str, Callable[[Path, str], Iterator[Bad]]] = {}
"""Family → makes its files; given the path of the secret and the address of a listener."""


def family(make: Callable[[Path, str], Iterator[Bad]]) -> Callable[[Path, str], Iterator[Bad]]:
    FAMILIES[make.__name__] = make
    return make


def _zip(members: list[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def _parts(encoding: str = "utf-8") -> dict[str, bytes]:
    """The parts of a good shapefile, by suffix."""
    with zipfile.ZipFile(io.BytesIO(written("shp", encoding=encoding))) as archive:
        return {Path(name).suffix: archive.read(name) for name in archive.namelist()}


def _shapefile(parts: dict[str, bytes]) -> bytes:
    return _zip([(f"plan{suffix}", data) for suffix, data in parts.items()])


def _changed(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


@family
def virtual(secret: Path, url: str) -> Iterator[Bad]:
    """Files that only point to others."""
    vrt = '<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    payloads = {
        "local": vrt.format(secret),
        "curl": vrt.format(f"/vsicurl/{url}/x.geojson"),
        "http": vrt.format(f"{url}/x.geojson"),
        "relative": '<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource relativeToVRT="1">../../secret.csv</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
        "gdalg": json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector read {secret}"}),
        "path": str(secret),
        "connection": f"GeoJSON:{secret}",
    }
    wanted = {
        ".geojson": "BAD_JSON",
        ".json": "BAD_JSON",
        ".gpkg": "NOT_OF_ITS_FORMAT",
        ".fgb": "NOT_OF_ITS_FORMAT",
        ".zip": "UNREADABLE_FILE",
    }
    for kind, text in payloads.items():
        for suffix, code in wanted.items():
            yield Bad("virtual", f"{kind}{suffix}", suffix, text.encode(), code)
        yield Bad("virtual", f"{kind}.kml", ".kml", text.encode(), None)
        yield Bad("virtual", f"{kind}.csv", ".csv", text.encode(), "NO_ROWS")
        yield Bad("virtual", f"{kind} in a zip", ".zip", _zip([("a.geojson", text.encode())]), "BAD_JSON")
    inside = _parts()
    inside[".shp"] = payloads["local"].encode()
    yield Bad("virtual", "for a .shp", ".zip", _shapefile(inside), "NOT_OF_ITS_FORMAT")
    # Past the check of the first bytes: a shapefile's head, and a reference behind it.
    inside[".shp"] = b"\x00\x00\x27\x0a" + payloads["local"].encode()
    yield Bad("virtual", "behind a .shp's head", ".zip", _shapefile(inside), None)


@family
def archives(secret: Path, url: str) -> Iterator[Bad]:
    """Zips that lead out of themselves, grow, or lack something."""
    good = geojson(feature()).encode()
    names = [
        "../a.geojson", "../../../../tmp/a.geojson", "/etc/a.geojson", "a/../../b.geojson", "C:\\a.geojson", "..\\a.geojson",
        "\\\\host\\share\\a.geojson", "a/b/../../../c.geojson",
    ]  # fmt: skip
    for name in names:
        yield Bad("archives", f"traversal {name}", ".zip", _zip([(name, good)]), "ZIP_PATH")
    link = zipfile.ZipInfo("a.geojson")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    yield Bad("archives", "symbolic link", ".zip", _zip([(link, str(secret).encode())]), "ZIP_PATH")
    for megabytes in (8, 64, 255):
        bomb = _zip([("a.geojson", b" " * (megabytes << 20))])
        yield Bad("archives", f"bomb of {megabytes} MB", ".zip", bomb, "ZIP_BOMB")
    yield Bad("archives", "1,001 members", ".zip", _zip([(f"{n}.txt", b"") for n in range(1001)]), "ZIP_BOMB")
    lying = bytearray(_zip([("a.geojson", b" " * (4 << 20))]))
    at = lying.index(b"PK\x01\x02")
    lying[22:26] = lying[at + 24 : at + 28] = struct.pack("<I", 10)
    yield Bad("archives", "lies of its size", ".zip", bytes(lying), "UNREADABLE_FILE")
    yield Bad("archives", "in a zip in a zip", ".zip", _zip([("a.zip", _zip([("a.geojson", good)]))]), "EMPTY_FILE")
    yield Bad("archives", "bzip2", ".zip", _zip([("a.geojson", good)], zipfile.ZIP_BZIP2), "UNREADABLE_FILE")
    yield Bad("archives", "lzma", ".zip", _zip([("a.geojson", good)], zipfile.ZIP_LZMA), "UNREADABLE_FILE")
    locked = bytearray(_zip([("a.geojson", good)]))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    yield Bad("archives", "encrypted", ".zip", bytes(locked), "UNREADABLE_FILE")
    yield Bad("archives", "nothing in it", ".zip", _zip([]), "EMPTY_FILE")
    yield Bad("archives", "folders only", ".zip", _zip([("a/", b""), ("b/", b"")]), "EMPTY_FILE")
    yield Bad("archives", "nothing known", ".zip", _zip([("a.txt", b"x"), ("b.exe", b"MZ")]), "EMPTY_FILE")
    yield Bad("archives", "two files", ".zip", _zip([("a.geojson", good), ("b.geojson", good)]), "LAYER")
    yield Bad("archives", "a name without letters", ".zip", _zip([(zipfile.ZipInfo("."), good)]), "ZIP_PATH")
    parts = _parts()
    doubled = [(f"plan{suffix}", data) for suffix, data in parts.items()] + [("plan.SHP", parts[".shp"])]
    yield Bad("archives", "a part twice", ".zip", _zip(doubled), "ZIP_PATH")
    for missing in (".shp", ".shx", ".dbf"):
        left = {suffix: data for suffix, data in parts.items() if suffix != missing}
        yield Bad(
            "archives",
            f"without {missing}",
            ".zip",
            _shapefile(left),
            "SHAPEFILE_PARTS",
        )
    yield Bad("archives", "a broken member", ".zip", _broken_member(good), "UNREADABLE_FILE")


def _broken_member(data: bytes) -> bytes:
    packed = bytearray(_zip([("a.geojson", data)]))
    packed[60] ^= 0xFF
    return bytes(packed)


@family
def lying_heads(secret: Path, url: str) -> Iterator[Bad]:
    """Shapefiles whose heads say what is not so."""
    parts = _parts()

    def with_part(name: str, suffix: str, at: int, value: bytes, expected: str | None = None) -> Bad:
        changed = {**parts, suffix: _changed(parts[suffix], at, value)}
        return Bad("lying_heads", f"{suffix} {name}", ".zip", _shapefile(changed), expected)

    big, little = struct.Struct(">i"), struct.Struct("<i")
    for value in (0, 49, -1, 2**31 - 1):
        yield with_part(f"length {value}", ".shp", 24, big.pack(value))
        yield with_part(f"record length {value}", ".shp", 104, big.pack(value))
        yield with_part(f"length {value}", ".shx", 24, big.pack(value))
        yield with_part(f"offset {value}", ".shx", 100, big.pack(value))
        yield with_part(f"content length {value}", ".shx", 104, big.pack(value))
    for value in (0, -1, 2**31 - 1):
        yield with_part(f"parts {value}", ".shp", 144, little.pack(value))
        yield with_part(f"points {value}", ".shp", 148, little.pack(value))
        yield with_part(f"first part at {value}", ".shp", 152, little.pack(value))
        yield with_part(f"records {value}", ".dbf", 4, struct.pack("<I", value & 0xFFFFFFFF))
    for value in (0, 1, 8, 15, 31):
        yield with_part(f"shape type {value}", ".shp", 32, little.pack(value))
        yield with_part(f"record type {value}", ".shp", 108, little.pack(value))
    for value in (0, 32, 65535):
        yield with_part(f"head length {value}", ".dbf", 8, struct.pack("<H", value))
        yield with_part(f"record width {value}", ".dbf", 10, struct.pack("<H", value))
    for value in (0, 255):
        yield with_part(f"field width {value}", ".dbf", 32 + 16, bytes([value]))
    for number in (float("nan"), float("inf"), 1e300):
        yield with_part(f"box {number}", ".shp", 36, struct.pack("<d", number))
        yield with_part(f"vertex {number}", ".shp", 156, struct.pack("<d", number), "COORDINATE_NOT_FINITE")
    yield with_part("field type", ".dbf", 32 + 11, b"M")
    yield with_part("field name", ".dbf", 32, b"\xff" * 11)


@family
def truncated(secret: Path, url: str) -> Iterator[Bad]:
    """Files cut off at every nth byte."""
    parts = _parts()
    for suffix, steps in ((".shp", 7), (".shx", 4), (".dbf", 6), (".prj", 4), (".cpg", 2)):
        size = len(parts[suffix])
        for cut in sorted({size * n // steps for n in range(steps)}):
            left = {**parts, suffix: parts[suffix][:cut]}
            expected = ("CRS_UNDECLARED" if cut == 0 else "CRS_UNKNOWN") if suffix == ".prj" else None
            yield Bad("truncated", f"{suffix} at {cut}", ".zip", _shapefile(left), expected)
    whole: dict[str, bytes] = {
        ".geojson": geojson(feature("T-E1"), feature("T-E2", box(0.02, 0.03, 0, 0.01))).encode(),
        ".zip": written("shp"),
        ".gpkg": written("gpkg"),
        ".fgb": _with_gdal("FlatGeobuf", ".fgb"),
        ".kml": _with_gdal("KML", ".kml"),
        ".csv": b'community_code,team_code\nC01,T-E1\nC02,T-E1\n"C03",T-E2\n',
    }
    codes = {".geojson": "BAD_JSON", ".zip": "UNREADABLE_FILE"}
    for suffix, data in whole.items():
        for n in range(9):
            cut = len(data) * n // 9
            code = "EMPTY_FILE" if cut == 0 else codes.get(suffix)
            yield Bad("truncated", f"{suffix} at {cut}", suffix, data[:cut], code)


def _with_gdal(driver: str, suffix: str, **options: Any) -> bytes:
    """A good file of a format that is only read."""
    import pyogrio

    shapes = np.array([shapely.to_wkb(box(0, 0.02, 0, 0.01)), shapely.to_wkb(box(0.02, 0.03, 0, 0.01))], dtype=object)
    names = "Name" if driver == "KML" else "team_code"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"f{suffix}"
        values = [np.array(["T-E1", "T-E2"], dtype=object)]
        pyogrio.raw.write(
            path, shapes, values, [names], geometry_type="MultiPolygon", crs="EPSG:4326", driver=driver, **options
        )
        return path.read_bytes()


@family
def wrong_magic(secret: Path, url: str) -> Iterator[Bad]:
    """The content is of another format than the name."""
    contents = {
        "geojson": geojson(feature()).encode(),
        "gpkg": written("gpkg"),
        "zip": written("shp"),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "elf": b"\x7fELF" + bytes(200),
    }
    refused = {
        ".gpkg": "NOT_OF_ITS_FORMAT", ".fgb": "NOT_OF_ITS_FORMAT", ".zip": "UNREADABLE_FILE", ".kml": "NOT_OF_ITS_FORMAT",
    }  # fmt: skip
    own = {".gpkg": "gpkg", ".zip": "zip"}
    for kind, data in contents.items():
        for suffix, code in refused.items():
            if own.get(suffix) != kind:
                yield Bad("wrong_magic", f"{kind} as {suffix}", suffix, data, code)
        if kind != "geojson":
            yield Bad("wrong_magic", f"{kind} as .geojson", ".geojson", data, None)
            yield Bad("wrong_magic", f"{kind} as .csv", ".csv", data, None)


@family
def geopackages(secret: Path, url: str) -> Iterator[Bad]:
    """Databases that are no GeoPackage, or one with programs in it."""
    good = written("gpkg")

    def edited(name: str, expected: str | None, *statements: str, schema: bool = False, **said: Any) -> Bad:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "f.gpkg"
            path.write_bytes(good)
            with sqlite3.connect(path) as database:
                # GDAL's own triggers call functions that only it has.
                for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    database.execute(f'DROP TRIGGER "{trigger}"')
                if schema:
                    database.execute("PRAGMA writable_schema = ON")
                for statement in statements:
                    database.execute(statement)
            database.close()
            return Bad("geopackages", name, ".gpkg", path.read_bytes(), expected, tuple(said.items()))

    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "f.gpkg"
        with sqlite3.connect(plain) as database:
            database.execute("CREATE TABLE t (a)")
        database.close()
        yield Bad("geopackages", "a plain database", ".gpkg", plain.read_bytes(), "UNREADABLE_FILE")
    yield Bad("geopackages", "zeros", ".gpkg", b"SQLite format 3\0" + bytes(5000), "UNREADABLE_FILE")
    yield edited("a trigger", TAKEN, "CREATE TRIGGER t AFTER INSERT ON territories BEGIN DELETE FROM territories; END")
    yield edited(
        "a view as layer", "UNREADABLE_FILE",
        "CREATE VIEW v AS SELECT * FROM territories",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('v', 'features', 'v', 4490)",
        "INSERT INTO gpkg_geometry_columns SELECT 'v', column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns",
    )  # fmt: skip
    calls = {
        "load_extension": "SELECT load_extension('/tmp/x.so') AS fid, geom FROM territories",
        "pixel": f"SELECT gdal_get_pixel_value('{secret}', 1, 'georef', 1, 1) AS fid, geom FROM territories",
        "geocode": "SELECT ogr_geocode('x') AS fid, geom FROM territories",
        "layers": f"SELECT ogr_datasource_load_layers('{secret}') AS fid, geom FROM territories",
    }
    for name, query in calls.items():
        yield edited(
            f"a view that calls {name}", "UNREADABLE_FILE",
            f'CREATE VIEW v AS {query}',
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('v', 'features', 'v', 4490)",
            layer="v",
        )  # fmt: skip
    for module in (f"VirtualOGR('{secret}')", f"VirtualShape('{secret}', 'UTF-8', 4490)", f"csv(filename='{secret}')"):
        name = module.partition("(")[0]
        yield edited(
            f"a table of {name}", "UNREADABLE_FILE",
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
            f"""VALUES ('table', 'stolen', 'stolen', 0, "CREATE VIRTUAL TABLE stolen USING {module}")""",
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('stolen', 'attributes', 'stolen')",
            schema=True,
        )  # fmt: skip
    yield edited("no contents", None, "DELETE FROM gpkg_contents")
    yield edited("no geometry column", None, "DELETE FROM gpkg_geometry_columns")
    yield edited("a system that is not there", None, "UPDATE gpkg_geometry_columns SET srs_id = 999999",
                 "UPDATE gpkg_contents SET srs_id = 999999")  # fmt: skip
    yield edited("an undefined system", "CRS_UNKNOWN", "UPDATE gpkg_geometry_columns SET srs_id = -1",
                 "UPDATE gpkg_contents SET srs_id = -1")  # fmt: skip
    blobs = {
        "a huge blob": "zeroblob(60000000)",
        "an empty blob": "x''",
        "no blob but a text": "'POLYGON((0 0,1 0,1 1,0 0))'",
        "a number": "42",
        "a head alone": "x'4750000100000000'",
        "WKB of four billion rings": "x'475000018A110000010300000FFFFFFFF'".replace("00000FFFFFFFF", "000000FFFFFFFF"),
        "WKB of a kind that is none": "x'475000018A11000001FFFFFFFF'",
        "a lying envelope": "x'47500007" + "8A110000" + "0103000000'",
    }
    for name, blob in blobs.items():
        yield edited(name, None, f"UPDATE territories SET geom = {blob} WHERE team_code = 'T-E1'")
    yield edited("texts with zeros", None, "UPDATE territories SET team_code = CAST(x'00ff00' AS TEXT)")
    yield edited("a text of 1 MB", "UNKNOWN_TEAM", f"UPDATE territories SET team_code = '{'x' * 1_000_000}'")


@family
def jsons(secret: Path, url: str) -> Iterator[Bad]:
    """GeoJSON that is broken, ambiguous or too much."""

    def one(name: str, expected: str | None, content: str | bytes, **said: Any) -> Bad:
        data = content.encode() if isinstance(content, str) else content
        return Bad("jsons", name, ".geojson", data, expected, tuple(said.items()))

    good = geojson(feature())
    ring = "[[[120,30],[120.01,30],[120.01,30.01],[120,30.01],[120,30]]]"

    def of(geometry: str, team: str = '"T-E1"') -> str:
        inside = f'{{"type":"Feature","properties":{{"team_code":{team}}},"geometry":{geometry}}}'
        return f'{{"type":"FeatureCollection","features":[{inside}]}}'

    def polygon(coordinates: str) -> str:
        return of(f'{{"type":"Polygon","coordinates":{coordinates}}}')

    yield one("two members type", "DUPLICATE_MEMBER", '{"type":"Feature",' + good[1:])
    yield one(
        "two teams in one object",
        "DUPLICATE_MEMBER",
        of('{"type":"Polygon","coordinates":' + ring + "}", '"T-E1","team_code":"T-E2"'),
    )
    yield one("two coordinates", "DUPLICATE_MEMBER", of(f'{{"type":"Polygon","coordinates":{ring},"coordinates":[]}}'))
    for depth in (100, 5_000, 200_000):
        yield one(f"brackets {depth} deep", None if depth == 100 else "BAD_JSON", polygon("[" * depth + "]" * depth))
    yield one("brackets without end", "BAD_JSON", "[" * 100_000)
    yield one("objects without end", "BAD_JSON", '{"a":' * 100_000)
    nested = (
        '{"type":"GeometryCollection","geometries":[' * 100
        + '{"type":"Polygon","coordinates":'
        + ring
        + "}"
        + "]}" * 100
    )
    yield one("collections 100 deep", "GEOMETRY_TOO_DEEP", of(nested))
    numbers = "[" + ",".join(["[120,30]"] * 400_000) + "]"
    yield one("800,000 numbers", None, polygon(f"[{numbers}]"))
    yield one("10,000,000 numbers", None, polygon("[" + "1," * 10_000_000 + "1]"))
    combs = [_comb(1000, upright=True), _comb(1000, upright=False)]
    yield one("two combs", "TOO_COMPLEX", geojson(feature("T-E1", combs[0]), feature("T-E3", combs[1])))
    yield one("two combs of one team", "TOO_COMPLEX", geojson(*(feature("T-E1", comb) for comb in combs)))
    for number, code in (
        ("NaN", "COORDINATE_NOT_FINITE"), ("Infinity", "COORDINATE_NOT_FINITE"), ("-Infinity", "COORDINATE_NOT_FINITE"),
        ("1e999", "COORDINATE_NOT_FINITE"), ("1e308", "COORDINATE_NOT_FINITE"), ('"120"', None), ("null", None), ("true", None),
        ("{}", None), ("[120]", None), ("9" * 400, None), ("9" * 5000, "BAD_JSON"),
    ):  # fmt: skip
        yield one(
            f"a coordinate {number[:12]} of {len(number)}", code, polygon(ring.replace("[120.01,30]", f"[{number},30]"))
        )
    yield one("swapped axes", "AXES_SWAPPED", polygon("[[[30,120],[30,120.01],[30.01,120.01],[30,120]]]"))
    yield one(
        "metres",
        "COORDINATES_PROJECTED",
        polygon("[[[500000,3300000],[501000,3300000],[501000,3301000],[500000,3300000]]]"),
    )
    yield one("elsewhere", "OUTSIDE_CHINA", polygon("[[[2,48],[2.1,48],[2.1,48.1],[2,48]]]"))
    yield one("a bow tie", "SHAPE_AMBIGUOUS", polygon("[[[120,30],[120.01,30.01],[120.01,30],[120,30.01],[120,30]]]"))
    yield one("not closed", TAKEN, polygon("[[[120,30],[120.01,30],[120.01,30.01],[120,30.01]]]"))
    yield one("three positions", None, polygon("[[[120,30],[120.01,30],[120,30]]]"))
    yield one("no area", "GEOMETRY_COLLAPSED", polygon("[[[120,30],[120.01,30],[120.02,30],[120,30]]]"))
    for name, geometry, code in (
        ("null", "null", "EMPTY_GEOMETRY"), ("a list", "[]", "BAD_FEATURE"), ("a text", '"x"', "BAD_FEATURE"),
        ("without a type", '{"coordinates":[]}', None), ("of no type", '{"type":"Circle","coordinates":[]}', None),
        ("without coordinates", '{"type":"Polygon"}', None), ("empty", '{"type":"Polygon","coordinates":[]}', "GEOMETRY_EMPTY"),
        ("coordinates null", '{"type":"Polygon","coordinates":null}', None), ("coordinates text", '{"type":"Polygon","coordinates":"x"}', None),
        ("a point", '{"type":"Point","coordinates":[120,30]}', "GEOMETRY_NOT_AN_AREA"),
        ("a line", '{"type":"LineString","coordinates":[[120,30],[121,30]]}', "GEOMETRY_NOT_AN_AREA"),
        ("an object for coordinates", '{"type":"Polygon","coordinates":{"0":1}}', None),
    ):  # fmt: skip
        yield one(f"geometry {name}", code, of(geometry))
    for name, team, code in (
        ("null", "null", "MISSING_TEAM"), ("blank", '"  "', "MISSING_TEAM"), ("unknown", '"T-X"', "UNKNOWN_TEAM"),
        ("of another branch", '"T-W1"', "TEAM_OF_OTHER_BRANCH"), ("two of one name", '"同名队"', "AMBIGUOUS_TEAM"),
        ("a list", '["T-E1"]', "UNKNOWN_TEAM"), ("with a zero", '"T-E1\\u0000"', "BAD_CHARACTER"), ("a surrogate", '"\\ud800"', "BAD_CHARACTER"),
        ("SQL", "\"T-E1'; DROP TABLE team; --\"", "UNKNOWN_TEAM"), ("10,000 letters", '"' + "x" * 10_000 + '"', "UNKNOWN_TEAM"),
    ):  # fmt: skip
        yield one(f"team {name}", code, of('{"type":"Polygon","coordinates":' + ring + "}", team))
    for name, document in (
        ("a number", "1"), ("a list", "[]"), ("a text", '"x"'), ("null", "null"), ("no collection", '{"type":"Topology"}'),
        ("features an object", '{"type":"FeatureCollection","features":{}}'), ("features null", '{"type":"FeatureCollection","features":null}'),
        ("a geometry", '{"type":"Polygon","coordinates":' + ring + "}"), ("two documents", good + good), ("lines", good.replace("\n", "") + "\n{}"),
    ):  # fmt: skip
        yield one(f"document {name}", "BAD_JSON", document)
    yield one("no features", "NO_ROWS", '{"type":"FeatureCollection","features":[]}')
    for name, item in (("null", "null"), ("a number", "3"), ("no feature", "{}"), ("a text", '"x"')):
        yield one(
            f"feature {name}",
            "BAD_FEATURE",
            f'{{"type":"FeatureCollection","features":[{item},{json.dumps(feature())}]}}',
        )
    yield one(
        "20,001 features",
        "FILE_TOO_LARGE",
        '{"type":"FeatureCollection","features":[' + ",".join(["{}"] * 20_001) + "]}",
    )
    many = {f"p{n}": n for n in range(600)}
    yield one("600 columns", "FILE_TOO_LARGE", geojson(feature(**many)))
    yield one(
        "overlapping records of one team",
        "DUPLICATE_TEAM",
        geojson(feature(), feature("T-E1", box(0.01, 0.03, 0, 0.01))),
    )
    yield one(
        "half a team",
        "TEAM_INCOMPLETE",
        geojson(feature(), feature("T-E1", {"type": "Point", "coordinates": [120, 30]})),
    )
    yield one("a byte order mark", TAKEN, b"\xef\xbb\xbf" + good.encode())
    yield one("UTF-16", TAKEN, good.encode("utf-16"))
    yield one("UTF-16 without a mark", None, good.encode("utf-16-le"))
    yield one("UTF-32", None, good.encode("utf-32"))
    named = geojson({**feature(), "properties": {"team_name": "东一队"}})
    yield one("GBK", "ENCODING_UNDECLARED", named.encode("gbk"))
    yield one("GBK, as declared", TAKEN, named.encode("gbk"), encoding="GBK")
    yield one("GBK declared UTF-8", "ENCODING_UNKNOWN", named.encode("gbk"), encoding="UTF-8")
    yield one(
        "Latin-1", "ENCODING_UNDECLARED", geojson({**feature(), "properties": {"team_name": "é"}}).encode("latin-1")
    )
    for encoding in ("no-such", "rot13", "zip", "idna", "unicode_escape", "\0"):
        yield one(f"encoding {encoding!r}", None, good, encoding=encoding)
    for crs, code in (("EPSG:4214", "CRS_NO_TRANSFORMATION"), ("EPSG:2", "CRS_UNKNOWN"), ("/etc/passwd", "CRS_UNKNOWN"), ("", "CRS_UNDECLARED"),
                      (f"{url}/wkt", "CRS_UNKNOWN"), ("+init=/etc/passwd:x", "CRS_UNKNOWN"), ("x" * 5000, "CRS_UNKNOWN")):  # fmt: skip
        yield one(f"crs_declared {crs[:20]}", code if crs else None, geojson(feature(), crs_declared=crs))
    yield one("crs_declared a number", "CRS_UNKNOWN", geojson(feature(), crs_declared=4490))
    yield one(
        "crs a link", "CRS_UNKNOWN", geojson(feature(), crs={"type": "link", "properties": {"href": f"{url}/crs"}})
    )
    yield one(
        "crs of another city",
        "CRS_UNKNOWN",
        geojson(feature(), crs={"type": "name", "properties": {"name": "Nanjing 2008"}}),
    )
    yield one("said GCJ02 in an unknown spelling", "CRS_UNKNOWN", good, crs="GCJ-03")
    yield one("a column in vain", "COLUMN_IN_VAIN", good, columns={"team_code": "队"})
    yield one("a column for nothing", "COLUMN_IN_VAIN", good, columns={"geometry": "team_code"})
    yield one("no column of teams", "TEAM_COLUMN_MISSING", geojson({**feature(), "properties": {"队": "T-E1"}}))


def _comb(teeth: int, *, upright: bool) -> shapely.MultiPolygon:
    """A valid area whose teeth cross all of those of the other one."""
    width = 0.02 / teeth
    outline = [(0.0, 0.0)]
    for tooth in range(teeth):
        x = tooth * width
        outline += [(x, 0.02), (x + width / 2, 0.02), (x + width / 2, 0.001), (x + width, 0.001)]
    outline.append((0.02, 0.0))
    placed = [(120 + round(x, 8), 30 + round(y, 8)) for x, y in (outline if upright else [(y, x) for x, y in outline])]
    return shapely.MultiPolygon([shapely.Polygon(placed)])


@family
def tables(secret: Path, url: str) -> Iterator[Bad]:
    """CSV that is broken or contradicts itself."""

    def one(name: str, expected: str | None, content: str | bytes, **said: Any) -> Bad:
        data = content.encode() if isinstance(content, str) else content
        return Bad("tables", name, ".csv", data, expected, tuple(said.items()))

    head = "community_code,team_code\n"
    yield one("a zero", "UNKNOWN_COMMUNITY", f"{head}C\0,T-E1\n")
    yield one("zeros only", "EMPTY_FILE", b"\0" * 1000)
    yield one("an open quote", "BAD_RECORD", f'{head}"C01,T-E1\nC02,T-E1\n')
    yield one("a quote in the middle", "BAD_RECORD", f'{head}"C01"x,T-E1\n')
    yield one("an open quote of 1 MB", "BAD_RECORD", f'{head}"' + "x" * 1_000_000)
    yield one("unknown community", "UNKNOWN_COMMUNITY", f"{head}C99,T-E1\n")
    yield one("unknown team", "UNKNOWN_TEAM", f"{head}C01,T-X\n")
    yield one("another branch", "TEAM_OF_OTHER_BRANCH", f"{head}C01,T-W1\n")
    yield one("one community, two teams", "COMMUNITY_TWICE", f"{head}C01,T-E1\nC01,T-E2\n")
    yield one("no community", "MISSING_COMMUNITY", f"{head},T-E1\n")
    yield one("nothing", "EMPTY_FILE", "")
    yield one("blank lines", "EMPTY_FILE", "\n\n\n")
    yield one("a mark alone", "EMPTY_FILE", b"\xef\xbb\xbf")
    yield one("a header alone", "NO_ROWS", head)
    yield one("no header", "COLUMNS_MISSING", "C01,T-E1\nC02,T-E1\n")
    yield one("semicolons", "COLUMNS_MISSING", head.replace(",", ";") + "C01;T-E1\n")
    yield one("one column", "COLUMNS_MISSING", "community_code\nC01\n")
    yield one("a column twice", "DUPLICATE_COLUMN", "community_code,team_code,team_code\nC01,T-E1,T-E2\n")
    yield one("too many fields", "BAD_RECORD", f"{head}C01,T-E1,x\n")
    yield one("too few fields", "BAD_RECORD", f"{head}C01\n")
    yield one("GBK", TAKEN, "社区编码,团队编码\nC01,T-E1\n".encode("gbk"))
    yield one("GBK, a name", TAKEN, "社区编码,团队名称\nC01,东一队\n".encode("gbk"))
    yield one("UTF-16", TAKEN, f"{head}C01,T-E1\n".encode("utf-16"))
    yield one("Latin-1", None, "community_code,team_code,note\nC01,T-E1,caf\xe9\n".encode("latin-1"))
    yield one("bytes", None, bytes(range(256)) * 20)
    yield one("a share that is none", "BAD_SHARE", "community_code,team_code,share\nC01,T-E1,much\n")
    yield one("a share of two", "BAD_SHARE", "community_code,team_code,share\nC01,T-E1,2\n")
    yield one("a share that is not so", "SHARE_CONTRADICTED", "community_code,team_code,share\nC01,T-E1,0.4\n")
    yield one("a share NaN", "BAD_SHARE", "community_code,team_code,share\nC01,T-E1,nan\n")
    yield one("a formula", "UNKNOWN_TEAM", f"{head}C01,=cmd|' /C calc'!A0\n")
    yield one("20,001 rows", "FILE_TOO_LARGE", head + "C01,T-E1\n" * 20_001)
    yield one(
        "600 columns", "FILE_TOO_LARGE", ",".join(f"c{n}" for n in range(600)) + "\n" + ",".join("x" * 600) + "\n"
    )
    yield one("carriage returns", TAKEN, f"{head}C01,T-E1\n".replace("\n", "\r"))


@family
def kmls(secret: Path, url: str) -> Iterator[Bad]:
    """KML that declares entities, or asks for more."""
    good = _with_gdal("KML", ".kml").decode()
    body = good.partition("?>")[2]

    def one(name: str, expected: str | None, text: str | bytes) -> Bad:
        return Bad("kmls", name, ".kml", text.encode() if isinstance(text, str) else text, expected)

    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for name, declared in (
        ("a file", f'<!DOCTYPE kml [<!ENTITY x SYSTEM "file://{secret}">]>'),
        ("the network", f'<!DOCTYPE kml [<!ENTITY x SYSTEM "{url}/x">]>'),
        ("a parameter entity", f'<!DOCTYPE kml [<!ENTITY % x SYSTEM "{url}/x"> %x;]>'),
        ("a billion laughs", f'<!DOCTYPE kml [<!ENTITY l0 "ha">{laughs}]>'),
        ("an outside grammar", f'<!DOCTYPE kml SYSTEM "{url}/kml.dtd">'),
        ("in small letters", f'<!doctype kml [<!entity x SYSTEM "file://{secret}">]>'),
    ):
        text = '<?xml version="1.0"?>' + declared + body.replace("T-E1", "&x;" if "laughs" not in name else "&l9;")
        yield one(name, "XML_ENTITIES", text)
        if name == "a file":
            yield one("a file, in UTF-16", None, text.encode("utf-16"))
    yield one(
        "a link to the network",
        None,
        body.replace("<Placemark", f"<NetworkLink><Link><href>{url}/x.kml</href></Link></NetworkLink><Placemark", 1),
    )
    yield one("no KML", None, "<html><body>no</body></html>")
    yield one("an open element", None, good[: len(good) // 2])
    yield one("100,000 elements deep", None, "<kml>" + "<Folder>" * 100_000)
    yield one("nothing but a head", None, '<?xml version="1.0"?>')


@family
def projections(secret: Path, url: str) -> Iterator[Bad]:
    """Shapefiles whose .prj is missing, or lies, or is a trap; encodings of their tables."""
    parts = _parts()

    def one(name: str, expected: str | None, prj: bytes | None, **said: Any) -> Bad:
        made = {suffix: data for suffix, data in parts.items() if suffix != ".prj"}
        if prj is not None:
            made[".prj"] = prj
        return Bad("projections", name, ".zip", _shapefile(made), expected, tuple(said.items()))

    yield one("no .prj", "CRS_UNDECLARED", None)
    yield one("an empty .prj", "CRS_UNDECLARED", b"")
    yield one("no .prj, but said", TAKEN, None, crs="CGCS2000")
    yield one("no .prj, and said wrongly", "CRS_UNKNOWN", None, crs="火星")
    for name, prj in (
        ("words", b"CGCS2000, I think"), ("a path", str(secret).encode()), ("an address", f"{url}/prj".encode()),
        ("a PROJ string of a file", f"+proj=utm +zone=50 +nadgrids={secret}".encode()), ("zeros", bytes(500)), ("brackets", b"GEOGCS[" * 3000),
        ("a program", b"<?xml version='1.0'?><!DOCTYPE x>"),
    ):  # fmt: skip
        yield one(name, "CRS_UNDECLARED" if name == "zeros" else "CRS_UNKNOWN", prj)
    old = b'GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245.0,298.3]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    yield one("Beijing 1954", "CRS_NO_TRANSFORMATION", old)
    local = b'PROJCS["Nanjing_Local",GEOGCS["GCS_Local",DATUM["D_Local",SPHEROID["S",6378140,298.257]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],UNIT["Meter",1]]'
    yield one("a local grid", None, local)
    utm = b'PROJCS["WGS_1984_UTM_Zone_51N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",123.0],PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    yield one("degrees that say they are metres", None, utm)
    gbk = _parts("gbk")
    for name, cpg, expected in (("GBK as it says", b"GBK", TAKEN), ("GBK, nothing said", None, TAKEN), ("GBK that says UTF-8", b"UTF-8", None),
                                ("an unknown page", b"NO-SUCH", None), ("a path for a page", str(secret).encode(), None), ("a page of 1 MB", b"x" * 1_000_000, None)):  # fmt: skip
        made = {suffix: data for suffix, data in gbk.items() if suffix != ".cpg"} | (
            {".cpg": cpg} if cpg is not None else {}
        )
        yield Bad("projections", name, ".zip", _shapefile(made), expected)
