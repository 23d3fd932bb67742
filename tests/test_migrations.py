from __future__ import annotations

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from app import migrate
from app.db import make_engine


def test_revisions_form_one_line() -> None:
    script = ScriptDirectory.from_config(migrate.config())
    assert len(script.get_heads()) == 1
    assert all(not revision.is_branch_point for revision in script.walk_revisions())


def test_the_migrated_database_is_what_the_models_say(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        command.check(migrate.config(connection))
    engine.dispose()


def test_every_revision_can_be_taken_back(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        command.downgrade(migrate.config(connection), "base")
        own = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')"
                " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
            )
        )
        assert set(own.scalars()) == {"alembic_version"}
        connection.rollback()
        command.upgrade(migrate.config(connection), "head")
        assert inspect(connection).has_table("policy")
        connection.rollback()
        assert migrate.is_current(connection)
    engine.dispose()
