"""Hostile and broken files: repaired with a report or refused with a stable code; nothing outside of them is read or called."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from app.territories.files.errors import TerritoryFileRefused
from app.territories.files.words import FILE, ROW
from geo.soundness.errors import ShapeRefused

from .bad_files import FAMILIES, SECRET, TAKEN, Bad
from .town import take


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file on this machine that an attacker would like to read."""
    path = tmp_path / "secret.csv"
    path.write_text(f"team_code,wkt\n{SECRET},POINT(120 30)\n", encoding="utf-8")
    return path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that must never be called."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def outcome(bad: Bad) -> tuple[set[str], str]:
    """Codes with which a file or its records are refused, `TAKEN` among them if any record is taken; and all that was answered."""
    try:
        told = take(bad.content, bad.suffix, **dict(bad.said))
    except TerritoryFileRefused as refused:
        return {refused.code}, f"{refused.detail_zh} {refused.detail_en}"
    codes = {row["code"] if row["action"] == "REFUSED" else TAKEN for row in told.rows}
    return codes, json.dumps(asdict(told), ensure_ascii=False, default=str)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_bad_files(family: str, secret: Path, listener: socket.socket) -> None:
    files = list(FAMILIES[family](secret, address(listener)))
    with ThreadPoolExecutor(3) as readers:
        outcomes = list(readers.map(outcome, files))
    wrong = [
        (bad.name, bad.expected, codes)
        for bad, (codes, _) in zip(files, outcomes, strict=True)
        if bad.expected is not None and bad.expected not in codes
    ]
    assert wrong == []
    # A code that nobody has given words to would be an error of its own in every sentence.
    known = {*FILE, *ROW, TAKEN, *(one.code for one in subclasses(ShapeRefused))}
    assert {code for codes, _ in outcomes for code in codes} - known == set()
    for bad, (_, told) in zip(files, outcomes, strict=True):
        assert SECRET not in told, bad.name
        assert str(secret.parent) not in told, bad.name
        # A reader may run out of memory or time, but it must not stumble.
        assert not re.search(r"（(?!MemoryError)\w*(Error|Warning|Exception)）", told), (bad.name, told[:300])
    with pytest.raises(BlockingIOError):
        listener.accept()


def subclasses(kind: type[ShapeRefused]) -> Iterator[type[ShapeRefused]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_there_are_more_than_two_hundred(secret: Path) -> None:
    names = [(bad.family, bad.name) for make in FAMILIES.values() for bad in make(secret, "http://127.0.0.1:9")]
    assert len(set(names)) == len(names)
    assert len(names) >= 200
