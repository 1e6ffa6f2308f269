"""The layers of a model, by number, name and kind."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from visual_analyse.errors import VisualAnalyseError

_KINDS = {"conv": r"Conv[123]d", "linear": r".*Linear", "norm": r".*Norm([123]d)?", "pool": r".*Pool[123]d"}


@dataclass(frozen=True)
class Layer:
    """A module without children: its number from 1 in `named_modules()` order, its dotted name, its class.

    >>> Layer(1, "conv", "Conv2d").kind
    'Conv2d'
    """

    number: int
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.number} {self.name} ({self.kind})"


def leaves(module: nn.Module) -> list[tuple[Layer, nn.Module]]:
    """All layers of a model with their modules.

    >>> [str(layer) for layer, _ in leaves(nn.Sequential(nn.ReLU()))]
    ['1 0 (ReLU)']
    """
    found = [(name, child) for name, child in module.named_modules() if not any(True for _ in child.children())]
    return [(Layer(k, name, type(child).__name__), child) for k, (name, child) in enumerate(found, 1)]


def select(layers: Sequence[Layer], wanted: str | Sequence[str | int]) -> list[Layer]:
    """Choose layers by numbers (`3`), ranges (`1-5`), dotted names, globs (`*.conv`) or a kind (`conv`, `ReLU`, `all`).

    Words are separated by spaces or commas. The result is in the order of the numbers, without repeats. Raises
    VisualAnalyseError where a word chooses nothing.

    >>> [layer.number for layer in select([Layer(1, "a", "Conv2d"), Layer(2, "b", "ReLU")], "conv")]
    [1]
    """
    words = [wanted] if isinstance(wanted, str) else [str(word) for word in wanted]
    words = [word for text in words for word in re.split(r"[\s,;，、]+", text) if word]
    if not words:
        raise VisualAnalyseError(
            f"No layer was chosen. Type some of 1 to {len(layers)}, a name, or 'conv' for all convolutions."
        )
    chosen = {layer.number: layer for word in words for layer in _matching(layers, word)}
    return [chosen[number] for number in sorted(chosen)]


def _matching(layers: Sequence[Layer], word: str) -> list[Layer]:
    if match := re.fullmatch(r"(\d{1,9})(?:(?:-|\.\.|:)(\d{1,9}))?", word):
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= len(layers):
            raise VisualAnalyseError(
                f"There is no layer {word}: the layers are numbered from 1 to {len(layers)}. "
                "Leave --layers out in a terminal to see them all, or type --layers conv."
            )
        return [layer for layer in layers if first <= layer.number <= last]
    if word.lower() == "all":
        return list(layers)
    pattern = _KINDS.get(word.lower(), re.escape(word))
    found = [layer for layer in layers if re.fullmatch(pattern, layer.kind, re.IGNORECASE)]
    found = found or [layer for layer in layers if fnmatch.fnmatchcase(layer.name, word)]
    found = found or [layer for layer in layers if layer.name.startswith(word + ".")]
    if not found:
        names = [layer.name for layer in layers] + sorted({layer.kind for layer in layers}) + list(_KINDS)
        near = difflib.get_close_matches(word, names, 1, 0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise VisualAnalyseError(
            f"No layer has the number, name or kind {word!r}.{hint} Numbers from 1 to {len(layers)}, dotted names, "
            f"globs and kinds ({', '.join(_KINDS)}, all, or a class such as {layers[0].kind}) can be typed."
        )
    return found
