"""`guidan gazetteer …` as an operator types it: exit codes, words, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import app
from geo.crs import Crs

from . import grid

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program over a store of the test's own, in a folder of its own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)
    grid.write_csv(tmp_path / "甲.csv", grid.town(noise_m=30), "CGCS2000")
    runner = CliRunner()
    return lambda *words: runner.invoke(app, ["gazetteer", *words])


def answer(result: Result, code: int = 0) -> Any:
    """The JSON of a command that ended with a code."""
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_a_day_with_the_gazetteer(run: Run, tmp_path: Path) -> None:
    assert answer(run("import", "甲.csv", "--json"))["added"] == 26
    other = grid.in_system(grid.town(source="?", prefix="2-", noise_m=40, seed=2), Crs.GCJ02)
    grid.write_gis(tmp_path / "乙.shp", other, "EPSG:4326", driver="ESRI Shapefile", encoding="GBK")
    words = ("import", "乙.shp", "--source", "乙图", "--licence", "内部", "--date", "2026-01-31")
    refused = answer(run(*words, "--json"), 2)
    assert refused["refused"]["code"] == "CRS_CONTRADICTED"
    assert refused["sniff"][0]["best"] == "GCJ02"
    shown = run(*words)
    assert shown.exit_code == 2
    assert "声明 WGS84，实为 GCJ02" in shown.stderr.replace("\n", "")
    assert "--crs" in shown.stderr
    assert answer(run(*words, "--crs", "GCJ-02", "--dry-run", "--json"))["added"] == 26
    assert run(*words, "--crs", "火星坐标").exit_code == 0
    versions = answer(run("versions", "--json"))
    assert [(v["number"], v["sources"], v["licence"], v["dated"]) for v in versions] == [
        (2, ["乙图"], "内部", "2026-01-31"),
        (1, ["甲图"], None, None),
    ]
    assert [s["source"] for s in answer(run("sources", "--json"))] == ["乙图", "甲图"]
    shown = answer(run("show", "--json"))
    assert (shown["version"], shown["places"]) == (2, 52)
    (place,) = answer(run("show", "甲字", "--json"))
    assert len(place["entries"]) == 2
    assert set(answer(run("check", "--json"))) == {"counts", "worst"}
    assert answer(run("export", "-o", "旧.gpkg", "--version", "1", "--json"))["rows"] == 26
    assert answer(run("remove", "--source", "乙图", "--json"))["removed"] == 26
    assert answer(run("restore", "2", "--json"))["added"] == 26
    assert answer(run("import", "旧.gpkg", "--json"))["unchanged"] == 26


@pytest.mark.parametrize("command", ["versions", "sources", "show", "check"])
def test_tables_are_drawn_with_and_without_places(run: Run, command: str) -> None:
    assert run(command).exit_code == 0
    run("import", "甲.csv")
    result = run(command)
    assert result.exit_code == 0
    assert "地名库" in result.output


def test_rejected_rows_give_three(run: Run, tmp_path: Path) -> None:
    lines = (tmp_path / "甲.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "甲.csv").write_text(
        "\n".join([*lines, "Z,坏,CASTLE,,,,,,,,甲图,118.7,32,GCJ02"]) + "\n", encoding="utf-8"
    )
    result = run("import", "甲.csv")
    assert result.exit_code == 3
    assert "rejected.csv" in result.output
    assert (tmp_path / "rejected.csv").read_text(encoding="utf-8").count("\n") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("import", "没有.csv"),
        ("import", "甲.csv", "--column", "name"),
        ("import", "甲.csv", "--force", " "),
        ("import", "甲.csv", "--rejected", "甲.csv"),
        ("import", "甲.csv", "--date", "31.1.2026"),
        ("export", "-o", "out.xlsx"),
    ],
)
def test_wrong_use_gives_two(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_a_reason_is_recorded(run: Run, tmp_path: Path) -> None:
    run("import", "甲.csv")
    grid.write_csv(tmp_path / "乙.csv", grid.in_system(grid.town(source="乙图", prefix="2-"), Crs.BD09), "WGS84")
    result = run("import", "乙.csv", "--force", "已核实")
    assert result.exit_code == 0
    assert "已核实" in result.output
    assert answer(run("versions", "--json"))[0]["forced"] == "已核实"
