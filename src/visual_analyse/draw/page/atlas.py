"""The way out for maps too large for a page: Parquet, and embedding-atlas to show it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole
from visual_analyse.results import EmbeddingMap

PROGRAM = "embedding-atlas"


def write_parquet(map: EmbeddingMap, path: Path) -> Path:
    """Write one row a walk: x, y and z as far as there are, identity, condition, view, and what is known besides.

    `correct` is null for walks that are no probe, `purity` for those without another walk of their identity. Raises
    VisualAnalyseError where pyarrow is not installed.

    >>> write_parquet(EmbeddingMap.load(Path("map.npz")), Path("map.parquet"))  # doctest: +SKIP
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise VisualAnalyseError(
            "Parquet needs pyarrow, which is not installed: pip install 'visual-analyse[parquet]'."
        ) from error
    columns: dict[str, Any] = {axis: map.feats[:, place] for place, axis in enumerate("xyz"[: map.feats.shape[1]])}
    columns.setdefault("y", np.zeros(len(map), np.float32))
    for name, texts in (("identity", map.labels), ("condition", map.types), ("view", map.views)):
        columns[name] = pyarrow.array(_utf8(texts)).dictionary_encode()
    if map.correct is not None:
        columns["correct"] = pyarrow.array(map.correct == 1, mask=map.correct < 0)
    if map.purity is not None:
        columns["purity"] = pyarrow.array(map.purity.astype(np.float32), mask=np.isnan(map.purity))
    if map.placed is not None:
        columns["placed"] = map.placed.astype(bool)
    return write_whole(path, lambda stream: parquet.write_table(pyarrow.table(columns), stream))


def atlas_words(path: Path) -> list[str]:
    """What to type to look at a file of `write_parquet`.

    >>> atlas_words(Path("/maps/a.parquet"))
    ['embedding-atlas', '/maps/a.parquet', '--x', 'x', '--y', 'y']
    """
    return [PROGRAM, str(path), "--x", "x", "--y", "y"]


def show_atlas(path: Path) -> bool:
    """Hand a file to embedding-atlas until it ends (Ctrl-C); False where it is not installed.

    Raises VisualAnalyseError where it fails.

    >>> show_atlas(Path("map.parquet"))  # doctest: +SKIP
    """
    # A virtual environment that was not activated is not on the PATH; its programs lie beside its Python.
    program = shutil.which(PROGRAM) or shutil.which(PROGRAM, path=str(Path(sys.executable).parent))
    if program is None:
        return False
    words = [program, *atlas_words(path.resolve())[1:]]
    try:
        status = subprocess.run(words, check=False).returncode
    except KeyboardInterrupt:  # the way to end a server
        return True
    except OSError as error:
        raise VisualAnalyseError(f"{program} does not start ({error.strerror or error}).") from error
    if status not in (0, 130, -2):
        raise VisualAnalyseError(
            f"{PROGRAM} ended with status {status}; what it said stands above. {path} is written; try it by hand: "
            f"{' '.join(words)}"
        )
    return True


def _utf8(texts: NDArray[Any]) -> list[str]:
    """Texts that Parquet can hold: a name from a folder may have bytes that are no UTF-8."""
    return [text.encode("utf-8", "backslashreplace").decode() for text in texts.tolist()]
