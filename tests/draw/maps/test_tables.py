from __future__ import annotations

import numpy as np

from visual_analyse.draw.maps.coding.tables import around, judged, palette, unlike

# Machado et al. 2009: what those without green, and without red cones see.
_BLIND = (
    np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]),
    np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
)


def _linear(colours: np.ndarray) -> np.ndarray:
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def _seen_by(colours: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    seen = np.clip(_linear(colours) @ matrix.T, 0, 1)
    return np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)


def test_sixteen_colours_are_told_apart_by_all_who_look() -> None:
    colours = palette(None)
    off = ~np.eye(16, dtype=bool)
    assert unlike(colours)[off].min() > 0.13
    assert all(unlike(_seen_by(colours, matrix))[off].min() > 0.07 for matrix in _BLIND)


def test_colours_are_seen_on_white_and_on_black() -> None:
    for colours in (palette(None), around(None, np.arange(0, 360, 5)), judged(None)):
        light = _linear(colours) @ [0.2126, 0.7152, 0.0722]
        assert (1.05 / (light + 0.05)).min() > 1.6 and ((light + 0.05) / 0.05).min() > 1.6


def test_the_scale_of_angles_closes_and_has_no_jump() -> None:
    steps = around(None, np.arange(0, 361, 5))
    apart = np.sqrt((np.diff(steps, axis=0) ** 2).sum(1))
    assert np.allclose(steps[0], steps[-1]) and apart.max() < 0.1
    turned = unlike(around(None, np.arange(0, 360, 10)))
    assert all(turned[k, (k + 18) % 36] > 0.2 for k in range(36))  # front and back


def test_right_and_wrong_are_told_apart_by_all_who_look() -> None:
    assert all(unlike(_seen_by(judged(None), matrix))[0, 1] > 0.12 for matrix in _BLIND)
