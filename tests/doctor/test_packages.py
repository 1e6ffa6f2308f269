"""The packages that a model's code needs."""

from __future__ import annotations

import pytest

from tests.doctor.asking import about, one
from tests.models.fake_checkout import write_checkout, write_config
from visual_analyse.models.checkout import find_checkout
from visual_analyse.models.distributions import pip_install

BACKBONE = """
    import package_of_the_backbone
    from torch import nn


    class Pillars(nn.Module): ...
"""
LATER = """
    from .walker import Walker


    class Later(Walker):
        def draw(self):
            import package_for_drawing
"""
CLEVER = """
    import importlib

    from .walker import Walker

    if importlib.util.find_spec("package_that_is_rare"):
        import package_that_is_rare


    class Clever(Walker): ...
"""


@pytest.fixture
def fork(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    models = "opengait/modeling/models"
    return write_checkout(
        tmp_path / "a fork",
        extra={
            "opengait/modeling/backbones/pillars.py": BACKBONE,
            f"{models}/later.py": LATER,
            f"{models}/clever.py": CLEVER,
        },
    )


def test_a_package_at_the_top_of_the_model_is_missing(fork):
    found = about(write_config(fork / "configs" / "a.yaml", "Needy"))
    missing = one(found, "packages")
    assert (missing.mark, missing.remedy) == ("missing", "pip install cv2_of_a_better_world")
    assert "cv2_of_a_better_world (modeling/models/needy.py, line 1)" in missing.text
    # The sentence of the build would say it again.
    assert "packages that are missing" in one(found, "model", "skipped").text


def test_the_file_of_the_backbone_that_the_config_names_counts_too(fork):
    config = fork / "configs" / "a.yaml"
    config.write_text("data_cfg: {dataset_name: A}\nmodel_cfg: {model: Walker, backbone_cfg: [{type: Pillars}]}\n")
    assert one(about(config, quick=True), "packages").remedy == "pip install package_of_the_backbone"


def test_a_package_inside_a_function_is_missing_until_the_model_has_run(fork, workshop):
    config = write_config(fork / "configs" / "a.yaml", "Later")
    quick = one(about(config, quick=True), "packages")
    assert (quick.mark, "in a function" in quick.text) == ("missing", True)
    assert one(about(config), "packages").mark == "missing"  # there is no dataset: nothing has run
    run = one(about(config, dataset_dir=workshop.dataset), "packages")
    assert (run.mark, "walk went through" in run.text) == ("note", True)


def test_what_only_seemed_to_be_needed_is_a_note_once_the_model_is_built(fork):
    config = write_config(fork / "configs" / "a.yaml", "Clever")
    assert one(about(config, quick=True), "packages").mark == "missing"
    assert one(about(config), "packages").mark == "note"


def test_all_that_is_needed_is_here(fork):
    found = one(about(write_config(fork / "configs" / "a.yaml"), quick=True), "packages")
    assert found.mark == "ok"
    assert "numpy, torch" in found.text


def test_the_line_to_type_has_the_names_that_pip_knows():
    line = pip_install("cv2", "PIL", "yaml", "kornia", "skimage")
    assert line == "pip install PyYAML kornia opencv-python-headless pillow scikit-image"


@pytest.mark.opengait
@pytest.mark.parametrize(
    ("config", "needs"),
    [
        ("biggait/BigGait_CCPG.yaml", {"kornia", "imageio", "cv2", "einops", "tensorboard", "sklearn"}),
        ("biggergait/biggergait__DINOv2_CCPG.yaml", {"kornia", "imageio", "transformers", "fvcore"}),
        ("foundationgait/finetune_ccpg_0.03B.yaml", {"lightly"}),
        ("denoisinggait/denoisinggait_ccpg.yaml", {"kornia"}),
        ("gaitedge/phase2_e2e.yaml", {"kornia"}),
        ("multigaitpp/multigaitpp_gait3d.yaml", {"kornia"}),
        ("gaitset/gaitset.yaml", {"einops", "cv2", "torchvision"}),
    ],
)
def test_what_real_models_need_is_found_by_reading(opengait, monkeypatch, config, needs):
    monkeypatch.setattr("visual_analyse.doctor.model.packages._is_here", lambda name: False)
    found = one(about(opengait / "configs" / config, quick=True), "packages")
    named = {part.split(" (")[0] for part in found.text.split("; ")}
    assert needs <= named
    assert "xformers" not in named  # asked for in a `try` that does without it
    assert "kornia" in named or "gaitset" in config or "foundation" in config
    assert find_checkout(opengait) is not None
