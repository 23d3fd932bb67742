"""Machine code: it works where nothing can be kept, and old code is never taken for new."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba import types
from numba.core.registry import cpu_target

from geo import compiling
from geo.matching import compiling as matching


def add(a: int, b: int) -> int:
    return a + b


def test_without_a_folder_to_write_to_it_is_compiled_for_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(function: Callable[..., Any]) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiling, "_StampedCache", refuse)
    assert compiling.kept(add, "stamp")(2, 3) == 5


def test_code_of_other_sources_has_another_key(tmp_path: Path) -> None:
    source = tmp_path / "formulas.py"
    source.write_text("one")
    keys = []
    for content in ("one", "one", "two"):
        source.write_text(content)
        machine = compiling.kept(add, compiling.stamp_of([source]))
        signature = types.int64(types.int64, types.int64)
        keys.append(machine._cache._index_key(signature, cpu_target.target_context.codegen()))
    assert keys[0] == keys[1] != keys[2]


def test_a_full_disk_costs_only_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def kept(kernel: Callable[..., Any], stamp: str, **options: Any) -> Callable[..., Any]:
        def machine(*arguments: Any) -> Any:
            calls.append(arguments)
            if len(calls) == 1:
                raise OSError(28, "No space left on device")
            return kernel(*arguments)

        return machine

    monkeypatch.setattr(matching, "kept", kept)
    assert matching.compiled(add)(2, 3) == 5
    assert calls == [(2, 3), (2, 3)]
