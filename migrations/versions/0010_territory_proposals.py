"""Proposals of territories: what was asked, how far it is, what was found.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "territory_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.BigInteger()),
        sa.Column("wish", postgresql.JSONB(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="QUEUED", nullable=False),
        sa.Column("stage", sa.Text()),
        sa.Column("progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("error", sa.Text()),
        sa.Column("draft_id", sa.BigInteger()),
        sa.Column("requested_by", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "status IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')", name=op.f("ck_territory_proposal_status")
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_territory_proposal_progress")),
        sa.CheckConstraint("(status = 'DONE') = (result IS NOT NULL)", name=op.f("ck_territory_proposal_result")),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["organisation.code"], name=op.f("fk_territory_proposal_branch_code_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_proposal_plan_id_territory_plan")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["territory_plan.id"], name=op.f("fk_territory_proposal_draft_id_territory_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_proposal")),
    )


def downgrade() -> None:
    op.drop_table("territory_proposal")
