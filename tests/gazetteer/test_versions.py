"""Every change makes a version, whoever makes it, and each can be seen, written out and restored."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.exchange.importing import import_folder
from app.gazetteer.restore import remove_source, restore_version
from app.gazetteer.stopped import SourceNotFound, VersionNotFound
from app.locating.geocoder import gazetteer_version

from . import grid
from .conftest import Gazetteer

LEARNED = (
    "INSERT INTO gazetteer_place (id, name, kind, point, source) "
    "VALUES ('review-1', '学到的花园', 'COMPOUND', 'SRID=4490;POINT(118.71 32.09)', 'REVIEW')"
)


def figures(gazetteer: Gazetteer) -> list[tuple[int, str, int, int, int, int]]:
    """Number, cause, added, changed, removed, total of each version."""
    return [(v["number"], v["cause"], v["added"], v["changed"], v["removed"], v["total"]) for v in gazetteer.versions()]


def test_each_kind_of_change_makes_a_version(known: Gazetteer) -> None:
    states = {1: known.now()}
    known.do(LEARNED)
    states[2] = known.now()
    known.do(
        "UPDATE gazetteer_place SET name = '改名花园' WHERE id IN ('A', 'B')",
        "DELETE FROM gazetteer_place WHERE id = 'C'",
    )
    states[3] = known.now()
    remove_source(known.engine, "甲图", reason="许可到期")
    states[4] = known.now()
    restore_version(known.engine, 1)
    states[5] = known.now()
    assert figures(known) == [
        (1, "IMPORT", 26, 0, 0, 26),
        (2, "OTHER", 1, 0, 0, 27),
        (3, "OTHER", 0, 2, 1, 26),
        (4, "REMOVAL", 0, 0, 25, 1),
        (5, "RESTORE", 26, 0, 1, 26),
    ]
    assert states[5].equals(states[1])
    for number, state in states.items():
        assert known.at(number).equals(state), number
    assert known.at(0).is_empty()
    assert known.versions()[3]["note"] == "许可到期"


def test_the_content_of_a_version_is_named_as_the_geocoder_names_it(known: Gazetteer) -> None:
    known.do("DELETE FROM gazetteer_place WHERE id = 'A'")
    restore_version(known.engine, 1)
    with known.engine.connect() as connection:
        assert known.versions()[0]["content"] == known.versions()[-1]["content"] == gazetteer_version(connection)


def test_what_changes_nothing_makes_no_version(known: Gazetteer) -> None:
    known.do("UPDATE gazetteer_place SET name = name")
    known.do("UPDATE gazetteer_place SET name = 'x' WHERE false", "DELETE FROM gazetteer_place WHERE false")
    known.do("INSERT INTO gazetteer_place SELECT * FROM gazetteer_place ON CONFLICT DO NOTHING")
    assert restore_version(known.engine, 1).version is None
    assert len(known.versions()) == 1


def test_what_is_rolled_back_makes_no_version(known: Gazetteer) -> None:
    with known.engine.connect() as connection:
        connection.execute(text("DELETE FROM gazetteer_place"))
        connection.rollback()
    assert len(known.versions()) == 1
    known.do(LEARNED)
    assert known.versions()[-1]["number"] == 2


def test_changes_of_one_transaction_are_one_version(known: Gazetteer) -> None:
    before = known.now()
    known.do(
        LEARNED,
        "UPDATE gazetteer_place SET name = '一' WHERE id = 'A'",
        "UPDATE gazetteer_place SET name = '二' WHERE id = 'A'",
        "DELETE FROM gazetteer_place WHERE id = 'A'",
        "DELETE FROM gazetteer_place WHERE source = 'REVIEW'",
        "INSERT INTO gazetteer_place (id, kind, point) VALUES ('A', 'POI', 'SRID=4490;POINT(118.7 32)')",
    )
    assert [v["number"] for v in known.versions()] == [1, 2]
    assert known.at(1).equals(before)


def test_an_id_that_is_changed_is_one_place_gone_and_one_come(known: Gazetteer) -> None:
    before = known.now()
    known.do("UPDATE gazetteer_place SET id = 'neu', name = '新' WHERE id IN ('A')")
    known.do("UPDATE gazetteer_place SET id = id || '-2' WHERE id IN ('B', 'D')")
    assert figures(known)[1:] == [(2, "OTHER", 1, 0, 1, 26), (3, "OTHER", 2, 0, 2, 26)]
    restore_version(known.engine, 1)
    assert known.now().equals(before)


def test_a_table_that_is_emptied_can_be_had_back(known: Gazetteer) -> None:
    before = known.now()
    known.do("TRUNCATE gazetteer_place")
    assert figures(known)[-1] == (2, "OTHER", 0, 0, 26, 0)
    restore_version(known.engine, 1)
    assert known.now().equals(before)


def test_the_history_is_only_added_to(known: Gazetteer) -> None:
    for statement in (
        "DELETE FROM gazetteer_change",
        "UPDATE gazetteer_change SET id = 'x'",
        "TRUNCATE gazetteer_change",
    ):
        with pytest.raises(DBAPIError, match="only ever added to"):
            known.do(statement)


def test_two_at_once_get_numbers_in_the_order_of_their_commits(known: Gazetteer) -> None:
    """The second waits for the first, and sees its version as the one before."""
    import threading

    done = threading.Event()

    def second() -> None:
        known.do("UPDATE gazetteer_place SET name = '后' WHERE id = 'B'")
        done.set()

    with known.engine.connect() as first:
        first.execute(text("UPDATE gazetteer_place SET name = '先' WHERE id = 'A'"))
        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(0.3)
        first.commit()
        thread.join(10)
    assert done.is_set()
    assert [v["number"] for v in known.versions()] == [1, 2, 3]
    names = {row["id"]: row["name"] for row in known.at(2).to_dicts()}
    assert (names["A"], names["B"]) == ("先", "乙字花园")


def test_there_is_no_such_version_and_no_such_source(known: Gazetteer) -> None:
    with pytest.raises(VersionNotFound):
        restore_version(known.engine, 9)
    with pytest.raises(SourceNotFound):
        remove_source(known.engine, "丁图")
    assert len(known.versions()) == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["put", "drop", "clear", "restore", "swap"]), st.integers(0, 5), st.sampled_from("甲乙丙")
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_version_stays_what_it_was(gazetteer: Gazetteer, steps: list[tuple[str, int, str]]) -> None:
    """Random changes of a few places, several a transaction, against copies kept aside."""
    kept = {gazetteer.versions()[-1]["number"]: gazetteer.now()} if gazetteer.versions() else {0: gazetteer.now()}
    for verb, number, name in steps:
        match verb:
            case "put":
                gazetteer.do(
                    f"INSERT INTO gazetteer_place (id, name, kind, point) VALUES ('{number}', '{name}', 'POI', 'SRID=4490;POINT(118 {30 + number})') "
                    "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
                    f"UPDATE gazetteer_place SET address = '{name}' WHERE id > '{number}'",
                )
            case "drop":
                gazetteer.do(f"DELETE FROM gazetteer_place WHERE id >= '{number}'")
            case "clear":
                gazetteer.do("TRUNCATE gazetteer_place")
            case "swap":
                gazetteer.do(
                    f"UPDATE gazetteer_place SET id = id || '{name}' WHERE id = '{number}' AND NOT EXISTS ("
                    f"SELECT FROM gazetteer_place AS other WHERE other.id = '{number}{name}')"
                )
            case "restore":
                version = sorted(kept)[number % len(kept)]
                if version:
                    restore_version(gazetteer.engine, version)
                    assert gazetteer.now().equals(kept[version])
        versions = gazetteer.versions()
        kept[versions[-1]["number"] if versions else 0] = gazetteer.now()
    for version, state in kept.items():
        assert gazetteer.at(version).equals(state)
    last = gazetteer.versions()
    assert not last or last[-1]["total"] == gazetteer.now().height


def test_the_interchange_folder_makes_versions_too(gazetteer: Gazetteer) -> None:
    folder = gazetteer.folder / "folder"
    folder.mkdir()
    grid.write_csv(folder / "gazetteer.csv", grid.town(), "GCJ02")

    def load() -> int:
        return import_folder(gazetteer.engine, folder, rejected=gazetteer.rejected_file).exit_code

    assert load() == 0
    assert load() == 0
    (version,) = gazetteer.versions()
    assert (version["cause"], version["file"], version["crs"], version["added"]) == (
        "FOLDER",
        "gazetteer.csv",
        "GCJ02",
        26,
    )
    grid.write_csv(folder / "gazetteer.csv", grid.town().with_columns(name=pl.lit("改")), "GCJ02")
    assert load() == 0
    assert figures(gazetteer)[-1] == (2, "FOLDER", 0, 26, 0, 26)


def test_the_interchange_folder_goes_through_the_same_test(known: Gazetteer) -> None:
    from geo.crs import Crs

    folder = known.folder / "folder"
    folder.mkdir()
    places = grid.town(source="乙图", prefix="2-", noise_m=40, seed=2)
    grid.write_csv(folder / "gazetteer.csv", grid.in_system(places, Crs.BD09), "WGS84")
    report = import_folder(known.engine, folder, rejected=known.rejected_file)
    assert report.files[0].refused is not None
    assert "声明 WGS84，实为 BD09" in report.files[0].refused.zh
    assert (report.exit_code, known.now().height, len(known.versions())) == (2, 26, 1)
    grid.write_csv(folder / "gazetteer.csv", grid.in_system(places, Crs.BD09), "BD09")
    assert import_folder(known.engine, folder, rejected=known.rejected_file).exit_code == 0
    assert known.versions()[-1]["sniff"][0]["verdict"] == "PASSED"


def test_the_interchange_folder_may_correct_its_own_earlier_mistake(gazetteer: Gazetteer) -> None:
    """Its own earlier points are no evidence there: it has no way to insist."""
    folder = gazetteer.folder / "folder"
    folder.mkdir()
    for declared in ("WGS84", "BD09"):
        grid.write_csv(folder / "gazetteer.csv", grid.town(), declared)
        assert import_folder(gazetteer.engine, folder, rejected=gazetteer.rejected_file).exit_code == 0
    assert figures(gazetteer)[-1] == (2, "FOLDER", 0, 26, 0, 26)


def test_places_from_before_the_history_are_its_first_version(database_url: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    from app import migrate
    from app.db import make_engine

    before = ScriptDirectory.from_config(migrate.config()).get_revision("0004").down_revision
    engine = make_engine(database_url)
    with engine.connect() as connection:
        command.downgrade(migrate.config(connection), str(before))
        connection.execute(text(LEARNED))
        connection.commit()
        command.upgrade(migrate.config(connection), "head")
        rows = connection.execute(text("SELECT number, cause, added, total FROM gazetteer_version")).all()
        assert [tuple(row) for row in rows] == [(1, "EARLIER", 1, 1)]
        connection.execute(text("DELETE FROM gazetteer_place"))
        connection.commit()
    restore_version(engine, 1)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM gazetteer_place")).scalars().all() == ["review-1"]
    engine.dispose()
