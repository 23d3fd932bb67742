"""From a parsed text to candidate places with the evidence for each.

Steps per text, in this order: names found in the text → houses with the same road and number → a number between
two known houses → the road alone → evidence that needs the whole. Nothing is accepted here.
"""

from __future__ import annotations

import numpy as np

from geo.address.compiled import compiled, entry
from geo.address.tail import find_unit, read_mentions
from geo.geocoding.evidence import WIDTH, weigh
from geo.geocoding.house_search import add_houses
from geo.geocoding.index import CANDIDATE, CAPACITY, I64, Found, Index, Parsed
from geo.geocoding.name_search import HITS, add_names


def empty_found(rows: int) -> Found:
    """Room for the candidates of so many texts."""
    return Found(
        np.zeros(rows, np.int32), np.zeros((rows, CAPACITY), CANDIDATE), np.zeros((rows, CAPACITY, WIDTH), np.float32)
    )


@entry
def find_candidates(parsed: Parsed, index: Index, first: int, found: Found) -> None:
    """Fill `found` with the candidates of the texts first, first + 1, …"""
    mentions = np.empty((6, 7), np.int64)
    hits = np.empty((HITS, 4), np.int64)
    codes = parsed.codes
    for i in range(len(found.counts)):
        row = first + i
        candidates, evidence = found.candidates[i], found.evidence[i]
        scan, rest, main_end, end = parsed.scan[row], parsed.rest[row], parsed.main_end[row], parsed.end[row]
        city, district = parsed.city[row], parsed.district[row]
        unit = find_unit(index.counters, codes, scan, main_end)
        known = read_mentions(index.counters, index.roads, codes, scan, unit, mentions)
        count = add_names(
            index, codes, scan, rest, unit, main_end, end, city, district, mentions, known, hits, candidates, evidence
        )
        count = add_houses(
            index.places, index.road_first, index.houses, city, district, mentions, known, candidates, evidence, count
        )
        unknown = unexplained(rest, unit, mentions, known)
        weigh(index, candidates, evidence, count, city, district, parsed.flags[row], mentions, known, unknown)
        found.counts[i] = count


@compiled
def unexplained(rest: int, unit: int, mentions: I64, known: int) -> int:
    """Characters between the last known road (or the divisions) and the building: an estate, known or not."""
    low = rest
    for m in range(known):
        low = max(low, mentions[m, 4])
    return max(0, unit - low)
