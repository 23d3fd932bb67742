from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app import db, migrate

AWKWARD = ["", None, "a,b", 'q"x', "\\N", "line\nbreak", "\r", " space ", "\\.", "陆家嘴街道", "𠮷", "{}", "NULL"]

EVERY_TYPE = {
    "text": (pl.String, "text", AWKWARD),
    "whole": (pl.Int64, "bigint", [1, None, -(2**63), 2**63 - 1]),
    "real": (pl.Float64, "float8", [0.1, None, float("inf"), float("-inf"), 1e-300, 1 / 3]),
    "yes": (pl.Boolean, "boolean", [True, None, False]),
    "day": (pl.Date, "date", [date(2026, 3, 10), None, date(1900, 1, 1)]),
    "moment": (
        pl.Datetime(time_zone="UTC"),
        "timestamptz",
        [datetime(2026, 3, 10, 1, 2, 3, 4, tzinfo=UTC), None, datetime(2026, 3, 10, tzinfo=UTC)],
    ),
    "clock": (pl.Datetime(), "timestamp", [datetime(2026, 3, 10, 1, 2, 3), None]),  # noqa: DTZ001
    "money": (pl.Decimal(12, 2), "numeric(12,2)", [Decimal("1.20"), None, Decimal("-9999999999.99")]),
}


@pytest.mark.parametrize(
    ("given_url", "database"),
    [
        ("postgres://u:p@h:1/d", "d"),
        ("postgresql://u:p@h:1/d", "d"),
        ("postgresql+psycopg://u@/d?host=/tmp", "d"),
        ("postgresql+psycopg2://u@h/d", "d"),
    ],
)
def test_every_spelling_of_an_address_is_taken(given_url: str, database: str) -> None:
    url = db.normal_url(given_url)
    assert url.drivername == "postgresql+psycopg"
    assert url.database == database


@pytest.mark.parametrize("given_url", ["mysql://u:secret@h/d", "u:secret@h", "", "postgresql://u:secret@h:port/d"])
def test_another_address_is_refused_without_repeating_it(given_url: str) -> None:
    with pytest.raises(db.DatabaseNotReady) as caught:
        db.normal_url(given_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_a_column_survives_copy_in_and_out(connection: Connection, name: str) -> None:
    dtype, column, values = EVERY_TYPE[name]
    connection.execute(text(f"CREATE TEMPORARY TABLE t (v {column}, n int)"))
    frame = pl.DataFrame({"n": range(len(values)), "v": pl.Series(values, dtype=dtype)})
    assert db.copy_in(connection, "t", ["v", "n"], frame) == len(values)
    read = db.copy_out(connection, "SELECT n, v FROM t ORDER BY n", {"n": pl.Int64, "v": dtype})
    assert_frame_equal(read, frame)
    assert [row[0] for row in connection.execute(text("SELECT v FROM t ORDER BY n"))] == values


@pytest.mark.parametrize("values", [AWKWARD, [None], [""], ["\\."], []])
def test_a_table_of_one_column_keeps_empty_lines(connection: Connection, values: list[str | None]) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE t (v text)"))
    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.String)})
    assert db.copy_in(connection, "t", ["v"], frame) == len(values)
    assert_frame_equal(db.copy_out(connection, "SELECT v FROM t", {"v": pl.String}), frame)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))),
            st.one_of(st.none(), st.floats(allow_nan=False)),
        ),
        max_size=8,
    )
)
def test_any_text_and_number_survive(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    with connection.begin_nested() as savepoint:
        connection.execute(text("CREATE TEMPORARY TABLE t (v text, x float8, n int)"))
        frame = pl.DataFrame(rows, schema={"v": pl.String, "x": pl.Float64}, orient="row").with_row_index("n")
        db.copy_in(connection, "t", ["n", "v", "x"], frame)
        read = db.copy_out(connection, "SELECT v, x FROM t ORDER BY n", {"v": pl.String, "x": pl.Float64})
        assert read.rows() == rows
        savepoint.rollback()


def test_lists_become_arrays(connection: Connection) -> None:
    flags = [["BORDER", 'a"b\\c,{}', "", None], [], None, ["NULL"]]
    numbers = [[1, None], [], None, [2]]
    connection.execute(text("CREATE TEMPORARY TABLE t (n int, flags text[], numbers int[])"))
    schema = {"n": pl.Int64, "flags": pl.List(pl.String), "numbers": pl.List(pl.Int64)}
    frame = pl.DataFrame({"n": range(4), "flags": flags, "numbers": numbers}, schema=schema)
    db.copy_in(connection, "t", list(schema), frame)
    stored = connection.execute(text("SELECT flags, numbers FROM t ORDER BY n")).all()
    assert [row[0] for row in stored] == flags
    assert [row[1] for row in stored] == numbers
    query = "SELECT n, to_json(flags) AS flags, to_json(numbers) AS numbers FROM t ORDER BY n"
    assert_frame_equal(db.copy_out(connection, query, schema), frame)


def test_binary_becomes_bytea(connection: Connection) -> None:
    values = [b"\0\xff", None, b""]
    connection.execute(text("CREATE TEMPORARY TABLE t (n int, v bytea)"))
    db.copy_in(connection, "t", ["n", "v"], pl.DataFrame({"n": [1, 2, 3], "v": values}))
    assert list(connection.execute(text("SELECT v FROM t ORDER BY n")).scalars()) == values


def test_copy_in_takes_bytes_and_several_chunks(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "COPY_ROWS", 3)
    connection.execute(text("CREATE TEMPORARY TABLE t (n int, v text)"))
    assert db.copy_in(connection, "t", ["n", "v"], pl.DataFrame({"n": range(10), "v": ["x"] * 10})) == 10
    assert db.copy_in(connection, "t", ["n", "v"], b'10,""\n') == 1
    assert db.copy_in(connection, "t", ["n", "v"], (line for line in (b"11,\n", b"12,y\n"))) == 2
    read = db.copy_out(connection, "SELECT v FROM t WHERE n >= :least ORDER BY n", {"v": pl.String}, {"least": 10})
    assert read["v"].to_list() == ["", None, "y"]


def test_copy_belongs_to_the_transaction(database_url: str) -> None:
    engine = db.make_engine(database_url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE public.t (v text)"))
        connection.commit()
        db.copy_in(connection, "public.t", ["v"], b"kept\n")
        connection.commit()
        db.copy_in(connection, "public.t", ["v"], b"lost\n")
        connection.rollback()
        assert db.copy_out(connection, "SELECT v FROM t", {"v": pl.String})["v"].to_list() == ["kept"]
    engine.dispose()


def test_copy_fails_like_a_statement_and_hides_the_values(connection: Connection) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE t (v text PRIMARY KEY)"))
    with pytest.raises(IntegrityError) as caught, connection.begin_nested():
        db.copy_in(connection, "t", ["v"], b"a\na\n")
    assert caught.value.hide_parameters
    with pytest.raises(DBAPIError), connection.begin_nested():
        db.copy_out(connection, "SELECT 1/0 AS v", {"v": pl.Int64})


def test_copy_out_takes_lists_as_parameters_and_percent_signs(connection: Connection) -> None:
    query = "SELECT v::text FROM unnest(ARRAY['a%', 'b', 'c']) AS v WHERE v = ANY(:wanted) AND v LIKE '%'; "
    read = db.copy_out(connection, query, {"v": pl.String}, {"wanted": ["a%", "c", "x'y"]})
    assert read["v"].to_list() == ["a%", "c"]


def test_copy_out_sees_the_transaction_and_leaves_percent_signs_alone(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert db.copy_out(connection, "SELECT '100%'::text AS v", {"v": pl.String})["v"].to_list() == ["100%"]
        assert connection.in_transaction()
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
        with pytest.raises(DBAPIError):
            # Rows are on their way when it fails.
            db.copy_out(connection, "SELECT 1 / (20000 - v) AS v FROM generate_series(1, 30000) v", {"v": pl.Int64})
        connection.rollback()
        assert db.copy_out(connection, "SELECT 1 AS v", {"v": pl.Int64}).item() == 1


def test_connections_speak_utc(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"


def test_objects_stay_readable_after_the_commit(engine: Engine) -> None:
    with db.session_factory(engine)() as session:
        assert isinstance(session, Session)
        assert session.expire_on_commit is False


def test_branch_keys_do_not_change() -> None:
    assert [db.branch_key(code) for code in ("E", "W", "320102")] == [1691065937, 462631957, -1213805321]


def test_a_branch_is_locked_until_the_transaction_ends(database_url: str) -> None:
    engine = db.make_engine(database_url)
    with engine.connect() as first, engine.connect() as second:
        db.lock_branches(first, ["E", "W", "E"])
        assert not db.try_lock_branches(second, ["W"])
        second.rollback()
        assert db.try_lock_branches(second, ["N"])
        second.rollback()
        first.commit()
        assert db.try_lock_branches(second, ["W", "E"])
        db.lock_branches(second, [])
        second.rollback()
    engine.dispose()


def test_overlapping_branches_never_deadlock(database_url: str) -> None:
    engine = db.make_engine(database_url)
    codes = [f"B{number}" for number in range(8)]
    failures: list[Exception] = []

    def work(mine: list[str]) -> None:
        try:
            for _ in range(25):
                with engine.begin() as connection:
                    db.lock_branches(connection, mine)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(order,)) for order in (codes, codes[::-1], codes[3:] + codes[:3])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    engine.dispose()
    assert failures == []


def test_a_migrated_database_is_ready(connection: Connection) -> None:
    db.check_database(connection)
    assert migrate.is_current(connection)


def _made(server_url: str, options: str) -> str:
    engine = db.make_engine(server_url)
    name = f"odd_{abs(hash(options))}"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 {options}"))
    engine.dispose()
    return str(engine.url.set(database=name).render_as_string(hide_password=False))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", "UTF8"),
        ("ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", "LC_CTYPE"),
    ],
)
def test_an_unfit_database_is_refused_before_it_is_migrated(server_url: str, options: str, says: str) -> None:
    with pytest.raises(db.DatabaseNotReady, match=says):
        migrate.upgrade(_made(server_url, options))


def test_a_database_without_extensions_is_not_ready(server_url: str) -> None:
    engine = db.make_engine(server_url)
    with engine.connect() as connection, pytest.raises(db.DatabaseNotReady, match="postgis"):
        db.check_database(connection)
    engine.dispose()


def test_two_migrations_at_once_do_the_work_once(server_url: str) -> None:
    url = _made(server_url, "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate.upgrade(url))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(map(len, done)) == [0, len(max(done, key=len))]
    assert max(done, key=len)[0] == "0001"
    engine = db.make_engine(url)
    with engine.connect() as connection:
        assert migrate.is_current(connection)
    engine.dispose()


def test_a_newer_database_is_left_alone(database_url: str) -> None:
    engine = db.make_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(db.DatabaseNotReady, match="newer"):
        migrate.upgrade(database_url)
    with engine.connect() as connection:
        assert not migrate.is_current(connection)
    engine.dispose()


def test_statements_are_kept_in_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "kept_statements"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "answer.sql").write_text("SELECT 42 -- 答案\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert db.read_sql_file("kept_statements", "answer") == "SELECT 42 -- 答案\n"
    with pytest.raises(FileNotFoundError):
        db.read_sql_file("kept_statements", "question")
