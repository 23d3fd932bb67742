"""The province's strategy: every number and switch of the rulebook that is configuration, as one frozen value."""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Strategy:
    """A version of the configuration. The defaults are those of the rulebook.

    Days are calendar days. `accept_confidence` is the least confidence (0–1) at which a geocoded point counts.
    """

    version: int = 1
    notice_days: int = 30
    """Notice is due this long after the leaver's formalities (保险销售行为管理办法 art. 36)."""
    lapse_months: int = 6
    """A self-sold policy lapsed this many calendar months or more becomes an orphan; the only number the measures give."""
    location_hold_days: int = 7
    """A too coarse or unsure address waits for a person at most this long after the first event (rulebook 4.5)."""
    hold_ends_before_notice_days: int = 5
    """… and never past this many days before the notice is due."""
    accept_confidence: float = 0.9
    region_before_servicer: bool = False
    """Ask rung 3 (and 4) before rung 2."""
    default_agent_capacity: int = 150
    """Policies an agent can service when no capacity of their own is known."""
    received_window_days: int = 90
    """Distribution looks back this far for what an agent has received."""

    def to_config(self) -> dict[str, Any]:
        """The configuration as stored in `strategy.config`: everything but the version."""
        config = asdict(self)
        del config["version"]
        return config

    @classmethod
    def from_config(cls, version: int, config: dict[str, Any]) -> "Strategy":
        """The strategy of a stored row; unknown keys are refused with `ValueError`, missing ones take the default."""
        unknown = config.keys() - ({field.name for field in fields(cls)} - {"version"})
        if unknown:
            raise ValueError(f"strategy {version}: unknown settings {sorted(unknown)}")
        return cls(version=version, **config)
