"""The studio as a person has it: a page with a draft open, pixels of places, and what the draft holds by now."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from playwright.sync_api import Page, expect
from shapely.geometry import shape

from tests.api.world import EAST, NORTH

PLANS = "/api/v1/territory-plans"
SQUARE_DEG2 = 0.01 * 0.01
"""Area of a community of the rulebook's world, in square degrees."""
HALF_WORLD_M = 20_037_508.342789244

Offset = tuple[float, float]


def at(x: float, y: float) -> list[float]:
    """A place of the world by its offset from the origin, in degrees."""
    return [round(EAST + x, 8), round(NORTH + y, 8)]


def typed(*places: Offset) -> str:
    """Places as a person types them."""
    return "\n".join(f"{lon}, {lat}" for lon, lat in (at(*place) for place in places))


@dataclass
class Studio:
    """A page at work on a draft."""

    page: Page
    plan: int
    by: str = "李制图"

    def open(self) -> Studio:
        """Opens the draft and waits until its territories are there."""
        self.page.goto(f"/studio#/plan/{self.plan}")
        self.page.reload()
        drawn = len(self.areas())
        expect(self.page.locator(".list .swatch:not(.none)")).to_have_count(drawn)
        expect(self.page.locator("#map")).to_have_attribute("data-resolution", re.compile(".+"))
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(250)
        return self

    # what the draft holds

    def get(self, path: str) -> Any:
        answer = self.page.request.get(f"{PLANS}/{self.plan}{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def areas(self) -> dict[str, shapely.MultiPolygon]:
        return {one["id"]: shape(one["geometry"]) for one in self.get("/territories")["features"]}

    def sizes(self) -> dict[str, float]:
        """Territories in communities' areas."""
        return {team: round(area.area / SQUARE_DEG2, 2) for team, area in self.areas().items()}

    def version(self) -> int:
        found: int = self.get("")["version"]
        return found

    def last(self) -> str:
        """The verb of the newest step."""
        found: str = self.get("/edits")["items"][0]["verb"]
        return found

    def edit(self, by: str | None = None, version: int | None = None, **edit: Any) -> Any:
        """An edit that does not come from the page."""
        body = {"by": by or self.by, "version": self.version() if version is None else version, "edit": edit}
        return self.page.request.post(f"{PLANS}/{self.plan}/edits", data=body)

    # the hand

    def pixel(self, x: float, y: float) -> Offset:
        """Where on the screen a place is."""
        canvas = self.page.locator("#map")
        centre = (canvas.get_attribute("data-centre") or "").split(",")
        resolution = float(canvas.get_attribute("data-resolution") or "nan")
        box = canvas.bounding_box()
        assert box is not None
        lon, lat = at(x, y)
        east = lon / 180 * HALF_WORLD_M
        north = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) / math.pi * HALF_WORLD_M
        return (
            box["x"] + box["width"] / 2 + (east - float(centre[0])) / resolution,
            box["y"] + box["height"] / 2 - (north - float(centre[1])) / resolution,
        )

    def click(self, x: float, y: float, **more: Any) -> None:
        """Clicks a place; a click counts as a single one after a quarter of a second."""
        self.page.mouse.move(*self.pixel(x, y))
        self.page.mouse.click(*self.pixel(x, y), **more)
        self.page.wait_for_timeout(350)

    def drag(self, *places: Offset, holding: Callable[[], None] = lambda: None) -> None:
        """Presses at the first place, goes on over the others, lets go at the last. `holding`: what is done before it lets go."""
        mouse = self.page.mouse
        mouse.move(*self.pixel(*places[0]))
        mouse.down()
        for place in places[1:]:
            mouse.move(*self.pixel(*place), steps=8)
        holding()
        mouse.up()

    def draw(self, places: Sequence[Offset]) -> None:
        """Corner by corner, ended by Enter."""
        for place in places:
            self.click(*place)
        self.key("Enter")

    def key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tool(self, name: str) -> None:
        """Takes up a tool by its button."""
        self.page.get_by_role("toolbar").get_by_role("button", name=name).click()
        expect(self.page.get_by_role("toolbar").get_by_role("button", name=name)).to_have_attribute(
            "aria-pressed", "true"
        )

    def receiver(self, team: str) -> None:
        """Chooses who receives."""
        self.page.get_by_label("接收").select_option(team)

    def select(self, team: str) -> None:
        """Selects a region in the list."""
        row = self.page.locator(".list .row").filter(has_text=team)
        row.click()
        expect(row).to_have_attribute("aria-pressed", "true")

    def done(self, verb: str) -> None:
        """The page says that it is done, and so does the draft."""
        expect(self.page.locator(".toast")).to_contain_text(f"已{verb}")

    def waits(self) -> None:
        """An edit waits for its second word."""
        expect(self.page.locator(".word").get_by_role("button", name="执行")).to_be_enabled()
