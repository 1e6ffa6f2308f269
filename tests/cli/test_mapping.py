"""`tsne` and its kin, from the words that a user types to the file and back."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.workshop import Workshop, silhouettes, write_walk
from visual_analyse.cli import mapping, pacmap, pca, tsne, umap
from visual_analyse.cli.main import main
from visual_analyse.encode.forward import Forward
from visual_analyse.models.builtin import build
from visual_analyse.results import EmbeddingMap


def words(workshop: Workshop, **changes: Any) -> list[str]:
    """The options of `tsne`, some of them changed; None takes one away."""
    options: dict[str, Any] = {
        "config_path": workshop.config, "dataset_dir": workshop.dataset, "checkpoint": workshop.checkpoint,
        "save_dir": workshop.root / "out", "cache": workshop.root / "cache", "device": "cpu", **changes,
    }  # fmt: skip
    return [str(word) for name, value in options.items() if value is not None for word in (f"--{name}", value)]


def loaded(workshop: Workshop, name: str = "GaitSet_CASIA-B") -> EmbeddingMap:
    return EmbeddingMap.load(workshop.root / "out" / f"{name}.npz")


def said(capsys: pytest.CaptureFixture[str], status: int) -> str:
    assert status == 2
    text = capsys.readouterr().err.strip().splitlines()[-1]
    assert "Traceback" not in text and text.endswith((".", ']"', "'"))
    return text


def test_from_a_dataset_to_a_map(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert tsne.command(words(workshop)) == 0
    found = loaded(workshop)
    assert found.feats.shape == (12, 2) and found.feats.dtype == np.float32
    assert sorted(set(found.labels)) == ["001", "002", "003"]
    assert sorted(set(found.types)) == ["nm-01", "nm-05"] and sorted(set(found.views)) == ["000", "090"]
    assert found.thumbnails is not None and found.thumbnails.shape == (12, 32, 22) and found.thumbnails.any()
    facts = found.manifest
    assert facts["method"] == "tsne" and facts["engine"].startswith("openTSNE") and facts["views_are_angles"]
    assert facts["checkpoint"] and not found.of_random_weights and facts["dataset"] == "CASIA-B"
    assert found.quality["points"] == 12 and found.quality["purity_full"] is not None
    # CASIA-B's protocol: nm-05 is a probe, nm-01 of the other view its gallery
    assert (found.correct[found.types == "nm-05"] >= 0).all() and (found.correct[found.types == "nm-01"] == -1).all()
    out = capsys.readouterr()
    assert "12 walks of 3 identities" in out.out and "visual_tsne" in out.out and "perplexity" in out.err
    with np.load(workshop.root / "out" / "GaitSet_CASIA-B.npz", allow_pickle=False) as stored:
        assert set(stored.files) >= {"feats", "labels", "types", "views", "quality", "manifest"}
        json.loads(str(stored["quality"]))


def test_correct_is_what_the_distances_say(workshop: Workshop) -> None:
    from visual_analyse.gait.protocols import Protocol
    from visual_analyse.gait.sequences import scan
    from visual_analyse.measure.distances import nearest
    from visual_analyse.models.load import load_model

    assert pca.command(words(workshop)) == 0
    found = loaded(workshop)
    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    walks = scan(workshop.dataset)
    with torch.no_grad():
        embedded = {walk.name: model.embed(model.batch([walk.load()]))[0].numpy() for walk in walks}
    for walk, right in zip(walks, found.correct, strict=True):
        if walk.type == "nm-05":
            gallery = Protocol("CASIA-B").gallery_for(walk, walks)
            place = nearest(embedded[walk.name][None], np.stack([embedded[g.name] for g in gallery]), "euc")[0]
            assert right == (gallery[place].id == walk.id)


@pytest.mark.parametrize(("method", "command"), [("umap", umap), ("pacmap", pacmap), ("pca", pca)])
def test_its_kin(workshop: Workshop, method: str, command: Any) -> None:
    assert command.command(words(workshop)) == 0
    assert loaded(workshop).manifest["method"] == method


def test_same_seed_same_map_and_features_are_embedded_once(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tsne.command(words(workshop)) == 0
    first = loaded(workshop)
    monkeypatch.setattr(Forward, "run", lambda *a, **k: pytest.fail("embedded again"), raising=False)
    monkeypatch.setattr(torch.nn.Module, "__call__", lambda *a, **k: pytest.fail("embedded again"))
    assert tsne.command(words(workshop)) == 0
    assert np.array_equal(first.feats, loaded(workshop).feats)
    assert first.manifest["features"] == loaded(workshop).manifest["features"]


def test_a_changed_checkpoint_or_walk_is_embedded_anew(workshop: Workshop) -> None:
    assert pca.command(words(workshop)) == 0
    first = loaded(workshop)
    torch.manual_seed(9)
    from tests.six import FACTS, narrow

    torch.save({"model": build(narrow(FACTS["GaitSet"]["model_cfg"])).state_dict()}, workshop.checkpoint)
    assert pca.command(words(workshop)) == 0
    second = loaded(workshop)
    assert second.manifest["fingerprint"] != first.manifest["fingerprint"]
    assert not np.allclose(first.feats, second.feats)
    write_walk(workshop.dataset, "001/nm-01/000", silhouettes(77))
    assert pca.command(words(workshop)) == 0
    assert loaded(workshop).manifest["features"] != second.manifest["features"]


def test_spellings_of_the_older_tool(workshop: Workshop) -> None:
    given = [f"--{'-'.join(word[2:].split('_'))}" if word.startswith("--") else word for word in words(workshop)]
    assert tsne.command([*given, "-e=3", "-b", "100", "--verbose=False", '-T={"perplexity": 3, "n_iter": 60}']) == 0
    found = loaded(workshop)
    assert found.feats.shape == (12, 3) and found.manifest["parameters"]["perplexity"] == 3


def test_one_dimension_is_padded_to_two(workshop: Workshop) -> None:
    assert tsne.command([*words(workshop), "-e", "1"]) == 0
    assert loaded(workshop).feats.shape == (12, 2) and not loaded(workshop).feats[:, 1].any()


def test_without_a_folder_the_test_ids_of_the_configs_dataset_are_taken(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    text = workshop.config.read_text(encoding="utf-8").replace(
        "dataset_root: your_path", "dataset_root: data set 数据\n  dataset_partition: split.json"
    )
    workshop.config.write_text(text, encoding="utf-8")
    split = {"TRAIN_SET": ["001"], "TEST_SET": ["002", "003", "074"]}
    (workshop.root / "split.json").write_text(json.dumps(split), encoding="utf-8")
    for chosen, ids in ((None, {"002", "003"}), ("train", {"001"}), ("all", {"001", "002", "003"})):
        assert pca.command(words(workshop, dataset_dir=None, split=chosen)) == 0
        assert set(loaded(workshop).labels) == ids
    assert "1 test ids of the partition are not on disk: 074." in capsys.readouterr().err


def test_a_walk_that_cannot_be_read_is_left_out_and_told(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    (workshop.dataset / "002/nm-05/000/0.pkl").write_bytes(b"no pickle")
    text = said(capsys, tsne.command(words(workshop)))
    assert "1 walks could not be embedded" in text and "002-nm-05-000" in text
    assert len(loaded(workshop)) == 11 and loaded(workshop).manifest["left_out"] == ["002-nm-05-000"]


def test_random_weights_are_said_on_screen_and_in_the_file(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pca.command(words(workshop, checkpoint="none")) == 0
    assert loaded(workshop).of_random_weights and "RANDOM WEIGHTS: this map means nothing" in capsys.readouterr().err


def test_cosine_models_are_normalised_unless_told_otherwise(workshop: Workshop) -> None:
    text = workshop.config.read_text(encoding="utf-8").replace("metric: euc", "metric: cos")
    maps = []
    for metric in ("euc", "cos"):
        workshop.config.write_text(text.replace("metric: cos", f"metric: {metric}"), encoding="utf-8")
        for normalise in (None, "True", "False"):
            assert pca.command(words(workshop, normalise=normalise)) == 0
            maps.append(loaded(workshop))
    flags = [found.manifest["normalised"] for found in maps]
    assert flags == [False, True, False, True, True, False]
    assert np.allclose(maps[1].feats, maps[3].feats, atol=1e-4) and not np.allclose(maps[0].feats, maps[1].feats)


def test_new_walks_are_placed_on_a_finished_map(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert tsne.command(words(workshop)) == 0
    before = loaded(workshop)
    finished = workshop.root / "out" / "GaitSet_CASIA-B.npz"
    given = words(workshop, dataset_dir=workshop.probes, save_dir=workshop.root / "out2", place=finished)
    assert tsne.command(given) == 0
    after = EmbeddingMap.load(workshop.root / "out2" / "GaitSet_CASIA-B_placed.npz")
    assert len(after) == 14 and after.placed.tolist() == [False] * 12 + [True] * 2
    assert np.array_equal(after.feats[:12], before.feats) and after.labels[12:].tolist() == ["001", "002"]
    assert "001-nm-05-090 lies nearest to 00" in capsys.readouterr().err
    assert "is a map by tsne" in said(capsys, umap.command(given))
    assert "leave out -e" in said(capsys, tsne.command([*given, "-T", "perplexity=3"]))
    assert "leave out -e" in said(capsys, tsne.command([*given, "-e", "3"]))
    other = words(workshop, dataset_dir=workshop.probes, checkpoint="none", place=finished)
    assert "another model, checkpoint or config" in said(capsys, tsne.command(other))


def test_features_of_ones_own_need_no_model(workshop: Workshop) -> None:
    rng = np.random.default_rng(0)
    np.savez(workshop.root / "own.npz", features=rng.normal(size=(30, 8, 2)), labels=np.repeat(["a", "<b>", "丙"], 10))
    assert tsne.command(["--features", "own.npz", "-s", "out"]) == 0
    found = loaded(workshop, "features_own")
    assert len(found) == 30 and set(found.labels) == {"a", "<b>", "丙"} and found.manifest["shape"] == [8, 2]
    assert (found.correct >= 0).all()  # leave one out


def test_right_and_wrong_need_neither_types_nor_views(workshop: Workshop) -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(6), 5)
    features = 10 * np.eye(6)[who] + rng.normal(size=(30, 6)) * 0.1
    np.savez(workshop.root / "own.npz", features=features, labels=[*map(str, who[:-1]), "alone"])
    assert pca.command(["--features", "own.npz", "-s", "out"]) == 0
    found = loaded(workshop, "features_own")
    assert found.correct[:25].tolist() == [1] * 25 and found.correct[29] == -1  # with no other walk, nothing is wrong
    assert found.manifest["rank1"] == 1 and found.manifest["probes"] == 29


@pytest.mark.parametrize("bucket", [20_000, 500])
def test_right_and_wrong_are_those_of_the_full_space_or_not_called_so(workshop: Workshop, bucket: int) -> None:
    from benchmarks.gaitlike import Shape, write

    structure = write(Shape(900, 1500, 60, 3, 5, noise=10.0), workshop.root / "hard.npy")
    (workshop.root / "hard_labels.txt").write_text("\n".join(map(str, structure.identity)), encoding="utf-8")
    assert pca.command(["--features", "hard.npy", "-s", "out", "-b", str(bucket)]) == 0
    found = loaded(workshop, "features_hard")
    features = np.load(workshop.root / "hard.npy").astype(np.float64)
    apart = (features**2).sum(1)[:, None] + (features**2).sum(1) - 2 * features @ features.T
    np.fill_diagonal(apart, np.inf)
    true = structure.identity[apart.argmin(1)] == structure.identity
    assert 0.1 < true.mean() < 0.95
    if bucket > 900:
        assert np.array_equal(found.correct == 1, true) and found.manifest["rank1"] == pytest.approx(true.mean())
        assert found.manifest["neighbours_in"] == "full space"
    else:
        assert "rank1" not in found.manifest and "principal components" in found.manifest["neighbours_in"]
        assert any("judged among" in notice for notice in found.manifest["notices"])


def test_maps_of_two_methods_in_one_folder_keep_both(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (tsne, pca, pca):
        assert command.command(words(workshop)) == 0
    names = sorted(path.name for path in (workshop.root / "out").iterdir())
    assert names == ["GaitSet_CASIA-B.npz", "GaitSet_CASIA-B_pca.npz"]
    assert loaded(workshop).manifest["method"] == "tsne" and "gets a name of its own" in capsys.readouterr().err


def test_other_ranks_leave_features_of_ones_own_to_the_first(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(workshop.root / "own.npz", features=np.random.default_rng(0).normal(size=(30, 8)), labels=["a", "b"] * 15)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert pca.command(["--features", "own.npz", "-s", "out"]) == 0
    assert not (workshop.root / "out").exists()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"config_path": None}, "neither was given"),
        ({"features": "own.npz"}, "both were given"),
        ({"config_path": "nowhere.yaml"}, "no config nowhere.yaml"),
        ({"dataset_dir": "nowhere"}, "does not exist"),
        ({"dataset_dir": None}, "is no folder here"),
        ({"split": "test"}, "needs the partition file"),
        ({"TSNE_ARGS": "perplexity"}, "is no dictionary of parameters"),
        ({"TSNE_ARGS": "{'perplexity': 3, 'speed': 1}"}, "There are angle, callbacks"),
        ({"TSNE_ARGS": "perplexity=0"}, "is no positive number"),
        ({"embedding": "nonsense"}, "None of 12 walks could be embedded"),
        ({"place": "nowhere.npz"}, "no file nowhere.npz"),
        ({"embed_dim": 0}, "is no number from 1"),
        ({"seed": -1}, "is no number from 0"),
    ],
)
def test_what_a_user_can_get_wrong_has_a_sentence(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], text: str
) -> None:
    try:
        status = tsne.command(words(workshop, **changes))
    except SystemExit as stop:
        status = int(stop.code or 0)
    assert text in said(capsys, status)
    assert not (workshop.root / "out").exists() or not any((workshop.root / "out").iterdir())


def test_three_walks_are_too_few(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert "at least 4 walks" in said(capsys, tsne.command(words(workshop, dataset_dir=workshop.gallery)))


def test_a_full_disk_leaves_no_half_map(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from visual_analyse.results import embedding_map

    def full(*args: Any, **kwargs: Any) -> None:
        args[0].write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(embedding_map.np, "savez_compressed", full)
    assert "No space left" in said(capsys, pca.command(words(workshop)))
    assert not list((workshop.root / "out").iterdir())


def test_a_map_of_the_older_tool_is_not_opened(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    (workshop.root / "old.npz").write_bytes(pickle.dumps({"feats": 1}))
    status = tsne.command(words(workshop, place=workshop.root / "old.npz"))
    assert "old.npz" in said(capsys, status)


@pytest.mark.parametrize("name", ["tsne", "umap", "pacmap", "pca"])
def test_help_and_the_doors(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "--features" in text and "--bucket_size" in text and f"visual_{name}" in text
    (tmp_path / "visual_analyse" / "Probes").mkdir(parents=True)  # the folder that users keep their walks in
    done = subprocess.run(
        [sys.executable, "-m", f"visual_analyse.{name}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "neither was given" in done.stderr and "Traceback" not in done.stderr


def test_two_ranks_write_one_map(workshop: Workshop) -> None:
    assert tsne.command(words(workshop, cache=workshop.root / "alone")) == 0
    alone = loaded(workshop)
    given = [sys.executable, "-m", "visual_analyse.tsne", *words(workshop, cache="both", save_dir="ranks")]
    import os

    running = [
        subprocess.Popen(given, cwd=workshop.root, env={**os.environ, "RANK": str(rank), "WORLD_SIZE": "2"})
        for rank in (1, 0)
    ]
    assert [process.wait(timeout=300) for process in running] == [0, 0]
    both = EmbeddingMap.load(workshop.root / "ranks" / "GaitSet_CASIA-B.npz")
    assert both.manifest["features"] == alone.manifest["features"]
    assert np.array_equal(both.feats, alone.feats)


def test_defaults_are_the_contracts() -> None:
    options = mapping.parser(mapping.TSNE).parse_args(["-c", "x.yaml"])
    assert (options.embed_dim, options.bucket_size, options.seed, options.device) == (2, 20_000, 1597, "0")
    assert mapping.TSNE.results == Path("visual_analyse/Results/TSNE") and options.verbose is False
