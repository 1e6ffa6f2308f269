"""Skeleton models: what OpenGait's have and answer, what their inputs are, and walks one after another."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.models.builtin.skeletons import FACTS, GOLDEN, embed, fill, joints_of, leaves, pose_walk, shapes
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.gait.pose_transforms import LAYOUTS, Layout
from visual_analyse.gait.transforms import build_transforms
from visual_analyse.models.builtin import BuiltinModel, build
from visual_analyse.models.builtin.gaitgraph2 import multi_input
from visual_analyse.models.builtin.resgcn import ResGCN, adjacency

FROZEN: dict[str, dict[str, Any]] = json.loads(FACTS.read_text())
SMALL: dict[str, dict[str, Any]] = {
    "GaitGraph2": {"model": "GaitGraph2", "joint_format": "coco", "input_num": 3, "reduction": 2, "num_class": 6,
                   "block": "Bottleneck", "input_branch": [5, 8, 4], "main_stream": [4, 8, 12], "tta": True},
    "GaitTR": {"model": "GaitTR", "joint_format": "coco", "in_channels": [10, 32, 32, 64], "num_class": 6},
}  # fmt: skip
SHAPES = {"GaitGraph2": (17, 3, 5), "GaitTR": (10, 17, 1)}


@pytest.fixture(params=list(SMALL))
def model(request: pytest.FixtureRequest) -> BuiltinModel:
    return make(request.param)


def make(name: str, **changed: Any) -> BuiltinModel:
    torch.manual_seed(0)
    made = build({**copy.deepcopy(SMALL[name]), **changed}).eval()
    fill(made)
    return made


def poses_like(model: BuiltinModel, n: int, s: int) -> Tensor:
    return torch.randn(n, s, *SHAPES[type(model).__name__], generator=torch.Generator().manual_seed(s))


def apart(a: Any, b: Any) -> float:
    a, b = np.asarray(a), np.asarray(b)
    return float(np.abs(a - b).max() / np.abs(a).max())


@pytest.mark.parametrize("name", FROZEN)
def test_official_config_builds_what_official_checkpoints_hold(name: str) -> None:
    fact = FROZEN[name]
    model = build(fact["model_cfg"])
    assert list(shapes(model).items()) == list(fact["state_dict"].items())
    assert sum(value.numel() for value in model.parameters()) == fact["parameters"]
    assert leaves(model) == fact["leaves"]


@pytest.mark.parametrize("name", FROZEN)
def test_golden_embedding_comes_out(name: str) -> None:
    fact = FROZEN[name]
    model = build(fact["model_cfg"]).eval()
    fill(model)
    walk = build_transforms(fact["transform"])[0](pose_walk(joints_of(fact["model_cfg"])))
    found = embed(model, torch.from_numpy(np.stack([walk, walk * 0.9]).astype(np.float32)))
    golden = np.load(GOLDEN, allow_pickle=False)[name]
    assert found[:1].shape == golden.shape
    assert apart(golden, found[:1]) <= 1e-4
    assert apart(golden, found[1:]) > 1e-2


def test_joints_near_each_other_share_one() -> None:
    graph = adjacency(LAYOUTS["coco"])
    hand_elbow_shoulder = [9, 7, 5]
    assert [float(graph[k, 9, joint] > 0) for k, joint in enumerate(hand_elbow_shoulder)] == [1.0] * 3
    # Three links from the left wrist (9): elbow 7, shoulder 5, then ear 3, shoulder 6 and hip 11.
    assert (graph[:, 9] > 0).nonzero().tolist() == [[0, 9], [1, 7], [2, 5], [3, 3], [3, 6], [3, 11]]
    assert graph[:, :, 9].unique().tolist() == pytest.approx([0.0, 1 / 6])
    assert torch.equal(graph > 0, (graph > 0).transpose(1, 2))


def test_what_is_made_of_a_pose_is_that_of_a_calculation_by_hand() -> None:
    layout = LAYOUTS["coco"]
    joints = torch.zeros(1, 4, 17, 3)
    joints[..., 2] = 0.5
    joints[0, :, 9, :2] = torch.tensor([[3.0, 4.0], [4.0, 6.0], [9.0, 9.0], [0.0, 0.0]])
    joints[0, :, 0, 0] = 1.0
    kinds = multi_input(joints, layout)[0, :, 9]
    assert kinds.shape == (4, 3, 5)
    assert kinds[0, 0].tolist() == [3.0, 4.0, 0.5, 2.0, 4.0]
    assert (
        kinds[:, 1].tolist()
        == [[1.0, 2.0, 0.0, 0.5, 5.0], [5.0, 3.0, 0.0, 0.5, -6.0]] + [[0.0, 0.0, 0.0, 0.5, 0.0]] * 2
    )
    assert kinds[0, 2].tolist() == pytest.approx([3.0, 4.0, 0.0, 0.5, np.arccos(4 / 5.0001)])


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_short_walk_does_not_move(frames: int) -> None:
    kinds = multi_input(torch.randn(1, frames, 18, 3), LAYOUTS["openpose"])
    moving = kinds[0, :, :, 1, [0, 1, 4]].abs().sum((1, 2)) > 0
    assert moving.tolist() == [k < frames - 2 for k in range(frames)]


def test_the_gradient_of_a_bone_without_length_is_a_number() -> None:
    joints = torch.zeros(1, 3, 18, 3, requires_grad=True)
    multi_input(joints, LAYOUTS["alphapose"]).sum().backward()  # its neck is its own parent
    assert joints.grad is not None and bool(joints.grad.isfinite().all())


def test_a_test_sees_a_walk_thrice() -> None:
    layout, walk = LAYOUTS["coco"], torch.from_numpy(pose_walk(17))[None]
    mirror = list(layout.mirror)
    once, thrice = make("GaitGraph2", tta=False), make("GaitGraph2")
    seen = [walk, walk.flip(1), walk[:, :, mirror]]
    alone = np.concatenate([embed(once, multi_input(joints, layout)) for joints in seen], 1)
    assert apart(alone, embed(thrice, multi_input(walk, layout))) < 1e-5
    assert apart(alone[:, :6], alone[:, 6:12]) > 1e-2 and apart(alone[:, :6], alone[:, 12:]) > 1e-2


@pytest.mark.parametrize("layout", LAYOUTS.values())
def test_a_mirrored_body_is_a_body(layout: Layout) -> None:
    mirror = layout.mirror
    assert [mirror[mirror[k]] for k in range(layout.joints)] == list(range(layout.joints))
    links = {frozenset(link) for link in layout.links}
    assert {frozenset((mirror[one], mirror[other])) for one, other in layout.links} == links
    assert {mirror[limb] for limb in layout.limbs} == set(layout.limbs)


@pytest.mark.parametrize("kind", ["Bottleneck", "Basic", "initial"])
@pytest.mark.parametrize(("stream", "steps"), [([4, 8, 12], (3, 6)), ([4, 8, 8], (6, 11)), ([12, 12, 12], (6, 11))])
def test_time_is_halved_where_channels_change(kind: str, stream: list[int], steps: tuple[int, int]) -> None:
    net = ResGCN(1, [5, stream[0]], stream, 2, 2, kind, adjacency(LAYOUTS["coco"])).eval()
    kept: list[Tensor] = []
    net.global_pooling.register_forward_hook(lambda _m, inputs, _o: kept.append(inputs[0]))
    net(torch.randn(1, 1, 5, 11, 17))
    assert kept[0].shape == (1, stream[-1], steps[kind != "Bottleneck"], 17)


def test_packed_walks_are_embedded_as_alone(model: BuiltinModel) -> None:
    first, second = poses_like(model, 1, 5), poses_like(model, 1, 9)
    alone = np.concatenate([embed(model, first), embed(model, second)])
    with torch.no_grad():
        packed = model(([torch.cat([first, second], 1)], None, None, None, torch.tensor([[5, 9]])))
    assert apart(alone, packed["inference_feat"]["embeddings"].numpy()) < 1e-5
    assert apart(alone[0], alone[1]) > 1e-3


def test_stacked_walks_are_embedded_as_alone(model: BuiltinModel) -> None:
    walks = poses_like(model, 3, 7)
    alone = np.concatenate([embed(model, walk[None]) for walk in walks])
    assert apart(alone, embed(model, walks)) < 1e-5
    assert apart(alone[0], alone[1]) > 1e-3


@pytest.mark.parametrize("s", [1, 2, 3, 40])
def test_lengths_vary_and_the_order_of_frames_matters(model: BuiltinModel, s: int) -> None:
    walk = poses_like(model, 1, s)
    found = embed(model, walk)
    assert found.shape == (1, 18 if "GaitGraph2" in type(model).__name__ else 6, 1) and bool(np.isfinite(found).all())
    if s == 40:
        order = torch.randperm(s, generator=torch.Generator().manual_seed(1))
        assert apart(found, embed(model, walk[:, order])) > 1e-3


def test_training_reaches_every_parameter(model: BuiltinModel) -> None:
    model.train()
    feats = model(([poses_like(model, 4, 9)], torch.tensor([0, 0, 1, 1]), None, None, None))["training_feat"]
    learnt = feats["SupConLoss"]["features"] if "SupConLoss" in feats else feats["triplet"]["embeddings"]
    assert learnt.shape[:2] == (4, 6)
    learnt.square().sum().backward()
    for name, value in model.named_parameters():
        # What lies before a batch norm or a softmax over all keys alike moves nothing.
        still = re.search(r"(conv\w*|gcn|residual\S*)\.bias$", name)
        assert value.grad is not None and (still or value.grad.abs().max() > 0), name


def test_fresh_weights_are_spread_and_the_graph_is_whole(model: BuiltinModel) -> None:
    fresh = build(SMALL[type(model).__name__])
    for name, child in fresh.named_modules():
        if isinstance(child, nn.Conv2d):
            assert child.weight.std() > 0.01, name
    for name, value in fresh.state_dict().items():
        if name.endswith("edge"):
            assert bool((value == 1).all())


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((1, 5, 17, 3), "float32 [1, 5, 17, 3]"),
        ((1, 5, 64, 44), "float32 [1, 5, 64, 44]"),
        ((1, 5, 18, 3, 5), "float32 [1, 5, 18, 3, 5]"),
        ((1, 5, 10, 18, 1), "float32 [1, 5, 10, 18, 1]"),
    ],
)
def test_poses_that_do_not_fit(model: BuiltinModel, shape: tuple[int, ...], found: str) -> None:
    with pytest.raises(VisualAnalyseError, match=re.escape(found) + ".*joint_format"):
        embed(model, torch.zeros(shape))


def test_other_input_that_does_not_fit(model: BuiltinModel) -> None:
    with pytest.raises(VisualAnalyseError, match="at least one frame"):
        embed(model, poses_like(model, 1, 0))
    with pytest.raises(VisualAnalyseError, match=r"takes float poses.*int64"):
        embed(model, torch.zeros(1, 5, *SHAPES[type(model).__name__], dtype=torch.int64))
    with pytest.raises(VisualAnalyseError, match="takes one input, and 2 were given"):
        model(([poses_like(model, 1, 3)] * 2, None, None, None, None))
    with pytest.raises(VisualAnalyseError, match=r"seqL says \[3\]"):
        model(([poses_like(model, 1, 4)], None, None, None, torch.tensor([[3]])))


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("GaitGraph2", {"joint_format": "h36m"}, "joint_format is 'h36m'; it should be 'coco' or 'alphapose'"),
        ("GaitGraph2", {"block": "Narrow"}, "block is 'Narrow'"),
        ("GaitGraph2", {"input_num": 4}, "input_num is 4; there are 3 kinds"),
        ("GaitGraph2", {"input_branch": [3, 4]}, r"input_branch \[3, 4\].*begins with 5"),
        ("GaitGraph2", {"main_stream": [8, 12]}, r"main_stream \[8, 12\].*what the first ends with"),
        ("GaitGraph2", {"main_stream": [4]}, r"main_stream \[4\]"),
        ("GaitGraph2", {"reduction": 5}, "reduction is 5, which leaves nothing of 4 channels"),
        ("GaitTR", {"in_channels": [10, 34]}, r"in_channels is \[10, 34\].*multiples of 32"),
        ("GaitTR", {"in_channels": [10]}, r"in_channels is \[10\]"),
        ("GaitTR", {"joint_format": "coco-no-head"}, "joint_format is 'coco-no-head'"),
    ],
)
def test_configs_that_do_not_fit(name: str, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(VisualAnalyseError, match=said):
        build({**SMALL[name], **changed})


def test_fewer_kinds_of_input() -> None:
    both = make("GaitGraph2", input_num=2, tta=False)
    walk = multi_input(torch.randn(1, 9, 17, 3), LAYOUTS["coco"])
    changed = walk.clone()
    changed[:, :, :, 2] += 1
    assert np.array_equal(embed(both, walk), embed(both, changed))
    changed[:, :, :, 1] += 1
    assert not np.array_equal(embed(both, walk), embed(both, changed))
