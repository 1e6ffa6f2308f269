"""Why a gait model matched two walks, and where it puts all of them.

>>> import visual_analyse as va
>>> model = va.load_model("configs/gaitset/gaitset.yaml")  # doctest: +SKIP
>>> va.explain_probe(model, "Probes/001/nm-05/090", "Gallery")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visual_analyse.version import __version__

if TYPE_CHECKING:
    from visual_analyse.door import Explained, explain_probe, load_model, scan, wrap
    from visual_analyse.errors import VisualAnalyseError
    from visual_analyse.results import Evidence

__all__ = ["Evidence", "Explained", "VisualAnalyseError", "__version__", "explain_probe", "load_model", "scan", "wrap"]

_HOMES = {"Evidence": "results", "VisualAnalyseError": "errors"}


def __getattr__(name: str) -> Any:
    # torch takes a second to import; `python -m visual_analyse.visualizer` and `--help` never need it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'door')}"), name)
