"""The options that say what is explained, by which model, and where results go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, number
from visual_analyse.errors import VisualAnalyseError

PROBES = Path("visual_analyse/Probes")
GALLERY = Path("visual_analyse/Gallery")


def add_sources(made: Parser, results: Path) -> None:
    """Add the options that say what is explained, by which model, and where results go."""
    add = made.add_argument
    add("-c", "--config_path", type=Path, required=True, metavar="FILE", help="OpenGait config (YAML)")
    add("-p", "--probe_dir", type=Path, metavar="DIR", help=f"folder of probes, id/type/view/*.pkl (default: {PROBES})")
    add(
        "-g",
        "--gallery_dir",
        type=Path,
        metavar="DIR",
        help=f"folder of gallery walks, same layout (default: {GALLERY})",
    )
    add("-s", "--save_dir", type=Path, metavar="DIR", help=f"where results go (default: {results}/<time>)")
    made.device()
    add(
        "--dataset",
        type=Path,
        metavar="ROOT",
        help="take the probes from this dataset, and the gallery by its own protocol",
    )
    add("--probe", nargs="+", metavar="ID/TYPE/VIEW", help="with --dataset: the probes; globs and several allowed")
    add(
        "--opengait", type=Path, metavar="DIR", help="the OpenGait checkout (default: OPENGAIT_ROOT, or the one around)"
    )
    add("--checkpoint", metavar="FILE", help="the checkpoint (default: as the config says); 'none' for random weights")
    add(
        "--seed",
        type=number(0, 2**32 - 1, int),
        default=1597,
        help="of random weights, and of frames and points that a sampler draws (default: 1597)",
    )
    add(
        "--cache",
        type=Path,
        metavar="DIR",
        help="where finished work is kept for later runs (default: your cache folder)",
    )


def check_sources(options: Any, finds_probes: bool = False) -> None:
    """Raise VisualAnalyseError for sources that do not go together; `finds_probes`: whether no --probe is needed."""
    if (options.dataset is None) != (options.probe is None) and not (finds_probes and options.dataset is not None):
        raise VisualAnalyseError(
            "--dataset and --probe go together: --dataset ROOT --probe ID/TYPE/VIEW, or -p and -g for two folders."
        )
    if options.dataset is not None and (options.probe_dir or options.gallery_dir):
        raise VisualAnalyseError(
            "Both --dataset and a folder of probes or gallery were given; name --dataset and --probe, or -p and -g."
        )
