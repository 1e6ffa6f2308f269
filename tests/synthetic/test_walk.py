import numpy as np
import pytest

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.synthetic.body import sample_person
from visual_analyse.synthetic.prepare import crop_of
from visual_analyse.synthetic.render import COLUMNS, ROWS
from visual_analyse.synthetic.skeleton import COCO
from visual_analyse.synthetic.walk import CONDITIONS, VIEWS, Walk, draw_nuisance, record, walk

PEOPLE = [sample_person(11, number) for number in range(1, 6)]


def widened(body: np.ndarray, steps: int) -> np.ndarray:
    for _ in range(steps):
        padded = np.pad(body, ((0, 0), (1, 1), (1, 1)))
        body = padded[:, :-2, 1:-1] | padded[:, 2:, 1:-1] | padded[:, 1:-1, :-2] | padded[:, 1:-1, 2:] | body
    return body


def spread_of(shown: Walk) -> float:
    columns = (shown.silhouettes[:, 40:] > 127).any(1)
    first, last = columns.argmax(1), 64 - columns[:, ::-1].argmax(1)
    return float((last - first).max())


@pytest.mark.parametrize("condition", ["nm-01", "bg-02", "cl-01"])
@pytest.mark.parametrize("view", ["000", "054", "090", "180"])
def test_poses_and_regions_lie_on_the_silhouette(condition: str, view: str) -> None:
    for number, person in enumerate(PEOPLE):
        shown = walk(person, condition, view, 15, seed=number)
        assert shown.joints.shape == (15, 17, 3) and shown.joints.dtype == np.float32
        assert np.array_equal(shown.regions > 0, shown.silhouettes >= 128)
        assert shown.regions.max() <= 4
        body = widened(shown.silhouettes > 127, 2)
        x, y = (np.clip(np.rint(shown.joints[..., axis]).astype(int), 0, 63) for axis in (0, 1))
        inside = body[np.arange(15)[:, None], y, x]
        assert inside.mean() > 0.985
        assert set(np.unique(shown.joints[..., 2])) <= {0.5, 1.0}


def test_seen_joints_lie_in_their_own_region() -> None:
    expected = {"nose": (1,), "left wrist": (3,), "right knee": (4,), "left knee": (4,), "right ankle": (4,)}
    for number, person in enumerate(PEOPLE):
        shown = walk(person, "nm-01", "036", 20, seed=number)
        for name, regions in expected.items():
            x, y, confidence = shown.joints[:, COCO.index(name)].T
            found = shown.regions[np.arange(20), np.clip(np.rint(y).astype(int), 0, 63), np.rint(x).astype(int)]
            assert np.isin(found[confidence == 1], regions).mean() > 0.75, name


def test_the_far_side_is_hidden_from_the_side() -> None:
    shown = walk(PEOPLE[0], "nm-01", "090", 40, seed=1)
    near, far = (shown.joints[:, COCO.index(f"{side} shoulder"), 2].mean() for side in ("right", "left"))
    assert near == 1 and far < 0.75


def test_phase_advances_by_the_cadence() -> None:
    for number, person in enumerate(PEOPLE):
        phase = walk(person, "nm-02", "090", 30, seed=number).phase
        steps = np.diff(np.unwrap(phase, period=1.0))
        assert ((phase >= 0) & (phase < 1)).all()
        np.testing.assert_allclose(steps, steps[0], atol=3e-6)
        assert abs(steps[0] * 25 * 120 / person.gait.cadence - 1) < 0.1


def test_the_phase_is_that_of_the_left_heel() -> None:
    person = PEOPLE[1]
    for seed in range(4):
        shown = walk(person, "nm-01", "090", 60, seed=seed)
        apart = shown.joints[:, COCO.index("left ankle"), 0] - shown.joints[:, COCO.index("right ankle"), 0]
        strike = shown.phase[apart.argmax()]  # walking to the right, the left foot is farthest ahead
        assert min(strike, 1 - strike) < 0.08


def test_strides_are_wide_from_the_side_and_narrow_from_the_front() -> None:
    for number, person in enumerate(PEOPLE):
        spread = {view: spread_of(walk(person, "nm-01", view, 30, seed=number)) for view in ("000", "090", "180")}
        assert spread["090"] > 1.3 * spread["000"] and spread["090"] > 1.3 * spread["180"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_nobody_walks_out_of_the_picture(condition: str) -> None:
    for number in range(1, 13):
        person = sample_person(13, number)
        view = VIEWS[number % len(VIEWS)]
        nuisance = draw_nuisance(condition, view, 12, number, person.gait.cadence)
        labels, _ = record(person, nuisance)
        border = np.ones((ROWS, COLUMNS), bool)
        border[2:-2, 2:-2] = False
        assert not labels[:, border].any()
        crop = crop_of(labels)
        assert crop.height.min() > 90 and crop.height.max() < ROWS - 4


def test_all_views_of_a_walk_are_simultaneous_and_other_walks_differ() -> None:
    person = PEOPLE[2]
    front, side = (walk(person, "nm-03", view, 10, seed=4) for view in ("000", "090"))
    assert np.array_equal(front.phase, side.phase)
    other = walk(person, "nm-04", "090", 10, seed=4)
    assert not np.array_equal(other.phase, side.phase)
    assert not np.array_equal(other.silhouettes, side.silhouettes)


def test_the_same_arguments_give_the_same_walk_and_another_person_another() -> None:
    first, again = (walk(PEOPLE[3], "bg-01", "126", 8, seed=9) for _ in range(2))
    for name in ("silhouettes", "regions", "joints", "phase"):
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes()
    other = walk(PEOPLE[4], "bg-01", "126", 8, seed=9)
    assert (np.abs(first.silhouettes.astype(int) - other.silhouettes) > 127).mean() > 0.005


@pytest.mark.parametrize(
    ("condition", "view", "frames", "says"),
    [("xx-01", "090", 3, "'xx-01' is no condition.*nm-01"), ("nm-01", "091", 3, "'091' is no view.*090"),
     ("nm-01", "90", 3, "'90' is no view"), ("nm-01", "090", 0, "0 frames .* 1 or more")],
)  # fmt: skip
def test_what_there_is_not_is_said(condition: str, view: str, frames: int, says: str) -> None:
    with pytest.raises(VisualAnalyseError, match=says):
        walk(PEOPLE[0], condition, view, frames, seed=0)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(VisualAnalyseError, match="-3 cannot be a seed"):
        walk(PEOPLE[0], "nm-01", "090", 2, seed=-3)
