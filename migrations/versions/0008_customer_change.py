"""What tells a process that customers which it keeps in memory have changed.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOST = 10_000
"""A statement that changes more rows is noted as one change of everybody."""

HOLDERS = {
    "policy": "SELECT DISTINCT policyholder_id FROM changed",
    "address": "SELECT DISTINCT policyholder_id FROM changed",
    "orphan_case": "SELECT DISTINCT policyholder_id FROM changed",
    "location": "SELECT DISTINCT a.policyholder_id FROM changed JOIN address a ON a.id = changed.address_id",
    "allocation": "SELECT DISTINCT c.policyholder_id FROM changed JOIN orphan_case c ON c.id = changed.case_id",
}
MOVABLE = ("policy", "address", "orphan_case")
"""Rows that carry the policyholder themselves: an update may give them to another one."""

NOTE = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM changed OFFSET {most}) THEN
            INSERT INTO customer_change (policyholder_id) VALUES (NULL);
        ELSE
            INSERT INTO customer_change (policyholder_id) {holders};
        END IF;
        RETURN NULL;
    END $$
"""
NOTE_ALL = """
    CREATE FUNCTION note_every_customer() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO customer_change (policyholder_id) VALUES (NULL);
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "customer_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("CAST(CAST(pg_current_xact_id() AS text) AS bigint)"),
            nullable=False,
        ),
        sa.Column("policyholder_id", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_change")),
    )
    op.create_index("ix_customer_change_xid", "customer_change", ["xid"])
    op.execute(NOTE_ALL)
    for table, holders in HOLDERS.items():
        op.execute(NOTE.format(name=f"note_customers_of_{table}", most=MOST, holders=holders))
        moved = f"note_customers_of_{table}"
        if table in MOVABLE:
            moved = f"note_moved_customers_of_{table}"
            both = "SELECT policyholder_id FROM changed UNION SELECT policyholder_id FROM was"
            op.execute(NOTE.format(name=moved, most=MOST, holders=both))
        for event, given, function in (
            ("INSERT", "NEW TABLE AS changed", f"note_customers_of_{table}"),
            ("DELETE", "OLD TABLE AS changed", f"note_customers_of_{table}"),
            ("UPDATE", "NEW TABLE AS changed" + (" OLD TABLE AS was" if table in MOVABLE else ""), moved),
        ):
            op.execute(
                f"""
                CREATE TRIGGER note_customers_{event.lower()} AFTER {event} ON {table} REFERENCING {given}
                FOR EACH STATEMENT EXECUTE FUNCTION {function}()
                """
            )
        op.execute(
            f"""
            CREATE TRIGGER note_customers_truncate AFTER TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION note_every_customer()
            """
        )


def downgrade() -> None:
    for table in HOLDERS:
        for event in ("insert", "delete", "update", "truncate"):
            op.execute(f"DROP TRIGGER note_customers_{event} ON {table}")
        op.execute(f"DROP FUNCTION note_customers_of_{table}()")
        if table in MOVABLE:
            op.execute(f"DROP FUNCTION note_moved_customers_of_{table}()")
    op.execute("DROP FUNCTION note_every_customer()")
    op.drop_table("customer_change")
