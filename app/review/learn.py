"""What a decision teaches: a place for the gazetteer, found by all texts that name it once a geocoder is built again."""

from typing import Any

from sqlalchemy import Connection, text

_INSERT = text(
    """
    INSERT INTO learned_place (decision_id, name, kind, city, district, subdistrict, road, number, address, point)
    VALUES (:decision, :name, :kind, :city, :district, :subdistrict, :road, :number, :address, ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))
    """
)


def level_of(parts: dict[str, Any]) -> str:
    """The match level of a point put onto what an address names (`geo.geocoding.key`): an estate, a house, a village, a road."""
    if parts["estate"] is not None:
        return "COMPOUND"
    if parts["road"] is not None:
        return "DOOR" if parts["number"] is not None else "ROAD"
    return "COMMUNITY" if parts["village"] is not None else "DOOR"


def learn(connection: Connection, decision_id: int, parts: dict[str, Any], point: tuple[float, float]) -> None:
    """Keep the place that an address names, at a point in CGCS2000 degrees; neither building nor room is kept."""
    house = "".join(filter(None, (parts["road"], parts["number"]))) or None
    connection.execute(
        _INSERT,
        {
            "decision": decision_id,
            "name": parts["estate"] or parts["village"] or house,
            "kind": level_of(parts),
            **{name: parts[name] for name in ("city", "district", "road", "number")},
            "subdistrict": parts["town"],
            "address": "".join(
                filter(
                    None, (parts["city"], parts["district"], parts["town"], house, parts["estate"] or parts["village"])
                )
            ),
            "lon": point[0],
            "lat": point[1],
        },
    )
