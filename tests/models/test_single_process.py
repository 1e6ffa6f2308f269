"""One process, one device: what CUDA code of many processes finds."""

from __future__ import annotations

import io
import threading

import pytest
import torch
from torch import nn

from visual_analyse.models.single_process import single_process

# Moving to "meta" shows on a CPU where things go: it is neither CUDA nor where they were.
META, CPU = torch.device("meta"), torch.device("cpu")

MOVES = {
    "Tensor.cuda": lambda: torch.zeros(1).cuda(),
    "Tensor.cuda(-1)": lambda: torch.zeros(1).cuda(-1),
    "Tensor.to(device)": lambda: torch.zeros(1).to(torch.device("cuda", 3)),
    "Tensor.to(str)": lambda: torch.zeros(1).to("cuda:1", torch.float64),
    "Tensor.to(device=)": lambda: torch.zeros(1).to(device="cuda"),
    "Tensor.to(rank)": lambda: torch.zeros(1).to(torch.distributed.get_rank()),
    "Tensor.new_zeros": lambda: torch.zeros(1).new_zeros(2, device="cuda"),
    "torch.arange": lambda: torch.arange(3, device="cuda"),
    "torch.tensor": lambda: torch.tensor([1.0], device=torch.device("cuda")),
    "Module.cuda": lambda: nn.Linear(1, 1).cuda().weight,
    "Module.to": lambda: nn.Linear(1, 1).to(device=torch.device("cuda", 0)).weight,
    "a module's device": lambda: nn.Linear(1, 1, device="cuda").weight,
}


@pytest.mark.parametrize("name", MOVES)
def test_every_cuda_device_is_the_one_device(name):
    with single_process(META):
        assert MOVES[name]().device == META
    with single_process(CPU):
        assert MOVES[name]().device == CPU


def test_other_moves_are_left_alone():
    with single_process(META):
        assert torch.zeros(1).to(torch.float64).device == CPU
        assert torch.zeros(1).to(torch.ones(1)).device == CPU
        assert torch.zeros(1, device="cpu").device == CPU
        assert torch.zeros(1, dtype=torch.int32).dtype == torch.int32


def test_gradients_pass():
    x = torch.ones(2, requires_grad=True)
    with single_process(CPU):
        (x.cuda() * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_it_is_rank_0_of_1():
    with single_process(CPU):
        own, outputs = torch.arange(3.0), [torch.zeros(3)]
        torch.distributed.all_gather(outputs, own)
        assert torch.equal(outputs[0], own)
        assert (torch.distributed.get_rank(), torch.distributed.get_world_size()) == (0, 1)
        torch.distributed.barrier()
        torch.cuda.set_device(5)
        torch.cuda.synchronize()
        assert torch.cuda.current_device() == 0


def test_saved_tensors_come_to_the_cpu():
    stream = io.BytesIO()
    torch.save({"a": torch.ones(2)}, stream)
    with single_process(CPU):
        stream.seek(0)
        assert torch.load(stream, map_location="cuda:0")["a"].device == CPU
        stream.seek(0)
        assert torch.load(stream, map_location=torch.device("cuda", 1))["a"].device == CPU


class Naughty:
    def __reduce__(self):
        return (print, ("code ran",))


def test_what_the_code_itself_loads_runs_no_code(capsys):
    stream = io.BytesIO()
    torch.save({"a": Naughty()}, stream)
    stream.seek(0)
    with single_process(CPU), pytest.raises(Exception, match="print"):
        torch.load(stream)
    assert capsys.readouterr().out == ""


def test_all_is_put_back_after_an_error():
    names = [(torch, "load"), (torch.cuda, "set_device"), (torch.cuda, "synchronize"), (torch.distributed, "get_rank"),
             (torch.distributed, "all_gather"), (torch.cuda, "current_device")]  # fmt: skip
    before = [getattr(owner, name) for owner, name in names]
    with pytest.raises(KeyError), single_process(CPU), single_process(META):
        raise KeyError
    assert [getattr(owner, name) for owner, name in names] == before
    with pytest.raises((RuntimeError, AssertionError)):
        torch.zeros(1).to("cuda:63")


def test_other_threads_keep_their_devices():
    seen = []
    with single_process(META):
        thread = threading.Thread(target=lambda: seen.append(torch.zeros(1).to("cpu").device))
        thread.start()
        thread.join()
    assert seen == [CPU]


def test_the_inner_block_decides():
    with single_process(CPU):
        with single_process(META):
            assert torch.zeros(1).cuda().device == META
        assert torch.zeros(1).cuda().device == CPU


def test_code_believes_that_its_tensors_are_on_cuda():
    x, weight = torch.zeros(1), nn.Linear(1, 1).weight
    with single_process(CPU):
        assert x.is_cuda
        assert weight.is_cuda
        assert nn.Parameter(x).is_cuda
    assert not x.is_cuda


def test_torch_itself_knows_the_truth():
    """What torch asks of itself, on its way to a kernel, must not be lied to."""
    x = torch.zeros(1)
    asked = compile("answer = x.is_cuda", "<torch>", "exec")
    found = {}
    with single_process(CPU):
        for name in ("torch", "torch.nn.modules.rnn", "torchvision.ops", "modeling.models.gait", "torchlike"):
            names = {"__name__": name, "x": x}
            exec(asked, names)
            found[name] = names["answer"]
    assert found == {
        "torch": False, "torch.nn.modules.rnn": False,
        "torchvision.ops": True, "modeling.models.gait": True, "torchlike": True,
    }  # fmt: skip


def test_what_torch_does_by_that_answer_works():
    """A recurrent layer, gradient clipping, an optimiser and a repr ask where tensors are."""
    layer = nn.LSTM(2, 3, batch_first=True)
    with single_process(CPU):
        out = layer(torch.ones(1, 4, 2))[0]
        out.sum().backward()
        nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        torch.optim.Adam(layer.parameters()).step()
        assert "cuda" not in repr(out)
        layer.flatten_parameters()


def test_a_function_that_looks_like_it_is_left_alone():
    """Only the question is answered for all; what else is asked of a tensor stays true."""
    x = torch.zeros(2, requires_grad=True)
    with single_process(CPU):
        assert x.is_leaf
        assert x.requires_grad
        assert x.device == CPU
        assert not x.is_sparse


def test_a_file_by_torchs_own_name_of_it():
    stream = io.BytesIO()
    torch.save(torch.ones(2), stream)
    stream.seek(0)
    with single_process(CPU):
        assert torch.load(f=stream, map_location="cuda:0").tolist() == [1, 1]
