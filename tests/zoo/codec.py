"""Frozen records as JSON and back: what a field's default says is left out, so that records may grow."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints


def plain(value: Any) -> Any:
    """A record as lists, names and numbers: fields as they differ from their defaults, mappings as pairs.

    >>> plain({(1, 2): (3.0,)})
    [[[1, 2], [3.0]]]
    """
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((field.name, field, getattr(value, field.name)) for field in fields(value))
        return {name: plain(found) for name, field, found in pairs if not _is_default(field, found)}
    if isinstance(value, Mapping):
        return [[plain(key), plain(found)] for key, found in value.items()]
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} is written by no rule: {value!r}")


def revived(kind: Any, value: Any) -> Any:
    """What `plain` wrote of an object of a type, as that type's annotations say; fields that it lacks have defaults.

    >>> revived(tuple[int, ...] | None, [1, 2])
    (1, 2)
    """
    base, inner = get_origin(kind) or kind, get_args(kind)
    if base in (Union, types.UnionType):
        others = [some for some in inner if some is not type(None)]
        return None if value is None else revived(others[0], value)
    if is_dataclass(base):
        hints = get_type_hints(base)
        if not value.keys() <= hints.keys():
            raise TypeError(f"{base.__name__} has no {', '.join(sorted(value.keys() - hints.keys()))}.")
        return base(**{name: revived(hints[name], found) for name, found in value.items()})  # type: ignore[operator]
    if base is tuple:
        kinds = [inner[0]] * len(value) if inner[1:] == (Ellipsis,) else inner
        return tuple(revived(some, item) for some, item in zip(kinds, value, strict=True))
    if base in (set, frozenset):
        return base(revived(inner[0], item) for item in value)
    if isinstance(base, type) and issubclass(base, Mapping):
        return {revived(inner[0], key): revived(inner[1], found) for key, found in value}
    if isinstance(base, type) and issubclass(base, list):
        return [revived(inner[0], item) for item in value]
    if base not in (bool, int, float, str):
        raise TypeError(f"{kind!r} is read by no rule.")
    return value


def _is_default(field: Field[Any], found: Any) -> bool:
    if field.default_factory is not MISSING:
        return bool(found == field.default_factory())
    return field.default is not MISSING and bool(found == field.default)
