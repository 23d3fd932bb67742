"""POST /addresses/geocode and /addresses/geocode/batch: where addresses are, whose they are, and whether that is sure enough."""

from typing import Any

import polars as pl
from fastapi import APIRouter

from app.addresses.judge import judge, judge_one
from app.addresses.schemas import (
    GeocodeBatchIn,
    Geocoded,
    GeocodedBatch,
    GeocodedOne,
    GeocodeIn,
    PlaceCandidate,
    TerritoryShare,
)
from app.allocation.single import known_on
from app.deps import CurrentPrincipal, ReadConnection, Today
from app.locating.geocoder import current_geocoder
from app.problems import documented
from app.strict import StrictRoute

router = APIRouter(route_class=StrictRoute)


# A POST, because an address is personal data: queries end up in logs.
@router.post("/addresses/geocode", operation_id="geocode", tags=["addresses"], responses=documented(400, 413, 415))
def geocode(connection: ReadConnection, principal: CurrentPrincipal, today: Today, asked: GeocodeIn) -> GeocodedOne:
    """Where one address is, with the places that it may mean. Offline; nothing is stored."""
    geocoder, _ = current_geocoder(connection)
    strategy, areas = known_on(connection, asked.on or today)
    found, candidates = geocoder.answer(asked.text, asked.candidates, asked.city)
    row = _spelt(judge_one(found, areas, strategy))
    return GeocodedOne.model_construct(
        **row,
        candidates=[
            PlaceCandidate.model_construct(**(each._asdict() | {"belief": each.confidence})) for each in candidates
        ],
    )


@router.post(
    "/addresses/geocode/batch", operation_id="geocodeMany", tags=["addresses"], responses=documented(400, 413, 415)
)
def geocode_many(
    connection: ReadConnection, principal: CurrentPrincipal, today: Today, asked: GeocodeBatchIn
) -> GeocodedBatch:
    """Where up to 1,000 addresses are."""
    geocoder, _ = current_geocoder(connection)
    strategy, areas = known_on(connection, asked.on or today)
    texts = pl.Series("text", asked.texts, dtype=pl.String)
    prior = None if asked.city is None else pl.Series([asked.city] * len(texts), dtype=pl.String)
    rows = judge(geocoder.geocode(texts, prior_city=prior), areas, strategy).to_dicts()
    return GeocodedBatch.model_construct(items=[Geocoded.model_construct(**_spelt(row)) for row in rows])


def _spelt(row: dict[str, Any]) -> dict[str, Any]:
    """Reasons and shares as lists, and without what is not told."""
    shares = (each.rsplit(":", 1) for each in row["territories"].split(";") if each)
    told = {name: value for name, value in row.items() if name != "within"}
    return told | {
        "reasons": row["reasons"].split(";") if row["reasons"] else [],
        "territories": [TerritoryShare.model_construct(team_code=code, share=float(share)) for code, share in shares],
    }
