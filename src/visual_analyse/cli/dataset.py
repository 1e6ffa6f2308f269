"""The walks that a command takes from a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from visual_analyse.cli.explaining import protocol_of, warn
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.gait.places import dataset_root
from visual_analyse.gait.protocols import Protocol
from visual_analyse.gait.sequences import Sequence, scan
from visual_analyse.models.checkout import find_checkout
from visual_analyse.names import listed


def find_walks(config: Config, options: Any) -> tuple[list[Sequence], Protocol, Path]:
    """The walks of `--dataset_dir` or the config's dataset, those of `--split`; their protocol, and their folder.

    With a folder all walks are taken, without one the partition's test ids, unless `--split` says otherwise.

    Raises VisualAnalyseError where there is no folder, no walk, or no partition for a split that was asked for.
    """
    source = find_checkout(options.opengait, options.config_path)
    checkout = source.root if source else None
    root = options.dataset_dir or dataset_root(config, checkout)
    protocol = protocol_of(config, root, checkout)
    walks = scan(root, "--dataset_dir" if options.dataset_dir else "dataset_root of the config")
    split = options.split or ("all" if options.dataset_dir else "test")
    if split == "all":
        return walks, protocol, root
    if protocol.partition is None:
        if options.split:
            raise VisualAnalyseError(
                f"--split {split} needs the partition file of the dataset, and there is none. Name it in "
                "data_cfg.dataset_partition of the config, or take all walks with --split all."
            )
        warn(f"There is no partition file, so all {len(walks)} walks are taken.")
        return walks, protocol, root
    absent = protocol.partition.absent(walks, split)
    if absent:
        warn(f"{len(absent)} {split} ids of the partition are not on disk: {listed(absent)}.")
    return protocol.partition.walks(walks, split), protocol, root
