"""Versions of territories: plans, immutable shapes, the history of drafts, their conflicts and defects.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SHAPE = Geometry("MULTIPOLYGON", srid=4490, spatial_index=False)


def upgrade() -> None:
    _rename_delivered()
    _create_plans()
    _create_history()
    _create_checks()
    op.execute(
        """
        CREATE VIEW published_territory AS
        SELECT p.id AS plan_id, p.branch_code, p.number, t.team_code, t.since AS effective_from,
               p.effective_from AS valid_from, p.effective_to AS valid_to, t.shape_id, s.geom
        FROM territory_plan p JOIN territory t ON t.plan_id = p.id JOIN territory_shape s ON s.id = t.shape_id
        WHERE p.state = 'PUBLISHED'
        """
    )
    _make_plans_of_delivered()
    _keep_published()


def _rename_delivered() -> None:
    op.execute("DROP TRIGGER raise_world_revision ON territory")
    op.drop_index("ix_territory_geom", table_name="territory", postgresql_using="gist")
    op.rename_table("territory", "delivered_territory")
    for old, new in (
        ("pk_territory", "pk_delivered_territory"),
        ("fk_territory_team_code", "fk_delivered_territory_team_code"),
        ("uq_territory_team_code_effective_from", "uq_delivered_territory_team_code_effective_from"),
    ):
        op.execute(f"ALTER TABLE delivered_territory RENAME CONSTRAINT {old} TO {new}")
    op.execute("ALTER SEQUENCE territory_id_seq RENAME TO delivered_territory_id_seq")


def _create_plans() -> None:
    op.create_table(
        "territory_shape",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "digest",
            postgresql.BYTEA(),
            sa.Computed("sha256(ST_AsBinary(geom, 'NDR'::text))", persisted=True),
            nullable=False,
        ),
        sa.Column("geom", SHAPE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_shape")),
    )
    op.create_index("uq_territory_shape_digest", "territory_shape", ["digest"], unique=True)
    op.create_index("ix_territory_shape_geom", "territory_shape", ["geom"], postgresql_using="gist")
    op.create_table(
        "territory_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("base_id", sa.BigInteger()),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("effective_from", sa.Date()),
        sa.Column("effective_to", sa.Date()),
        *(
            column
            for step in ("created", "submitted", "approved", "published")
            for column in (
                sa.Column(f"{step}_by", sa.Text()),
                sa.Column(
                    f"{step}_at",
                    sa.DateTime(timezone=True),
                    server_default=sa.text("now()") if step == "created" else None,
                    nullable=step != "created",
                ),
            )
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'IN_REVIEW', 'APPROVED', 'PUBLISHED', 'DISCARDED')",
            name=op.f("ck_territory_plan_state"),
        ),
        sa.CheckConstraint(
            "origin IN ('DELIVERED', 'DRAWN', 'ROLLED_BACK', 'PROPOSED')", name=op.f("ck_territory_plan_origin")
        ),
        sa.CheckConstraint(
            "(state = 'PUBLISHED') = (effective_from IS NOT NULL)", name=op.f("ck_territory_plan_published")
        ),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_from <= effective_to", name=op.f("ck_territory_plan_period")
        ),
        sa.CheckConstraint("approved_by <> submitted_by", name=op.f("ck_territory_plan_approved_by")),
        sa.CheckConstraint("(submitted_by IS NULL) = (submitted_at IS NULL)", name=op.f("ck_territory_plan_submitted")),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_territory_plan_approved")),
        sa.CheckConstraint(
            "origin = 'DELIVERED' OR state NOT IN ('APPROVED', 'PUBLISHED') OR approved_by IS NOT NULL",
            name=op.f("ck_territory_plan_approval"),
        ),
        sa.ForeignKeyConstraint(["branch_code"], ["organisation.code"], name=op.f("fk_territory_plan_branch_code")),
        sa.ForeignKeyConstraint(["base_id"], ["territory_plan.id"], name=op.f("fk_territory_plan_base_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_plan")),
        sa.UniqueConstraint("branch_code", "number", name=op.f("uq_territory_plan_branch_code_number")),
        postgresql.ExcludeConstraint(
            (sa.text("branch_code"), "="),
            (sa.text("daterange(effective_from, effective_to)"), "&&"),
            where=sa.text("state = 'PUBLISHED'"),
            using="gist",
            name="ex_territory_plan_one_a_day",
        ),
    )
    op.create_index("ix_territory_plan_base_id", "territory_plan", ["base_id"])
    op.create_table(
        "territory",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("shape_id", sa.BigInteger()),
        sa.Column("since", sa.Date()),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_plan_id")),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_territory_team_code")),
        sa.ForeignKeyConstraint(["shape_id"], ["territory_shape.id"], name=op.f("fk_territory_shape_id")),
        sa.PrimaryKeyConstraint("plan_id", "team_code", name=op.f("pk_territory")),
    )
    op.create_index("ix_territory_shape_id", "territory", ["shape_id"])
    op.add_column("delivered_territory", sa.Column("shape_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_delivered_territory_shape_id"), "delivered_territory", "territory_shape", ["shape_id"], ["id"]
    )


def _create_history() -> None:
    op.create_table(
        "territory_edit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="DONE", nullable=False),
        sa.Column("edit_id", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('DONE', 'UNDONE', 'DISCARDED')", name=op.f("ck_territory_edit_state")),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_edit_plan_id")),
        sa.ForeignKeyConstraint(["edit_id"], ["territory_edit.id"], name=op.f("fk_territory_edit_edit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_edit")),
        sa.UniqueConstraint("plan_id", "revision", name=op.f("uq_territory_edit_plan_id_revision")),
    )
    op.create_index("ix_territory_edit_person", "territory_edit", ["plan_id", "person", "revision"])
    op.create_table(
        "territory_change",
        sa.Column("edit_id", sa.BigInteger(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("before_shape_id", sa.BigInteger()),
        sa.Column("after_shape_id", sa.BigInteger()),
        sa.Column("land", sa.Boolean(), server_default="true", nullable=False),
        sa.ForeignKeyConstraint(["edit_id"], ["territory_edit.id"], name=op.f("fk_territory_change_edit_id")),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_territory_change_team_code")),
        sa.ForeignKeyConstraint(
            ["before_shape_id"], ["territory_shape.id"], name=op.f("fk_territory_change_before_shape_id")
        ),
        sa.ForeignKeyConstraint(
            ["after_shape_id"], ["territory_shape.id"], name=op.f("fk_territory_change_after_shape_id")
        ),
        sa.PrimaryKeyConstraint("edit_id", "team_code", name=op.f("pk_territory_change")),
    )
    op.create_table(
        "territory_conflict",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("choice", sa.Text()),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("choice IN ('MINE', 'THEIRS')", name=op.f("ck_territory_conflict_choice")),
        sa.CheckConstraint("(choice IS NULL) = (resolved_by IS NULL)", name=op.f("ck_territory_conflict_resolved")),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_conflict_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_conflict")),
    )
    op.create_index(
        "ix_territory_conflict_open", "territory_conflict", ["plan_id"], postgresql_where=sa.text("choice IS NULL")
    )
    op.create_table(
        "territory_conflict_side",
        sa.Column("conflict_id", sa.BigInteger(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("mine_shape_id", sa.BigInteger()),
        sa.Column("theirs_shape_id", sa.BigInteger()),
        sa.Column("theirs_edit_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["conflict_id"], ["territory_conflict.id"], name=op.f("fk_territory_conflict_side_conflict_id")
        ),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_territory_conflict_side_team_code")),
        sa.ForeignKeyConstraint(
            ["mine_shape_id"], ["territory_shape.id"], name=op.f("fk_territory_conflict_side_mine_shape_id")
        ),
        sa.ForeignKeyConstraint(
            ["theirs_shape_id"], ["territory_shape.id"], name=op.f("fk_territory_conflict_side_theirs_shape_id")
        ),
        sa.ForeignKeyConstraint(
            ["theirs_edit_id"], ["territory_edit.id"], name=op.f("fk_territory_conflict_side_theirs_edit_id")
        ),
        sa.PrimaryKeyConstraint("conflict_id", "team_code", name=op.f("pk_territory_conflict_side")),
    )
    op.create_table(
        "territory_presence",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("view", Geometry("POLYGON", srid=4490, spatial_index=False)),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_presence_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "person", name=op.f("pk_territory_presence")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "territory_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("from_state", sa.Text()),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("effective_from", sa.Date()),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_step_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_step")),
    )
    op.create_index("ix_territory_step_plan_id", "territory_step", ["plan_id"])


def _create_checks() -> None:
    op.create_table(
        "territory_defect",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("team_codes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("community_codes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("geom", Geometry("GEOMETRY", srid=4490, spatial_index=False)),
        sa.Column("area_m2", sa.Float()),
        sa.Column("length_m", sa.Float()),
        sa.Column("details", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("ways", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("customers", sa.Integer()),
        sa.Column("orphans", sa.Integer()),
        sa.CheckConstraint("severity IN ('ERROR', 'WARNING', 'NOTE')", name=op.f("ck_territory_defect_severity")),
        sa.ForeignKeyConstraint(["plan_id"], ["territory_plan.id"], name=op.f("fk_territory_defect_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory_defect")),
    )
    op.create_index("ix_territory_defect_plan_id", "territory_defect", ["plan_id"])
    op.create_index("ix_territory_defect_geom", "territory_defect", ["geom"], postgresql_using="gist")


def _make_plans_of_delivered() -> None:
    """A version for each day on which a territory of the branch begins; of each team the latest one that has begun."""
    op.execute(
        "INSERT INTO territory_shape (geom) SELECT geom FROM delivered_territory ORDER BY id ON CONFLICT DO NOTHING"
    )
    op.execute(
        """
        UPDATE delivered_territory d SET shape_id = s.id FROM territory_shape s
        WHERE s.digest = sha256(ST_AsBinary(d.geom, 'NDR'))
        """
    )
    op.execute(
        """
        INSERT INTO territory_plan (branch_code, number, name, origin, state, effective_from, effective_to, published_at)
        SELECT branch_code, row_number() OVER days, '导入 ' || day, 'DELIVERED', 'PUBLISHED', day, lead(day) OVER days, now()
        FROM (SELECT DISTINCT team.branch_code, d.effective_from AS day FROM delivered_territory d JOIN team ON team.code = d.team_code) AS begun
        WINDOW days AS (PARTITION BY branch_code ORDER BY day)
        ORDER BY branch_code, day
        """
    )
    op.execute(
        """
        INSERT INTO territory (plan_id, team_code, shape_id, since)
        SELECT DISTINCT ON (p.id, d.team_code) p.id, d.team_code, d.shape_id, d.effective_from
        FROM territory_plan p JOIN team ON team.branch_code = p.branch_code
        JOIN delivered_territory d ON d.team_code = team.code AND d.effective_from <= p.effective_from
        ORDER BY p.id, d.team_code, d.effective_from DESC
        """
    )


def _keep_published() -> None:
    op.execute(
        """
        CREATE FUNCTION keep_published_plan() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state = 'PUBLISHED' AND (TG_OP = 'DELETE' OR to_jsonb(NEW) - 'effective_to' <> to_jsonb(OLD) - 'effective_to') THEN
                RAISE EXCEPTION 'a published version of territories does not change'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'keep_published_plan';
            END IF;
            RETURN coalesce(NEW, OLD);
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER keep_published BEFORE UPDATE OR DELETE ON territory_plan
        FOR EACH ROW EXECUTE FUNCTION keep_published_plan()
        """
    )
    # An approved version takes the days that its territories date from when it is published, and nothing else.
    op.execute(
        """
        CREATE FUNCTION keep_published_territory() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            is_in text := (SELECT state FROM territory_plan WHERE id = coalesce(NEW.plan_id, OLD.plan_id));
        BEGIN
            IF is_in = 'DRAFT'
                OR is_in = 'APPROVED' AND TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'since' = to_jsonb(OLD) - 'since'
                OR is_in = 'APPROVED' AND TG_OP = 'DELETE' AND OLD.shape_id IS NULL THEN
                RETURN coalesce(NEW, OLD);
            END IF;
            RAISE EXCEPTION 'only a draft of territories changes'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'keep_published_territory';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER keep_published BEFORE INSERT OR UPDATE OR DELETE ON territory
        FOR EACH ROW EXECUTE FUNCTION keep_published_territory()
        """
    )
    op.execute(
        """
        CREATE FUNCTION keep_territory_shape() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a shape does not change' USING ERRCODE = 'check_violation', CONSTRAINT = 'keep_territory_shape';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER keep_shape BEFORE UPDATE ON territory_shape
        FOR EACH ROW EXECUTE FUNCTION keep_territory_shape()
        """
    )
    # Drafts decide nothing: only what is published makes the processes read the areas anew.
    for name, event, condition in (
        ("insert", "INSERT", "NEW.state = 'PUBLISHED'"),
        ("update", "UPDATE", "NEW.state = 'PUBLISHED' OR OLD.state = 'PUBLISHED'"),
        ("delete", "DELETE", "OLD.state = 'PUBLISHED'"),
    ):
        op.execute(
            f"""
            CREATE TRIGGER raise_world_revision_{name} AFTER {event} ON territory_plan
            FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION raise_world_revision()
            """
        )
    op.execute(
        """
        CREATE TRIGGER raise_world_revision AFTER TRUNCATE ON territory_plan
        FOR EACH STATEMENT EXECUTE FUNCTION raise_world_revision()
        """
    )


def downgrade() -> None:
    # Every published territory once for each day from which the team has had it, as the earlier release keeps them.
    op.execute(
        "CREATE TEMPORARY TABLE kept AS SELECT DISTINCT ON (team_code, effective_from) team_code, effective_from, geom "
        "FROM published_territory ORDER BY team_code, effective_from, valid_from DESC"
    )
    op.execute("DROP VIEW published_territory")
    for table in (
        "territory_defect",
        "territory_step",
        "territory_presence",
        "territory_conflict_side",
        "territory_conflict",
        "territory_change",
        "territory_edit",
        "territory",
        "territory_plan",
        "delivered_territory",
        "territory_shape",
    ):
        op.drop_table(table)
    for function in ("keep_published_plan", "keep_published_territory", "keep_territory_shape"):
        op.execute(f"DROP FUNCTION {function}()")
    op.create_table(
        "territory",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("geom", SHAPE, nullable=False),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_territory_team_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
        sa.UniqueConstraint("team_code", "effective_from", name=op.f("uq_territory_team_code_effective_from")),
    )
    op.create_index("ix_territory_geom", "territory", ["geom"], unique=False, postgresql_using="gist")
    op.execute("INSERT INTO territory (team_code, effective_from, geom) SELECT * FROM kept")
    op.execute("DROP TABLE kept")
    op.execute(
        """
        CREATE TRIGGER raise_world_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON territory
        FOR EACH STATEMENT EXECUTE FUNCTION raise_world_revision()
        """
    )
