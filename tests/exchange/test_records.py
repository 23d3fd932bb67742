"""CSV bytes → records: the same as the standard library reads, and what it would not tell."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.exchange import records
from app.exchange.layout import COMMUNITIES, POLICYHOLDERS, AreaLayout, Layout
from app.exchange.reading import Source
from app.exchange.references import Known
from app.exchange.repeats import LATER, settle

FIELD = st.text(st.sampled_from('ab"\n\r, ;张\U00020bb7\t'), max_size=6)
BYTES = st.lists(
    st.sampled_from([b"a", b",", b'"', b"\n", b"\r\n", b"\r", "张".encode(), b"\xff", b"\xe5", b" ", b"\x00"]),
    max_size=40,
).map(b"".join)


def scanned(data: bytes, width: int) -> records.Records:
    found, stop = records.scan(data, begin=0, final=True, width=width, first_row=1, offset=0)
    assert stop == len(data)
    return found


@given(st.lists(st.lists(FIELD, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_well_formed_records_are_what_was_written(rows: list[list[str]], line_break: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=line_break, quoting=csv.QUOTE_ALL).writerows(rows)
    data = out.getvalue().encode()
    found = scanned(data, 3)
    assert found.starts.size == len(rows)
    assert found.kept().all()
    parsed = pl.read_csv(found.parsable(found.kept()), has_header=False, schema=dict.fromkeys("abc", pl.String))
    assert [list(row) for row in parsed.rows()] == rows
    assert [next(csv.reader(io.StringIO(found.text(index), newline=""))) for index in range(len(rows))] == rows


@given(BYTES, st.integers(1, 3))
def test_any_bytes_are_cut_into_records_and_nothing_is_lost(data: bytes, width: int) -> None:
    found = scanned(data, width)
    covered = b"".join(data[start:end] for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True))
    between = data
    for start, end in zip(reversed(found.starts.tolist()), reversed(found.ends.tolist()), strict=True):
        between = between[:start] + between[end:]
    assert set(between) <= set(b"\r\n")
    assert len(covered) + len(between) == len(data)
    kept = found.kept()
    if kept.any():
        schema = dict.fromkeys("abc"[:width], pl.String)
        assert pl.read_csv(found.parsable(kept), has_header=False, schema=schema).height == int(kept.sum())


@given(BYTES, st.integers(1, 20))
def test_parts_of_any_size_give_the_same_records(data: bytes, block: int) -> None:
    whole = scanned(data, 2)
    starts: list[int] = []
    flags: list[int] = []
    rest, offset = b"", 0
    blocks = [data[at : at + block] for at in range(0, len(data), block)] or [b""]
    for number, piece in enumerate(blocks):
        rest += piece
        part, stop = records.scan(rest, begin=0, final=number == len(blocks) - 1, width=2, first_row=1, offset=offset)
        starts += (part.starts + offset).tolist()
        flags += part.flags.tolist()
        rest, offset = rest[stop:], offset + stop
    assert starts == whole.starts.tolist()
    # What follows a carriage return at the edge of a part is not known yet.
    loose = records.LINE_BREAK | records.UNTIDY
    assert [flag & ~loose for flag in flags] == [flag & ~loose for flag in whole.flags.tolist()]


@given(BYTES)
def test_bytes_that_are_not_utf8_are_found(data: bytes) -> None:
    found = scanned(data, 1)
    for index in range(found.starts.size):
        record = data[found.starts[index] : found.ends[index]]
        try:
            record.decode()
            valid = True
        except UnicodeDecodeError:
            valid = False
        torn = found.flags[index] & records.BAD_QUOTES
        assert torn or valid == (not found.flags[index] & records.BAD_BYTES)


def batches(path: Path, layout: Layout | AreaLayout = POLICYHOLDERS) -> list[tuple[pl.DataFrame, list[int | None]]]:
    known = Known()
    known.restore({"agent": pl.DataFrame(schema={"code": pl.String, "force": pl.String})})
    source = Source(path, layout, known)
    return [(batch.rows, [one.row for one in batch.rejected]) for batch in source.batches()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.integers(100, 400), st.sets(st.integers(0, 59), max_size=5))
def test_batches_of_any_size_find_the_same(tmp_path: Path, block: int, bad: set[int]) -> None:
    lines = [f'H{number},"姓\n名{number}",{"1" if number not in bad else "1,2"}' for number in range(60)]
    path = tmp_path / "policyholders.csv"
    path.write_text("\n".join(["id,name,phone", *lines]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(records, "BLOCK", block)
        found = batches(path)
    assert len(found) > 1
    rows = pl.concat([rows for rows, _ in found])
    assert rows.get_column("id").to_list() == [f"H{number}" for number in range(60) if number not in bad]
    assert rows.get_column("row").to_list() == [number + 2 for number in range(60) if number not in bad]
    assert [row for _, rejected in found for row in rejected] == [number + 2 for number in sorted(bad)]


def test_a_key_is_seen_again_across_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK", 64)
    path = tmp_path / "policyholders.csv"
    path.write_text("id,name,phone\n" + "".join(f"H{number % 30},N{number // 45},\n" for number in range(60)))
    known = Known()
    known.restore({"agent": pl.DataFrame(schema={"code": pl.String, "force": pl.String})})
    later = pl.concat([batch.later for batch in Source(path, POLICYHOLDERS, known).batches()])
    assert later.get_column("row").to_list() == [number + 2 for number in range(30, 60)]
    assert later.get_column("first_row").to_list() == [number + 2 for number in range(30)]
    assert later.get_column("same").to_list() == [number < 45 for number in range(30, 60)]


def test_the_feature_itself_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "communities.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"区"},"geometry":null}]}'
    )
    (source,) = [Source(path, COMMUNITIES, Known())]
    (batch,) = source.batches()
    assert batch.rejected[0].record == '{"type":"Feature","properties":{"name":"区"},"geometry":null}'


def test_what_stands_in_for_a_refused_first_record() -> None:
    """The store refused record 2: the next of its key counts instead, and those that differ from that one do not."""
    later = pl.DataFrame(
        [(3, 2, 7, False), (4, 2, 7, False), (5, 2, 8, False), (6, 2, 9, True), (8, 7, 1, True)],
        schema=LATER,
        orient="row",
    )
    left, promoted = settle(later, {2, 6})
    assert promoted == [3]
    assert left.rows() == [(4, 3, 7, True), (5, 3, 8, False), (8, 7, 1, True)]
