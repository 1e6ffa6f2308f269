"""Files of pretrained weights that the section of a model names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from visual_analyse.doctor.case import Case
from visual_analyse.doctor.finding import Finding
from visual_analyse.doctor.model.config import config
from visual_analyse.doctor.model.definition import definition

_SUBJECT = "pretrained"
_ENDINGS = re.compile(
    r"\.(pt|pth|ckpt|bin|safetensors|pkl|npy|npz|onnx|tar|h5|weights|json|ya?ml|txt|mat)$", re.IGNORECASE
)
_KEYS = re.compile(r"pretrain|checkpoint|ckpt|weights?_(path|file)", re.IGNORECASE)
_POINTER = b"version https://git-lfs"  # what git leaves in the place of a large file that was not fetched
_LARGEST_POINTER = 1024
_LONGEST = 300  # letters of a comment
_MOST = 200  # files of a folder that are looked at


def check_pretrained(case: Case) -> Iterator[Finding]:
    """Whether the files and folders that the model's section names are there."""
    found, cfg = definition(case), config(case)
    named = list(named_files(cfg.model_cfg))
    root = Path() if found.checkout is None else found.checkout.root
    for key, text in named:
        path = root / Path(text).expanduser()
        what = f"model_cfg.{key} names {text}"
        if not path.exists():
            where = f", which is not in {root.absolute()}" if not path.is_absolute() else ", which is not there"
            comment = _comment(cfg.path, text)
            remedy = f"what the config says of it: {comment}" if comment else f"another place as {key}: in the config"
            yield Finding(_SUBJECT, "missing", what + where, remedy, "build")
        elif path.is_dir() and not any(path.iterdir()):
            yield Finding(_SUBJECT, "wrong", f"{what}, an empty folder", f"what belongs into {path.absolute()}")
        elif pointer := _pointer(path):
            yield Finding(
                _SUBJECT, "wrong", f"{what}; {pointer.name} there is only git's word for a large file",
                f'git -C "{pointer.parent.absolute()}" lfs pull',
            )  # fmt: skip
        else:
            yield Finding(_SUBJECT, "ok", f"{what}, which is there")
    if not named:
        yield Finding(_SUBJECT, "ok", "model_cfg names no file")


def named_files(section: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a section that look like files or folders, each with its dotted key.

    >>> list(named_files({"lvm": {"pretrained": "./LVMs/dinov2-small"}, "type": "ResNet9"}))
    [('lvm.pretrained', './LVMs/dinov2-small')]
    """
    if isinstance(section, Mapping):
        for key, value in section.items():
            yield from named_files(value, f"{above}.{key}" if above else str(key))
    elif isinstance(section, list | tuple):
        for number, value in enumerate(section):
            yield from named_files(value, f"{above}[{number}]")
    elif isinstance(section, str) and _is_place(section, above):
        yield above, section


def _is_place(text: str, key: str) -> bool:
    if "://" in text or not text.strip() or len(text) > 1000 or "\0" in text:
        return False
    parts = re.split(r"[/\\]", text)
    rooted = len(parts) > 1 and (parts[0] in ("", ".", "..", "~") or parts[0].lower().startswith("pretrain"))
    return rooted or bool(_ENDINGS.search(text)) or (len(parts) > 1 and bool(_KEYS.search(key)))


def _comment(config: Path, text: str) -> str:
    """The comment beside a value in a config: it often says where a file is to be had."""
    try:
        lines = config.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(text)[2].partition("#")[2].strip() for line in lines if text in line)
    return next((comment[:_LONGEST] for comment in found if comment), "")


def _pointer(path: Path) -> Path | None:
    """A file that git's large file storage has not filled."""
    files = [path] if path.is_file() else [file for file, _ in zip(path.rglob("*"), range(_MOST), strict=False)]
    for file in files:
        try:
            if file.is_file() and 0 < file.stat().st_size < _LARGEST_POINTER and file.read_bytes().startswith(_POINTER):
                return file
        except OSError:
            continue
    return None
