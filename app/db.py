"""The engine, sessions, COPY in both directions, advisory locks, statements kept in files, and the start-up checks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, cast

import orjson
import polars as pl
import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")
OLDEST_SERVER = 140000

BRANCH_LOCKS = 0x6764_0001
MIGRATION_LOCK = 0x6764_0002
"""Namespaces of advisory locks ("gd" in ASCII, then a number), so that other programs' locks are not met."""

DIALECT: Final[Dialect] = PGDialect_psycopg()  # type: ignore[no-untyped-call]

COPY_ROWS = 65_536
"""Rows turned into CSV at a time: bounds the memory beside the frame."""


class DatabaseNotReady(RuntimeError):
    """The database cannot hold this product's data; the message says why and what to do, Chinese first."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")
        self.chinese = chinese
        self.english = english


def normal_url(url: str | URL) -> URL:
    """The address with psycopg 3 as its driver: accepts `postgres://`, `postgresql://` and `postgresql+psycopg://`.

    Raises `DatabaseNotReady` where it is no PostgreSQL address; the message does not repeat it, as it may hold a
    password.
    """
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if isinstance(url, str) else url)
        backend = parsed.get_backend_name()
    except Exception as error:
        raise _no_address() from error
    if backend != "postgresql":
        raise _no_address()
    return parsed.set(drivername="postgresql+psycopg")


def _no_address() -> DatabaseNotReady:
    return DatabaseNotReady(
        "DATABASE_URL 不是有效的 PostgreSQL 地址，应形如 postgresql://用户:密码@主机:5432/库名。",
        "DATABASE_URL is not a PostgreSQL address; expected postgresql://user:password@host:5432/database.",
    )


def make_engine(
    url: str | URL,
    *,
    pool_size: int = 10,
    max_overflow: int = 5,
    pool_timeout_s: float = 10.0,
    application: str = "guidan",
) -> Engine:
    """An engine whose connections speak UTC and JSON through orjson. Raises `DatabaseNotReady` for a bad address."""
    engine = create_engine(
        normal_url(url),
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=pool_timeout_s,
        pool_pre_ping=True,
        connect_args={"application_name": application, "connect_timeout": 10, "client_encoding": "utf8"},
        json_serializer=_json_text,
        json_deserializer=orjson.loads,
    )
    event.listen(engine, "connect", _prepare_connection)
    return engine


def _json_text(value: object) -> str:
    return orjson.dumps(value).decode()


def _prepare_connection(connection: psycopg.Connection[Any], _record: object) -> None:
    # Said as a statement, not as a start-up option: a pooler in between passes on the former only. jit costs more
    # than it brings in statements over geometries, whose price the planner overrates.
    was = connection.autocommit
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'; SET jit = off; SET client_min_messages = warning")
    connection.autocommit = was


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def driver(connection: Connection) -> psycopg.Connection[tuple[Any, ...]]:
    """The psycopg connection beneath, with SQLAlchemy's transaction begun so that its commit or rollback counts."""
    if not connection.in_transaction():
        connection.begin()
    return cast("psycopg.Connection[tuple[Any, ...]]", connection.connection.driver_connection)


def copy_in(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    data: pl.DataFrame | bytes | Iterable[bytes],
    *,
    freeze: bool = False,
) -> int:
    """COPYs rows into `table` (`name` or `schema.name`) inside the connection's transaction; returns their number.

    A frame's columns are taken by name, in the order of `columns`. Null is NULL and an empty string stays one. Lists
    become arrays, Binary becomes bytea; geometries go as hexadecimal EWKB or as EWKT text. Bytes must be CSV without a
    header, in which an unquoted empty field is NULL. `freeze` needs a table made or emptied in this transaction.
    Raises `sqlalchemy.exc.DBAPIError`, as any statement does.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, FREEZE {})").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL("true" if freeze else "false"),
    )
    if isinstance(data, pl.DataFrame):
        chunks: Iterable[bytes] = _csv_chunks(data.select(columns))
    else:
        chunks = [data] if isinstance(data, bytes) else data
    raw = driver(connection)
    try:
        with raw.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for chunk in chunks:
                    copy.write(chunk)
            return cursor.rowcount
    except psycopg.Error as error:
        raise _as_dbapi(statement.as_string(raw), error) from error


def _as_dbapi(statement: str, error: psycopg.Error) -> BaseException:
    return cast(
        BaseException,
        DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True, dialect=DIALECT),
    )


def _csv_chunks(frame: pl.DataFrame) -> Iterator[bytes]:
    frame = frame.with_columns(
        _array_text(name, dtype)
        if isinstance(dtype, pl.List)
        else (pl.lit("\\x") + pl.col(name).bin.encode("hex")).alias(name)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, (pl.List, pl.Binary))
    )
    # In a table of one column a line that reads \. would end the data, unless it is quoted.
    style: Literal["non_numeric", "necessary"] = "non_numeric" if frame.width == 1 else "necessary"
    for part in frame.iter_slices(COPY_ROWS):
        yield part.write_csv(include_header=False, quote_style=style).encode()


def _array_text(name: str, dtype: pl.List) -> pl.Expr:
    """A list column as PostgreSQL's array text; strings are quoted, a null inside is NULL, a null list stays null."""
    item = pl.element()
    if dtype.inner == pl.String:
        escaped = item.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
        item = pl.lit('"') + escaped + pl.lit('"')
    joined = pl.col(name).list.eval(item.cast(pl.String).fill_null("NULL")).list.join(",")
    return (pl.lit("{") + joined + pl.lit("}")).alias(name)


def copy_out(
    connection: Connection, query: str, schema: Mapping[str, Any], parameters: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """COPYs the rows of `query` into a frame with exactly the columns of `schema`, in its order.

    Parameters are written `:name`, as in SQLAlchemy's `text`. Types: String, Boolean, integers, floats, Decimal,
    Date, `Datetime(time_zone="UTC")` for timestamptz, `Datetime` for timestamp, and `List(...)` of these, which the
    query must give as JSON (`to_json(column)`). NULL is null and an empty string stays one.
    Raises `sqlalchemy.exc.DBAPIError`; `polars.exceptions.PolarsError` where a value does not fit the schema.
    """
    compiled = text(query.strip().rstrip(";")).bindparams(**(parameters or {})).compile(dialect=DIALECT)
    # One column more than asked for: a line of one NULL would be empty, and an empty line is no row to a CSV reader.
    statement = f"COPY (SELECT true, result.* FROM (\n{compiled}\n) AS result) TO STDOUT (FORMAT csv)"  # noqa: S608 - values are bound
    received = _received(driver(connection), statement, compiled.params)
    read_as = {"": pl.String} | {name: _read_as(dtype) for name, dtype in schema.items()}
    if not received:
        return pl.DataFrame(schema=dict(schema))
    frame = pl.read_csv(received, has_header=False, schema=read_as)
    return frame.select(_converted(name, dtype) for name, dtype in schema.items())


def _received(raw: psycopg.Connection[Any], statement: str, parameters: Mapping[str, Any]) -> bytes:
    """All that a COPY … TO STDOUT sends.

    Taken from libpq directly: it hands over a row at a time, and through `cursor.copy` each row costs more than ten times as much.
    """
    if raw.info.transaction_status == TransactionStatus.IDLE and not raw.autocommit:
        raw.execute("SELECT")  # what goes past psycopg does not make it begin the transaction
    # Parameters even if there are none: only then is %% one percent sign.
    complete = psycopg.ClientCursor(raw).mogrify(statement.encode(), parameters).encode()
    connection = raw.pgconn
    result = connection.exec_(complete)
    if result.status != ExecStatus.COPY_OUT:
        raise _as_dbapi(statement, error_from_result(result, encoding="utf-8"))
    rows = []
    while (received := connection.get_copy_data(0))[0] > 0:
        rows.append(bytes(received[1]))
    # Every result is taken before an error is raised: until then the connection takes no other command.
    for ended in list(iter(connection.get_result, None)):
        if ended is not None and ended.status != ExecStatus.COMMAND_OK:
            raise _as_dbapi(statement, error_from_result(ended, encoding="utf-8"))
    return b"".join(rows)


def _read_as(dtype: Any) -> Any:
    return (
        dtype
        if dtype == pl.Date or (isinstance(dtype, type) and issubclass(dtype, pl.DataType) and dtype.is_numeric())
        else pl.String
    )


def _converted(name: str, dtype: Any) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Boolean:
        return column.replace_strict({"t": True, "f": False}, return_dtype=pl.Boolean)
    if isinstance(dtype, pl.List):
        return column.str.json_decode(dtype)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit=dtype.time_unit, time_zone="UTC")
    if dtype == pl.Datetime:
        return column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f")
    return column.cast(dtype)


@cache
def read_sql_file(package: str, name: str) -> str:
    """The statement kept in `name.sql` beside the modules of `package`. Raises `FileNotFoundError`."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def branch_key(code: str) -> int:
    """The lock number of a branch: the same in every process and release (BLAKE2b of its code, 32 bits, signed)."""
    return int.from_bytes(hashlib.blake2b(code.encode(), digest_size=4).digest(), "big", signed=True)


def lock_branches(connection: Connection, codes: Iterable[str]) -> None:
    """Waits for the locks of these branches and holds them until the transaction ends.

    Taken in the order of their lock numbers, so that two callers with overlapping branches never wait for each other
    in a circle. Two branches of one number (one pair in 4 billion) merely wait for each other.
    """
    keys = sorted({branch_key(code) for code in codes})
    if keys:
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:space, key) FROM unnest(CAST(:keys AS int[])) AS key"),
            {"space": BRANCH_LOCKS, "keys": keys},
        )


def try_lock_branches(connection: Connection, codes: Iterable[str]) -> bool:
    """Like `lock_branches`, but returns False at once where another transaction holds one.

    What it did get stays held until the transaction ends, so a caller that is told no should roll back.
    """
    keys = sorted({branch_key(code) for code in codes})
    got = connection.execute(
        text("SELECT pg_try_advisory_xact_lock(:space, key) FROM unnest(CAST(:keys AS int[])) AS key"),
        {"space": BRANCH_LOCKS, "keys": keys},
    )
    return all(row[0] for row in got)


def check_server(connection: Connection) -> None:
    """Raises `DatabaseNotReady` unless this database can take the schema: version, encoding, letters, extensions."""
    version = int(_scalar(connection, "SHOW server_version_num"))
    if version < OLDEST_SERVER:
        raise DatabaseNotReady(
            f"PostgreSQL 版本过低（{version // 10000}），需要 {OLDEST_SERVER // 10000} 或更新版本。",
            f"PostgreSQL {version // 10000} is too old; {OLDEST_SERVER // 10000} or newer is needed.",
        )
    encoding = _scalar(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise DatabaseNotReady(
            f"数据库编码为 {encoding}，需要 UTF8。请用 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8' TEMPLATE template0 重建数据库。",
            f"The database's encoding is {encoding}, UTF8 is needed. "
            "Create it with ENCODING 'UTF8' LC_CTYPE 'C.UTF-8' TEMPLATE template0.",
        )
    available = set(connection.execute(text("SELECT name FROM pg_available_extensions")).scalars())
    missing = [name for name in EXTENSIONS if name not in available]
    if missing:
        listed = ", ".join(missing)
        raise DatabaseNotReady(
            f"数据库服务器缺少扩展：{listed}。Debian/Ubuntu 请安装 postgresql-postgis 与 postgresql-contrib。",
            f"The database server lacks the extensions {listed}. On Debian or Ubuntu install postgresql-postgis.",
        )
    if _scalar(connection, "SELECT datctype FROM pg_database WHERE datname = current_database()") in ("C", "POSIX"):
        raise _no_chinese_letters()


def check_database(connection: Connection) -> None:
    """Raises `DatabaseNotReady` unless a migrated database works: `check_server`, and its extensions answer."""
    check_server(connection)
    installed = set(connection.execute(text("SELECT extname FROM pg_extension")).scalars())
    missing = [name for name in EXTENSIONS if name not in installed]
    if missing:
        listed = ", ".join(missing)
        raise DatabaseNotReady(
            f"数据库尚未启用扩展：{listed}。请运行 guidan migrate。",
            f"The extensions {listed} are not in this database yet. Run guidan migrate.",
        )
    if not _scalar(connection, "SELECT cardinality(show_trgm('陆家嘴'))"):
        raise _no_chinese_letters()


def _no_chinese_letters() -> DatabaseNotReady:
    return DatabaseNotReady(
        "数据库的 LC_CTYPE 不识别中文，模糊查找会失效。请用 LC_CTYPE 'C.UTF-8' TEMPLATE template0 重建数据库。",
        "The database's LC_CTYPE does not know Chinese letters, so that fuzzy search finds nothing. "
        "Create it with LC_CTYPE 'C.UTF-8' TEMPLATE template0.",
    )


def _scalar(connection: Connection, query: str) -> Any:
    return connection.execute(text(query)).scalar_one()
