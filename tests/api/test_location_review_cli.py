"""`guidan review` from a shell, on the same store as the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.cli import app as program
from app.errors import AppError

from .reviews import allocate, households, location_of, state_of


@pytest.fixture
def guidan(world_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the program on the test's world: exit code, and what it printed, read as JSON."""
    monkeypatch.setenv("DATABASE_URL", world_url)
    monkeypatch.setenv("GUIDAN_TODAY", "2026-03-10")

    def run(*words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(program, [*words, "--json"])
        assert result.exit_code == code, result.output + repr(result.exception)
        return json.loads(result.stdout) if code == 0 else result

    return run


def test_from_the_queue_to_the_team_and_back(guidan: Any, world: Engine) -> None:
    with world.begin() as connection:
        nos = households(connection, 1, 2)
    assert guidan("allocate", "--as-of", "2026-03-10")["by_state"] == {"LOCATION_REVIEW": 2}
    listed = guidan("review", "list")
    assert [each["bundle_no"] for each in listed["items"]] == nos
    assert listed["figures"]["items"] == 2
    got = guidan("review", "next", "--by", "甲")
    (item,) = got["items"]
    assert item["address"].endswith("1幢0101室")
    common = ["review", "decide", str(item["id"]), "--point", "120.025,30.005", "--crs", "CGCS2000", "--by", "甲"]
    seen = guidan(*common, "--dry-run")
    assert (seen["addresses"], seen["cases_located"]) == (2, 2)
    assert state_of(world, nos[0]) == "LOCATION_REVIEW"
    told = guidan(*common, "--claim", got["claim"])
    assert told["located_policy_nos"] == nos
    run = guidan("allocate", "--as-of", "2026-03-10", "--confirm")
    assert run["by_rung"] == {"REGION_OWNER": 2}
    assert guidan("explain", nos[1])["team_code"] == "T-E2"
    back = guidan("review", "undo", str(told["id"]), "--by", "甲")
    assert [each["policy_no"] for each in back["allocated"]] == nos
    assert location_of(world, nos[0])["provider"] == "gazetteer"
    assert guidan("census")["ok"] is True


def test_not_locatable_and_words_that_do_not_fit(guidan: Any, world: Engine) -> None:
    with world.begin() as connection:
        (no,) = households(connection, 1, 1)
    allocate(world)
    got = guidan("review", "next", "--by", "甲")
    item = str(got["items"][0]["id"])
    guidan("review", "decide", item, code=2)
    guidan("review", "decide", item, "--point", "here", "--crs", "WGS84", code=2)
    guidan("review", "decide", item, "--not-locatable", "PERHAPS", code=2)
    refused = guidan("review", "decide", item, "--point", "120.025,30.005", "--claim", got["claim"], code=1)
    assert isinstance(refused.exception, AppError)
    assert refused.exception.code == "CRS_UNDECLARED"
    unclaimed = guidan("review", "decide", item, "--not-locatable", "OTHER", code=1)
    assert unclaimed.exception.code == "LOCATION_REVIEW_NOT_CLAIMED"
    guidan("review", "decide", item, "--not-locatable", "OTHER", "--claim", got["claim"], "--by", "甲")
    assert state_of(world, no) == "LOCATED"
    assert guidan("review", "next", "--by", "甲")["items"] == []
    other = guidan("review", "undo", "1", "--by", "乙", code=1)
    assert other.exception.code == "UNDO_REASON_MISSING"
    assert guidan("review", "undo", "1", "--by", "乙", "--reason", "有门牌")["cases_waiting"] == 1


def test_without_json_it_speaks(world_url: str, world: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", world_url)
    monkeypatch.setenv("GUIDAN_TODAY", "2026-03-10")
    with world.begin() as connection:
        households(connection, 1, 1)
    allocate(world)
    listed = CliRunner().invoke(program, ["review", "list"])
    assert listed.exit_code == 0
    assert "guidan review next" in listed.stdout
    claimed = CliRunner().invoke(program, ["review", "next"])
    assert "guidan review decide" in claimed.stdout
    nothing = CliRunner().invoke(program, ["review", "next"])
    assert "没有可领取的条目" in nothing.stdout
