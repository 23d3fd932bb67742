"""The collections: which there are, for whom, and how each is read."""

import re
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from app.access.masking import POINT_DIGITS, mask_address, mask_name, mask_phone
from app.access.principal import Scope
from app.ogc.collection import Collection, Field
from app.ogc.errors import CollectionNotFound
from app.territories.plans.life import STATE_NAMES

COMMUNITIES = Collection(
    id="communities",
    title="社区 Communities",
    description="居委会辖区 / Neighbourhood-committee areas",
    source="community AS c",
    where="true",
    geometry="c.geom",
    shape="polygon",
    key=[("c.code", str)],
    fields=[
        Field("code", "string", "c.code", "社区代码 code", queryable=True),
        Field("name", "string", "c.name", "名称 name", queryable=True),
    ],
)

BRANCHES = Collection(
    id="branches",
    title="支公司辖区 Branches",
    description="支公司的管辖范围 / Areas of the branches",
    source="branch_area AS a JOIN organisation AS o ON o.code = a.branch_code",
    where="(CAST(:branches AS text[]) IS NULL OR a.branch_code = ANY (CAST(:branches AS text[])))",
    geometry="a.geom",
    shape="polygon",
    key=[("a.branch_code", str)],
    fields=[
        Field("branch_code", "string", "a.branch_code", "支公司代码 branch", queryable=True),
        Field("name", "string", "o.name", "名称 name", queryable=True),
        Field("parent_code", "string", "o.parent_code", "上级机构 parent", queryable=True),
    ],
)

_TEAM_FIELDS = [
    Field("name", "string", "team.name", "团队名称 team name", queryable=True),
    Field("force", "string", "team.force", "队伍 force", queryable=True),
    Field("ended", "boolean", "coalesce(team.ended_on <= :today, false)", "团队已撤销 team dissolved", queryable=True),
]
_SCOPED = """
    (CAST(:branches AS text[]) IS NULL OR team.branch_code = ANY (CAST(:branches AS text[])))
    AND (CAST(:teams AS text[]) IS NULL OR team.code = ANY (CAST(:teams AS text[])))
"""

TERRITORIES = Collection(
    id="territories",
    title="生效区域 Territories in force",
    description=(
        "决定归属的区域；不写 datetime 为今天，写某日为该日，写区间为其间任何一日 / "
        "What decides who owns a place: today's, those of the day in datetime, or of any day of its interval"
    ),
    source="published_territory AS t JOIN team ON team.code = t.team_code",
    where=f"(t.valid_to IS NULL OR t.valid_from < t.valid_to) AND {_SCOPED}",
    geometry="t.geom",
    shape="polygon",
    key=[("t.plan_id", int), ("t.team_code", str)],
    fields=[
        Field("team_code", "string", "t.team_code", "团队代码 team", queryable=True),
        *_TEAM_FIELDS,
        Field("branch_code", "string", "t.branch_code", "支公司 branch", queryable=True),
        Field("plan", "integer", "t.plan_id", "方案编号 plan", queryable=True),
        Field("since", "date", "t.effective_from", "自何日起 held since"),
        Field("valid_from", "date", "t.valid_from", "方案生效日 plan from"),
        Field("valid_to", "date", "t.valid_to", "方案止（不含） plan until"),
    ],
    begins="t.valid_from",
    ends="t.valid_to",
    on_today=True,
)

# What is asked of a rounded point must not tell where the exact one is: the box meets the rounded point, never the other.
_ROUNDED = f"ST_SnapToGrid(d.point, {10.0**-POINT_DIGITS})"
_REACH = 2 * 10.0**-POINT_DIGITS

ORPHANS = Collection(
    id="orphans",
    title="孤儿单 Orphans",
    description=(
        "未结且已定位的孤儿单；客户信息已遮盖，坐标只到约 100 米 / "
        "Open orphans that have a place; policyholders are masked, places are rounded to about 100 m"
    ),
    source=(
        "decision AS d JOIN orphan_case AS c ON c.decision_id = d.id AND c.open "
        "JOIN policyholder AS h ON h.id = c.policyholder_id LEFT JOIN address AS a ON a.id = d.address_id"
    ),
    counted="decision AS d JOIN orphan_case AS c ON c.decision_id = d.id AND c.open",
    where="""
        d.point IS NOT NULL
        AND (CAST(:branches AS text[]) IS NULL OR d.branch_code = ANY (CAST(:branches AS text[])))
        AND (CAST(:teams AS text[]) IS NULL OR d.team_code = ANY (CAST(:teams AS text[])))
    """,
    geometry=_ROUNDED,
    shape="point",
    near=f"d.point && ST_Expand(ST_GeomFromWKB(:area, 4490), {_REACH})",
    key=[("c.id", int)],
    fields=[
        Field("policy_no", "string", "c.policy_no", "保单号 policy", queryable=True),
        Field("bundle_no", "string", "c.bundle_no", "归集号 bundle", queryable=True),
        Field("state", "string", "c.state", "状态 state", queryable=True),
        Field("nature", "string", "c.nature", "性质 nature", queryable=True),
        Field("rung", "string", "d.rung", "分配依据 rung", queryable=True),
        Field("team_code", "string", "d.team_code", "团队 team", queryable=True),
        Field("branch_code", "string", "d.branch_code", "支公司 branch", queryable=True),
        Field("level", "string", "d.level", "定位级别 match level", queryable=True),
        Field("first_event_on", "date", "c.first_event_on", "事件日 event"),
        Field("notice_due_on", "date", "c.notice_due_on", "通知期限 notice due"),
        Field("policyholder", "string", "h.name", "投保人（遮盖） policyholder, masked"),
        Field("phone", "string", "h.phone", "电话（遮盖） phone, masked"),
        Field("address", "string", "a.text", "地址（遮盖） address, masked"),
    ],
    begins="c.first_event_on",
    ends="c.first_event_on + 1",
    finish=lambda told: {
        **told,
        "policyholder": mask_name(told["policyholder"]),
        "phone": mask_phone(told["phone"]),
        "address": mask_address(told["address"]),
    },
    # The caller's branches and not the points: quick however many there are, and it says nothing of where the last one lives.
    extent=(
        "SELECT ST_Extent(geom) AS box, CAST(NULL AS date) AS begins FROM branch_area "
        "WHERE CAST(:branches AS text[]) IS NULL OR branch_code = ANY (CAST(:branches AS text[]))"
    ),
)

STANDING = (COMMUNITIES, BRANCHES, TERRITORIES, ORPHANS)
"""The collections that are always there."""

_PLAN_ID = re.compile(r"territory-plan-([1-9][0-9]{0,17})(-defects(?:-(areas|lines|points))?)?", re.ASCII)
_PLAN = "SELECT id, branch_code, number, name, state, effective_from FROM territory_plan WHERE {condition}"
_ONE_PLAN = text(_PLAN.format(condition="id = :id"))
_OPEN_PLANS = text(
    _PLAN.format(
        condition="""state IN ('DRAFT', 'IN_REVIEW', 'APPROVED')
        AND (CAST(:branches AS text[]) IS NULL OR branch_code = ANY (CAST(:branches AS text[]))) ORDER BY id DESC LIMIT :most"""
    )
)

MOST_PLANS = 200
"""Versions under way that the list of collections names, the newest first; any other is there under its number all the same."""


def plan_collection_id(plan_id: int) -> str:
    """The collection of a version's territories."""
    return f"territory-plan-{plan_id}"


def listed(connection: Connection, scope: Scope) -> list[Collection]:
    """The standing collections, and two for each version under way in the caller's scope."""
    values = {"branches": scope.listed_branches, "most": MOST_PLANS}
    plans = connection.execute(_OPEN_PLANS, values).mappings().all()
    return [*STANDING, *(made for plan in plans for made in (_territories_of(plan), _defects_of(plan)))]


def one(connection: Connection, collection_id: str, scope: Scope) -> Collection:
    """The collection of an id. Raises `CollectionNotFound`, also for a version out of the caller's scope."""
    for standing in STANDING:
        if standing.id == collection_id:
            return standing
    found = _PLAN_ID.fullmatch(collection_id)
    if found is None:
        raise CollectionNotFound
    plan = connection.execute(_ONE_PLAN, {"id": int(found[1])}).mappings().one_or_none()
    if plan is None or (scope.branch_codes is not None and plan["branch_code"] not in scope.branch_codes):
        raise CollectionNotFound
    return _defects_of(plan, found[3]) if found[2] else _territories_of(plan)


def bound(collection: Collection, scope: Scope, today: date) -> dict[str, Any]:
    """What the SQL of a collection may use, but for what the client wants."""
    teams = None if scope.team_codes is None else sorted(scope.team_codes)
    return {"branches": scope.listed_branches, "teams": teams, "today": today, **collection.values}


def _called(plan: RowMapping) -> str:
    return f"{plan['name']}（{plan['branch_code']} 第 {plan['number']} 版，{STATE_NAMES.get(plan['state'], '已发布')}）"


def _territories_of(plan: RowMapping) -> Collection:
    draft = plan["state"] == "DRAFT"
    return Collection(
        id=plan_collection_id(plan["id"]),
        title=f"区域方案 {plan['id']}：{_called(plan)}",
        description=(
            f"方案 {plan['id']} 的区域，一个团队一行；草稿可用 POST、PUT、DELETE 修改 / "
            f"Territories of version {plan['id']}, one row a team; a draft takes POST, PUT, DELETE"
        ),
        source="territory AS t JOIN territory_shape AS s ON s.id = t.shape_id JOIN team ON team.code = t.team_code",
        where=f"t.plan_id = :plan AND {_SCOPED}",
        geometry="s.geom",
        shape="polygon",
        key=[("t.team_code", str)],
        fields=[
            Field("team_code", "string", "t.team_code", "团队代码 team", queryable=True),
            *_TEAM_FIELDS,
            Field("version", "integer", "t.revision", "最近改于草稿版本 changed in version", queryable=True),
            Field("since", "date", "t.since", "自何日起 held since"),
        ],
        values={"plan": plan["id"]},
        plan_id=plan["id"],
        etag="t.revision",
        editable=draft,
    )


_DIMENSIONS = {"areas": 2, "lines": 1, "points": 0}


def _defects_of(plan: RowMapping, kind: str | None = None) -> Collection:
    """All defects, or those whose place is of one kind: a layer of QGIS holds areas, lines or points."""
    alike = f"AND ST_Dimension(f.geom) = {_DIMENSIONS[kind]}" if kind is not None else ""
    return Collection(
        id=f"{plan_collection_id(plan['id'])}-defects{'' if kind is None else f'-{kind}'}",
        title=f"缺陷，方案 {plan['id']}：{_called(plan)}",
        description=f"方案 {plan['id']} 的校验结果 / Defects of version {plan['id']}",
        source="territory_defect AS f JOIN territory_plan AS p ON p.id = f.plan_id",
        where=f"""
            f.plan_id = :plan {alike}
            AND (CAST(:branches AS text[]) IS NULL OR p.branch_code = ANY (CAST(:branches AS text[])))
            AND (CAST(:teams AS text[]) IS NULL OR f.team_codes && CAST(:teams AS text[]))
        """,
        geometry="f.geom",
        shape="any",
        key=[("f.id", int)],
        fields=[
            Field("code", "string", "f.code", "缺陷 defect", queryable=True),
            Field("severity", "string", "f.severity", "严重程度 severity", queryable=True),
            Field("team_codes", "string", "array_to_string(f.team_codes, ',')", "团队 teams"),
            Field("community_codes", "string", "array_to_string(f.community_codes, ',')", "社区 communities"),
            Field("area_m2", "number", "f.area_m2", "面积 m² area"),
            Field("length_m", "number", "f.length_m", "长度 m length"),
            Field("customers", "integer", "f.customers", "涉及客户 customers"),
            Field("orphans", "integer", "f.orphans", "涉及孤儿单 orphans"),
        ],
        values={"plan": plan["id"]},
        plan_id=plan["id"],
    )
