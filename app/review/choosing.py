"""A choice as it comes in, made one that can be acted on: its point in CGCS2000, and in China."""

from app.errors import OutsideChina
from app.review.decide import Choice
from app.review.schemas import ChoiceIn
from app.territories.at import given_place
from geo.crs.plausibility import inside_china


def choice_of(wanted: ChoiceIn) -> Choice:
    """The choice. Raises `CrsUndeclared`, `OutsideChina`."""
    point = None
    if wanted.lon is not None and wanted.lat is not None:
        place = given_place(wanted.lon, wanted.lat, wanted.crs)
        if not inside_china(place.lon, place.lat):
            raise OutsideChina
        point = (place.lon, place.lat)
    return Choice(
        kind=wanted.kind,
        scope=wanted.scope,
        candidate=wanted.candidate,
        point=point,
        reason=wanted.reason,
        note=wanted.note,
        outside_city=wanted.outside_city,
    )
