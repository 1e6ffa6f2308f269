"""Files of pretrained weights that a constructor opens, where they are not there: the checkpoint brings the weights."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn


class Absent(dict[str, Any]):
    """What a missing file of weights is read as: whatever is looked up in it is missing too."""

    def __missing__(self, key: str) -> Absent:
        return self

    def get(self, key: str, default: Any = None) -> Any:
        return self

    def pop(self, key: str, default: Any = None) -> Any:
        return self


@contextlib.contextmanager
def without_pretrained(model_cfg: Mapping[str, Any]) -> Iterator[list[str]]:
    """Let a constructor go on where a file of pretrained weights is missing; yields the names of those that were.

    `torch.load` of a missing file gives nothing, and `load_state_dict` of nothing changes nothing: these weights stay
    as they were initialised, until a checkpoint brings them. Models of the package transformers are built from their
    configuration alone; where that file is missing too, with the width and depth that `model_cfg` names.

    >>> with without_pretrained({}) as missing:
    ...     pass
    >>> missing
    []
    """
    missing: list[str] = []

    def note(file: Any) -> None:
        if str(file) not in missing:
            missing.append(str(file))

    load, load_state = torch.load, nn.Module.load_state_dict

    # Arguments are called as torch calls them: some code names them.
    def load_or_nothing(f: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(f, str | Path) and not Path(f).exists():
            note(f)
            return Absent()
        return load(f, *args, **kwargs)

    def load_state_or_nothing(module: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        # Of nothing code may have made an empty dict, with a prefix taken off every name.
        if isinstance(state_dict, Absent) or (missing and not state_dict):
            return SimpleNamespace(missing_keys=[], unexpected_keys=[])
        return load_state(module, state_dict, *args, **kwargs)

    with contextlib.ExitStack() as stack:
        _set(stack, torch, "load", load_or_nothing)
        _set(stack, nn.Module, "load_state_dict", load_state_or_nothing)
        with contextlib.suppress(ImportError):
            _stand_in_for_transformers(stack, model_cfg, note)
        yield missing


def _stand_in_for_transformers(
    stack: contextlib.ExitStack, model_cfg: Mapping[str, Any], note: Callable[[Any], None]
) -> None:
    if not _names_a_folder(model_cfg):
        return  # importing it takes seconds
    transformers: Any = import_module("transformers")
    configuration, model = transformers.PretrainedConfig, transformers.PreTrainedModel
    as_written, as_stored = configuration.from_pretrained.__func__, model.from_pretrained.__func__

    def configured(cls: Any, place: Any, /, *args: Any, **kwargs: Any) -> Any:
        if Path(place).exists():
            return as_written(cls, place, *args, **kwargs)
        note(place)
        width, depth = model_cfg.get("source_dim"), model_cfg.get("total_layer_num")
        # Of vision transformers heads are 64 wide: Dosovitskiy et al. 2021, table 1; DINOv2 has them as well.
        sizes = {"hidden_size": width, "num_attention_heads": width // 64} if isinstance(width, int) else {}
        return cls(**sizes, **({"num_hidden_layers": depth} if isinstance(depth, int) else {}))

    def stored(cls: Any, place: Any, /, *args: Any, config: Any = None, **kwargs: Any) -> Any:
        if Path(place).exists() or config is None:
            return as_stored(cls, place, *args, config=config, **kwargs)
        note(place)
        return cls(config)

    _set(stack, configuration, "from_pretrained", classmethod(configured))
    _set(stack, model, "from_pretrained", classmethod(stored))


def _names_a_folder(model_cfg: Mapping[str, Any]) -> bool:
    """Whether a model is to be read from a folder, as the package transformers stores them."""
    names = [value for key, value in model_cfg.items() if "pretrained" in key and isinstance(value, str)]
    return "transformers" in sys.modules or any(not Path(name).suffix for name in names)


def _set(stack: contextlib.ExitStack, owner: Any, name: str, value: Any) -> None:
    stack.callback(setattr, owner, name, vars(owner)[name])
    setattr(owner, name, value)
