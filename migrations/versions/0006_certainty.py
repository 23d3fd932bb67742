"""How far off a location may be, in full; and the calibrations that operators measure.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WITHIN = tuple(f"within_{metres}_m" for metres in (50, 100, 200, 500, 1000, 2500))
TABLES = ("location", "location_before")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("radius50_m", sa.Float()))
        for name in WITHIN:
            op.add_column(table, sa.Column(name, sa.REAL()))
        op.add_column(table, sa.Column("subdistrict", sa.Text()))
    op.alter_column("location_before", "reasons", server_default="{}")
    op.create_table(
        "calibration",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("gazetteer_version", sa.Text(), nullable=False),
        sa.Column("weights", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.CheckConstraint("basis IN ('GAZETTEER', 'CONFIRMED')", name=op.f("ck_calibration_basis")),
        sa.CheckConstraint("sample > 0", name=op.f("ck_calibration_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
    )
    op.create_index(
        "uq_calibration_in_force", "calibration", ["in_force"], unique=True, postgresql_where=sa.text("in_force")
    )
    op.execute(
        """
        CREATE TRIGGER raise_world_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON calibration
        FOR EACH STATEMENT EXECUTE FUNCTION raise_world_revision()
        """
    )


def downgrade() -> None:
    op.drop_table("calibration")
    op.alter_column("location_before", "reasons", server_default=None)
    for table in TABLES:
        for name in ("subdistrict", *reversed(WITHIN), "radius50_m"):
            op.drop_column(table, name)
