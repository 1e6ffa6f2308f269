"""`trust`: how far the maps of a model can be trusted, measured."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.cli.sources import GALLERY, PROBES, check_sources
from visual_analyse.errors import VisualAnalyseError

RESULTS = Path("visual_analyse/Results/Trust")
DESCRIPTION = """\
How far can a map of the evidence be trusted? Measures, for each layer and method: insertion and deletion (do the
pixels that the map names decide the match, more than random ones, more than the outline?), a sanity cascade (does the
map change when the model's weights are drawn anew?), and the wrong gallery (does it change with whom is matched?)."""
EPILOG = """\
examples:
  visual-analyse trust gaitset.yaml -p Probes -g Gallery --layers conv
  visual-analyse trust gaitset.yaml --dataset CASIA-B-pkl --probe '*/nm-05/090' --layers 22 --method layercam"""


def parser() -> Parser:
    """The options of `trust`."""
    made = Parser(prog="trust", description=DESCRIPTION, epilog=EPILOG)
    add = made.add_argument
    add("config", nargs="?", type=Path, metavar="CONFIG", help="OpenGait config (YAML)")
    add("-c", "--config_path", type=Path, metavar="FILE", help="the same")
    add("-p", "--probe_dir", type=Path, metavar="DIR", help=f"folder of probes, id/type/view/*.pkl (default: {PROBES})")
    add("-g", "--gallery_dir", type=Path, metavar="DIR", help=f"folder of gallery walks (default: {GALLERY})")
    add("--dataset", type=Path, metavar="ROOT",
        help="take the probes from this dataset, and the gallery by its own protocol")  # fmt: skip
    add("--probe", nargs="+", metavar="ID/TYPE/VIEW", help="with --dataset: the probes; globs and several allowed")
    add("--layers", nargs="+", metavar="LAYER",
        help="numbers, ranges, dotted names, globs or a kind, conv (default: as 'explain')")  # fmt: skip
    add("--method", nargs="+", metavar="NAME", help="ways to make maps (default: as 'explain')")
    add("--target", choices=["auto", "match", "contrast", "crowd"], default="auto",
        help="match, the nearest walk; contrast, why this person and not the nearest other; crowd, and not all others; "
        "auto, as 'explain': crowd where all galleries hold the person and others, else match "
        "(default: auto)")  # fmt: skip
    add("-s", "--save_dir", type=Path, default=RESULTS, metavar="DIR",
        help=f"where tables go (default: {RESULTS})")  # fmt: skip
    made.device()
    add("--opengait", type=Path, metavar="DIR",
        help="the OpenGait checkout (default: OPENGAIT_ROOT, or the one around)")  # fmt: skip
    add("--checkpoint", metavar="FILE", help="the checkpoint (default: as the config says); 'none' for random weights")
    add("--seed", type=number(0, 2**32 - 1, int), default=1597, help="of random orders, weights and samplers")
    add("--cache", type=Path, metavar="DIR",
        help="where finished work is kept for later runs (default: your cache folder)")  # fmt: skip
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `trust` and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "trust")


def run(options: Any) -> None:
    """Measure every probe, print the table and what it means, and write both."""
    if (options.config is None) == (options.config_path is None):
        raise VisualAnalyseError("Name one config: trust gaitset.yaml, or trust -c gaitset.yaml.")
    options.config_path = options.config_path or options.config
    check_sources(options)
    from visual_analyse.cli.explaining import pairing_of
    from visual_analyse.cli.loading import chosen_model
    from visual_analyse.cli.trusting import TrustRun
    from visual_analyse.explain.defaults import METHOD
    from visual_analyse.explain.methods import method_named
    from visual_analyse.files import make_folder, write_whole
    from visual_analyse.names import safe_name

    methods = [method_named(name) for name in dict.fromkeys(options.method or [METHOD])]
    model = chosen_model(options)
    if model.config.classes:
        raise VisualAnalyseError(
            f"{model.name} is a classifier and matches no walks, so there is no match whose maps could be tested. Name "
            "the config of a model that recognises people."
        )
    pairing = pairing_of(model, options)
    folder = make_folder(options.save_dir)
    found = TrustRun(model, pairing, folder, options).measure_all(methods)
    found.show()
    name = safe_name(f"{model.name}_{model.config.test_dataset_name}")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(found.rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found.rows)
    told = json.dumps(found.manifest, indent=1, ensure_ascii=False)
    for ending, content in (("csv", text.getvalue()), ("json", f"{told}\n")):
        path = folder / f"{name}_trust.{ending}"
        write_whole(path, lambda stream, content=content: stream.write(content.encode("utf-8", "backslashreplace")))  # type: ignore[misc]
        print(f"Wrote {path}.")
    found.close()
