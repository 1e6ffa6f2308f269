"""The mean body of a walk with an axis of heights, and where on it each part looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visual_analyse.draw.evidence.heights import Place, lanes
from visual_analyse.draw.evidence.sheet import FAINT, SMALL, Sheet, points
from visual_analyse.draw.maps.page import INK, PALE
from visual_analyse.results import Evidence

_LANE, _LANES, _FAN = 0.09, 0.8, 0.3  # inches: a lane of places, all of them, and from them to the rows of parts
_WIDEST = 1.6

Box = tuple[float, float, float]  # left, top and height in inches


def mean_body(evidence: Evidence) -> NDArray[np.uint8] | None:
    """The mean of the frames as dark on white, uint8 `[h, w]`, or in colours `[h, w, 3]`; None of what is no picture.

    Columns that the body never enters are left out.
    """
    frames, picture = evidence.frames, evidence.kind.picture
    if picture in ("joints", "points", "none") or frames.ndim < 3:
        return None
    if frames.ndim == 4:
        return np.asarray(frames.mean(0).round(), np.uint8)
    mean = (frames > 0).mean(0) if picture == "palette" else frames.mean(0) / 255
    held = np.flatnonzero(mean.max(0) > 0.02)
    if len(held):
        mean = mean[:, max(0, held[0] - 1) : held[-1] + 2]
    return np.asarray((255 * (1 - 0.85 * mean)).round(), np.uint8)


def joint_rows(evidence: Evidence) -> NDArray[np.float64] | None:
    """The mean height of each joint, `[v]`, in shares of the body's from above; None where frames are no joints."""
    if evidence.kind.picture != "joints" or evidence.frames.ndim != 3:
        return None
    there = (evidence.frames != 0).any(-1)
    rows = np.where(there, evidence.frames[..., 1], np.nan).astype(np.float64)
    low, high = np.nanmin(rows, initial=np.inf), np.nanmax(rows, initial=-np.inf)
    if not high > low:
        return None
    often = np.maximum(there.sum(0), 1)
    return np.asarray(np.where(there.any(0), np.nansum((rows - low) / (high - low), 0) / often, 0.5))


def body_beside(
    sheet: Sheet, evidence: Evidence, rows: Sequence[Place], box: Box, middles: NDArray[np.float64]
) -> float:
    """The body, a bracket a place beside it, and a line from each to the row of its parts, in the middles given.

    Returns where the rows may begin.
    """
    left, top, high = box
    x = left + points("100 %", SMALL) + 0.1
    body = mean_body(evidence)
    axes = sheet.axes(x, top, 0.01, high, "height")
    axes.spines["bottom"].set_visible(False)
    axes.set(ylim=(0, 100), yticks=[0, 25, 50, 75, 100], xticks=[])
    axes.set_yticklabels([f"{tick} %" for tick in (0, 25, 50, 75, 100)])
    sheet.text(left, top - 0.1, "height", SMALL, colour=PALE, down="bottom")
    x += 0.04
    if evidence.kind.picture == "joints":
        x += _skeleton(sheet, evidence, (x, top, high)) + 0.08
    if body is not None:
        wide = min(_WIDEST, high * body.shape[1] / body.shape[0])
        tall = wide * body.shape[0] / body.shape[1]
        if tall < high:  # a body wider than its room is stretched to the height that the places are measured in
            tall = high
        sheet.picture(body, x, top, wide, tall, "mean body")
        x += wide + 0.08
    known = [row for row in rows if row.middle is not None]
    lane = lanes(known)
    apart = min(_LANE, _LANES / (max(lane) + 1))
    end = x + apart * (max(lane) + 1)
    for place, column, middle in zip(known, lane, middles, strict=False):
        at, y = x + apart * column, top + high * (place.middle or 0.0)
        sheet.line((at, end, end + _FAN - 0.05, end + _FAN), (y, y, middle, middle), FAINT, 0.5)
        sheet.line((at, at), (top + high * place.first, top + high * place.last), PALE, 1.3)
        sheet.line((at - 0.02, at + 0.02), (y, y), INK, 1.3)
    return end + _FAN + 0.03


def _skeleton(sheet: Sheet, evidence: Evidence, box: Box) -> float:
    """The pose in the middle of the walk, as high as all poses together; returns its width."""
    left, top, high = box
    there = (evidence.frames != 0).any(-1)
    rows = evidence.frames[..., 1][there]
    frame = len(evidence.frames) // 2
    pose, seen = evidence.frames[frame, :, :2].astype(np.float64), there[frame]
    scale = high / max(float(rows.max() - rows.min()), 1e-9)
    columns = (pose[:, 0] - pose[seen, 0].min(initial=np.inf)) * scale if seen.any() else pose[:, 0]
    places = np.stack([left + 0.08 + columns, top + (pose[:, 1] - rows.min()) * scale], 1)
    for a, b in evidence.kind.edges:
        if max(a, b) < len(seen) and seen[a] and seen[b]:
            sheet.line((places[a, 0], places[b, 0]), (places[a, 1], places[b, 1]), PALE, 2.0)
    for at in places[seen]:
        sheet.page.plot(*at, marker="o", markersize=3.5, color=INK)
    return float(columns[seen].max(initial=0.0)) + 0.16
