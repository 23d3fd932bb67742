"""Types of the fields that come in over HTTP: what PostgreSQL or the calendar could not take is refused here."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
"""Business dates outside of these are typing errors."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def printable(text: str) -> str:
    """The text itself; raises `ValueError` for control characters, lone surrogates and the like."""
    if _CONTROL.search(text):
        raise ValueError("control characters are not accepted")
    return text


def _iso_day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
        raise ValueError("a date is written YYYY-MM-DD")
    return value


def _in_calendar(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError("the date is out of range")
    return day


Code = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(printable)]
"""A code or number of the core system: 1–64 printable characters."""

Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(printable)]
"""A line of text, such as an address."""

Day = Annotated[date, BeforeValidator(_iso_day), AfterValidator(_in_calendar)]
"""A calendar day, ISO 8601, from 1900 to 2200."""

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]

Crs = Literal["CGCS2000", "WGS84", "GCJ02", "BD09"]


class Input(BaseModel):
    """What a caller sends: unknown members are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    """What a caller gets: every member is always there."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


Level = Literal["UNIT", "DOOR", "COMPOUND", "POI", "COMMUNITY", "ROAD", "SUBDISTRICT", "DISTRICT", "CITY", "NONE"]
"""Match levels, rulebook 4.5."""

CaseState = Literal[
    "REPORTED",
    "PENDING_APPROVAL",
    "REJECTED",
    "POOLED",
    "CLASSIFIED",
    "GROUPED",
    "LOCATION_REVIEW",
    "LOCATED",
    "PROPOSED",
    "CITY_REVIEW",
    "TEAM_POOL",
    "ASSIGNED",
    "SYNC_FAILED",
    "CONFIRMED",
    "SERVICING",
    "RECLAIMED",
    "SUSPENDED",
    "CLOSED",
]
"""Life of a case, rulebook 5.3."""

Rung = Literal[
    "DESIGNATED",
    "CURRENT_SERVICER",
    "REGION_OWNER",
    "REGION_TIE_ORIGIN",
    "REGION_TIE_COMMUNITY",
    "REGION_TIE_LOAD",
    "ORIGIN_TEAM",
    "BRANCH_BALANCE",
    "CITY_REVIEW",
]
"""The ladder, rulebook 5.2."""
