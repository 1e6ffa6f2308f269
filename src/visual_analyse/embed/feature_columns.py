"""What the columns of a file of features are called, and what is taken of them where they are called otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain

Texts = NDArray[np.str_]

FEATURES = ("features", "embeddings", "feats", "x", "X", "data")
LABELS = ("labels", "label", "ids", "identity", "y")
TYPES = ("types", "type", "conditions", "condition", "seqs")
VIEWS = ("views", "view")


def first_of(wanted: tuple[str, ...], names: Iterable[str]) -> str | None:
    """The first of the wanted names that is there.

    >>> first_of(LABELS, ["y", "label"])
    'label'
    """
    there = set(names)
    return next((name for name in wanted if name in there), None)


def no_labels(path: Path, found: str) -> VisualAnalyseError:
    """What is said of a file that tells nobody's identity; `found` says what it holds instead."""
    return VisualAnalyseError(
        f"{path} does not say whose walk each row is: it holds {found}. Put one identity a row under {LABELS[0]!r} "
        f"(or {', '.join(LABELS[1:])})."
    )


def texts(values: NDArray[Any], what: str, unknown: bool = False) -> Texts:
    """Identities, conditions or views as text: 7 and 7.0 are '7', bytes are UTF-8; `unknown` ones are ''.

    `what` names them in sentences. Raises VisualAnalyseError for pictures of text (more than one dimension) and, unless
    they may be unknown, for values that are missing (None, NaN).

    >>> texts(np.array([1.0, 2.5]), "labels").tolist()
    ['1', '2.5']
    """
    if values.shape[1:] not in ((), (1,)) or not values.ndim:
        raise VisualAnalyseError(f"{what} have shape {list(values.shape)}; one a row was expected, [n].")
    flat = values.reshape(-1)
    if values.dtype.kind == "U":
        return flat.astype(np.str_, copy=False)
    made: list[str] = []
    for row, value in enumerate(flat.tolist()):
        missing = value is None or (isinstance(value, float) and value != value)
        if missing and not unknown:
            raise VisualAnalyseError(
                f"{what} say nothing in row {row} (counted from 0). Name each row's walk, or drop it."
            )
        made.append("" if missing else _text(value))
    return np.array(made, dtype=np.str_)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def described(shapes: dict[str, str]) -> str:
    """What a file holds, for a sentence: names and what they are.

    >>> described({"a": "float32 [3, 4]"})
    'a (float32 [3, 4])'
    """
    shown = [f"{plain(name)} ({what})" for name, what in list(shapes.items())[:8]]
    return ", ".join([*shown, "..."] if len(shapes) > 8 else shown) or "nothing"
