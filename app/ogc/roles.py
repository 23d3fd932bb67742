"""The rights of a database role with which a GIS client works over PostGIS: the schema `studio`, and nothing else."""

from psycopg import sql
from sqlalchemy import Connection, text

READ = ("plan", "territory", "territory_in_force", "draft_territory", "plan_territory", "defect", "community", "branch")
EDIT = ("draft_territory",)

_EXISTS = text("SELECT FROM pg_roles WHERE rolname = :name")


def grant(connection: Connection, role: str) -> bool:
    """Gives the rights; whether the role had to be made. It logs in, and owns and creates nothing."""
    made = connection.execute(_EXISTS, {"name": role}).one_or_none() is None
    if made:
        _run(connection, "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT", role)
    _run(connection, "GRANT USAGE ON SCHEMA studio TO {role}", role)
    for view in READ:
        _run(connection, f"GRANT SELECT ON studio.{view} TO {{role}}", role)
    for view in EDIT:
        _run(connection, f"GRANT INSERT, UPDATE, DELETE ON studio.{view} TO {{role}}", role)
    return made


def revoke(connection: Connection, role: str) -> bool:
    """Takes the rights back; False if there is no such role."""
    if connection.execute(_EXISTS, {"name": role}).one_or_none() is None:
        return False
    for view in READ:
        _run(connection, f"REVOKE ALL ON studio.{view} FROM {{role}}", role)
    _run(connection, "REVOKE ALL ON SCHEMA studio FROM {role}", role)
    return True


def _run(connection: Connection, statement: str, role: str) -> None:
    raw = connection.connection.driver_connection
    assert raw is not None
    composed = sql.SQL(statement).format(role=sql.Identifier(role))
    raw.execute(composed)
