"""The page of location review as people use it: look, choose, drag, say that it cannot be located, undo; two at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from app.allocation.run import create_run, execute_run
from app.db import make_engine
from app.exchange.importing import import_folder
from app.sample import write

from .conftest import AS_OF, City, database, server, watch

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
LATEST = "SELECT {} FROM location_decision ORDER BY id DESC LIMIT 1"
WAITING = "SELECT count(*) FROM location_review WHERE location_decision_id IS NULL"


@pytest.fixture(scope="module")
def town(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city of this file's own in which the geocoder is never trusted, so that many addresses wait; each test leaves some for the next."""
    folder = tmp_path_factory.mktemp("town")
    write(folder, policies=300, seed=7)
    with database(server_url, template) as url:
        engine = make_engine(url)
        assert import_folder(engine, folder, rejected=folder / "rejected.csv").exit_code == 0
        with engine.begin() as connection:
            connection.execute(text("UPDATE address SET point = NULL, community_code = NULL"))
            settings = '{"accept_confidence": 1.0, "location_hold_days": 900, "hold_ends_before_notice_days": -900}'
            connection.execute(text("UPDATE strategy SET config = config || CAST(:c AS jsonb)"), {"c": settings})
            run_id = create_run(connection, as_of=AS_OF)
        execute_run(engine, run_id)
        with server(url) as address:
            yield City(address, engine)
        engine.dispose()


@pytest.fixture(autouse=True)
def nothing_claimed(town: City) -> None:
    """A page that a test closed may not have said that it lets its item go."""
    with town.engine.begin() as connection:
        connection.execute(text("UPDATE location_review SET claim = NULL, claimed_by = NULL, claimed_until = NULL"))


@pytest.fixture
def person(browser: Browser, town: City) -> Iterator[Page]:
    """A reviewer's page, which must not complain."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", base_url=town.address)
    page, seen = watch(context)
    page.goto("/review")
    expect(page.locator(".row").first).to_be_visible()
    yield page
    context.close()
    assert seen.complaints == []


def sure(town: City) -> str:
    """The bundle of an item whose first candidate is worth being chosen."""
    return town.one(
        "SELECT r.bundle_no FROM location_review r JOIN location l ON l.address_id = r.address_id"
        " WHERE r.location_decision_id IS NULL AND l.point IS NOT NULL AND r.code = 'UNSURE' ORDER BY l.confidence DESC, 1 LIMIT 1"
    )


def open_bundle(page: Page, town: City, bundle: str) -> None:
    number = town.one(f"SELECT id FROM location_review WHERE bundle_no = '{bundle}'")
    page.goto(f"/review#/{number}")
    page.reload()
    expect(page.locator(".side h2")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text(bundle)


def settled(page: Page) -> None:
    """The preview says what the choice comes to."""
    expect(page.locator(".effect strong")).to_be_visible()
    expect(page.locator(".confirm")).to_be_enabled()


def test_the_queue_says_what_the_database_says(person: Page, town: City) -> None:
    waiting = town.one(WAITING)
    expect(person.locator(".figures")).to_contain_text(f"{waiting} 条等待")
    first = person.locator(".row").first
    premium = town.one(
        "SELECT round(premium) FROM location_review WHERE location_decision_id IS NULL"
        " ORDER BY (CASE WHEN notice_due_on < '2026-03-10' THEN 0 WHEN notice_due_on <= '2026-03-17' THEN 1"
        " WHEN notice_due_on IS NOT NULL THEN 2 ELSE 3 END), stake DESC, id LIMIT 1"
    )
    expect(first.locator(".premium")).to_have_text(f"¥{int(premium):,}")
    # nobody's house number is in the list
    assert not re.search(r"\d+\s*(?:号|幢|室)", person.locator(".list").inner_text())


def test_a_candidate_is_chosen_and_undone(person: Page, town: City) -> None:
    before = int(town.one(WAITING))
    bundle = sure(town)
    open_bundle(person, town, bundle)
    choice = person.locator(".choice").first
    choice.click()
    expect(choice).to_have_attribute("aria-pressed", "true")
    settled(person)
    person.get_by_role("button", name="确认").click()
    toast = person.locator(".toast")
    expect(toast).to_contain_text("已处理")
    assert town.one(LATEST.format("kind")) == "CANDIDATE"
    assert town.one(f"SELECT state FROM orphan_case WHERE policy_no = '{bundle}' AND open") == "LOCATED"
    assert int(town.one(WAITING)) < before
    toast.get_by_role("button", name="撤销").click()
    expect(person.locator(".toast")).to_contain_text("已撤销")
    assert town.one(f"SELECT state FROM orphan_case WHERE policy_no = '{bundle}' AND open") == "LOCATION_REVIEW"
    assert int(town.one(WAITING)) == before
    # the same item is on show again
    expect(person.locator(".facts")).to_contain_text(bundle)


def test_the_pin_is_dragged(person: Page, town: City) -> None:
    open_bundle(person, town, sure(town))
    person.wait_for_load_state("networkidle")
    person.get_by_role("button", name="看全部候选").click()
    person.wait_for_timeout(600)
    box = person.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.5 + 60, box["y"] + box["height"] * 0.5 + 60
    person.mouse.click(x, y)
    pin = person.locator(".taken")
    expect(pin).to_be_visible()
    dropped = pin.inner_text()
    person.wait_for_timeout(400)
    person.mouse.move(x, y - 20)  # the head of the pin
    person.mouse.down()
    person.mouse.move(x + 40, y - 50, steps=6)
    person.mouse.move(x + 80, y - 60, steps=6)
    person.mouse.up()
    expect(pin).not_to_have_text(dropped)
    lon, lat = (float(each) for each in pin.inner_text().split("\n")[-1].split(","))
    was_lon, was_lat = (float(each) for each in dropped.split("\n")[-1].split(","))
    assert lon > was_lon
    assert lat > was_lat
    person.get_by_label("仅此一条").check()
    settled(person)
    if person.locator(".effect").inner_text().count("外市"):
        person.get_by_role("button", name="确认").click()
    person.get_by_role("button", name="确认").click()
    expect(person.locator(".toast")).to_contain_text("已处理 1 个地址")
    assert town.one(LATEST.format("kind || scope")) == "POINTTHIS"
    assert abs(float(town.one(LATEST.format("ST_X(point)"))) - lon) < 1e-5
    assert abs(float(town.one(LATEST.format("ST_Y(point)"))) - lat) < 1e-5


def test_with_the_keyboard_alone(person: Page, town: City) -> None:
    person.keyboard.press("?")
    expect(person.get_by_role("dialog")).to_contain_text("按键一览")
    person.keyboard.press("Escape")
    expect(person.get_by_role("dialog")).to_have_count(0)
    person.keyboard.press("j")
    rows = person.locator(".row")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    expect(person.locator(".side h2")).to_be_visible()
    person.keyboard.press("j")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    person.keyboard.press("k")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    expect(person.locator(".side")).to_have_attribute("aria-busy", "false")
    person.keyboard.press("p")
    pin = person.locator(".taken")
    expect(pin).to_be_visible()
    placed = pin.inner_text()
    person.keyboard.press("Shift+ArrowRight")
    expect(pin).not_to_have_text(placed)
    bundle = person.locator(".facts .number").inner_text()
    person.keyboard.press("n")
    person.keyboard.press("2")
    expect(person.get_by_label("查无此地")).to_be_checked()
    settled(person)
    person.keyboard.press("Enter")
    expect(person.locator(".toast")).to_contain_text("已处理")
    assert town.one(LATEST.format("kind || ' ' || reason")) == "NOT_LOCATABLE NO_SUCH_PLACE"
    assert town.one(f"SELECT state FROM orphan_case WHERE policy_no = '{bundle}' AND open") == "LOCATED"
    # on to the next one by itself
    expect(person.locator(".side h2")).to_be_visible()
    expect(person.locator(".facts")).not_to_contain_text(bundle)
    person.keyboard.press("u")
    expect(person.locator(".toast")).to_contain_text("已撤销")
    expect(person.locator(".facts")).to_contain_text(bundle)
    assert town.one(f"SELECT state FROM orphan_case WHERE policy_no = '{bundle}' AND open") == "LOCATION_REVIEW"


def test_a_decision_of_another_is_undone_with_a_reason(person: Page, town: City) -> None:
    bundle = sure(town)
    person.get_by_label("复核人").fill("甲")
    open_bundle(person, town, bundle)
    person.locator(".choice").first.click()
    settled(person)
    person.locator(".confirm").click()
    expect(person.locator(".toast")).to_contain_text("已处理")
    person.get_by_label("复核人").fill("乙")
    person.get_by_role("button", name=re.compile("^记录")).click()
    card = person.get_by_role("dialog")
    first = card.locator("li").first
    expect(first).to_contain_text("甲")
    undo = first.get_by_role("button", name="撤销")
    undo.click()
    expect(undo).to_be_disabled()
    first.get_by_label("撤销他人的决定，请写明原因").fill("看错了楼盘")
    undo.click()
    expect(first).to_contain_text("乙 已撤销：看错了楼盘")
    assert town.one(LATEST.format("decided_by || undone_by || undone_reason")) == "甲乙看错了楼盘"
    assert town.one(f"SELECT state FROM orphan_case WHERE policy_no = '{bundle}' AND open") == "LOCATION_REVIEW"
    person.keyboard.press("Escape")
    expect(card).to_have_count(0)
    person.get_by_label("复核人").fill("")


def test_escape_gives_the_item_back(person: Page, town: City) -> None:
    person.keyboard.press("g")
    expect(person.locator(".confirm")).to_be_visible()
    assert town.one("SELECT count(*) FROM location_review WHERE claim IS NOT NULL") == "1"
    with person.expect_response("**/claim/release"):
        person.keyboard.press("Escape")
    expect(person.locator(".pick")).to_be_visible()
    assert town.one("SELECT count(*) FROM location_review WHERE claim IS NOT NULL") == "0"


def test_letters_in_a_field_are_letters(person: Page, town: City) -> None:
    person.keyboard.press("Enter")
    expect(person.locator(".confirm")).to_be_visible()
    field = person.get_by_label("复核人")
    field.fill("")
    field.press_sequentially("nupj1")
    expect(field).to_have_value("nupj1")
    expect(person.locator(".reasons")).to_have_count(0)
    person.reload()
    expect(person.get_by_label("复核人")).to_have_value("nupj1")


def reviewer(context: BrowserContext, name: str) -> Page:
    context.add_init_script(f"localStorage.setItem('guidan.reviewer', '{name}')")
    page, _ = watch(context)  # the browser itself reports the 409
    page.goto("/review")
    expect(page.locator(".row").first).to_be_visible()
    return page


def test_two_people_never_have_the_same_item(browser: Browser, town: City) -> None:
    contexts = [browser.new_context(base_url=town.address, viewport={"width": 1440, "height": 900}) for _ in range(2)]
    first, second = (reviewer(context, name) for context, name in zip(contexts, ("甲", "乙"), strict=True))
    bundles = []
    for page in (first, second):
        page.keyboard.press("g")
        expect(page.locator(".confirm")).to_be_visible()
        bundles.append(page.locator(".facts .number").inner_text())
    assert bundles[0] != bundles[1]
    assert town.one(f"SELECT claimed_by FROM location_review WHERE bundle_no = '{bundles[0]}'") == "甲"
    number = town.one(f"SELECT id FROM location_review WHERE bundle_no = '{bundles[0]}'")
    second.goto(f"/review#/{number}")
    second.reload()
    expect(second.locator(".notice")).to_contain_text("甲 正在复核")
    expect(second.locator(".confirm")).to_have_count(0)
    expect(second.locator(".choice").first).to_be_disabled()
    assert not re.search(r"\d+(?:幢|室)", second.locator(".side h2").inner_text())
    # gone from the page, free for others
    contexts[0].close()
    second.wait_for_timeout(500)
    second.get_by_role("button", name="再试领取").click()
    expect(second.locator(".confirm")).to_be_visible()
    assert town.one(f"SELECT claimed_by FROM location_review WHERE bundle_no = '{bundles[0]}'") == "乙"
    contexts[1].close()


def test_the_claim_is_renewed_while_the_item_is_open(browser: Browser, town: City) -> None:
    context = browser.new_context(base_url=town.address)
    page, _ = watch(context)
    page.clock.install()
    page.goto("/review")
    page.clock.run_for(1000)
    page.get_by_role("button", name=re.compile("领取下一条")).click()
    page.clock.run_for(1000)
    expect(page.locator(".confirm")).to_be_visible()
    until = "SELECT max(claimed_until) FROM location_review WHERE claim IS NOT NULL"
    was = town.one(until)
    with page.expect_response("**/claim/renew"):
        page.clock.run_for(61_000)
    assert town.one(until) > was
    context.close()


def test_nothing_waits(browser: Browser, empty_address: str) -> None:
    context = browser.new_context(base_url=empty_address)
    page, seen = watch(context)
    page.goto("/review")
    expect(page.locator(".none")).to_contain_text("没有等待复核的地址")
    page.keyboard.press("Enter")
    expect(page.locator(".pick")).to_contain_text("没有可领取的条目")
    context.close()
    assert seen.complaints == []


def test_a_filter_that_fits_nothing_is_cleared(person: Page) -> None:
    person.get_by_role("searchbox").fill("没有这样的地方")
    expect(person.locator(".none")).to_contain_text("没有符合筛选的地址")
    person.get_by_role("button", name="清除筛选").click()
    expect(person.locator(".row").first).to_be_visible()


def test_without_a_service_it_says_so_and_recovers(browser: Browser, town: City) -> None:
    context = browser.new_context(base_url=town.address)
    page, _ = watch(context)  # the browser reports the refused connections
    page.route("**/api/**", lambda route: route.abort())
    page.goto("/review")
    alert = page.locator(".queue").get_by_role("alert")
    expect(alert).to_contain_text("连不上服务")
    page.unroute("**/api/**")
    alert.get_by_role("button", name="重试").click()
    expect(page.locator(".row").first).to_be_visible()
    context.close()


def test_the_main_page_leads_there(browser: Browser, town: City) -> None:
    context = browser.new_context(base_url=town.address, viewport={"width": 1440, "height": 900})
    page, seen = watch(context)
    page.goto("/")
    page.get_by_role("tab", name="待办").click()
    waiting = town.one("SELECT count(*) FROM orphan_case WHERE state = 'LOCATION_REVIEW'")
    link = page.get_by_role("link", name=re.compile("开始复核"))
    expect(link).to_contain_text(waiting)
    link.click()
    expect(page.locator(".row").first).to_be_visible()
    expect(page).to_have_title(re.compile("位置复核"))
    page.get_by_role("link", name="回到地图").click()
    expect(page.locator("#map canvas").first).to_be_visible()
    context.close()
    assert seen.complaints == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_hangs_over_the_edge(browser: Browser, town: City, width: int) -> None:
    context = browser.new_context(base_url=town.address, viewport={"width": width, "height": 800})
    page, seen = watch(context)
    page.goto("/review")
    page.locator(".row").first.click()
    expect(page.locator(".confirm")).to_be_visible()
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [width, 800]
    assert page.locator(".side .scroll").evaluate("element => element.scrollWidth <= element.clientWidth")
    if width == 390:
        page.locator(".choice").first.scroll_into_view_if_needed()
        page.get_by_role("button", name="回到队列").click()
        expect(page.locator(".row").first).to_be_visible()
    context.close()
    assert seen.complaints == []


@pytest.mark.parametrize(
    ("show", "language"),
    [("queue", "zh"), ("item", "zh"), ("not", "zh"), ("keys", "zh"), ("history", "zh"), ("item", "en")],
)
def test_axe_finds_nothing(browser: Browser, town: City, show: str, language: str) -> None:
    # axe is put into the page by the test; the page's own policy for content would rightly refuse it
    context = browser.new_context(
        base_url=town.address, viewport={"width": 1440, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    context.add_init_script(f"localStorage.setItem('guidan.language', '{language}')")
    page, _ = watch(context)
    page.goto("/review")
    expect(page.locator(".row").first).to_be_visible()
    if show in ("item", "not"):
        page.keyboard.press("g")
        expect(page.locator(".confirm")).to_be_visible()
    if show == "not":
        page.keyboard.press("n")
        expect(page.locator(".reasons")).to_be_visible()
        expect(page.locator(".effect strong")).to_be_visible()
    if show in ("keys", "history"):
        page.keyboard.press("?" if show == "keys" else "h")
        expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})")
    context.close()
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
