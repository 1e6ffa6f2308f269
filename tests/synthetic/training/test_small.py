from pathlib import Path

import numpy as np
import pytest
import torch

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.config import Config, read_config
from visual_analyse.models.builtin import BuiltinModel, build
from visual_analyse.models.load import load_model
from visual_analyse.synthetic.small import MODELS, checkpoint_of, config_of
from visual_analyse.synthetic.training.evaluation import (
    Lineup,
    embed,
    make_lineup,
    mean_silhouettes,
    rank1,
    restore,
    sizes,
)
from visual_analyse.synthetic.training.sampling import PEOPLE
from visual_analyse.synthetic.training.steps import Recipe

CHANCE = 1 / 8


@pytest.fixture(scope="module")
def lineup() -> Lineup:
    conditions = ("nm-01", "nm-02", "nm-05", "bg-01", "cl-01")
    return make_lineup(8, conditions, ("018", "072", "126"), frames=8, seed=2024)


@pytest.fixture(scope="module", params=MODELS)
def shipped(request: pytest.FixtureRequest) -> tuple[Config, BuiltinModel]:
    config = read_config(config_of(request.param))
    return config, restore(config, checkpoint_of(request.param))


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_is_plain_weights_that_fit_its_config(name: str) -> None:
    kept = torch.load(checkpoint_of(name), weights_only=True)
    config = read_config(config_of(name))
    assert set(kept) == {"model", "iteration"}
    assert kept["iteration"] == Recipe.read(config).steps
    build(config.model_cfg).load_state_dict(kept["model"], strict=True)


def test_the_checkpoints_are_small() -> None:
    assert sum(checkpoint_of(name).stat().st_size for name in MODELS) <= 4_000_000


def test_gaitbase_knows_as_many_people_as_the_command_makes() -> None:
    model_cfg = read_config(config_of("gaitbase")).model_cfg
    assert model_cfg["SeparateBNNecks"]["class_num"] == PEOPLE


@pytest.mark.parametrize("name", MODELS)
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
    rates = rank1(embed(model, lineup.silhouettes), lineup, config.metric)
    trivial = [rank1(features(lineup), lineup) for features in (sizes, mean_silhouettes)]
    assert rates["nm"] > 0.6 and min(rates.values()) > 3 * CHANCE
    for condition, rate in rates.items():
        assert rate > max(rates_of[condition] for rates_of in trivial)
    mean = np.mean(list(rates.values()))
    assert mean > 0.15 + max(np.mean(list(rates_of.values())) for rates_of in trivial)


def test_the_order_of_frames_changes_nothing(lineup: Lineup, shipped: tuple[Config, BuiltinModel]) -> None:
    walks = lineup.silhouettes[:4]
    order = np.random.default_rng(1).permutation(walks.shape[1])
    plain, shuffled = embed(shipped[1], walks), embed(shipped[1], walks[:, order])
    assert np.abs(plain - shuffled).max() <= 1e-5 * np.abs(plain).max()
    assert np.abs(plain - embed(shipped[1], walks[:, :1])).max() > 1e-3 * np.abs(plain).max()


def test_a_lineup_is_the_dataset_of_its_seed() -> None:
    few = make_lineup(2, ("nm-01", "cl-02"), ("000", "090"), 3, seed=1597)
    assert few.ids.tolist() == ["001"] * 4 + ["002"] * 4
    assert few.types.tolist()[:4] == ["nm-01", "nm-01", "cl-02", "cl-02"]
    assert few.views.tolist()[:2] == ["000", "090"]
    again = make_lineup(1, ("cl-02",), ("090",), 3, seed=1597)
    assert np.array_equal(few.silhouettes[3], again.silhouettes[0])


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


def test_a_lineup_of_nobody_is_answered_with_a_sentence() -> None:
    with pytest.raises(VisualAnalyseError, match="0 people"):
        make_lineup(0)
