"""`grad_cam`: every flag of the contract, and what a second run finds."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.six import LAYERS
from tests.workshop import silhouettes, write_config, write_walk
from visual_analyse.cli.grad_cam import command
from visual_analyse.cli.main import main
from visual_analyse.encode.encoder import Encoder
from visual_analyse.results import Evidence


def results(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.npz"))


def test_one_result_a_probe_with_the_contracts_keys(workshop, capsys):
    assert command(workshop.arguments()) == 0
    out = workshop.root / "out"
    assert results(out) == ["GaitSet_001-nm-05-090.npz", "GaitSet_002-nm-05-090.npz"]
    with np.load(out / results(out)[0], allow_pickle=False) as stored:
        keys = set(stored.files)
        manifest = json.loads(str(stored["manifest"]))
        assert stored["frames"].dtype == np.uint8
        assert stored["frames"].shape == (6, 64, 44)
        assert (stored["frames"] == silhouettes(1)[:, :, 10:54]).all()
        assert stored["parts"].dtype == np.float64
        assert abs(stored["parts"].sum() - manifest["distance"]) < 1e-9
        for key in keys:
            if key.startswith("maps/"):
                assert stored[key].dtype == np.float32
                assert stored[key].shape[0] == stored[key.replace("maps", "spans")].shape[0]
    assert {key for key in keys if key.startswith("maps/")} >= {"maps/1_set_block1-forward_block-0-conv"}
    assert sum(key.startswith("maps/") for key in keys) == len(LAYERS["GaitSet"])
    assert manifest["probe"]["name"] == "001-nm-05-090"
    assert manifest["match"]["name"] in {"001-nm-01-072", "002-nm-01-072", "003-nm-01-072"}
    for fact in (
        "versions",
        "seed",
        "config",
        "checkpoint",
        "checkpoint_digest",
        "metric",
        "method",
        "weights",
        "gallery",
    ):
        assert manifest[fact] is not None, fact
    said = capsys.readouterr()
    assert "2 of 2 probes explained on 10 layers" in said.out
    assert "set_block1.forward_block.0.conv" in said.err
    assert "one forward, one backward" in said.err


def test_parts_and_match_are_those_of_a_plain_computation(workshop):
    """The explained distance is the smallest of the gallery, computed again from bare embeddings."""
    import torch

    from visual_analyse.models.load import load_model

    command(workshop.arguments())
    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")

    def embedding(array):
        with torch.no_grad():
            return model.embed(model.batch([[array]])).double().numpy()[0]

    probe = embedding(silhouettes(1))
    apart = [np.linalg.norm(probe - embedding(silhouettes(10 * k + 2, frames=5 + k)), axis=0) for k in range(3)]
    best = int(np.argmin([d.mean() for d in apart]))
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    assert found.manifest["match"]["name"] == f"00{best + 1}-nm-01-072"
    assert np.abs(found.parts - apart[best] / len(apart[best])).max() < 1e-9
    assert abs(found.distance - apart[best].mean()) < 1e-9


@pytest.mark.parametrize("spelling", ["underscores", "hyphens", "short", "equals"])
def test_spellings(workshop, spelling):
    words = {
        "underscores": ["--config_path", "C", "--probe_dir", "P", "--gallery_dir", "G", "--save_dir", "S"],
        "hyphens": ["--config-path", "C", "--probe-dir", "P", "--gallery-dir", "G", "--save-dir", "S"],
        "short": ["-c", "C", "-p", "P", "-g", "G", "-s", "S"],
        "equals": ["--config_path=C", "--probe_dir=P", "--gallery-dir=G", "-s=S"],
    }[spelling]
    places = {"C": workshop.config, "P": workshop.probes, "G": workshop.gallery, "S": workshop.root / "there"}
    for letter, place in places.items():
        words = [str(place) if word == letter else word.replace(f"={letter}", f"={place}") for word in words]
    assert command([*words, "--layers", "1", "--checkpoint", str(workshop.checkpoint), "--device", "cpu"]) == 0
    assert len(results(workshop.root / "there")) == 2


def test_defaults_are_the_contracts_folders(workshop):
    (workshop.root / "visual_analyse").mkdir()
    workshop.probes.rename(workshop.root / "visual_analyse" / "Probes")
    workshop.gallery.rename(workshop.root / "visual_analyse" / "Gallery")
    assert command(workshop.arguments(probe_dir=None, gallery_dir=None, save_dir=None, layers="1")) == 0
    (made,) = (workshop.root / "visual_analyse" / "Results" / "Grad_CAM").iterdir()
    assert len(results(made)) == 2


def test_a_gallery_changes_the_maps(workshop):
    command(workshop.arguments(layers="1"))
    first = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    nearest = first.manifest["match"]["name"].replace("-nm-01-", "/nm-01/")
    (workshop.gallery / nearest / "0.pkl").unlink()  # deleting any pkl leaves a valid folder
    command(workshop.arguments(layers="1"))
    second = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    assert second.manifest["match"] != first.manifest["match"]
    assert second.distance > first.distance
    assert not np.array_equal(first.layers[0].maps, second.layers[0].maps)


def test_who_matched_is_told(workshop, capsys):
    command(workshop.arguments(layers="1"))
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    same = found.manifest["match"]["name"].startswith("001")
    who = "the same person" if same else "another person"
    line = f"001-nm-05-090 -> {found.manifest['match']['name']} ({who}), distance {found.distance:.4g}"
    assert line in capsys.readouterr().err


def test_a_gallery_of_the_probe_alone_is_told(workshop, capsys):
    for person in ("002", "003"):
        (workshop.gallery / person / "nm-01/072/0.pkl").unlink()
    command(workshop.arguments(layers="1"))
    assert "001-nm-05-090: its gallery holds no other person" in capsys.readouterr().err


def test_random_weights_are_told_on_the_figure(workshop, capsys):
    """The results look like any other: the figure, the commands and the notebook's line must all say it."""
    from visual_analyse.draw.inline import picture

    command(workshop.arguments(layers="1", checkpoint="none"))
    assert "RANDOM WEIGHTS" in capsys.readouterr().err
    path = workshop.root / "out" / "GaitSet_001-nm-05-090.npz"
    assert main(["visual_gradcam", str(path), "-d", "compare"]) == 0
    assert "RANDOM WEIGHTS" in capsys.readouterr().err
    found = Evidence.load(path)
    trained = replace(found, manifest={**found.manifest, "checkpoint": "gaitset.pt"})
    assert not np.array_equal(np.asarray(picture(found)), np.asarray(picture(trained)))


def test_weights_frame_and_clip_differ(workshop):
    maps = {}
    for weights in ("frame", "clip"):
        command(workshop.arguments(weights=weights, layers="1"))
        maps[weights] = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz").layers[0].maps
    assert not np.allclose(maps["frame"], maps["clip"])


def test_a_dataset_and_its_protocol(workshop):
    words = workshop.arguments(
        probe_dir=None, gallery_dir=None, dataset=workshop.dataset, probe=["001/nm-05/*"], layers="1"
    )
    assert command(words) == 0
    assert results(workshop.root / "out") == ["GaitSet_001-nm-05-000.npz", "GaitSet_001-nm-05-090.npz"]
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    assert found.manifest["gallery"]["walks"] == 3  # nm-01 of three people, of the other view
    assert found.manifest["match"]["name"].endswith("nm-01-000")
    assert "CASIA-B" in found.manifest["pairing"]


def test_hyphenated_names_are_resolved(workshop):
    words = workshop.arguments(
        probe_dir=None, gallery_dir=None, dataset=workshop.dataset, probe=["001-nm-05-090", "002/nm-05/000"], layers="1"
    )
    assert command(words) == 0
    assert results(workshop.root / "out") == ["GaitSet_001-nm-05-090.npz", "GaitSet_002-nm-05-000.npz"]


def test_overlap_is_named_and_left_out(workshop, capsys):
    write_walk(workshop.gallery, "001/nm-05/090", silhouettes(99))  # the same name
    write_walk(workshop.gallery, "009/nm-01/000", silhouettes(1))  # the same content
    assert command(workshop.arguments(layers="1")) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "Left out of the gallery of 001-nm-05-090, being that walk itself: 001-nm-05-090, 009-nm-01-000" in said
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    assert found.manifest["gallery"]["walks"] == 3
    assert found.distance > 0


def test_layers_are_asked_for_and_answered_by_a_pipe(workshop, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1 3-6\n"))
    assert command(workshop.arguments(layers=None)) == 0
    said = capsys.readouterr().err
    assert "gl_block3.2.conv" in said  # every layer is shown
    assert "each frame, 64x44" in said
    assert "whole walk" in said
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    assert [layer.number for layer in found.layers] == [1, 3, 4, 5, 6]


def test_a_second_run_takes_what_the_first_finished(workshop, monkeypatch):
    import visual_analyse.cli.explaining as explaining

    assert command(workshop.arguments()) == 0
    before = {name: (workshop.root / "out" / name).read_bytes() for name in results(workshop.root / "out")}
    calls = []
    monkeypatch.setattr(explaining, "explain_match", lambda *a, **k: calls.append(a))
    monkeypatch.setattr("visual_analyse.encode.encoder.Encoder._forward", lambda *a: calls.append(a))
    assert command(workshop.arguments(save_dir=workshop.root / "elsewhere")) == 0
    assert calls == []
    assert {name: (workshop.root / "elsewhere" / name).read_bytes() for name in before} == before


def test_a_stopped_run_keeps_what_was_finished(workshop, monkeypatch, capsys):
    import visual_analyse.cli.explaining as explaining

    real, done = explaining.explain_match, []

    def stop_at_the_second(*args, **kwargs):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return real(*args, **kwargs)

    monkeypatch.setattr(explaining, "explain_match", stop_at_the_second)
    assert command(workshop.arguments()) == 130
    assert "goes on from there" in capsys.readouterr().err
    assert results(workshop.root / "out") == ["GaitSet_001-nm-05-090.npz"]
    assert not list((workshop.root / "out").glob("*.part"))
    monkeypatch.setattr(explaining, "explain_match", lambda *a, **k: real(*a, **k))
    assert command(workshop.arguments()) == 0
    assert len(results(workshop.root / "out")) == 2


def test_a_damaged_entry_of_the_store_is_made_again(workshop):
    command(workshop.arguments(layers="1"))
    before = (workshop.root / "out" / "GaitSet_001-nm-05-090.npz").read_bytes()
    for path in (workshop.root / "cache").glob("*/*"):
        path.write_bytes(path.read_bytes()[:300])
    assert command(workshop.arguments(layers="1")) == 0
    assert (workshop.root / "out" / "GaitSet_001-nm-05-090.npz").read_bytes() == before


def test_what_older_code_found_is_found_anew(workshop, monkeypatch):
    import visual_analyse.encode.fingerprint as fingerprint

    command(workshop.arguments(layers="1"))
    forwards = []
    real = Encoder._forward
    monkeypatch.setattr(Encoder, "_forward", lambda self, group: forwards.append(len(group)) or real(self, group))
    command(workshop.arguments(layers="1"))
    assert forwards == []
    monkeypatch.setattr(fingerprint, "own_code", lambda: "another version")
    command(workshop.arguments(layers="1"))
    assert sum(forwards) == 3


def test_probes_of_one_name_have_a_file_each(workshop, capsys):
    """`a-b/c/d` and `a/b-c/d` are both called a-b-c-d."""
    write_walk(workshop.probes, "a-b/c/d", silhouettes(31))
    write_walk(workshop.probes, "a/b-c/d", silhouettes(32))
    assert command(workshop.arguments(layers="1")) == 0
    names = [name for name in results(workshop.root / "out") if "a-b-c-d" in name]
    assert len(names) == 2
    frames = [Evidence.load(workshop.root / "out" / name).frames for name in names]
    assert (frames[0] != frames[1]).any()
    assert "Several probes are called a-b-c-d" in capsys.readouterr().err


def test_the_probes_content_in_another_file_is_left_out(workshop, capsys):
    """The same frames, pickled differently, are the same walk to the model: no map of rounding noise."""
    path = write_walk(workshop.gallery, "300/nm-01/000", silhouettes(1))
    path.write_bytes(pickle.dumps(silhouettes(1), protocol=2))
    for k in range(14):  # enough walks to be packed, which rounds
        write_walk(workshop.gallery, f"4{k:02d}/nm-01/000", silhouettes(60 + k, frames=4 + k % 3))
    assert command(workshop.arguments(layers="1")) == 0
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    assert found.manifest["match"]["name"] != "300-nm-01-000"
    assert found.manifest["gallery"]["same_as_probe"] == ["300-nm-01-000"]
    assert "the same walk to the model: 300-nm-01-000" in capsys.readouterr().err


def test_a_probe_without_gallery_does_not_stop_the_others(workshop, capsys):
    for person in ("001", "002", "003"):  # nm-01 is left with view 000 alone, so a probe of view 000 has no gallery
        (workshop.dataset / person / "nm-01/090/0.pkl").unlink()
    words = workshop.arguments(
        probe_dir=None, gallery_dir=None, dataset=workshop.dataset, probe="001/nm-05/*", layers="1"
    )
    assert command(words) == 2
    assert results(workshop.root / "out") == ["GaitSet_001-nm-05-090.npz"]
    assert "001-nm-05-000" in capsys.readouterr().err


def test_running_out_of_memory_is_a_sentence(workshop, capsys, monkeypatch):
    import torch

    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(torch.autograd, "grad", full)
    assert command(workshop.arguments(layers="1")) == 2
    said = capsys.readouterr().err
    assert "memory of the device did not suffice" in said
    assert "Traceback" not in said


def test_every_file_of_a_gallery_is_read_once(workshop, monkeypatch):
    import visual_analyse.encode.encoder as encoder

    read = []
    monkeypatch.setattr(encoder, "digest", lambda path: read.append(path) or str(path))
    command(workshop.arguments(layers="1"))
    assert len(read) == len(set(read)) == 5  # two probes, three gallery walks


def test_a_partition_that_is_not_there_is_told(workshop, capsys):
    text = workshop.config.read_text(encoding="utf-8")
    workshop.config.write_text(text.replace("dataset_root:", "dataset_partition: ./no.json\n  dataset_root:"), "utf-8")
    words = workshop.arguments(
        probe_dir=None, gallery_dir=None, dataset=workshop.dataset, probe="001/nm-05/090", layers="1"
    )
    assert command(words) == 0
    assert "no.json is not there" in capsys.readouterr().err


def test_same_seed_same_bytes(workshop):
    for folder in ("a", "b"):
        command(workshop.arguments(save_dir=workshop.root / folder, cache=workshop.root / f"cache {folder}"))
    for name in results(workshop.root / "a"):
        assert (workshop.root / "a" / name).read_bytes() == (workshop.root / "b" / name).read_bytes()


def test_a_broken_probe_does_not_stop_the_others(workshop, capsys):
    (workshop.probes / "001/nm-05/090/0.pkl").write_bytes(b"")
    assert command(workshop.arguments(layers="1")) == 2
    assert results(workshop.root / "out") == ["GaitSet_002-nm-05-090.npz"]
    assert "empty" in capsys.readouterr().err


def test_models_of_one_class_are_told_apart_by_their_save_name(workshop):
    write_config(workshop.config, save_name="Ours")
    command(workshop.arguments(layers="1"))
    assert results(workshop.root / "out") == ["Ours_001-nm-05-090.npz", "Ours_002-nm-05-090.npz"]


@pytest.mark.parametrize(
    "door",
    [["-m", "visual_analyse.grad_cam"], ["-m", "visual_analyse", "grad_cam"], ["-m", "visual_analyse", "grad-cam"]],
)
def test_doors_work_from_a_folder_that_holds_one_of_that_name(workshop, door):
    """A folder `visual_analyse/` with people's probes and results is never taken for the package."""
    (workshop.root / "visual_analyse" / "Results").mkdir(parents=True)
    environment = {key: value for key, value in os.environ.items() if key != "OPENGAIT_ROOT"}
    ran = subprocess.run(
        [sys.executable, *door, *workshop.arguments(layers="1")],
        capture_output=True,
        text=True,
        env=environment,
        cwd=workshop.root,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert len(results(workshop.root / "out")) == 2


def test_the_console_script_has_every_command(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for name in ("grad_cam", "visual_gradcam", "demo"):
        assert name in said
    assert main(["gradcam"]) == 2
    assert "There is no command 'gradcam'" in capsys.readouterr().err


def test_help_says_that_maps_depend_on_the_gallery(capsys):
    with pytest.raises(SystemExit) as stopped:
        command(["--help"])
    assert stopped.value.code == 0
    assert "the maps depend on the\ngallery" in capsys.readouterr().out


def test_many_probes_leave_nothing_behind(workshop):
    """What one more probe leaves alive is nothing: no tensor, no hook, no frame."""
    import gc

    import torch

    from visual_analyse.encode.gallery import Gallery
    from visual_analyse.explain.layers import leaves
    from visual_analyse.explain.resolving import resolve
    from visual_analyse.gait.sequences import scan
    from visual_analyse.models.load import load_model
    from visual_analyse.probe import read_probe
    from visual_analyse.why import explain_match

    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    walk = scan(workshop.probes)[0]
    probe = read_probe(model, walk)
    plan = resolve(model, probe.batch)
    layers = [layer for layer, _ in leaves(model.module)][:10]
    gallery = Gallery(("a",), np.zeros((1, 8, 62), np.float32))

    def tensors() -> int:
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    explain_match(model, probe, gallery, layers, plan)
    before = tensors()
    for _ in range(20):
        explain_match(model, probe, gallery, layers, plan)
    assert tensors() == before


def test_a_dataset_without_a_gallery_fails_before_anything_is_planned(workshop, capsys, monkeypatch):
    import visual_analyse.cli.explaining as explaining

    for path in workshop.dataset.glob("*/nm-01/090/0.pkl"):  # nm-01 is left with view 000 alone
        path.unlink()
    monkeypatch.setattr(explaining, "resolve", lambda *a: pytest.fail("planned"))
    words = workshop.arguments(
        probe_dir=None, gallery_dir=None, dataset=workshop.dataset, probe="001/nm-05/000", layers="1"
    )
    assert command(words) == 2
    said = capsys.readouterr().err
    assert "1 of 1 probes could not be explained" in said
    assert "allery" in said


def sampled(workshop, capsys, count):
    sampler = {"sample_type": "fixed_ordered", "frames_num_fixed": count, "frames_skip_num": 0}
    write_config(workshop.config, sampler=sampler)
    assert command(workshop.arguments(layers="1")) == 0
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("count", [4, 6, 9, 12])
def test_the_frame_with_most_evidence_is_the_walks_own(workshop, capsys, count):
    """Of walks of six frames; those that are shown once or twice as they are, are shown so by every seed."""
    said = sampled(workshop, capsys, count)
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    shown = found.manifest["probe"].get("shown", list(range(6)))
    own = shown[found.strongest] + 1
    assert (found.frames == silhouettes(1)[shown][:, :, 10:54]).all()
    assert f"most evidence on frame {own}" in said
    assert (f"of {count})" in said) == (count != 6)
    assert ("seed 1597 drew them" in said) == (count in (4, 9))


@pytest.mark.parametrize(
    ("number", "words"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (21, "21st"), (111, "111th")]
)
def test_the_place_among_shown_frames_in_words(workshop, number, words):
    from visual_analyse.cli.telling import strongest

    command(workshop.arguments(layers="1"))
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    frames = np.repeat(found.frames[:1], 120, 0)
    maps = np.zeros((120, *found.layers[0].maps.shape[1:]), np.float32)
    maps[number - 1] = 1
    spans = np.stack([np.arange(120), np.arange(120) + 1], 1)
    layer = replace(found.layers[0], maps=maps, spans=spans)
    manifest = {**found.manifest, "probe": {"name": "a", "frames": 120, "shown": [8] * 120}}
    drawn = replace(found, frames=frames, layers=(layer,), manifest=manifest)
    assert strongest(drawn) == f"frame 9 of the walk (shown as {words} of 120)"


def test_poses_of_zeros_are_missed_detections(workshop):
    from visual_analyse.cli.telling import missed_detections
    from visual_analyse.gait.kinds import POSE

    command(workshop.arguments(layers="1"))
    found = Evidence.load(workshop.root / "out" / "GaitSet_001-nm-05-090.npz")
    poses = np.ones((6, 17, 3), np.float32)
    assert missed_detections(found) == []
    for other in (replace(found, frames=poses, kind=POSE), replace(found, inputs={"1": poses}, kinds={"1": POSE})):
        assert missed_detections(other) == []
    poses[4] = 0
    poses[2, :16] = 0
    for other in (replace(found, frames=poses, kind=POSE), replace(found, inputs={"1": poses}, kinds={"1": POSE})):
        assert missed_detections(other) == [5]
    drawn = {**found.manifest, "probe": {"name": "a", "frames": 6, "shown": [3, 1, 2, 0, 7, 7]}}
    assert missed_detections(replace(found, frames=poses, kind=POSE, manifest=drawn)) == [8]
