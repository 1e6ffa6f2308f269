"""An OpenGait config: what a model is, what its data are, how it is tested."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from visual_analyse.errors import VisualAnalyseError

METRICS = ("euc", "cos")
_REQUIRED = ("data_cfg", "model_cfg")
_TRANSFORM = [{"type": "BaseSilCuttingTransform"}]
# What OpenGait's configs may leave out: the values of its own default.yaml that concern a test.
DEFAULTS: Mapping[str, Any] = {
    "data_cfg": {"dataset_name": "CASIA-B", "num_workers": 1, "remove_no_gallery": False, "cache": False},
    "evaluator_cfg": {
        "enable_float16": False,
        "metric": "euc",
        "restore_ckpt_strict": True,
        "restore_hint": 80000,
        "sampler": {"type": "InferenceSampler", "sample_type": "all_ordered", "batch_size": 4},
        "save_name": "tmp",
        "transform": _TRANSFORM,
    },
    "trainer_cfg": {"enable_float16": True, "restore_hint": 0, "save_name": "tmp", "transform": _TRANSFORM},
}


@dataclass(frozen=True)
class Config:
    """One config: its file, its sections merged over OpenGait's defaults, and `own`, the sections as the file has them.

    >>> Config(Path("gaitset.yaml"), {"model_cfg": {"model": "GaitSet"}}).model_class
    'GaitSet'
    """

    path: Path
    sections: Mapping[str, Any]
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model_cfg(self) -> Mapping[str, Any]:
        """The section that describes the network."""
        return self._section("model_cfg")

    @property
    def model_class(self) -> str:
        """The class of the model, `model_cfg.model`."""
        name = self.model_cfg.get("model")
        if not isinstance(name, str) or not name:
            raise VisualAnalyseError(
                f"{self.path}: model_cfg.model is {name!r}; the name of a class was expected, e.g. model: GaitSet."
            )
        return name

    @property
    def save_name(self) -> str:
        """`evaluator_cfg.save_name` of the file itself, or the class where it has none: many configs share a class."""
        own = (self.own or self.sections).get("evaluator_cfg")  # the defaults' own name would be that of all
        name = own.get("save_name") if isinstance(own, Mapping) else None
        return self.model_class if name is None else str(name)

    @property
    def metric(self) -> str:
        """`"euc"` or `"cos"`."""
        metric = self._section("evaluator_cfg").get("metric", METRICS[0])
        if metric not in METRICS:
            raise VisualAnalyseError(
                f"{self.path}: evaluator_cfg.metric is {metric!r}; {' or '.join(METRICS)} was expected. "
                "Write metric: euc for Euclidean distances, metric: cos for cosine ones."
            )
        return str(metric)

    @property
    def classes(self) -> tuple[str, ...]:
        """What a classifier tells apart, by the channels of its embeddings; nothing for a model that compares walks."""
        # Scoliosis1K is the one dataset of OpenGait where what is asked is not who walks.
        return ("negative", "neutral", "positive") if self.eval_func == "evaluate_scoliosis" else ()

    @property
    def eval_func(self) -> str:
        """`evaluator_cfg.eval_func` of the file itself: by what a test is judged; empty where nothing is said."""
        own = (self.own or self.sections).get("evaluator_cfg")
        return str(own.get("eval_func") or "") if isinstance(own, Mapping) else ""

    @property
    def dataset_name(self) -> str:
        """`data_cfg.dataset_name`; the names of several datasets are joined by `_`, as OpenGait names its folders."""
        return "_".join(str(data.get("dataset_name", "")) for data in self._data())

    @property
    def test_dataset_name(self) -> str:
        """The dataset by whose protocol is tested: `data_cfg.test_dataset_name`, else the (first) `dataset_name`."""
        # A default would say CASIA-B of any dataset, so only the file's own words count.
        data = self._data()[0]
        own = (self.own or self.sections).get("data_cfg", data)
        first = own[0] if isinstance(own, list) else own
        return str(first.get("test_dataset_name") or first.get("dataset_name") or data.get("dataset_name"))

    @property
    def dataset_root(self) -> Path | None:
        """`data_cfg.dataset_root` as written; the first of several."""
        return _path(self._data()[0].get("dataset_root"))

    @property
    def partition(self) -> Path | None:
        """`data_cfg.dataset_partition` as written, relative to the checkout; the first of several."""
        return _path(self._data()[0].get("dataset_partition"))

    @property
    def data_in_use(self) -> list[bool] | list[int] | None:
        """Which pkls of a walk are read, as booleans or indices; None where the config does not say."""
        chosen: list[bool] | list[int] | None = self._data()[0].get("data_in_use")
        return chosen

    @property
    def transforms(self) -> list[dict[str, Any]]:
        """What a test does to each input, one mapping with a `type` for each (`evaluator_cfg.transform`)."""
        written = self._section("evaluator_cfg").get("transform")
        listed = [written] if isinstance(written, Mapping) else written
        if not isinstance(listed, list) or not listed:
            raise VisualAnalyseError(
                f"{self.path}: evaluator_cfg.transform is {written!r}; a list of transforms was expected, one for each "
                "input, e.g. transform: [{type: BaseSilCuttingTransform}]."
            )
        for item in listed:
            if item is not None and not (isinstance(item, Mapping) and isinstance(item.get("type"), str)):
                raise VisualAnalyseError(
                    f"{self.path}: evaluator_cfg.transform holds {item!r}; a mapping with a type was expected, "
                    "e.g. type: BaseSilCuttingTransform."
                )
        return [{"type": "NoOperation"} if item is None else dict(item) for item in listed]

    @property
    def restore_hint(self) -> int | str:
        """Which checkpoint OpenGait tests: an iteration, a path, or 0 for none."""
        hint = self._section("evaluator_cfg").get("restore_hint", 0)
        if isinstance(hint, bool) or not isinstance(hint, int | str):
            raise VisualAnalyseError(
                f"{self.path}: evaluator_cfg.restore_hint is {hint!r}; an iteration, the path of a checkpoint, or 0 "
                "was expected. Correct it, or name the file with --checkpoint FILE."
            )
        return hint

    @property
    def restore_strictly(self) -> bool:
        """Whether a checkpoint must hold every parameter and no other (`evaluator_cfg.restore_ckpt_strict`)."""
        return bool(self._section("evaluator_cfg").get("restore_ckpt_strict", True))

    def checkpoint_candidates(self, roots: Sequence[Path]) -> list[Path]:
        """Where the checkpoint of `restore_hint` would lie under each root, as OpenGait names it; empty where it is 0.

        >>> cfg = {"model_cfg": {"model": "GaitSet"}, "data_cfg": {"dataset_name": "CASIA-B"}}
        >>> cfg["evaluator_cfg"] = {"save_name": "A", "restore_hint": 400}
        >>> Config(Path("a.yaml"), cfg).checkpoint_candidates([Path()])[0].as_posix()
        'output/CASIA-B/GaitSet/A/checkpoints/A-00400.pt'
        """
        hint = self.restore_hint
        if hint == 0:
            return []
        if isinstance(hint, str):
            relative = Path(hint).expanduser()
        else:
            name = str(self._section("evaluator_cfg").get("save_name", self.model_class))
            folder = Path("output", self.dataset_name, self.model_class, name, "checkpoints")
            relative = folder / f"{name}-{hint:0>5}.pt"
        return list(dict.fromkeys(root / relative for root in roots))

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.sections.get(name, {})
        if not isinstance(section, Mapping):
            raise VisualAnalyseError(
                f"{self.path}: {name} is a {_kind(section)}; a mapping of names to values was expected. "
                "Indent its entries below it, as OpenGait's configs do."
            )
        return section

    def _data(self) -> list[Mapping[str, Any]]:
        data = self.sections.get("data_cfg", {})
        listed = data if isinstance(data, list) else [data]
        if not listed or not all(isinstance(item, Mapping) for item in listed):
            raise VisualAnalyseError(
                f"{self.path}: data_cfg is {data!r}; a mapping of names to values was expected, or a list of such."
            )
        return listed


def read_config(path: Path, defaults: Path | None = None) -> Config:
    """Read a config and merge it over OpenGait's defaults: the file `defaults`, or ours where there is none.

    Raises VisualAnalyseError where the file is missing, is not YAML, is no mapping, or lacks `model_cfg` or `data_cfg`.

    >>> read_config(Path("configs/gaitset/gaitset.yaml")).metric  # doctest: +SKIP
    'euc'
    """
    own = _read(Path(path))
    missing = [name for name in _REQUIRED if own.get(name) is None]
    if missing:
        raise VisualAnalyseError(
            f"{path} lacks the section {' and '.join(missing)}; it has {', '.join(map(str, own)) or 'none'}. "
            "Name a config that describes a model and its data, as those of OpenGait's configs folder do."
        )
    config = Config(Path(path), merged(DEFAULTS if defaults is None else _read(defaults), own), own)
    for check in ("model_class", "metric", "dataset_name", "restore_hint"):
        getattr(config, check)
    return config


def merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` laid over `defaults`: mappings are merged key by key, everything else is replaced. Neither is changed.

    >>> merged({"a": {"b": 1, "c": [2]}}, {"a": {"c": [3]}})
    {'a': {'b': 1, 'c': [3]}}
    """
    result = copy.deepcopy(dict(defaults))
    for key, value in own.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise VisualAnalyseError(_no_file(path))
    try:
        found = yaml.safe_load(path.read_bytes())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "an unknown line"
        raise VisualAnalyseError(
            f"{path} is not YAML: {error.problem or error.context} at {where}. "
            "Correct that line; YAML indents with spaces."
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise VisualAnalyseError(
            f"{path} is not YAML ({' '.join(str(error).split())[:200]}). "
            "Name a config such as configs/gaitset/gaitset.yaml."
        ) from error
    except OSError as error:
        raise VisualAnalyseError(f"{path} could not be read ({error.strerror}).") from error
    if not isinstance(found, dict):
        raise VisualAnalyseError(
            f"{path} holds a {_kind(found)}; a mapping with the sections data_cfg, model_cfg and evaluator_cfg was "
            "expected. Name a config such as configs/gaitset/gaitset.yaml."
        )
    return found


def _no_file(path: Path) -> str:
    if path.is_dir():
        inside = sorted(entry.name for entry in path.glob("*.yaml"))
        return f"{path} is a folder, not a config. Name a file of it: {', '.join(inside[:6]) or 'it holds no .yaml'}."
    # The first part that is missing is the one that was mistyped.
    wrong = path
    while not wrong.parent.exists() and wrong.parent != wrong:
        wrong = wrong.parent
    try:
        names = sorted(e.name for e in wrong.parent.iterdir() if e.is_dir() or e.suffix in {".yaml", ".yml"})
    except OSError:
        names = []
    near = difflib.get_close_matches(wrong.name, names, 3, 0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    what = f"There is no config {path}" + ("" if wrong == path else f": {wrong.parent} holds no {wrong.name}")
    return f"{what}.{hint} Name an existing file with --config_path."


def _path(written: object) -> Path | None:
    return None if written is None or written == "" else Path(str(written)).expanduser()


def _kind(value: object) -> str:
    names = {dict: "mapping", list: "list", str: "text", type(None): "nothing", int: "number", float: "number"}
    return names.get(type(value), type(value).__name__)
