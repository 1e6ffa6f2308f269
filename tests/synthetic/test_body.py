import numpy as np

from visual_analyse.synthetic.body import HAIR, sample_person

CROWD = [sample_person(7, number) for number in range(1, 201)]


def test_a_person_is_made_by_seed_and_number_alone() -> None:
    assert sample_person(7, 5) == CROWD[4]
    assert sample_person(8, 5) != CROWD[4]
    assert len(set(CROWD)) == len(CROWD)


def test_a_crowd_is_as_tall_as_people_are() -> None:
    statures = np.array([person.build.stature for person in CROWD])
    assert statures.min() > 1.45 and statures.max() < 1.92
    assert 1.66 < statures.mean() < 1.73  # a little more men (1.759 m) than women (1.618 m)


def test_a_crowd_walks_at_human_cadence_and_is_never_quite_symmetric() -> None:
    cadence = np.array([person.gait.cadence for person in CROWD])
    assert cadence.min() > 98 and cadence.max() < 128 and 107 < cadence.mean() < 118
    assert all(person.gait.hip[0] != person.gait.hip[1] for person in CROWD)
    assert {person.build.hair for person in CROWD} == set(HAIR)
