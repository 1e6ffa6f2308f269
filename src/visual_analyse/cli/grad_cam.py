"""`grad_cam`: for every probe one .npz with its frames and the maps of the chosen layers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.errors import VisualAnalyseError

PROBES = Path("visual_analyse/Probes")
GALLERY = Path("visual_analyse/Gallery")
RESULTS = Path("visual_analyse/Results/Grad_CAM")

DESCRIPTION = """\
Why did the model match these two walks? Writes, for every probe, one .npz with its frames and the maps of the
chosen layers."""
EPILOG = """\
The explained decision is the smallest probe-gallery distance, as OpenGait measures it. So the maps depend on the
gallery: with other gallery walks the smallest distance, and its gradient, is another. That is how explaining a match
works. Of a classifier (ScoNet) it is the class that it answers, and there is no gallery.

examples:
  python -m visual_analyse.grad_cam -c configs/gaitset/gaitset.yaml -p Probes -g Gallery --layers conv
  python -m visual_analyse.grad_cam -c configs/gaitset/gaitset.yaml --dataset CASIA-B-pkl --probe 001/nm-05/090
Draw what it writes with: python -m visual_analyse.visualizer visual_gradcam RESULTS"""


def parser() -> Parser:
    """All options of the contract, and the newer ones beside them."""
    made = Parser(prog="grad_cam", description=DESCRIPTION, epilog=EPILOG)
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
    add("-s", "--save_dir", type=Path, metavar="DIR", help=f"where results go (default: {RESULTS}/<time>)")
    add("--device", default="0", help="GPU index; also cpu, cuda:1, mps (default: 0; the CPU where no GPU is)")
    add("--layers", nargs="+", metavar="LAYER",
        help="numbers, ranges, dotted names, globs or a kind (conv); asked for where left out")  # fmt: skip
    add("--weights", choices=["frame", "clip"], default="frame",
        help="a channel's weight: its own on every frame, or one for the clip (default: frame)")  # fmt: skip
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
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `grad_cam` and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "grad_cam")


def run(options: Any) -> None:
    """Explain every probe; what an earlier run of the same content finished is taken as it is."""
    if (options.dataset is None) != (options.probe is None):
        raise VisualAnalyseError(
            "--dataset and --probe go together: --dataset ROOT --probe ID/TYPE/VIEW, or -p and -g for two folders."
        )
    if options.dataset is not None and (options.probe_dir or options.gallery_dir):
        raise VisualAnalyseError(
            "Both --dataset and a folder of probes or gallery were given; name --dataset and --probe, or -p and -g."
        )
    # torch takes a moment to import: --help and wrong options need not wait for it.
    from visual_analyse.cli.explaining import Run, protocol_of
    from visual_analyse.cli.progress import DelayedBar
    from visual_analyse.files import make_folder
    from visual_analyse.gait.pairing import Pairing
    from visual_analyse.models.checkout import find_checkout
    from visual_analyse.models.load import load_model

    with DelayedBar() as bar:
        bar.begin("loading the model", 0, 1)
        model = load_model(
            options.config_path,
            checkout=options.opengait,
            checkpoint=options.checkpoint,
            device=options.device,
            seed=options.seed,
        )
    in_use = model.config.data_in_use
    if options.dataset is None and model.config.classes:
        pairing = Pairing.alone(options.probe_dir or PROBES, in_use)
    elif options.dataset is None:
        pairing = Pairing.of_folders(options.probe_dir or PROBES, options.gallery_dir or GALLERY, in_use)
    else:
        checkout = find_checkout(options.opengait, options.config_path)
        protocol = protocol_of(model.config, options.dataset, checkout.root if checkout else None)
        pairing = Pairing.of_dataset(options.dataset, options.probe, protocol, in_use)
    folder = make_folder(options.save_dir or RESULTS / time.strftime("%Y-%m-%d_%H-%M-%S"))
    Run(model, pairing, folder, options).explain_all()
