"""All tables of the first version.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORLD = ("organisation", "branch_area", "team", "agent", "community", "territory", "gazetteer_place", "strategy")


def upgrade() -> None:
    # Without IF NOT EXISTS a role that may not create extensions would fail where an administrator has created them.
    for extension in ("postgis", "pg_trgm", "btree_gist"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.create_table(
        "community",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4490, spatial_index=False), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_community")),
    )
    op.create_index("ix_community_geom", "community", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "gazetteer_place",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("province", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("subdistrict", sa.Text(), nullable=True),
        sa.Column("road", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('COMPOUND', 'POI', 'COMMUNITY', 'ROAD', 'DOOR')", name=op.f("ck_gazetteer_place_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gazetteer_place")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_key")),
    )
    op.create_table(
        "imported_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_stored", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_file")),
    )
    op.create_table(
        "organisation",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("level IN ('province', 'city', 'branch')", name=op.f("ck_organisation_level")),
        sa.ForeignKeyConstraint(["parent_code"], ["organisation.code"], name=op.f("fk_organisation_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_organisation")),
    )
    op.create_table(
        "strategy",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("config", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_strategy")),
    )
    op.create_table(
        "world_revision",
        sa.Column("single", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_world_revision_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_world_revision")),
    )
    op.create_table(
        "branch_area",
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4490, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(["branch_code"], ["organisation.code"], name=op.f("fk_branch_area_branch_code")),
        sa.PrimaryKeyConstraint("branch_code", name=op.f("pk_branch_area")),
    )
    op.create_index("ix_branch_area_geom", "branch_area", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=True),
        sa.Column("policy_nos", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("confirm", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("distribute", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("status", sa.Text(), server_default="QUEUED", nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("progress", sa.Double(), server_default="0", nullable=False),
        sa.Column("strategy_version", sa.Integer(), nullable=True),
        sa.Column("plan_version", sa.Text(), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("seconds", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('QUEUED', 'RUNNING', 'PROPOSED', 'CONFIRMED', 'DISCARDED', 'FAILED')",
            name=op.f("ck_run_status"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_run_progress")),
        sa.ForeignKeyConstraint(["branch_code"], ["organisation.code"], name=op.f("fk_run_branch_code")),
        sa.ForeignKeyConstraint(["strategy_version"], ["strategy.version"], name=op.f("fk_run_strategy_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_table(
        "team",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("force", sa.Text(), nullable=False),
        sa.Column("takes_part", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("successor_code", sa.Text(), nullable=True),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("force IN ('COLLECTION', 'MARKETING')", name=op.f("ck_team_force")),
        sa.ForeignKeyConstraint(["branch_code"], ["organisation.code"], name=op.f("fk_team_branch_code")),
        sa.ForeignKeyConstraint(
            ["successor_code"],
            ["team.code"],
            name=op.f("fk_team_successor_code"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_team")),
        sa.UniqueConstraint("code", "force", name=op.f("uq_team_code_force")),
    )
    op.create_index("ix_team_branch_code", "team", ["branch_code"], unique=False)
    op.create_table(
        "agent",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("force", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("qualified", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("leave_from", sa.Date(), nullable=True),
        sa.Column("leave_to", sa.Date(), nullable=True),
        sa.Column("community_codes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint("force IN ('COLLECTION', 'MARKETING')", name=op.f("ck_agent_force")),
        sa.CheckConstraint("state IN ('01', '02', '03', '04')", name=op.f("ck_agent_state")),
        sa.ForeignKeyConstraint(
            ["team_code", "force"],
            ["team.code", "team.force"],
            name=op.f("fk_agent_team_code_force"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_agent")),
        sa.UniqueConstraint("code", "force", name=op.f("uq_agent_code_force")),
    )
    op.create_index("ix_agent_team_code", "agent", ["team_code"], unique=False)
    op.create_table(
        "team_load",
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.CheckConstraint("allocated >= 0", name=op.f("ck_team_load_allocated")),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_team_load_team_code"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_code", name=op.f("pk_team_load")),
    )
    op.create_table(
        "territory",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=4490, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_territory_team_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
        sa.UniqueConstraint("team_code", "effective_from", name=op.f("uq_territory_team_code_effective_from")),
    )
    op.create_index("ix_territory_geom", "territory", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "agent_load",
        sa.Column("agent_code", sa.Text(), nullable=False),
        sa.Column("serviced", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.CheckConstraint("allocated >= 0", name=op.f("ck_agent_load_allocated")),
        sa.CheckConstraint("serviced >= 0", name=op.f("ck_agent_load_serviced")),
        sa.ForeignKeyConstraint(
            ["agent_code"], ["agent.code"], name=op.f("fk_agent_load_agent_code"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agent_code", name=op.f("pk_agent_load")),
    )
    op.create_table(
        "policyholder",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("agent_code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["agent_code"], ["agent.code"], name=op.f("fk_policyholder_agent_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policyholder")),
    )
    op.create_table(
        "address",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("policyholder_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True),
        sa.Column("declared_crs", sa.Text(), nullable=True),
        sa.Column("community_code", sa.Text(), nullable=True),
        sa.Column("updated_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('CUSTOMER_CONFIRMED', 'VISIT_CONFIRMED', 'POSTAL', 'HOME', 'WORK')", name=op.f("ck_address_kind")
        ),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_address_policyholder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
        sa.UniqueConstraint(
            "policyholder_id",
            "kind",
            "updated_on",
            "text",
            name=op.f("uq_address_policyholder_id_kind_updated_on_text"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("policyholder_id", sa.Text(), nullable=False),
        sa.Column("bundle_no", sa.Text(), nullable=False),
        sa.Column("policies", sa.SmallInteger(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("nature_evidence", sa.Text(), nullable=False),
        sa.Column("address_id", sa.BigInteger(), nullable=True),
        sa.Column("address_kind", sa.Text(), nullable=True),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("radius_m", sa.Double(), nullable=True),
        sa.Column("community_code", sa.Text(), nullable=True),
        sa.Column("located_by", sa.Text(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=True),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("review_code", sa.Text(), nullable=True),
        sa.Column("hold_until", sa.Date(), nullable=True),
        sa.Column("notice_due_on", sa.Date(), nullable=True),
        sa.Column("first_event_on", sa.Date(), nullable=False),
        sa.Column("strategy_version", sa.Integer(), nullable=False),
        sa.Column("plan_version", sa.Text(), nullable=False),
        sa.Column("trail", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "address_kind IN ('CUSTOMER_CONFIRMED', 'VISIT_CONFIRMED', 'POSTAL', 'HOME', 'WORK')",
            name=op.f("ck_decision_address_kind"),
        ),
        sa.CheckConstraint(
            "level IN ('UNIT', 'DOOR', 'COMPOUND', 'POI', 'COMMUNITY', 'ROAD', 'SUBDISTRICT', 'DISTRICT', 'CITY', 'NONE')",
            name=op.f("ck_decision_level"),
        ),
        sa.CheckConstraint("located_by IN ('POINT', 'COMMUNITY', 'NONE')", name=op.f("ck_decision_located_by")),
        sa.CheckConstraint("nature IN ('PURE', 'NON_PURE')", name=op.f("ck_decision_nature")),
        sa.CheckConstraint(
            "rung IN ('DESIGNATED', 'CURRENT_SERVICER', 'REGION_OWNER', 'REGION_TIE_ORIGIN', 'REGION_TIE_COMMUNITY', 'REGION_TIE_LOAD', 'ORIGIN_TEAM', 'BRANCH_BALANCE', 'CITY_REVIEW')",
            name=op.f("ck_decision_rung"),
        ),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_decision_policyholder_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_decision_run_id")),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_decision_team_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_point", "decision", ["point"], unique=False, postgresql_using="gist")
    op.create_index("ix_decision_run_id", "decision", ["run_id"], unique=False)
    op.create_table(
        "policy",
        sa.Column("policy_no", sa.Text(), nullable=False),
        sa.Column("policyholder_id", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("premium", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("combination_id", sa.Text(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("term_years", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("lapsed_on", sa.Date(), nullable=True),
        sa.Column("seller_code", sa.Text(), nullable=True),
        sa.Column("servicer_code", sa.Text(), nullable=True),
        sa.Column("servicer_since", sa.Date(), nullable=True),
        sa.Column("served_by_collection", sa.Boolean(), nullable=False),
        sa.CheckConstraint("status IN ('IN_FORCE', 'LAPSED', 'ENDED')", name=op.f("ck_policy_status")),
        sa.ForeignKeyConstraint(["branch_code"], ["organisation.code"], name=op.f("fk_policy_branch_code")),
        sa.ForeignKeyConstraint(["policyholder_id"], ["policyholder.id"], name=op.f("fk_policy_policyholder_id")),
        sa.ForeignKeyConstraint(["seller_code"], ["agent.code"], name=op.f("fk_policy_seller_code")),
        sa.ForeignKeyConstraint(["servicer_code"], ["agent.code"], name=op.f("fk_policy_servicer_code")),
        sa.PrimaryKeyConstraint("policy_no", name=op.f("pk_policy")),
    )
    op.create_index(
        "ix_policy_combination_id",
        "policy",
        ["combination_id"],
        unique=False,
        postgresql_where="combination_id IS NOT NULL",
    )
    op.create_index("ix_policy_policyholder_id", "policy", ["policyholder_id"], unique=False)
    op.create_table(
        "location",
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("radius_m", sa.Double(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("matched", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("gazetteer_version", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "level IN ('UNIT', 'DOOR', 'COMPOUND', 'POI', 'COMMUNITY', 'ROAD', 'SUBDISTRICT', 'DISTRICT', 'CITY', 'NONE')",
            name=op.f("ck_location_level"),
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_location_confidence")),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_location_address_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("address_id", name=op.f("pk_location")),
    )
    op.create_table(
        "orphan_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("policy_no", sa.Text(), nullable=False),
        sa.Column("policyholder_id", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("origin_agent_code", sa.Text(), nullable=True),
        sa.Column("first_event_on", sa.Date(), nullable=False),
        sa.Column("notice_due_on", sa.Date(), nullable=True),
        sa.Column("collection_serviced", sa.Boolean(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=True),
        sa.Column("bundle_no", sa.Text(), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("nature IN ('PURE', 'NON_PURE')", name=op.f("ck_orphan_case_nature")),
        sa.CheckConstraint("open = (state NOT IN ('REJECTED', 'CLOSED'))", name=op.f("ck_orphan_case_open")),
        sa.CheckConstraint(
            "state IN ('REPORTED', 'PENDING_APPROVAL', 'REJECTED', 'POOLED', 'CLASSIFIED', 'GROUPED', 'LOCATION_REVIEW', 'LOCATED', 'PROPOSED', 'CITY_REVIEW', 'TEAM_POOL', 'ASSIGNED', 'SYNC_FAILED', 'CONFIRMED', 'SERVICING', 'RECLAIMED', 'SUSPENDED', 'CLOSED')",
            name=op.f("ck_orphan_case_state"),
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_orphan_case_decision_id")),
        sa.ForeignKeyConstraint(["policy_no"], ["policy.policy_no"], name=op.f("fk_orphan_case_policy_no")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orphan_case")),
        sa.UniqueConstraint("id", "collection_serviced", name=op.f("uq_orphan_case_id_collection_serviced")),
    )
    op.create_index("ix_orphan_case_decision_id", "orphan_case", ["decision_id"], unique=False)
    op.create_index(
        "ix_orphan_case_policyholder_id", "orphan_case", ["policyholder_id"], unique=False, postgresql_where="open"
    )
    op.create_index("uq_orphan_case_policy_no_open", "orphan_case", ["policy_no"], unique=True, postgresql_where="open")
    op.create_table(
        "orphan_event",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("policy_no", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event_on", sa.Date(), nullable=False),
        sa.Column("origin_agent_code", sa.Text(), nullable=True),
        sa.Column("formalities_on", sa.Date(), nullable=True),
        sa.Column("approval_ref", sa.Text(), nullable=True),
        sa.Column("designated_agent_code", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "reason IN ('AGENT_TERMINATED', 'AGENT_REQUEST', 'CUSTOMER_REQUEST', 'TRANSFER_IN_DOMESTIC', 'TRANSFER_IN_EXTERNAL', 'LAPSED_SELF_SOLD', 'OTHER_CHANNEL', 'NO_QUALIFIED_SERVICER')",
            name=op.f("ck_orphan_event_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["designated_agent_code"], ["agent.code"], name=op.f("fk_orphan_event_designated_agent_code")
        ),
        sa.ForeignKeyConstraint(["origin_agent_code"], ["agent.code"], name=op.f("fk_orphan_event_origin_agent_code")),
        sa.ForeignKeyConstraint(["policy_no"], ["policy.policy_no"], name=op.f("fk_orphan_event_policy_no")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_orphan_event")),
    )
    op.create_index("ix_orphan_event_policy_no", "orphan_event", ["policy_no"], unique=False)
    op.create_table(
        "allocation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("collection_serviced", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=False),
        sa.Column("team_force", sa.Text(), nullable=False),
        sa.Column("agent_code", sa.Text(), nullable=True),
        sa.Column("agent_force", sa.Text(), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "NOT live OR NOT collection_serviced OR (team_force <> 'MARKETING' AND coalesce(agent_force, '') <> 'MARKETING')",
            name=op.f("ck_allocation_h1"),
        ),
        sa.CheckConstraint("(agent_code IS NULL) = (agent_force IS NULL)", name=op.f("ck_allocation_agent")),
        sa.ForeignKeyConstraint(
            ["agent_code", "agent_force"],
            ["agent.code", "agent.force"],
            name=op.f("fk_allocation_agent_code_agent_force"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["case_id", "collection_serviced"],
            ["orphan_case.id", "orphan_case.collection_serviced"],
            name=op.f("fk_allocation_case_id_collection_serviced"),
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_allocation_run_id")),
        sa.ForeignKeyConstraint(
            ["team_code", "team_force"],
            ["team.code", "team.force"],
            name=op.f("fk_allocation_team_code_team_force"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
    )
    op.create_index("ix_allocation_run_id", "allocation", ["run_id"], unique=False)
    op.create_index("ix_allocation_team_code", "allocation", ["team_code"], unique=False, postgresql_where="live")
    op.create_index("uq_allocation_case_id_live", "allocation", ["case_id"], unique=True, postgresql_where="live")
    op.create_table(
        "refused_event",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["orphan_event.event_id"], name=op.f("fk_refused_event_event_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_refused_event_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "event_id", name=op.f("pk_refused_event")),
    )

    op.execute("INSERT INTO strategy (version, config) VALUES (1, '{}')")
    op.execute("INSERT INTO world_revision DEFAULT VALUES")
    op.execute("""
        CREATE FUNCTION raise_world_revision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE world_revision SET revision = revision + 1;
            RETURN NULL;
        END $$
    """)
    for table in WORLD:
        op.execute(f"""
            CREATE TRIGGER raise_world_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION raise_world_revision()
        """)


def downgrade() -> None:
    op.drop_table("refused_event")
    op.drop_index("uq_allocation_case_id_live", table_name="allocation", postgresql_where="live")
    op.drop_index("ix_allocation_team_code", table_name="allocation", postgresql_where="live")
    op.drop_index("ix_allocation_run_id", table_name="allocation")
    op.drop_table("allocation")
    op.drop_index("ix_orphan_event_policy_no", table_name="orphan_event")
    op.drop_table("orphan_event")
    op.drop_index("uq_orphan_case_policy_no_open", table_name="orphan_case", postgresql_where="open")
    op.drop_index("ix_orphan_case_policyholder_id", table_name="orphan_case", postgresql_where="open")
    op.drop_index("ix_orphan_case_decision_id", table_name="orphan_case")
    op.drop_table("orphan_case")
    op.drop_table("location")
    op.drop_index("ix_policy_policyholder_id", table_name="policy")
    op.drop_index("ix_policy_combination_id", table_name="policy", postgresql_where="combination_id IS NOT NULL")
    op.drop_table("policy")
    op.drop_index("ix_decision_run_id", table_name="decision")
    op.drop_index("ix_decision_point", table_name="decision", postgresql_using="gist")
    op.drop_table("decision")
    op.drop_table("address")
    op.drop_table("policyholder")
    op.drop_table("agent_load")
    op.drop_index("ix_territory_geom", table_name="territory", postgresql_using="gist")
    op.drop_table("territory")
    op.drop_table("team_load")
    op.drop_index("ix_agent_team_code", table_name="agent")
    op.drop_table("agent")
    op.drop_index("ix_team_branch_code", table_name="team")
    op.drop_table("team")
    op.drop_table("run")
    op.drop_index("ix_branch_area_geom", table_name="branch_area", postgresql_using="gist")
    op.drop_table("branch_area")
    op.drop_table("world_revision")
    op.drop_table("strategy")
    op.drop_table("organisation")
    op.drop_table("imported_file")
    op.drop_table("idempotency_key")
    op.drop_table("gazetteer_place")
    op.drop_index("ix_community_geom", table_name="community", postgresql_using="gist")
    op.drop_table("community")
    op.execute("DROP FUNCTION raise_world_revision()")
