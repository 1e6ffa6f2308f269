"""Films, whole or not at all: GIF, and MP4 where its extra is installed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visual_analyse.draw.colours import Scene, as_rgb
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.files import write_whole

FILMS = ("gif", "mp4")
_STEP = np.float32(255 / 63)  # from six bits a channel back to eight, black and white kept


class Gif:
    """A GIF whose frames share one palette, made from `sample` scenes of the film, so that colours do not flicker.

    `fps` is kept to the hundredth of a second, as the format is.
    """

    def __init__(self, path: Path, fps: float, sample: Sequence[Scene]) -> None:
        self._path = path
        self._hundredths = max(2, round(100 / fps))
        self._palette = _shared_palette(sample)
        self._nearest = _nearest_entries(self._palette)
        self._frames: list[Image.Image] = []

    def __enter__(self) -> Gif:
        return self

    def add(self, scene: Scene) -> None:
        """Take the next scene: uint8 `[h, w, 3]`."""
        frame = Image.fromarray(self._nearest[_cells(as_rgb(scene))])
        frame.putpalette(self._palette.tobytes())
        self._frames.append(frame)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._frames:
            first, *rest = self._frames
            write_whole(
                self._path,
                lambda stream: first.save(
                    stream, "gif", save_all=True, append_images=rest, duration=10 * self._hundredths, loop=0
                ),
            )
        self._frames = []


class Mp4:
    """An MP4 (H.264, yuv420p) that every player plays; sides are made even with white.

    Raises VisualAnalyseError where the extra that writes it is not installed.
    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._fps = Fraction(fps).limit_denominator(1000)
        self._av = need_av()
        self._bytes = io.BytesIO()
        self._container: Any = None
        self._stream: Any = None

    def __enter__(self) -> Mp4:
        self._container = self._av.open(self._bytes, mode="w", format="mp4")
        return self

    def add(self, scene: Scene) -> None:
        """Take the next scene: uint8 `[h, w, 3]`."""
        height, width = scene.shape[:2]
        scene = np.pad(as_rgb(scene), ((0, height % 2), (0, width % 2), (0, 0)), constant_values=255)
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._fps, options={"crf": "16"})
            self._stream.height, self._stream.width = scene.shape[:2]
            self._stream.pix_fmt = "yuv420p"
        self._container.mux(self._stream.encode(self._av.VideoFrame.from_ndarray(scene, format="rgb24")))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._stream is not None:
            self._container.mux(self._stream.encode())
        self._container.close()
        if kind is None and self._stream is not None:
            write_whole(self._path, lambda stream: stream.write(self._bytes.getvalue()))


def need_av() -> Any:
    """The module that writes MP4.

    Raises VisualAnalyseError where it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise VisualAnalyseError(
            'Films as mp4 need PyAV, which is not installed: pip install "visual-analyse[film]", or use --film gif.'
        ) from error
    return av


def _shared_palette(sample: Sequence[Scene]) -> Scene:
    """256 colours for all scenes, uint8 `[256, 3]`, sixteen of them greys from black to white.

    A colour counts by the square root of its area: else black and white would take the palette.
    """
    found, counts = np.unique(np.concatenate([_cells(as_rgb(scene)).ravel() for scene in sample]), return_counts=True)
    colours = np.stack([found >> 12, found >> 6 & 63, found & 63], -1).astype(np.float32) * _STEP
    weighted = np.round(colours).astype(np.uint8).repeat(np.ceil(np.sqrt(counts)).astype(np.int64), axis=0)
    chosen = Image.fromarray(weighted[None]).quantize(240, method=Image.Quantize.MEDIANCUT).getpalette() or []
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(chosen) // 3] = np.array(chosen, np.uint8).reshape(-1, 3)[:256]
    palette[240:] = np.arange(0, 256, 17, dtype=np.uint8)[:, None]
    return palette


def _cells(scene: Scene) -> NDArray[np.uint32]:
    """Colours to six bits a channel: one number a pixel."""
    coarse = (scene >> 2).astype(np.uint32)
    return np.asarray(coarse[..., 0] << 12 | coarse[..., 1] << 6 | coarse[..., 2], np.uint32)


def _nearest_entries(palette: Scene) -> NDArray[np.uint8]:
    """The nearest entry of a palette for every cell of `_cells`: the same colour is the same entry in every frame."""
    entries = palette.astype(np.float32)
    axis = np.arange(64, dtype=np.float32) * _STEP
    nearest = np.empty((64, 64 * 64), np.uint8)
    plane = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    for red in range(64):  # |entry|^2 - 2 entry.colour orders entries as their distance does
        offset = (entries**2).sum(1) - 2 * entries[:, 0] * axis[red]
        nearest[red] = (offset - 2 * plane @ entries[:, 1:].T).argmin(1)
    return nearest.reshape(-1)
