"""What an installation may configure: one frozen value, read once by the command line or the server and passed down."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.provider_settings import Online


def default_home() -> Path:
    """Where the private cluster and its log live when `GUIDAN_HOME` is not set."""
    if os.geteuid() == 0:
        return Path("/var/lib/guidan")
    return Path("~/.local/state/guidan").expanduser()


def _default_web() -> Path:
    return Path(__file__).resolve().parent.parent / "web" / "dist"


def _absolute(value: object) -> object:
    return Path(value).expanduser().absolute() if isinstance(value, (str, Path)) else value


FullPath = Annotated[Path, BeforeValidator(_absolute)]


class Settings(BaseSettings):
    """Read from the environment; an empty variable counts as not set. Raises pydantic's `ValidationError`."""

    model_config = SettingsConfigDict(
        env_prefix="GUIDAN_", env_ignore_empty=True, frozen=True, extra="forbid", populate_by_name=True
    )

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """SQLAlchemy or libpq address of a PostgreSQL with PostGIS; None means the private cluster under `home`."""

    home: FullPath = Field(default_factory=default_home)
    """Data directory of this installation. Two homes are two independent installations."""

    web: FullPath = Field(default_factory=_default_web)
    """Folder with the built web application; it need not exist."""

    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65535)
    """TCP port of the API; 0 lets the system choose a free one."""

    max_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    """A larger request body is refused before it is parsed."""

    max_upload_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    """A larger file of territories is refused before it is parsed."""

    max_import_bytes: int = Field(default=4 * 1024**3, ge=1024)
    """A larger input file is refused by the command line."""

    today: date | None = None
    """A fixed business date for demonstrations and tests; None follows the clock."""

    pool_size: int = Field(default=10, ge=1)
    """Connections that one process keeps open."""

    pool_overflow: int = Field(default=5, ge=0)
    """Connections that one process may open beyond `pool_size` at a peak."""

    pool_timeout_s: float = Field(default=10.0, gt=0)
    """Seconds that a request waits for a connection before it is answered 503."""

    statement_timeout_ms: int = Field(default=30_000, ge=0)
    """Milliseconds that one statement of a request may run; 0 means no limit. Runs and imports set their own."""

    online: Online = Field(default_factory=Online)
    """Online geocoding providers; none by default."""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")


def load() -> Settings:
    """The settings of this process, from the environment as it is now."""
    return Settings()
