from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import proj3d

from visual_analyse.draw.maps.projection import axes, flat, project
from visual_analyse.draw.maps.style import MapStyle


@pytest.mark.parametrize("angles", [(30, -60, 0), (10, 20, 30), (-45, 130, -15), (0, 0, 90)])
def test_angles_mean_what_they_mean_to_matplotlib(angles: tuple[float, float, float]) -> None:
    elev, azim, roll = angles
    points = np.random.default_rng(0).random((40, 3)) - 0.5
    box = Figure().add_subplot(projection="3d", proj_type="ortho")
    box.set(xlim=(-0.5, 0.5), ylim=(-0.5, 0.5), zlim=(-0.5, 0.5))
    box.set_box_aspect((1, 1, 1))
    box.view_init(elev, azim, roll)
    x, y, _ = proj3d.proj_transform(*points.T, box.get_proj())
    ours = project(points, MapStyle(elev=elev, azim=azim, roll=roll)).xy
    factor = np.ptp(x) / np.ptp(ours[:, 0])
    assert factor > 0
    assert np.allclose(ours * factor - (ours * factor).mean(0), np.stack([x - x.mean(), y - y.mean()], 1), atol=1e-6)


def test_axes_are_at_right_angles() -> None:
    frame = np.stack(axes(MapStyle(elev=12, azim=34, roll=56)))
    assert np.allclose(frame @ frame.T, np.eye(3))


@pytest.mark.parametrize("dims", [1, 2, 3, 5])
def test_whatever_comes_can_be_drawn(dims: int) -> None:
    for feats in (np.zeros((4, dims)), 1e30 * np.ones((1, dims)), np.random.default_rng(0).normal(size=(9, dims))):
        points = flat(feats)
        assert points.shape == (len(feats), max(2, min(dims, 3))) and np.abs(points).max() <= 0.5
        assert np.isfinite(project(points, MapStyle()).xy).all()
