"""`guidan plan import` and `guidan plan export` from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app as program
from tests.territories.files.town import box, feature, geojson


@pytest.fixture
def guidan(world_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the program on the test's world: what it printed, read as JSON where that is asked for."""
    monkeypatch.setenv("DATABASE_URL", world_url)
    monkeypatch.setenv("GUIDAN_TODAY", "2026-03-10")

    def run(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(program, list(words))
        assert result.exit_code == code, result.output + repr(result.exception)
        return json.loads(result.stdout) if "--json" in words else result.output

    return run


def test_out_and_in_and_undone(guidan: Any, tmp_path: Path) -> None:
    plan = str(guidan("plan", "create", "--branch", "E", "--name", "草稿", "--by", "甲", "--json")["id"])
    for name in ("a.geojson", "a.gpkg", "a.zip", "a.csv"):
        path = str(tmp_path / name)
        assert guidan("plan", "export", plan, "-o", path, "--json")["file"] == path
        told = guidan("plan", "import", path, "--plan", plan, "--by", "甲", "--json")
        assert (set(told["counts"]), told["edit_id"]) == ({"UNCHANGED"}, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.geojson", "a.gpkg", "a.zip"]
    path = tmp_path / "b.geojson"
    path.write_text(geojson(feature("T-E1", box(0, 0.01, 0, 0.01)), feature("T-X")), encoding="utf-8")
    shown = guidan("plan", "import", str(path), "--plan", plan, "--dry-run", code=3)
    assert "没有保存" in shown
    assert "UNKNOWN_TEAM" in shown
    assert "T-X" in shown
    refused = guidan("plan", "import", str(path), "--plan", plan, "--strict", "--json", code=2)
    assert (refused["code"], [row["row"] for row in refused["rows"]]) == ("TERRITORY_ROWS_REFUSED", [2])
    saved = guidan("plan", "import", str(path), "--plan", plan, "--by", "甲", "--json", code=3)
    assert saved["counts"] == {"CHANGED": 1, "REFUSED": 1}
    assert saved["edit_id"] is not None


def test_what_is_asked_for_wrongly(guidan: Any, tmp_path: Path) -> None:
    plan = str(guidan("plan", "create", "--branch", "E", "--name", "草稿", "--by", "甲", "--json")["id"])
    guidan("plan", "import", str(tmp_path / "none.gpkg"), "--plan", plan, code=2)
    guidan("plan", "export", plan, "-o", str(tmp_path / "a.xlsx"), code=2)
    path = tmp_path / "a.geojson"
    path.write_text("{}", encoding="utf-8")
    assert guidan("plan", "import", str(path), "--plan", plan, "--json", code=2)["code"] == "BAD_JSON"
    assert (
        guidan("plan", "import", str(path), "--plan", "99999", "--json", code=2)["code"] == "TERRITORY_PLAN_NOT_FOUND"
    )
