"""`motion`: whether a model looks at how people move or at what shape they have."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, number, run_command

RESULTS = Path("visual_analyse/Results/Motion")
DESCRIPTION = """\
Motion or shape: shuffles the frames of every probe, reverses them, shows one frame for all, makes everybody as tall,
and says how rank-1, the margin to the nearest impostor and the distance to the true match change, with 95 % intervals
over the probes. The gallery stays as it is."""


def parser() -> Parser:
    """The options of `motion`."""
    made = Parser(prog="motion", description=DESCRIPTION)
    add = made.add_argument
    add("-c", "--config_path", type=Path, required=True, metavar="FILE", help="OpenGait config (YAML)")
    add("-d", "--dataset_dir", type=Path, metavar="DIR", help="dataset folder (default: dataset_root of the config)")
    add("--split", choices=["train", "test", "all"], help="which ids (default: test, or all with --dataset_dir)")
    add("--probes", type=number(1, 10**6, int), default=200, help="at most so many, taken evenly (default: 200)")
    add(
        "-s", "--save_dir", type=Path, default=RESULTS, metavar="DIR", help=f"where the table goes (default: {RESULTS})"
    )
    made.device()
    add(
        "--opengait", type=Path, metavar="DIR", help="the OpenGait checkout (default: OPENGAIT_ROOT, or the one around)"
    )
    add("--checkpoint", metavar="FILE", help="the checkpoint (default: as the config says); 'none' for random weights")
    add("--seed", type=number(0, 2**32 - 1, int), default=1597, help="of shuffles, samplers and random weights")
    add("--cache", type=Path, metavar="DIR", help="where embeddings are kept (default: your cache folder)")
    return made


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `motion` and return its exit status."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(options), "motion")


def run(options: Any) -> None:
    """Measure, print the table, and write it as CSV."""
    from rich.table import Table

    from visual_analyse.cli.dataset import find_walks
    from visual_analyse.cli.explaining import warn
    from visual_analyse.cli.loading import chosen_model
    from visual_analyse.cli.progress import DelayedBar, console
    from visual_analyse.encode.encoder import Encoder
    from visual_analyse.encode.store import Store
    from visual_analyse.files import make_folder, write_whole
    from visual_analyse.names import safe_name
    from visual_analyse.trust.interval import Interval
    from visual_analyse.trust.motion import motion_or_shape

    model = chosen_model(options)
    for notice in model.notices:
        warn(notice)
    walks, protocol, _ = find_walks(model.config, options)
    folder = make_folder(options.save_dir)
    jobs: list[str] = []
    with DelayedBar() as bar:

        def tick(what: str, done: int, total: int) -> None:
            if what not in jobs:
                jobs.append(what)
                bar.begin(what, len(jobs) - 1, 5)
            bar.within(done, total)

        effects = motion_or_shape(
            Encoder(model, Store(options.cache)), walks, protocol, options.probes, seed=options.seed, tick=tick
        )

    def shown(value: Interval, percent: bool = False) -> str:
        # Minus nothing is nothing.
        mean, low, high = (number * (100 if percent else 1) + 0.0 for number in (value.mean, value.low, value.high))
        style = ".0f" if percent else ".3f"
        words = [f"{number:{style}}".replace("0.", ".") for number in (mean, low, high)]
        mean_word, low_word, high_word = (word.lstrip("-") if not float(word) else word for word in words)
        return f"{mean_word}{' %' if percent else ''} [{low_word}, {high_word}]"

    title = f"{model.name}: {effects[0].probes} probes of {model.config.test_dataset_name}"
    table = Table(box=None, padding=(0, 1), title=title)
    for name in ("", "rank-1", "margin", "farther", "same"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    lines: list[Sequence[object]] = [
        ("change", "what", "probes", *(f"{name}_{end}" for name in ("rank1", "margin", "farther")
         for end in ("mean", "low", "high")), "unmoved")
    ]  # fmt: skip
    for effect in effects:
        three = (effect.rank1, effect.margin, effect.farther)
        table.add_row(effect.name, shown(effect.rank1, True), shown(effect.margin), shown(effect.farther, True),
                      f"{100 * effect.unmoved:.0f} %")  # fmt: skip
        numbers = (number for value in three for number in (value.mean, value.low, value.high))
        lines.append((effect.name, effect.what, effect.probes, *numbers, effect.unmoved))
    console.print(table)
    if all(effect.unmoved == 1 for effect in effects if effect.name in ("shuffled", "reversed")):
        print("The order of the frames changes no embedding: this model sees shapes, and no motion.")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    target = folder / f"{safe_name(f'{model.name}_{model.config.test_dataset_name}')}_motion.csv"
    write_whole(target, lambda stream: stream.write(text.getvalue().encode("utf-8")))
    print(f"Wrote {target}.")
