"""Walks become batches as OpenGait's tests make them; answers become embeddings."""

from __future__ import annotations

import contextlib
import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.explain.model import Explainable
from visual_analyse.gait.config import Config
from visual_analyse.models.gait_model import GaitModel


class Spy(nn.Module):
    """Remembers what it was called with; answers what it is told to."""

    def __init__(self, answer=None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.answer = answer
        self.seen = None

    def forward(self, inputs):
        self.seen = inputs
        if self.answer is not None:
            return self.answer(inputs)
        frames, lengths = inputs[0][0], inputs[4]
        sums = frames.flatten(2).sum(2)
        walks = [sums] if lengths is None else sums.split(lengths[0].tolist(), 1)
        return {
            "inference_feat": {"embeddings": torch.cat([walk.mean(1) for walk in walks])[:, None, None] * self.weight}
        }


def model(answer=None, transforms=1, embedding="embeddings"):
    cfgs = {
        "model_cfg": {"model": "Spy"}, "data_cfg": {"dataset_name": "Town"},
        "evaluator_cfg": {"save_name": "S", "transform": [{"type": "Halve"}] * transforms},
    }  # fmt: skip
    changes = [lambda frames: frames / 2.0] * transforms
    config = Config(Path("s.yaml"), cfgs)
    return GaitModel(config, Spy(answer), torch.device("cpu"), changes, embedding=embedding)


def walk(s, *shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (s, *shape), dtype=np.uint8)


def test_it_can_be_explained():
    spy: Explainable = model()
    assert (spy.metric, spy.module.seen) == ("euc", None)
    assert (model().name, model().class_name, model().source) == ("S", "Spy", "built-in")


def test_one_walk_goes_as_opengait_gives_it():
    spy, frames = model(), walk(5, 8, 6)
    batch = spy.batch([[frames]])
    assert (batch.axes, batch.lengths, batch.packed) == (("n s h w",), (5,), False)
    assert batch.inputs[0].dtype == torch.float32
    assert np.array_equal(batch.inputs[0][0].numpy(), (frames / 2.0).astype(np.float32))
    embeddings = spy.embed(batch)
    ipts, labs, typs, vies, seqL = spy.module.seen
    assert isinstance(ipts, list)
    assert ipts[0] is batch.inputs[0]
    assert seqL.tolist() == [[5]]
    assert seqL.dtype == torch.int32
    assert (labs.shape, labs.dtype, len(typs), len(vies)) == ((1,), torch.int64, 1, 1)
    assert embeddings.shape == (1, 1, 1)


def test_several_walks_one_after_another():
    spy, walks = model(), [[walk(5, 8, 6)], [walk(3, 8, 6, seed=1)]]
    batch = spy.batch(walks, packed=True)
    assert batch.inputs[0].shape == (1, 8, 8, 6)
    assert (batch.lengths, batch.packed) == ((5, 3), True)
    together = spy.embed(batch)
    assert spy.module.seen[4].tolist() == [[5, 3]]
    alone = torch.cat([spy.embed(spy.batch([one])) for one in walks])
    assert torch.allclose(together, alone)


def test_several_walks_stacked():
    spy, walks = model(), [[walk(4, 8, 6)], [walk(4, 8, 6, seed=1)]]
    batch = spy.batch(walks)
    assert batch.inputs[0].shape == (2, 4, 8, 6)
    assert spy.embed(batch).shape == (2, 1, 1)
    assert spy.module.seen[4] is None


@pytest.mark.parametrize(
    ("shape", "axes"), [((), "n s"), ((85,), "n s c"), ((64, 44), "n s h w"), ((2, 64, 44), "n s c h w")]
)
def test_axes_go_by_the_number_of_dimensions(shape, axes):
    assert model().batch([[walk(3, *shape)]]).axes == (axes,)


def test_two_inputs():
    spy = model(transforms=2)
    batch = spy.batch([[walk(3, 8, 6), walk(3)]])
    assert batch.axes == ("n s h w", "n s")
    assert [list(x.shape) for x in batch.inputs] == [[1, 3, 8, 6], [1, 3]]


def test_transforms_that_turn_frames_around_are_taken():
    spy = model()
    spy.transforms[0] = lambda frames: frames[:, :, ::-1]
    assert torch.equal(spy.batch([[walk(3, 8, 6)]]).inputs[0].flip(3), model().batch([[walk(3, 8, 6)]]).inputs[0] * 2)


@pytest.mark.parametrize(("inputs", "transforms"), [(2, 1), (1, 2)])
def test_inputs_and_transforms_must_be_as_many(inputs, transforms):
    sentence = rf"A walk has {inputs} input\(s\) and s\.yaml has {transforms} transform\(s\) \(Halve.*data_in_use"
    with pytest.raises(VisualAnalyseError, match=sentence):
        model(transforms=transforms).batch([[walk(3, 8, 6)] * inputs])


def test_inputs_must_have_as_many_frames():
    with pytest.raises(VisualAnalyseError, match="3 and 4 frames in its inputs"):
        model(transforms=2).batch([[walk(3, 8, 6), walk(4)]])
    with pytest.raises(VisualAnalyseError, match="0 frames in its inputs"):
        model().batch([[walk(0, 8, 6)]])


@pytest.mark.parametrize(("other", "packed"), [((4, 8, 6), False), ((3, 8, 7), False), ((3, 8, 7), True)])
def test_walks_of_unequal_shape_do_not_fit(other, packed):
    with pytest.raises(VisualAnalyseError, match=r"\[3, 8, 6\] and .* do not fit into one batch"):
        model().batch([[walk(3, 8, 6)], [walk(*other)]], packed=packed)


def test_a_transform_that_fails():
    spy = model()
    spy.transforms[0] = lambda frames: frames.reshape(1, 7)
    with pytest.raises(
        VisualAnalyseError,
        match=r"The transforms failed: ValueError: cannot reshape .* It was given an input \(3,8,6\)\. Check",
    ):
        spy.batch([[walk(3, 8, 6)]])


def test_gradients_follow_the_callers_mode():
    spy = model()
    batch = spy.batch([[walk(3, 8, 6)]])
    assert spy.embed(batch).requires_grad
    with torch.no_grad():
        assert not spy.embed(batch).requires_grad


def test_flat_embeddings_have_one_part():
    spy = model(lambda inputs: {"inference_feat": {"embeddings": torch.zeros(1, 7)}})
    assert spy.embed(spy.batch([[walk(3, 8, 6)]])).shape == (1, 7, 1)


@pytest.mark.parametrize(
    ("answer", "keys"),
    [
        ({"inference_feat": {"pred": 1, "mask": 2}}, "pred, mask"),
        ({"inference_feat": {}}, "nothing"),
        ({}, "nothing"),
        (3, "nothing"),
        ({"inference_feat": {"embeddings": torch.zeros(3)}}, "embeddings"),
    ],
)
def test_an_answer_without_embeddings_lists_what_it_has(answer, keys):
    spy = model(lambda inputs: answer)
    with pytest.raises(VisualAnalyseError, match=f"S answers without embeddings .* inference_feat has {keys}\\."):
        spy.embed(spy.batch([[walk(3, 8, 6)]]))


def test_an_answer_of_too_few():
    spy = model(lambda inputs: {"inference_feat": {"embeddings": torch.zeros(1, 7, 2)}})
    with pytest.raises(VisualAnalyseError, match="answered 2 walks with 1 embeddings"):
        spy.embed(spy.batch([[walk(3, 8, 6)], [walk(4, 8, 6)]], packed=True))


def test_a_model_that_fails_says_on_what():
    def stumble(inputs):
        raise RuntimeError("sizes differ\nand more")

    spy = model(stumble)
    with pytest.raises(
        VisualAnalyseError, match=r"S failed on an input of \[1, 3, 8, 6\]: RuntimeError: sizes differ\. Check"
    ):
        spy.embed(spy.batch([[walk(3, 8, 6)]]))


def test_exceptions_of_the_caller_are_no_faults_of_the_model():
    class Enough(RuntimeError): ...

    def stop(inputs):
        raise Enough

    spy = model(stop)
    with pytest.raises(Enough):
        spy.embed(spy.batch([[walk(3, 8, 6)]]))


def several(inputs):
    return {
        "inference_feat": {
            "embeddings": torch.zeros(1, 7, 3),
            "embeddings_00": torch.ones(1, 7),
            "mask": torch.zeros(1, 2, 3, 4),
            "n": 3,
        }
    }


def test_an_embedding_by_name():
    spy = model(several, embedding="embeddings_00")
    found = spy.embed(spy.batch([[walk(3, 8, 6)]]))
    assert (found.shape, float(found.mean())) == ((1, 7, 1), 1)


@pytest.mark.parametrize("name", ["other", "mask", "n"])
def test_an_embedding_that_is_not_there(name):
    spy = model(several, embedding=name)
    there = r"has embeddings \[1, 7, 3\], embeddings_00 \[1, 7\]\. .*--embedding"
    with pytest.raises(VisualAnalyseError, match=f"S answers without an embedding '{name}' .* {there}"):
        spy.embed(spy.batch([[walk(3, 8, 6)]]))


def test_a_model_with_other_embeddings_names_them():
    spy = model(lambda inputs: {"inference_feat": {"deep": torch.zeros(1, 7, 3)}})
    with pytest.raises(VisualAnalyseError, match=r"has deep.*Or take deep with --embedding"):
        spy.embed(spy.batch([[walk(3, 8, 6)]]))


def test_prepared_walks_make_the_same_batch():
    spy, walks = model(), [[walk(5, 8, 6)], [walk(3, 8, 6, seed=1)]]
    joined = spy.join([spy.prepare(one) for one in walks], packed=True)
    assert torch.equal(joined.inputs[0], spy.batch(walks, packed=True).inputs[0])
    assert joined.lengths == (5, 3)


class Here:
    """Stands for a checkout: its code runs where it is."""

    @contextlib.contextmanager
    def active(self, device):
        yield

    @contextlib.contextmanager
    def faults(self, *words):
        yield

    def has_pretreatment(self, module):
        return False


def test_what_a_checkout_draws_comes_from_the_seed_and_nobody_elses_numbers_change():
    def noisy(frames):
        return frames + np.random.random() + random.random() + torch.rand(1).item()

    spy = dataclasses.replace(model(), transforms=[noisy], checkout=Here())
    frames = [walk(3, 8, 6)]
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    one, same, other = (spy.prepare(frames, seed).inputs[0] for seed in (7, 7, 1 << 58))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    spy = dataclasses.replace(
        model(lambda inputs: {"inference_feat": {"embeddings": torch.rand(1, 2)}}), checkout=Here()
    )
    batch = spy.batch([frames])
    assert torch.equal(spy.embed(batch, 3), spy.embed(batch, 3))


# --- which frames are shown, where joints end up, what is written into, and conditions ---


def sampled(sampler, transforms=1, change=lambda frames: frames / 2.0):
    spy = model(transforms=transforms)
    cfgs = {**spy.config.sections, "evaluator_cfg": {**spy.config.sections["evaluator_cfg"], "sampler": sampler}}
    return dataclasses.replace(spy, config=Config(Path("s.yaml"), cfgs), transforms=[change] * transforms)


SAMPLERS = {
    "all": {"sample_type": "all_ordered"},
    "limit": {"sample_type": "all_ordered", "frames_all_limit": 4},
    "ordered": {"sample_type": "fixed_ordered", "frames_num_fixed": 6, "frames_skip_num": 2},
    "allordered": {"sample_type": "fixed_allordered", "frames_num_fixed": 6},
    "unordered": {"sample_type": "fixed_unordered", "frames_num_fixed": 6},
    "unfixed": {"sample_type": "unfixed_ordered", "frames_num_min": 3, "frames_num_max": 7, "frames_skip_num": 1},
}


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("length", [2, 9, 31])
def test_the_shown_frames_are_those_it_says(name, length):
    spy, frames = sampled(SAMPLERS[name]), walk(length, 8, 6)
    ready = spy.prepare([frames])
    assert ready.shown.dtype == np.int64
    assert ready.frames == len(ready.shown) == len(ready.inputs[0])
    assert np.array_equal(ready.inputs[0], frames[ready.shown] / 2.0)
    assert spy.join([ready]).lengths == (len(ready.shown),)
    if name == "all":
        assert ready.shown.tolist() == list(range(length))
    if name == "limit":
        assert ready.shown.tolist() == list(range(min(4, length)))
    if name in ("ordered", "allordered") and length >= 8:
        assert (np.diff(ready.shown) > 0).all()
        assert len(ready.shown) == 6


@pytest.mark.parametrize("name", ["ordered", "allordered", "unordered", "unfixed"])
def test_a_seed_draws_the_same_frames(name):
    spy, frames = sampled(SAMPLERS[name]), [walk(31, 8, 6)]
    before = np.random.get_state()[1].tolist()
    drawn = [spy.prepare(frames, seed).shown.tolist() for seed in (1, 1, *range(2, 12))]
    assert np.random.get_state()[1].tolist() == before
    assert drawn[0] == drawn[1]
    assert len({tuple(shown) for shown in drawn}) > 5
    own = dataclasses.replace(spy, seed=1)
    assert own.prepare(frames).shown.tolist() == drawn[0]


def test_inputs_are_shown_the_same_frames():
    spy = sampled(SAMPLERS["unordered"], transforms=2)
    frames, ratios = walk(31, 8, 6), np.arange(31.0)
    ready = spy.prepare([frames, ratios])
    assert np.array_equal(ready.inputs[1] * 2, ready.shown)
    assert np.array_equal(ready.inputs[0] * 2, frames[ready.shown])


def test_points_are_drawn_of_each_frames_cloud():
    sampler = {"sample_type": "all_ordered", "points_in_use": {"pointcloud_index": 0, "points_num": 5}}
    rng = np.random.default_rng(0)
    clouds = [rng.random((many, 3)) for many in (4, 9, 30)]
    spy = sampled(sampler, change=lambda points: points)
    ready = spy.prepare([clouds], 3)
    assert ready.axes == ("n s q c",)
    assert ready.inputs[0].shape == (3, 5, 3)
    for drawn, cloud in zip(ready.inputs[0], clouds, strict=True):
        assert {tuple(point) for point in drawn} <= {tuple(point) for point in cloud}
    assert np.array_equal(ready.inputs[0], spy.prepare([clouds], 3).inputs[0])
    assert not np.array_equal(ready.inputs[0], spy.prepare([clouds], 4).inputs[0])


def pose(length, joints=17):
    return np.random.default_rng(0).random((length, joints, 3)).astype(np.float32) * 100


POSES = {
    "as it is": (lambda x: x, "n s v c"),
    "channels first": (lambda x: x.transpose(2, 0, 1), "n c s v"),
    "joints before frames": (lambda x: x.transpose(1, 0, 2), "n v s c"),
    "one person more": (lambda x: x.transpose(2, 0, 1)[..., None], "n c s v i"),
    "branches": (lambda x: np.stack([x, x * 2], 0).transpose(1, 0, 3, 2), "n s c i v"),
}


@pytest.mark.parametrize("name", POSES)
def test_the_axes_of_a_pose_are_named(name):
    change, axes = POSES[name]
    spy = sampled(SAMPLERS["all"], change=change)
    ready = spy.prepare([pose(9)])
    assert ready.axes == (axes,)
    assert ready.joints[0].tolist() == list(range(17))
    assert ready.shown.tolist() == list(range(9))
    batch = spy.join([ready])
    names = axes.split()
    assert (batch.inputs[0].shape[names.index("v")], batch.inputs[0].shape[names.index("s")]) == (17, 9)


def test_joints_and_frames_that_a_transform_turns_are_followed():
    """Reversed joints, every other frame, of frames that were themselves drawn."""
    spy = sampled(SAMPLERS["unordered"], change=lambda x: x[::2, ::-1])
    frames = pose(31)
    ready = spy.prepare([frames])
    assert ready.joints[0].tolist() == list(range(17))[::-1]
    assert ready.frames == len(ready.shown) == 3
    assert np.array_equal(ready.inputs[0], frames[ready.shown][:, ::-1])


def test_a_walk_of_one_frame_and_of_as_many_as_joints():
    for length in (1, 17):
        ready = sampled(SAMPLERS["all"], change=lambda x: x.transpose(1, 0, 2)).prepare([pose(length)])
        assert ready.axes == ("n v s c",)


@pytest.mark.parametrize("kind", ["silhouettes", "pose", "clouds"])
@pytest.mark.parametrize("sampler", ["all", "limit", "unordered"])
def test_what_a_transform_writes_into_is_not_the_callers(kind, sampler):
    def change(x):
        x[...] = x * 3 + 1
        return x

    data = {"silhouettes": walk(9, 8, 6), "pose": pose(9), "clouds": [pose(1, 20)[0] for _ in range(9)]}[kind]
    before = [np.array(x, copy=True) for x in data]
    ready = sampled(SAMPLERS[sampler], change=change).prepare([data])
    assert not np.array_equal(ready.inputs[0][0], before[ready.shown[0]])
    assert all(np.array_equal(a, b) for a, b in zip(before, data, strict=True))


def asking(known, tried):
    """A model that looks its class up by a walk's condition."""

    def answer(inputs):
        condition = inputs[2][0]
        tried.append(condition)
        assert len(inputs[2]) == len(inputs[0][0]) or inputs[4] is not None
        return {"inference_feat": {"embeddings": torch.full((len(inputs[2]), 1, 1), float(known[condition]))}}

    return answer


def test_a_condition_that_a_model_looks_up_is_tried_and_remembered():
    tried = []
    spy = model(asking({"neutral": 2}, tried))
    batch = spy.batch([[walk(3, 8, 6)]])
    assert [float(spy.embed(batch)) for _ in range(3)] == [2, 2, 2]
    assert tried == ["", "neutral", "neutral", "neutral"]


def test_a_model_that_takes_any_condition_is_asked_once():
    tried = []
    spy = model(asking({"": 1, "neutral": 2}, tried))
    batch = spy.batch([[walk(3, 8, 6)]] * 2)
    assert spy.embed(batch).flatten().tolist() == [1, 1]
    assert tried == [""]


def test_a_condition_that_nothing_answers_is_told_and_not_remembered():
    tried = []
    spy = model(asking({}, tried))
    batch = spy.batch([[walk(3, 8, 6)]])
    for _ in range(2):
        with pytest.raises(VisualAnalyseError, match="KeyError: 'neutral'"):
            spy.embed(batch)
    assert tried == ["", "neutral"] * 2


def test_another_key_that_is_missing_is_told_at_once():
    tried = []

    def answer(inputs):
        tried.append(inputs[2][0])
        return {}["embeddings_of_old"]

    spy = model(answer)
    with pytest.raises(VisualAnalyseError, match="embeddings_of_old"):
        spy.embed(spy.batch([[walk(3, 8, 6)]]))
    assert tried == [""]


def test_a_copy_of_a_model_remembers_by_itself():
    spy = sampled(SAMPLERS["limit"])
    assert spy.sampling.limit == 4
    cfgs = {**spy.config.sections, "evaluator_cfg": {"transform": [{"type": "Halve"}]}}
    assert dataclasses.replace(spy, config=Config(Path("s.yaml"), cfgs)).sampling.limit is None


# --- what a checkout's transforms are given ---


class Faulty(Here):
    """A checkout whose faults are told as a checkout tells them."""

    @contextlib.contextmanager
    def faults(self, what, hint, kinds):
        try:
            yield
        except kinds as error:
            raise VisualAnalyseError(f"{what}: {error} {hint}") from error


def of_checkout(*items, change=lambda x: x):
    spy = model(transforms=len(items))
    cfgs = {**spy.config.sections, "evaluator_cfg": {"save_name": "S", "transform": list(items)}}
    config = Config(Path("s.yaml"), cfgs)
    return dataclasses.replace(spy, config=config, transforms=[change] * len(items), checkout=Faulty())


def composed(*names):
    return {"type": "Compose", "trf_cfg": [{"type": name} for name in names]}


CLOUDS = [np.ones((many, 3), np.float32) for many in (3, 4, 5)]


@pytest.mark.parametrize(
    ("item", "data", "sentence"),
    [
        ({"type": "GaitTRMultiInput"}, walk(12, 64, 64), r"GaitTRMultiInput of s\.yaml takes poses \(T,17,3\), and "
         r"silhouette \(12,64,64\) was given\. .*data_in_use"),
        (composed("NormalizeEmpty", "GaitGraphMultiInput"), walk(5, 64, 64), "NormalizeEmpty of s.yaml takes poses"),
        (composed("SelectSequenceCenter", "SkeletonInput"), walk(5, 64, 64), "SkeletonInput of s.yaml takes poses"),
        ({"type": "GaitGraph1Input"}, CLOUDS, "takes poses .* points, a list of 3 clouds was given"),
        ({"type": "BaseSilCuttingTransform"}, pose(12), r"takes pictures .* pose \(12,17,3\) was given"),
        ({"type": "BaseRgbTransform"}, CLOUDS, "takes pictures .* list of 3 clouds"),
        ({"type": "PointCloudsTransform"}, walk(5, 64, 64), r"takes points.* silhouette \(5,64,64\)"),
    ],
)  # fmt: skip
def test_a_walk_of_another_kind_than_a_checkouts_transform_takes(item, data, sentence):
    with pytest.raises(VisualAnalyseError, match=sentence):
        of_checkout(item).prepare([data])


@pytest.mark.parametrize(
    ("item", "data"),
    [
        ({"type": "GaitTRMultiInput"}, pose(12)),
        ({"type": "GaitTRMultiInput"}, pose(12, 18)),
        ({"type": "SkeletonInput"}, pose(12, 25)),  # a fork's joints
        ({"type": "RatioHW"}, walk(12, 2)),
        ({"type": "BaseSilCuttingTransform"}, walk(12, 2, 64, 64)),
        ({"type": "PointCloudsTransform"}, np.ones((4, 17, 3), np.float32)),
        ({"type": "Theirs"}, pose(12)),
        (composed("Theirs", "GaitTRMultiInput"), walk(12, 64, 64)),
    ],
)
def test_a_walk_that_may_be_what_the_transform_takes_passes(item, data):
    ready = of_checkout(item).prepare([data])
    assert np.array_equal(ready.inputs[0], data)


def test_what_failed_says_what_it_was_given():
    spy = of_checkout({"type": "GaitTRMultiInput"}, change=lambda x: x[:, 40])
    with pytest.raises(VisualAnalyseError, match=r"out of bounds.* It was given pose \(12,18,3\)\. Check the walk"):
        spy.prepare([pose(12, 18)])


def test_a_model_says_in_one_line_what_it_is():
    assert repr(model()) == "<GaitModel S: Spy, built-in, on cpu, random weights>"
    there = dataclasses.replace(model(), checkpoint=Path("a.pt"), checkout=Here())
    assert repr(there) == "<GaitModel S: Spy, checkout, on cpu, checkpoint a.pt>"
