"""Location review: queue, decisions, what was before, what is learned.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LEVELS = "'UNIT', 'DOOR', 'COMPOUND', 'POI', 'COMMUNITY', 'ROAD', 'SUBDISTRICT', 'DISTRICT', 'CITY', 'NONE'"


def upgrade() -> None:
    op.create_table(
        "location_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("address_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("matched", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("candidates", postgresql.JSONB(), nullable=False),
        sa.Column("addresses", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('CANDIDATE', 'POINT', 'NOT_LOCATABLE')", name=op.f("ck_location_decision_kind")),
        sa.CheckConstraint("scope IN ('KEY', 'THIS')", name=op.f("ck_location_decision_scope")),
        sa.CheckConstraint(f"level IN ({LEVELS})", name=op.f("ck_location_decision_level")),
        sa.CheckConstraint(
            "reason IN ('INCOMPLETE', 'NO_SUCH_PLACE', 'SEVERAL_PLACES', 'DEMOLISHED', 'OTHER')",
            name=op.f("ck_location_decision_reason"),
        ),
        sa.CheckConstraint("(kind = 'NOT_LOCATABLE') = (point IS NULL)", name=op.f("ck_location_decision_point")),
        sa.CheckConstraint(
            "(kind = 'NOT_LOCATABLE') = (reason IS NOT NULL)", name=op.f("ck_location_decision_unlocatable")
        ),
        sa.CheckConstraint("scope <> 'KEY' OR key IS NOT NULL", name=op.f("ck_location_decision_key")),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_location_decision_undone")),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_location_decision_address_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_decision")),
    )
    op.create_index(
        "ix_location_decision_key",
        "location_decision",
        ["key", "id"],
        postgresql_where=sa.text("scope = 'KEY' AND undone_at IS NULL"),
    )
    op.create_table(
        "location_review",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("policyholder_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("bundle_no", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("notice_due_on", sa.Date(), nullable=True),
        sa.Column("hold_until", sa.Date(), nullable=True),
        sa.Column("first_event_on", sa.Date(), nullable=False),
        sa.Column("policies", sa.SmallInteger(), nullable=False),
        sa.Column("premium", sa.Numeric(16, 2), nullable=False),
        sa.Column("uncertainty", sa.Numeric(5, 4), nullable=False),
        sa.Column(
            "stake",
            sa.BigInteger(),
            sa.Computed("round((premium + 1) * uncertainty * 100)::bigint", persisted=True),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("location_decision_id", sa.BigInteger(), nullable=True),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "code IN ('TOO_COARSE', 'UNSURE', 'OUTSIDE_CITY', 'BRANCH_CONFLICT', 'ADDRESS_UNRESOLVED')",
            name=op.f("ck_location_review_code"),
        ),
        sa.CheckConstraint("uncertainty BETWEEN 0 AND 1", name=op.f("ck_location_review_uncertainty")),
        sa.CheckConstraint("(claim IS NULL) = (claimed_until IS NULL)", name=op.f("ck_location_review_claim")),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_location_review_address_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_location_review_decision_id")),
        sa.ForeignKeyConstraint(
            ["location_decision_id"],
            ["location_decision.id"],
            name=op.f("fk_location_review_location_decision_id"),
        ),
        sa.ForeignKeyConstraint(
            ["policyholder_id"], ["policyholder.id"], name=op.f("fk_location_review_policyholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_review")),
        sa.UniqueConstraint("policyholder_id", name=op.f("uq_location_review_policyholder_id")),
    )
    op.create_index("ix_location_review_branch_code", "location_review", ["branch_code"])
    op.create_index("ix_location_review_address_id", "location_review", ["address_id"])
    op.create_index("ix_location_review_key", "location_review", ["key"])
    op.create_index(
        "ix_location_review_claim", "location_review", ["claim"], postgresql_where=sa.text("claim IS NOT NULL")
    )
    op.create_table(
        "location_before",
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("radius_m", sa.Float(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("matched", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("gazetteer_version", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_location_before_address_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("address_id", name=op.f("pk_location_before")),
    )
    op.create_table(
        "learned_place",
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("subdistrict", sa.Text(), nullable=True),
        sa.Column("road", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=False),
        sa.CheckConstraint(
            "kind IN ('COMPOUND', 'POI', 'COMMUNITY', 'ROAD', 'DOOR')", name=op.f("ck_learned_place_kind")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["location_decision.id"], name=op.f("fk_learned_place_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_learned_place")),
    )
    op.create_table(
        "location_review_reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("policyholder_id", sa.Text(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("read_by", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["policyholder_id"],
            ["policyholder.id"],
            name=op.f("fk_location_review_reading_policyholder_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_review_reading")),
    )
    op.create_index("ix_location_review_reading_policyholder_id", "location_review_reading", ["policyholder_id"])
    op.add_column("location", sa.Column("key", sa.Text(), nullable=True))
    op.add_column("location", sa.Column("review_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_location_review_id"), "location", "location_decision", ["review_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_location_review"), "location", "(provider = 'REVIEW') = (review_id IS NOT NULL)"
    )
    op.create_index("ix_location_key", "location", ["key"], postgresql_where=sa.text("key IS NOT NULL"))
    op.create_index(
        "ix_location_review_id", "location", ["review_id"], postgresql_where=sa.text("review_id IS NOT NULL")
    )
    # Located again by the next run, which reads their keys.
    op.execute("UPDATE location SET gazetteer_version = ''")


def downgrade() -> None:
    op.execute("DELETE FROM location WHERE provider = 'REVIEW'")
    op.drop_index("ix_location_review_id", table_name="location", postgresql_where=sa.text("review_id IS NOT NULL"))
    op.drop_index("ix_location_key", table_name="location", postgresql_where=sa.text("key IS NOT NULL"))
    op.drop_constraint(op.f("ck_location_review"), "location")
    op.drop_column("location", "review_id")
    op.drop_column("location", "key")
    op.drop_table("location_review_reading")
    op.drop_table("learned_place")
    op.drop_table("location_before")
    op.drop_table("location_review")
    op.drop_table("location_decision")
