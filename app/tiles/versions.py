"""For each layer a word that changes whenever its content does.

A row version is known by its xmin, which every INSERT and UPDATE sets, whoever makes it; the sum of hashes does not depend on their
order, the count notices a DELETE. Tables of points are too large for that: there it is the newest rows, the latest runs, and
PostgreSQL's own counters of changed rows, which it publishes after up to ten seconds.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, TextClause, text


def _rows(table: str, condition: str = "true") -> str:
    return f"(SELECT concat_ws('.', count(*), sum(hashint8(CAST(CAST(xmin AS text) AS bigint)))) FROM {table} WHERE {condition})"  # noqa: S608


def _counters(*tables: str) -> str:
    named = ", ".join(f"to_regclass('{table}')" for table in tables)
    return f"""(
        SELECT concat_ws('.', sum(pg_stat_get_tuples_inserted(oid)), sum(pg_stat_get_tuples_updated(oid)),
            sum(pg_stat_get_tuples_deleted(oid)), sum(CAST(pg_relation_filenode(oid) AS bigint)))
        FROM pg_class WHERE oid IN ({named})
    )"""  # noqa: S608 (fixed words)


def _newest(table: str) -> str:
    return f"(SELECT coalesce(max(id), 0) FROM {table})"  # noqa: S608 (fixed words)


_RUNS = """(
    SELECT coalesce(sum(hashtext(concat_ws(' ', id, status, settled_at))), 0)
    FROM (SELECT id, status, settled_at FROM run ORDER BY id DESC LIMIT 200) AS latest
)"""


def _word(*parts: str) -> TextClause:
    return text(f"SELECT concat_ws('-', {', '.join(parts)})")


_OF: dict[str, TextClause] = {
    "branches": _word(_rows("branch_area"), _rows("organisation")),
    "communities": _word(_rows("community")),
    "territories": _word(_rows("territory_plan", "state = 'PUBLISHED'"), _rows("team")),
    "orphans": _word(_newest("decision"), _newest("orphan_case"), _RUNS, _counters("orphan_case")),
    "customers": _word(
        _newest("address"), _newest("orphan_case"), _rows("agent"), _RUNS,
        _counters("policy", "address", "location", "orphan_case", "allocation"),
    ),
}  # fmt: skip

_OF_PLAN = _word(
    "(SELECT concat_ws('.', revision, state = 'PUBLISHED') FROM territory_plan WHERE id = :plan)",
    _rows("territory", "plan_id = :plan"),
    _rows("team"),
)
_OF_PUBLISHED_PLAN = _word(_rows("team"))


def layers() -> Sequence[str]:
    """The layers that have versions."""
    return tuple(_OF)


def newest(connection: Connection, layer: str) -> str:
    """The version of a layer that the connection sees."""
    return str(connection.execute(_OF[layer]).scalar_one())


def newest_of_plan(connection: Connection, plan_id: int, *, published: bool) -> str:
    """The version of a territory plan's areas: of a published one nothing but its teams' names can change."""
    query = _OF_PUBLISHED_PLAN if published else _OF_PLAN
    return str(connection.execute(query, {"plan": plan_id} if not published else {}).scalar_one())
