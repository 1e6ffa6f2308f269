import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config
from visual_analyse.gait.pose_transforms import LAYOUTS
from visual_analyse.models.builtin import BuiltinModel
from visual_analyse.synthetic.training.augmentation import augment
from visual_analyse.synthetic.training.losses import contrastive_loss, cross_entropy, triplet_loss
from visual_analyse.synthetic.training.pose_augmentation import disturb
from visual_analyse.synthetic.training.sampling import FIRST_PERSON, Crowd, Sampler, load_crowd, make_crowd, save_crowd
from visual_analyse.synthetic.training.steps import Recipe, pace, save_model, train, weights

TINY = {
    "gaitset": {
        "model": "GaitSet",
        "in_channels": [1, 8, 8, 16],
        "SeparateFCs": {"in_channels": 16, "out_channels": 3, "parts_num": 6},
        "bin_num": [2, 1],
    },
    "gaitbase": {
        "model": "Baseline",
        "backbone_cfg": {"type": "ResNet9", "block": "BasicBlock", "channels": [8, 8, 16, 16], "layers": [1, 1, 1, 1]},
        "SeparateFCs": {"in_channels": 16, "out_channels": 3, "parts_num": 2},
        "SeparateBNNecks": {"class_num": 3, "in_channels": 3, "parts_num": 2},
        "bin_num": [2],
    },
    "gaitgraph2": {
        "model": "GaitGraph2", "joint_format": "coco", "input_num": 3, "reduction": 2, "block": "Bottleneck",
        "input_branch": [5, 8, 4], "main_stream": [4, 8, 16], "num_class": 3, "tta": True,
    },
    "gaittr": {"model": "GaitTR", "joint_format": "coco", "in_channels": [10, 32], "num_class": 3},
}  # fmt: skip
POSES = {"gaitgraph2": ["GaitGraphMultiInput"], "gaittr": ["GaitTRMultiInput", "SkeletonInput"]}


def tiny_config(name: str, steps: int = 4, half: bool = False) -> Config:
    losses = [{"type": "TripletLoss", "margin": 0.2}]
    if name == "gaitbase":
        losses.append({"type": "CrossEntropyLoss", "scale": 16})
    if name == "gaitgraph2":
        losses = [{"type": "SupConLoss_Lp", "temperature": 0.1}]
    steps_of = [{"type": step} for step in POSES.get(name, ["BaseSilCuttingTransform"])]
    sections = {
        "model_cfg": TINY[name],
        "evaluator_cfg": {"transform": [{"type": "Compose", "trf_cfg": steps_of}]},
        "loss_cfg": losses,
        "optimizer_cfg": {"lr": 0.01, "weight_decay": 0.0},
        "trainer_cfg": {
            "total_iter": steps,
            "save_iter": 2,
            "enable_float16": half,
            "sampler": {
                "batch_size": [2, 2],
                "frames_num_fixed": 3 if name in POSES else 2,
                "sample_type": "fixed_ordered" if name in POSES else "fixed_unordered",
            },
        },
    }
    return Config(Path("tiny.yaml"), sections, sections)


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return make_crowd(3, 3, 3, seed=5)


@pytest.fixture(scope="module")
def poses() -> Crowd:
    return make_crowd(3, 3, 5, seed=5, poses=True)


@pytest.fixture
def fit(crowd: Crowd, poses: Crowd) -> Callable[[str], Crowd]:
    """What a model learns from."""
    return lambda name: poses if name in POSES else crowd


def same_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_triplet_loss_is_that_of_a_calculation_by_hand() -> None:
    labels = torch.tensor([0, 0, 1])
    first = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 3.0]])
    # Anchor 0: 2.5 + 1 - 3 = 0.5; anchor 1: 2.5 + 1 - sqrt(10) = 0.338; anchor 2 has no second walk.
    of_first = (0.5 + 3.5 - math.sqrt(10)) / 2
    assert triplet_loss(first[..., None], labels, 2.5) == pytest.approx(of_first)
    # In a second part only anchor 1 is too far off: what is 0 does not count into the mean.
    second = torch.tensor([[0.0, 0.0], [2.0, 0.0], [5.0, 0.0]])
    both = torch.stack([first, second], -1)
    assert triplet_loss(both, labels, 2.5) == pytest.approx((of_first + 1.5) / 2)
    assert triplet_loss(second[..., None], labels, 0.5) == 0.0


def test_equal_walks_have_a_gradient_that_is_a_number() -> None:
    walks = torch.zeros(4, 2, 1, requires_grad=True)
    triplet_loss(walks, torch.tensor([0, 0, 1, 1]), 0.2).backward()
    assert walks.grad is not None and torch.isfinite(walks.grad).all()


def test_the_cross_entropy_is_that_of_a_calculation_by_hand() -> None:
    cosines = np.array([[0.5, -0.5, 0.0], [0.1, 0.2, 0.9]])
    labels = np.array([0, 1])
    scaled = 2.0 * cosines
    logs = scaled - np.log(np.exp(scaled).sum(1, keepdims=True))
    smooth = np.full((2, 3), 0.1 / 3)
    smooth[np.arange(2), labels] += 0.9
    found = cross_entropy(torch.tensor(cosines)[..., None], torch.tensor(labels), 2.0)
    assert float(found) == pytest.approx(-(smooth * logs).sum(1).mean())
    two_parts = torch.tensor(np.stack([cosines, cosines], -1))
    assert float(cross_entropy(two_parts, torch.tensor(labels), 2.0)) == pytest.approx(float(found))


def test_a_crowd_is_the_same_for_a_seed_and_is_kept_whole(crowd: Crowd, tmp_path: Path) -> None:
    again = make_crowd(3, 3, 3, seed=5)
    assert np.array_equal(crowd.walks, again.walks)
    assert not np.array_equal(crowd.walks, make_crowd(3, 3, 3, seed=6).walks)
    assert crowd.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2] and crowd.people == 3
    kept = load_crowd(save_crowd(tmp_path / "crowd.npz", crowd))
    assert np.array_equal(kept.walks, crowd.walks) and np.array_equal(kept.labels, crowd.labels)


def test_a_crowd_of_poses_is_the_same_people_at_the_pace_of_a_camera(tmp_path: Path) -> None:
    crowd = make_crowd(2, 2, 4, seed=5, poses=True)
    assert crowd.walks.shape == (4, 4, 17, 3) and crowd.walks.dtype == np.float32
    kept = load_crowd(save_crowd(tmp_path / "crowd.npz", crowd), poses=True)
    assert np.array_equal(kept.walks, crowd.walks)
    with pytest.raises(VisualAnalyseError, match=r"silhouettes \[n, s, 64, 64\]"):
        load_crowd(tmp_path / "crowd.npz")
    # The first frame of both crowds is the same moment: joints lie where the body is.
    bodies = make_crowd(2, 2, 4, seed=5).walks[:, 0] > 127
    column, row = np.clip(np.rint(crowd.walks[:, 0, :, :2]), 0, 63).astype(int).transpose(2, 0, 1)
    assert bodies[np.arange(4)[:, None], row, column].mean() > 0.9
    ankles = crowd.walks[:, :, 15:, :2]
    assert np.abs(ankles[:, 1] - ankles[:, 0]).mean() < 0.6 * np.abs(ankles[:, 3] - ankles[:, 0]).mean()


def test_nobody_who_is_learnt_from_is_in_a_dataset() -> None:
    assert FIRST_PERSON > 99_999


def test_what_is_no_crowd_is_answered_with_a_sentence(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", silhouettes=np.zeros((2, 3, 4)), labels=np.zeros(2))
    with pytest.raises(VisualAnalyseError, match="does not hold walks to learn from"):
        load_crowd(tmp_path / "other.npz")
    with pytest.raises(VisualAnalyseError, match="0 people"):
        make_crowd(0, 1, 1, seed=1)


def test_the_sampler_gives_so_many_walks_of_so_many_people(crowd: Crowd) -> None:
    marked = crowd.walks.copy()
    marked[:, :, 0, 0] = np.arange(9)[:, None]  # the walk
    marked[:, :, 0, 1] = np.arange(3)  # the frame
    sampler = Sampler(replace(crowd, walks=marked), people=2, walks=3, frames=2, seed=9)
    drawn = set()
    for step in range(20):
        silhouettes, labels = sampler.draw(step)
        assert silhouettes.shape == (6, 2, 64, 64)
        assert sorted(np.unique(labels, return_counts=True)[1].tolist()) == [3, 3]
        walks = silhouettes[:, 0, 0, 0]
        assert len(set(walks.tolist())) == 6 and np.array_equal(walks // 3, labels)
        assert all(len(set(frames)) == 2 for frames in silhouettes[:, :, 0, 1].tolist())
        drawn.add(silhouettes.tobytes())
    assert len(drawn) == 20
    assert np.array_equal(sampler.draw(7)[0], sampler.draw(7)[0])


def test_ordered_frames_are_on_end(poses: Crowd) -> None:
    marked = poses.walks.copy()
    marked[..., 0] = np.arange(5)[:, None]
    starts = set()
    for step in range(20):
        frames = Sampler(replace(poses, walks=marked), 2, 2, 3, seed=9, ordered=True).draw(step)[0][:, :, 0, 0]
        assert (np.diff(frames, axis=1) == 1).all()
        starts |= set(frames[:, 0].tolist())
    assert starts == {0, 1, 2}


@pytest.mark.parametrize("wanted", [{"people": 4}, {"walks": 4}, {"frames": 4}, {"people": 0}])
def test_more_than_there_is_cannot_be_drawn(crowd: Crowd, wanted: dict[str, int]) -> None:
    with pytest.raises(VisualAnalyseError, match="cannot be drawn"):
        Sampler(crowd, **{"people": 2, "walks": 2, "frames": 2, "seed": 1, **wanted})


def test_augmented_walks_are_walks(crowd: Crowd) -> None:
    walks = torch.from_numpy(crowd.walks)
    changed = augment(walks, torch.Generator().manual_seed(3))
    assert changed.shape == (9, 3, 64, 44) and changed.dtype == torch.float32
    assert changed.min() >= 0.0 and changed.max() <= 1.0
    assert torch.equal(changed, augment(walks, torch.Generator().manual_seed(3)))
    assert not torch.equal(changed, augment(walks, torch.Generator().manual_seed(4)))
    plain = walks[..., 10:54].float() / 255
    mirrored = plain.flip(-1)
    near = torch.minimum((changed - plain).abs().mean((1, 2, 3)), (changed - mirrored).abs().mean((1, 2, 3)))
    apart = (plain[:, None] - plain[None]).abs().mean((2, 3, 4))[~torch.eye(9, dtype=torch.bool)].mean()
    assert near.mean() < apart


def test_disturbed_poses_are_poses() -> None:
    walks = 8 + 48 * torch.rand(
        9, 5, 17, 3, generator=torch.Generator().manual_seed(0)
    )  # no body: no side like another
    mirror = list(LAYOUTS["coco"].mirror)
    other = walks[:, :, mirror]
    reflected = torch.cat([63 - other[..., :1], other[..., 1:]], -1)
    sides = [walks, reflected, other, reflected[:, :, mirror]]
    forms = torch.stack([form for side in sides for form in (side, side.flip(1))])
    met = set()
    for seed in range(20):
        changed = disturb(walks, torch.Generator().manual_seed(seed))
        assert changed.shape == walks.shape and changed.dtype == torch.float32
        assert torch.equal(changed, disturb(walks, torch.Generator().manual_seed(seed)))
        apart = (forms - changed)[..., :2].abs().mean((2, 3, 4))
        assert apart.min(0).values.max() < 4
        met |= set(apart.argmin(0).tolist())
        assert torch.equal(changed[..., 2].flatten(1).sort().values, walks[..., 2].flatten(1).sort().values)
    assert met == set(range(8))
    assert not torch.equal(changed, disturb(walks, torch.Generator().manual_seed(0)))


def test_the_contrastive_loss_is_that_of_a_calculation_by_hand() -> None:
    labels = torch.tensor([0, 0, 0, 1])
    walks = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 3.0], [-1.0, 0.0]])
    near, far = math.exp(-2 * math.sqrt(2)), math.exp(-4)
    # Walk 0: two of its own at sqrt 2, one other at 2. Walks 1 and 2: each other at 0, walk 0 and the other at sqrt 2.
    first = -math.log(near / (2 * near + far))
    second = -(math.log(1 / (1 + 2 * near)) + math.log(near / (1 + 2 * near))) / 2
    expected = (first + 2 * second) / 3
    assert float(contrastive_loss(walks, labels, 0.5)) == pytest.approx(expected, rel=1e-4)
    alike = torch.ones(4, 2, requires_grad=True)
    contrastive_loss(alike, labels, 0.5).backward()
    assert alike.grad is not None and torch.isfinite(alike.grad).all()


def test_the_rate_of_learning_rises_and_falls() -> None:
    rates = [pace(step, 100) for step in range(100)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert all(later < earlier for earlier, later in itertools.pairwise(rates[4:]))
    assert 0 < rates[-1] < 0.01


@pytest.mark.parametrize("name", list(TINY))
@pytest.mark.parametrize("half", [False, True])
def test_a_training_that_was_stopped_ends_as_one_that_was_not(
    name: str, half: bool, fit: Callable[[str], Crowd], tmp_path: Path
) -> None:
    config, crowd = tiny_config(name, half=half), fit(name)
    begun: list[dict[str, Tensor]] = []
    torch.manual_seed(1)
    straight = train(config, crowd, tmp_path / "straight.pt", seed=1)
    torch.manual_seed(2)

    def stop(step: int, steps: int, loss: float) -> None:
        assert steps == 4 and math.isfinite(loss)
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, crowd, tmp_path / "stopped.pt", seed=1, progress=stop)
    begun.append(torch.load(tmp_path / "stopped.pt", weights_only=True)["model"])
    seen: list[int] = []
    resumed = train(config, crowd, tmp_path / "stopped.pt", seed=1, progress=lambda step, *_: seen.append(step))
    assert seen == [3, 4]
    assert not same_weights(begun[0], weights(resumed))
    assert same_weights(weights(straight), weights(resumed))
    assert not same_weights(weights(straight), weights(train(config, crowd, tmp_path / "other.pt", seed=2)))
    assert not straight.training


def test_a_training_changes_every_parameter(fit: Callable[[str], Crowd], tmp_path: Path) -> None:
    for name in TINY:
        start = weights(train(tiny_config(name, steps=0), fit(name), tmp_path / f"{name}-0.pt", seed=1))
        later = weights(train(tiny_config(name, steps=2), fit(name), tmp_path / f"{name}-2.pt", seed=1))
        # GaitTR learns from distances alone, which a shift of all embeddings leaves as they are: rounding alone moves
        # its last bias (see the next test), on some machines not in two steps.
        still = (".A", "fcn.bias") if name == "gaittr" else (".A",)
        learnt = [key for key in start if start[key].is_floating_point() and not key.endswith(still)]
        assert all(not torch.equal(start[key], later[key]) for key in learnt)


def test_a_shift_of_all_embeddings_changes_no_triplet_loss() -> None:
    recipe = Recipe.read(tiny_config("gaittr", steps=1))
    assert recipe.margin is not None and recipe.scale is None and recipe.temperature is None
    walks, labels = torch.rand(8, 4, 1, generator=torch.Generator().manual_seed(1)), torch.arange(4).repeat(2)
    loss = triplet_loss(walks, labels, recipe.margin)
    assert loss > 0 and torch.allclose(triplet_loss(walks + 1, labels, recipe.margin), loss, atol=1e-6)


def test_random_numbers_of_others_are_left_alone(crowd: Crowd, tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    train(tiny_config("gaitset", steps=1), crowd, tmp_path / "run.pt", seed=1)
    assert torch.equal(torch.rand(4), expected)


def test_another_run_is_not_gone_on_with(crowd: Crowd, tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    train(tiny_config("gaitset", steps=2), crowd, path, seed=1)
    with pytest.raises(VisualAnalyseError, match="another seed"):
        train(tiny_config("gaitset", steps=2), crowd, path, seed=2)
    with pytest.raises(VisualAnalyseError, match="another config"):
        train(tiny_config("gaitset", steps=4), crowd, path, seed=1)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(VisualAnalyseError, match="is damaged"):
        train(tiny_config("gaitset", steps=2), crowd, path, seed=1)


def test_a_crowd_that_does_not_fit_the_model(crowd: Crowd, poses: Crowd, tmp_path: Path) -> None:
    for name, other in (("gaitset", poses), ("gaittr", crowd)):
        with pytest.raises(VisualAnalyseError, match=r"do not fit .* Give"):
            train(tiny_config(name), other, tmp_path / "run.pt", seed=1)


def test_a_config_that_does_not_say_how_to_train(crowd: Crowd, tmp_path: Path) -> None:
    config = tiny_config("gaitset")
    lacking = replace(config, sections={key: config.sections[key] for key in ("model_cfg", "loss_cfg")})
    with pytest.raises(VisualAnalyseError, match="does not say how to train"):
        Recipe.read(lacking)


def test_a_model_is_saved_as_opengait_saves_one(crowd: Crowd, tmp_path: Path) -> None:
    model: BuiltinModel = train(tiny_config("gaitset", steps=2), crowd, tmp_path / "run.pt", seed=1)
    kept = torch.load(save_model(tmp_path / "model.pt", model, 2), weights_only=True)
    assert set(kept) == {"model", "iteration"} and kept["iteration"] == 2
    assert all(tensor.is_contiguous() for tensor in kept["model"].values())
    assert same_weights(kept["model"], weights(model))
