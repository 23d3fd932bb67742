"""Makes versions of the territories that a core system's files deliver."""

from collections import defaultdict
from datetime import date

from sqlalchemy import Connection, text

from app.db import lock_branches
from app.territories.plans.repository import new_draft, set_columns
from app.territories.plans.timeline import Delivered, Version, redraw

# Rows whose area is another one than the versions were last made with.
_WAITING = """
    FROM delivered_territory d LEFT JOIN territory_shape s ON s.id = d.shape_id
    WHERE s.digest IS DISTINCT FROM sha256(ST_AsBinary(d.geom, 'NDR'))
"""
_BRANCHES = text(
    f"SELECT DISTINCT team.branch_code {_WAITING.replace('WHERE', 'JOIN team ON team.code = d.team_code WHERE')} ORDER BY 1"
)
_SHAPES = text(f"INSERT INTO territory_shape (geom) SELECT d.geom {_WAITING} ORDER BY d.id ON CONFLICT DO NOTHING")
_SETTLE = text(
    f"""
    WITH waiting AS (SELECT d.id, sha256(ST_AsBinary(d.geom, 'NDR')) AS digest {_WAITING})
    UPDATE delivered_territory d SET shape_id = s.id
    FROM waiting w JOIN territory_shape s ON s.digest = w.digest
    WHERE d.id = w.id
    RETURNING d.team_code, d.effective_from, d.shape_id
    """  # noqa: S608
)
_TEAM_BRANCHES = text("SELECT code, branch_code FROM team WHERE branch_code = ANY (:branches)")
_VERSIONS = text(
    """
    SELECT p.branch_code, p.id, p.effective_from, t.team_code, t.shape_id, t.since
    FROM territory_plan p LEFT JOIN territory t ON t.plan_id = p.id
    WHERE p.branch_code = ANY (:branches) AND p.state = 'PUBLISHED'
      AND (p.effective_to IS NULL OR p.effective_from < p.effective_to)
    ORDER BY p.branch_code, p.effective_from, t.team_code
    """
)
_FILL = text(
    """
    INSERT INTO territory (plan_id, team_code, shape_id, since)
    SELECT :plan, team_code, shape_id, since
    FROM unnest(CAST(:teams AS text[]), CAST(:shapes AS bigint[]), CAST(:since AS date[])) AS row (team_code, shape_id, since)
    """
)


def deliver(connection: Connection) -> int:
    """Publishes, from the days on that they name, the delivered territories that no version knows yet; the number of versions made.

    Delivered once more, nothing happens. A version that turns out otherwise is superseded by a new one of the same day.
    """
    branches = list(connection.execute(_BRANCHES).scalars())
    if not branches:
        return 0
    lock_branches(connection, branches)
    connection.execute(_SHAPES)
    branch_of = {row.code: row.branch_code for row in connection.execute(_TEAM_BRANCHES, {"branches": branches})}
    delivered: defaultdict[str, list[Delivered]] = defaultdict(list)
    for row in connection.execute(_SETTLE):
        delivered[branch_of[row.team_code]].append(Delivered(row.team_code, row.effective_from, row.shape_id))
    known = _read_versions(connection, branches)
    return sum(
        _publish(connection, branch, known[branch], redraw(known[branch], delivered[branch])) for branch in branches
    )


def _read_versions(connection: Connection, branches: list[str]) -> defaultdict[str, list[Version]]:
    found: defaultdict[str, list[Version]] = defaultdict(list)
    territories: dict[str, tuple[int, date]] = {}
    plan_id = None
    for row in connection.execute(_VERSIONS, {"branches": branches}):
        if row.id != plan_id:
            plan_id, territories = row.id, {}
            found[row.branch_code].append(Version(row.effective_from, territories, plan_id))
        if row.team_code is not None:
            territories[row.team_code] = (row.shape_id, row.since)
    return found


def _publish(connection: Connection, branch: str, before: list[Version], after: list[Version]) -> int:
    """Every version gets its days; those that are superseded on their first day get none."""
    kept = {version.plan_id for version in after}
    for version in before:
        if version.plan_id is not None and version.plan_id not in kept:
            set_columns(connection, version.plan_id, {"effective_to": version.effective_from})
    made = 0
    for version, following in zip(after, [*after[1:], None], strict=True):
        until = following.effective_from if following is not None else None
        if version.plan_id is not None:
            set_columns(connection, version.plan_id, {"effective_to": until})
            continue
        made += 1
        day = version.effective_from
        name = "导入" if day == date.min else f"导入 {day}"
        plan_id = new_draft(connection, branch, name=name, origin="DELIVERED", by=None)
        codes = sorted(version.territories)
        values = {
            "plan": plan_id,
            "teams": codes,
            "shapes": [version.territories[code][0] for code in codes],
            "since": [version.territories[code][1] for code in codes],
        }
        connection.execute(_FILL, values)
        connection.execute(
            text(
                """
                UPDATE territory_plan
                SET state = 'PUBLISHED', published_at = now(), effective_from = :day, effective_to = :until WHERE id = :id
                """
            ),
            {"id": plan_id, "day": day, "until": until},
        )
    return made
