"""The pictures of one result, or of several in rows, in one folder: merge, compare, film."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from visual_analyse.draw.colours import Paint, Scene
from visual_analyse.draw.figures.figure import Figure
from visual_analyse.draw.figures.joint_chart import charted, joint_chart
from visual_analyse.draw.figures.rows import Row, ends
from visual_analyse.draw.inputs.face import Shades
from visual_analyse.draw.legends import layer_names, scales, strip_chart, windows, write_csv
from visual_analyse.draw.sinks.films import Gif, Mp4
from visual_analyse.draw.sinks.folder import Folder, Sink, numbered, png
from visual_analyse.draw.sinks.names import distinct_names
from visual_analyse.draw.sinks.record import Record
from visual_analyse.draw.style import Style
from visual_analyse.draw.walk import View, Walk
from visual_analyse.files import write_whole

Tick = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    return None


class Album:
    """A folder of pictures of one walk.

    `rows`: the result, or those of several models; `source`: what the pictures are made of (digests of the result
    files), so that what was drawn of the same things before is not drawn again; without it, it always is. Every method
    tells `tick` how many pictures are done of how many, and returns how many there are; 0 where nothing was left to do.

    >>> Album([Row("GaitSet", Evidence.load(path))], Path("pictures")).merge()  # doctest: +SKIP
    """

    def __init__(
        self, rows: Sequence[Row], folder: Path, style: Style | None = None, source: Sequence[str] = (),
        tick: Tick = _silent,
    ) -> None:  # fmt: skip
        self.rows, self.folder, self.style = tuple(rows), folder, style or Style()
        self._source, self._tick = list(source), tick
        self._record = Record(folder)

    def merge(self) -> int:
        """One picture a frame and layer, in `merge/<layer>`; frames in `origin`, windows' means in `layer_input`.

        `scales.csv` and `scales.png` say for each layer what its colours mean and what its pictures are drawn on.
        Only the first row is drawn.
        """
        made_of = self._made_of()
        if self._source and self._record.is_done("merge", made_of):
            return 0
        walk, top = Walk(self.rows[0].evidence), self.folder / "merge"
        paint, layer_ends = Paint(self.style), ends(self.rows[:1], self.style)[0]
        plan = _Plan(walk)
        files = [top / name / file for name, count in plan.folders.items() for file in numbered(count)]
        files += [top / name for name in ("scales.csv", "scales.png")]
        files += [top / name / "windows.csv" for name in plan.windows]
        self._record.begin("merge", made_of, files)
        total, done = sum(plan.folders.values()), 0
        with ExitStack() as stack:
            sinks = {name: stack.enter_context(Folder(top / name, count)) for name, count in plan.folders.items()}
            for name, scene in self._pictures(walk, plan, paint, layer_ends):
                sinks[name].add(scene)
                done += 1
                self._tick(done, total)
        for name, view in plan.windows.items():
            write_csv(top / name / "windows.csv", windows(walk, view))
        layers = [(name, view, plan.drawn_on(view), end)
                  for name, view, end in zip(plan.names, walk.views, layer_ends, strict=True)]  # fmt: skip
        write_csv(top / "scales.csv", scales(walk, layers, self.style))
        strips = strip_chart(walk, layers, paint)
        write_whole(top / "scales.png", lambda stream: stream.write(png(strips)))
        self._record.finish("merge", made_of, files)
        return total

    def compare(self) -> int:
        """The frame and all layers in one figure a frame, in `compare`, with `layer_names.txt`."""
        made_of = self._made_of()
        if self._source and self._record.is_done("compare", made_of):
            return 0
        figure, top = Figure(self.rows, self.style), self.folder / "compare"
        files = [top / name for name in (*numbered(len(figure)), "layer_names.txt")]
        self._record.begin("compare", made_of, files)
        self._pour(figure, Folder(top, len(figure)))
        names = layer_names(figure).encode("utf-8", "backslashreplace")
        write_whole(top / "layer_names.txt", lambda stream: stream.write(names))
        self._record.finish("compare", made_of, files)
        return len(figure)

    def charts(self) -> int:
        """Of layers on joints, when each joint mattered: a picture a layer, in `joints_by_time`."""
        walks = [Walk(row.evidence) for row in self.rows]
        some = [(row, place) for row, walk in enumerate(walks) for place in charted(walk)]
        made_of = self._made_of()
        if not some:
            self._record.drop("joints_by_time")
            return 0
        if self._source and self._record.is_done("joints_by_time", made_of):
            return 0
        paint, row_ends = Paint(self.style), ends(self.rows, self.style)
        top = self.folder / "joints_by_time"
        names = [distinct_names(view.layer.key for view in walk.views) for walk in walks]
        folders = [top / name for name in distinct_names(row.model for row in self.rows)]
        files = [(folders[row] if len(walks) > 1 else top) / f"{names[row][place]}.png" for row, place in some]
        self._record.begin("joints_by_time", made_of, files)
        for (row, place), file in zip(some, files, strict=True):
            walk = walks[row]
            chart = png(joint_chart(self.rows[row], walk, walk.views[place], row_ends[row][place], paint))
            write_whole(file, partial(_put, chart))
        self._record.finish("joints_by_time", made_of, files)
        return len(files)

    def film(self, kind: str, fps: float) -> int:
        """The figure over time, as one `gif` or `mp4` named as the folder."""
        made_of, product = {**self._made_of(), "fps": fps}, f"film {kind}"
        if self._source and self._record.is_done(product, made_of):
            return 0
        path = self.folder / f"{self.folder.resolve().name}.{kind}"
        figure = Figure(self.rows, self.style)
        some = np.unique(np.linspace(0, len(figure) - 1, 12).astype(int))
        sink = Mp4(path, fps) if kind == "mp4" else Gif(path, fps, [figure.scene(int(k)) for k in some])
        self._record.begin(product, made_of, [path])
        self._pour(figure, sink)
        self._record.finish(product, made_of, [path])
        return 1

    def _made_of(self) -> dict[str, Any]:
        names = [row.model for row in self.rows]
        return {"version": _version(), "results": self._source, "rows": names, "style": asdict(self.style)}

    def _pour(self, figure: Figure, sink: AbstractContextManager[Sink]) -> None:
        with sink as open_sink:
            for frame in range(len(figure)):
                open_sink.add(figure.scene(frame))
                self._tick(frame + 1, len(figure))

    def _pictures(self, walk: Walk, plan: _Plan, paint: Paint, layer_ends: list[float]) -> Iterator[tuple[str, Scene]]:
        """All pictures of a walk with their folders, frame by frame, so that a scene is made once for all layers."""
        ratio, pixelated = self.style.resize_ratio, self.style.pixelated
        sizes = {}
        for on in plan.inputs:
            height, width = walk.size(on)
            sizes[on] = max(1, round(height * ratio)), max(1, round(width * ratio))
        pooled: dict[int, Shades] = {}
        # A model that repeats a short walk has more steps than the walk has frames.
        for index in range(max([len(walk), *(view.pictures for view in walk.views)])):
            for on, name in plan.inputs.items() if index < len(walk) else ():
                yield name, walk.scene(on, index, index + 1, *sizes[on], pixelated)
            for name, view in plan.windows.items():
                if index < view.pictures:
                    yield name, walk.below(view, index, *sizes[view.on], pixelated)
            for place, (name, view) in enumerate(zip(plan.names, walk.views, strict=True)):
                if index >= view.pictures:
                    continue
                size = sizes[view.on]
                shades = pooled.get(place)
                if shades is None:
                    shades = walk.shades(view, 0 if view.pooled else index, layer_ends[place], paint, *size)
                    if view.pooled:
                        pooled[place] = shades
                yield name, walk.coloured(view, index, shades, paint, *size)


def _put(data: bytes, stream: BinaryIO) -> int:
    return stream.write(data)


def _version() -> str:
    try:
        return version("visual-analyse")
    except PackageNotFoundError:  # run from its source without being installed
        return "unknown"


class _Plan:
    """Which folders a merge has, how many pictures each, and which of them a layer is drawn on."""

    def __init__(self, walk: Walk) -> None:
        self.names = distinct_names(view.layer.key for view in walk.views)
        self.inputs = {on: "origin" if on == 0 else f"origin_{on}" for on in walk.inputs}
        self.windows: dict[str, View] = {}
        self._by_spans: dict[tuple[int, bytes], str] = {}
        for name, view in zip(self.names, walk.views, strict=True):
            if view.strided and self._spans(view) not in self._by_spans:
                # Layers of one model nearly always share their windows; others get a folder named after the first.
                folder = f"layer_input_{name}" if self.windows else "layer_input"
                self._by_spans[self._spans(view)] = folder
                self.windows[folder] = view
        self.folders = {name: len(walk) for name in self.inputs.values()}
        self.folders |= {name: view.pictures for name, view in self.windows.items()}
        self.folders |= {name: view.pictures for name, view in zip(self.names, walk.views, strict=True)}

    def drawn_on(self, view: View) -> str:
        """The folder that holds the scenes a layer's pictures are drawn on."""
        return self._by_spans[self._spans(view)] if view.strided else self.inputs[view.on]

    @staticmethod
    def _spans(view: View) -> tuple[int, bytes]:
        return view.on, view.layer.spans.astype(np.int64).tobytes()
