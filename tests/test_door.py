"""The Python door: a notebook's lines, with OpenGait's models and with modules of one's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import visual_analyse as va
from tests.workshop import silhouettes
from visual_analyse.errors import VisualAnalyseError


class Foreign(nn.Module):
    """Frames first, channels first: `[n, s, c, h, w]` to `[n, c, p]` or `[n, c]`."""

    def __init__(self, parts: int = 2) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one = nn.Conv2d(1, 4, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.two = nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.parts = parts

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, s = x.shape[:2]
        x = self.two(self.act(self.one(x.flatten(0, 1))))
        x = x.reshape(n, s, *x.shape[1:]).amax(1)
        found = x.reshape(n, x.shape[1], self.parts, -1).mean(-1)
        return found if self.parts > 1 else found[..., 0]


def walks(n: int, frames: int = 5) -> torch.Tensor:
    return torch.stack([torch.from_numpy(silhouettes(k, frames)[:, None] / np.float32(255)) for k in range(n)])


def test_a_probe_of_opengaits_models(workshop):
    model = va.load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    found = va.explain_probe(model, workshop.probes / "001/nm-05/090", workshop.gallery, layers="conv")
    assert found.manifest["probe"]["name"] == "001-nm-05-090"
    assert len(found.layers) == 10
    assert found._repr_png_().startswith(b"\x89PNG")
    assert found.picture(0).size == found.picture(5).size
    again = va.Evidence.load(found.save(workshop.root / "kept.npz"))
    assert (again.layers[0].maps == found.layers[0].maps).all()
    listed = va.explain_probe(model, va.scan(workshop.probes)[0], va.scan(workshop.gallery), layers=[1, "gl_block2.*"])
    assert listed.layers[0].number == 1


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_a_module_of_ones_own(parts, metric):
    model = va.wrap(Foreign(parts), "n s c h w", metric=metric)
    probe, gallery = walks(4)[0], walks(4)[1:]
    found = va.explain_probe(model, probe, gallery, layers="conv")
    assert [layer.name for layer in found.layers] == ["one", "two"]
    assert found.layers[0].maps.shape == (5, 64, 64)
    assert found.layers[1].maps.shape == (5, 32, 32)
    assert found.frames.shape == (5, 64, 64)
    assert len(found.parts) == parts
    with torch.no_grad():
        embeddings = model.module(torch.cat([probe[None], gallery])).reshape(4, 6, -1).double()
    if metric == "euc":
        expected = (embeddings[1:] - embeddings[0]).norm(dim=1).mean(1)
    else:
        expected = 1 - torch.cosine_similarity(embeddings[1:], embeddings[:1], dim=1).mean(1)
    assert found.distance == pytest.approx(expected.min().item(), abs=1e-7)
    assert found.manifest["match"]["name"] == f"gallery {int(expected.argmin())}"
    assert found._repr_png_().startswith(b"\x89PNG")


def test_gallery_walks_may_have_names_and_other_lengths():
    model = va.wrap(Foreign(), "n s c h w")
    found = va.explain_probe(model, walks(1)[0], {"Anna": walks(2, 7)[1], "走路": walks(3, 3)[2]}, layers="two")
    assert found.manifest["match"]["name"] in {"Anna", "走路"}


def test_time_may_stand_behind_the_channels():
    class Solid(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.conv = nn.Conv3d(1, 3, 3, padding=1)

        def forward(self, x):
            return self.conv(x).amax((2, 4))

    model = va.wrap(Solid(), "n c s h w")
    found = va.explain_probe(model, walks(1)[0].transpose(0, 1), walks(3)[1:].transpose(1, 2))
    assert found.layers[0].maps.shape == (5, 64, 64)
    assert found.layers[0].spans.tolist() == [[k, k + 1] for k in range(5)]


def test_single_pictures_are_walks_of_one_step():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, x):
            return self.conv(x).mean((2, 3))

    model = va.wrap(Flat(), "n c h w")
    found = va.explain_probe(model, torch.rand(3, 20, 12), torch.rand(2, 3, 20, 12))
    assert found.frames.shape == (1, 20, 12, 3)
    assert found.layers[0].maps.shape == (1, 20, 12)
    assert found.layers[0].pooled


@pytest.mark.parametrize("axes", ["", "s n h w", "n n h w", "n t h w", "n-s-h-w"])
def test_axes_nobody_knows(axes):
    with pytest.raises(VisualAnalyseError, match="axes"):
        va.wrap(nn.Flatten(), axes)


def test_inputs_and_outputs_that_do_not_fit():
    model = va.wrap(Foreign(), "n s c h w")
    with pytest.raises(VisualAnalyseError, match=r"'n s c h w'.*\[5, 64\]"):
        va.explain_probe(model, torch.rand(5, 64), walks(2))
    with pytest.raises(VisualAnalyseError, match="One walk is explained at a time"):
        va.explain_probe(model, walks(2), walks(2))
    with pytest.raises(VisualAnalyseError, match="no gallery walk left"):
        va.explain_probe(model, walks(1)[0], [])

    class Four(nn.Module):
        def forward(self, x):
            return x

    with pytest.raises(VisualAnalyseError, match=r"\[n, c\] or \[n, c, p\]"):
        va.explain_probe(va.wrap(Four(), "n s c h w"), walks(1)[0], walks(2))


def test_the_same_walk_in_the_gallery_is_left_out_and_told():
    model = va.wrap(Foreign(), "n s c h w")
    found = va.explain_probe(model, walks(1)[0], walks(2))
    assert found.manifest["match"]["name"] == "gallery 1"
    assert found.manifest["gallery"]["same_as_probe"] == ["gallery 0"]
    with pytest.raises(VisualAnalyseError, match="distance zero"):
        va.explain_probe(model, walks(1)[0], walks(1))


def test_a_module_is_left_as_it_was_and_answers_twice_alike():
    """Modes of every submodule, statistics of batch norms, gradients: nothing moves, in training mode too."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(0, 1), nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.BatchNorm2d(3))
    module[4].eval()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = module

        def forward(self, x):
            return self.body(x).reshape(len(x), x.shape[1], 3, -1).amax(1)[..., ::97]

    model = va.wrap(Net(), "n s c h w")
    state = {name: tensor.clone() for name, tensor in model.module.state_dict().items()}
    modes = [child.training for child in model.module.modules()]
    first, second = (va.explain_probe(model, walks(1)[0], walks(3)[1:], layers="conv") for _ in range(2))
    assert first.distance == second.distance
    assert (first.layers[0].maps == second.layers[0].maps).all()
    assert [child.training for child in model.module.modules()] == modes
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.module.state_dict().items())


@pytest.mark.parametrize("folder", ["Probes", "Probes/001", "Probes/001/nm-05", ".", "/"])
def test_a_path_too_short_for_a_walk_is_told_without_looking_above_it(workshop, folder):
    model = va.load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    with pytest.raises(VisualAnalyseError, match=r"is no folder of a walk: id/type/view"):
        va.explain_probe(model, folder, workshop.gallery)


def test_wrong_metrics_and_modules_that_fail_are_told():
    with pytest.raises(VisualAnalyseError, match=r"'cosine'.*'euc' and 'cos'"):
        va.wrap(Foreign(), "n s c h w", metric="cosine")
    with pytest.raises(VisualAnalyseError, match=r"failed on an input 'n c s h w' of \[1, 3, 5, 8, 8\]"):
        va.explain_probe(va.wrap(Foreign(), "n c s h w"), torch.rand(3, 5, 8, 8), torch.rand(1, 3, 5, 8, 8))


def test_a_folder_that_is_no_walk(workshop):
    model = va.load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    with pytest.raises(VisualAnalyseError, match="id/type/view"):
        va.explain_probe(model, workshop.root / "nowhere", workshop.gallery)


def test_importing_the_package_does_not_import_torch():
    import subprocess
    import sys

    code = "import sys, visual_analyse, visual_analyse.cli.visual_gradcam; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_name_nobody_has():
    with pytest.raises(AttributeError):
        va.explain_everything  # noqa: B018


def test_methods_signs_and_parts(workshop):
    """Evidence for and against add up, the maps of parts add up to the whole, and the manifest says what was asked."""
    model = va.load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    probe = next(workshop.probes.glob("*/*/*"))

    def ask(**how):
        return va.explain_probe(model, probe, workshop.gallery, layers="conv", **how)

    whole = ask(method="hirescam")
    parts = [ask(method="hirescam", parts=[k]) for k in range(len(whole.parts))]
    for k, layer in enumerate(whole.layers):
        total = sum(found.layers[k].maps for found in parts)
        assert np.abs(total - layer.maps).max() <= 1e-5 * layer.strength, layer.name
    evidence, against = (ask(method="layercam", sign=sign) for sign in ("for", "against"))
    signed = ask(method="layercam")
    for a, b, both in zip(evidence.layers, against.layers, signed.layers, strict=True):
        assert np.abs(a.maps + b.maps - both.maps).max() <= 1e-5 * max(both.strength, 1e-30)
    assert (evidence.manifest["method"], evidence.manifest["sign"]) == ("layercam", "for")
    assert "part 1 " in parts[1].manifest["target"]
    with pytest.raises(VisualAnalyseError, match="numbered from 0"):
        ask(parts=[len(whole.parts)])
    with pytest.raises(VisualAnalyseError, match="no method"):
        ask(method="magic")


def test_arrays_for_a_model_that_takes_folders(workshop):
    model = va.load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    probe, arrays = workshop.probes / "001/nm-05/090", [silhouettes(1), silhouettes(2)]
    with pytest.raises(VisualAnalyseError, match=r"The probe is of type ndarray; .*id/type/view.*wrap"):
        va.explain_probe(model, silhouettes(1), workshop.gallery)
    for gallery in (arrays, np.stack(arrays)):
        with pytest.raises(VisualAnalyseError, match=r"A walk of the gallery is of type ndarray; .*wrap"):
            va.explain_probe(model, probe, gallery)
    with pytest.raises(VisualAnalyseError, match="of type int"):
        va.explain_probe(model, probe, 3)
