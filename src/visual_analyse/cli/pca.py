"""`pca`: the command of that name; see `mapping`."""

from __future__ import annotations

from collections.abc import Sequence

from visual_analyse.cli import mapping


def command(arguments: Sequence[str] | None = None) -> int:
    """Run `pca` and return its exit status."""
    return mapping.command(mapping.PCA, arguments)
