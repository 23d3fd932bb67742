"""GET /territories/at: who owns a point or an address on a date."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import RowMapping

from app.deps import CurrentPrincipal, ReadConnection, Today
from app.errors import PlaceNotGiven
from app.fields import Crs, Day, Latitude, Line, Longitude
from app.problems import documented
from app.territories.at import Place, geocoded_place, given_place, owners_at
from app.territories.schemas import Owner, OwnersAt

router = APIRouter()


@router.get("/territories/at", operation_id="findOwners", tags=["territories"], responses=documented())
def find_owners(
    connection: ReadConnection,
    principal: CurrentPrincipal,
    today: Today,
    lon: Annotated[Longitude | None, Query(description="Degrees, longitude first", examples=[120.018])] = None,
    lat: Annotated[Latitude | None, Query(description="Degrees", examples=[30.005])] = None,
    crs: Annotated[Crs | None, Query(description="System of the point; it must be declared")] = None,
    address: Annotated[Line | None, Query(description="Instead of a point", examples=["建邺区庐山路188号"])] = None,
    on: Annotated[Day | None, Query(description="Date, today unless given")] = None,
) -> OwnersAt:
    """The teams whose territory covers a point or an address on a date, borders included."""
    place = _place(connection, lon, lat, crs, address)
    day = on or today
    owners = owners_at(connection, place, day)
    return OwnersAt.model_validate(
        {
            "point": {"lon": place.lon, "lat": place.lat},
            "level": place.level,
            "confidence": place.confidence,
            "radius_m": place.radius_m,
            "matched": place.matched,
            "precise": place.precise,
            "date": day,
            "teams": [_owner(row) for row in owners.teams],
            "branch_codes": owners.branch_codes,
            "communities": [dict(row) for row in owners.communities],
        }
    )


def _place(
    connection: ReadConnection, lon: float | None, lat: float | None, crs: str | None, address: str | None
) -> Place:
    if address is not None and lon is None and lat is None:
        return geocoded_place(connection, address)
    if address is None and lon is not None and lat is not None:
        return given_place(lon, lat, crs)
    raise PlaceNotGiven


def _owner(row: RowMapping) -> Owner:
    reason = (
        "ENDED"
        if row["ended"]
        else "NOT_TAKING_PART"
        if not row["takes_part"]
        else "NOT_COLLECTION"
        if not row["collecting"]
        else None
    )
    return Owner.model_validate({**row, "eligible": reason is None, "reason": reason})
