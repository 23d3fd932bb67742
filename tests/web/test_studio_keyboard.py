"""Every verb of the studio with the keyboard alone: lists, letters and coordinates; no test of this file moves the mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .studio import Offset, Studio, at, typed


def region(studio: Studio, team: str) -> None:
    """Selects a region from the list."""
    studio.key("o")
    expect(studio.page.get_by_role("searchbox", name="筛选团队")).to_be_focused()
    studio.page.keyboard.type(team)
    studio.key("Tab", "Enter")
    expect(studio.page.locator("li.on")).to_contain_text(team)
    studio.key("Shift+Tab")
    for _ in team:
        studio.key("Backspace")
    studio.key("Escape")
    expect(studio.page.locator("#map")).to_be_focused()


def receiver(studio: Studio, team: str) -> None:
    """Chooses who receives, and leaves the list."""
    studio.key("q")
    field = studio.page.get_by_label("接收")
    expect(field).to_be_focused()
    for _ in range(6):
        if field.input_value() == team:
            break
        studio.key("ArrowDown")
    assert field.input_value() == team
    studio.key("Escape")
    expect(studio.page.locator("#map")).to_be_focused()


def coordinates(studio: Studio, *places: Offset) -> None:
    """Types places instead of drawing them."""
    studio.key("k")
    field = studio.page.locator("textarea")
    expect(field).to_be_focused()
    studio.key("Control+a")
    studio.page.keyboard.insert_text(typed(*places))
    studio.key("Control+Enter")


def box(west: float, south: float, east: float, north: float) -> list[Offset]:
    return [(west, south), (east, south), (east, north), (west, north)]


def test_draw(studio: Studio) -> None:
    studio.key("d")
    receiver(studio, "T-E3")
    coordinates(studio, *box(0.002, 0.012, 0.008, 0.018))
    studio.done("绘制")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1, "T-E3": 0.36}


def test_trace_is_typed_as_the_neighbours_vertices(studio: Studio) -> None:
    studio.key("t")
    receiver(studio, "T-E3")
    coordinates(studio, *box(0.0, 0.010, 0.020, 0.015))
    studio.done("绘制")
    areas = studio.areas()
    assert areas["T-E3"].intersection(areas["T-E1"]).length == pytest.approx(0.020, abs=1e-6)
    assert areas["T-E3"].intersection(areas["T-E1"]).area == 0


def test_a_vertex_is_walked_to_and_nudged(studio: Studio) -> None:
    region(studio, "T-E2")
    studio.key("e", ".")
    status = studio.page.locator(".word")
    for _ in range(8):
        at_corner = studio.page.locator("#map").get_attribute("data-vertex")
        if at_corner == ",".join(str(side) for side in at(0.020, 0.010)):
            break
        studio.key(".")
    else:
        raise AssertionError("the corner was not found by walking")
    for _ in range(4):
        studio.key("Shift+ArrowUp")
    expect(status).to_contain_text("Shift 加方向键移动")
    studio.key("Enter")
    studio.done("移动顶点")
    areas = studio.areas()
    assert areas["T-E2"].bounds[3] > at(0, 0.010)[1]
    assert areas["T-E1"].bounds[3] > at(0, 0.010)[1]
    assert areas["T-E1"].intersection(areas["T-E2"]).area == 0


def test_enter_makes_the_move_of_a_region_that_was_taken_from_the_list(studio: Studio) -> None:
    studio.key("e", "o")
    expect(studio.page.get_by_role("searchbox", name="筛选团队")).to_be_focused()
    studio.page.keyboard.type("T-E2")
    studio.key("Tab", "Enter")
    expect(studio.page.locator("li.on")).to_contain_text("T-E2")
    before = studio.areas()["T-E2"]
    studio.key(".")
    expect(studio.page.locator("#map")).to_be_focused()
    studio.key("Shift+ArrowDown", "Shift+ArrowDown")
    expect(studio.page.locator(".word")).to_contain_text("Shift 加方向键移动")
    studio.key("Enter")
    studio.done("移动顶点")
    assert not studio.areas()["T-E2"].equals(before)


def test_enter_leaves_the_list_of_those_who_receive(studio: Studio) -> None:
    studio.key("c", "q")
    field = studio.page.get_by_label("接收")
    expect(field).to_be_focused()
    studio.key("ArrowDown", "ArrowDown", "Enter")
    expect(studio.page.locator("#map")).to_be_focused()
    assert field.input_value() != ""


def test_a_vertex_is_inserted_and_deleted(studio: Studio) -> None:
    region(studio, "T-E1")
    before = sum(len(ring.exterior.coords) for ring in studio.areas()["T-E1"].geoms)
    studio.key("e", ".", "i")
    studio.done("插入顶点")
    assert sum(len(ring.exterior.coords) for ring in studio.areas()["T-E1"].geoms) == before + 1
    studio.key(".", ".", "Delete")
    studio.waits()
    studio.key("Enter")
    studio.done("删除顶点")
    assert studio.last() == "DELETE_VERTEX"


def test_a_vertex_is_moved_by_coordinates(studio: Studio) -> None:
    studio.key("e")
    coordinates(studio, (0.020, 0.010), (0.021, 0.011))
    studio.waits()
    studio.key("Enter")
    studio.done("移动顶点")
    for team in ("T-E1", "T-E2"):
        assert tuple(at(0.021, 0.011)) in {tuple(place) for place in studio.areas()[team].geoms[0].exterior.coords}


def test_reshape(studio: Studio) -> None:
    region(studio, "T-E1")
    studio.key("r")
    coordinates(studio, (0.020, 0.002), (0.016, 0.005), (0.020, 0.008))
    studio.done("重塑边界")
    assert studio.sizes() == {"T-E1": 1.88, "T-E2": 1.12}


def test_split(studio: Studio) -> None:
    region(studio, "T-E1")
    studio.key("s")
    receiver(studio, "T-E3")
    coordinates(studio, (0.013, -0.002), (0.013, 0.012))
    studio.waits()
    studio.key("Enter")
    studio.done("拆分")
    assert studio.sizes() == {"T-E1": 1.3, "T-E2": 1, "T-E3": 0.7}


def test_merge(studio: Studio) -> None:
    region(studio, "T-E2")
    studio.key("m", "q")
    field = studio.page.get_by_label("接收")
    for _ in range(6):
        if field.input_value() == "T-E1":
            break
        studio.key("ArrowDown")
    studio.waits()
    studio.key("Escape")  # what waits is dropped, as its button says
    expect(studio.page.locator(".word")).to_have_count(0)
    studio.key("m", "q")
    for _ in range(6):
        if field.input_value() == "T-E1":
            break
        studio.key("ArrowDown")
    studio.waits()
    studio.key("Enter")
    studio.done("合并")
    assert studio.sizes() == {"T-E1": 3}


def test_give(studio: Studio) -> None:
    studio.key("g")
    receiver(studio, "T-E2")
    coordinates(studio, *box(0.015, 0.0, 0.020, 0.010))
    studio.done("划转")
    assert studio.sizes() == {"T-E1": 1.5, "T-E2": 1.5}


def test_a_hole_is_cut_and_filled(studio: Studio) -> None:
    region(studio, "T-E1")
    studio.key("h")
    coordinates(studio, *box(0.003, 0.003, 0.007, 0.007))
    studio.done("挖空")
    assert studio.sizes() == {"T-E1": 1.84, "T-E2": 1}
    studio.page.locator("#map").focus()
    studio.key("f")
    coordinates(studio, (0.005, 0.005))
    studio.waits()
    studio.key("Enter")
    studio.done("补缺口")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}


def test_the_list_of_communities_says_whose_each_is(studio: Studio) -> None:
    studio.page.get_by_role("tab", name="社区").click()
    rows = studio.page.locator(".list label")
    expect(rows.first).to_be_visible()
    told = {row.get_attribute("title"): row.locator(".owner").inner_text() for row in rows.all()}
    assert (told["C01"], told["C02"], told["C03"]) == ("T-E1队", "T-E1队", "T-E2队")
    # the rest of the branch is nobody's, and what lies in another branch is not there to be given
    assert {owner for code, owner in told.items() if code not in ("C01", "C02", "C03")} <= {"无团队"}
    assert "C06" not in told
    studio.page.get_by_role("searchbox", name="筛选社区").fill("T-E1队")
    expect(rows).to_have_count(2)


def test_communities_from_the_list(studio: Studio) -> None:
    studio.key("c")
    receiver(studio, "T-E3")
    studio.key("o")
    studio.page.wait_for_function("document.activeElement.closest('#lists') !== null")
    studio.key("Shift+Tab", "ArrowRight")
    expect(studio.page.get_by_role("tab", name="社区")).to_be_focused()
    studio.key("Tab")
    expect(studio.page.get_by_role("searchbox", name="筛选社区")).to_be_focused()
    studio.page.keyboard.insert_text("C04")
    studio.key("Tab", "Space")
    expect(studio.page.locator(".word")).to_contain_text("1 个社区交给T-E3队")
    studio.waits()
    studio.key("Enter")
    studio.done("按社区指定")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1, "T-E3": 1}


def test_remove_undo_redo(studio: Studio) -> None:
    region(studio, "T-E2")
    studio.key("Delete")
    studio.waits()
    studio.key("Enter")
    studio.done("移除")
    assert studio.sizes() == {"T-E1": 2}
    studio.key("Control+z")
    expect(studio.page.locator(".toast")).to_contain_text("已撤销")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}
    studio.key("Control+Shift+Z")
    expect(studio.page.locator(".toast")).to_contain_text("已重做")
    assert studio.sizes() == {"T-E1": 2}


def test_esc_drops_what_waits(studio: Studio) -> None:
    region(studio, "T-E2")
    studio.key("x")
    studio.waits()
    studio.key("Escape")
    expect(studio.page.locator(".word")).to_have_count(0)
    studio.key("Enter")
    studio.page.wait_for_timeout(300)
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("32.0, 118.0\n32.1, 118.0\n32.1, 118.1", "经度和纬度写反了"),
        ("abc", "每行应是两个数字"),
        ("118, 32\n118.1, 32", "点不够"),
    ],
)
def test_coordinates_that_cannot_be_read_say_why(studio: Studio, said: str, told: str) -> None:
    studio.key("d")
    receiver(studio, "T-E3")
    studio.key("k")
    studio.page.keyboard.insert_text(said)
    studio.key("Control+Enter")
    expect(studio.page.locator(".typing").get_by_role("alert")).to_contain_text(told)
    assert studio.version() == 2


def test_the_card_of_keys_names_every_tool(studio: Studio) -> None:
    studio.key("?")
    card = studio.page.get_by_role("dialog")
    for letter, name in zip(
        "VDTERSMGCFHX",
        ["选择", "绘制", "描邻界", "顶点", "重塑", "拆分", "合并", "划转", "按社区", "补缺口", "挖空", "移除"],
        strict=True,
    ):
        expect(card.locator("section").first.locator("div", has_text=name)).to_contain_text(letter)
    studio.key("Escape")
    expect(card).to_have_count(0)


def test_letters_in_a_field_are_letters(studio: Studio) -> None:
    field = studio.page.get_by_label("署名", exact=True)
    field.focus()
    studio.key("Control+a")
    studio.page.keyboard.type("dexz")
    expect(field).to_have_value("dexz")
    expect(studio.page.get_by_role("toolbar").get_by_role("button", name="选择")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_nothing_is_done_unsigned(studio: Studio) -> None:
    field = studio.page.get_by_label("署名", exact=True)
    field.focus()
    studio.key("Control+a", "Backspace", "Escape")
    studio.key("d")
    receiver(studio, "T-E3")
    coordinates(studio, *box(0.002, 0.012, 0.008, 0.018))
    expect(field).to_be_focused()
    expect(studio.page.get_by_role("alert").filter(has_text="请先署名")).to_be_visible()
    assert studio.version() == 2
