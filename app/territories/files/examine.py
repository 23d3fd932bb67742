"""Reads a file of territories and says what it would make of a version: within the confined process, because its shapes may be hostile.

Called by `app.territories.files.compare` through `app.uploads.apart`. The task names the file and holds the teams, the version's areas and,
for a table of communities, their areas (hexadecimal WKB, CGCS2000). The answer is the fate of each record and each team and, as
bytes, the areas to be set: JSON, `Outcome.to_save`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from app.territories.files.columns import Teams, choose, shown
from app.territories.files.outcome import Fate, Outcome
from app.territories.files.parse import Parsed, Row, parse
from app.uploads.refused import UploadRefused


def examine(task: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The answer to a task. Raises `UploadRefused` for a file that cannot be taken at all."""
    from geo.coverage import CoverageError
    from geo.soundness.errors import TooComplex

    try:
        return _examine(task)
    except (CoverageError, TooComplex) as error:
        raise UploadRefused("TOO_COMPLEX", error.code) from error


def _examine(task: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    parsed = parse(Path(task["path"]), task["format"], task)
    if not parsed.rows:
        raise UploadRefused("NO_ROWS")
    chosen, vain = choose(parsed.columns, task["columns"])
    listed = "、".join(parsed.columns)[:300]
    if vain:
        raise UploadRefused("COLUMN_IN_VAIN", f"{', '.join(vain)}（{listed}）", f"{', '.join(vain)} ({listed})")
    outcome = Outcome(Teams(map(tuple, task["teams"]), task["others"]), _areas(task["present"]))
    if task["format"] == "csv":
        from app.territories.files.communities import assign_communities

        if not {"community_code", "team_code"} <= set(chosen) and not {"community_code", "team_name"} <= set(chosen):
            raise UploadRefused("COLUMNS_MISSING", listed)
        assign_communities(outcome, parsed.rows, chosen, _areas(task["communities"]))
        crs = None
    else:
        if not {"team_code", "team_name"} & set(chosen):
            raise UploadRefused("TEAM_COLUMN_MISSING", listed)
        crs = _replace(outcome, parsed, chosen, task["crs"])
    outcome.settle_missing(remove=task["missing"] == "remove")
    outcome.check_complexity()
    outcome.node()
    said = {
        **outcome.as_json(),
        "crs": crs,
        "encoding": parsed.encoding,
        "layer": parsed.layer,
        "columns": chosen,
    }
    return said, json.dumps(outcome.to_save()).encode()


def _areas(given: dict[str, str]) -> dict[str, Any]:
    import shapely

    return dict(zip(given, shapely.from_wkb([bytes.fromhex(text) for text in given.values()]), strict=True))


def _replace(outcome: Outcome, parsed: Parsed, chosen: dict[str, str], crs: str | None) -> str:
    """Each record is the territory of a team; the system that was declared, in words."""
    from app.territories.files.shapes import read_shape, way_of

    way = way_of(parsed, crs)
    for row in parsed.rows:
        fate = Fate(row.number)
        outcome.fates.append(fate)
        if row.code is not None:
            fate.refuse(row.code, *row.detail)
            continue
        code, name = _cell(row, chosen, "team_code"), _cell(row, chosen, "team_name")
        fate.given = shown(code, name)
        fate.team_code, fault = outcome.teams.recognise(code, name)
        shape, refusal = read_shape(row, way, fate)
        if fault is not None:
            fate.refuse(fault)
        elif refusal is not None:
            fate.refuse(*refusal)
        else:
            outcome.give(fate, shape)
    outcome.settle_given()
    return way.text


def _cell(row: Row, chosen: dict[str, str], wanted: str) -> str | None:
    return row.attributes.get(chosen[wanted]) if wanted in chosen else None


READER: Final = f"{__name__}:{examine.__name__}"
"""How `app.uploads.apart` calls it."""
