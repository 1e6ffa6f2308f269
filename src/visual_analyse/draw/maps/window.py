"""A window in which a person turns a map of three dimensions."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np

from visual_analyse.draw.maps.picture import MapPicture
from visual_analyse.draw.maps.style import MapStyle
from visual_analyse.errors import VisualAnalyseError

_BACKENDS = ("QtAgg", "TkAgg", "macosx", "GTK4Agg", "GTK3Agg", "WXAgg")
_MOST = 30_000  # points that turn fluently


def turned_by_hand(picture: MapPicture) -> MapStyle:
    """Open the map in a window and wait until it is closed: the style with the angles it was last seen from.

    Raises VisualAnalyseError where no window can be opened.
    """
    pyplot, figure = _window()
    try:
        figure.canvas.manager.set_window_title("Turn the map, then close the window: what is seen is saved")
        box = figure.add_axes((0, 0, 1, 1), projection="3d", proj_type="ortho")
        _fill(box, picture)
        pyplot.show(block=True)
        return replace(picture.style, elev=float(box.elev), azim=float(box.azim), roll=float(box.roll))
    finally:
        pyplot.close(figure)


def _fill(box: Any, picture: MapPicture) -> None:
    points, coding, style = picture.points, picture.coding, picture.style
    some = coding.order[np.linspace(0, len(points) - 1, min(len(points), _MOST)).astype(np.int64)]
    colours = np.concatenate([coding.colours, coding.opacity[:, None]], 1)
    area = np.where(coding.bold, 20.0, max(picture.marker_area, 3.0))
    box.scatter(*points[some].T, s=area[some], c=colours[some], linewidths=0)
    spans = np.ptp(points, axis=0)
    box.set_box_aspect(np.maximum(spans / (spans.max() or 1.0), 0.02))
    box.set(xticklabels=[], yticklabels=[], zticklabels=[])
    box.view_init(elev=style.elev, azim=style.azim, roll=style.roll)


def _window() -> tuple[Any, Any]:
    """pyplot, and a figure of it in a window."""
    from matplotlib import pyplot  # it looks for a display when it is imported: only where a window is wanted

    asked = os.environ.get("MPLBACKEND")
    for backend in (asked,) if asked else _BACKENDS:
        try:
            pyplot.switch_backend(backend)
            figure = pyplot.figure(figsize=(8, 8))
        except Exception:  # each toolkit says in its own way that it is missing, or that there is no display
            continue
        if getattr(figure.canvas, "required_interactive_framework", None) and figure.canvas.manager is not None:
            return pyplot, figure
        pyplot.close(figure)
    raise VisualAnalyseError(
        "There is no display to open a window on"
        + (f" (MPLBACKEND is {asked})" if asked else "")
        + ". Say where the map is to be seen from instead: --elev 30 --azim -60 --roll 0."
    )
