"""`tsne`, `umap`, `pacmap`, `pca`: one map of all walks of a dataset, with what says how far to trust it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visual_analyse.cli.parsing import Parser, number, run_command, yes_or_no
from visual_analyse.errors import VisualAnalyseError


@dataclass(frozen=True)
class Method:
    """A command: its name, what it is called, the option of its parameters, whose they are."""

    name: str
    title: str
    short: str = ""
    option: str = ""
    library: str = ""

    @property
    def results(self) -> Path:
        """Where results go unless they are sent elsewhere."""
        return Path("visual_analyse/Results") / self.name.upper()


TSNE = Method("tsne", "t-SNE", "-T", "--TSNE_ARGS", "sklearn.manifold.TSNE, or of openTSNE.TSNE")
UMAP = Method("umap", "UMAP", "-U", "--UMAP_ARGS", "umap.UMAP")
PACMAP = Method("pacmap", "PaCMAP", "-P", "--PACMAP_ARGS", "pacmap.PaCMAP")
PCA = Method("pca", "PCA")

EPILOG = """\
Up to --bucket_size walks, neighbours are sought in the full space and exactly; beyond it features are reduced first,
and what that costs is said. It is one map in one space at any size. Every map says how far it can be trusted.
Embeddings are kept (--cache): a run after a kill goes on where the last one stopped, and every later command reuses
them while data, config and checkpoint are unchanged. Under torchrun each process embeds its share.

examples:
  python -m visual_analyse.{name} -c configs/gaitset/gaitset.yaml
  python -m visual_analyse.{name} -c configs/gaitset/gaitset.yaml -d CASIA-B-pkl -e 3 -s Results
  python -m visual_analyse.{name} --features mine.npz
Draw what it writes with: python -m visual_analyse.visualizer visual_{name} RESULTS, or visual_page to explore it."""


def parser(method: Method) -> Parser:
    """All options of the contract, and the newer ones beside them."""
    made = Parser(
        prog=method.name,
        description=f"Where does a model put everyone? One {method.title} map of all walks of a dataset.",
        epilog=EPILOG.format(name=method.name),
    )
    add = made.add_argument
    add("-c", "--config_path", type=Path, metavar="FILE", help="OpenGait config (YAML)")
    add("--features", type=Path, metavar="FILE",
        help="embeddings of your own in place of a model: .npz, .npy with labels beside it, or .parquet")  # fmt: skip
    add("-e", "--embed_dim", type=number(1, 100, int), default=2, metavar="N",
        help="dimensions of the map; 1 is padded to 2, of more than 3 the first 3 are drawn (default: 2)")  # fmt: skip
    add("-b", "--bucket_size", type=number(1, 1e9, int), default=20_000, metavar="N",
        help="walks up to which neighbours are sought in the full space (default: 20000)")  # fmt: skip
    add("-d", "--dataset_dir", type=Path, metavar="DIR",
        help="dataset, all of whose walks are taken (default: the test ids of the config's dataset_root)")  # fmt: skip
    add(
        "--split", choices=["train", "test", "all"], help="which ids of the partition (default: all with -d, else test)"
    )
    add("-s", "--save_dir", type=Path, metavar="DIR", help=f"where results go (default: {method.results}/<time>)")
    if method.option:
        add(method.short, method.option, dest="parameters", nargs="+", action="extend", default=[], metavar="ARGS",
            help=f"any parameter of {method.library}: a Python or JSON dictionary, or name=value")  # fmt: skip
    add("--embedding", metavar="NAME",
        help="which embedding, of a model that has several (default: the one that its evaluator uses)")  # fmt: skip
    add("--normalise", "--normalize", type=yes_or_no, nargs="?", const=True, metavar="True|False",
        help="bring every part to unit length (default: as the config's metric does; cos: yes, euc: no)")  # fmt: skip
    add("--place", type=Path, metavar="MAP", help="place the walks on this finished map, whose own stay where they are")
    made.switch("verbose", default=False, help="show the progress of the library that makes the map")
    add("--seed", type=number(0, 2**32 - 1, int), default=1597, help="same seed, same map (default: 1597)")
    made.device()
    add(
        "--opengait", type=Path, metavar="DIR", help="the OpenGait checkout (default: OPENGAIT_ROOT, or the one around)"
    )
    add("--checkpoint", metavar="FILE", help="the checkpoint (default: as the config says); 'none' for random weights")
    add(
        "--cache",
        type=Path,
        metavar="DIR",
        help="where embeddings are kept for later runs (default: your cache folder)",
    )
    return made


def command(method: Method, arguments: Sequence[str] | None = None) -> int:
    """Run one of these commands and return its exit status."""
    options = parser(method).parse_args(arguments)
    return run_command(lambda: run(method, options), method.name)


def run(method: Method, options: Any) -> None:
    """Embed the walks, or read their embeddings, and write one map of them."""
    if (options.config_path is None) == (options.features is None):
        both = "both were given" if options.features else "neither was given"
        raise VisualAnalyseError(
            f"-c CONFIG embeds walks with a model, and --features FILE brings embeddings; {both}. Type one of them."
        )
    for name in ("dataset_dir", "split", "checkpoint", "opengait", "embedding"):
        if options.features and getattr(options, name) is not None:
            raise VisualAnalyseError(f"--{name} is of no use with --features, which brings embeddings. Leave it out.")
    # numba, torch and faiss take seconds to import: --help and wrong options need not wait for them.
    from visual_analyse.cli.locating import Run
    from visual_analyse.embed.parameters import read_parameters

    parameters = read_parameters(getattr(options, "parameters", []), method.short)
    Run(method.name, options, parameters, method.results / time.strftime("%Y-%m-%d_%H-%M-%S")).run()
