"""What online providers answered, what was spent of their quota, and the places that they bring to mind.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LEVELS = "'UNIT', 'DOOR', 'COMPOUND', 'POI', 'COMMUNITY', 'ROAD', 'SUBDISTRICT', 'DISTRICT', 'CITY', 'NONE'"
OUTCOMES = (
    "'ANSWER', 'NOT_FOUND', 'QUESTION_REFUSED', 'BUSY', 'UNAVAILABLE', 'QUOTA_SPENT', 'ACCESS_DENIED', 'UNREADABLE', "
    "'TOO_LARGE', 'REDIRECTED'"
)


def upgrade() -> None:
    op.create_table(
        "provider_answer",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("radius_m", sa.Float(), nullable=True),
        sa.Column("own_confidence", sa.Float(), nullable=True),
        sa.Column("weak", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("province", sa.Text(), server_default="", nullable=False),
        sa.Column("city", sa.Text(), server_default="", nullable=False),
        sa.Column("district", sa.Text(), server_default="", nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name=op.f("ck_provider_answer_outcome")),
        sa.CheckConstraint(f"level IN ({LEVELS})", name=op.f("ck_provider_answer_level")),
        sa.CheckConstraint(
            "(outcome = 'ANSWER') = (point IS NOT NULL AND level IS NOT NULL)",
            name=op.f("ck_provider_answer_answered"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_answer")),
    )
    op.create_index("ix_provider_answer_question", "provider_answer", ["provider", "digest", "asked_at"])
    op.create_index("ix_provider_answer_asked_at", "provider_answer", ["asked_at"])
    op.create_table(
        "provider_quota",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("spent", sa.Integer(), nullable=False),
        sa.CheckConstraint("spent >= 0", name=op.f("ck_provider_quota_spent")),
        sa.PrimaryKeyConstraint("provider", "day", name=op.f("pk_provider_quota")),
    )
    op.create_table(
        "provider_state",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("fault_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_for", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_state")),
    )
    op.create_table(
        "location_candidate",
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("radius_m", sa.Float(), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("gazetteer_version", sa.Text(), nullable=False),
        sa.CheckConstraint(f"level IN ({LEVELS})", name=op.f("ck_location_candidate_level")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_location_candidate_confidence")),
        sa.ForeignKeyConstraint(
            ["address_id"],
            ["location.address_id"],
            name=op.f("fk_location_candidate_address_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("address_id", "rank", name=op.f("pk_location_candidate")),
    )


def downgrade() -> None:
    for table in ("location_candidate", "provider_state", "provider_quota", "provider_answer"):
        op.drop_table(table)
