"""What was measured of Grad-CAM beside explain's own way, on planted evidence (docs/planted.md)."""

from __future__ import annotations

# By class of model: the share of a perfect map that Grad-CAM and explain's default reach in the region where each is
# worst. tests/test_planted.py holds them to docs/planted.csv.
PROVED = {"GaitSet": (0.15, 0.87), "Baseline": (0.09, 0.83)}


def better_way(model_class: str) -> str | None:
    """One line for a model of which another method has proved better than Grad-CAM; None for others.

    >>> better_way("GaitGL") is None
    True
    """
    if model_class not in PROVED:
        return None
    usual, default = PROVED[model_class]
    return (
        f"On planted evidence maps of 'visual-analyse explain' found at least {default:.0%} of what there was for a "
        f"model like this, Grad-CAM of the last convolution {usual:.0%} (docs/planted.md)."
    )
