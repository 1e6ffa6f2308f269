"""Checkpoints: found as OpenGait finds them, read without running code from them, and fitted strictly."""

from __future__ import annotations

import contextlib
import difflib
import pickle
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config

_SHOWN = 4
_NUMBERS = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")


def resolve_checkpoint(
    config: Config, root: Path | None, given: Path | str | None, cwd: Path | None = None
) -> Path | None:
    """The checkpoint to load: the one given, else that of the config's `restore_hint`; None for random weights.

    `given` may be "none". The config's own is looked for below the current folder, the checkout and the config's
    folder, in `output/<dataset>/<class>/<save_name>/checkpoints/<save_name>-<iteration>.pt`. Raises VisualAnalyseError
    where the file is not there.

    >>> resolve_checkpoint(config, None, "none")  # doctest: +SKIP
    """
    here = Path.cwd() if cwd is None else cwd
    if given is not None:
        if str(given).lower() == "none":
            return None
        path = here / Path(given).expanduser()
        if not path.is_file():
            raise VisualAnalyseError(
                f"There is no checkpoint {path}{_near(path)}. Type --checkpoint with an existing .pt file, "
                "or --checkpoint none for random weights."
            )
        return path
    roots = [here, *([] if root is None else [root]), config.path.resolve().parent]
    candidates = config.checkpoint_candidates(roots)
    found = next((path for path in candidates if path.is_file()), None)
    if found is None and candidates:
        looked = "; ".join(f"{path}{_near(path)}" for path in candidates)
        raise VisualAnalyseError(
            f"{config.path} asks for a checkpoint (evaluator_cfg.restore_hint: {config.restore_hint}) that is not "
            f"there. Looked for: {looked}. Type --checkpoint FILE, or --checkpoint none for random weights, whose maps "
            "mean nothing."
        )
    return found


def load_checkpoint(module: nn.Module, path: Path, strict: bool = True) -> list[str]:
    """Load the weights of what OpenGait's `save_ckpt` wrote, or of a bare state dict; returns notices to print.

    No code of the file is run. Prefixes `module.`, as data-parallel training writes them, are dropped. Not `strict`:
    parameters may be missing or left over (a notice says which), but never of another shape. Raises
    VisualAnalyseError where the file is damaged, is no checkpoint, holds code, or does not fit.

    >>> load_checkpoint(model, Path("GaitSet-40000.pt"))  # doctest: +SKIP
    []
    """
    state = weights_in(read_checkpoint(path), path)
    own = module.state_dict()
    if state and all(name.startswith("module.") for name in state) and not any(name in own for name in state):
        state = {name.removeprefix("module."): value for name, value in state.items()}
    missing = [name for name in own if name not in state]
    surplus = [name for name in state if name not in own]
    differing = [name for name in own if name in state and _shape(own[name]) != _shape(state[name])]
    if differing or (strict and (missing or surplus)) or (len(missing) == len(own) and own):
        raise VisualAnalyseError(_mismatch(module, path, own, state, missing, surplus, differing))
    module.load_state_dict(state, strict=False)
    if not missing and not surplus:
        return []
    parts = [(missing, "kept random weights in"), (surplus, "left unused")]
    return [f"{path.name}, loaded as the config asks (restore_ckpt_strict: false), "
            + "; ".join(f"{what} {_listed(names)}" for names, what in parts if names) + "."]  # fmt: skip


def read_checkpoint(path: Path) -> Any:
    """All that a file of `torch.save` holds, read without running code from it.

    Raises VisualAnalyseError where it is not there, is damaged, is no such file, or holds code.

    >>> read_checkpoint(Path("GaitSet-40000.pt"))["iteration"]  # doctest: +SKIP
    40000
    """
    if not path.is_file():
        raise VisualAnalyseError(
            f"There is no checkpoint {path}{_near(path)}. Type --checkpoint with an existing .pt file."
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise VisualAnalyseError(f"{path} could not be read ({error.strerror}).") from error
    _refuse_other_archives(path)
    try:
        with _harmless_classes():
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if match := re.search(r"GLOBAL ([\w.]+)|function <?([^>\n]+)", str(error)):
            what = match[1] or match[2]
            raise VisualAnalyseError(
                f"{path} holds Python objects that can run code ({what}), and was left unopened. If you trust it, save "
                "its weights alone where it was made: torch.save({'model': model.state_dict()}, 'weights.pt')."
            ) from error
        raise VisualAnalyseError(_unreadable(path, size, head)) from error
    except (RuntimeError, OSError, EOFError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise VisualAnalyseError(_unreadable(path, size, head)) from error


def _refuse_other_archives(path: Path) -> None:
    """Raise for whole zip files that torch.save did not write; a program of TorchScript would run on some versions."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = {Path(name).name for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError):
        return
    if "constants.pkl" in inside or "data.pkl" not in inside:
        what = "a program of TorchScript" if "constants.pkl" in inside else "a zip file of other things"
        raise VisualAnalyseError(
            f"{path} is no checkpoint: it is {what}. Name what OpenGait wrote into its checkpoints folder."
        )


def _unreadable(path: Path, size: int, head: bytes) -> str:
    if size == 0:
        return f"{path} is empty: no checkpoint was written into it. Copy or download it anew."
    if head.startswith((b"PK", b"\x80")):
        return (
            f"{path} is a damaged checkpoint, or none: its {size} bytes cannot be read to the end, as after a copy or "
            "download that was cut short. Copy it anew and compare the sizes."
        )
    return f"{path} is no checkpoint: it does not begin like a file of torch.save. Name a .pt file with --checkpoint."


def weights_in(found: Any, path: Path) -> dict[str, Any]:
    """The state dict in what was read from a file, by the names of parameters.

    Raises VisualAnalyseError where there is none.

    >>> list(weights_in({"model": {"conv.weight": torch.ones(1)}, "iteration": 1}, Path("a.pt")))
    ['conv.weight']
    """
    state = found
    if isinstance(found, Mapping):
        state = next((found[key] for key in ("model", "state_dict") if isinstance(found.get(key), Mapping)), found)
    if not isinstance(state, Mapping) or not any(isinstance(value, Tensor) for value in state.values()):
        inside = ", ".join(map(str, list(found)[:6])) if isinstance(found, Mapping) else type(found).__name__
        raise VisualAnalyseError(
            f"{path} is no checkpoint of a model: it holds {inside or 'nothing'}; a state dict was expected, alone or "
            "under 'model'. Name what OpenGait wrote into its checkpoints folder with --checkpoint."
        )
    return {str(name): value for name, value in state.items()}


def _mismatch(
    module: nn.Module, path: Path, own: Mapping[str, Any], state: Mapping[str, Any],
    missing: list[str], surplus: list[str], differing: list[str],
) -> str:  # fmt: skip
    said = []
    if differing:
        shapes = [f"{name} is {_shape(state[name])} there and {_shape(own[name])} in the config" for name in differing]
        said.append(f"{len(differing)} of other shapes ({_listed(shapes, '; ')})")
    if missing:
        said.append(f"{len(missing)} that the config has and the checkpoint lacks ({_listed(missing)})")
    if surplus:
        said.append(f"{len(surplus)} that the checkpoint has and the config lacks ({_listed(surplus)})")
    shared = len(own) - len(missing) - len(differing)
    mend = "It is a checkpoint of another model: take the one that was trained with this config."
    if shared * 2 >= len(own):
        mend = (
            "Either take the checkpoint that was trained with this config, or set those sizes in model_cfg of the "
            "config to what they are in the checkpoint."
        )
    kind = type(module).__name__
    return f"{path} does not fit {kind} as the config describes it: of parameters, {'; '.join(said)}. {mend}"


def _shape(value: Any) -> list[int] | str:
    return list(value.shape) if isinstance(value, Tensor) else type(value).__name__


def _listed(names: list[str], between: str = ", ") -> str:
    return between.join(names[:_SHOWN]) + (between + "..." if len(names) > _SHOWN else "")


def _near(path: Path) -> str:
    """The checkpoints that lie where this one was looked for, the likeliest first."""
    names = sorted(file.name for file in path.parent.glob("*.pt")) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, 3, 0.3)
    return f" (there is {', '.join(near)})" if near else ""


@contextlib.contextmanager
def _harmless_classes() -> Iterator[None]:
    """Let torch read what schedulers and logs leave in checkpoints: counters, and numbers of numpy."""
    if hasattr(torch.serialization, "safe_globals"):
        kinds = {type(np.dtype(name)) for name in _NUMBERS}
        with torch.serialization.safe_globals([Counter, np.dtype, *_SCALARS, *kinds]):
            yield
        return
    # Before torch 2.5 the list is a private dictionary; counters are all that can be added to it.
    from torch._weights_only_unpickler import _get_allowed_globals

    allowed = _get_allowed_globals()
    known = "collections.Counter" in allowed
    allowed.setdefault("collections.Counter", Counter)
    try:
        yield
    finally:
        if not known:
            del allowed["collections.Counter"]


def _scalar(module: str) -> Callable[..., Any]:
    def scalar(dtype: np.dtype[Any], data: bytes = b"") -> Any:
        return np.frombuffer(data, dtype, 1)[0]

    scalar.__module__, scalar.__qualname__, scalar.__name__ = module, "scalar", "scalar"
    return scalar


# A number of numpy names the function that makes it; numpy 2 moved that function, and files name either place.
_SCALARS = [_scalar("numpy.core.multiarray"), _scalar("numpy._core.multiarray")]
