"""The gazetteer's versions: triggers keep what every row was before it was changed (decision 0017).

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CONTENT = "name, kind, province, city, district, subdistrict, road, number, address, point, source"

# The lock makes the numbers follow the order of commits: the last row is this transaction's own, or everything committed.
VERSION = """
CREATE FUNCTION gazetteer_version_at_work() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    own bigint;
    last gazetteer_version;
BEGIN
    PERFORM pg_advisory_xact_lock(1734606871);
    SELECT * INTO last FROM gazetteer_version ORDER BY number DESC LIMIT 1;
    IF last.xid = pg_current_xact_id()::text::bigint AND last.at = now() THEN
        RETURN last.number;
    END IF;
    INSERT INTO gazetteer_version (number, xid, total)
    VALUES (coalesce(last.number, 0) + 1, pg_current_xact_id()::text::bigint, coalesce(last.total, 0))
    RETURNING number INTO own;
    RETURN own;
END $$
"""

ADDED = """
CREATE FUNCTION record_added_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own bigint;
    counted bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows) THEN RETURN NULL; END IF;
    own := gazetteer_version_at_work();
    INSERT INTO gazetteer_change (version, was_there, id) SELECT own, false, id FROM new_rows;
    GET DIAGNOSTICS counted = ROW_COUNT;
    UPDATE gazetteer_version SET added = added + counted, total = total + counted WHERE number = own;
    RETURN NULL;
END $$
"""

REMOVED = f"""
CREATE FUNCTION record_removed_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own bigint;
    counted bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM old_rows) THEN RETURN NULL; END IF;
    own := gazetteer_version_at_work();
    INSERT INTO gazetteer_change (version, was_there, id, {CONTENT}) SELECT own, true, id, {CONTENT} FROM old_rows;
    GET DIAGNOSTICS counted = ROW_COUNT;
    UPDATE gazetteer_version SET removed = removed + counted, total = total - counted WHERE number = own;
    RETURN NULL;
END $$
"""  # noqa: S608 - a list of columns

# A row whose id was changed is one place gone and another one come: as many of the one as of the other.
CHANGED = f"""
CREATE FUNCTION record_changed_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own bigint;
    kept bigint;
    come bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM old_rows) THEN RETURN NULL; END IF;
    own := gazetteer_version_at_work();
    WITH change AS (
        INSERT INTO gazetteer_change (version, was_there, id, {CONTENT})
        SELECT own, o.id IS NOT NULL, coalesce(o.id, n.id), o.{CONTENT.replace(", ", ", o.")}
        FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
        WHERE o IS DISTINCT FROM n
        RETURNING was_there
    )
    SELECT count(*), count(*) FILTER (WHERE NOT was_there) INTO kept, come FROM change;
    UPDATE gazetteer_version
    SET changed = changed + kept - 2 * come, removed = removed + come, added = added + come
    WHERE number = own;
    -- Rows that were written as they were make no version.
    DELETE FROM gazetteer_version WHERE number = own AND added = 0 AND changed = 0 AND removed = 0;
    RETURN NULL;
END $$
"""  # noqa: S608 - a list of columns

EMPTIED = f"""
CREATE FUNCTION record_emptied_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own bigint;
    counted bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM gazetteer_place) THEN RETURN NULL; END IF;
    own := gazetteer_version_at_work();
    INSERT INTO gazetteer_change (version, was_there, id, {CONTENT}) SELECT own, true, id, {CONTENT} FROM gazetteer_place;
    GET DIAGNOSTICS counted = ROW_COUNT;
    UPDATE gazetteer_version SET removed = removed + counted, total = total - counted WHERE number = own;
    RETURN NULL;
END $$
"""  # noqa: S608 - a list of columns

APPEND_ONLY = """
CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'gazetteer_change is only ever added to' USING ERRCODE = 'restrict_violation';
END $$
"""

# Named to come after `raise_world_revision`: every transaction takes that row first and the lock of the versions second.
TRIGGERS = (
    "CREATE TRIGGER record_added_places AFTER INSERT ON gazetteer_place "
    "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_added_places()",
    "CREATE TRIGGER record_changed_places AFTER UPDATE ON gazetteer_place "
    "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_changed_places()",
    "CREATE TRIGGER record_removed_places AFTER DELETE ON gazetteer_place "
    "REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION record_removed_places()",
    "CREATE TRIGGER record_emptied_places BEFORE TRUNCATE ON gazetteer_place "
    "FOR EACH STATEMENT EXECUTE FUNCTION record_emptied_places()",
    "CREATE TRIGGER refuse_change_of_history BEFORE UPDATE OR DELETE OR TRUNCATE ON gazetteer_change "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history()",
)

FUNCTIONS = (
    "record_added_places",
    "record_changed_places",
    "record_removed_places",
    "record_emptied_places",
    "refuse_change_of_history",
)


def upgrade() -> None:
    op.create_table(
        "gazetteer_version",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), server_default=sa.text("'OTHER'"), nullable=False),
        sa.Column("added", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("removed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("sources", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column("rejected", sa.Integer(), nullable=True),
        sa.Column("sniff", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("forced", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "cause IN ('EARLIER', 'IMPORT', 'FOLDER', 'REMOVAL', 'RESTORE', 'OTHER')",
            name=op.f("ck_gazetteer_version_cause"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_gazetteer_version")),
    )
    texts = ("name", "kind", "province", "city", "district", "subdistrict", "road", "number", "address")
    op.create_table(
        "gazetteer_change",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("was_there", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in texts),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("version", "no", name=op.f("pk_gazetteer_change")),
    )
    op.execute("""
        INSERT INTO gazetteer_version (number, xid, cause, added, total)
        SELECT 1, 0, 'EARLIER', count(*), count(*) FROM gazetteer_place HAVING count(*) > 0
    """)
    for statement in (VERSION, ADDED, REMOVED, CHANGED, EMPTIED, APPEND_ONLY, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for name in FUNCTIONS[:4]:
        op.execute(f"DROP TRIGGER {name} ON gazetteer_place")
    op.drop_table("gazetteer_change")
    op.drop_table("gazetteer_version")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    op.execute("DROP FUNCTION gazetteer_version_at_work()")
