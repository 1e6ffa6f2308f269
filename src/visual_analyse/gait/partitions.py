"""Which identities a dataset trains on, and which it is tested with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.sequences import Sequence
from visual_analyse.names import listed, plain


@dataclass(frozen=True)
class Partition:
    """The ids of a partition file, and for some datasets the names (`id-type-view`) of its probes or gallery.

    >>> Partition(train=("001",), test=("075",)).peers("075")
    ('075',)
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    probe: frozenset[str] = field(default_factory=frozenset)
    gallery: frozenset[str] = field(default_factory=frozenset)

    def walks(self, sequences: Iterable[Sequence], split: str = "test") -> list[Sequence]:
        """The walks of one split: "train", "test" or "all" (whether the partition names them or not).

        Raises VisualAnalyseError where none of the split's ids is on disk.

        >>> Partition(("a",), ("b",)).walks([Sequence("b", "nm", "0", ())])[0].id
        'b'
        """
        walks = list(sequences)
        if split == "all":
            return walks
        wanted = set(self.train if split == "train" else self.test)
        found = [walk for walk in walks if walk.id in wanted]
        if not found:
            raise VisualAnalyseError(
                f"None of the {len(wanted)} {split} ids of the partition ({listed(sorted(wanted), 3)}) is on disk, "
                f"which has {listed(sorted({walk.id for walk in walks}), 3)}. Name the dataset's own partition file in "
                "data_cfg.dataset_partition, or take all walks with --split all."
            )
        return found

    def absent(self, sequences: Iterable[Sequence], split: str = "test") -> list[str]:
        """The ids of a split ("train" or "test") that have no walk on disk, sorted.

        >>> Partition(("a",), ("b", "c")).absent([Sequence("b", "nm", "0", ())])
        ['c']
        """
        return sorted(set(self.train if split == "train" else self.test) - {walk.id for walk in sequences})

    def peers(self, identity: str) -> tuple[str, ...] | None:
        """The ids that an identity is compared with: those of its own split; None, for any, where it is in none."""
        return next((split for split in (self.test, self.train) if identity in split), None)


def read_partition(path: Path) -> Partition:
    """Read a partition file: JSON with TRAIN_SET and TEST_SET, and PROBE_SET or GALLERY_SET where there are such.

    Raises VisualAnalyseError where the file is missing, is no JSON, or its sets are missing or no lists of names.

    >>> read_partition(Path("datasets/CASIA-B/CASIA-B.json")).test[:2]  # doctest: +SKIP
    ('075', '076')
    """
    expected = "A partition is a JSON file such as datasets/CASIA-B/CASIA-B.json of OpenGait."
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise VisualAnalyseError(
            f"The partition file {plain(path)} cannot be read ({error.strerror}); data_cfg.dataset_partition of the "
            f"config names it. {expected}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise VisualAnalyseError(f"The partition file {plain(path)} is no JSON ({plain(error)}). {expected}") from error
    if not isinstance(data, dict) or not {"TRAIN_SET", "TEST_SET"} <= set(data):
        found = listed(sorted(data)) if isinstance(data, dict) else f"a {type(data).__name__}"
        raise VisualAnalyseError(
            f"The partition file {plain(path)} must have TRAIN_SET and TEST_SET; it has {found}. {expected}"
        )
    sets: dict[str, tuple[str, ...]] = {}
    for name in ("TRAIN_SET", "TEST_SET", "PROBE_SET", "GALLERY_SET"):
        ids = data.get(name, [])
        if not isinstance(ids, list) or not all(isinstance(identity, str) for identity in ids):
            raise VisualAnalyseError(
                f"{name} of the partition file {plain(path)} must be a list of names in quotes, "
                f'e.g. ["001", "002"]; it is {plain(json.dumps(ids))[:60]}.'
            )
        sets[name] = tuple(dict.fromkeys(ids))
    return Partition(sets["TRAIN_SET"], sets["TEST_SET"], frozenset(sets["PROBE_SET"]), frozenset(sets["GALLERY_SET"]))
