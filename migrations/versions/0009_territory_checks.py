"""What of a draft has been checked, so that only what has changed since is checked again.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "territory_check",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("world", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_check_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_territory_check")),
    )
    op.create_table(
        "territory_checked",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("shape_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_checked_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "team_code", name=op.f("pk_territory_checked")),
    )


def downgrade() -> None:
    op.drop_table("territory_checked")
    op.drop_table("territory_check")
