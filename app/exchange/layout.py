"""The files of the interchange folder: their columns, what a column may hold, and the table that takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Final

from app.fields import FIRST_DAY, LAST_DAY
from app.models import ADDRESS_KINDS, PLACE_KINDS, REASONS

LONGEST_CODE: Final = 64
LONGEST_TEXT: Final = 500
"""Characters. An address' text is part of a unique key: at four bytes each it must stay below a B-tree entry's 2,704 bytes."""

LARGEST_INTEGER: Final = 2_147_483_647
FOREVER: Final = date(9999, 12, 31)
"""What core systems write where there is no end."""


class Kind(Enum):
    """What the text of a field is turned into."""

    CODE = auto()
    TEXT = auto()
    WORD = auto()
    DATE = auto()
    INTEGER = auto()
    MONEY = auto()
    BOOLEAN = auto()
    CODES = auto()
    DEGREES = auto()


@dataclass(frozen=True)
class Column:
    """A column of a CSV file.

    `words`: the values of a WORD. `default`: what an empty field means, where it does not mean unknown. `refers_to`: the table
    whose code it must be; `at_level`: of organisations, only these. `optional`: the header may leave it out. `personal`:
    phones and names of people are dropped from it before it is stored.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    words: tuple[str, ...] = ()
    default: bool | str | None = None
    refers_to: str | None = None
    at_level: str | None = None
    first_day: date = FIRST_DAY
    last_day: date = LAST_DAY
    optional: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Layout:
    """A file of the folder. `key`: the table's columns that tell one row from another; `given_key`: the file's columns of it.

    `whole`: rows refer to rows of the same file, so it is looked at in one piece. `immutable`: a stored row never changes.
    """

    file: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    whole: bool = False
    immutable: bool = False

    @property
    def has_points(self) -> bool:
        """Whether records carry a coordinate."""
        return any(column.kind is Kind.DEGREES for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name. Raises `KeyError`."""
        return next(column for column in self.columns if column.name == name)


def _code(name: str, *, required: bool = False, to: str | None = None, level: str | None = None) -> Column:
    return Column(name, Kind.CODE, required, refers_to=to, at_level=level)


def _word(name: str, *words: str, required: bool = True, default: str | None = None) -> Column:
    return Column(name, Kind.WORD, required, words=words, default=default)


def _day(name: str, *, required: bool = False, last: date = LAST_DAY) -> Column:
    return Column(name, Kind.DATE, required, last_day=last)


def _flag(name: str, default: bool | None) -> Column:
    return Column(name, Kind.BOOLEAN, default=default)


FORCES: Final = ("COLLECTION", "MARKETING")
TIERS: Final = ("province", "city", "branch")

ORGANISATIONS: Final = Layout(
    "organisations.csv",
    "organisation",
    (
        _code("code", required=True),
        _word("level", *TIERS),
        _code("parent_code"),
        Column("name", required=True),
    ),
    ("code",),
    whole=True,
)

TEAMS: Final = Layout(
    "teams.csv",
    "team",
    (
        _code("code", required=True),
        _code("branch_code", required=True, to="organisation", level="branch"),
        Column("name", required=True),
        _word("force", *FORCES),
        _flag("takes_part", True),
        Column("capacity", Kind.INTEGER),
        _code("successor_code"),
        _day("founded_on"),
        _day("ended_on", last=FOREVER),
    ),
    ("code",),
    whole=True,
)

AGENTS: Final = Layout(
    "agents.csv",
    "agent",
    (
        _code("code", required=True),
        _code("team_code", required=True, to="team"),
        Column("name"),
        _flag("is_lead", False),
        _word("state", "01", "02", "03", "04", required=False, default="01"),
        _flag("qualified", True),
        Column("capacity", Kind.INTEGER),
        _day("leave_from"),
        _day("leave_to", last=FOREVER),
        Column("community_codes", Kind.CODES),
    ),
    ("code",),
)

POLICYHOLDERS: Final = Layout(
    "policyholders.csv",
    "policyholder",
    (
        _code("id", required=True),
        Column("name"),
        Column("phone"),
        Column("agent_code", Kind.CODE, refers_to="agent", optional=True),
    ),
    ("id",),
)

_POINT: Final = (Column("lon", Kind.DEGREES), Column("lat", Kind.DEGREES), Column("crs"))

ADDRESSES: Final = Layout(
    "addresses.csv",
    "address",
    (
        _code("policyholder_id", required=True, to="policyholder"),
        _word("kind", *ADDRESS_KINDS),
        Column("text", personal=True),
        *_POINT,
        _code("community_code"),
        _day("updated_on"),
    ),
    ("policyholder_id", "kind", "updated_on", "text"),
)

POLICIES: Final = Layout(
    "policies.csv",
    "policy",
    (
        _code("policy_no", required=True),
        _code("policyholder_id", required=True, to="policyholder"),
        _code("branch_code", required=True, to="organisation", level="branch"),
        Column("product"),
        Column("premium", Kind.MONEY),
        _code("combination_id"),
        _day("effective_on"),
        Column("term_years", Kind.INTEGER),
        _word("status", "IN_FORCE", "LAPSED", "ENDED"),
        _day("lapsed_on"),
        _code("seller_code", to="agent"),
        _code("servicer_code", to="agent"),
        _day("servicer_since"),
        _flag("served_by_collection", None),
    ),
    ("policy_no",),
)

EVENTS: Final = Layout(
    "events.csv",
    "orphan_event",
    (
        _code("event_id", required=True),
        _code("policy_no", required=True, to="policy"),
        _word("reason", *REASONS),
        _day("event_on", required=True),
        _code("origin_agent_code", to="agent"),
        _day("formalities_on"),
        Column("approval_ref"),
        _code("designated_agent_code", to="agent"),
    ),
    ("event_id",),
    immutable=True,
)

GAZETTEER: Final = Layout(
    "gazetteer.csv",
    "gazetteer_place",
    (
        _code("id", required=True),
        Column("name"),
        _word("kind", *PLACE_KINDS),
        *(Column(name) for name in ("province", "city", "district", "subdistrict", "road", "number", "address")),
        Column("lon", Kind.DEGREES, required=True),
        Column("lat", Kind.DEGREES, required=True),
        Column("crs"),
        Column("source"),
    ),
    ("id",),
)


@dataclass(frozen=True)
class AreaLayout:
    """A GeoJSON file: areas named by a property. `united`: several features of one key are one area."""

    file: str
    table: str
    code: str
    refers_to: str | None = None
    at_level: str | None = None
    texts: tuple[str, ...] = ()
    dated: bool = False
    united: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The table's columns that tell one row from another."""
        return (self.code, "effective_from") if self.dated else (self.code,)


BRANCHES: Final = AreaLayout("branches.geojson", "branch_area", "branch_code", "organisation", "branch")
COMMUNITIES: Final = AreaLayout("communities.geojson", "community", "code", texts=("name",))
TERRITORIES: Final = AreaLayout(
    "territories.geojson", "delivered_territory", "team_code", "team", dated=True, united=True
)

FOLDER: Final[tuple[Layout | AreaLayout, ...]] = (
    ORGANISATIONS,
    BRANCHES,
    COMMUNITIES,
    TEAMS,
    AGENTS,
    TERRITORIES,
    POLICYHOLDERS,
    ADDRESSES,
    POLICIES,
    EVENTS,
    GAZETTEER,
)
"""All files, each after those that it refers to."""
