"""Territories from a file into a draft: a dry run, or one edit that can be undone. Never a part of what was shown."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import shapely
from shapely import MultiPolygon
from sqlalchemy import Engine, RowMapping

from app.territories.editing.edit import Changed, Outcome, save
from app.territories.files.compare import Comparison, World
from app.territories.files.errors import NothingGood, RowsRefused, TooManyFiles
from app.territories.files.formats import AT_ONCE
from app.territories.files.repository import read_world
from app.territories.plans.errors import PlanChanged, PlanNotEditable
from app.territories.plans.repository import lock_plan, read_plan

_reading = threading.BoundedSemaphore(AT_ONCE)
WAIT_S = 20.0
ROWS_IN_ERROR = 200


@dataclass(frozen=True)
class Report:
    """What a file is to a version, and whether it was saved: `edit_id` is then the number of the edit, `revision` the draft's after it."""

    comparison: Comparison
    plan_id: int
    revision: int
    dry_run: bool
    edit_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The report as plain values, as `TerritoryFileReport` has them."""
        told = self.comparison
        return {
            "plan_id": self.plan_id,
            "version": self.revision,
            "dry_run": self.dry_run,
            "edit_id": self.edit_id,
            "format": told.format,
            "crs": told.crs,
            "encoding": told.encoding,
            "layer": told.layer,
            "columns": dict(told.columns),
            "counts": dict(Counter(row["action"] for row in told.rows)),
            "rows": list(told.rows),
            "teams": list(told.teams),
            "overlaps": list(told.overlaps),
            "overlap_count": told.overlap_count,
        }


@contextmanager
def _turn() -> Iterator[None]:
    """Only so many files are read at once: each has a process with memory of its own. Raises `TooManyFiles`."""
    if not _reading.acquire(timeout=WAIT_S):
        raise TooManyFiles
    try:
        yield
    finally:
        _reading.release()


def take_in(
    engine: Engine,
    plan_id: int,
    compare: Callable[[World], Comparison],
    *,
    communities: bool,
    file: str,
    dry_run: bool,
    strict: bool,
    by: str | None,
    version: int | None,
) -> Report:
    """Hold a file against a version and, unless it is a dry run, save what it changes as one edit of `by`.

    `compare`: reads the file in a process of its own; no connection is held meanwhile. `strict`: nothing is saved where a record is
    refused. `version`: the revision that the person saw; None takes the one that the file was held against. Raises what `compare` and
    `read_plan` raise, `PlanNotEditable`, `PlanChanged`, `RowsRefused`, `NothingGood`, `TooManyFiles`.
    """
    with engine.connect() as connection:
        plan = read_plan(connection, plan_id)
        if not dry_run:
            _check(plan, version)
        world = read_world(connection, plan, communities=communities)
    with _turn():
        comparison = compare(world)
    if dry_run:
        return Report(comparison, plan_id, plan["revision"], True)
    refused = comparison.refused
    if len(refused) == len(comparison.rows):
        raise NothingGood(rows=_shown(refused))
    if strict and refused:
        raise RowsRefused(rows=_shown(refused))
    if not comparison.changes:
        return Report(comparison, plan_id, plan["revision"], False)
    assert by is not None
    with engine.begin() as connection:
        now = lock_plan(connection, plan_id)
        # What was shown is what is saved: a draft that somebody has edited meanwhile is looked at again.
        _check(now, plan["revision"])
        arguments: dict[str, object] = {
            "file": file,
            "sha256": comparison.sha256,
            "crs": comparison.crs,
            "team_codes": sorted(team for team, (_, land) in comparison.changes.items() if land),
        }
        changed = Outcome(now["branch_code"], now["revision"], _changed(comparison, world))
        saved = save(connection, plan_id, changed, verb="REPLACE", arguments=arguments, by=by)
    return Report(comparison, plan_id, saved.revision, False, saved.edit_id)


def _changed(comparison: Comparison, world: World) -> list[Changed]:
    return [
        Changed(team, _area(world.present.get(team)), _area(area), land)
        for team, (area, land) in sorted(comparison.changes.items())
    ]


def _area(text: str | None) -> MultiPolygon | None:
    if text is None:
        return None
    area = shapely.from_wkb(bytes.fromhex(text))
    assert isinstance(area, MultiPolygon)
    return area


def _check(plan: RowMapping, version: int | None) -> None:
    if plan["state"] != "DRAFT":
        raise PlanNotEditable
    if version is not None and version != plan["revision"]:
        raise PlanChanged(version=plan["revision"])


def _shown(refused: list[Any]) -> list[dict[str, Any]]:
    """Refused records as members of a problem: where, and why; not what they say."""
    return [
        {"row": row["row"], "code": row["code"], "detail": row["zh"], "detail_en": row["en"]}
        for row in refused[:ROWS_IN_ERROR]
    ]
