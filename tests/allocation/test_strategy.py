"""The configuration: the rulebook's numbers by default, stored without loss, unknown settings refused."""

from dataclasses import FrozenInstanceError

import pytest

from app.allocation.strategy import Strategy


def test_the_defaults_are_the_rulebook_s() -> None:
    strategy = Strategy()
    assert (strategy.notice_days, strategy.lapse_months) == (30, 6)
    assert (strategy.location_hold_days, strategy.hold_ends_before_notice_days) == (7, 5)
    assert (strategy.region_before_servicer, strategy.received_window_days) == (False, 90)


def test_a_version_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        Strategy().lapse_months = 3  # type: ignore[misc]


def test_stored_and_read_again() -> None:
    strategy = Strategy(version=7, lapse_months=3, accept_confidence=0.5, region_before_servicer=True)
    assert "version" not in strategy.to_config()
    assert Strategy.from_config(7, strategy.to_config()) == strategy


def test_missing_settings_take_the_default() -> None:
    assert Strategy.from_config(2, {"notice_days": 20}) == Strategy(version=2, notice_days=20)


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"strategy 2: .*grace_days"):
        Strategy.from_config(2, {"grace_days": 1, "lapse_months": 6})
