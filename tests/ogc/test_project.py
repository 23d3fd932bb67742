"""QGIS projects: what is written, and that QGIS, where it is installed, opens it with every layer valid."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, make_url, text
from typer.testing import CliRunner

from app.cli import app as program
from tests.ogc.conftest import serving

NAMES = "二季度<区域>&\"'"

# Run by the interpreter that QGIS belongs to; prints what it makes of a project.
LOOK = """
import json, os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import QgsApplication, QgsProject
application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
read = project.read(sys.argv[1])
print("LOOKED" + json.dumps({
    "read": read,
    "title": project.title(),
    "valid": {layer.id(): layer.isValid() for layer in project.mapLayers().values()},
    "features": {layer.id(): len(list(layer.getFeatures())) for layer in project.mapLayers().values()},
    "topological": project.topologicalEditing(),
    "avoided": [layer.id() for layer in project.avoidIntersectionsLayers()],
    "snapped": sorted(layer.id() for layer, kept in project.snappingConfig().individualLayerSettings().items() if kept.enabled()),
}))
"""
SYSTEM_PYTHON = Path("/usr/bin/python3")


def looked_at(path: Path) -> dict[str, object] | None:
    """What QGIS makes of a project; None where there is no QGIS."""
    if not SYSTEM_PYTHON.exists():
        return None
    if subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False).returncode:
        return None
    done = subprocess.run([SYSTEM_PYTHON, "-c", LOOK, path], capture_output=True, text=True, timeout=120, check=False)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("LOOKED")]
    told: dict[str, object] = json.loads(line.removeprefix("LOOKED"))
    return told


@pytest.fixture
def named(client: TestClient, draft: int, world: Engine) -> int:
    """A draft with a name of ill will."""
    with world.begin() as connection:
        connection.execute(text("UPDATE territory_plan SET name = :name WHERE id = :id"), {"name": NAMES, "id": draft})
    return draft


def project(path: Path) -> ElementTree.Element:
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{path.stem}.qgs"]
        return ElementTree.fromstring(archive.read(f"{path.stem}.qgs"))


def sources(root: ElementTree.Element) -> dict[str, tuple[str, str]]:
    return {
        str(layer.findtext("id")): (str(layer.findtext("provider")), str(layer.findtext("datasource")))
        for layer in root.iter("maplayer")
    }


def test_a_project_over_the_service(
    world_url: str, named: int, orphans: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", world_url)
    monkeypatch.setenv("GUIDAN_TODAY", "2026-03-10")
    path = tmp_path / "区域.qgz"
    with serving(world_url) as address:
        done = CliRunner().invoke(program, ["qgis", "export", "-o", str(path), "--plan", str(named), "--url", address])
        assert done.exit_code == 0, done.output
        root = project(path)
        assert root.findtext("title") == f"归单 {NAMES}（E 第 2 版）"
        read = sources(root)
        assert {provider for provider, _ in read.values()} == {"OAPIF"}
        assert f"typename='territory-plan-{named}'" in read["guidan_plan"][1]
        assert set(read) == {
            *("guidan_plan", "guidan_territories", "guidan_communities", "guidan_branches", "guidan_orphans"),
            *("guidan_defect_areas", "guidan_defect_lines", "guidan_defect_points"),
        }
        told = looked_at(path)
        if told is not None:
            assert told["read"] is True
            assert set(told["valid"].values()) == {True}  # type: ignore[attr-defined]
            assert told["features"]["guidan_territories"] == 4  # type: ignore[index]
            assert told["features"]["guidan_orphans"] == 3  # type: ignore[index]


def test_a_project_over_postgis(world_url: str, named: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", world_url)
    monkeypatch.setenv("GUIDAN_TODAY", "2026-03-10")
    path = tmp_path / "p.qgz"
    role = ["--role", str(make_url(world_url).username)]  # whoever may log in
    done = CliRunner().invoke(program, ["qgis", "export", "-o", str(path), "--plan", str(named), "--postgis", *role])
    assert done.exit_code == 0, done.output
    root = project(path)
    read = sources(root)
    provider, source = read["guidan_plan"]
    assert provider == "postgres"
    assert f'table="studio"."draft_territory" (geom) sql="plan_id" = {named}' in source
    assert "password" not in source
    assert "guidan_orphans" not in read  # masked ones come through the service alone
    digitizing = root.find("properties/Digitizing")
    assert digitizing is not None
    assert digitizing.findtext("TopologicalEditing") == "1"
    assert [value.text for value in digitizing.iter("value")] == ["guidan_plan"]
    (plan,) = [layer for layer in root.iter("maplayer") if layer.findtext("id") == "guidan_plan"]
    categories = [category.get("value") for category in plan.iter("category")]
    assert categories == ["T-E1", "T-E2", ""]
    styles = {option.get("value") for option in plan.iter("Option") if option.get("name") == "outline_style"}
    assert styles == {"dash"}
    fills = [option.get("value") for option in plan.iter("Option") if option.get("name") == "color"]
    assert fills[0] != fills[1]  # they are neighbours
    kept = {one.get("id"): one.get("enabled") for one in root.iter("layer-setting")}
    assert kept["guidan_plan"] == kept["guidan_communities"] == "1"
    assert kept["guidan_territories"] == "0"
    told = looked_at(path)
    if told is not None:
        assert set(told["valid"].values()) == {True}, told  # type: ignore[attr-defined]
        assert told["title"] == root.findtext("title")
        assert told["topological"] is True
        assert told["avoided"] == ["guidan_plan"]
        assert told["snapped"] == ["guidan_branches", "guidan_communities", "guidan_plan"]
        assert told["features"]["guidan_plan"] == 2  # type: ignore[index]


@pytest.mark.parametrize(
    "given",
    [
        ["-o", "x.qgz"],
        ["-o", "x.qgz", "--postgis", "--url", "http://x"],
        ["-o", "x.zip", "--postgis"],
        ["-o", "x.qgz", "--url", "file:///etc/passwd"],
    ],
)
def test_wrong_use(given: list[str]) -> None:
    assert CliRunner().invoke(program, ["qgis", "export", *given]).exit_code == 2


def test_a_plan_that_is_not_there(world_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", world_url)
    done = CliRunner().invoke(program, ["qgis", "export", "-o", str(tmp_path / "x.qgz"), "--plan", "99", "--postgis"])
    assert done.exception is not None
    assert not (tmp_path / "x.qgz").exists()
