"""docs/tour.md from its first step to its last, on the sample city, by mouse and keyboard: what it says is what happens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.db import make_engine
from app.exchange.importing import import_folder
from app.sample import write
from tests.api.world import EAST, NORTH

from .conftest import City, database, server, watch
from .studio import Offset, Studio


def place(lon: float, lat: float) -> Offset:
    """A place of the city as `Studio` takes it."""
    return lon - EAST, lat - NORTH


@pytest.fixture
def sample_city(server_url: str, template: str, tmp_path: Path) -> Iterator[City]:
    """The city of `./dev run`, its territories as the tour finds them; nothing is located or allocated."""
    with database(server_url, template) as url:
        engine = make_engine(url)
        write(tmp_path, policies=20_000, seed=1)
        report = import_folder(engine, tmp_path, rejected=tmp_path / "rejected.csv")
        assert report.exit_code == 0, report.as_json()
        with server(url) as address:
            yield City(address, engine)
        engine.dispose()


def test_the_tour_ends_with_a_version_in_force(browser: Browser, sample_city: City) -> None:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", base_url=sample_city.address, accept_downloads=True
    )
    page, seen = watch(context)
    page.goto("/studio")

    # 1. sign, choose the branch, make a draft
    expect(page.locator(".start")).to_contain_text("先选支公司")
    page.get_by_label("署名", exact=True).click()
    page.keyboard.type("运营小林")
    page.locator(".branch select").select_option(label="栖岚支公司")
    expect(page.locator(".start ol > li")).to_contain_text("生效中")
    page.get_by_role("button", name="以现行版本新建草稿").click()
    page.wait_for_url(re.compile(r"#/plan/\d+"))
    studio = Studio(page, int(page.url.rsplit("/", 1)[1]), by="运营小林")
    expect(page.locator(".list .swatch:not(.none)")).to_have_count(len(studio.areas()))
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    expect(page.locator(".list .row").nth(1)).to_contain_text("栖岚收展二部")

    # 3. a valid territory, by whole communities
    lost = studio.get("/defects?code=UNOWNED_COMMUNITY&limit=200")["items"][0]
    receiver = lost["ways"][0]
    studio.key("c")
    page.get_by_label("接收").select_option(receiver["team_code"])
    studio.click(*place(*lost["at"]))
    studio.waits()
    studio.key("Enter")
    studio.done("按社区指定")

    # at street level: a border that two teams share is dragged, and moves in both
    areas = studio.areas()
    corners = {team: {tuple(at) for part in area.geoms for at in part.exterior.coords} for team, area in areas.items()}
    shared = Counter(corner for own in corners.values() for corner in own)
    corner, both = next(
        (corner, sorted(team for team, own in corners.items() if corner in own))
        for corner, many in sorted(shared.items())
        if many == 2
    )
    studio.key("e")
    x, y = studio.pixel(*place(*corner))
    page.mouse.move(x, y)
    for _ in range(4):
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(400)
    page.wait_for_timeout(700)
    x, y = studio.pixel(*place(*corner))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 8, steps=6)
    page.mouse.up()
    studio.done("移动顶点")
    after = studio.areas()
    assert {team for team in after if not after[team].equals(areas[team])} >= set(both)
    studio.key("z")

    # 4. the effects
    studio.key("1")
    page.get_by_role("tab", name="影响").click()
    expect(page.locator("#facts")).to_contain_text("整个草稿")
    expect(page.locator("#facts")).to_contain_text("谁的保单换手")

    # 5. what is wrong: errors that were there before are told apart, and mended in two presses each
    page.get_by_role("tab", name=re.compile("缺陷")).click()
    expect(page.locator("#facts .sum")).to_contain_text("1 个错误，改正后才能提交")
    expect(page.locator("#facts .sum")).to_contain_text("原有的错误（1 个）也要先改正")
    for _ in range(20):
        if not studio.get("")["errors"]:
            break
        version = studio.version()
        studio.key("n")
        current = page.locator("#facts li[aria-current]")
        expect(current).to_contain_text("必须改正才能发布")
        way = current.locator(".way").first
        expect(way.locator(".gives").first).not_to_contain_text("→ 无团队")
        way.click()
        studio.waits()
        studio.key("Enter")
        studio.done("修正")
        assert studio.version() > version
    expect(page.locator("#facts .sum")).to_contain_text("没有错误，可以提交")

    # 7. compare, the picture, back to the draft
    page.get_by_role("button", name="提交与发布").click()
    card = page.get_by_role("dialog")
    card.get_by_role("button", name="与现行版本比较").click()
    expect(page.locator(".compare")).to_contain_text(re.compile(r"\d+ 处换了团队"))
    with page.expect_download(timeout=120_000) as saved:
        page.get_by_role("link", name="PNG 图片").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="回到草稿").click()
    page.get_by_role("button", name="提交与发布").click()
    card.get_by_role("button", name="提交审核").click()
    expect(card.get_by_role("button", name="批准")).to_be_disabled()

    # somebody else signs where they approve, and publishes
    card.get_by_label("批准人署名").click()
    page.keyboard.insert_text("审批老周")
    card.get_by_role("button", name="批准").click()
    expect(card).to_contain_text("从今天起，栖岚支公司的孤儿单即按这份方案归属")
    with page.expect_response(lambda answer: "/tiles/" in answer.url and answer.ok, timeout=30_000):
        card.get_by_role("button", name="发布", exact=True).click()
        expect(card).to_contain_text("起生效")
        studio.key("Escape")
        page.get_by_role("button", name="全部版本").or_(page.locator(".crumb")).first.click()
    first = page.locator(".start ol > li").first
    expect(first).to_contain_text("生效中")
    expect(first).to_contain_text("审批老周 发布")
    state = f"SELECT state || approved_by FROM territory_plan WHERE id = {studio.plan}"
    assert sample_city.one(state) == "PUBLISHED审批老周"

    # and back: the version before is taken up again, with a word about the errors that it has
    page.locator(".start ol > li").nth(1).get_by_role("button", name="恢复").click()
    card.get_by_role("button", name="恢复").click()
    expect(card).to_contain_text("由 审批老周 提交")
    expect(card).to_contain_text("不能由你批准")
    context.close()
    assert seen.complaints == []
