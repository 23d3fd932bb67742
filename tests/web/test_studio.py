"""The studio around drawing: versions, effects, defects, two editors, comparison, files, publishing; what it looks like and who can use it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import City, watch
from .studio import PLANS, Studio, at

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def communities(studio: Studio, team: str, *codes: str, by: str | None = None) -> None:
    answer = studio.edit(by=by, verb="ASSIGN_COMMUNITIES", community_codes=list(codes), to_team_code=team)
    assert answer.ok, answer.text()


def sign(page: Page, name: str) -> None:
    page.get_by_label("署名", exact=True).fill(name)


@pytest.fixture
def visitor(browser: Browser, town: City) -> Iterator[Page]:
    """A page that must not complain."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", base_url=town.address)
    page, seen = watch(context)
    yield page
    context.close()
    assert seen.complaints == []
    assert seen.hosts <= {town.address.split("//")[1], ""}


def test_a_draft_is_made_from_what_is_in_force_and_discarded(visitor: Page, town: City) -> None:
    visitor.goto("/studio")
    sign(visitor, "李制图")
    visitor.locator(".branch select").select_option("E")
    active = visitor.locator("li.ACTIVE")
    expect(active).to_contain_text("生效中")
    expect(active).to_contain_text("正在决定孤儿单归谁")
    visitor.get_by_label("草稿名称").fill("春季微调")
    visitor.get_by_role("button", name="以现行版本新建草稿").click()
    expect(visitor).to_have_url(
        re.compile(r"#/plan/\d+$"), timeout=60_000
    )  # the first check of a server takes its time
    expect(visitor.locator(".plan b")).to_have_text("春季微调")
    number = visitor.url.rsplit("/", 1)[1]
    assert town.one(f"SELECT created_by FROM territory_plan WHERE id = {number}") == "李制图"
    visitor.get_by_role("button", name="东支公司").click()
    row = visitor.locator("li.DRAFT").filter(has_text="春季微调")
    row.get_by_role("button", name="放弃").click()
    expect(row.get_by_role("alert")).to_contain_text("放弃“春季微调”")
    row.get_by_role("button", name="确定放弃").click()
    expect(row).to_have_count(0)
    assert town.one(f"SELECT state FROM territory_plan WHERE id = {number}") == "DISCARDED"


def test_while_the_hand_moves_the_effects_are_shown_and_nothing_is_saved(studio: Studio) -> None:
    page = studio.page
    version = studio.version()
    studio.tool("划转")
    studio.receiver("T-E2")
    mouse = page.mouse
    mouse.move(*studio.pixel(0.011, 0.001))
    mouse.down()
    for place in ((0.019, 0.001), (0.019, 0.009), (0.011, 0.009)):
        mouse.move(*studio.pixel(*place), steps=8)
    panel = page.locator("#facts")
    expect(panel).to_contain_text("这一步")
    expect(panel.locator("tbody tr")).to_contain_text("T-E1队 → T-E2队")
    row = panel.locator("tbody tr").first
    moving = row.locator("td").first.inner_text()
    assert studio.version() == version
    mouse.up()
    studio.done("划转")
    # what was foretold is what became of it: every customer of C02 under the loop
    area = studio.areas()["T-E2"]
    inside = sum(area.covers(_point(0.015, 0.0021 + 0.0002 * n)) for n in range(1, 30, 3))
    assert int(moving) == inside > 0
    expect(panel).to_contain_text("整个草稿")
    link = panel.get_by_role("link", name=re.compile("导出换手的保单"))
    csv = page.request.get(link.get_attribute("href") or "").text()
    assert csv.count("P0000") > 0


def _point(x: float, y: float):  # type: ignore[no-untyped-def]
    from shapely import Point

    return Point(at(x, y))


def test_defects_are_walked_and_mended_after_a_look(studio: Studio) -> None:
    page = studio.page
    studio.edit(verb="CUT_HOLE", team_code="T-E1", geometry=_box(0.004, 0.002, 0.007, 0.008))
    studio.open()
    page.get_by_role("tab", name=re.compile("缺陷")).click()
    first = page.locator("#facts ol > li").first
    studio.key("n")
    expect(first).to_have_attribute("aria-current", "true")
    total = page.locator("#facts ol > li").count()
    assert total == len(studio.get("/defects?limit=200")["items"])
    studio.key("p")
    expect(page.locator("#facts ol > li").last).to_have_attribute("aria-current", "true")
    hole = page.locator("#facts ol > li").filter(has_text=re.compile("空洞|空白")).filter(has_text="T-E1队").first
    if hole.get_attribute("aria-current") != "true":
        hole.locator(".head").click()
    way = hole.locator(".way").filter(has_text="T-E1队").first
    expect(way).to_contain_text(re.compile(r"\d+ 户客户"))
    way.click()
    studio.waits()
    before = studio.sizes()["T-E1"]
    expect(page.locator(".word")).to_contain_text("无团队 → T-E1队")
    studio.key("Enter")
    studio.done("修正")
    assert studio.sizes()["T-E1"] > before
    assert studio.last() == "REPAIR"


def _box(west: float, south: float, east: float, north: float) -> dict[str, object]:
    ring = [at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)]
    return {"type": "Polygon", "coordinates": [ring]}


def test_errors_hold_it_back_and_say_so(studio: Studio) -> None:
    page = studio.page
    answer = studio.edit(verb="REPLACE", team_code="T-E3", geometry=_box(0.005, 0.002, 0.015, 0.008))
    assert answer.ok, answer.text()
    studio.open()
    errors = studio.get("")["errors"]
    assert errors > 0
    page.get_by_role("button", name="提交与发布").click()
    card = page.get_by_role("dialog")
    expect(card).to_contain_text(f"还有 {errors} 个错误，不能提交")
    expect(card.get_by_role("button", name="提交审核")).to_be_disabled()
    card.get_by_role("button", name="逐个查看").click()
    expect(page.get_by_role("tab", name=re.compile("缺陷"))).to_have_attribute("aria-selected", "true")


def test_two_editors_see_each_other_and_settle_what_they_both_changed(
    browser: Browser, studio: Studio, town: City
) -> None:
    page = studio.page
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", base_url=town.address)
    context.add_init_script("localStorage.setItem('guidan.reviewer', '赵同事')")
    other = Studio(context.new_page(), studio.plan, by="赵同事").open()
    expect(page.locator(".faces li")).to_have_attribute("title", "赵同事", timeout=15_000)
    page.get_by_role("tab", name="记录").click()
    expect(page.locator(".who").filter(has_text="赵同事")).to_be_visible()
    # different regions merge: what the other one did appears by itself
    other.edit(verb="ASSIGN_COMMUNITIES", community_codes=["C04"], to_team_code="T-E3")
    expect(page.locator(".list .swatch:not(.none)")).to_have_count(3, timeout=15_000)
    # the same region: this page has not heard of it yet
    version = studio.version()
    page.route("**/presence", lambda route: route.abort())
    assert other.edit(version=version, verb="MOVE_VERTEX", at=at(0.020, 0.010), to=at(0.021, 0.011)).ok
    studio.tool("顶点")
    studio.drag((0.020, 0.000), (0.0195, 0.0005), (0.019, 0.001))
    card = page.get_by_role("alertdialog")
    expect(card).to_contain_text("两人改了同一个区域")
    expect(card).to_contain_text("赵同事")
    studio.key("Escape")
    page.locator("#map").focus()
    studio.key("Escape")
    expect(card).to_be_visible()  # it cannot be waved away
    studio.open()
    expect(card).to_be_visible()  # nor forgotten
    canvas = page.locator("#map")
    page.get_by_role("button", name="缩小").click()
    page.wait_for_timeout(600)
    away = canvas.get_attribute("data-resolution") or ""
    card.get_by_role("button", name="在地图上看").click()
    expect(canvas).not_to_have_attribute("data-resolution", away)
    page.unroute("**/presence")
    card.get_by_role("button", name="我的（李制图）").click()
    expect(card).to_have_count(0)
    corners = {tuple(place) for place in studio.areas()["T-E1"].geoms[0].exterior.coords}
    assert tuple(at(0.021, 0.011)) in corners
    assert studio.get("/conflicts")["items"] == []
    context.close()


def test_from_draft_to_in_force_by_two_people(studio: Studio, town: City) -> None:
    page = studio.page
    communities(studio, "T-E3", "C04")
    studio.open()
    if studio.get("")["errors"]:
        pytest.fail(json.dumps(studio.get("/defects")["items"], ensure_ascii=False)[:2000])
    page.get_by_role("button", name="提交与发布").click()
    card = page.get_by_role("dialog")
    expect(card).to_contain_text("提交之后不能再改")
    card.get_by_role("button", name="提交审核").click()
    expect(card).to_contain_text("由 李制图 提交")
    expect(card.get_by_role("button", name="批准")).to_be_disabled()
    expect(card).to_contain_text("不能由你批准")
    expect(card.get_by_label("批准人署名")).to_have_value("李制图")
    studio.key("Escape")
    expect(card).to_have_count(0)
    sign(page, "孙审批")
    expect(page.get_by_role("toolbar").get_by_role("button", name="绘制")).to_be_disabled()
    page.get_by_role("button", name="提交与发布").click()
    card.get_by_role("button", name="批准").click()
    expect(card.get_by_label("从哪天起生效")).to_be_visible()
    card.get_by_label("从哪天起生效").fill("2026-04-01")
    expect(card).to_contain_text("从 2026-04-01 零时起，东支公司的孤儿单按这份方案归属；在此之前仍按现行版本")
    card.get_by_role("button", name="发布", exact=True).click()
    replace = card.get_by_label("我已比较，仍要以此为准")
    expect(replace.or_(card.get_by_text("已发布，2026-04-01 生效"))).to_be_visible()
    if replace.is_visible():
        replace.check()
        card.get_by_role("button", name="发布", exact=True).click()
    expect(card).to_contain_text("已发布，2026-04-01 生效")
    assert (
        town.one(f"SELECT state || effective_from || approved_by FROM territory_plan WHERE id = {studio.plan}")
        == "PUBLISHED2026-04-01孙审批"
    )
    owners = page.request.get("/api/v1/territories/at?lon=120.005&lat=30.015&crs=CGCS2000&on=2026-04-01").json()
    assert [team["team_code"] for team in owners["teams"]] == ["T-E3"]


def test_two_versions_are_compared_and_pictured(studio: Studio) -> None:
    page = studio.page
    made = page.request.post(
        PLANS, data={"branch_code": "E", "name": "对照", "by": "李制图", "base_id": studio.plan}
    ).json()
    later = Studio(page, made["id"])
    communities(later, "T-E2", "C02")
    page.goto(f"/studio#/compare/{later.plan}/{studio.plan}")
    page.reload()
    expect(page.locator(".compare")).to_contain_text("1 处换了团队")
    row = page.locator(".compare tbody tr").filter(has_text="T-E1队 → T-E2队")
    expect(row.locator("td").first).to_have_text("10")
    for kind, head in (("PNG 图片", b"\x89PNG"), ("PDF 文件", b"%PDF")):
        url = page.get_by_role("link", name=kind).get_attribute("href") or ""
        picture = page.request.get(url, timeout=120_000)
        assert picture.ok, picture.text()
        assert picture.body().startswith(head)
    page.get_by_role("button", name="对调").click()
    expect(page.locator(".compare tbody tr").first).to_contain_text("T-E2队 → T-E1队")


def test_a_file_is_tried_before_it_goes_in(studio: Studio, tmp_path: Path) -> None:
    page = studio.page
    features = [
        {"type": "Feature", "properties": {"team_code": code}, "geometry": _box(*sides)}
        for code, sides in (("T-E3", (0.0, 0.010, 0.010, 0.020)), ("T-XX", (0.010, 0.010, 0.020, 0.020)))
    ]
    content = {"type": "FeatureCollection", "crs_declared": "CGCS2000", "features": features}
    file = tmp_path / "区域.geojson"
    file.write_text(json.dumps(content), "utf-8")
    version = studio.version()
    page.get_by_role("button", name="导入与导出").click()
    card = page.get_by_role("dialog")
    card.locator("input[type=file]").set_input_files(file)
    rows = card.locator("tbody tr")
    expect(rows).to_have_count(2, timeout=30_000)
    expect(rows.nth(0)).to_contain_text("新增")
    expect(rows.nth(1)).to_contain_text("拒绝")
    assert studio.version() == version
    card.get_by_role("button", name="导入 1 行").click()
    expect(page.locator(".toast")).to_contain_text("已导入 1 行", timeout=30_000)
    assert studio.sizes()["T-E3"] == 1
    page.get_by_role("button", name="导入与导出").click()
    back = page.request.get(card.get_by_role("link", name="GeoJSON").get_attribute("href") or "").json()
    assert {one["properties"]["team_code"] for one in back["features"]} == {"T-E1", "T-E2", "T-E3"}
    file.write_text(json.dumps(back), "utf-8")
    card.locator("input[type=file]").set_input_files(file)
    expect(card).to_contain_text("与草稿完全相同，无须导入", timeout=30_000)
    expect(card.get_by_role("button", name=re.compile(r"导入 \d+ 行"))).to_have_count(0)


def test_the_main_page_leads_there(visitor: Page) -> None:
    visitor.goto("/")
    visitor.get_by_role("link", name="区域工作室").click()
    expect(visitor.get_by_role("heading", name="区域方案")).to_be_visible()
    expect(visitor).to_have_title(re.compile("区域工作室"))
    visitor.get_by_role("link", name="回到地图").click()
    expect(visitor.locator("#map canvas").first).to_be_visible()


def test_a_plan_that_is_not_there_says_so(browser: Browser, town: City) -> None:
    context = browser.new_context(base_url=town.address)
    page, _ = watch(context)  # the browser itself reports the 404
    page.goto("/studio#/plan/987654")
    expect(page.get_by_role("alert")).to_contain_text("没有这个区域方案")  # once, not in a toast as well
    context.close()


def test_without_the_service_a_card_says_that_it_is_gone(studio: Studio, tmp_path: Path) -> None:
    page = studio.page
    (tmp_path / "a.geojson").write_text("{}", "utf-8")
    page.get_by_role("button", name="导入与导出").click()
    page.route("**/import*", lambda route: route.abort())
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(tmp_path / "a.geojson")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("连不上服务")


def test_far_away_the_draft_is_seen_and_selected(studio: Studio) -> None:
    page = studio.page
    nearer, farther = page.get_by_role("button", name="放大"), page.get_by_role("button", name="缩小")
    canvas = page.locator("#map")

    def far() -> bool:
        return float(canvas.get_attribute("data-resolution") or "nan") > 160

    with page.expect_response(lambda answer: f"plan={studio.plan}" in answer.url and answer.status == 200):
        for _ in range(8):
            if not far():
                farther.click()
                page.wait_for_timeout(500)
    assert far()
    expect(page.get_by_text("再放大一些才能编辑")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    studio.click(0.010, 0.005)
    expect(page.locator(".list .row").filter(has_text="T-E1")).to_have_attribute("aria-pressed", "true")
    nearer.click()
    expect(page.get_by_text("再放大一些才能编辑")).to_have_count(0)


def test_a_list_of_thousands_makes_only_the_rows_in_sight(studio: Studio) -> None:
    page = studio.page
    real = page.request.get("/api/v1/teams?limit=500").json()["items"]
    one = next(each for each in real if each["code"] == "T-E1")
    many = [one | {"code": f"T-Y{n:04}", "name": f"第 {n} 队"} for n in range(2000)]
    page.route("**/api/v1/teams?*", lambda route: route.fulfill(json={"items": [*real, *many], "next": None}))
    page.reload()
    rows = page.locator(".list li")
    expect(rows.first).to_have_attribute("aria-setsize", re.compile(r"20\d\d"))
    assert rows.count() < 60
    page.locator(".list .rows").evaluate("each => each.scrollTo(0, each.scrollHeight)")
    expect(rows.last).to_contain_text("第 1999 队")
    page.locator(".list .filter").fill("T-E1")
    expect(rows).to_have_count(1)
    page.locator(".list .filter").fill("")
    # what is selected on the map is brought into sight
    page.locator(".list .rows").evaluate("each => each.scrollTo(0, each.scrollHeight)")
    expect(rows.last).to_contain_text("第 1999 队")
    page.wait_for_load_state("networkidle")
    studio.click(0.005, 0.003)
    expect(page.locator(".list .row[aria-pressed=true]")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_hangs_over_the_edge(browser: Browser, studio: Studio, town: City, width: int) -> None:
    context = browser.new_context(base_url=town.address, viewport={"width": width, "height": 800}, locale="zh-CN")
    context.add_init_script("localStorage.setItem('guidan.reviewer', '李制图')")
    page, seen = watch(context)
    for hash_ in ("#/branch/E", f"#/plan/{studio.plan}"):
        page.goto(f"/studio{hash_}")
        page.reload()
        expect(page.locator("#map canvas").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert size == [width, 800], hash_
        box = page.locator("#map").bounding_box()
        assert box is not None
        assert box["width"] >= min(width, 380)
        assert box["height"] >= 200
    if width == 390:
        sheet = page.locator(".dock.right")
        page.get_by_role("button", name="影响").click()
        expect(sheet).to_be_visible()
        page.get_by_role("button", name="收起").last.click()
        expect(sheet).to_be_hidden()
    context.close()
    assert seen.complaints == []


@pytest.mark.parametrize(
    ("show", "language", "width"),
    [
        ("start", "zh", 1440),
        ("draft", "zh", 1440),
        ("draft", "en", 1440),
        ("draft", "zh", 390),
        ("typing", "zh", 1440),
        ("communities", "zh", 1440),
        ("defects", "zh", 1440),
        ("history", "zh", 1440),
        ("keys", "zh", 1440),
        ("publish", "zh", 1440),
        ("files", "zh", 1440),
        ("compare", "zh", 1440),
        ("propose", "zh", 1440),
    ],
)
def test_axe_finds_nothing(browser: Browser, studio: Studio, town: City, show: str, language: str, width: int) -> None:
    # axe is put into the page by the test; the page's own policy for content would rightly refuse it
    context = browser.new_context(
        base_url=town.address, viewport={"width": width, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    context.add_init_script(
        f"localStorage.setItem('guidan.language', '{language}');localStorage.setItem('guidan.reviewer', '李制图')"
    )
    page, _ = watch(context)
    if show in ("start", "propose"):
        page.goto("/studio#/branch/E")
        expect(page.locator("li.ACTIVE")).to_be_visible()
        if show == "propose":
            page.get_by_role("button", name="区域建议").click()
            expect(page.get_by_role("dialog")).to_be_visible()
    elif show == "compare":
        active = studio.page.request.get(f"{PLANS}?branch_code=E&state=ACTIVE").json()["items"][0]["id"]
        page.goto(f"/studio#/compare/{studio.plan}/{active}")
        expect(page.locator(".compare .balance")).to_be_visible()
    else:
        page.goto(f"/studio#/plan/{studio.plan}")
        expect(page.locator(".list .swatch:not(.none)")).to_have_count(2)
        page.wait_for_load_state("networkidle")
    if show == "typing":
        page.keyboard.press("d")
        page.keyboard.press("k")
        expect(page.locator("textarea")).to_be_focused()
    if show == "communities":
        page.locator("#tab-communities").click()
    if show == "defects":
        page.keyboard.press("n")
        expect(page.locator("#facts li[aria-current] .way").first).to_be_visible()
    if show == "history":
        page.keyboard.press("3")
    if show == "keys":
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
    if show in ("publish", "files"):
        page.get_by_role("button", name="提交与发布" if show == "publish" else "导入与导出").click()
        expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})")
    context.close()
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
