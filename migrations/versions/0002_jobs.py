"""The tables in which long work waits, as procrastinate lays them out (decision 0008).

A later procrastinate whose layout differs gets a revision of its own that runs the library's migration.

Revision ID: 0002
Revises: 0001
"""

import psycopg
import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DROP = """
DO $$
DECLARE
    found record;
BEGIN
    DROP TABLE procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs, procrastinate_workers CASCADE;
    FOR found IN
        SELECT oid::regprocedure AS signature FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('DROP FUNCTION %s', found.signature);
    END LOOP;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
END $$
"""


def upgrade() -> None:
    raw: psycopg.Connection[tuple[object, ...]] = op.get_bind().connection.driver_connection
    # Without parameters psycopg sends many statements at once and leaves the percent signs alone.
    raw.execute(SchemaManager.get_schema())


def downgrade() -> None:
    op.execute(sa.text(DROP))
