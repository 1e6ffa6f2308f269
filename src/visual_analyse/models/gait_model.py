"""A gait model as everything else sees it: walks in, embeddings out, wherever its code comes from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.model import Batch, Source
from visual_analyse.gait.config import Config
from visual_analyse.gait.demands import check_kinds, given, known_kind
from visual_analyse.gait.origins import Origins, trace_pose
from visual_analyse.gait.sampling import Sampling
from visual_analyse.models.checkout import Checkout, first_sentence
from visual_analyse.models.seeding import seeded

EMBEDDING = "embeddings"  # what OpenGait's own evaluation compares walks by
# By the number of dimensions, for all but poses and points; OpenGait's inputs have no names of their own.
AXES = {2: "n s", 3: "n s c", 4: "n s h w", 5: "n s c h w"}
POINTS = "n s q c"
# Conditions that a model may look up a class by, on its way to a loss that tests have no use for.
_CONDITIONS = ("", "neutral")
# What a network raises on an input it cannot take. Exactly these: a caller's own exceptions pass through.
_FAULTS = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NameError,
    RuntimeError,
    TypeError,
    UnboundLocalError,
    ValueError,
)
_CHECK = "Check the walk against what the model was made for: the kind, the size and the number of its frames."


@dataclass(frozen=True, eq=False)
class Prepared:
    """One walk as a model takes it: an array for each input, their axes by name, and how many frames it has.

    `shown` int64 `[frames]`: which frames of the walk they are. `joints`: for each input of poses, the joint of the
    walk that each joint of the model's is. `channels`: where one input holds several of the walk's, how many channels
    each has.
    """

    inputs: tuple[NDArray[Any], ...]
    frames: int
    axes: tuple[str, ...] = ()
    shown: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    joints: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    channels: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class GaitModel:
    """A model of OpenGait, a checkout's or a built-in one, on its device, in evaluation mode, its parameters frozen.

    `name` is the config's `save_name`; `source` is "checkout" or "built-in"; `checkpoint` is None for random weights;
    `code` are the files its answers depend on; `notices` are to be printed; `seed` was that of random weights.
    `embedding` names the tensor of its `inference_feat` that walks are compared by.

    >>> model.embed(model.batch([walk])).shape  # doctest: +SKIP
    torch.Size([1, 256, 62])
    """

    config: Config
    module: nn.Module
    device: torch.device
    transforms: Sequence[Callable[[Any], Any]]
    checkpoint: Path | None = None
    checkpoint_digest: str = ""
    checkout: Checkout | None = None
    code: tuple[Path, ...] = ()
    notices: list[str] = field(default_factory=list)
    seed: int = 1597
    embedding: str = EMBEDDING
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        weights = "random weights" if self.checkpoint is None else f"checkpoint {self.checkpoint}"
        return f"<GaitModel {self.name}: {self.class_name}, {self.source}, on {self.device}, {weights}>"

    @property
    def name(self) -> str:
        """The config's `save_name`."""
        return self.config.save_name

    @property
    def class_name(self) -> str:
        """The class of the model, as the config names it."""
        return self.config.model_class

    @property
    def metric(self) -> str:
        """`"euc"` or `"cos"`."""
        return self.config.metric

    @property
    def source(self) -> str:
        """Where its code comes from."""
        return "built-in" if self.checkout is None else "checkout"

    def batch(self, walks: Sequence[Sequence[Any]], packed: bool = False) -> Batch:
        """The batch of some walks, each one array `[s, ...]` per input as read from its pkls, through the transforms.

        `packed`: one after another along `s` in a batch of one, as OpenGait's tests have several; else stacked along
        `n`, for which they must be equally long. Raises VisualAnalyseError where inputs and transforms do not agree.
        """
        return self.join([self.prepare(walk) for walk in walks], packed)

    @property
    def sampling(self) -> Sampling:
        """Which frames of a walk it is shown."""
        if "sampling" not in self._known:
            self._known["sampling"] = Sampling.read(self.config)
        found: Sampling = self._known["sampling"]
        return found

    def prepare(self, walk: Sequence[Any], seed: int | None = None) -> Prepared:
        """One walk, as read from its pkls, as far as it is shown, through the transforms: what `join` makes batches of.

        `seed`: where frames, points or a checkout's transforms draw random numbers, they draw them from it (the model's
        own without it), and nobody else's numbers are touched. Raises VisualAnalyseError where inputs and transforms
        do not agree.
        """
        own = self.checkout is not None and self.checkout.has_pretreatment(self.module)
        self._check(walk, own)
        seed = self.seed if seed is None else seed
        data, shown = self.sampling.shown(walk, np.random.default_rng(seed))
        kinds = [known_kind(x) for x in data]
        if self.checkout is not None and not own:
            check_kinds(self.config, data)
        hint = f"It was given {' and '.join(map(given, data))}. {_CHECK}"
        with self._code("The transforms failed", seed, hint):
            if own:
                inputs = [np.asarray(x[0].cpu()) for x in self._pretreated(data)]
            else:
                changes = zip(self.transforms, data, strict=True)
                # Some transforms write into what they are given.
                inputs = [np.asarray(change(np.array(x, copy=True))) for change, x in changes]
        if len(inputs) != len(kinds):  # one of the model's for several of the walk's
            channels = tuple(1 if np.ndim(x) == 3 else int(np.shape(x)[1]) for x in data)
            return Prepared(tuple(inputs), len(shown), tuple(AXES.get(x.ndim + 1, "n s ...") for x in inputs), shown,
                            channels=channels)  # fmt: skip
        axes, joints, frames = [], {}, shown
        for k, (kind, x) in enumerate(zip(kinds, inputs, strict=True)):
            looks = "none" if kind is None else kind.picture
            if looks == "joints":
                origins = self._origins(k, data[k])
                axes.append(origins.axes(x.ndim))
                joints[k] = origins.joints
                frames = shown[origins.frames]
            else:
                axes.append(POINTS if looks == "points" and x.ndim == 3 else AXES.get(x.ndim + 1, "n s ..."))
        return Prepared(tuple(inputs), len(frames), tuple(axes), frames, joints)

    def _origins(self, number: int, pose: NDArray[Any]) -> Origins:
        """Where the frames and joints of a pose end up, tried once for each length."""
        key = number, np.shape(pose)
        if key not in self._known:
            with self._code("The transforms failed", self.seed, f"It was given {given(pose)}. {_CHECK}"):
                self._known[key] = trace_pose(self.transforms[number], pose)
        found: Origins = self._known[key]
        return found

    def _pretreated(self, data: Sequence[Any]) -> list[Tensor]:
        """The inputs as the model's own code makes them of a walk, `[1, s, ...]`."""
        pretreat: Any = self.module.inputs_pretreament  # OpenGait's spelling
        lengths = np.array([[len(data[0])]])
        made: list[Tensor] = pretreat([[[np.array(x, copy=True)] for x in data], [0], [""], [""], lengths])[0]
        return made

    def join(self, walks: Sequence[Prepared], packed: bool = False) -> Batch:
        """The batch of some prepared walks, on the model's device."""
        inputs = range(len(walks[0].inputs))
        ends = np.cumsum(walks[0].channels).tolist()
        return Batch(
            sources=tuple(Source(0, end - many, end) for end, many in zip(ends, walks[0].channels, strict=True)),
            inputs=tuple(self._join([walk.inputs[k] for walk in walks], packed) for k in inputs),
            axes=walks[0].axes,
            lengths=tuple(walk.frames for walk in walks),
            packed=packed,
        )

    def embed(self, batch: Batch, seed: int | None = None) -> Tensor:
        """Embeddings `[n, c, p]` of a batch of n walks, with a graph where gradients are enabled.

        `seed` as for `prepare`. Raises VisualAnalyseError where the model fails on the batch, or answers without
        the embeddings that it is asked for.
        """
        n = len(batch)
        together = batch.packed or n == 1
        lengths = torch.tensor([batch.lengths], dtype=torch.int32, device=self.device) if together else None
        labels = torch.zeros(n, dtype=torch.int64, device=self.device)
        sizes = ", ".join(str(list(x.shape)) for x in batch.inputs)
        seed = self.seed if seed is None else seed
        with self._code(f"{self.name} failed on an input of {sizes}", seed):
            answer = self._answer(list(batch.inputs), labels, n, lengths)
        found = answer.get("inference_feat") if isinstance(answer, dict) else None
        embeddings = found.get(self.embedding) if isinstance(found, dict) else None
        if not isinstance(embeddings, Tensor) or embeddings.dim() not in (2, 3):
            raise VisualAnalyseError(self._without(found))
        if len(embeddings) != n:
            raise VisualAnalyseError(
                f"{self.name} answered {n} walks with {len(embeddings)} embeddings. Give it one walk at a time."
            )
        return embeddings if embeddings.dim() == 3 else embeddings.unsqueeze(2)

    def _answer(self, inputs: list[Tensor], labels: Tensor, n: int, lengths: Tensor | None) -> Any:
        for condition in self._known.get("conditions", _CONDITIONS):
            try:
                answer = self.module((list(inputs), labels, [condition] * n, [""] * n, lengths))
            except KeyError as error:
                if error.args != (condition,) or condition == _CONDITIONS[-1]:
                    raise
            else:
                self._known["conditions"] = (condition,)
                return answer
        raise AssertionError("one of the conditions answers or raises")

    def _without(self, found: Any) -> str:
        """What to say of an `inference_feat` that lacks the embedding."""
        tensors = {str(name): x for name, x in (found if isinstance(found, dict) else {}).items()}
        usable = {name: list(x.shape) for name, x in tensors.items() if isinstance(x, Tensor) and x.dim() in (2, 3)}
        if self.embedding != EMBEDDING and usable:
            there = ", ".join(f"{name} {shape}" for name, shape in usable.items())
            return (
                f"{self.name} answers without an embedding {self.embedding!r} [n, c, p] or [n, c]; its inference_feat "
                f"has {there}. Name one of these with --embedding."
            )
        others = f" Or take {' or '.join(list(usable)[:3])} with --embedding." if usable else ""
        return (
            f"{self.name} answers without embeddings [n, c, p] to compare walks by: its inference_feat has "
            f"{', '.join(tensors) or 'nothing'}. Name the config of a model, or phase of one, that recognises walks "
            f"rather than segments them.{others}"
        )

    def _check(self, walk: Sequence[Any], own: bool) -> None:
        inputs, changes = len(walk), len(self.transforms)
        if inputs != changes and not own:
            kinds = ", ".join(str(item["type"]) for item in self.config.transforms)
            raise VisualAnalyseError(
                f"A walk has {inputs} input(s) and {self.config.path} has {changes} transform(s) ({kinds}); they "
                "must be as many. Choose among the walk's pkls with data_cfg.data_in_use (e.g. [true, false] takes the "
                "first of two), or list one transform for each."
            )
        if len({len(data) for data in walk}) > 1 or not len(walk[0]):
            raise VisualAnalyseError(
                f"A walk has {' and '.join(str(len(data)) for data in walk)} frames in its inputs; they must be as "
                "many, and at least one. Make its pkls anew."
            )

    def _join(self, walks: list[NDArray[Any]], packed: bool) -> Tensor:
        shapes = {walk.shape[packed:] for walk in walks}
        if len(shapes) > 1:
            raise VisualAnalyseError(
                f"Walks of {' and '.join(str(list(walk.shape)) for walk in walks[:4])} do not fit into one batch. "
                "Walks must have frames of one size; give walks of unequal length one at a time, or packed."
            )
        joined = np.concatenate(walks)[None] if packed else np.stack(walks)
        tensor = torch.from_numpy(np.ascontiguousarray(joined, dtype=np.float32))
        if self.device.type == "cuda":  # from there the copy runs beside what the GPU still computes
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    @contextlib.contextmanager
    def _code(self, what: str, seed: int | None = None, hint: str = _CHECK) -> Any:
        """The surroundings in which the model's code runs, and a sentence, that ends with `hint`, for what it raises.

        A checkout's code may draw random numbers; the built-in models and transforms do not.
        """
        if self.checkout is None:
            try:
                yield
            except _FAULTS as error:
                if type(error) not in _FAULTS:
                    raise
                said = f"{type(error).__name__}: {first_sentence(error)}"
                raise VisualAnalyseError(f"{what}: {said}. {hint}") from error
        else:
            drawn = contextlib.nullcontext() if seed is None else seeded(seed, self.device)
            with self.checkout.active(self.device), drawn, self.checkout.faults(what, hint, _FAULTS):
                yield
