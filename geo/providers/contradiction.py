"""Whether an answer lies in another division than the one that the text states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from geo.address.characters import fold
from geo.address.divisions import CONTRADICTED, Divisions, resolve_divisions
from geo.providers.protocol import Answer, Question

REASON: Final = "DISTRICT_CONTRADICTION"


def contradictions(asked: Sequence[Question], answers: Sequence[Answer], divisions: Divisions) -> list[bool]:
    """For each pair: the answer's province, city or district is another one than the text's.

    Both are read by the same reader, so that former and short names (南汇区, 江苏) meet the present ones. What either side leaves
    open contradicts nothing. A functional zone (苏州工业园区 stated as a district) lies in districts of other names, so it leaves the
    district open too. Where the text names no city, that of the question counts.
    """
    if not asked:
        return []
    stated = resolve_divisions(fold(pl.Series([question.full for question in asked], dtype=pl.String)), divisions)
    # A separator behind: a short name at the very end is not read as one.
    names = [f"{answer.province}{answer.city}{answer.district}," for answer in answers]
    found = resolve_divisions(fold(pl.Series(names, dtype=pl.String)), divisions)
    apart = np.zeros(len(names), np.bool_)
    for said, given in ((stated.province, found.province), (stated.city, found.city)):
        apart |= (said >= 0) & (given >= 0) & (said != given)
    real = np.array([not _is_zone(code) for code in divisions.codes] + [False])
    said, given = stated.district, found.district
    apart |= real[said] & real[given] & (said != given)
    # Of an answer whose own names do not fit together nothing can be said.
    result: list[bool] = (apart & ((found.flags & CONTRADICTED) == 0)).tolist()
    return result


def _is_zone(code: str) -> bool:
    """A functional zone: the statistical codes from 71 on within a city are no districts of the civil administration."""
    return len(code) == 6 and code.isdigit() and 71 <= int(code[4:]) <= 80
