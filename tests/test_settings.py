from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from app import settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(f"GUIDAN_{name.upper()}", raising=False)


def test_defaults_serve_loopback_from_a_private_cluster() -> None:
    loaded = settings.load()
    assert loaded.database_url is None
    assert loaded.host == "127.0.0.1"
    assert loaded.today is None


@pytest.mark.parametrize(
    ("uid", "home"), [(0, Path("/var/lib/guidan")), (1000, Path("/home/wang/.local/state/guidan"))]
)
def test_home_depends_on_the_user(monkeypatch: pytest.MonkeyPatch, uid: int, home: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    monkeypatch.setenv("HOME", "/home/wang")
    assert settings.load().home == home


def test_environment_is_read_when_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/guidan")
    monkeypatch.setenv("GUIDAN_HOME", "relative/home")
    monkeypatch.setenv("GUIDAN_TODAY", "2026-03-10")
    monkeypatch.setenv("GUIDAN_PORT", "")
    loaded = settings.load()
    assert loaded.database_url == "postgresql://db/guidan"
    assert loaded.home == tmp_path / "relative" / "home"
    assert loaded.today == date(2026, 3, 10)
    assert loaded.port == settings.Settings.model_fields["port"].default


@pytest.mark.parametrize(("name", "value"), [("PORT", "70000"), ("TODAY", "10.03.2026"), ("LOG_LEVEL", "loud")])
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"GUIDAN_{name}", value)
    with pytest.raises(ValidationError):
        settings.load()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        settings.load().port = 1  # type: ignore[misc]
