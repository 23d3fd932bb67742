"""Files that are out to read, reach or exhaust something, and files that are merely broken."""

from __future__ import annotations

import sqlite3
import stat
import zipfile
from pathlib import Path

import pytest

from app.exchange.rejections import FileRefused
from app.gazetteer.formats import reading
from app.gazetteer.formats.apart import read_apart
from app.uploads import apart

from . import grid
from .conftest import Gazetteer

SECRET = "id,name,kind,lon,lat,crs,source\nS,秘密,POI,118.7,32.1,GCJ02,S\n"

VRT = """<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{path}</SrcDataSource>
<GeometryType>wkbPoint</GeometryType><GeometryField encoding="PointFromColumns" x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>"""


def refused(path: Path, **options: object) -> str:
    """Why a file is refused."""
    with pytest.raises(FileRefused) as caught:
        reading.read_table(path, **options)  # type: ignore[arg-type]
    return caught.value.code


def what_is_read(path: Path, **options: object) -> str:
    """All that is read of a file, or why it is refused."""
    try:
        return str(reading.read_table(path, **options).frame.to_dicts())  # type: ignore[arg-type]
    except FileRefused as error:
        return error.code


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file on this machine that an attacker would like to read."""
    path = tmp_path / "secret.csv"
    path.write_text(SECRET, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        ("gpkg", "NOT_OF_ITS_FORMAT"),
        ("shp", "NOT_OF_ITS_FORMAT"),
        ("geojson", "BAD_JSON"),
        ("parquet", "NOT_OF_ITS_FORMAT"),
    ],
)
def test_a_virtual_dataset_under_another_name_is_not_opened(
    tmp_path: Path, secret: Path, suffix: str, code: str
) -> None:
    path = tmp_path / f"places.{suffix}"
    path.write_text(VRT.format(path=secret), encoding="utf-8")
    assert refused(path) == code


@pytest.mark.parametrize("kind", ["gpkg", "shp"])
def test_the_parser_itself_knows_one_driver(tmp_path: Path, secret: Path, kind: str) -> None:
    """Even past the check of the first bytes."""
    path = tmp_path / f"places.{kind}"
    path.write_text(VRT.format(path=secret), encoding="utf-8")
    with pytest.raises(FileRefused) as caught:
        read_apart(path, kind, layer=None, encoding=None)
    assert caught.value.code == "UNREADABLE_FILE"
    assert "secret" not in caught.value.zh


def test_a_geopackage_with_a_view_on_another_file_reads_nothing_of_it(tmp_path: Path, secret: Path) -> None:
    path = grid.write_gis(tmp_path / "f.gpkg", grid.town(), "EPSG:4490", driver="GPKG", layer="places")
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('stolen', 'attributes', 'stolen')"
        )
        database.execute("PRAGMA writable_schema = ON")
        sql = f"CREATE VIRTUAL TABLE stolen USING VirtualOGR('{secret}')"
        database.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'stolen', 'stolen', 0, ?)",
            [sql],
        )
    database.close()
    assert "秘密" not in what_is_read(path, layer="stolen")


def test_the_parser_cannot_reach_the_network(tmp_path: Path) -> None:
    """In a network of its own there is not even a loopback that is up."""
    import socket
    import subprocess
    import sys

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        program = (
            "import socket; from app.uploads.child import confine; confine(2**36, 60)\n"
            f"try:\n    socket.create_connection(('127.0.0.1', {listening.getsockname()[1]}), 2)\n"
            "except OSError: print('shut')\nelse: print('open')"
        )
        done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    if done.stdout.strip() == "open":
        pytest.skip("这台机器不允许独立的网络空间 / this kernel gives this user no network of its own")
    assert done.stdout.strip() == "shut"


def test_the_parser_is_stopped_when_it_takes_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = grid.write_gis(tmp_path / "f.gpkg", grid.town(), "EPSG:4490", driver="GPKG")
    with pytest.raises(FileRefused) as caught:
        read_apart(path, "gpkg", layer=None, encoding=None, memory=200 * 1024**2)
    assert caught.value.code == "PARSER_STOPPED"
    monkeypatch.setattr(apart.subprocess, "run", _too_slow)
    with pytest.raises(FileRefused) as late:
        read_apart(path, "gpkg", layer=None, encoding=None, seconds=1)
    assert late.value.code == "PARSER_STOPPED"


def _too_slow(*_: object, **__: object) -> None:
    raise apart.subprocess.TimeoutExpired("parser", 1)


@pytest.mark.parametrize(
    "name", ["../places.csv", "/etc/places.csv", "a/../../places.csv", "C:\\places.csv", "..\\places.csv"]
)
def test_paths_that_lead_out_of_a_zip(tmp_path: Path, name: str) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archived:
        archived.writestr(name, SECRET)
    assert refused(path) == "ZIP_PATH"


def test_a_link_in_a_zip(tmp_path: Path, secret: Path) -> None:
    path = tmp_path / "f.zip"
    link = zipfile.ZipInfo("places.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archived:
        archived.writestr(link, str(secret))
    assert refused(path) == "ZIP_PATH"


def test_a_zip_that_unpacks_to_too_much(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr("places.csv", b"0" * (300 * 1024 * 1024))
    assert path.stat().st_size < 1024 * 1024
    assert refused(path) == "ZIP_BOMB"


def test_a_zip_that_lies_of_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header says ten bytes; the member holds more than may be unpacked."""
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr("places.csv", b"0" * 5_000_000)
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[22:26] = data[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    # The library stops at the size that it was told, and the checksum of what it got is wrong.
    assert refused(path) in ("ZIP_BOMB", "UNREADABLE_FILE")


def test_a_zip_with_too_many_members(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archived:
        for number in range(1_001):
            archived.writestr(f"{number}.txt", "")
    assert refused(path) == "ZIP_BOMB"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("f.zip", b"PK\x03\x04 no zip", "UNREADABLE_FILE"),
        ("f.gpkg", b"SQLite format 3\0" + b"\0" * 5000, "UNREADABLE_FILE"),
        ("f.gpkg", b"", "EMPTY_FILE"),
        ("f.parquet", b"PAR1 and no more", "UNREADABLE_FILE"),
        ("f.geojson", b'{"type": "FeatureCollection", "features": [', "BAD_JSON"),
        ("f.geojson", b'{"type": "Feature"}', "BAD_JSON"),
        ("f.geojson", b"[" * 200_000, "BAD_JSON"),
        ("f.geojson", b'{"type": "FeatureCollection", "features": [NaN]}', "BAD_JSON"),
        ("f.csv", b"", "EMPTY_FILE"),
        ("f.csv", b"\xff\xfei\0d\0", "ENCODING_UNDECLARED"),
        ("f.csv", b"id,name,id\n1,2,3\n", "DUPLICATE_COLUMN"),
        ("f.xlsx", b"PK", "FORMAT"),
    ],
)  # fmt: skip
def test_broken_files(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path) == code


def test_an_empty_zip_and_a_zip_of_nothing_known(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archived:
        archived.writestr("readme.txt", "")
    assert refused(path) == "EMPTY_FILE"
    with zipfile.ZipFile(path, "w") as archived:
        archived.writestr("a.csv", SECRET)
        archived.writestr("b.csv", SECRET)
    assert refused(path) == "LAYER"
    assert reading.read_table(path, layer="b").read == 1


def test_a_truncated_shapefile(tmp_path: Path) -> None:
    path = grid.write_gis(tmp_path / "f.shp", grid.town(), "EPSG:4490", driver="ESRI Shapefile")
    path.write_bytes(path.read_bytes()[:150])
    read = what_is_read(path)
    assert read in ("UNREADABLE_FILE", "PARSER_STOPPED") or read.count("'@shape': 0") < 26


def test_odd_features_cost_themselves_only(gazetteer: Gazetteer) -> None:
    path = gazetteer.folder / "f.geojson"
    good = '{"type":"Feature","properties":{"name":"甲"},"geometry":{"type":"Point","coordinates":[118.7,32.1]}}'
    odd = [
        "null",
        "3",
        '{"type":"Feature","properties":null,"geometry":null}',
        '{"type":"Feature","properties":{"name":["a",{"b":1}]},"geometry":{"type":"Point","coordinates":["1","2"]}}',
        '{"type":"Feature","properties":{"name":"乙"},"geometry":{"type":"Point","coordinates":[1e999,32]}}',
        '{"type":"Feature","properties":{"name":"丙"},"geometry":{"type":"Point","coordinates":[true,false]}}',
        '{"type":"Feature","properties":{"name":"丁"},"geometry":{"type":"Point"}}',
    ]
    odd.remove(next(one for one in odd if "1e999" in one))
    path.write_text('{"type":"FeatureCollection","features":[' + ",".join([good, *odd]) + "]}", encoding="utf-8")
    report = gazetteer.take(path, source="丙", kind="POI")
    assert (report.read, report.added, report.rejected) == (7, 1, 6)


def test_too_large_files_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.csv"
    path.write_text(SECRET, encoding="utf-8")
    monkeypatch.setattr(reading, "LARGEST_FILE", 10)
    assert refused(path) == "FILE_TOO_LARGE"


def test_signs_that_the_store_cannot_keep_cost_their_row_only(gazetteer: Gazetteer) -> None:
    path = gazetteer.folder / "f.geojson"
    row = '{"type":"Feature","properties":{"name":"%s"},"geometry":{"type":"Point","coordinates":[118.7,32.1]}}'
    names = ["甲", "乙\\u0000", "丙\\u0007丙", "丁\\n丁", "\\\\.", "=1+1", "戊\\ufffe"]
    path.write_text(
        '{"type":"FeatureCollection","features":[' + ",".join(row % name for name in names) + "]}", encoding="utf-8"
    )
    report = gazetteer.take(path, source="丙", kind="POI")
    assert (report.read, report.added, report.rejected) == (7, 4, 3)
    assert [code for _, _, code in gazetteer.rejected()] == ["BAD_CHARACTER"] * 3


def test_a_shapefile_whose_cpg_lies_of_its_encoding(gazetteer: Gazetteer) -> None:
    path = grid.write_gis(gazetteer.folder / "f.shp", grid.town(), "EPSG:4490", driver="ESRI Shapefile", encoding="GBK")
    path.with_suffix(".cpg").write_text("UTF-8")
    assert gazetteer.take(path).refused is not None or "甲字花园" not in set(gazetteer.now()["name"])
    assert gazetteer.take(path, encoding="GBK", replace_source=True).exit_code == 0
    assert "甲字花园" in set(gazetteer.now()["name"])
