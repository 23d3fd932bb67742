"""What axe-core finds, and the policy for content."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .conftest import City, watch

LONGEST_TRAIL = (
    "SELECT policy_no FROM orphan_case JOIN decision d ON d.id = decision_id"
    " ORDER BY length(CAST(trail AS text)) DESC, policy_no LIMIT 1"
)

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.parametrize(
    ("show", "language"),
    [(show, "zh") for show in ("overview", "work", "teams", "case", "team", "point", "unknown")]
    + [("overview", "en"), ("case", "en")],
)
def test_axe_finds_nothing(browser: Browser, city: City, show: str, language: str) -> None:
    policy = city.one(LONGEST_TRAIL)
    team = city.one("SELECT team_code FROM published_territory ORDER BY 1")
    hashes = {
        "case": f"#/case/{policy}",
        "team": f"#/team/{team}",
        "point": "#/point/121.5,31.2",
        "unknown": "#/case/NOBODY",
    }
    # axe is put into the page by the test; the page's own policy for content would rightly refuse it
    context = browser.new_context(base_url=city.address, viewport={"width": 1440, "height": 900}, bypass_csp=True)
    context.add_init_script(f"localStorage.setItem('guidan.language', '{language}')")
    page, _ = watch(context)
    page.goto(f"/{hashes.get(show, '')}")
    expect(page.locator("#map canvas").first).to_be_visible()
    page.get_by_role("tab").nth({"work": 1, "teams": 2}.get(show, 0)).click()
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})")
    context.close()
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_the_page_lives_with_its_policy(browser: Browser, city: City) -> None:
    context = browser.new_context(base_url=city.address)
    page, seen = watch(context)
    answer = page.goto("/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    expect(page.locator("#map canvas").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    context.close()
    assert seen.complaints == []
