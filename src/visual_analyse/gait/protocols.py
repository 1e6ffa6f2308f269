"""Who is gallery for which probe, by each dataset's own evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.partitions import Partition
from visual_analyse.gait.sequences import Sequence
from visual_analyse.names import listed, plain


@dataclass(frozen=True)
class Roles:
    """The types that are probe and those that are gallery, as patterns; what a probe never meets in `never`.

    `never`: "view", gallery walks of the probe's view; "own view", those of its identity and view; "own camera", those
    of its identity and camera (a view up to its first underscore); "", only itself.
    """

    probe: tuple[str, ...]
    gallery: tuple[str, ...]
    never: str = ""
    views_left_out: tuple[str, ...] = ()


_CASIA_E = tuple(
    f"[HL]-{scene}-{worn}-[12]" for scene in ("scene2", "scene3", "scene3_s") for worn in ("nm", "bg", "cl")
)
_SUSTECH = ("*01-nm*", "*bg*", "*cl*", "*cr*", "*ub*", "*uf*", "*oc*", "*nt*", "*01*", "*02*", "*03*", "*04*")

# As OpenGait's evaluation has them. Where a probe is in several rows (CCPG's U0_D0_BG), the first holds.
_BY_TYPE: dict[str, tuple[Roles, ...]] = {
    "CASIA-B": (Roles(("nm-05", "nm-06", "bg-01", "bg-02", "cl-01", "cl-02"),
                      ("nm-01", "nm-02", "nm-03", "nm-04"), "view"),),
    "OUMVLP": (Roles(("00",), ("01",), "view"),),
    "CASIA-E": (Roles(_CASIA_E, ("[HL]-scene1-nm-[12]",), "view", ("270",)),),
    "SUSTECH1K": (Roles(_SUSTECH, ("*00-nm*",), "view"),),
    "CCPG": (Roles(("U0_D0_BG", "U0_D0"), ("U1_D1", "U2_D2", "U3_D3"), "own camera"),
             Roles(("U3_D3",), ("U0_D3",), "own camera"),
             Roles(("U1_D0",), ("U1_D1",), "own camera"),
             Roles(("U0_D0_BG",), ("U0_D0",), "own camera")),
    # Type 03 is unlabelled, judged by the dataset's server; 02 against 01 is how people judge at home.
    "GREW": (Roles(("03",), ("01", "02")), Roles(("02",), ("01",))),
}  # fmt: skip
_CROSS_VIEW: dict[str, tuple[Roles, ...]] = {
    "CASIA-B": (Roles(("nm-01", "bg-01", "cl-01"), ("nm-02", "bg-02", "cl-02"), "own view"),),
    "OUMVLP": (Roles(("00",), ("01",), "own view"),),
}
_BY_NAME = frozenset(["GAIT3D", "GAIT3D-PARSING", "FREEGAIT", "CCGR-MINI"])
_ANGLES = frozenset(["CASIA-B", "OUMVLP", "CASIA-E", "SUSTECH1K"])
_SAID = {
    "view": "of the other views",
    "own view": "of all views, without the probe's own identity in the probe's view",
    "own camera": "of all cameras, without the probe's own identity under the probe's camera",
    "": "of all views",
}


@dataclass(frozen=True)
class Protocol:
    """One dataset's rule for probes and gallery; any other dataset is left one out: a walk against all others.

    With a partition, walks are compared within its test ids (a training walk within the training ids; one that the
    partition does not name with all). `cross_view` is `evaluator_cfg.cross_view_gallery`.

    >>> walks = [Sequence("1", kind, view, ()) for kind in ("nm-01", "nm-05") for view in ("000", "090")]
    >>> [walk.name for walk in Protocol("CASIA-B").gallery_for(walks[3], walks)]
    ['1-nm-01-000']
    """

    dataset: str
    partition: Partition | None = None
    cross_view: bool = False

    def __post_init__(self) -> None:
        if _plain_name(self.dataset) in _BY_NAME and not self._names:
            wanted = "GALLERY_SET" if self._gallery_named else "PROBE_SET"
            raise VisualAnalyseError(
                f"The evaluation of {plain(self.dataset)} needs the {wanted} of its partition file; there is none. "
                "Name OpenGait's own file for it in data_cfg.dataset_partition, or the gallery with --gallery_dir."
            )

    def probes(self, sequences: Iterable[Sequence]) -> list[Sequence]:
        """The walks that are probes, of the test ids where a partition names them.

        >>> Protocol("OUMVLP").probes([Sequence("1", "00", "000", ()), Sequence("1", "01", "000", ())])[0].type
        '00'
        """
        test = set(self.partition.test) if self.partition else set()
        return [walk for walk in sequences if (not test or walk.id in test) and self._is_probe(walk)]

    def gallery_for(self, probe: Sequence, sequences: Iterable[Sequence]) -> list[Sequence]:
        """The walks that a probe is compared with; never the probe itself.

        A walk that is no probe of the dataset is compared with the gallery all the same.

        Raises VisualAnalyseError where no walk is left.

        >>> walks = [Sequence("1", "a", "0", ()), Sequence("2", "a", "0", ())]
        >>> Protocol("my set").gallery_for(walks[0], walks) == walks[1:]
        True
        """
        walks = list(sequences)
        peers = self.partition.peers(probe.id) if self.partition else None
        among = set(peers) if peers is not None else None
        row = self._row(probe)
        found = [
            walk
            for walk in walks
            if (among is None or walk.id in among)
            and (walk.id, walk.type, walk.view) != (probe.id, probe.type, probe.view)
            and self._is_gallery(walk, row)
            and not (row and _never(probe, walk, row))
        ]
        if not found:
            raise VisualAnalyseError(
                f"No gallery walk is left for probe {plain(probe.name)}: {self.rule(probe)}. Of {len(walks)} "
                f"walks found, the types are {listed(sorted({walk.type for walk in walks}))}, the views "
                f"{listed(sorted({walk.view for walk in walks}))}. Name gallery walks with --gallery_dir."
            )
        return found

    def groups(self, sequences: Iterable[Sequence]) -> list[tuple[list[int], list[int]]]:
        """Places of the probes that share candidates, and of these candidates, over all probes of the walks.

        A candidate is in a probe's gallery unless it is the probe or `barred`. Probes of no candidate are in no group.

        >>> walks = [Sequence("1", kind, view, ()) for kind in ("nm-01", "nm-05") for view in ("000", "090")]
        >>> Protocol("CASIA-B").groups(walks)
        [([2, 3], [0, 1])]
        """
        walks = list(sequences)
        test, train = (set(ids) for ids in (self.partition.test, self.partition.train)) if self.partition else ((), ())
        sides = [1 if walk.id in test else 2 if walk.id in train else 0 for walk in walks]
        together: dict[tuple[int, Roles | None], list[int]] = {}
        for place, walk in enumerate(walks):
            if self._is_probe(walk):
                together.setdefault((sides[place], self._row(walk)), []).append(place)
        found = []
        for (side, row), probes in together.items():
            among = [k for k, walk in enumerate(walks) if side in (0, sides[k]) and self._is_gallery(walk, row)]
            if among:
                found.append((probes, among))
        return found

    def barred(self, probe: Sequence, walk: Sequence) -> bool:
        """Whether a candidate of `groups`, other than the probe itself, is left out by the dataset's evaluation.

        >>> Protocol("CASIA-B").barred(Sequence("1", "nm-05", "090", ()), Sequence("2", "nm-01", "090", ()))
        True
        """
        row = self._row(probe)
        return row is not None and _never(probe, walk, row)

    def rule(self, probe: Sequence) -> str:
        """Who is gallery for a probe, in words, for the screen and the manifest.

        >>> Protocol("CASIA-B").rule(Sequence("1", "nm-05", "090", ()))
        'by the evaluation of CASIA-B the gallery is nm-01, nm-02, nm-03, nm-04 of the other views'
        """
        said = f"by the evaluation of {plain(self.dataset)} the gallery is"
        row = self._row(probe)
        if row:
            without = f" (without view {', '.join(row.views_left_out)})" if row.views_left_out else ""
            return f"{said} {', '.join(row.gallery)} {_SAID[row.never]}{without}"
        if _plain_name(self.dataset) == "HID":
            return f"{said} all walks whose id is not 'probe'"
        if self._names:
            return (
                f"{said} {'the GALLERY_SET' if self._gallery_named else 'all outside the PROBE_SET'} of its partition"
            )
        return f"{plain(self.dataset)} has no evaluation of its own here: the gallery is all other walks"

    @property
    def _gallery_named(self) -> bool:
        return _plain_name(self.dataset) == "CCGR-MINI"

    @property
    def _names(self) -> frozenset[str]:
        if not self.partition or _plain_name(self.dataset) not in _BY_NAME:
            return frozenset()
        return self.partition.gallery if self._gallery_named else self.partition.probe

    @property
    def _rows(self) -> tuple[Roles, ...]:
        name = _plain_name(self.dataset)
        return (_CROSS_VIEW if self.cross_view else _BY_TYPE).get(name, _BY_TYPE.get(name, ()))

    def _row(self, probe: Sequence) -> Roles | None:
        return next((row for row in self._rows if _fits(probe.type, row.probe)), next(iter(self._rows), None))

    def _is_probe(self, walk: Sequence) -> bool:
        if self._rows:
            return any(_fits(walk.type, row.probe) and walk.view not in row.views_left_out for row in self._rows)
        if _plain_name(self.dataset) == "HID":
            return walk.id == "probe"
        return not self._names or (walk.name in self._names) != self._gallery_named

    def _is_gallery(self, walk: Sequence, row: Roles | None) -> bool:
        if row:
            return _fits(walk.type, row.gallery) and walk.view not in row.views_left_out
        if _plain_name(self.dataset) == "HID":
            return walk.id != "probe"
        return not self._names or (walk.name in self._names) == self._gallery_named


def view_is_angle(dataset: str) -> bool:
    """Whether a dataset's views are angles in degrees, which have an order and may be coloured by it.

    >>> view_is_angle("CASIA-B"), view_is_angle("GREW")
    (True, False)
    """
    return _plain_name(dataset) in _ANGLES


def _plain_name(dataset: str) -> str:
    return dataset.strip().rstrip("*").upper()  # CASIA-B* is CASIA-B, segmented anew


def _fits(kind: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(kind, pattern) for pattern in patterns)


def _never(probe: Sequence, walk: Sequence, row: Roles) -> bool:
    if row.never == "view":
        return walk.view == probe.view
    if row.never == "own view":
        return walk.id == probe.id and walk.view == probe.view
    if row.never == "own camera":
        return walk.id == probe.id and _camera(walk) == _camera(probe)
    return False


def _camera(walk: Sequence) -> str:
    return walk.view.split("_")[0]
