"""`train`: a small model learns to recognise synthetic walkers; how well the small models do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from visual_analyse.cli.parsing import Parser, number, run_command
from visual_analyse.cli.progress import DelayedBar, console
from visual_analyse.files import copy_whole, make_folder
from visual_analyse.gait.config import read_config
from visual_analyse.synthetic.small import MODELS, POSE_MODELS, checkpoint_of, config_of
from visual_analyse.synthetic.training import sampling

RESULTS = Path("visual_analyse/Results/Train")
SEED = 1597
_ALL = (*MODELS, *POSE_MODELS)

DESCRIPTION = "Trains a small model on synthetic walkers, and measures how often it recognises people it never saw."
EPILOG = """\
Writes MODEL.pt, a checkpoint as OpenGait's are, and MODEL.yaml, its config. A run that was stopped goes on where it
stopped, with the same command. Same seed, same machine, no GPU: same weights.

examples:
  visual-analyse train gaitset                       about twenty minutes on one core, less on a GPU
  visual-analyse train gaitbase --save_dir trained
  visual-analyse train gaitgraph2                    one of poses: about twelve minutes
  visual-analyse train --evaluate                    the models that are shipped, beside what needs no model
  visual-analyse train gaitset --evaluate            the model just trained
"""


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `train`; its exit status is returned.

    >>> command(["gaitset", "--save_dir", "trained"])  # doctest: +SKIP
    0
    """
    parser = Parser(prog="visual-analyse train", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("model", nargs="?", choices=_ALL, help="what to train")
    parser.add_argument("-s", "--save_dir", type=Path, default=RESULTS, help="where results go (default: %(default)s)")
    parser.add_argument("--seed", type=number(0, 2**31 - 1, int), default=SEED, help="(default: %(default)s)")
    parser.device()
    parser.switch("evaluate", default=False, help="print rank-1 of people who were not learnt from")
    options = parser.parse_args(arguments)
    if options.model is None and not options.evaluate:
        parser.error(f"nothing to do: name a model to train ({', '.join(_ALL)}), or add --evaluate")
    return run_command(lambda: _run(options), parser.prog)


def _run(options: argparse.Namespace) -> None:
    trained = {name: (config_of(name), checkpoint_of(name)) for name in _ALL}
    if options.model is not None:
        trained = {options.model: _train(options.model, make_folder(options.save_dir), options.seed, options.device)}
    if options.evaluate:
        _evaluate(trained)


def _train(name: str, folder: Path, seed: int, device: str) -> tuple[Path, Path]:
    from visual_analyse.models.device import pick_device  # torch takes seconds: --help needs none
    from visual_analyse.synthetic.training.steps import (
        Recipe,
        save_model,
        train,
    )

    copy, checkpoint = copy_whole(config_of(name), folder / f"{name}.yaml"), folder / f"{name}.pt"
    config = read_config(copy)
    place, notice = pick_device(device)
    if notice is not None:
        console.print(notice)
    crowd = _crowd(folder, seed, poses=name in POSE_MODELS)
    console.print(f"Training {config.save_name} on {len(crowd.labels)} walks of {crowd.people} people.")
    with DelayedBar() as bar:
        bar.begin(f"training {config.save_name}", 0, 1)

        def tell(step: int, steps: int, loss: float) -> None:
            bar.within(step, steps)
            if step % 100 == 0:
                console.print(f"step {step} of {steps}, loss {loss:.3f}")

        model = train(config, crowd, folder / f"{name}-training.pt", seed, tell, place)
    save_model(checkpoint, model, Recipe.read(config).steps)
    console.print(f"Wrote {checkpoint}, and its config {copy}.", markup=False)
    return copy, checkpoint


def _crowd(folder: Path, seed: int, poses: bool) -> sampling.Crowd:
    path = folder / f"{'poses' if poses else 'walks'}-{seed}.npz"
    if path.exists():
        return sampling.load_crowd(path, poses)
    walks, frames = (sampling.POSE_WALKS, sampling.POSE_FRAMES) if poses else (sampling.WALKS, sampling.FRAMES)
    with DelayedBar() as bar:
        bar.begin("people are walking", 0, 1)
        crowd = sampling.make_crowd(sampling.PEOPLE, walks, frames, seed, bar.within, poses)
    sampling.save_crowd(path, crowd)
    return crowd


def _evaluate(models: dict[str, tuple[Path, Path]]) -> None:
    from visual_analyse.synthetic.training import evaluation

    kinds = [poses for poses in (False, True) if any((name in POSE_MODELS) == poses for name in models)]
    rows = {"chance": dict.fromkeys(evaluation.PROBES, 1 / evaluation.PEOPLE)}
    with DelayedBar() as bar:
        jobs, job = len(models) + len(kinds), 0
        for poses in kinds:
            bar.begin("people are walking", job, jobs)
            frames = evaluation.POSE_FRAMES if poses else evaluation.FRAMES
            lineup = evaluation.make_lineup(evaluation.PEOPLE, frames=frames, progress=bar.within, poses=poses)
            for what, features in (evaluation.POSE_BASELINES if poses else evaluation.BASELINES).items():
                rows[what] = evaluation.rank1(features(lineup), lineup)
            for name, (path, checkpoint) in models.items():
                if (name in POSE_MODELS) != poses:
                    continue
                config, job = read_config(path), job + 1
                bar.begin(f"encoding with {config.save_name}", job, jobs)
                model = evaluation.restore(config, checkpoint)
                embeddings = evaluation.embed(model, config, lineup.walks, bar.within)
                rows[config.save_name] = evaluation.rank1(embeddings, lineup, config.metric)
            job += 1
    print(
        f"Rank-1 (%) of {evaluation.PEOPLE} people never learnt from; gallery nm-01 to nm-04, identical view left out"
    )
    width = max(map(len, rows))
    print(" " * width, *(f"{condition:>6}" for condition in evaluation.PROBES))
    for what, rates in rows.items():
        print(f"{what:<{width}}", *(f"{100 * rate:6.1f}" for rate in rates.values()))
