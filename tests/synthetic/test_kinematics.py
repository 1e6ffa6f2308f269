import numpy as np
import pytest

from visual_analyse.synthetic.kinematics import HARMONICS, TABLES, angle

PHASES = np.arange(11) / 10


@pytest.mark.parametrize(
    ("joint", "rms", "sd"),
    [("hip", 0.3, 4), ("knee", 0.45, 3), ("ankle", 0.8, 9), ("pelvic tilt", 0.2, 5), ("trunk lean", 0.2, 3),
     ("pelvic obliquity", 0.3, 0.5), ("pelvic rotation", 0.3, 2), ("hip adduction", 0.6, 1)],
)  # fmt: skip
def test_curves_follow_the_published_tables(joint: str, rms: float, sd: float) -> None:
    error = angle(joint, PHASES) - np.array(TABLES[joint])
    assert np.sqrt(np.mean(error[1:-1] ** 2)) < rms
    # 0 % and 100 % are one instant, of which the tables print two values: both within the spread between people.
    assert np.abs(error).max() < sd


@pytest.mark.parametrize("joint", sorted(HARMONICS))
def test_curves_repeat_after_a_cycle(joint: str) -> None:
    np.testing.assert_allclose(angle(joint, PHASES), angle(joint, PHASES + 3), atol=1e-9)


def test_arms_swing_within_the_published_range() -> None:
    phases = np.linspace(0, 1, 101)
    shoulder, elbow = angle("shoulder", phases), angle("elbow", phases)
    assert -24.5 < shoulder.min() < -23.5 and 8 <= shoulder.max() <= 15
    assert 9.5 < elbow.min() < 10.5 and 33 <= elbow.max() <= 45
    assert 0.45 <= phases[shoulder.argmax()] <= 0.50
    assert 0.45 <= phases[elbow.argmax()] <= 0.50
