"""What a model did before a layer ran, kept, so that a forward which changes only that layer need not do it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

from torch import Tensor, nn

from visual_analyse.explain.hooks import Hooks

# What costs: their work is kept. All else is done again, on what these answer.
_HEAVY = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Linear)
MOST = 1 << 30  # bytes: beyond, what would be kept is done again


class Recording(Hooks):
    """Keep what the heavy layers of a model answer in one forward, in order, and when some `layers` ran first.

    At most `most` bytes; what comes later is not kept. Only for forwards that take the same way each time: in
    evaluation mode, on the same input.

    >>> with Recording(module, [layer]) as recording:  # doctest: +SKIP
    ...     model.embed(batch)
    >>> with recording.before(layer):  # doctest: +SKIP
    ...     model.embed(batch)  # from `layer` on
    """

    def __init__(self, module: nn.Module, layers: Iterable[nn.Module], most: int = MOST) -> None:
        self._heavy = [one for one in module.modules() if isinstance(one, _HEAVY)]
        self._answers: list[tuple[nn.Module, Tensor | None]] = []
        self._first: dict[nn.Module, int] = {}
        self._left = most
        watched = [(layer, self._notice) for layer in dict.fromkeys(layers)]
        self._layers = len(watched)
        super().__init__([*((one, self._keep) for one in self._heavy), *watched])

    def _notice(self, layer: nn.Module, inputs: Any, output: Any) -> None:
        # A heavy layer has just been kept itself, and does not come before itself.
        own = bool(self._answers) and self._answers[-1][0] is layer
        self._first.setdefault(layer, len(self._answers) - own)

    def _keep(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if len(self._first) == self._layers:
            return  # nobody asks for what comes after the last of them
        size = output.numel() * output.element_size() if isinstance(output, Tensor) else self._left + 1
        kept = size <= self._left
        self._left -= size if kept else 0
        # A copy: what comes next may write into it.
        self._answers.append((module, output.detach().clone() if kept else None))

    def before(self, layer: nn.Module) -> Replay:
        """A block in which what ran before `layer` answers as it did."""
        return Replay(self._answers[: self._first.get(layer, 0)])


class Replay:
    """While the block runs one forward, modules answer their first calls as they did, without doing anything.

    `answers` in order; None for what is done again. Afterwards the modules are what they were.

    >>> from torch import ones, zeros
    >>> linear = nn.Linear(1, 1)
    >>> with Replay([(linear, ones(2, 1))]):
    ...     linear(zeros(2, 1)).tolist()
    [[1.0], [1.0]]
    """

    def __init__(self, answers: Sequence[tuple[nn.Module, Tensor | None]]) -> None:
        self._answers: dict[nn.Module, list[Tensor | None]] = {}
        for module, answer in answers:
            self._answers.setdefault(module, []).append(answer)
        self._had: dict[nn.Module, Any] = {}

    def __enter__(self) -> Replay:
        for module, answers in self._answers.items():
            self._had[module] = module.__dict__.get("forward")
            own: Any = _answering(module.forward, answers)
            module.forward = own
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for module, had in self._had.items():
            del module.forward  # the class's own comes to light again
            if had is not None:
                module.forward = had
        self._had.clear()


def _answering(forward: Any, answers: Sequence[Tensor | None]) -> Any:
    calls = iter(answers)

    def answer(*args: Any, **kwargs: Any) -> Any:
        known = next(calls, None)
        return forward(*args, **kwargs) if known is None else known.clone()

    return answer
