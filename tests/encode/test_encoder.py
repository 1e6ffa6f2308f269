"""Walks to embeddings: packed only where that changes nothing, encoded once, told by name where they cannot be."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import yaml

from tests.workshop import silhouettes, write_config, write_walk
from visual_analyse.encode.encoder import Encoder
from visual_analyse.encode.fingerprint import fingerprint
from visual_analyse.encode.packing import packs_exactly
from visual_analyse.encode.store import Store
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.model import Batch
from visual_analyse.gait.sequences import scan
from visual_analyse.models.load import load_model


@pytest.mark.parametrize(
    ("name", "packs"),
    [("GaitSet", True), ("GaitPart", True), ("GLN_Phase1", True), ("GaitBase", True), ("GaitGL", False)],
)
def test_embeddings_are_those_of_walks_alone(workshop, name, packs):
    """Packed where the model packs, with walks of unequal length; the same to 1e-5 of the largest value either way."""
    model = load_model(write_config(workshop.config, name), checkpoint="none", device="cpu")
    for k in range(12):
        write_walk(workshop.gallery, f"1{k:02d}/nm-01/000", silhouettes(50 + k, frames=3 + k % 3))
    walks = scan(workshop.gallery)
    encoder = Encoder(model)
    found = np.stack(list(encoder.encode(walks)))
    assert encoder.forward.packs is packs
    with torch.no_grad():
        alone = np.stack([model.embed(model.batch([walk.load()])).numpy()[0] for walk in walks])
    assert np.abs(found - alone).max() <= 1e-5 * np.abs(alone).max()


def batch_of(*walks, packed=False):
    return Batch(
        (torch.cat([walk[None] for walk in walks], 1),), ("n s h w",), tuple(len(walk) for walk in walks), packed
    )


def test_packing_is_refused_where_walks_mix():
    """A model that blends neighbouring frames changes its neighbour by little; one that swaps walks, by much."""
    walks = [torch.rand(5, 4, 4), torch.rand(8, 4, 4)]
    alone = [batch_of(walk) for walk in walks]

    def pack(order):
        return batch_of(*(walks[k] for k in order), packed=True)

    def pooled(frames, batch):
        return torch.stack([part.mean((0, 2)) for part in frames.split(list(batch.lengths))]).unsqueeze(-1)

    def clean(batch):
        return pooled(batch.inputs[0][0], batch)

    def blended(batch):
        frames = batch.inputs[0][0]
        return pooled(frames + 1e-3 * frames.roll(1, 0), batch)

    def swapped(batch):
        return clean(batch).flip(0)

    def merged(batch):
        return clean(batch)[:1]

    def raising(batch):
        if len(batch) > 1:
            raise RuntimeError("one sequence only")
        return clean(batch)

    assert packs_exactly(clean, alone, pack)
    for model in (blended, swapped, merged, raising):
        assert not packs_exactly(model, alone, pack), model.__name__


def test_a_gallery_is_encoded_once(workshop, monkeypatch):
    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    store = Store(workshop.root / "cache")
    first = list(Encoder(model, store).encode(scan(workshop.gallery)))
    write_walk(workshop.gallery, "004/nm-01/000", silhouettes(77))
    forwards = []
    real = Encoder._forward
    monkeypatch.setattr(
        Encoder, "_forward", lambda self, group: forwards.extend(w.name for w, _ in group) or real(self, group)
    )
    second = list(Encoder(model, store).encode(scan(workshop.gallery)))
    assert forwards == ["004-nm-01-000"]
    assert all((a == b).all() for a, b in zip(first, second, strict=False))


def test_fingerprints_tell_models_apart(workshop):
    def of(**evaluator):
        path = write_config(workshop.root / "other.yaml", **evaluator)
        return fingerprint(load_model(path, checkpoint=workshop.checkpoint, device="cpu"))

    assert of() == of()
    assert of() != of(transform=[{"type": "BaseSilTransform"}])
    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    before = fingerprint(model)
    assert fingerprint(dataclasses.replace(model, embedding="embeddings_00")) != before
    next(iter(model.module.parameters())).view(-1)[0] += 1
    assert fingerprint(model) != before


def test_a_damaged_entry_is_encoded_again(workshop):
    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    store = Store(workshop.root / "cache")
    walks = scan(workshop.gallery)
    first = list(Encoder(model, store).encode(walks))
    for path in store.folder.glob("*/*"):
        path.write_bytes(path.read_bytes()[:50])
    second = list(Encoder(model, store).encode(walks))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


def test_the_broken_walk_of_a_group_is_named(workshop):
    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    for k in range(12):
        write_walk(workshop.gallery, f"1{k:02d}/nm-01/000", silhouettes(50 + k, frames=3))
    write_walk(workshop.gallery, "002/nm-01/072", silhouettes(3, height=40, width=40))
    with pytest.raises(VisualAnalyseError, match="Walk 002-nm-01-072:"):
        list(Encoder(model).encode(scan(workshop.gallery)))


def test_what_a_sampler_draws_is_kept_by_its_seed(workshop, tmp_path):
    """Frames drawn at random from another seed are another embedding; all frames are not."""
    model = load_model(workshop.config, checkpoint=workshop.checkpoint, device="cpu")
    walk = scan(workshop.gallery)[0]
    drawing = yaml.safe_load(workshop.config.read_text(encoding="utf-8"))
    drawing["evaluator_cfg"]["sampler"] = {"sample_type": "fixed_unordered", "frames_num_fixed": 3}
    (tmp_path / "drawing.yaml").write_text(yaml.safe_dump(drawing), encoding="utf-8")
    found = {}
    for name, config in (("all", workshop.config), ("some", tmp_path / "drawing.yaml")):
        for seed in (1, 2):
            model = load_model(config, checkpoint=workshop.checkpoint, device="cpu", seed=seed)
            encoder = Encoder(model, Store(tmp_path / "store"))
            for again in (0, 1):
                (found[name, seed, again],) = encoder.encode([walk])
    assert all((found[name, seed, 0] == found[name, seed, 1]).all() for name in ("all", "some") for seed in (1, 2))
    assert (found["all", 1, 0] == found["all", 2, 0]).all()
    assert not (found["some", 1, 0] == found["some", 2, 0]).all()
