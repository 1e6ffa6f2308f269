"""From a probe and a model to evidence: classes, several inputs, joints, pictures of a model's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.explain.nets import TURN, Model, PairsNet, fixed, skeletons, two_walks, walk
from tests.explain.test_explanation import close, layers_of
from tests.explain.test_layout import Crop, colours
from visual_analyse.encode.gallery import Gallery
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.explanation import explain
from visual_analyse.explain.methods import HiResCam
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.targets import distance_to
from visual_analyse.gait.kinds import POSE, RATIO, RGB, SILHOUETTE
from visual_analyse.probe import Probe
from visual_analyse.results import Evidence
from visual_analyse.why import explain_class, explain_match, explain_walk

CLASSES = ("negative", "neutral", "positive")


def probe_of(batch, kind=SILHOUETTE, **more):
    frames = (batch.inputs[0][0].numpy() * 255).astype(np.uint8)
    return Probe("p", batch, frames, kind, {"id": "p"}, **more)


def two_probe(length=4):
    """Two pictures, both drawn."""
    batch = two_walks(length)
    second = (batch.inputs[1][0].numpy() * 255).astype(np.uint8)
    return probe_of(batch, inputs={"1": second}, kinds={"1": SILHOUETTE})


def gallery_of(model, *batches):
    with torch.no_grad():
        found = torch.cat([model.embed(batch) for batch in batches])
    return Gallery(tuple(f"g{k}" for k in range(len(batches))), found.float().numpy(), "digest")


def told(model, probe, gallery, layers=None):
    plan = resolve(model, probe.batch)
    return explain_match(model, probe, gallery, layers or layers_of(model), plan)


class Classes(nn.Module):
    """Three logits in two halves, each a channel's mean over all frames."""

    def __init__(self, weights: tuple[float, ...] = (2.0, -1.0, 4.0)) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, len(weights), 1, bias=False)
        self.conv.weight.data[:, 0, 0, 0] = torch.tensor(weights)

    def forward(self, batch):
        x = self.conv(batch.inputs[0].flatten(0, 1).unsqueeze(1))
        return x.unflatten(2, (2, -1)).mean((3, 4)).mean(0, keepdim=True)


def test_the_answer_of_a_classifier_by_hand():
    model, batch = Model(Classes()), walk((3,), 4, 2)
    plan = resolve(model, batch)
    found = explain_class(model, probe_of(batch), CLASSES, layers_of(model), plan)
    x = batch.inputs[0][0]
    halves = x.double().unflatten(1, (2, 2)).mean((0, 2, 3)).numpy()
    assert found.manifest["match"]["name"] == "class positive"
    assert found.parts == pytest.approx(-4 * halves / 2, rel=1e-6)
    assert found.distance == pytest.approx(-4 * float(x.mean()), rel=1e-6)
    assert found.manifest["distance"] == found.distance
    logits = dict(zip(CLASSES, (w * float(x.mean()) for w in (2, -1, 4)), strict=True))
    assert found.manifest["logits"] == pytest.approx(logits, rel=1e-6)
    assert found.manifest["metric"] == "logit"
    assert torch.allclose(torch.as_tensor(found.layers[0].maps), 4 * x / 24, atol=1e-6)  # evidence for it is positive


def test_a_class_of_negative_weights_is_answered_where_its_logit_is_largest():
    model, batch = Model(Classes((-2.0, -1.0, -4.0))), walk((3,), 4, 2)
    found = explain_class(model, probe_of(batch), CLASSES, layers_of(model), resolve(model, batch))
    assert found.manifest["match"]["name"] == "class neutral"
    assert found.distance > 0
    assert (found.layers[0].maps < 0).all()


def test_other_channels_than_classes():
    model, batch = Model(Classes((1.0, 2.0))), walk((3,), 4, 2)
    with pytest.raises(VisualAnalyseError, match="2 classes, and its dataset has 3: negative, neutral, positive"):
        explain_class(model, probe_of(batch), CLASSES, layers_of(model), resolve(model, batch))


def test_logits_that_are_not_finite():
    model, batch = Model(Classes((float("nan"), 1.0, 2.0))), walk((3,), 4, 2)
    with pytest.raises(VisualAnalyseError, match="not finite"):
        explain_class(model, probe_of(batch), CLASSES, layers_of(model), resolve(model, batch))


# --- several inputs ---


class Two(nn.Module):
    """Two pictures, joined; of one of them no gradient comes back where `cut` says so."""

    def __init__(self, cut: int | None = None, classes: bool = False) -> None:
        super().__init__()
        self.cut, self.classes = cut, classes
        self.one, self.two, self.both = (nn.Conv2d(k, 3, 3, padding=1) for k in (1, 1, 6))

    def forward(self, batch):
        x = [part.reshape(-1, 1, *part.shape[-2:]) for part in batch.inputs]
        if self.cut is not None:
            x[self.cut] = x[self.cut].detach()
        joined = self.both(torch.cat([self.one(x[0]), self.two(x[1])], 1).tanh()).square()
        return joined.amax(0).mean(2)[None]


def test_layers_of_two_inputs_lie_where_they_lie():
    model, probe = Model(fixed(Two())), two_probe()
    found = told(model, probe, gallery_of(model, two_walks(6)))
    assert [(layer.on, layer.sees) for layer in found.layers] == [(0, (0,)), (1, (1,)), (0, (0, 1))]
    shares = found.manifest["shares"]
    assert list(shares) == ["silhouette 1", "silhouette 2"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    frames, kind = found.seen_by(found.layers[1])
    assert kind == SILHOUETTE
    assert (frames == probe.inputs["1"]).all()


def test_inputs_are_numbered_around_the_picture():
    probe = replace(two_probe(), picture=1, kind=SILHOUETTE, kinds={"1": RATIO})
    assert [probe.number_of(k) for k in (0, 1, 2)] == [1, 0, 2]
    assert [probe.kind_of_input(k).name for k in (0, 1)] == ["ratio", "silhouette"]


def test_the_first_input_that_can_be_drawn_is_drawn():
    """A layer that sees both lies on the one that is a picture, by its number there."""
    model, probe = Model(fixed(Two())), replace(two_probe(), picture=1, kinds={"1": RATIO})
    found = told(model, probe, gallery_of(model, two_walks(6)))
    assert [(layer.on, layer.sees) for layer in found.layers] == [(1, (1,)), (0, (0,)), (0, (0, 1))]


def others():
    """Walks of which the nearest is another, once an input of the probe stands still."""
    for seed in range(40):
        a, b = walk((4,), seed=seed + 20), walk((4,), seed=seed + 60)
        still = [x.mean(1, keepdim=True).expand_as(x) for x in (a.inputs[0], b.inputs[0])]
        yield replace(two_walks(4), inputs=tuple(still if seed % 2 else (a.inputs[0], b.inputs[0])))


@pytest.mark.parametrize("cut", [0, 1])
def test_the_distance_is_that_of_the_walk_where_no_gradient_reaches_an_input(cut):
    """Shares are then found by making inputs stand still; what is told is of the walk as it is."""
    model, probe = Model(fixed(Two(cut))), two_probe()
    gallery = gallery_of(model, *others())
    found = told(model, probe, gallery)
    with torch.no_grad():
        own = model.embed(probe.batch)
        apart = [float(distance_to(torch.from_numpy(g[None]), "euc")(own)) for g in gallery.embeddings]
    assert found.distance == pytest.approx(min(apart), rel=1e-5)
    assert found.manifest["match"]["name"] == f"g{int(np.argmin(apart))}"
    assert found.parts.sum() == pytest.approx(found.distance)


def test_the_logits_are_those_of_the_walk_where_no_gradient_reaches_an_input():
    model, probe = Model(fixed(Two(1))), two_probe()
    plan = resolve(model, probe.batch)
    found = explain_class(model, probe, CLASSES, layers_of(model), plan)
    with torch.no_grad():
        logits = model.embed(probe.batch)[0].mean(1).tolist()
    assert list(found.manifest["logits"].values()) == pytest.approx(logits, rel=1e-5)
    assert found.distance == pytest.approx(-max(logits), rel=1e-5)


def test_shares_by_standing_still_are_of_the_one_decision():
    """How much the distance to the match changes, not how near the nearest other walk then is."""
    model, probe = Model(fixed(Two(1))), two_probe()
    gallery = gallery_of(model, *others())
    with torch.no_grad():
        own = model.embed(probe.batch)
        apart = [float(distance_to(torch.from_numpy(g[None]), "euc")(own)) for g in gallery.embeddings]
    match = torch.from_numpy(gallery.embeddings[int(np.argmin(apart))][None])
    expected = explain(model, probe.batch, distance_to(match, "euc"), layers_of(model)).shares[0]
    found = list(told(model, probe, gallery).manifest["shares"].values())
    assert found == pytest.approx(expected.tolist(), abs=1e-3)


def test_a_gallery_walk_that_is_the_probe_standing_still():
    """It is no reason not to explain the probe."""
    model, probe = Model(fixed(Two(1))), two_probe()
    still = probe.batch.inputs[1].mean(1, keepdim=True).expand_as(probe.batch.inputs[1])
    gallery = gallery_of(model, replace(probe.batch, inputs=(probe.batch.inputs[0], still)))
    assert told(model, probe, gallery).distance > 0


# --- joints ---


def test_joints_are_told_as_they_stand_on_disk():
    """Joint k of the model's input is joint TURN[k] of the file."""
    model, batch = Model(fixed(PairsNet())), skeletons(4)
    probe = replace(probe_of(batch, POSE), joints={0: np.array(TURN)})
    gallery = gallery_of(model, skeletons(4, seed=3))
    one, two = told(model, probe, gallery).layers
    assert one.cells.tolist() == [[joint] for joint in TURN]
    assert two.cells.tolist() == [[TURN[0], TURN[1]], [TURN[2], TURN[3]], [TURN[4], TURN[5]]]
    plain_one, plain_two = told(model, probe_of(batch, POSE), gallery).layers
    assert plain_one.cells is None
    assert plain_two.cells.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (one.maps == plain_one.maps).all()


def test_cells_that_are_no_joint_stay_none():
    model, batch = Model(fixed(PairsNet(((0, 1, 2), (3,), (4, 5))))), skeletons(4)
    probe = replace(probe_of(batch, POSE), joints={0: np.array(TURN)})
    found = told(model, probe, gallery_of(model, skeletons(4, seed=3))).layers[1]
    assert found.cells.tolist() == [[2, 0, 1], [4, -1, -1], [5, 3, -1]]


def test_cells_are_of_the_type_that_results_promise():
    model, batch = Model(fixed(PairsNet())), skeletons(4)
    probe = replace(probe_of(batch, POSE), joints={0: np.array(TURN)})
    found = told(model, probe, gallery_of(model, skeletons(4, seed=3))).layers
    assert [layer.cells.dtype for layer in found] == [np.int32, np.int32]


# --- pictures of a model's own ---


@pytest.mark.parametrize("channels", [1, 3])
def test_layers_behind_a_crop_are_drawn_on_it(channels, tmp_path):
    class Cropped(Crop):
        def __init__(self):
            super().__init__()
            self.segment = nn.Conv2d(3, channels, 3, padding=1)
            self.conv = nn.Conv2d(channels, 4, 3, padding=1)

    model, batch = Model(fixed(Cropped())), colours(4)
    probe = Probe("p", batch, (batch.inputs[0][0].numpy().transpose(0, 2, 3, 1) * 255).astype(np.uint8), RGB, {})
    gallery = gallery_of(model, replace(batch, inputs=(batch.inputs[0].flip(1) * 0.3,)))
    found = told(model, probe, gallery, layers_of(model, [1, 2, 3]))
    assert [layer.on for layer in found.layers] == [0, 1, 1]
    assert [layer.maps.shape for layer in found.layers] == [(4, 16, 12), (4, 12, 8), (4, 12, 8)]
    assert list(found.inputs) == ["1"]
    with torch.no_grad():
        crop = model.module.segment(batch.inputs[0][0])[:, :, 2:14, 3:11].double().numpy()
    scaled = np.rint((crop - crop.min()) / (crop.max() - crop.min()) * 255)
    expected = scaled[:, 0] if channels == 1 else scaled.transpose(0, 2, 3, 1)
    assert found.inputs["1"].dtype == np.uint8
    assert np.abs(found.inputs["1"] - expected).max() <= 1  # a rounding of float32
    assert found.kinds["1"].name == ("model's own crop" if channels == 1 else "RGB, resized")
    assert found.kinds["1"].picture == ("grey" if channels == 1 else "rgb")
    again = Evidence.load(found.save(tmp_path / "e.npz"))
    frames, kind = again.seen_by(again.layers[1])
    assert kind == found.kinds["1"]
    assert (frames == found.inputs["1"]).all()
    assert again.seen_by(again.layers[0])[1] == RGB


def test_a_flat_crop_is_black_and_not_nan():
    class Flat(Crop):
        def forward(self, batch):
            frames = batch.inputs[0].flatten(0, 1)
            made = self.segment(frames)[:, :, 2:14, 3:11] * 0 + 0.5
            return (self.conv(made) + frames.mean((1, 2, 3), keepdim=True)).amax(0).mean(2).unsqueeze(0)

    model, batch = Model(fixed(Flat())), colours(4)
    probe = Probe("p", batch, np.zeros((4, 16, 12, 3), np.uint8), RGB, {})
    gallery = gallery_of(model, replace(batch, inputs=(batch.inputs[0] * 0.3,)))
    found = told(model, probe, gallery, layers_of(model, [2]))
    assert (found.inputs["1"] == 0).all()


def test_maps_are_those_of_explain():
    model, probe = Model(fixed(Two())), two_probe()
    gallery = gallery_of(model, two_walks(6))
    found = told(model, probe, gallery)
    match = torch.from_numpy(gallery.embeddings)
    expected = explain(model, probe.batch, distance_to(match, "euc"), layers_of(model))
    for a, b in zip(found.layers, expected.walks[0], strict=True):
        assert close(a.maps, b.maps)
    assert found.distance == pytest.approx(float(expected.values[0]), rel=1e-5)


class Cut(nn.Module):
    """A convolution that the model itself cuts off from its answer, and one that it does not."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, batch):
        x = batch.inputs[0].flatten(0, 1).unsqueeze(1)
        x = self.two(self.one(x).tanh().detach()).tanh()
        return x.amax(0).mean(2)[None]


def test_layers_that_no_gradient_reaches_are_changed_instead_where_that_is_asked():
    model = Model(fixed(Cut()))
    probe, gallery = probe_of(walk((4,))), gallery_of(model, walk((4,), seed=3), walk((5,), seed=4))
    layers, plan = layers_of(model), resolve(model, probe.batch)
    plain = explain_match(model, probe, gallery, layers, plan)
    assert [layer.name for layer in plain.layers] == ["two"] and len(plain.manifest["unreached"]) == 1
    found = explain_match(model, probe, gallery, layers, plan, instead=True)
    by_name = {layer.name: layer for layer in found.layers}
    assert set(by_name) == {"one", "two"} and not found.manifest["unreached"]
    assert found.manifest["perturbed"] == [by_name["one"].key]
    assert by_name["one"].strength > 0 and close(by_name["two"].maps, plain.layers[0].maps)
    only = [layer for layer in layers if layer.name == "one"]
    with pytest.raises(VisualAnalyseError, match="No gradient of the distance reaches"):
        explain_match(model, probe, gallery, only, plan)
    assert explain_match(model, probe, gallery, only, plan, instead=True).layers[0].strength > 0


def test_the_matched_walk_is_explained_from_its_own_side():
    """The distance is one number from either side."""
    model = Model(fixed(Cut()))
    one, other = walk((4,)), walk((4,), seed=3)
    layers, plan = [layer for layer in layers_of(model) if layer.name == "two"], resolve(model, one)
    with torch.no_grad():
        target = distance_to(model.embed(one), "euc")
    found = explain_walk(model, probe_of(other), target, layers, plan, name="match", further=[(HiResCam(), "signed")])
    assert found.manifest["value"] == pytest.approx(float(target(model.embed(other).detach())[0]), rel=1e-6)
    assert [(layer.method, layer.target) for layer in found.further] == [("hirescam", "match")]
    assert not len(found.parts) and found.layers[0].strength > 0
