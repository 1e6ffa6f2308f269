"""Hooks that are on modules while a block runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar

from torch import nn
from torch.utils.hooks import RemovableHandle

_Own = TypeVar("_Own", bound="Hooks")


class Hooks:
    """A hook on each of some modules, called after it ran or `before`; for one block, and gone however that ends.

    >>> with Hooks([(layer, print)]):  # doctest: +SKIP
    ...     model(batch)
    """

    def __init__(self, hooks: Iterable[tuple[nn.Module, Callable[..., Any]]], before: bool = False) -> None:
        self._hooks = list(hooks)
        self._before = before
        self._handles: list[RemovableHandle] = []

    def __enter__(self: _Own) -> _Own:
        for module, hook in self._hooks:
            register = module.register_forward_pre_hook if self._before else module.register_forward_hook
            self._handles.append(register(hook))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._hooks.clear()  # they may hold this object, and with it whatever it keeps
