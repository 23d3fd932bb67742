"""The world of the rulebook's worked examples (section 6) as rows, with orphans to allocate."""

from datetime import date

from sqlalchemy import Connection, text

from app.territories.plans.deliver import deliver

TODAY = date(2026, 3, 10)
EAST, NORTH = 120.0, 30.0


def box(x0: float, x1: float, y0: float, y1: float) -> str:
    """A rectangle in degrees from the world's origin, as EWKT."""
    w, e, s, n = EAST + x0, EAST + x1, NORTH + y0, NORTH + y1
    return f"SRID=4490;MULTIPOLYGON((({w} {s},{e} {s},{e} {n},{w} {n},{w} {s})))"


COMMUNITIES = {
    "C01": (0, 0.010, 0, 0.010),
    "C02": (0.010, 0.020, 0, 0.010),
    "C03": (0.020, 0.030, 0, 0.010),
    "C04": (0, 0.010, 0.010, 0.020),
    "C05": (0.030, 0.040, 0, 0.010),
    "C06": (0.030, 0.040, 0.010, 0.020),
}

AGENTS = (  # code, team, force, state, leave_to, policies serviced
    ("A1", "T-E1", "COLLECTION", "01", None, 40),
    ("A2", "T-E1", "COLLECTION", "01", None, 80),
    ("A3", "T-E1", "COLLECTION", "03", None, 10),
    ("A4", "T-E2", "COLLECTION", "01", None, 50),
    ("A5", "T-E2", "COLLECTION", "01", date(2026, 5, 31), 0),
    ("A6", "T-E3", "COLLECTION", "01", None, 20),
    ("A7", "T-W1", "COLLECTION", "01", None, 100),
    ("A8", "M-E1", "MARKETING", "01", None, 10),
    ("A9", "T-W3", "COLLECTION", "01", None, 30),
    ("A0", "M-E1", "MARKETING", "04", None, 0),
)

TEAMS = (  # code, branch, force, ended_on
    ("T-E1", "E", "COLLECTION", None),
    ("T-E2", "E", "COLLECTION", None),
    ("T-E3", "E", "COLLECTION", None),
    ("T-W1", "W", "COLLECTION", None),
    ("T-W2", "W", "COLLECTION", date(2026, 1, 31)),
    ("T-W3", "W", "COLLECTION", None),
    ("M-E1", "E", "MARKETING", None),
)


def build_world(connection: Connection) -> None:
    """Everything but orphans."""

    def run(statement: str, rows: list[dict[str, object]]) -> None:
        connection.execute(text(statement), rows)

    run(
        "INSERT INTO organisation (code, level, parent_code, name) VALUES (:code, :level, :parent, :name)",
        [
            {"code": "P", "level": "province", "parent": None, "name": "江苏省公司"},
            {"code": "C", "level": "city", "parent": "P", "name": "南京市公司"},
            {"code": "E", "level": "branch", "parent": "C", "name": "东支公司"},
            {"code": "W", "level": "branch", "parent": "C", "name": "西支公司"},
        ],
    )
    run(
        "INSERT INTO branch_area (branch_code, geom) VALUES (:code, CAST(:geom AS geometry))",
        [{"code": "E", "geom": box(0, 0.030, 0, 0.020)}, {"code": "W", "geom": box(0.030, 0.040, 0, 0.020)}],
    )
    run(
        "INSERT INTO community (code, name, geom) VALUES (:code, :name, CAST(:geom AS geometry))",
        [{"code": code, "name": f"社区{code}", "geom": box(*sides)} for code, sides in COMMUNITIES.items()],
    )
    run(
        """INSERT INTO team (code, branch_code, name, force, takes_part, ended_on)
        VALUES (:code, :branch, :name, :force, true, :ended)""",
        [
            {"code": code, "branch": branch, "name": f"{code}队", "force": force, "ended": ended}
            for code, branch, force, ended in TEAMS
        ],
    )
    run(
        """INSERT INTO agent (code, team_code, force, name, is_lead, state, qualified, capacity, leave_to)
        VALUES (:code, :team, :force, :name, false, :state, true, 100, :leave)""",
        [
            {"code": code, "team": team, "force": force, "name": f"员工{code}", "state": state, "leave": leave}
            for code, team, force, state, leave, _ in AGENTS
        ],
    )
    strip = f"ST_Multi(ST_Union(CAST('{box(0, 0.020, 0, 0.010)}' AS geometry), CAST('{box(0.018, 0.022, 0.004, 0.006)}' AS geometry)))"
    connection.execute(
        text(
            f"INSERT INTO delivered_territory (team_code, effective_from, geom) VALUES ('T-E1', '2026-01-01', {strip})"
        )
    )
    run(
        """INSERT INTO delivered_territory (team_code, effective_from, geom)
        VALUES (:team, '2026-01-01', CAST(:geom AS geometry))""",
        [
            {"team": "T-E2", "geom": box(*COMMUNITIES["C03"])},
            {"team": "T-W1", "geom": box(*COMMUNITIES["C05"])},
            {"team": "T-W2", "geom": box(*COMMUNITIES["C06"])},
        ],
    )
    deliver(connection)
    for code, _, _, _, _, policies in AGENTS:
        connection.execute(
            text(
                """
                WITH holder AS (
                    INSERT INTO policyholder (id, name, phone)
                    SELECT 'L-' || :code || '-' || n, '赵' || n, '13800000000' FROM generate_series(1, :n) AS n RETURNING id
                )
                INSERT INTO policy (policy_no, policyholder_id, branch_code, status, servicer_code, served_by_collection)
                SELECT 'X' || id, id, 'E', 'IN_FORCE', :code, false FROM holder
                """
            ),
            {"code": code, "n": policies},
        )
    run(
        """INSERT INTO gazetteer_place (id, name, kind, province, city, district, subdistrict, road, number, address, point, source)
        VALUES (:id, :name, :kind, '江苏省', '南京市', '建邺区', '沙洲街道', :road, :number, :address,
                ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), 'test')""",
        [
            {
                "id": f"G{n}",
                "name": name,
                "kind": "COMPOUND",
                "road": "庐山路",
                "number": str(n),
                "address": f"南京市建邺区庐山路{n}号",
                "lon": EAST + x,
                "lat": NORTH + y,
            }
            for n, name, x, y in (
                (101, "奥体新城丹枫园", 0.005, 0.005),
                (102, "万科光明城市", 0.015, 0.005),
                (103, "仁恒江湾城", 0.025, 0.005),
                (104, "金陵世纪花园", 0.035, 0.005),
            )
        ],
    )


def add_orphan(
    connection: Connection,
    number: int | str,
    x: float | None = 0.005,
    y: float | None = 0.005,
    *,
    address: str = "南京市建邺区庐山路101号3幢1203室",
    event: bool = True,
) -> str:
    """A policyholder with one policy from marketing whose agent has left, living at offsets x, y; the policy's number."""
    policy_no = f"P{number:0>6}"
    values = {"no": policy_no, "holder": f"H{number:0>6}", "address": address}
    point = "NULL" if x is None or y is None else f"ST_SetSRID(ST_MakePoint({EAST + x}, {NORTH + y}), 4490)"
    connection.execute(
        text("INSERT INTO policyholder (id, name, phone) VALUES (:holder, '王小明', '19912340000')"), values
    )
    connection.execute(
        text(f"INSERT INTO address (policyholder_id, kind, text, point) VALUES (:holder, 'HOME', :address, {point})"),
        values,
    )
    connection.execute(
        text(
            """INSERT INTO policy (policy_no, policyholder_id, branch_code, product, premium, effective_on, term_years, status,
                   seller_code, servicer_code, served_by_collection)
            VALUES (:no, :holder, 'E', '终身寿险', 1234.50, '2015-05-01', 20, 'IN_FORCE', 'A0', 'A0', false)"""
        ),
        values,
    )
    if event:
        connection.execute(
            text(
                """INSERT INTO orphan_event (event_id, policy_no, reason, event_on, origin_agent_code, formalities_on)
                VALUES ('EV-' || :no, :no, 'AGENT_TERMINATED', '2026-03-05', 'A0', '2026-03-05')"""
            ),
            values,
        )
    return policy_no
