"""Rights of database roles with which QGIS works, and project files for it."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.console import fail, out, store

commands = typer.Typer(
    name="gis",
    help="GIS 软件直连数据库的角色。 Database roles for GIS clients over PostGIS.",
    no_args_is_help=True,
)
projects = typer.Typer(name="qgis", help="QGIS 工程文件。 QGIS project files.", no_args_is_help=True)

Role = Annotated[str, typer.Option("--role", min=1, help="数据库角色 / database role", metavar="NAME")]


def register(app: typer.Typer) -> None:
    """Add `gis` and `qgis` to the program."""
    commands.command("grant")(grant)
    commands.command("revoke")(revoke)
    projects.command("export")(export)
    app.add_typer(commands)
    app.add_typer(projects)


def grant(role: Role = "guidan_gis") -> None:
    """让一个角色读 studio 的视图并修改草稿，此外什么都不能；没有就建立。 Let a role read the views of `studio` and edit drafts, nothing else."""
    from psycopg.errors import InsufficientPrivilege

    from app.ogc import roles

    with store() as (engine, _):
        try:
            with engine.begin() as connection:
                made = roles.grant(connection, role)
        except InsufficientPrivilege as error:
            raise fail(
                f"当前数据库用户不能建立角色 {role}；请由管理员建立后再运行本命令。",
                f"The database user may not make the role {role}. Let an administrator make it, then run this again.",
            ) from error
    if made:
        out.print(
            f"已建立角色 {role}（可登录，未设口令）。 Role {role} made: it may log in and has no password yet.",
            markup=False,
        )
        out.print("设口令 Set one: psql -c '\\password " + role + "'", markup=False)
    out.print(
        f"{role}：可读 studio.*，可改 studio.draft_territory。 May read studio.*, may edit studio.draft_territory.",
        markup=False,
    )


def revoke(role: Role = "guidan_gis") -> None:
    """收回角色在 studio 上的权利；角色本身保留。 Take the rights on `studio` back; the role stays."""
    from app.ogc import roles

    with store() as (engine, _), engine.begin() as connection:
        if not roles.revoke(connection, role):
            raise fail(f"没有角色 {role}。", f"There is no role {role}.", 2)
    out.print(f"{role}：权利已收回。 Rights taken back.", markup=False)


def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="工程文件 / project file, .qgz or .qgs")],
    plan: Annotated[int | None, typer.Option(min=1, help="要编辑的方案 / version to work on")] = None,
    url: Annotated[
        str | None, typer.Option(help="经服务读取，如 http://127.0.0.1:8765 / through the service (OGC API)")
    ] = None,
    postgis: Annotated[
        bool, typer.Option("--postgis", help="直连数据库（studio 的视图） / straight to the database (views of studio)")
    ] = False,
    role: Annotated[str, typer.Option(help="直连所用的角色 / role for --postgis")] = "guidan_gis",
) -> None:
    """写出带样式、吸附与校验图层的 QGIS 工程，不含口令。 Write a QGIS project with styles, snapping and defects; no password in it."""
    from app.deps import business_day
    from app.ogc.qgis.export import Source, conninfo_of, export_project

    if postgis == (url is not None):
        raise fail("请给出 --url 或 --postgis 之一。", "Give one of --url and --postgis.", 2)
    if url is not None and not url.startswith(("http://", "https://")):
        raise fail("--url 须以 http:// 或 https:// 开头。", "--url must begin with http:// or https://.", 2)
    if output.suffix not in (".qgz", ".qgs"):
        raise fail("文件名须以 .qgz 或 .qgs 结尾。", "The file's name must end in .qgz or .qgs.", 2)
    with store() as (engine, configured), engine.connect() as connection:
        source = Source(url=url)
        if postgis:
            at = engine.url
            host, port = at.host or at.query.get("host"), at.port or at.query.get("port")
            source = Source(
                conninfo=conninfo_of(
                    host=str(host) if host else None,
                    port=int(str(port)) if port else None,
                    database=at.database,
                    role=role,
                )
            )
        layers = export_project(connection, output, source=source, plan_id=plan, today=business_day(configured))
    out.print(f"{output}：{layers} 个图层。 {layers} layers.", markup=False)
