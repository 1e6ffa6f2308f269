"""The .npz files that results live in, read without running code from them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.errors import VisualAnalyseError

Array = NDArray[Any]
_ARRAYS = (b"PK", b"\x93NUMPY")  # how archives and single arrays begin


def read_npz(path: Path, wanted: Callable[[str], bool] | None = None) -> dict[str, Array]:
    """The arrays of an .npz, all or those whose names are `wanted`, with pickles left unopened.

    Raises VisualAnalyseError where the file is missing, is no .npz, is cut short, or holds pickled objects.

    >>> sorted(read_npz(Path("map.npz")))  # doctest: +SKIP
    """
    if not path.is_file():
        raise VisualAnalyseError(f"There is no file {path}. Name an .npz result, or a folder that holds some.")
    try:
        with np.load(path, allow_pickle=False) as stored:
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise VisualAnalyseError(f"{path} holds a single array, not an .npz archive of several.")
            found = {name: stored[name] for name in stored.files if wanted is None or wanted(name)}
            # A member that is no array, a README say, comes as bytes.
            return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}
    except ValueError as error:
        start = _start(path)
        if not start.startswith((*_ARRAYS, b"\x80")):
            raise VisualAnalyseError(
                f"{path} is no .npz, whatever its name: it holds no arrays of NumPy. Name an .npz result, or a folder "
                "that holds some."
            ) from error
        if "pickle" in str(error):
            raise VisualAnalyseError(
                f"{path} holds pickled Python objects, as files of the older tool did. They can run code, so it was "
                "left unopened: run 'python -m visual_analyse.grad_cam' (or tsne, umap) again to make the result anew."
            ) from error
        raise VisualAnalyseError(f"{path} is no readable .npz ({error}). Make the result anew.") from error
    except (OSError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise VisualAnalyseError(f"{path} is no readable .npz: it is damaged or cut short ({error}).") from error


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)


def some_of(names: Mapping[str, object]) -> str:
    """The first few names of an archive, for a sentence."""
    listed = ", ".join(sorted(names)[:6])
    return (listed + ", ...") if len(names) > 6 else listed or "nothing"
