"""The page as a person uses it: look, click, read why."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import City, watch

MIDDLE = (
    "SELECT policy_no FROM orphan_case JOIN decision ON decision.id = decision_id WHERE {} ORDER BY policy_no LIMIT 1"
)


def by_rung(city: City, rung: str) -> str:
    return city.one(MIDDLE.format(f"rung = '{rung}' AND point IS NOT NULL"))


def ready(page: Page) -> None:
    """Waits until the map has drawn what it asked for."""
    expect(page.locator("#map canvas").first).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_the_overview_says_what_the_database_says(page: Page, city: City) -> None:
    page.goto("/")
    ready(page)
    cases = int(city.one("SELECT count(*) FROM orphan_case WHERE open"))
    expect(page.locator(".figures .number").first).to_have_text(f"{cases:,}")
    owners = int(
        city.one("SELECT count(*) FROM orphan_case JOIN decision d ON d.id = decision_id WHERE rung = 'REGION_OWNER'")
    )
    row = page.get_by_role("button", name=re.compile("区域所属团队"))
    expect(row.locator(".n")).to_have_text(f"{owners:,}")
    expect(page.locator(".badge").first).to_have_text("预分配，待确认")


def test_a_policy_is_found_and_explained(page: Page, city: City) -> None:
    policy = by_rung(city, "REGION_OWNER")
    page.goto("/")
    box = page.get_by_role("combobox")
    box.fill(policy)
    box.press("Enter")
    panel = page.locator(".panel")
    expect(panel).to_contain_text(policy)
    team = city.one(
        f"SELECT t.name FROM orphan_case JOIN decision d ON d.id = decision_id JOIN team t ON t.code = d.team_code WHERE policy_no = '{policy}'"
    )
    expect(panel.get_by_role("heading", level=2)).to_have_text(team)
    taken = panel.locator(".trail > .taken")
    expect(taken).to_have_count(1)
    expect(taken).to_contain_text("区域所属团队")
    expect(taken).to_contain_text("合格")
    expect(panel.locator(".trail .idle").first).to_contain_text("未问到")


def test_what_failed_says_which_constraint(page: Page, city: City) -> None:
    policy = city.one(
        "SELECT policy_no FROM orphan_case JOIN decision ON decision.id = decision_id"
        " WHERE CAST(trail AS text) LIKE '%\"H%' AND rung IS NOT NULL ORDER BY policy_no LIMIT 1"
    )
    page.goto(f"/#/case/{policy}")
    failed = page.locator(".candidates li:not(.pass) .verdict").first
    expect(failed).to_have_text(re.compile(r"容量已满|不|无|没有|撤销|休假|其他城市|尚未|人员|本人"))


def test_a_team_shows_its_pool_without_names(page: Page, city: City) -> None:
    team = city.one(
        "SELECT team_code FROM decision WHERE team_code IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    page.goto("/")
    page.get_by_role("tab", name="团队").click()
    page.get_by_label("筛选团队").fill(team)
    page.locator(".teams li button").first.click()
    panel = page.locator(".panel")
    expect(panel).to_contain_text(f"团队 {team}")
    total = city.one(f"SELECT count(*) FROM allocation WHERE live AND team_code = '{team}'")
    expect(panel.locator("h3").filter(has_text="孤儿单")).to_contain_text(f"共 {total} 件")
    rows = panel.locator("tbody tr")
    expect(rows.first).to_contain_text("＊＊")
    rows.first.get_by_role("button").click()
    expect(panel.locator(".trail")).to_be_visible()
    page.get_by_role("button", name="返回").click()
    expect(panel).to_contain_text(f"团队 {team}")


def test_the_map_answers_wherever_it_is_clicked(page: Page, city: City) -> None:
    page.goto("/")
    ready(page)
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.get_by_role("button", name="图层").click()
    page.get_by_label("孤儿单").uncheck()
    page.wait_for_timeout(400)
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4)
    expect(page.locator(".panel")).to_contain_text("此处归谁")
    expect(page.locator(".panel")).to_contain_text("经纬度")


DOT = """([red, green, blue]) => {
  for (const canvas of document.querySelectorAll("#map canvas")) {
    const box = canvas.getBoundingClientRect();
    const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const is = (x, y) => {
      const at = 4 * (y * canvas.width + x);
      return image.data[at] === red && image.data[at + 1] === green && image.data[at + 2] === blue;
    };
    for (let y = 40; y < canvas.height - 40; y++)
      for (let x = 40; x < canvas.width - 120; x++)
        if (is(x, y) && is(x + 3, y) && is(x, y + 3) && is(x + 3, y + 3))
          return [box.x + (x + 1.5) * box.width / canvas.width, box.y + (y + 1.5) * box.height / canvas.height];
  }
  return null;
}"""
"""Where on the screen a spot of a colour is."""

REGION_OWNER = [0x0B, 0x7A, 0x75]


def test_an_orphan_on_the_map_is_clicked(page: Page, city: City) -> None:
    page.goto("/")
    ready(page)
    page.wait_for_timeout(500)
    spot = page.evaluate(DOT, REGION_OWNER)
    assert spot is not None
    page.mouse.move(*spot)
    expect(page.locator(".note")).to_contain_text("区域所属团队")
    page.mouse.click(*spot)
    panel = page.locator(".panel")
    expect(panel.locator(".trail > .taken")).to_contain_text("区域所属团队")
    page.get_by_role("button", name="关闭").click()
    expect(panel).to_have_count(0)
    page.go_back()
    expect(panel.locator(".trail")).to_be_visible()


def test_hidden_rungs_leave_the_map_and_come_back(page: Page, city: City) -> None:
    page.goto("/")
    ready(page)
    row = page.get_by_role("button", name=re.compile("区域所属团队"))
    page.wait_for_timeout(500)
    full = page.locator("#map").screenshot()
    row.click()
    expect(row).to_have_attribute("aria-pressed", "false")
    page.mouse.move(10, 10)
    page.wait_for_timeout(500)
    assert page.locator("#map").screenshot() != full
    page.get_by_role("button", name="全部显示").click()
    expect(row).to_have_attribute("aria-pressed", "true")


def test_nobody_owns_what_lies_outside(page: Page, city: City) -> None:
    page.goto("/#/point/121.5,31.2")
    expect(page.locator(".panel")).to_contain_text("不在任何支公司的范围内")


def test_an_unknown_policy_says_what_to_do(browser: Browser, city: City) -> None:
    context = browser.new_context(base_url=city.address)
    page, _ = watch(context)  # the browser itself reports the 404
    page.goto("/#/case/NOBODY")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("请核对保单号")
    expect(alert.get_by_role("button", name="重试")).to_be_visible()
    context.close()


def test_english_is_remembered(page: Page, city: City) -> None:
    page.goto("/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("tab", name="Overview")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.get_by_role("tab", name="Overview")).to_be_visible()
    policy = by_rung(city, "REGION_OWNER")
    page.goto(f"/#/case/{policy}")
    expect(page.locator(".sentence")).to_contain_text("Goes to")
    assert not re.search(r"[一-鿿]{2,}：", page.locator(".trail").inner_text())


def test_the_keyboard_reaches_a_team_and_its_policies(page: Page, city: City) -> None:
    page.goto("/")
    ready(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.get_by_role("tab", name="概览").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="团队")).to_have_attribute("aria-selected", "true")
    page.locator("summary").first.focus()
    if not page.locator("details").first.evaluate("element => element.open"):
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".panel")).to_contain_text("负荷")
    page.locator(".panel .close").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)


def test_work_that_waits_is_listed(page: Page, city: City) -> None:
    waiting = int(
        city.one(
            "SELECT count(*) FROM orphan_case WHERE state IN ('LOCATION_REVIEW', 'CITY_REVIEW', 'PENDING_APPROVAL')"
        )
    )
    assert waiting > 0
    page.goto("/")
    page.get_by_role("tab", name="待办").click()
    expect(page.get_by_role("tab", name="待办")).to_contain_text(str(waiting))
    page.locator("details li button").first.click()
    expect(page.locator(".panel")).to_contain_text("为什么")


@pytest.mark.parametrize(
    ("act", "sure", "status"), [("确认分配", "确定确认", "已确认"), ("放弃", "确定放弃", "已放弃")]
)
def test_a_proposal_is_settled_after_a_second_thought(
    browser: Browser, fresh_city: City, act: str, sure: str, status: str
) -> None:
    context = browser.new_context(base_url=fresh_city.address, viewport={"width": 1440, "height": 900})
    page, seen = watch(context)
    page.goto("/")
    page.get_by_role("button", name=act, exact=True).click()
    assert fresh_city.one("SELECT status FROM run") == "PROPOSED"
    page.get_by_role("button", name=sure).click()
    expect(page.locator(".badge").first).to_have_text(status)
    assert fresh_city.one("SELECT status FROM run") == ("CONFIRMED" if act == "确认分配" else "DISCARDED")
    context.close()
    assert seen.complaints == []


def test_an_empty_database_says_how_to_begin(browser: Browser, empty_address: str) -> None:
    context = browser.new_context(base_url=empty_address, viewport={"width": 1024, "height": 768})
    page, seen = watch(context)
    page.goto("/")
    expect(page.get_by_role("heading", name="还没有数据")).to_be_visible()
    expect(page.get_by_text("guidan import DIR")).to_be_visible()
    expect(page.get_by_text("还没有分配过")).to_be_visible()
    context.close()
    assert seen.complaints == []


def test_without_a_service_the_page_says_so_and_recovers(browser: Browser, city: City) -> None:
    context = browser.new_context(base_url=city.address)
    page, _ = watch(context)  # the browser reports the refused connections
    page.route("**/api/**", lambda route: route.abort())
    page.goto("/")
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("连不上服务")
    page.unroute("**/api/**")
    page.locator("main").get_by_role("button", name="重试").click()
    expect(page.locator("#map canvas").first).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_hangs_over_the_edge(browser: Browser, city: City, width: int) -> None:
    policy = by_rung(city, "REGION_OWNER")
    context = browser.new_context(base_url=city.address, viewport={"width": width, "height": 800})
    page, seen = watch(context)
    for path in ("/", f"/#/case/{policy}"):
        page.goto(path)
        ready(page)
        wide, high = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert (wide, high) == (width, 800)
        panel = page.locator(".panel .body")
        if panel.count():
            assert panel.evaluate("element => element.scrollWidth <= element.clientWidth")
    context.close()
    assert seen.complaints == []
