"""The state of the world in one value: what a process keeps of organisation, areas, gazetteer and strategy is valid while it stays."""

from sqlalchemy import Connection, text

# The transaction that wrote the number belongs to it: a number that was rolled back comes again for another world.
WORLD_REVISION = "SELECT revision || ':' || xmin FROM world_revision"


def world_revision(connection: Connection) -> str:
    """Another value after every change of organisation, areas, gazetteer or strategy, whoever makes it."""
    return str(connection.execute(text(WORLD_REVISION)).scalar_one())
