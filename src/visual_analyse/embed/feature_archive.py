"""Features in an .npz of a user's own."""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from visual_analyse.embed.feature_columns import FEATURES, LABELS, TYPES, VIEWS, described, first_of, no_labels
from visual_analyse.embed.source import ArraySource, FileSource, Source, npy_header, pickled
from visual_analyse.errors import VisualAnalyseError

_BROKEN = (OSError, EOFError, ValueError, RuntimeError, KeyError, zipfile.BadZipFile, zlib.error, struct.error)


@dataclass(frozen=True)
class _Member:
    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]


def read_archive(path: Path) -> tuple[Source, dict[str, NDArray[Any]]]:
    """Features of an .npz, and what it says of each row: `labels`, and `types` and `views` where it has them.

    Features are under one of `FEATURES`, or the only array of floats of two dimensions or more; labels under one of
    `LABELS`, or the only array `[n]` that is neither types nor views. An archive of `numpy.savez` is read in blocks
    where it lies; one of `numpy.savez_compressed` has to be unpacked into memory.

    Raises VisualAnalyseError for a file that is none, is damaged, holds no such arrays, or pickled ones in their place.

    >>> read_archive(Path("features.npz"))[0].dims  # doctest: +SKIP
    """
    with _archive(path) as archive:
        members = _members(archive, path)
        chosen = _features(members, path)
        count = members[chosen].shape[0]
        names = {"labels": _labels(members, chosen, count, path)}
        for kind, wanted in (("types", TYPES), ("views", VIEWS)):
            name = first_of(wanted, members)
            if name is not None and name != names["labels"]:
                names[kind] = name
        columns = {kind: _loaded(archive, members[name], path, name) for kind, name in names.items()}
        return _source(archive, members[chosen], path, chosen), columns


def read_labels(path: Path) -> dict[str, NDArray[Any]]:
    """Labels, and types and views, of an .npz that holds no features.

    >>> read_labels(Path("features_labels.npz"))["labels"]  # doctest: +SKIP
    """
    with _archive(path) as archive:
        members = _members(archive, path)
        found = {kind: first_of(wanted, members)
                 for kind, wanted in (("labels", LABELS), ("types", TYPES), ("views", VIEWS))}  # fmt: skip
        if found["labels"] is None:
            raise no_labels(path, _held(members))
        return {kind: _loaded(archive, members[name], path, name) for kind, name in found.items() if name is not None}


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _BROKEN as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> VisualAnalyseError:
    return VisualAnalyseError(
        f"{path} is no readable .npz: it is damaged, cut short, or no archive of numpy.savez ({error}). Write it anew."
    )


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, _Member]:
    found = {}
    for info in archive.infolist():
        if info.filename.endswith(".npy"):
            try:
                with archive.open(info) as stream:
                    found[info.filename[:-4]] = _Member(info, *npy_header(stream, f"{info.filename} in {path}"))
            except _BROKEN as error:
                raise _damaged(path, error) from error
    return found


def _features(members: dict[str, _Member], path: Path) -> str:
    name = first_of(FEATURES, members)
    if name is None:
        wide = [key for key, member in members.items() if member.dtype.kind == "f" and len(member.shape) >= 2]
        if len(wide) != 1:
            raise VisualAnalyseError(
                f"{path} has {len(wide) or 'no'} arrays that may be the features: it holds {_held(members)}. Put them "
                f"under {FEATURES[0]!r}, numbers [n, dims] or [n, c, p], one row a walk."
            )
        name = wide[0]
    member = members[name]
    if member.dtype.hasobject:
        raise VisualAnalyseError(pickled(f"{name} of {path}"))
    if member.dtype.kind not in "fiu" or len(member.shape) not in (2, 3) or min(member.shape) < 1:
        raise VisualAnalyseError(
            f"{path}: {name} is {member.dtype} of shape {list(member.shape)}; numbers of shape [n, dims] or [n, c, p] "
            "were expected, one row a walk."
        )
    return name


def _labels(members: dict[str, _Member], features: str, count: int, path: Path) -> str:
    name = first_of(LABELS, members.keys() - {features})
    if name is not None:
        return name
    fitting = [
        key for key, member in members.items() if member.shape == (count,) and key not in (features, *TYPES, *VIEWS)
    ]
    if len(fitting) != 1:
        raise no_labels(path, _held(members))
    return fitting[0]


def _loaded(archive: zipfile.ZipFile, member: _Member, path: Path, name: str) -> NDArray[Any]:
    if member.dtype.hasobject:
        raise VisualAnalyseError(pickled(f"{name} of {path}"))
    try:
        with archive.open(member.info) as stream:
            found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read()  # to the end, where a checksum is compared
            return found
    except MemoryError as error:
        raise VisualAnalyseError(
            f"{name} of {path} does not fit into memory ({error}). Save it by numpy.savez, uncompressed, or as a .npy: "
            "those are read in blocks."
        ) from error
    except _BROKEN as error:
        raise _damaged(path, error) from error


def _source(archive: zipfile.ZipFile, member: _Member, path: Path, name: str) -> Source:
    # Bit 0 of the flags: encrypted.
    if member.info.compress_type == zipfile.ZIP_STORED and not member.fortran and not member.info.flag_bits & 1:
        with path.open("rb") as stream:
            return FileSource(path, _begin(stream, member.info, path))
    shape = member.shape
    return ArraySource(_loaded(archive, member, path, name), (shape[1], shape[2] if len(shape) == 3 else 1))


def _begin(stream: IO[bytes], info: zipfile.ZipInfo, path: Path) -> int:
    """Where a member's bytes begin: behind a header of 30 bytes, its name, and extras (PKWARE's APPNOTE, 4.3.7)."""
    stream.seek(info.header_offset)
    header = stream.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise _damaged(path, ValueError(f"no header of {info.filename}"))
    name, extra = struct.unpack("<HH", header[26:30])
    return int(info.header_offset + 30 + name + extra)


def _held(members: dict[str, _Member]) -> str:
    return described({
        name: "pickled objects" if member.dtype.hasobject else f"{member.dtype} {list(member.shape)}"
        for name, member in members.items()
    })  # fmt: skip
