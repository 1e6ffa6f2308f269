"""Plans: what dry runs show, and the poke test on networks small enough to see through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests import poke
from tests.explain.nets import Model, SetNet, StripNet, TimeNet, fixed, walk
from visual_analyse.explain.description import bound, cost, lies
from visual_analyse.explain.layers import leaves, select
from visual_analyse.explain.resolving import resolve
from visual_analyse.explain.strips import Strips


def parts_of(model, wanted, plan):
    return [
        layer for layer in select([layer for layer, _ in leaves(model.module)], wanted) if not plan[layer.number].reason
    ]


CASES = {
    "set": (SetNet, ["one", "act", "pool", "two"], [(1,), (2,), (3,), (31,)]),
    "strips": (StripNet, ["first", "local"], [(1,), (5,)]),
    "backwards": (lambda: StripNet(backwards=True), ["first", "local"], [(5,)]),
    "time": (TimeNet, ["wide", "stride", "deep"], [(3,), (7,), (31,)]),
}


@pytest.mark.parametrize("case", CASES)
def test_pokes_come_out_where_they_went_in(case):
    make, wanted, walks = CASES[case]
    model = Model(fixed(make()))
    for lengths in walks:
        for height in (16, 24):
            batch = walk(lengths, height)
            plan = resolve(model, batch)
            layers = parts_of(model, wanted, plan)
            assert len(layers) == len(wanted)
            assert poke.poke_frames(model, plan, layers, batch) == []
            assert poke.poke_rows(model, plan, layers, batch) == []


@pytest.mark.parametrize("packed", [False, True])
def test_pokes_stay_in_their_walk(packed):
    model = Model(fixed(SetNet()))
    batch = walk((4, 7) if packed else (5, 5), packed=packed)
    plan = resolve(model, batch)
    layers = parts_of(model, ["one", "act", "pool", "two"], plan)
    assert poke.poke_frames(model, plan, layers, batch) == []


def broken(plan, number, **changes):
    return replace(plan, places={**plan.places, number: replace(plan[number], **changes)})


def test_broken_strips_fail_the_poke():
    model = Model(fixed(StripNet()))
    batch = walk((3,))
    plan = resolve(model, batch)
    layers = parts_of(model, "local", plan)
    number = layers[0].number
    assert plan[number].strips == Strips(2, (0, 1, 2, 3))
    for order in ((3, 2, 1, 0), (1, 2, 3, 0), (3, 0, 1, 2)):
        assert poke.poke_rows(model, broken(plan, number, strips=Strips(2, order)), layers, batch)


class Wrong:
    """A plan that restores something other than what was asked for."""

    def __init__(self, plan, change):
        self.plan, self.change = plan, change

    def __getattr__(self, name):
        return getattr(self.plan, name)

    def __getitem__(self, number):
        return self.plan[number]

    def restore(self, number, outputs, lengths):
        return self.change(self.plan.restore(number, outputs, lengths))


@pytest.mark.parametrize("make", [SetNet, TimeNet])
def test_reversed_time_fails_the_poke(make):
    model = Model(fixed(make()))
    batch = walk((12,))
    plan = Wrong(resolve(model, batch), lambda parts: [part.flip(1) for part in parts])
    assert poke.poke_frames(
        model, plan, parts_of(model, ["one", "two"] if make is SetNet else ["wide", "deep"], plan), batch
    )


def test_swapped_sequences_fail_the_poke():
    model = Model(fixed(SetNet()))
    batch = walk((5, 5))
    plan = Wrong(resolve(model, batch), lambda parts: parts[::-1])
    assert poke.poke_frames(model, plan, parts_of(model, ["one"], plan), batch)


def test_reversed_rows_fail_the_poke():
    model = Model(fixed(SetNet()))
    batch = walk((2,))
    plan = Wrong(resolve(model, batch), lambda parts: [part.flip(2) for part in parts])
    assert poke.poke_rows(model, plan, parts_of(model, ["one", "two"], plan), batch)


def test_time_is_the_axis_that_moves_not_the_one_that_fits():
    """Eight frames, eight rows, eight channels: sizes say nothing."""
    model = Model(fixed(StripNet()))
    batch = walk((8,), 8, 8)
    plan = resolve(model, batch)
    assert plan[1].axes is not None
    assert plan[1].axes.time == 0
    assert plan.steps(1, 31) == 31


def test_overwritten_outputs_are_found():
    model = Model(fixed(SetNet()))
    plan = resolve(model, walk((3,)))
    names = {layer.number: layer.name for layer, _ in leaves(model.module)}
    assert {names[number] for number, _ in plan.overwritten} == {"one", "two"}


def test_the_input_that_a_layer_lies_on_is_found():
    """Two inputs, the second of them behind the second layer alone; the third layer sees both."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.both = (nn.Conv2d(k, 2, 3, padding=1) for k in (1, 1, 4))

        def forward(self, batch):
            a, b = (
                layer(x.flatten(0, 1).unsqueeze(1)) for layer, x in zip((self.one, self.two), batch.inputs, strict=True)
            )
            return self.both(torch.cat([a, b], 1)).mean((0, 3)).unsqueeze(0)

    model = Model(fixed(Two()))
    first, second = walk((4,)), walk((4,), seed=5)
    batch = replace(first, inputs=(*first.inputs, *second.inputs), axes=first.axes * 2)
    plan = resolve(model, batch)
    assert [plan[number].on for number in (1, 2, 3)] == [0, 1, 0]


def test_reasons():
    model = Model(fixed(SetNet()))
    plan = resolve(model, walk((3,)))
    names = {layer.name: plan[layer.number] for layer, _ in leaves(model.module)}
    assert names["unused"].reason == "is never called in a forward"
    assert names["three"].pooled
    assert not names["two"].pooled


class Stepped:
    """A plan that knows nothing but how its layer's steps lie."""

    def __init__(self, plan, spans):
        self.plan, self.laid = plan, np.array(spans, np.int64).reshape(-1, 2)

    def __getattr__(self, name):
        return getattr(self.plan, name)

    def __getitem__(self, number):
        return self.plan[number]

    def steps(self, number, length):
        return len(self.laid)

    def spans(self, number, length, steps):
        return self.laid


@pytest.mark.parametrize(
    ("spans", "length", "words"),
    [
        ([(0, 3), (1, 5), (2, 7), (3, 9)], 9, "4 steps of 3 to 6 frames"),
        ([(0, 3), (1, 5)], 5, "2 steps of 3 or 4 frames"),
        ([(0, 1), (2, 3)], 3, "2 steps of 1 frame"),
        ([(0, 3)], 4, "1 step of 3 frames (the last 1 unseen)"),
        ([], 1, "steps of more than 1 frame"),
        ([(0, 1)], 1, "each frame"),
    ],
)
def test_steps_in_words(spans, length, words):
    model = Model(fixed(SetNet()))
    plan = resolve(model, walk((3,)))
    (layer,) = parts_of(model, "one", plan)
    said = lies(Stepped(plan, spans), layer.number, length)
    assert said.startswith(f"{words}, ")


@pytest.mark.parametrize(
    ("length", "words"), [(1, "under 1 MB for walks of 1 frame"), (4000, "MB for walks of 4000 fra")]
)
def test_the_cost_in_words(length, words):
    model = Model(fixed(SetNet()))
    plan = resolve(model, walk((3,)))
    said = cost(plan, parts_of(model, ["one"], plan), length)
    assert words in said
    assert not said.endswith("1 frames")
    assert " 0 MB" not in said


@pytest.mark.parametrize("length", [3, 30])
def test_the_bound_by_hand(length):
    """Of a picture of 16 by 8: what `two` and `three` put out, and twice the larger, in floats of four bytes."""
    model = Model(fixed(SetNet()))
    plan = resolve(model, walk((3,)))
    two, three = length * 6 * 8 * 4, 5 * 8 * 4
    assert bound(plan, parts_of(model, ["two"], plan), length) == 4 * (two + three + 2 * two)
    one, pooled = length * 4 * 16 * 8, length * 4 * 8 * 4
    assert bound(plan, parts_of(model, ["two", "one"], plan), length) == 4 * (
        one + one + pooled + two + three + 2 * one
    )
