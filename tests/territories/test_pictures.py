"""Pictures: drawn in a process of their own, the same bytes for the same scene, with words in Chinese and nothing outside the page."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from time import monotonic

import numpy as np
import pytest
import shapely
from PIL import Image
from shapely import MultiPolygon, box

from app.territories.pictures import fonts, palette, render
from app.territories.pictures.errors import FontMissing, PictureTooCostly
from app.territories.pictures.maps import view_of, width_of
from app.territories.pictures.scene import Scene, SceneTeam
from app.tiles.colouring import fill_and_border

X, Y = 118.7, 32.0


def area(*boxes: tuple[float, float, float, float]) -> bytes:
    parts = [box(X + a, Y + b, X + c, Y + d) for a, b, c, d in boxes]
    return bytes(shapely.to_wkb(shapely.union_all(parts)))


def team(number: int, before: bytes | None, after: bytes | None, **more: object) -> SceneTeam:
    values: dict[str, object] = {
        "number": number, "name": f"建邺收展{number}队", "colour": number, "before": before, "after": after,
        "changed": before != after, "customers": (100, 120), "orphans": (10, 10), "load": (90, 80), "capacity": 200,
    }  # fmt: skip
    return SceneTeam(**{**values, **more})  # type: ignore[arg-type]


@pytest.fixture
def scene() -> Scene:
    west, east = (0, 0, 0.1, 0.1), (0.1, 0, 0.2, 0.1)
    strip = (0.08, 0, 0.1, 0.1)
    return Scene(
        branch="南京市建邺支公司",
        before="第 1 版 · 导入（生效中）",
        after="第 2 版 · 二季度区域（草稿）",
        on="2026-03-10",
        outline=area((0, 0, 0.2, 0.12)),
        teams=(
            team(1, area(west), area((0, 0, 0.08, 0.1))),
            team(2, area(east), area(strip, east)),
            team(3, None, area((0, 0.1, 0.2, 0.12)), name="新建团队"),
        ),
        pieces=(area(strip), area((0, 0.1, 0.2, 0.12))),
        customers=20,
        policies=31,
        orphans=4,
        area_km2=12.3,
        gini=(0.31, 0.22),
        spread=(None, 4.5),
        kept=(0.9, None),
    )


def test_a_scene_survives_the_way_to_the_other_process(scene: Scene) -> None:
    assert Scene.load(scene.dump()) == scene


def test_a_png_is_the_same_each_time_and_has_the_colours_of_the_map(scene: Scene) -> None:
    first = render.render(scene.dump(), "png")
    assert render.render(scene.dump(), "png") == first
    image = Image.open(io.BytesIO(first)).convert("RGB")
    assert image.size == (3307, 2338)
    pixels = np.asarray(image)
    for number in (1, 2, 3):
        fill = tuple(int(fill_and_border(number)[0][at : at + 2], 16) for at in (1, 3, 5))
        left, right = (
            ((half == fill).all(axis=2)).sum() for half in (pixels[700:1700, :1653], pixels[700:1700, 1653:])
        )
        assert right > 10_000
        assert (left > 10_000) == (number != 3)
    paper = tuple(int(palette.PAPER[at : at + 2], 16) for at in (1, 3, 5))
    for edge in (pixels[:60], pixels[-50:], pixels[:, :60], pixels[:, -60:]):
        assert (edge == paper).all()


def test_a_pdf_is_the_same_each_time_and_holds_its_fonts(scene: Scene) -> None:
    first = render.render(scene.dump(), "pdf")
    assert render.render(scene.dump(), "pdf") == first
    assert first.startswith(b"%PDF")
    assert b"/FontFile" in first or b"/Type3" in first
    assert b"/CreationDate" not in first
    # Every Chinese character that is written can be copied from the file: its code stands in a table of the font.
    tables = b"".join(_streams(first))
    for letter in "南京市建邺支公司团队区域化效果图":
        assert f"{ord(letter):04x}".encode() in tables.lower()


def _streams(pdf: bytes) -> list[bytes]:
    found = []
    for piece in pdf.split(b"stream\n")[1:]:
        data = piece.split(b"\nendstream")[0]
        try:
            found.append(zlib.decompress(data))
        except zlib.error:
            continue
    return found


def test_many_teams_and_strange_words_are_drawn(scene: Scene) -> None:
    rows = [
        team(
            n + 1,
            area((n % 10 / 50, n // 10 / 100, n % 10 / 50 + 0.02, n // 10 / 100 + 0.01)),
            None,
            name="$x^2$ \\frac{" * 5,
        )
        for n in range(60)
    ]
    many = replace(scene, teams=tuple(rows), branch="名" * 80, pieces=(), outline=None, area_km2=None)
    assert len(render.render(many.dump(), "png")) > 100_000
    empty = replace(scene, teams=(), pieces=(), outline=None)
    assert len(render.render(empty.dump(), "png")) > 50_000
    bare = replace(
        scene, teams=(team(1, shapely.to_wkb(MultiPolygon()), None),), pieces=(shapely.to_wkb(MultiPolygon()),)
    )
    assert len(render.render(bare.dump(), "png")) > 50_000


def test_what_takes_too_long_is_ended(scene: Scene) -> None:
    since = monotonic()
    with pytest.raises(PictureTooCostly):
        render.render(scene.dump(), "png", seconds=0.2)
    assert monotonic() - since < 5


def test_what_takes_too_much_memory_is_ended(scene: Scene) -> None:
    with pytest.raises(PictureTooCostly):
        render.render(scene.dump(), "png", memory=100_000_000)


def test_a_server_without_chinese_letters_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_FOLDERS", ("/nonexistent",))
    with pytest.raises(fonts.NoChineseFontError):
        fonts.regular()
    monkeypatch.setattr(render.subprocess, "run", lambda *_, **__: type("Ended", (), {"returncode": render.NO_FONT})())
    with pytest.raises(FontMissing):
        render.render(scene.dump(), "png")


def test_the_letter_forms_are_those_of_the_mainland() -> None:
    assert fonts.regular().get_file() is not None
    from matplotlib.ft2font import FT2Font

    path = fonts.regular().get_file()
    assert FT2Font(path.path, face_index=path.face_index).family_name.endswith(fonts.SIMPLIFIED)  # type: ignore[attr-defined]


def test_both_maps_show_all_there_is(scene: Scene) -> None:
    view = view_of(scene, 0.5)
    assert view.aspect == pytest.approx(0.5)
    assert (view.west, view.south) < (X, Y)
    assert (view.east, view.north) > (X + 0.2, Y + 0.12)
    assert width_of("收展一队") == 4.0
