"""Evidence as one picture, for notebooks."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from visual_analyse.draw.figures.figure import Figure
from visual_analyse.draw.figures.rows import Row, model_name
from visual_analyse.draw.style import Style
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.results import Evidence


def picture(evidence: Evidence, *others: Evidence, frame: int | None = None, style: Style | None = None) -> Image.Image:
    """The figure of one frame: the frame and all layers; results of other models on the same walk are further rows.

    `frame` from 0, negative ones from the end, None for the one on which the layers have most to show.

    Raises VisualAnalyseError for a frame the walk has not, and for results that cannot be drawn.

    >>> picture(Evidence.load(Path("GaitSet_001-nm-05-090.npz"))).save("why.png")  # doctest: +SKIP
    """
    rows = [Row(model_name(one, Path("evidence")), one) for one in (evidence, *others)]
    figure = Figure(rows, style)
    chosen = evidence.strongest if frame is None else frame + len(figure) * (frame < 0)
    if not 0 <= chosen < len(figure):
        raise VisualAnalyseError(
            f"There is no frame {frame}: the walk has {len(figure)}, 0 to {len(figure) - 1} (or -1 for the last)."
        )
    return Image.fromarray(figure.scene(chosen))
