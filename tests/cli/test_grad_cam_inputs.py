"""`grad_cam` from end to end on poses, on a classifier, and on models of two inputs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import visual_analyse.synthetic.small as small
from tests.models.builtin.skeletons import pose_walk
from tests.models.fake_checkout import write_checkout
from tests.workshop import silhouettes, write_walk
from visual_analyse.cli.grad_cam import command
from visual_analyse.cli.main import main
from visual_analyse.measure.distances import part_distances
from visual_analyse.models.load import load_model
from visual_analyse.results import Evidence

SMALL = Path(small.__file__).parent


@pytest.fixture
def town(tmp_path, monkeypatch):
    """A folder to work in, with no checkout around."""
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(town, config, layers="conv", **more):
    words = {"config_path": config, "probe_dir": town / "P", "gallery_dir": town / "G", "save_dir": town / "out",
             "layers": layers, "cache": town / "cache", "device": "cpu", **more}  # fmt: skip
    return [word for name, value in words.items() if value is not None for word in (f"--{name}", str(value))]


def found(town, name="*"):
    return [Evidence.load(path) for path in sorted((town / "out").glob(f"{name}.npz"))]


def said(capsys):
    return " ".join(capsys.readouterr().err.split())


# --- poses ---


def stand(seed, frames=12):
    """A pose `[s, 17, 3]` in pixels, each seed another person's."""
    x = pose_walk(17, frames)
    x[..., :2] = 60 + 20 * x[..., :2] + np.random.default_rng(seed).random((17, 2)) * 9
    return x.astype(np.float32)


@pytest.fixture
def poses(town):
    for name in ("gaittr", "gaitgraph2"):
        for ending in ("yaml", "pt"):
            shutil.copy(SMALL / f"{name}.{ending}", town)
    write_walk(town / "P", "001/nm-05/090", stand(1, 14))
    for k in range(3):
        write_walk(town / "G", f"00{k + 1}/nm-01/072", stand(k + 1 if k else 7, 12 + k))
    return town


def test_all_frames_of_a_pose(poses, capsys):
    layers = ["data_bn", "backbone.0.tcn.conv", "backbone.0.st.attention_conv.qkv_conv", "backbone.2.tcn.conv"]
    words = arguments(poses, poses / "gaittr.yaml", None, checkpoint=poses / "gaittr.pt")
    assert command([*words, "--layers", *layers]) == 0
    (result,) = found(poses)
    assert result.kind.picture == "joints"
    assert (result.frames == stand(1, 14)).all()
    assert "shown" not in result.manifest["probe"]
    by_name = {layer.name: layer for layer in result.layers}
    for name in layers[1:]:
        assert by_name[name].maps.shape == (14, 17), name
        assert by_name[name].spans.tolist() == [[k, k + 1] for k in range(14)]
    assert "drawn at random" not in said(capsys)
    assert main(["visual_gradcam", str(poses / "out"), "-d", "compare"]) == 0
    assert len(list((poses / "out").rglob("compare/*.png"))) == 14


def test_frames_that_are_drawn_at_random(poses, capsys):
    """Thirty of fourteen: the walk goes round, the seed says how, and the result says which frames they are."""
    words = arguments(poses, poses / "gaitgraph2.yaml", None, checkpoint=poses / "gaitgraph2.pt")
    assert command([*words, "--layers", "conv"]) == 0
    assert "drawn at random; seed 1597 drew them" in said(capsys)
    (result,) = found(poses)
    shown = result.manifest["probe"]["shown"]
    assert len(shown) == len(result.frames) == 30
    assert (result.frames == stand(1, 14)[shown]).all()
    assert all(layer.maps.ndim == 2 and len(layer.maps) <= 30 for layer in result.layers)
    assert {layer.maps.shape[1] for layer in result.layers} <= {1, 17}
    for layer in result.layers:
        assert np.isfinite(layer.maps).all()
        assert layer.spans.max() <= 30
    command([*words, "--layers", "1", "--seed", "3"])
    assert found(poses)[0].manifest["probe"]["shown"] != shown


def test_the_match_of_a_pose_is_that_of_a_plain_computation(poses):
    command([*arguments(poses, poses / "gaittr.yaml", "1", checkpoint=poses / "gaittr.pt")])
    (result,) = found(poses)
    model = load_model(poses / "gaittr.yaml", checkpoint=poses / "gaittr.pt", device="cpu")
    with torch.no_grad():
        own = model.embed(model.batch([[stand(1, 14)]]))
        apart = [
            float((own - model.embed(model.batch([[stand(k + 1 if k else 7, 12 + k)]]))).norm(dim=1).mean())
            for k in range(3)
        ]
    assert result.distance == pytest.approx(min(apart), rel=1e-4)
    assert result.manifest["match"]["name"] == f"00{int(np.argmin(apart)) + 1}-nm-01-072"


def test_silhouettes_given_to_a_model_of_poses(poses, capsys):
    write_walk(poses / "P", "001/nm-05/090", silhouettes(1))
    assert command(arguments(poses, poses / "gaittr.yaml", "1", checkpoint=poses / "gaittr.pt")) == 2
    text = said(capsys)
    assert "Traceback" not in text
    assert "001-nm-05-090" in text


# --- a classifier ---

MODELS = {
    "opengait/modeling/models/inputs.py": """
        import torch
        from torch import nn

        from ..base_model import BaseModel


        class Sorter(BaseModel):
            def net(self, cfg):
                self.Backbone = nn.Conv2d(1, 4, 3, padding=1)
                self.Head = nn.Linear(4, cfg["width"])

            def forward(self, inputs):
                (frames,), labels, types, views, lengths = inputs
                n, s, h, w = frames.shape
                x = self.Backbone(frames.reshape(n * s, 1, h, w)).tanh().mean((2, 3)).reshape(n, s, -1)
                walks = [x] if lengths is None else x.split(lengths[0].tolist(), 1)
                logits = self.Head(torch.cat([walk.amax(1) for walk in walks])).unsqueeze(2)
                return {"inference_feat": {"embeddings": logits}}


        class Couple(BaseModel):
            cut = False

            def net(self, cfg):
                self.Outline = nn.Conv2d(1, 4, 3, padding=1)
                self.Parts = nn.Conv2d(1, 4, 3, padding=1)
                self.Both = nn.Conv2d(8, cfg["width"], 3, stride=2, padding=1)

            def forward(self, inputs):
                (a, b), labels, types, views, lengths = inputs
                n, s, h, w = a.shape
                b = b.detach() if self.cut else b
                x = torch.cat([self.Outline(a.reshape(n * s, 1, h, w)), self.Parts(b.reshape(n * s, 1, h, w))], 1)
                x = self.Both(x.tanh()).mean(3)
                x = x.reshape(n, s, *x.shape[1:]) if lengths is None else x[None]
                walks = [x] if lengths is None else x.split(lengths[0].tolist(), 1)
                return {"inference_feat": {"embeddings": torch.cat([walk.amax(1) for walk in walks])}}


        class Blind(Couple):
            cut = True
    """
}


def config_of(town, model, transforms=1, evaluator="", data=""):
    path = town / f"{model}.yaml"
    changes = ", ".join(["{type: Halve}"] * transforms)
    path.write_text(
        f"data_cfg: {{dataset_name: Village{data}}}\n"
        f"model_cfg: {{model: {model}, width: 3}}\n"
        f"evaluator_cfg: {{save_name: {model}, restore_hint: 0, transform: [{changes}]{evaluator}}}\n"
    )
    return path


def test_a_classifier_is_asked_without_a_gallery(town, capsys):
    checkout = write_checkout(town / "OG", extra=MODELS)
    config = config_of(town, "Sorter", evaluator=", eval_func: evaluate_scoliosis")
    for k, kind in enumerate(("positive", "negative")):
        write_walk(town / "P", f"00{k}/{kind}/000", silhouettes(k))
    assert command(arguments(town, config, "Backbone", gallery_dir=None, opengait=checkout)) == 0
    text = said(capsys)
    results = found(town)
    assert len(results) == 2
    model = load_model(config, checkout=checkout, device="cpu")
    for k, result in enumerate(results):
        with torch.no_grad():
            logits = model.embed(model.batch([[silhouettes(k)]]))[0, :, 0]
        answer = ("negative", "neutral", "positive")[int(logits.argmax())]
        assert result.manifest["match"]["name"] == f"class {answer}"
        assert f"-> class {answer} (its type is {('positive', 'negative')[k]})" in text
        assert result.distance == pytest.approx(-float(logits.max()), rel=1e-5)
        assert list(result.manifest["logits"]) == ["negative", "neutral", "positive"]
        assert result.manifest["gallery"]["walks"] == 0
        assert result.manifest["pairing"] == "a classifier compares with no walk"
    assert main(["visual_gradcam", str(town / "out"), "-d", "compare"]) == 0


def test_a_classifier_of_other_classes_is_told(town, capsys):
    checkout = write_checkout(town / "OG", extra=MODELS)
    config = config_of(town, "Sorter", evaluator=", eval_func: evaluate_scoliosis")
    config.write_text(config.read_text().replace("width: 3", "width: 2"))
    write_walk(town / "P", "001/positive/000", silhouettes(1))
    assert command(arguments(town, config, "Backbone", gallery_dir=None, opengait=checkout)) == 2
    assert "2 classes, and its dataset has 3" in said(capsys)


# --- two inputs ---


def parsing(seed):
    """Class ids from 0 to 10 where a silhouette is."""
    x = silhouettes(seed)
    return ((x > 20) * (1 + np.arange(64)[:, None] // 7)).astype(np.uint8)


@pytest.fixture
def couple(town):
    checkout = write_checkout(town / "OG", extra=MODELS)
    for root, name, seed in (("P", "001/nm-05/090", 1), ("G", "001/nm-01/072", 2), ("G", "002/nm-01/072", 3)):
        write_walk(town / root, name, silhouettes(seed), "0.pkl")
        write_walk(town / root, name, parsing(seed), "1.pkl")
    return checkout


def test_two_inputs_have_maps_pictures_and_shares(town, couple, capsys):
    assert command(arguments(town, config_of(town, "Couple", 2), opengait=couple)) == 0
    assert "share of each input in the evidence: silhouette" in said(capsys)
    (result,) = found(town)
    assert [(layer.name, layer.on, layer.sees) for layer in result.layers] == [
        ("Outline", 0, (0,)), ("Parts", 1, (1,)), ("Both", 0, (0, 1)),
    ]  # fmt: skip
    assert [layer.maps.shape for layer in result.layers] == [(6, 64, 64), (6, 64, 64), (6, 32, 32)]
    assert list(result.inputs) == ["1"]
    assert (result.kind.name, result.kinds["1"].name) == ("silhouette", "parsing")
    assert (result.inputs["1"] > 0).any()
    assert sum(result.manifest["shares"].values()) == pytest.approx(1, abs=1e-3)
    assert result.manifest["probe"]["files"] == ["0.pkl", "1.pkl"]
    assert main(["visual_gradcam", str(town / "out")]) == 0
    folders = {path.parent.name for path in (town / "out").rglob("*.png")}
    assert len(folders) >= 4


def test_one_of_two_files_is_enough_where_the_config_says_so(town, couple):
    config = config_of(town, "Sorter", data=", data_in_use: [false, true]")
    assert command(arguments(town, config, "Backbone", opengait=couple)) == 0
    (result,) = found(town)
    assert result.kind.name == "parsing"
    assert result.manifest["probe"]["files"] == ["1.pkl"]
    assert "shares" not in result.manifest


def test_as_many_transforms_as_inputs_are_asked_for(town, couple, capsys):
    assert command(arguments(town, config_of(town, "Couple", 1), opengait=couple)) == 2
    text = said(capsys)
    assert "2 input(s)" in text
    assert "data_in_use" in text


def test_the_distance_of_a_model_that_cuts_one_gradient(town, couple):
    config = config_of(town, "Blind", 2)
    assert command(arguments(town, config, "Both", opengait=couple)) == 0
    (result,) = found(town)
    model = load_model(config, checkout=couple, device="cpu")
    with torch.no_grad():
        own, *known = (model.embed(model.batch([[silhouettes(k), parsing(k)]])) for k in (1, 2, 3))
    apart = [part_distances(own[0].numpy(), one.numpy(), model.metric).sum() for one in known]
    assert result.distance == pytest.approx(min(apart), rel=1e-4)
