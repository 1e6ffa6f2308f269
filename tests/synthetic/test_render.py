import numpy as np
import pytest

from visual_analyse.synthetic.body import Build, Gait, Person
from visual_analyse.synthetic.flesh import ARMS, BAGS, HEAD, LEGS, TRUNK, Flesh, Outfit, clothe
from visual_analyse.synthetic.render import COLUMNS, ROWS, Camera, draw, project
from visual_analyse.synthetic.skeleton import COCO, PARTS, Skeleton, pose

AVERAGE = Person(Build(), Gait(arm=(0.0, 0.0)))
STILL = pose(AVERAGE, np.array([0.25]))


def seen(camera: Camera, outfit: Outfit | None = None) -> np.ndarray:
    return draw(STILL, clothe(AVERAGE.build, outfit or Outfit()), camera)[0][0]


def ball(at: tuple[float, float, float], radius: float, box: float = 0.0) -> tuple[Skeleton, Flesh]:
    origins, turns = np.zeros((len(PARTS), 1, 3)), np.tile(np.eye(3), (len(PARTS), 1, 1, 1))
    flesh = Flesh()
    flesh.hull(HEAD, flesh.lump("pelvis", at, (radius, radius, radius), box))
    return Skeleton(origins, turns, np.zeros((17, 1, 3))), flesh


def test_a_ball_is_drawn_as_a_disc_of_its_size_where_it_is() -> None:
    camera = Camera(view=90, distance=1e4, height=0.88, zoom=100)
    labels = draw(*ball((0.3, 0.0, 1.0), 0.2), camera)[0][0]
    rows, columns = np.nonzero(labels)
    assert abs(len(rows) - np.pi * 20**2) < 0.03 * np.pi * 20**2
    # Seen from the right side, what is ahead is to the right; what is up is in the upper rows.
    assert abs(columns.mean() - (COLUMNS / 2 + 30)) < 1 and abs(rows.mean() - (ROWS / 2 - 12)) < 1


def test_a_box_fills_more_than_a_ball_of_its_size() -> None:
    camera = Camera(view=90, distance=1e4, height=0.88, zoom=100)
    areas = [int((draw(*ball((0, 0, 0.9), 0.2, box), camera)[0] > 0).sum()) for box in (0.0, 0.5, 1.0)]
    assert areas[0] < areas[1] < areas[2] <= 41**2 * 1.02


def test_what_is_nearer_hides_what_is_farther() -> None:
    skeleton, flesh = ball((0, 0.3, 0.9), 0.2)
    flesh.hull(LEGS, flesh.lump("pelvis", (0, -0.3, 0.9), (0.1, 0.1, 0.1)))
    right, left = (draw(skeleton, flesh, Camera(view=view))[0][0] for view in (90, -90))
    assert right[ROWS // 2, COLUMNS // 2] == LEGS and left[ROWS // 2, COLUMNS // 2] == HEAD


def test_views_show_the_front_the_side_and_the_back() -> None:
    joints = {view: project(Camera(view=view), STILL.joints)[0][:, 0] for view in (0, 90, 180)}
    left, right, nose = (COCO.index(name) for name in ("left shoulder", "right shoulder", "nose"))
    assert joints[0][left, 0] > joints[0][right, 0] + 10  # it faces us: its left is on our right
    assert joints[180][left, 0] < joints[180][right, 0] - 10
    assert joints[90][nose, 0] > joints[90][COCO.index("left ear"), 0] + 2  # it walks to the right


@pytest.mark.parametrize("view", [0, 54, 90, 126, 180])
def test_regions_lie_in_order_from_head_to_feet(view: int) -> None:
    labels = seen(Camera(view=view))
    middle = {region: np.nonzero(labels == region)[0].mean() for region in (HEAD, TRUNK, ARMS, LEGS)}
    assert middle[HEAD] < middle[TRUNK] < middle[LEGS]
    assert middle[HEAD] < middle[ARMS] < middle[LEGS]
    assert np.nonzero(labels)[0].max() == np.nonzero(labels == LEGS)[0].max()


def test_a_body_is_one_piece() -> None:
    labels = draw(pose(AVERAGE, np.arange(20) / 20), clothe(AVERAGE.build, Outfit()), Camera(view=90))[0]
    for frame in labels > 0:
        grown = np.zeros_like(frame)
        start = np.argwhere(frame)[0]
        grown[tuple(start)] = True
        for _ in range(ROWS + COLUMNS):
            spread = grown.copy()
            spread[1:] |= grown[:-1]
            spread[:-1] |= grown[1:]
            spread[:, 1:] |= grown[:, :-1]
            spread[:, :-1] |= grown[:, 1:]
            spread &= frame
            if (spread == grown).all():
                break
            grown = spread
        assert (grown == frame).all()


def test_a_person_is_wider_from_the_front_than_from_the_side() -> None:
    front, side = (int((seen(Camera(view=view)) == TRUNK).any(0).sum()) for view in (0, 90))
    assert front > 1.15 * side


@pytest.mark.parametrize("bag", BAGS)
def test_a_bag_shows(bag: str) -> None:
    plain, loaded = seen(Camera(view=72)) > 0, seen(Camera(view=72), Outfit(bag=bag, side=-1)) > 0
    added = (loaded & ~plain).sum() / plain.sum()
    assert 0.015 < added < 0.25
    assert not (plain & ~loaded).any()


def test_a_coat_widens_trunk_and_thighs_and_leaves_head_and_feet() -> None:
    plain, coated = seen(Camera(view=90)), seen(Camera(view=90), Outfit(coat=1.0))
    assert 1.10 < (coated > 0).sum() / (plain > 0).sum() < 1.5
    assert (coated == LEGS).sum() < 0.8 * (plain == LEGS).sum()
    assert np.array_equal(plain[-60:][-20:], coated[-60:][-20:])
