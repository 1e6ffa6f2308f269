"""Checkouts run by their own code, in one process, and leave nothing behind."""

from __future__ import annotations

import copy
import logging
import os
import random
import re
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.models.fake_checkout import FILES, write_checkout, write_config
from visual_analyse.errors import VisualAnalyseError
from visual_analyse.models.checkout import Checkout, find_checkout
from visual_analyse.models.load import load_model

WALK = [np.arange(5 * 8 * 6, dtype=np.uint8).reshape(5, 8, 6)]
CPU = torch.device("cpu")


def surroundings():
    """All that a checkout could leave behind in a process."""
    mine = {name for name in sys.modules if name.split(".")[0] in {"utils", "data", "modeling", "evaluation", "main"}}
    stand_ins = [torch.load, torch.cuda.set_device, torch.distributed.get_rank, torch.nn.Module.to, torch.Tensor.cuda]
    return (
        mine, list(sys.path), [type(finder) for finder in sys.meta_path], Path.cwd(), stand_ins,
        list(logging.root.handlers), np.get_printoptions(), torch.get_rng_state().tolist(), random.getstate(),
    )  # fmt: skip


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a fake model; the process must look afterwards as it did before."""
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    before = surroundings()

    def load(model="Walker", root="A", mark="plain", extra=None, **options):
        checkout = write_checkout(tmp_path / root, mark, extra)
        config = write_config(tmp_path / f"{root}_{model}.yaml", model)
        return load_model(config, checkout=checkout, device="cpu", **options)

    yield load
    assert surroundings() == before


def embed(model, walk=WALK):
    return model.embed(model.batch([walk]))


def test_a_model_is_built_and_run_by_its_own_code(load):
    model = load()
    frames = torch.from_numpy(WALK[0] / 2.0).float()  # the checkout's own transform halves
    conv, head = model.module.Backbone.conv, model.module.Head
    expected = head(conv(frames[:, None]).mean((2, 3)).amax(0))
    assert torch.allclose(embed(model)[0, :, 0], expected, atol=1e-5)
    assert (model.source, model.class_name, model.name, model.metric) == ("checkout", "Walker", "Walker_run", "cos")
    assert type(model.module).__name__ == "Walker"
    assert not model.module.training
    assert not any(parameter.requires_grad for parameter in model.module.parameters())


def test_nothing_is_written_into_the_checkout(load, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    root = write_checkout(tmp_path / "A")
    before = sorted(path.relative_to(root) for path in root.rglob("*"))
    embed(load())
    assert sorted(path.relative_to(root) for path in root.rglob("*")) == before


def test_a_bare_root_logger_stays_bare(load, monkeypatch):
    with monkeypatch.context() as bare:
        bare.setattr(logging.root, "handlers", [])
        load()
        assert logging.root.handlers == []


def test_only_the_files_that_are_needed_are_imported(load):
    names = {path.name for path in load().code}
    assert {"walker.py", "base_model.py", "columns.py"} <= names
    assert not {"needy.py", "others.py", "wanting.py", "spoilt.py"} & names


def test_a_missing_package_is_named_with_the_file_that_wants_it(load):
    with pytest.raises(VisualAnalyseError, match=r"models/needy\.py, line 1, needs the package cv2_of_a_better_world"):
        load("Needy")


def test_the_package_to_install_goes_by_its_own_name(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    extra = {"opengait/modeling/models/seer.py": "import cv2\n\n\nclass Seer: ...\n"}
    with pytest.raises(VisualAnalyseError, match="pip install opencv-python"):
        load("Seer", extra=extra)


def test_a_file_that_the_checkout_lacks_is_no_package_to_install(load):
    extra = {"opengait/modeling/models/half.py": "from utils.gone import it\n\n\nclass Half: ...\n"}
    with pytest.raises(VisualAnalyseError, match=r"imports utils\.gone, which .*opengait lacks"):
        load("Half", extra=extra)


@pytest.mark.parametrize("name", ["Twofold", "Stroller", "Flat"])
def test_models_within_models_other_names_and_heirs(load, name):
    model = load(name)
    assert embed(model).shape == (1, 3, 1)
    assert type(model.module).__name__ == name


def test_a_later_file_shows_its_class_over_an_earlier_one(load):
    text = "from .walker import Walker as Old\n\n\nclass Walker(Old):\n    striped = True\n"
    extra = {"opengait/modeling/models/zebra.py": text}
    assert load(extra=extra).module.striped


def test_a_class_that_only_running_the_package_shows(load):
    text = "from .walker import Walker\n\nMade = type('Made', (Walker,), {'made': 1})\n"
    extra = {"opengait/modeling/models/__init__.py": text}
    assert load("Made", extra=extra).module.made == 1


def test_taking_everything_from_a_package_leaves_out_what_cannot_be_imported(load):
    extra = {
        "opengait/modeling/models/greedy.py": """
            from ..backbones import *
            from .walker import Walker


            class Greedy(Walker):
                kinds = Columns
        """
    }
    assert load("Greedy", extra=extra).module.kinds.__name__ == "Columns"


def test_a_file_named_like_its_class(load):
    extra = {
        "opengait/modeling/backbones/Rows.py": "from .columns import Columns\n\n\nclass Rows(Columns): ...\n",
        "opengait/modeling/models/named.py": """
            from ..backbones.Rows import Rows as taken
            from .walker import Walker


            class Named(Walker):
                def net(self, cfg):
                    super().net({**cfg, "backbone_cfg": {"type": "Rows", "out": 4}})
        """,
    }
    assert type(load("Named", extra=extra).module.Backbone).__name__ == "Rows"


def test_two_checkouts_in_one_process(load):
    fork = {
        "opengait/modeling/models/hopper.py": "from .walker import Walker\n\n\nclass Hopper(Walker): ...\n",
        "opengait/modeling/special.py": "",
    }
    plain, forked = load(mark="plain"), load("Hopper", root="B", mark="fork", extra=fork)
    for model, mark in [(plain, "plain"), (forked, "fork"), (plain, "plain")]:
        batch = model.batch([WALK])
        with model.checkout.active(CPU):
            answer = model.module((list(batch.inputs), None, None, None, torch.tensor([[5]])))
        assert answer["mark"] == mark
        assert torch.equal(answer["inference_feat"]["embeddings"], embed(model))
    assert torch.equal(embed(plain), embed(forked))  # the same code and seed
    with pytest.raises(VisualAnalyseError, match=r"'Hopper'.*none of that name"):
        load("Hopper")


def test_blocks_of_two_checkouts_within_each_other(load, tmp_path):
    a, b = Checkout(write_checkout(tmp_path / "A", "a")), Checkout(write_checkout(tmp_path / "B", "b"))
    seen = []
    for checkout in (a, b):
        with checkout.active(CPU):
            pass
    with a.active(CPU):
        import utils

        seen.append(utils.MARK)
        with b.active(CPU):
            import utils as inner

            seen.append(inner.MARK)
            with a.active(CPU):
                assert sys.modules["utils"] is utils
            assert sys.modules["utils"] is inner
        assert sys.modules["utils"] is utils
    assert seen == ["a", "b"]


def test_threads_take_turns(load):
    models = [load(mark="a"), load(root="B", mark="b")]
    expected = [embed(model) for model in models]
    wrong = []

    def work(k):
        for _ in range(20):
            if not torch.equal(embed(models[k]), expected[k]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k % 2,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_users_own_modules_come_back(load):
    own = {name: types.ModuleType(name) for name in ("utils", "utils.deep", "data", "modeling")}
    own["utils"].MARK = "mine"
    sys.modules.update(own)
    try:
        embed(load())
        assert {name: sys.modules.get(name) for name in own} == own
        with pytest.raises(VisualAnalyseError):
            embed(load("Stumbler"))
        assert {name: sys.modules.get(name) for name in own} == own
        assert not [name for name in sys.modules if name.startswith("modeling.")]
    finally:
        for name in own:
            del sys.modules[name]


def test_an_error_in_the_forward_says_where_and_restores_all(load):
    with pytest.raises(
        VisualAnalyseError, match=r"Stumbler_run failed .*\[1, 5, 8, 6\].*others\.py, line \d+, .*stone"
    ):
        embed(load("Stumbler"))


def test_exceptions_of_the_caller_pass_through(load):
    class Enough(RuntimeError): ...

    def stop(*_):
        raise Enough

    model = load()
    model.module.Head.register_forward_hook(stop)
    with pytest.raises(Enough):
        embed(model)


def test_an_error_while_building_names_the_key(load, tmp_path):
    config = write_config(tmp_path / "x.yaml")
    config.write_text(config.read_text().replace("width: 3, ", ""))
    with pytest.raises(
        VisualAnalyseError, match=r"walker\.py, line \d+, raised KeyError: 'width'\. If the config lacks 'width'"
    ):
        load_model(config, checkout=write_checkout(tmp_path / "A"), device="cpu")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("Setting a sequence. The shape was (12,) + more."), "ValueError: Setting a sequence. Do"),
        (ValueError("One line.\nAnd another."), "ValueError: One line. Do"),
        (ValueError("(3.5 and 2)"), "ValueError: (3.5 and 2). Do"),
        (ValueError("..."), "ValueError: .... Do"),
    ],
)
def test_of_what_is_raised_the_first_sentence_is_told(tmp_path, error, said):
    with (
        pytest.raises(VisualAnalyseError, match=f"It failed: its code raised {re.escape(said)} this"),
        Checkout(write_checkout(tmp_path / "A")).faults("It failed", "Do this."),
    ):
        raise error


def test_an_exception_without_a_message_is_told_by_its_line(load):
    extra = {
        "opengait/modeling/models/picky.py": """
            from .walker import Walker


            class Picky(Walker):
                def forward(self, inputs):
                    assert inputs[0][0].size(-1) in [44, 48]
        """
    }
    model = load("Picky", extra=extra)
    line = r"AssertionError: assert inputs\[0\]\[0\]\.size\(-1\) in \[44, 48\]\. Check"
    with pytest.raises(VisualAnalyseError, match=rf"picky\.py, line \d+, raised {line}"):
        embed(model)


def test_an_unknown_backbone_lists_the_known_ones(load, tmp_path):
    config = write_config(tmp_path / "x.yaml")
    config.write_text(config.read_text().replace("Columns", "Pillars"))
    with pytest.raises(VisualAnalyseError, match=r"no class 'Pillars'; it has Columns, Wanting"):
        load_model(config, checkout=write_checkout(tmp_path / "A"), device="cpu")


def test_the_same_seed_gives_the_same_weights_and_leaves_the_users_numbers_alone(load):
    first, second, other = load(), load(), load(seed=3)
    assert torch.equal(embed(first), embed(second))
    assert not torch.equal(embed(first), embed(other))


def test_files_named_relative_to_the_checkout_are_found_from_anywhere(load, tmp_path, monkeypatch):
    before = Path.cwd()
    monkeypatch.chdir(tmp_path)
    assert load("Reader", mark="found").module.words == "found"
    with pytest.raises(VisualAnalyseError, match=r"Put the file \./datasets/lost\.txt there"):
        load("Loser")
    assert Path.cwd() == tmp_path
    monkeypatch.chdir(before)


def test_folders_that_a_fork_adds_to_the_path_are_private(load):
    extra = {
        "third/party_of_three.py": "SEEN = 3\n",
        "opengait/modeling/models/guest.py": """
            import pathlib
            import sys

            sys.path.append(str(pathlib.Path(__file__).parents[3] / "third"))
            import party_of_three

            from .walker import Walker


            class Guest(Walker):
                def forward(self, inputs):
                    import party_of_three as again

                    assert again is party_of_three and any(path.endswith("third") for path in sys.path)
                    return super().forward(inputs)
        """,
    }
    embed(load("Guest", extra=extra))
    assert "party_of_three" not in sys.modules


def test_a_copy_of_the_module_can_be_made(load):
    model = load()
    twin = copy.deepcopy(model.module)
    assert torch.equal(twin.Head.weight, model.module.Head.weight)
    assert twin.Head.weight is not model.module.Head.weight


def test_classes_are_models_with_their_files(load, tmp_path):
    extra = {"opengait/modeling/models/part.py": "from torch import nn\n\n\nclass Part(nn.Module): ...\n"}
    found = Checkout(write_checkout(tmp_path / "A", extra=extra)).classes()
    assert found["Walker"].name == "walker.py"
    assert found["Stroller"].name == "walker.py"
    assert found["Needy"].name == "needy.py"
    assert "Part" not in found


def test_a_class_that_is_no_model(load):
    extra = {"opengait/modeling/models/tool.py": "class Tool: ...\n"}
    with pytest.raises(VisualAnalyseError, match=r"Tool of .* is no model"):
        load("Tool", extra=extra)


def test_a_checkout_is_found_by_name_by_variable_and_by_place(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    a, b = write_checkout(tmp_path / "a").resolve(), write_checkout(tmp_path / "b").resolve()
    away = tmp_path / "away"
    away.mkdir()
    monkeypatch.chdir(away)
    assert find_checkout() is None
    assert find_checkout(a).root == a
    assert find_checkout(a / "opengait").root == a
    assert find_checkout(None, b / "configs" / "walker.yaml").root == b
    monkeypatch.chdir(a / "opengait" / "modeling")
    assert find_checkout(None, b / "configs" / "walker.yaml").root == a
    monkeypatch.setenv("OPENGAIT_ROOT", str(b))
    assert find_checkout().root == b
    assert find_checkout(a).root == a


@pytest.mark.parametrize("how", ["--opengait", "OPENGAIT_ROOT"])
def test_a_named_folder_that_is_no_checkout(tmp_path, monkeypatch, how):
    named = tmp_path / "empty"
    monkeypatch.setenv("OPENGAIT_ROOT", "" if how == "--opengait" else str(named))
    option = named if how == "--opengait" else None
    with pytest.raises(VisualAnalyseError, match=f"{how} names .*empty, .*there is no such folder"):
        find_checkout(option)
    named.mkdir()
    with pytest.raises(VisualAnalyseError, match=f"{how} names .*holds no opengait/modeling/models"):
        find_checkout(option)


def test_the_environment_within_a_checkout_stays_everyones(tmp_path):
    installed = tmp_path / "A" / "venv" / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "everyones_package.py").write_text("")
    checkout = Checkout(write_checkout(tmp_path / "A"))
    sys.path.append(os.fspath(installed))
    try:
        with checkout.active(CPU):
            import everyones_package
        assert sys.modules["everyones_package"] is everyones_package
    finally:
        sys.path.remove(os.fspath(installed))
        sys.modules.pop("everyones_package", None)


# --- what configs and constructors lack ---

GAIT_EDGE = {
    "opengait/modeling/models/edge.py": """
        from .walker import Walker


        class GaitEdge(Walker):
            def net(self, cfg):
                super().net(cfg)
                self.kernel = cfg["kernel_size"]


        class MultiGaitpp(Walker):
            def net(self, cfg):
                super().net(cfg)
                self.channels = cfg["Backbone"]["in_channels"]
    """
}


def lacking(tmp_path, model, more):
    config = write_config(tmp_path / "lacking.yaml", model)
    config.write_text(config.read_text().replace("width: 3", f"width: 3{more}"))
    return load_model(config, checkout=write_checkout(tmp_path / "A", extra=GAIT_EDGE), device="cpu")


@pytest.mark.parametrize(
    ("model", "more", "attribute", "value", "said"),
    [
        ("GaitEdge", "", "kernel", 3, "lacks model_cfg.kernel_size; 3 was taken"),
        ("GaitEdge", ", kernel_size: 5", "kernel", 5, ""),
        ("MultiGaitpp", "", "channels", 2, "lacks model_cfg.Backbone; {'in_channels': 2} was taken"),
        ("MultiGaitpp", ", Backbone: {deep: 1}", "channels", 2, "lacks model_cfg.Backbone.in_channels; 2 was taken"),
        ("MultiGaitpp", ", Backbone: {in_channels: 7}", "channels", 7, ""),
    ],
)
def test_what_a_config_lacks_is_taken_and_said(load, tmp_path, model, more, attribute, value, said):
    found = lacking(tmp_path, model, more)
    assert getattr(found.module, attribute) == value
    notices = [notice for notice in found.notices if "lacks" in notice]
    assert len(notices) == bool(said)
    assert all(said in notice for notice in notices)


def test_other_models_are_given_nothing(load, tmp_path):
    extra = {
        "opengait/modeling/models/edgy.py": "from .walker import Walker\n\n\nclass GaitEdgy(Walker):\n"
        "    def net(self, cfg):\n        super().net(cfg)\n        self.keys = sorted(cfg)\n"
    }
    found = load("GaitEdgy", extra=extra)
    assert "kernel_size" not in found.module.keys
    assert not [notice for notice in found.notices if "lacks" in notice]


INITIALISING = """
    import torch
    from torch import nn

    from .walker import Walker


    class Measuring(Walker):
        def __init__(self, cfgs, training):
            super().__init__(cfgs, training)
            self.train()
            self.init_parameters()

        def init_parameters(self):
            self.modes = [self.training, self.Head.training]
            if self.training:
                torch.zeros(1).cuda().record_stream(None)
            nn.init.constant_(self.Head.weight, 4.0)
"""


def test_initialisation_runs_as_in_tests(load):
    """A model that measures itself in training, on a GPU: its initialisation is its own, and its mode that of tests."""
    found = load("Measuring", extra={"opengait/modeling/models/measuring.py": INITIALISING}).module
    assert found.modes == [False, True]
    assert (found.Head.weight == 4).all()
    assert type(found).__name__ == "Measuring"
    assert not any(module.training for module in found.modules())


NO_GRAD = """
    import torch

    from .walker import Walker


    class quiet(torch.no_grad):
        def __init__(self, enable=True):
            super().__init__()
            self.enable = enable

        def __enter__(self):
            if self.enable:
                super().__enter__()

        def __exit__(self, *args):
            if self.enable:
                super().__exit__(*args)


    class Hushed(Walker):
        def net(self, cfg):
            super().net(cfg)
            WHERE

        def forward(self, inputs):
            self.modes = []
            for enable in (True, False):
                with quiet(enable):
                    self.modes.append(torch.is_grad_enabled())
            return super().forward(inputs)
"""


def quiet(where="self.modes = []"):
    return {"opengait/modeling/models/hushed.py": NO_GRAD.replace("WHERE", where)}


def test_a_no_grad_with_settings_of_its_own(load):
    model = load("Hushed", extra=quiet())
    with torch.enable_grad():
        embed(model)
    assert model.module.modes == [False, True]


def test_no_grad_itself_stays_as_it_was(load):
    before = torch.no_grad.__new__
    load("Hushed", extra=quiet())
    assert torch.no_grad.__new__ is before

    @torch.no_grad()
    def one():
        return torch.is_grad_enabled()

    @torch.no_grad
    def two():
        return torch.is_grad_enabled()

    assert (one(), two()) == (False, False)


def test_a_users_own_no_grad_is_not_touched(load):
    class Mine(torch.no_grad): ...

    load("Hushed", extra=quiet())
    assert "__new__" not in vars(Mine)


def test_a_no_grad_with_settings_in_the_constructor(load):
    load("Hushed", extra=quiet("with quiet(True): pass"))


def test_pretrained_weights_that_are_not_there(load, tmp_path):
    extra = {
        "opengait/modeling/models/learned.py": """
            import torch

            from .walker import Walker


            class Learned(Walker):
                def net(self, cfg):
                    super().net(cfg)
                    self.Head.load_state_dict(torch.load("./pretrained/head.pt", map_location="cuda:0")["model"])
        """
    }
    found = load("Learned", extra=extra)
    assert any("./pretrained/head.pt are not there" in notice for notice in found.notices)
    assert torch.equal(embed(found), embed(load()))  # as they were initialised
    state = {"weight": torch.arange(12.0).reshape(3, 4), "bias": torch.ones(3)}
    (tmp_path / "A" / "pretrained").mkdir()
    torch.save({"model": state}, tmp_path / "A" / "pretrained" / "head.pt")
    there = load("Learned", extra=extra)
    assert torch.equal(there.module.Head.weight, state["weight"])
    assert not any("are not there" in notice for notice in there.notices)


OWN_INPUTS = """
    import torch

    from ..base_model import BaseModel
    from .walker import Walker


    class Usual(Walker): ...


    class Joining(Walker):
        def inputs_pretreament(self, inputs):
            (silhouettes, maps), labels, types, views, lengths = inputs
            assert [len(x) for x in (silhouettes, maps)] == [1, 1] and lengths.tolist() == [[len(silhouettes[0])]]
            silhouettes[0][:] = silhouettes[0] // 2  # writes into what it is given
            joined = torch.cat([torch.as_tensor(silhouettes[0])[:, None], torch.as_tensor(maps[0])], 1)
            return [joined[None].float()], labels, types, views, None

        def forward(self, inputs):
            (joined,), *rest = inputs
            return super().forward([[joined.mean(2)], *rest])
"""


def pretreating(load, model):
    base = FILES["opengait/modeling/base_model.py"] + (
        "\n            def inputs_pretreament(self, inputs):\n                raise RuntimeError('not for tests')\n"
    )
    extra = {"opengait/modeling/base_model.py": base, "opengait/modeling/models/joining.py": OWN_INPUTS}
    return load(model, extra=extra)


def test_a_way_of_its_own_to_prepare_inputs_is_taken(load):
    """One input of the model's for two of the walk's: which channels are whose is known."""
    model = pretreating(load, "Joining")
    assert model.checkout.has_pretreatment(model.module)
    silhouettes, maps = WALK[0], np.stack([WALK[0], WALK[0] // 3], 1)
    before = silhouettes.copy(), maps.copy()
    ready = model.prepare([silhouettes, maps])
    assert (silhouettes == before[0]).all()
    assert (maps == before[1]).all()
    assert (ready.channels, ready.frames, ready.axes) == ((1, 2), 5, ("n s c h w",))
    expected = np.concatenate([silhouettes[:, None] // 2, maps], 1)
    assert (ready.inputs[0] == expected).all()
    batch = model.join([ready])
    assert [(source.tensor, source.first, source.end) for source in batch.sources] == [(0, 0, 1), (0, 1, 3)]
    assert batch.part(batch.sources[1]).shape == (1, 5, 2, 8, 6)
    assert model.embed(batch).shape == (1, 3, 1)


def test_the_frameworks_own_way_is_no_way_of_its_own(load):
    model = pretreating(load, "Usual")
    assert not model.checkout.has_pretreatment(model.module)
    assert model.prepare(WALK).channels == ()


def test_a_checkout_without_any_such_way(load):
    model = load()
    assert not model.checkout.has_pretreatment(model.module)
