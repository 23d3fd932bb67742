"""The kernels work where nothing can be kept, and old machine code is never taken for new."""

import ast
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from geo.matching import building, compiling, kernels


def add(a: int, b: int) -> int:
    return a + b


def test_without_a_folder_to_write_to_the_kernel_is_compiled_for_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def njit(kernel: Callable[..., Any], cache: bool = False, **options: Any) -> Callable[..., Any]:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return kernel

    monkeypatch.setattr(compiling, "njit", njit)
    assert compiling.compiled(add)(2, 3) == 5
    assert asked == [True, False]


def test_a_full_disk_costs_only_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def njit(kernel: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        def machine(*arguments: Any) -> Any:
            calls.append(arguments)
            if len(calls) == 1:
                raise OSError(28, "No space left on device")
            return kernel(*arguments)

        return machine

    monkeypatch.setattr(compiling, "njit", njit)
    assert compiling.compiled(add)(2, 3) == 5
    assert calls == [(2, 3), (2, 3)]


@pytest.mark.parametrize("module", [building, kernels])
def test_every_kernel_carries_the_stamp_of_all_sources(module: Any) -> None:
    functions = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]
    kernels_of = [
        f.name for f in functions if any(isinstance(d, ast.Name) and d.id == "compiled" for d in f.decorator_list)
    ]
    assert len(kernels_of) >= 2
    for name in kernels_of:
        last = list(inspect.signature(getattr(module, name)).parameters.values())[-1]
        assert (last.name, last.default) == ("stamp", compiling.STAMP)
