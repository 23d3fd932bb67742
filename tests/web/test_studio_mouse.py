"""Every verb of the studio with a real mouse: what is drawn is what the draft then holds."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .studio import Studio, at


def test_draw_on_nobodys_land(studio: Studio) -> None:
    studio.tool("绘制")
    studio.receiver("T-E3")
    studio.draw([(0.002, 0.012), (0.008, 0.012), (0.008, 0.018), (0.002, 0.018)])
    studio.done("绘制")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1, "T-E3": 0.36}


@pytest.mark.parametrize(("take", "left"), [(False, 2.0), (True, 1.75)])
def test_draw_takes_others_land_only_when_asked(studio: Studio, take: bool, left: float) -> None:
    studio.tool("绘制")
    studio.receiver("T-E3")
    if take:
        studio.page.get_by_label("可占用他队土地").check()
    studio.page.get_by_role("switch", name="吸附").click()
    studio.draw([(0.003, 0.005), (0.008, 0.005), (0.008, 0.015), (0.003, 0.015)])
    studio.done("绘制")
    assert studio.sizes()["T-E1"] == pytest.approx(left, abs=0.01)
    assert studio.sizes()["T-E3"] == pytest.approx(0.5 if take else 0.25, abs=0.01)


def test_trace_follows_a_neighbours_border(studio: Studio) -> None:
    studio.tool("描邻界")
    studio.receiver("T-E3")
    studio.click(0.001, 0.010)  # on the border: it is followed from here
    studio.page.mouse.move(*studio.pixel(0.012, 0.0101), steps=6)
    studio.click(0.019, 0.010)  # and left here
    studio.click(0.019, 0.016)
    studio.click(0.001, 0.016)
    studio.key("Enter")
    studio.done("绘制")
    areas = studio.areas()
    assert areas["T-E3"].intersection(areas["T-E1"]).area == 0
    assert areas["T-E3"].intersection(areas["T-E1"]).length == pytest.approx(0.018, abs=2e-4)


def test_a_shared_vertex_moves_in_both(studio: Studio) -> None:
    studio.tool("顶点")
    studio.drag((0.020, 0.010), (0.021, 0.0105), (0.022, 0.011))
    studio.done("移动顶点")
    areas = studio.areas()
    assert areas["T-E1"].intersection(areas["T-E2"]).area == 0
    moved = areas["T-E1"].intersection(areas["T-E2"])
    assert moved.bounds[2] == pytest.approx(at(0.022, 0)[0], abs=2e-4)
    assert studio.sizes()["T-E1"] > 2
    assert studio.sizes()["T-E2"] < 1.02


def test_an_edge_gets_a_vertex_in_both_and_loses_it(studio: Studio) -> None:
    studio.tool("顶点")
    studio.drag((0.020, 0.005), (0.021, 0.005), (0.023, 0.005))
    studio.done("插入顶点")
    areas = studio.areas()
    assert studio.sizes() == {"T-E1": 2.15, "T-E2": 0.85}
    assert areas["T-E1"].intersection(areas["T-E2"]).area == 0
    studio.page.wait_for_timeout(300)
    studio.page.keyboard.down("Alt")
    studio.click(0.023, 0.005)
    studio.page.keyboard.up("Alt")
    studio.done("删除顶点")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}


def test_reshape_along_a_line(studio: Studio) -> None:
    studio.click(0.005, 0.005)
    expect(studio.page.locator("li.on")).to_contain_text("T-E1")
    studio.tool("重塑")
    studio.draw([(0.020, 0.002), (0.016, 0.005), (0.020, 0.008)])
    studio.done("重塑边界")
    assert studio.sizes() == pytest.approx({"T-E1": 1.88, "T-E2": 1.12}, abs=0.015)


def test_split_and_the_other_half_instead(studio: Studio) -> None:
    studio.click(0.005, 0.005)
    studio.tool("拆分")
    studio.receiver("T-E3")
    studio.draw([(0.013, -0.002), (0.013, 0.012)])
    studio.waits()
    studio.click(0.003, 0.005)  # not the smaller part: the other one
    studio.waits()
    studio.page.wait_for_timeout(400)
    studio.page.get_by_role("button", name="执行").click()
    studio.done("拆分")
    assert studio.sizes() == pytest.approx({"T-E1": 0.7, "T-E2": 1, "T-E3": 1.3}, abs=0.015)


def test_merge_into_a_neighbour(studio: Studio) -> None:
    studio.click(0.025, 0.005)
    studio.tool("合并")
    studio.click(0.005, 0.005)
    expect(studio.page.locator(".word")).to_contain_text("T-E2队并入T-E1队")
    studio.waits()
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}  # nothing yet
    studio.page.get_by_role("button", name="执行").click()
    studio.done("合并")
    assert studio.sizes() == {"T-E1": 3}


def test_give_by_lasso(studio: Studio) -> None:
    studio.tool("划转")
    studio.receiver("T-E2")
    hint = studio.page.locator(".options .hint")
    studio.drag(
        *((0.014, 0.002), (0.019, 0.002), (0.019, 0.008), (0.014, 0.008), (0.014, 0.002)),
        # whatever panel is open, the hand sees who would give what to whom
        holding=lambda: expect(hint).to_contain_text("T-E1队 → T-E2队"),
    )
    studio.done("划转")
    assert studio.sizes() == pytest.approx({"T-E1": 1.7, "T-E2": 1.3}, abs=0.03)
    expect(hint).not_to_contain_text("→")


def test_give_by_brush(studio: Studio) -> None:
    studio.tool("划转")
    studio.receiver("T-E2")
    studio.page.get_by_role("button", name="画笔").click()
    studio.drag((0.018, 0.003), (0.018, 0.007))
    studio.done("划转")
    sizes = studio.sizes()
    assert 1 < sizes["T-E2"] < 1.6
    assert sizes["T-E1"] < 2


def test_give_a_part_by_click(studio: Studio) -> None:
    assert studio.edit(verb="ASSIGN_COMMUNITIES", community_codes=["C04"], to_team_code="T-E2").ok
    studio.open()
    studio.tool("划转")
    studio.receiver("T-E1")
    studio.page.get_by_role("button", name="点选", exact=True).click()
    studio.click(0.005, 0.015)
    studio.done("划转")
    assert studio.sizes() == {"T-E1": 3, "T-E2": 1}


def test_a_hole_is_cut_and_filled(studio: Studio) -> None:
    studio.click(0.005, 0.005)
    studio.tool("挖空")
    studio.draw([(0.003, 0.003), (0.007, 0.003), (0.007, 0.007), (0.003, 0.007)])
    studio.done("挖空")
    assert studio.sizes() == pytest.approx({"T-E1": 1.84, "T-E2": 1}, abs=0.01)
    studio.tool("补缺口")
    studio.click(0.005, 0.005)
    studio.waits()
    studio.key("Enter")
    studio.done("补缺口")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}


@pytest.mark.parametrize("way", ["点选", "画笔", "套索"])
def test_communities(studio: Studio, way: str) -> None:
    studio.tool("按社区")
    studio.receiver("T-E3")
    studio.page.get_by_role("button", name=way, exact=True).click()
    if way == "点选":
        studio.click(0.003, 0.015)
    elif way == "画笔":
        studio.drag((0.002, 0.015), (0.008, 0.015))
    else:
        studio.drag((-0.001, 0.011), (0.011, 0.011), (0.011, 0.021), (-0.001, 0.021), (-0.001, 0.011))
    expect(studio.page.locator(".word")).to_contain_text("1 个社区交给T-E3队")
    studio.waits()
    studio.key("Enter")
    studio.done("按社区指定")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1, "T-E3": 1}


def test_a_brush_that_meets_no_community_says_so(studio: Studio) -> None:
    studio.tool("按社区")
    studio.receiver("T-E3")
    studio.page.get_by_role("button", name="画笔", exact=True).click()
    studio.drag((0.001, 0.011), (0.002, 0.011))
    expect(studio.page.locator(".toast")).to_contain_text("没有选到社区")


def test_remove(studio: Studio) -> None:
    studio.click(0.025, 0.005)
    studio.tool("移除")
    expect(studio.page.locator(".word")).to_contain_text("移除T-E2队的区域")
    studio.page.get_by_role("button", name="放弃").click()
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}
    studio.tool("移除")
    studio.waits()
    studio.page.get_by_role("button", name="执行").click()
    studio.done("移除")
    assert studio.sizes() == {"T-E1": 2}


def test_undo_and_redo_are_the_services_own(studio: Studio) -> None:
    page = studio.page
    studio.tool("顶点")
    studio.drag((0.020, 0.010), (0.022, 0.011))
    studio.done("移动顶点")
    undo, redo = page.get_by_role("button", name="撤销 移动顶点"), page.get_by_role("button", name="重做 移动顶点")
    page.locator("header").get_by_role("button", name="撤销 移动顶点").click()
    expect(page.locator(".toast")).to_contain_text("已撤销")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}
    studio.open()  # it survives a reload
    expect(undo).to_have_count(0)
    redo.click()
    expect(page.locator(".toast")).to_contain_text("已重做")
    assert studio.sizes() != {"T-E1": 2, "T-E2": 1}


def test_what_the_service_refuses_leaves_the_map_as_it_was(studio: Studio) -> None:
    page = studio.page
    version = studio.version()
    studio.tool("顶点")
    # across the opposite side: the border would cross itself
    studio.drag((0.020, 0.010), (0.025, 0.000), (0.035, -0.004))
    expect(page.locator(".toast.alert")).to_contain_text("相互穿过")
    assert studio.version() == version
    # the vertex is where it was, and can be dragged from there
    page.wait_for_timeout(300)
    studio.drag((0.020, 0.010), (0.021, 0.011))
    studio.done("移动顶点")
    assert studio.version() == version + 1


def test_a_territory_under_a_note_can_be_selected(studio: Studio) -> None:
    half = {"type": "Polygon", "coordinates": [[at(0, 0), at(0.01, 0), at(0.01, 0.005), at(0, 0.005), at(0, 0)]]}
    assert studio.edit(verb="GIVE", geometry=half, to_team_code="T-E2").ok
    studio.open()
    found = studio.get("/defects")["items"]
    assert any(each["severity"] == "NOTE" and each["code"] == "COMMUNITY_SHARED" for each in found)
    studio.click(0.005, 0.008)
    row = studio.page.locator(".list .row").filter(has_text="T-E1")
    expect(row).to_have_attribute("aria-pressed", "true")


def test_what_a_tool_was_refused_is_over_when_another_is_taken_up(studio: Studio) -> None:
    studio.tool("顶点")
    studio.drag((0.020, 0.010), (0.025, 0.000), (0.035, -0.004))
    expect(studio.page.locator(".toast.alert")).to_be_visible()
    studio.tool("拆分")
    expect(studio.page.locator(".toast.alert")).to_have_count(0)


def test_esc_and_backspace_take_back_what_is_being_drawn(studio: Studio) -> None:
    studio.tool("绘制")
    studio.receiver("T-E3")
    for place in ((0.002, 0.012), (0.008, 0.012), (0.009, 0.019)):
        studio.click(*place)
    studio.page.locator("#map").focus()
    studio.key("Backspace")
    studio.click(0.008, 0.018)
    studio.click(0.002, 0.018)
    studio.key("Escape")
    studio.key("Enter")
    studio.page.wait_for_timeout(300)
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}
    studio.draw([(0.002, 0.012), (0.008, 0.012), (0.008, 0.018)])
    studio.done("绘制")
    assert studio.sizes()["T-E3"] == pytest.approx(0.18, abs=0.01)


def test_snapping_can_be_seen_and_switched_off(studio: Studio) -> None:
    switch = studio.page.get_by_role("switch", name="吸附")
    studio.tool("绘制")
    expect(switch).to_have_attribute("aria-checked", "true")
    studio.receiver("T-E3")
    # five pixels off the corner of T-E1
    x, y = studio.pixel(0.020, 0.010)
    for place in ((x + 4, y - 4), studio.pixel(0.026, 0.016), studio.pixel(0.020, 0.016)):
        studio.page.mouse.move(*place)
        studio.page.mouse.click(*place)
        studio.page.wait_for_timeout(350)
    studio.key("Enter")
    studio.done("绘制")
    corner = tuple(at(0.020, 0.010))
    assert corner in {tuple(place) for place in studio.areas()["T-E3"].geoms[0].exterior.coords}
    studio.key("a")
    expect(switch).to_have_attribute("aria-checked", "false")


def test_what_waits_goes_to_whoever_receives_now(studio: Studio) -> None:
    studio.tool("按社区")
    studio.receiver("T-E3")
    studio.click(0.005, 0.015)
    studio.waits()
    expect(studio.page.locator(".word")).to_contain_text("交给T-E3队")
    studio.receiver("T-E2")
    expect(studio.page.locator(".word")).to_contain_text("交给T-E2队")
    studio.waits()
    studio.key("Enter")
    studio.done("按社区指定")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 2}


def test_a_split_goes_to_whoever_receives_now(studio: Studio) -> None:
    studio.select("T-E1")
    studio.tool("拆分")
    studio.receiver("T-E3")
    studio.draw([(0.010, -0.001), (0.010, 0.011)])
    studio.waits()
    studio.receiver("T-E2")
    expect(studio.page.locator(".word")).to_contain_text("T-E2队")
    studio.waits()
    studio.key("Enter")
    studio.done("拆分")
    assert studio.sizes() == {"T-E1": 1, "T-E2": 2}


def test_undo_from_the_list_of_those_who_receive_leaves_the_name_alone(studio: Studio) -> None:
    page = studio.page
    page.get_by_label("署名", exact=True).click()
    page.get_by_label("署名", exact=True).press("End")
    page.keyboard.type("2")
    studio.tool("按社区")
    studio.receiver("T-E3")
    studio.click(0.005, 0.015)
    studio.waits()
    studio.key("Enter")
    studio.done("按社区指定")
    page.get_by_label("接收").focus()
    studio.key("Control+z")
    expect(page.locator(".toast")).to_contain_text("已撤销")
    expect(page.get_by_label("署名", exact=True)).to_have_value("李制图2")
    assert studio.sizes() == {"T-E1": 2, "T-E2": 1}


def test_nobody_meets_their_own_former_self(studio: Studio) -> None:
    page = studio.page
    with page.expect_response("**/presence", timeout=15_000):
        pass
    with page.expect_response("**/presence", timeout=20_000) as heard:
        page.get_by_label("署名", exact=True).fill("李制图二")
    # the service still knows the former name
    assert [one["person"] for one in heard.value.json()["items"]] == ["李制图", "李制图二"]
    expect(page.locator(".faces li")).to_have_count(0)
