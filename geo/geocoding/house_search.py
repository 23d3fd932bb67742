"""Candidates by road and number: the house itself, a point between its neighbours, the road."""

from __future__ import annotations

import numpy as np

from geo.address.compiled import compiled
from geo.geocoding.distance import metres
from geo.geocoding.index import (
    BY_HOUSE,
    BY_INTERPOLATION,
    BY_ROAD,
    CAPACITY,
    F32,
    I64,
    Records,
)

# Positions in `evidence.EVIDENCE` that this step fills.
EXACT, BRANCH, INTERPOLATED, GAP, ONE_SIDED, DIFFERENCE, ROAD_ONLY = 13, 14, 20, 21, 22, 23, 33


@compiled
def add(
    candidates: Records, evidence: F32, count: int, place: int, near: int, lon: float, lat: float, how: int
) -> tuple[int, int]:
    """(column of this place among the candidates, new count); column -1 if there is no room."""
    if place >= 0:
        for c in range(count):
            if candidates[c].place == place:
                candidates[c].how |= how
                return c, count
    if count == CAPACITY:
        return -1, count
    candidates[count].place, candidates[count].near = place, near
    candidates[count].lon, candidates[count].lat = lon, lat
    candidates[count].how, candidates[count].exact = how, 0
    for k in range(evidence.shape[1]):
        evidence[count, k] = 0.0
    return count, count + 1


@compiled
def road_range(road_first: I64, houses: Records, road: int, city: int) -> tuple[int, int]:
    """The houses of a road in a city (in all cities if -1)."""
    low, high = road_first[road], road_first[road + 1]
    if city < 0 or low == high or (houses[low].city == city and houses[high - 1].city == city):
        return low, high
    a, b = low, high
    while a < b:
        middle = (a + b) // 2
        if houses[middle].city < city:
            a = middle + 1
        else:
            b = middle
    begin = a
    b = high
    while a < b:
        middle = (a + b) // 2
        if houses[middle].city <= city:
            a = middle + 1
        else:
            b = middle
    return begin, a


@compiled
def add_houses(
    places: Records,
    road_first: I64,
    houses: Records,
    city: int,
    district: int,
    mentions: I64,
    known: int,
    candidates: Records,
    evidence: F32,
    count: int,
) -> int:
    """Houses of the same road and number; else a point between neighbours; else the road. Returns the new count."""
    for m in range(known):
        low, high = road_range(road_first, houses, mentions[m, 0], city)
        number, branch, lane = mentions[m, 1], mentions[m, 2], mentions[m, 6]
        if high <= low:
            continue
        exact = 0
        if number >= 0:
            own_kind = False
            for h in range(low, high):
                own_kind = own_kind or (houses[h].number == number and houses[h].lane == lane)
            for h in range(low, high):
                if houses[h].number != number or (own_kind and houses[h].lane != lane):
                    continue
                p = houses[h].place
                c, count = add(candidates, evidence, count, p, p, places[p].lon, places[p].lat, BY_HOUSE)
                if c >= 0:
                    same = houses[h].branch == branch and houses[h].lane == lane
                    evidence[c, EXACT if same else BRANCH] = 1.0
                    if same:
                        candidates[c].exact = 1
                    exact += 1
            if exact <= 1 or district >= 0:
                count = interpolate(
                    places, houses, low, high, number, lane, exact > 0, district, candidates, evidence, count
                )
        if count == 0 or (number < 0 and m == known - 1):
            count = road_point(places, houses, low, high, district, candidates, evidence, count)
    return count


@compiled
def interpolate(
    places: Records,
    houses: Records,
    low: int,
    high: int,
    number: int,
    lane: int,
    strict: bool,
    district: int,
    candidates: Records,
    evidence: F32,
    count: int,
) -> int:
    """A point between the nearest lower and higher numbers of the same kind and side, else of the same kind, else, unless `strict`, of
    any (lanes stand in the order of houses); with one neighbour, that one."""
    below, above = -1, -1
    for leniency in range(2 if strict else 3):
        for h in range(low, high):
            n = houses[h].number
            if n < 0 or n == number:
                continue
            if (leniency == 0 and (n - number) % 2 != 0) or (leniency < 2 and houses[h].lane != lane):
                continue
            if district >= 0 and places[houses[h].place].district != district:
                continue
            if n < number and (below < 0 or n > houses[below].number):
                below = h
            if n > number and (above < 0 or n < houses[above].number):
                above = h
        if below >= 0 or above >= 0:
            break
    if below < 0 and above < 0:
        return count
    one = below < 0 or above < 0
    near = (
        below if above < 0 or (below >= 0 and number - houses[below].number <= houses[above].number - number) else above
    )
    p = houses[near].place
    lon, lat, width = places[p].lon, places[p].lat, 0.0
    nearest = abs(houses[near].number - number)
    if not one:
        a, b = houses[below].place, houses[above].place
        width = metres(places[a].lon, places[a].lat, places[b].lon, places[b].lat)
        if width <= 3000.0:
            share = (number - houses[below].number) / (houses[above].number - houses[below].number)
            lon = places[a].lon + share * (places[b].lon - places[a].lon)
            lat = places[a].lat + share * (places[b].lat - places[a].lat)
    c, count = add(candidates, evidence, count, -1, p, lon, lat, BY_INTERPOLATION)
    if c >= 0:
        evidence[c, INTERPOLATED] = 1.0
        evidence[c, GAP] = np.log(1.0 + width / 50.0)
        evidence[c, ONE_SIDED] = 1.0 if one else 0.0
        evidence[c, DIFFERENCE] = np.log(1.0 + nearest)
    return count


@compiled
def road_point(
    places: Records, houses: Records, low: int, high: int, district: int, candidates: Records, evidence: F32, count: int
) -> int:
    """The house nearest to the middle of all houses of the road (in the stated district, if it has any)."""
    inside = 0
    for h in range(low, high):
        if places[houses[h].place].district == district:
            inside += 1
    lon, lat, n = 0.0, 0.0, 0
    for h in range(low, high):
        p = houses[h].place
        if inside == 0 or places[p].district == district:
            lon += places[p].lon
            lat += places[p].lat
            n += 1
    lon, lat = lon / n, lat / n
    best, distance, total = -1, 1e18, 0.0
    for h in range(low, high):
        p = houses[h].place
        if inside == 0 or places[p].district == district:
            d = metres(lon, lat, places[p].lon, places[p].lat)
            total += d
            if d < distance:
                best, distance = p, d
    c, count = add(candidates, evidence, count, -1, best, places[best].lon, places[best].lat, BY_ROAD)
    if c >= 0:
        evidence[c, ROAD_ONLY] = 1.0
        evidence[c, GAP] = np.log(1.0 + (total / n) / 50.0)
        evidence[c, ONE_SIDED] = 1.0 if n == 1 else 0.0
    return count
