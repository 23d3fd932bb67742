"""Which providers the settings name, with all that asking them needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pydantic import SecretStr

from app.errors import NoProvider, UnknownProvider
from app.provider_settings import NAMES, Online, ProviderAccess
from geo.providers import PREFIX, Access, Provider, provider_named


@dataclass(frozen=True, slots=True)
class Configured:
    """A provider and how it may be asked. `quota`: requests a day; `rate`: requests a second."""

    provider: Provider
    access: Access
    on: bool
    rate: float
    quota: int
    prior: float

    @property
    def name(self) -> str:
        """As it is configured and stored."""
        return self.provider.name

    @property
    def has_key(self) -> bool:
        """A key is there, or none is needed."""
        return bool(self.access.key) or not self.provider.needs_key

    @property
    def public_nominatim(self) -> bool:
        """The server of the OpenStreetMap Foundation: its policy allows one request a second and no batches."""
        return urlsplit(self.access.url).hostname == "nominatim.openstreetmap.org"

    @property
    def fingerprint(self) -> str:
        """Changes with address, key and secret, and tells none of them: a refusal holds for one fingerprint."""
        parts = (self.name, self.access.url, self.access.key, self.access.secret)
        return hashlib.blake2b("\0".join(parts).encode(), digest_size=12, person=b"guidan-access").hexdigest()


def configured(online: Online) -> list[Configured]:
    """Those that are on, in their order. Raises `UnknownProvider`, or `NoProvider` where none is on."""
    if not online.names:
        raise NoProvider
    return [_one(name, online, on=True) for name in online.names]


def all_known(online: Online) -> list[Configured]:
    """Those that are on, then the others. Raises `UnknownProvider`."""
    others = [name for name in NAMES if name not in online.names]
    return [_one(name, online, on=True) for name in online.names] + [_one(name, online, on=False) for name in others]


def _one(name: str, online: Online, *, on: bool) -> Configured:
    provider = provider_named(name, online.geopy_options.get(name.removeprefix(PREFIX)))
    if provider is None:
        raise UnknownProvider
    settings = online.access.get(name) or ProviderAccess()
    access = Access(settings.url or provider.url, _revealed(settings.key), _revealed(settings.secret))
    if name.startswith(PREFIX):
        # geopy keeps address and key among its options.
        options = sorted((online.geopy_options.get(name.removeprefix(PREFIX)) or {}).items())
        access = Access(provider.url, "", repr(options))
    made = Configured(provider, access, on, settings.rate or provider.rate, settings.quota, settings.prior)
    return replace(made, rate=min(made.rate, 1.0)) if made.public_nominatim else made


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
