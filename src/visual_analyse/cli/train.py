"""`train`: a small model learns to recognise synthetic walkers; how well the small models do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.cli.progress import DelayedBar, console
from visual_analyse.files import copy_whole, make_folder
from visual_analyse.gait.config import read_config
from visual_analyse.synthetic.small import MODELS, checkpoint_of, config_of
from visual_analyse.synthetic.training import sampling

RESULTS = Path("visual_analyse/Results/Train")
SEED = 1597

DESCRIPTION = "Trains a small model on synthetic walkers, and measures how often it recognises people it never saw."
EPILOG = """\
Writes MODEL.pt, a checkpoint as OpenGait's are, and MODEL.yaml, its config. A run that was stopped goes on where it
stopped, with the same command. Same seed, same machine: same weights.

examples:
  visual-analyse train gaitset                       about twenty minutes on one core
  visual-analyse train gaitbase --save_dir trained
  visual-analyse train --evaluate                    the models that are shipped, beside what needs no model
  visual-analyse train gaitset --evaluate            the model just trained
"""


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `train`; its exit status is returned.

    >>> command(["gaitset", "--save_dir", "trained"])  # doctest: +SKIP
    0
    """
    parser = Parser(prog="visual-analyse train", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("model", nargs="?", choices=MODELS, help="what to train")
    parser.add_argument("-s", "--save_dir", type=Path, default=RESULTS, help="where results go (default: %(default)s)")
    parser.add_argument("--seed", type=number(0, 2**31 - 1, int), default=SEED, help="(default: %(default)s)")
    parser.switch("evaluate", default=False, help="print rank-1 of people who were not learnt from")
    options = parser.parse_args(arguments)
    if options.model is None and not options.evaluate:
        parser.error(f"nothing to do: name a model to train ({', '.join(MODELS)}), or add --evaluate")
    return run_command(lambda: _run(options), parser.prog)


def _run(options: argparse.Namespace) -> None:
    trained = {name: (config_of(name), checkpoint_of(name)) for name in MODELS}
    if options.model is not None:
        trained = {options.model: _train(options.model, make_folder(options.save_dir), options.seed)}
    if options.evaluate:
        _evaluate(trained)


def _train(name: str, folder: Path, seed: int) -> tuple[Path, Path]:
    from visual_analyse.synthetic.training.steps import (  # torch takes seconds: --help needs none
        Recipe,
        save_model,
        train,
    )

    copy, checkpoint = copy_whole(config_of(name), folder / f"{name}.yaml"), folder / f"{name}.pt"
    config = read_config(copy)
    crowd = _crowd(folder / f"walks-{seed}.npz", seed)
    console.print(f"Training {config.save_name} on {len(crowd.labels)} walks of {crowd.people} people.")
    with DelayedBar() as bar:
        bar.begin(f"training {config.save_name}", 0, 1)

        def tell(step: int, steps: int, loss: float) -> None:
            bar.within(step, steps)
            if step % 100 == 0:
                console.print(f"step {step} of {steps}, loss {loss:.3f}")

        model = train(config, crowd, folder / f"{name}-training.pt", seed, tell)
    save_model(checkpoint, model, Recipe.read(config).steps)
    console.print(f"Wrote {checkpoint}, and its config {copy}.", markup=False)
    return copy, checkpoint


def _crowd(path: Path, seed: int) -> sampling.Crowd:
    if path.exists():
        return sampling.load_crowd(path)
    with DelayedBar() as bar:
        bar.begin("people are walking", 0, 1)
        crowd = sampling.make_crowd(sampling.PEOPLE, sampling.WALKS, sampling.FRAMES, seed, bar.within)
    sampling.save_crowd(path, crowd)
    return crowd


def _evaluate(models: dict[str, tuple[Path, Path]]) -> None:
    from visual_analyse.synthetic.training import evaluation

    with DelayedBar() as bar:
        bar.begin("people are walking", 0, len(models) + 1)
        lineup = evaluation.make_lineup(evaluation.PEOPLE, progress=bar.within)
        rows = {
            "chance": dict.fromkeys(evaluation.PROBES, 1 / evaluation.PEOPLE),
            "height, breadth, area": evaluation.rank1(evaluation.sizes(lineup), lineup),
            "mean silhouette": evaluation.rank1(evaluation.mean_silhouettes(lineup), lineup),
        }
        for job, (path, checkpoint) in enumerate(models.values(), start=1):
            config = read_config(path)
            bar.begin(f"encoding with {config.save_name}", job, len(models) + 1)
            embeddings = evaluation.embed(evaluation.restore(config, checkpoint), lineup.silhouettes, bar.within)
            rows[config.save_name] = evaluation.rank1(embeddings, lineup, config.metric)
    print(
        f"Rank-1 (%) of {evaluation.PEOPLE} people never learnt from; gallery nm-01 to nm-04, identical view left out"
    )
    width = max(map(len, rows))
    print(" " * width, *(f"{condition:>6}" for condition in evaluation.PROBES))
    for name, rates in rows.items():
        print(f"{name:<{width}}", *(f"{100 * rate:6.1f}" for rate in rates.values()))
