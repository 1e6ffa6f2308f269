"""Where the dataset of a config lies, and its partition."""

from __future__ import annotations

from pathlib import Path

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config


def dataset_root(config: Config, checkout: Path | None) -> Path:
    """The folder that a config names as its dataset's, relative to here, to the checkout or to the config.

    Raises VisualAnalyseError where it names none, or one that is not there.

    >>> dataset_root(config, Path("OpenGait"))  # doctest: +SKIP
    PosixPath('CASIA-B-pkl')
    """
    written = config.dataset_root
    if written is None:
        raise VisualAnalyseError(
            f"{config.path} names no data_cfg.dataset_root. Name the dataset with --dataset_dir DIR."
        )
    found = next((base / written for base in _bases(config, checkout) if (base / written).is_dir()), None)
    if found is None:
        raise VisualAnalyseError(
            f"The dataset_root of {config.path}, {written}, is no folder here. Name the dataset with --dataset_dir "
            "DIR, or correct data_cfg.dataset_root."
        )
    return found


def partition_file(config: Config, checkout: Path | None, root: Path | None) -> Path | None:
    """The partition file that a config names, found where OpenGait's is or beside the dataset's folder, `root`.

    None where it names none, or one that is not there.

    >>> partition_file(config, Path("OpenGait"), None)  # doctest: +SKIP
    PosixPath('OpenGait/datasets/CASIA-B/CASIA-B.json')
    """
    written = config.partition
    if not written:
        return None
    bases = [*_bases(config, checkout), *([] if root is None else [root.resolve().parent])]
    return next((base / written for base in bases if (base / written).is_file()), None)


def _bases(config: Config, checkout: Path | None) -> list[Path]:
    """What a path in a config may be relative to, the first that has it first."""
    return [Path(), *([] if checkout is None else [checkout]), *config.path.resolve().parents[:3]]
