"""The schema `studio` for QGIS over PostGIS: views to read, and drafts that can be edited under the invariants.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TODAY = "CAST(now() AT TIME ZONE 'Asia/Shanghai' AS date)"

VIEWS = {
    "plan": """
        SELECT p.id, p.branch_code, o.name AS branch_name, p.number, p.name, p.state, p.revision AS version,
               p.effective_from AS valid_from, p.effective_to AS valid_to
        FROM territory_plan p JOIN organisation o ON o.code = p.branch_code
    """,
    "territory": """
        SELECT t.plan_id, t.branch_code, t.team_code, team.name AS team_name, team.force, t.effective_from AS since,
               t.valid_from, t.valid_to, t.geom
        FROM published_territory t JOIN team ON team.code = t.team_code
        WHERE t.valid_to IS NULL OR t.valid_from < t.valid_to
    """,
    "territory_in_force": f"""
        SELECT * FROM studio.territory
        WHERE valid_from <= {TODAY} AND (valid_to IS NULL OR {TODAY} < valid_to)
    """,  # noqa: S608 (fixed words)
    "draft_territory": """
        SELECT t.plan_id, t.team_code, team.name AS team_name, team.force, t.revision AS version, s.geom
        FROM territory t JOIN territory_plan p ON p.id = t.plan_id AND p.state = 'DRAFT'
        JOIN territory_shape s ON s.id = t.shape_id JOIN team ON team.code = t.team_code
    """,
    "plan_territory": """
        SELECT t.plan_id, p.state, t.team_code, team.name AS team_name, team.force, t.revision AS version, s.geom
        FROM territory t JOIN territory_plan p ON p.id = t.plan_id
        JOIN territory_shape s ON s.id = t.shape_id JOIN team ON team.code = t.team_code
    """,
    "defect": """
        SELECT d.id, d.plan_id, d.code, d.severity, array_to_string(d.team_codes, ',') AS team_codes,
               array_to_string(d.community_codes, ',') AS community_codes, d.area_m2, d.length_m, d.customers, d.orphans, d.geom
        FROM territory_defect d
    """,
    "community": "SELECT code, name, geom FROM community",
    "branch": """
        SELECT a.branch_code, o.name, a.geom FROM branch_area a JOIN organisation o ON o.code = a.branch_code
    """,
}


def upgrade() -> None:
    op.execute("CREATE SCHEMA studio")
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW studio.{name} AS {query}")
    op.execute("COMMENT ON SCHEMA studio IS 'QGIS: read the views, edit draft_territory; rights by `guidan gis grant`'")
    # Functions of the views' owner, so that a GIS role needs no right on any table. What they keep are invariants: a draft, one row a
    # team, a team of the branch, a sound shape of bearable size. What a shape means for its neighbours is for validation.
    op.execute(
        """
        CREATE FUNCTION studio.refuse(code text, zh text, en text) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% / %', zh, en USING ERRCODE = code;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION studio.read_shape(drawn public.geometry) RETURNS public.geometry
        LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            shape geometry;
        BEGIN
            IF drawn IS NULL OR ST_IsEmpty(drawn) THEN
                PERFORM studio.refuse('GS003', '没有图形；要去掉团队的区域请删除本行', 'There is no shape; to take a territory away, delete the row');
            END IF;
            IF ST_NPoints(drawn) > 20000 OR ST_NRings(drawn) > 2000 THEN
                PERFORM studio.refuse('GS006', '图形超过 20000 个顶点或 2000 个环；请先简化', 'The shape has more than 20000 vertices or 2000 rings; simplify it first');
            END IF;
            IF NOT ST_Force2D(drawn) @ ST_MakeEnvelope(73, 3, 136, 54, 4490) THEN
                PERFORM studio.refuse('GS005', '图形不在中国境内；请检查坐标系（应为 EPSG:4490）', 'The shape is outside of China; check its system (EPSG:4490)');
            END IF;
            -- Onto the grid of editing, as what decimals of eight places read as: neighbours share their vertices to the bit.
            shape := ST_GeomFromText(ST_AsText(ST_Force2D(drawn), 8), 4490);
            IF NOT ST_IsValid(shape) THEN
                PERFORM studio.refuse('GS004',
                    format('图形自相交或环有误（%s）；请改正后再存', ST_IsValidReason(shape)),
                    format('The shape is not valid (%s); mend it, then save', ST_IsValidReason(shape)));
            END IF;
            IF ST_Area(shape) = 0 THEN
                PERFORM studio.refuse('GS003', '图形没有面积', 'The shape has no area');
            END IF;
            RETURN ST_Multi(shape);
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION studio.write_draft_territory() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            plan territory_plan;
            held territory;
            shape geometry;
            kept bigint;
            step bigint;
            editor text := coalesce(nullif(btrim(current_setting('guidan.person', true)), ''), session_user);
        BEGIN
            IF TG_OP = 'UPDATE' AND (NEW.plan_id, NEW.team_code) IS DISTINCT FROM (OLD.plan_id, OLD.team_code) THEN
                PERFORM studio.refuse('GS008', '不能把区域改给别的团队或方案；请删除本行再新增', 'A territory cannot go to another team or plan; delete the row and add one');
            END IF;
            SELECT * INTO plan FROM territory_plan WHERE id = coalesce(NEW.plan_id, OLD.plan_id) FOR UPDATE;
            IF plan.id IS NULL OR plan.state <> 'DRAFT' THEN
                PERFORM studio.refuse('GS001', '没有这个草稿；只有草稿可以修改', 'There is no such draft; only a draft can be changed');
            END IF;
            SELECT * INTO held FROM territory WHERE plan_id = plan.id AND team_code = coalesce(NEW.team_code, OLD.team_code);
            IF TG_OP = 'INSERT' THEN
                IF NOT EXISTS (SELECT FROM team WHERE code = NEW.team_code AND branch_code = plan.branch_code) THEN
                    PERFORM studio.refuse('GS002', '团队不存在，或不属于方案所在的支公司', 'There is no such team in the plan''s branch');
                ELSIF held.shape_id IS NOT NULL THEN
                    PERFORM studio.refuse('GS007', '这个团队在草稿中已有区域；请修改它的图形', 'The team already has a territory in this draft; change its shape');
                END IF;
            ELSIF held.shape_id IS NULL OR held.revision <> OLD.version OR TG_OP = 'UPDATE' AND NEW.version <> held.revision THEN
                PERFORM studio.refuse('GS009', '这块区域刚被别人改过；请刷新图层后重做', 'Somebody has just changed this territory; refresh the layer, then edit again');
            END IF;
            IF TG_OP <> 'DELETE' THEN
                shape := studio.read_shape(NEW.geom);
                INSERT INTO territory_shape (geom) VALUES (shape) ON CONFLICT DO NOTHING;
                SELECT id INTO kept FROM territory_shape WHERE digest = sha256(ST_AsBinary(shape, 'NDR'));
            END IF;
            IF kept IS NOT DISTINCT FROM held.shape_id THEN
                RETURN coalesce(NEW, OLD);
            END IF;
            UPDATE territory_plan SET revision = revision + 1 WHERE id = plan.id RETURNING revision INTO plan.revision;
            INSERT INTO territory (plan_id, team_code, shape_id, revision)
            VALUES (plan.id, coalesce(NEW.team_code, OLD.team_code), kept, plan.revision)
            ON CONFLICT (plan_id, team_code) DO UPDATE SET shape_id = excluded.shape_id, revision = excluded.revision;
            UPDATE territory_edit SET state = 'DISCARDED'
            WHERE plan_id = plan.id AND person = editor AND state = 'UNDONE';
            INSERT INTO territory_edit (plan_id, revision, person, verb, arguments)
            VALUES (plan.id, plan.revision, editor, CASE TG_OP WHEN 'DELETE' THEN 'REMOVE' ELSE 'REPLACE' END,
                    jsonb_build_object('team_code', coalesce(NEW.team_code, OLD.team_code), 'through', 'POSTGIS'))
            RETURNING id INTO step;
            INSERT INTO territory_change (edit_id, team_code, before_shape_id, after_shape_id)
            VALUES (step, coalesce(NEW.team_code, OLD.team_code), held.shape_id, kept);
            IF TG_OP = 'DELETE' THEN
                RETURN OLD;
            END IF;
            NEW.version := plan.revision;
            NEW.geom := shape;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE OR DELETE ON studio.draft_territory
        FOR EACH ROW EXECUTE FUNCTION studio.write_draft_territory()
        """
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA studio CASCADE")
