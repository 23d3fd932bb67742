"""Which online geocoding providers may be asked, where, as whom and how often: read from the environment with the other settings."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

NAMES: Final = ("amap", "baidu", "tianditu", "tencent", "nominatim")
"""Providers with settings of their own; geopy's are `geopy:NAME`."""


def _split(value: Any) -> Any:
    return (
        tuple(dict.fromkeys(filter(None, (word.strip().lower() for word in value.split(",")))))
        if isinstance(value, str)
        else value
    )


def _without_slash(value: Any) -> Any:
    return value.strip().rstrip("/") if isinstance(value, str) else value


Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"), BeforeValidator(_without_slash)]
"""Scheme, host, perhaps a path: no user, no query, no last slash."""


class ProviderAccess(BaseSettings):
    """One provider: `GUIDAN_AMAP_KEY`, `GUIDAN_AMAP_QUOTA` …; of a geopy one `GUIDAN_GEOPY_PHOTON_QUOTA` …"""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="forbid")

    key: SecretStr | None = None
    secret: SecretStr | None = None
    """百度: the SK of a key whose requests are signed (SN)."""
    url: Url | None = None
    """Where it is asked in place of its public address: a proxy, an installation of one's own, a test."""
    rate: float | None = Field(default=None, gt=0, le=1000)
    """Requests a second of one process; None takes what the provider allows to anyone."""
    quota: int = Field(default=1000, ge=0)
    """Requests a day of all processes together, retries included."""
    prior: float = Field(default=0.75, gt=0, lt=1)
    """Probability that a precise answer of it is right. The default is no measurement; it is below `accept_confidence`, so that an
    answer which nobody confirms goes to a person."""


class Online(BaseSettings):
    """All that concerns online providers. By default none is on, and nothing leaves the machine."""

    model_config = SettingsConfigDict(
        env_prefix="GUIDAN_PROVIDER_", env_ignore_empty=True, frozen=True, extra="forbid", populate_by_name=True
    )

    names: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), validation_alias="GUIDAN_PROVIDERS"
    )
    """Those that are on, in the order in which they are asked."""
    geopy_options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, validation_alias="GUIDAN_GEOPY_OPTIONS", repr=False
    )
    """Arguments of geopy's classes by geopy's names, as JSON: {"photon": {"domain": "photon.example"}}."""
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    """Seconds to connect, and between two pieces of an answer; a whole answer may take twice as long."""
    attempts: int = Field(default=3, ge=1, le=10)
    """Requests for one question, while the provider is busy or out of order."""
    cache_days: int = Field(default=30, ge=0)
    """Days for which an answer is kept and used again. The terms of a provider may allow less."""
    proxy: str | None = Field(default=None, repr=False)
    """An HTTP proxy for all of them; the usual variables (HTTPS_PROXY) are not read."""
    access: dict[str, ProviderAccess] = Field(default_factory=dict, exclude=True)
    """By name; filled from the environment."""

    @model_validator(mode="after")
    def _read_access(self) -> Self:
        for name in (*NAMES, *self.names):
            if name not in self.access:
                prefix = f"GUIDAN_{name.upper().replace(':', '_')}_"
                self.access[name] = ProviderAccess(_env_prefix=prefix)
        return self
