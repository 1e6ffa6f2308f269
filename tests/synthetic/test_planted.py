import json
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.synthetic.dataset import beside
from visual_analyse.synthetic.flesh import REGIONS
from visual_analyse.synthetic.planted import CYCLE, PLANTS, PlantedWalks, planted_walks, write_planted
from visual_analyse.synthetic.skeleton import COCO, SWING

SHAPES = ("head", "trunk", "arms", "legs")
CASES = [("nm-01", "090", 3), ("nm-02", "000", 4), ("bg-01", "054", 5), ("cl-01", "126", 6)]


@cache
def planted(plant: str, case: int) -> PlantedWalks:
    condition, view, seed = CASES[case]
    return planted_walks(plant, condition, view, identities=5, frames=CYCLE, seed=seed)


def grown(region: np.ndarray) -> np.ndarray:
    padded = np.pad(region, ((0, 0), (1, 1), (1, 1)))
    return np.any([padded[:, y : y + 64, x : x + 64] for y in range(3) for x in range(3)], axis=0)


@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.parametrize("plant", PLANTS)
def test_frames_are_equal_outside_the_mask_and_differ_inside(plant: str, case: int) -> None:
    found = planted(plant, case)
    shown = np.stack([walk.silhouettes for walk in found.walks])
    assert (shown[:, ~found.mask] == shown[0][~found.mask]).all()
    assert (shown[:, found.mask] != shown[0][found.mask]).any(0).all()
    assert found.mask.any()
    if plant not in ("cadence", "swing"):  # whose walks start with the same frame, and differ at times
        assert found.mask.any((1, 2)).mean() > 0.9  # a coat or the trunk may hide the arms for a moment


@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.parametrize("plant", [*SHAPES, "phase"])
def test_the_mask_lies_on_the_region_planted(plant: str, case: int) -> None:
    found = planted(plant, case)
    region = REGIONS.index("arms" if plant == "phase" else plant)
    place = grown(np.any([walk.regions == region for walk in found.walks], axis=0))
    assert (found.mask & place).sum() / found.mask.sum() > 0.9


@pytest.mark.parametrize("plant", [*SHAPES, "phase"])
def test_a_plant_is_neither_all_nor_nothing(plant: str) -> None:
    masks = [planted(plant, case).mask for case in range(len(CASES))]
    bodies = [planted(plant, case).walks[0].silhouettes > 127 for case in range(len(CASES))]
    share = sum(mask.sum() for mask in masks) / sum(body.sum() for body in bodies)
    assert 0.02 < share < 0.4


@pytest.mark.parametrize("case", range(len(CASES)))
def test_a_swing_differs_while_the_left_foot_swings_and_in_the_left_leg(case: int) -> None:
    found = planted("swing", case)
    phase = found.walks[0].phase
    swings = (phase > SWING[0]) & (phase < SWING[1])
    assert not found.mask[~swings].any() and found.mask[swings].any((1, 2)).mean() > 0.6
    joints = np.stack([walk.joints for walk in found.walks])
    assert (joints[:, ~swings] == joints[0, ~swings]).all()
    moved = np.ptp(joints[:, swings, :, :2], axis=0).max((0, 2))
    assert set(np.argsort(moved)[-1:]) == {COCO.index("left ankle")}
    place = grown(np.any([walk.regions == REGIONS.index("legs") for walk in found.walks], axis=0))
    assert (found.mask & place).sum() / found.mask.sum() > 0.85


@pytest.mark.parametrize("plant", [*SHAPES, "phase"])
def test_every_identity_has_its_own_look_and_all_share_the_walk(plant: str) -> None:
    walks = planted(plant, 0).walks
    looks = {walk.silhouettes.tobytes() for walk in walks}
    assert len(looks) == len(walks)
    for walk in walks:
        assert np.array_equal(walk.phase, walks[0].phase)
        if plant in SHAPES:
            assert np.array_equal(walk.joints[..., :2], walks[0].joints[..., :2])
    if plant == "phase":
        legs = [walk.joints[:, 11:, :2] for walk in walks]
        assert all(np.array_equal(leg, legs[0]) for leg in legs)
        assert not np.array_equal(walks[0].joints[:, 9], walks[1].joints[:, 9])


@pytest.mark.parametrize("plant", SHAPES)
def test_an_identity_looks_alike_in_all_its_walks(plant: str) -> None:
    # Area against the mean of all, frame by frame, in two walks: the same people are large in both.
    areas = []
    for condition in ("nm-01", "nm-02"):
        walks = planted_walks(plant, condition, "090", identities=8, frames=6, seed=2).walks
        area = np.array([walk.silhouettes.sum(dtype=np.int64) for walk in walks], float)
        areas.append(area - area.mean())
    assert np.corrcoef(*areas)[0, 1] > 0.8


def test_cadence_shows_the_same_frames_in_another_order() -> None:
    found = planted_walks("cadence", "nm-01", "090", identities=6, frames=2 * CYCLE, seed=8)
    orders = set()
    for walk in found.walks:
        for start in (0, 7, CYCLE):
            window = slice(start, start + CYCLE)
            frames = sorted(frame.tobytes() for frame in walk.silhouettes[window])
            assert frames == sorted(frame.tobytes() for frame in found.walks[0].silhouettes[:CYCLE])
            assert len(set(walk.phase[window])) == CYCLE
        orders.add(walk.silhouettes.tobytes())
    assert len(orders) == 6
    steps = [float((walk.phase[1] - walk.phase[0]) * CYCLE) for walk in found.walks]
    assert len({round(step) % CYCLE for step in steps}) == 6


def test_a_planted_dataset_is_written_with_its_masks(tmp_path: Path) -> None:
    root = tmp_path / "arms"
    partition = write_planted(root, "arms", identities=4, conditions=("nm-01", "nm-02"), frames=3, train=2)
    assert json.loads(partition.read_text()) == {"TRAIN_SET": ["001", "002"], "TEST_SET": ["003", "004"]}
    for condition in ("nm-01", "nm-02"):
        shown, masks = [], []
        for number in ("001", "002", "003", "004"):
            place = Path(number, condition, "090", "090.pkl")
            shown.append(pickle.loads((root / place).read_bytes()))
            masks.append(pickle.loads((beside(root, "masks") / place).read_bytes()))
            assert (beside(root, "regions") / place).is_file() and (beside(root, "poses") / place).is_file()
        mask = masks[0] == 1
        assert masks[0].dtype == np.uint8 and masks[0].shape == (3, 64, 64)
        assert all(np.array_equal(masks[0], other) for other in masks)
        assert all(np.array_equal(frames[~mask], shown[0][~mask]) for frames in shown)
        assert mask.any()


def test_a_planted_dataset_comes_out_the_same_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_planted(tmp_path / name / "p", "head", identities=2, conditions=("nm-01",), frames=2)
    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert first == second


@pytest.mark.parametrize(
    ("plant", "changes", "says"),
    [("nose", {}, "'nose' is no plant.*head, trunk"), ("head", {"identities": 1}, "1 identities .* 2 or more"),
     ("head", {"views": ("91",)}, "'91' is no view"), ("legs", {"conditions": ("x",)}, "'x' is no condition"),
     ("cadence", {"frames": 30}, "30 frames .* Give 29, 58"), ("cadence", {"identities": 29}, "28 or fewer"),
     ("arms", {"seed": -2}, "-2 cannot be a seed"), ("arms", {"train": 9}, "9 of 8 identities")],
)  # fmt: skip
def test_what_cannot_be_planted_is_said(tmp_path: Path, plant: str, changes: dict, says: str) -> None:
    settings: dict = {"conditions": ("nm-01",), "frames": 29, **changes}
    with pytest.raises(VisualAnalyseError, match=says):
        write_planted(tmp_path / "p", plant, **settings)
    assert not (tmp_path / "p").exists()
