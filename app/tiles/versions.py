"""For each layer a word that changes whenever its content does.

A row version is known by its xmin, which every INSERT and UPDATE sets, whoever makes it; the sum of hashes does not depend on their
order, the count notices a DELETE. The rows of organisation and areas are looked at only when the world's revision has changed, which
triggers raise. Tables of points are too large for either: there it is the newest rows, the latest runs, and PostgreSQL's own counters of
changed rows, which it publishes after up to ten seconds.
"""

from __future__ import annotations

from threading import Lock

from sqlalchemy import Connection, TextClause, text

from app.revision import WORLD_REVISION


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


def _word(*parts: str) -> str:
    return f"concat_ws('-', {', '.join(parts)})" if parts else "''"


# What is in the world, and what is not.
_WORLDLY = {
    "branches": _word(_rows("branch_area"), _rows("organisation")),
    "communities": _word(_rows("community")),
    "territories": _word(_rows("territory_plan", "state = 'PUBLISHED'"), _rows("team")),
    "orphans": _word(),
    "customers": _word(_rows("agent")),
    "plan": _word(_rows("team")),
    "published plan": _word(_rows("team")),
}
_OWN = {
    "orphans": _word(_newest("decision"), _newest("orphan_case"), _RUNS, _counters("orphan_case")),
    "customers": _word(
        _newest("customer_change"),
        _counters("customer_change"),
    ),
    "plan": _word(
        # Every edit raises it.
        "(SELECT concat_ws('.', revision, xmin) FROM territory_plan WHERE id = :plan)",
    ),
}
_CHANGING: dict[str, TextClause] = {
    kind: text(f"SELECT ({WORLD_REVISION}) AS world, {_OWN.get(kind, _word())} AS own") for kind in _WORLDLY
}
_IN_WORLD: dict[str, TextClause] = {kind: text(f"SELECT {word}") for kind, word in _WORLDLY.items()}


class Versions:
    """The versions of the layers, as a process reads them: what follows from the world's revision is read once for each."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}
        self._lock = Lock()

    def newest(self, connection: Connection, layer: str) -> str:
        """The version of a layer that the connection sees."""
        return self._newest(connection, layer, {})

    def newest_of_plan(self, connection: Connection, plan_id: int, *, published: bool) -> str:
        """The version of a territory plan's areas: of a published one nothing but its teams' names can change."""
        return self._newest(connection, "published plan" if published else "plan", {"plan": plan_id})

    def _newest(self, connection: Connection, kind: str, values: dict[str, int]) -> str:
        row = connection.execute(_CHANGING[kind], values if kind == "plan" else {}).one()
        with self._lock:
            world, word = self._known.get(kind, ("", ""))
        if world != row.world:
            word = str(connection.execute(_IN_WORLD[kind]).scalar_one())
            with self._lock:
                self._known[kind] = (row.world, word)
        return f"{row.own}-{word}"
