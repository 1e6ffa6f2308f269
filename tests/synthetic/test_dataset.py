import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.dataset import beside, walk_seed, write_dataset, write_pickle
from visual_analyse.synthetic.walk import VIEWS, walk


def small(root: Path, **changes: object) -> Path:
    settings: dict = {"identities": 3, "conditions": ("nm-01", "cl-02"), "views": ("000", "090"), "frames": 4}
    return write_dataset(root, **{**settings, **changes})


def load(path: Path) -> np.ndarray:
    with path.open("rb") as stream:
        return pickle.load(stream)


def fingerprints(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_dataset_is_laid_out_as_opengait_reads_it(tmp_path: Path) -> None:
    root = tmp_path / "walkers"
    partition = json.loads(small(root, train=2).read_text())
    assert partition == {"TRAIN_SET": ["001", "002"], "TEST_SET": ["003"]}
    walks = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    assert len(walks) == 3 * 2 * 2 and walks[0] == "001/cl-02/000/000.pkl"
    shapes = {"poses": ((4, 17, 3), np.float32), "regions": ((4, 64, 64), np.uint8), "phases": ((4,), np.float64)}
    for place in walks:
        silhouettes = load(root / place)
        assert silhouettes.shape == (4, 64, 64) and silhouettes.dtype == np.uint8 and silhouettes.max() == 255
        for what, (shape, kind) in shapes.items():
            array = load(beside(root, what) / place)
            assert array.shape == shape and array.dtype == kind
    shown = walk(sample_person(1597, 3), "cl-02", "090", 4, walk_seed(1597, 3))
    assert np.array_equal(load(root / "003/cl-02/090/090.pkl"), shown.silhouettes)


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        small(tmp_path / name / "w", seed=seed)
    first, second, third = (fingerprints(tmp_path / name) for name in "abc")
    assert first == second and first.keys() == third.keys()
    assert all(first[key] != third[key] for key in first if key.endswith(".pkl"))


def test_bytes_are_those_of_every_other_system(tmp_path: Path) -> None:
    # Recorded once; a change of the walkers must be meant, and of an operating system or a numpy must not show.
    small(tmp_path / "w", identities=2, frames=12)
    total = hashlib.sha256(json.dumps(fingerprints(tmp_path), sort_keys=True).encode()).hexdigest()
    assert total == "2071338897c3584991cee24d1f176f633d350775f050957409ffea30105ad710"


def test_a_person_is_the_same_in_a_larger_dataset(tmp_path: Path) -> None:
    small(tmp_path / "few", identities=1)
    small(tmp_path / "many", identities=2, views=VIEWS[:6])
    few, many = fingerprints(tmp_path / "few"), fingerprints(tmp_path / "many")
    assert few.items() <= many.items()


def test_pickles_name_the_module_that_every_numpy_has(tmp_path: Path) -> None:
    data = write_pickle(tmp_path / "a.pkl", np.arange(6, dtype=">i4").reshape(2, 3)).read_bytes()
    assert b"numpy._core" not in data and b"cnumpy.core.multiarray\n_reconstruct" in data
    assert np.array_equal(load(tmp_path / "a.pkl"), np.arange(6).reshape(2, 3))


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    small(tmp_path / "w", identities=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"identities": 0}, "0 identities .* 1 or more"), ({"frames": -1}, "-1 frames"),
     ({"views": ()}, "0 views"), ({"conditions": ()}, "0 conditions"), ({"views": ("7",)}, "'7' is no view"),
     ({"conditions": ("nm-07",)}, "'nm-07' is no condition"), ({"seed": -1}, "-1 cannot be a seed"),
     ({"train": 4}, "4 of 3 .* from 0 to 3")],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, changes: dict, says: str) -> None:
    with pytest.raises(VisualAnalyseError, match=says):
        small(tmp_path / "w", **changes)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("no folder")
    with pytest.raises(VisualAnalyseError, match="could not be written"):
        small(tmp_path / "w")
