from pathlib import Path

import numpy as np
import pytest
import torch

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config, read_config
from visual_analyse.models.builtin import BuiltinModel, build
from visual_analyse.models.gait_model import GaitModel
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.small import MODELS, POSE_MODELS, checkpoint_of, config_of
from visual_analyse.synthetic.training.evaluation import (
    Lineup,
    embed,
    make_lineup,
    mean_poses,
    mean_silhouettes,
    rank1,
    restore,
    sizes,
)
from visual_analyse.synthetic.training.sampling import PEOPLE
from visual_analyse.synthetic.training.steps import Recipe

CHANCE = 1 / 8
ALL = (*MODELS, *POSE_MODELS)
SHOWN = (("nm-01", "nm-02", "nm-05", "bg-01", "cl-01"), ("018", "072", "126"))


@pytest.fixture(scope="module")
def lineup() -> Lineup:
    return make_lineup(8, *SHOWN, frames=8, seed=2024)


@pytest.fixture(scope="module")
def poses() -> Lineup:
    return make_lineup(8, *SHOWN, frames=30, seed=2024, poses=True)


def restored(name: str) -> tuple[Config, BuiltinModel]:
    config = read_config(config_of(name))
    return config, restore(config, checkpoint_of(name))


@pytest.fixture(scope="module", params=MODELS)
def shipped(request: pytest.FixtureRequest) -> tuple[Config, BuiltinModel]:
    return restored(request.param)


@pytest.fixture(scope="module", params=POSE_MODELS)
def of_poses(request: pytest.FixtureRequest) -> tuple[Config, BuiltinModel]:
    return restored(request.param)


@pytest.mark.parametrize("name", ALL)
def test_a_checkpoint_is_plain_weights_that_fit_its_config(name: str) -> None:
    kept = torch.load(checkpoint_of(name), weights_only=True)
    config = read_config(config_of(name))
    assert set(kept) == {"model", "iteration"}
    assert kept["iteration"] == Recipe.read(config).steps
    build(config.model_cfg).load_state_dict(kept["model"], strict=True)


def test_the_checkpoints_are_small() -> None:
    assert sum(checkpoint_of(name).stat().st_size for name in MODELS) <= 4_000_000
    assert max(checkpoint_of(name).stat().st_size for name in POSE_MODELS) <= 1_500_000


def test_gaitbase_knows_as_many_people_as_the_command_makes() -> None:
    model_cfg = read_config(config_of("gaitbase")).model_cfg
    assert model_cfg["SeparateBNNecks"]["class_num"] == PEOPLE


@pytest.mark.parametrize("name", ALL)
def test_a_config_finds_its_checkpoint_from_any_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    model = load_model(config_of(name), device="cpu")
    assert model.checkpoint is not None and model.checkpoint.samefile(checkpoint_of(name))
    assert not model.notices


def test_people_never_learnt_from_are_recognised_across_views(
    lineup: Lineup, shipped: tuple[Config, BuiltinModel]
) -> None:
    config, model = shipped
    rates = rank1(embed(model, config, lineup.walks), lineup, config.metric)
    trivial = [rank1(features(lineup), lineup) for features in (sizes, mean_silhouettes)]
    assert rates["nm"] > 0.6 and min(rates.values()) > 3 * CHANCE
    for condition, rate in rates.items():
        assert rate > max(rates_of[condition] for rates_of in trivial)
    mean = np.mean(list(rates.values()))
    assert mean > 0.15 + max(np.mean(list(rates_of.values())) for rates_of in trivial)


def test_people_never_learnt_from_are_recognised_by_their_joints(
    poses: Lineup, of_poses: tuple[Config, BuiltinModel]
) -> None:
    config, model = of_poses
    rates = rank1(embed(model, config, poses.walks), poses, config.metric)
    trivial = rank1(mean_poses(poses), poses)
    assert min(rates.values()) > 3 * CHANCE
    assert all(rate > trivial[condition] for condition, rate in rates.items())
    assert np.mean(list(rates.values())) > 0.15 + np.mean(list(trivial.values()))


def test_the_order_of_frames_changes_nothing_but_for_joints(
    lineup: Lineup, poses: Lineup, shipped: tuple[Config, BuiltinModel], of_poses: tuple[Config, BuiltinModel]
) -> None:
    (config, model), walks = shipped, lineup.walks[:4]
    order = np.random.default_rng(1).permutation(walks.shape[1])
    plain, shuffled = embed(model, config, walks), embed(model, config, walks[:, order])
    assert np.abs(plain - shuffled).max() <= 1e-5 * np.abs(plain).max()
    assert np.abs(plain - embed(model, config, walks[:, :1])).max() > 1e-3 * np.abs(plain).max()
    (config, model), walks = of_poses, poses.walks[:4]
    order = np.random.default_rng(1).permutation(walks.shape[1])
    plain = embed(model, config, walks)
    assert np.abs(plain - embed(model, config, walks[:, order])).max() > 0.1 * np.abs(plain).max()


@pytest.mark.parametrize("name", POSE_MODELS)
def test_a_config_of_poses_takes_what_a_dataset_holds(
    name: str, poses: Lineup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    model = load_model(config_of(name), device="cpu")
    assert_the_same(model, restored(name), poses)


@pytest.mark.opengait
@pytest.mark.parametrize("name", POSE_MODELS)
def test_opengait_takes_config_and_checkpoint(name: str, poses: Lineup, opengait: Path) -> None:
    model = load_model(config_of(name), checkout=opengait, device="cpu")
    assert model.source == "checkout"
    assert_the_same(model, restored(name), poses)


def assert_the_same(model: GaitModel, small: tuple[Config, BuiltinModel], poses: Lineup) -> None:
    (config, plain), walks = small, poses.walks[[0, -1]]
    expected = embed(plain, config, walks)
    with torch.no_grad():
        found = np.concatenate([model.embed(model.batch([[walk]])).numpy() for walk in walks])
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.abs(expected[0] - expected[1]).max() > 1e-2 * np.abs(expected).max()


def test_a_lineup_is_the_dataset_of_its_seed() -> None:
    few = make_lineup(2, ("nm-01", "cl-02"), ("000", "090"), 3, seed=1597)
    assert few.ids.tolist() == ["001"] * 4 + ["002"] * 4
    assert few.types.tolist()[:4] == ["nm-01", "nm-01", "cl-02", "cl-02"]
    assert few.views.tolist()[:2] == ["000", "090"]
    again = make_lineup(1, ("cl-02",), ("090",), 3, seed=1597)
    assert np.array_equal(few.walks[3], again.walks[0])
    joints = make_lineup(1, ("cl-02",), ("090",), 3, seed=1597, poses=True)
    assert joints.walks.shape == (1, 3, 17, 3) and joints.walks.dtype == np.float32
    assert np.array_equal(joints.walks[0, ..., 2] < 1, joints.walks[0, ..., 2] == 0.5)


def test_rank1_is_that_of_a_count_by_hand() -> None:
    walks = [
        ("1", "nm-01", "000", 0.0), ("1", "nm-01", "090", 1.0), ("2", "nm-01", "000", 5.0), ("2", "nm-01", "090", 9.0),
        ("1", "nm-05", "000", 2.0), ("2", "nm-05", "090", 1.0),
        ("1", "bg-01", "000", 9.0), ("2", "bg-02", "090", 9.0), ("1", "cl-01", "000", 0.0), ("2", "cl-01", "090", 7.0),
    ]  # fmt: skip
    ids, types, views, places = zip(*walks, strict=True)
    lineup = Lineup(np.zeros((10, 1, 64, 64), np.uint8), np.array(ids), np.array(types), np.array(views))
    # nm: 1 at 000 meets 1.0 (own) and 9.0 at 090: right; 2 at 090 meets 0.0 and 5.0 (own) at 000: wrong. And so on.
    assert rank1(np.array(places)[:, None, None], lineup) == {"nm": 0.5, "bg": 0.5, "cl": 1.0}


def test_sizes_are_rows_columns_and_pixels() -> None:
    walks = np.zeros((2, 2, 64, 64), np.uint8)
    walks[0, 0, 10:20, 5:10] = 255
    walks[0, 1, 10:30, 5:10] = 255
    walks[1, :, 0:64, 3:5] = 200
    lineup = Lineup(walks, np.array(["1", "2"]), np.array(["nm-01"] * 2), np.array(["000"] * 2))
    features = np.array([[15, 5, 75, 5, 0, 25], [64, 2, 128, 0, 0, 0]], float)
    spread = features.std(0)
    spread[4] = 1.0
    assert sizes(lineup)[..., 0] == pytest.approx(features / spread)
    assert mean_silhouettes(lineup)[0].reshape(64, 64)[25, 7] == 0.5


def test_mean_poses_are_from_the_hips_in_heights() -> None:
    walks = np.zeros((2, 2, 17, 3), np.float32)
    walks[0, :, :, :2] = [10.0, 20.0]
    walks[0, :, 9, :2] = [[16.0, 40.0], [20.0, 40.0]]  # 20 high; 6 and 10 across
    walks[1] = 3 * walks[0] + 5
    lineup = Lineup(walks, np.array(["1", "2"]), np.array(["nm-01"] * 2), np.array(["000"] * 2))
    found = mean_poses(lineup).reshape(2, 17, 2)
    assert found[0, 9].tolist() == pytest.approx([0.4, 1.0])
    assert not np.delete(found[0], 9, 0).any()
    assert found[1] == pytest.approx(found[0])


def test_a_lineup_of_nobody_is_answered_with_a_sentence() -> None:
    with pytest.raises(VisualAnalyseError, match="0 people"):
        make_lineup(0)
