"""Small checkouts, written into a folder: the shape of OpenGait, and none of its code."""

from __future__ import annotations

import textwrap
from pathlib import Path

IMPORT_ALL = """
    import importlib, inspect, pkgutil

    for found in pkgutil.iter_modules(__path__):
        member = importlib.import_module("." + found.name, __name__)
        vars().update({name: value for name, value in vars(member).items() if inspect.isclass(value)})
"""

FILES = {
    "configs/default.yaml": """
        data_cfg: {dataset_name: Town, test_dataset_name: Town, dataset_root: nowhere}
        evaluator_cfg:
          restore_hint: 700
          metric: cos
          save_name: unnamed
          transform: [{type: Halve}]
        trainer_cfg: {restore_hint: 0, transform: [{type: Halve}]}
    """,
    "configs/walker.yaml": """
        data_cfg: {dataset_name: Village}
        evaluator_cfg: {save_name: W, restore_hint: 0}
        model_cfg: {model: Walker, width: 3, backbone_cfg: {type: Columns, out: 4}}
    """,
    "opengait/utils/__init__.py": """
        import logging

        import numpy as np

        from .manager import get_msg_mgr

        MARK = "MARK_OF_THIS_CHECKOUT"
        np.set_printoptions(precision=2)
    """,
    "opengait/utils/manager.py": """
        import torch


        class Manager:
            def log_info(self, *words):
                self.logger.info(*words)


        only = Manager()


        def get_msg_mgr():
            assert torch.distributed.get_rank() == 0 and torch.distributed.get_world_size() == 1
            return only
    """,
    "opengait/data/__init__.py": "",
    "opengait/data/transform.py": """
        class Halve:
            def __call__(self, frames):
                return frames / 2.0


        class Identity:
            def __call__(self, frames):
                return frames


        def get_transform(cfg):
            return {"Halve": Halve, "NoOperation": Identity}[cfg["type"]]()
    """,
    "opengait/modeling/base_model.py": """
        import logging
        from abc import ABC

        import torch
        from torch import nn

        from data.transform import get_transform
        from utils import get_msg_mgr

        from . import backbones


        class BaseModel(ABC, nn.Module):
            def __init__(self, cfgs, training):
                super().__init__()
                logging.info("a module's first word gives the root logger a handler")
                self.msg_mgr = get_msg_mgr()
                self.msg_mgr.log_info("building")
                self.net(cfgs["model_cfg"])
                self.trainer_trfs = get_transform(cfgs["trainer_cfg"]["transform"][0])
                self.test_loader = self.get_loader(cfgs["data_cfg"], train=False)
                self.device = torch.distributed.get_rank()
                torch.cuda.set_device(self.device)
                self.to(device=torch.device("cuda", self.device))
                self.train(training)
                if cfgs["evaluator_cfg"]["restore_hint"] != 0:
                    raise RuntimeError("a checkpoint was asked for")

            def get_loader(self, *args, **kwargs):
                raise FileNotFoundError("no dataset here")

            def part(self, cfg):
                return getattr(backbones, cfg["type"])(cfg["out"])
    """,
    "opengait/modeling/backbones/__init__.py": IMPORT_ALL,
    "opengait/modeling/backbones/columns.py": """
        from torch import nn


        class Columns(nn.Module):
            def __init__(self, out):
                super().__init__()
                self.conv = nn.Conv2d(1, out, (3, 1))

            def forward(self, x):
                return self.conv(x)
    """,
    "opengait/modeling/backbones/wanting.py": "import package_that_nobody_has\n\n\nclass Wanting: ...\n",
    "opengait/modeling/models/__init__.py": IMPORT_ALL,
    "opengait/modeling/models/walker.py": """
        import torch
        from torch import nn

        from ..base_model import BaseModel


        class Walker(BaseModel):
            def net(self, cfg):
                self.Backbone = self.part(cfg["backbone_cfg"])
                self.Head = nn.Linear(cfg["backbone_cfg"]["out"], cfg["width"])

            def forward(self, inputs):
                (frames,), labels, types, views, lengths = inputs
                from utils import MARK  # where the checkout's names must be in place while it runs

                frames = frames.cuda() + torch.zeros(1, device="cuda")
                n, s, h, w = frames.shape
                maps = self.Backbone(frames.reshape(n * s, 1, h, w)).mean((2, 3)).reshape(n, s, -1)
                walks = [maps] if lengths is None else maps.split(lengths[0].tolist(), 1)
                embeddings = self.Head(torch.cat([walk.amax(1) for walk in walks])).unsqueeze(2)
                return {"inference_feat": {"embeddings": embeddings}, "mark": MARK}
    """,
    "opengait/modeling/models/needy.py": """
        import cv2_of_a_better_world

        from ..base_model import BaseModel


        class Needy(BaseModel): ...
    """,
    "opengait/modeling/models/spoilt.py": "class Spoilt(BaseModel:\n",
    "opengait/modeling/models/others.py": """
        from .walker import Walker

        Stroller = Walker


        class Twofold(Walker):
            def net(self, cfg):
                super().net(cfg["Walker"])
                self.inner = self.part({"type": "Columns", "out": 1})

            def forward(self, inputs):
                (frames,), *rest = inputs
                n, s, h, w = frames.shape
                changed = self.inner(frames.reshape(n * s, 1, h, w)).reshape(n, s, h - 2, w)
                return super().forward([[changed], *rest])


        class Flat(Walker):
            def forward(self, inputs):
                answer = super().forward(inputs)
                answer["inference_feat"]["embeddings"] = answer["inference_feat"]["embeddings"][:, :, 0]
                return answer


        class Segmenter(Walker):
            def forward(self, inputs):
                return {"inference_feat": {"pred": super().forward(inputs), "mask": None}}


        class Stumbler(Walker):
            def forward(self, inputs):
                raise IndexError("a stone in the way")


        class Reader(Walker):
            def net(self, cfg):
                super().net(cfg)
                self.words = open("./datasets/words.txt").read()


        class Loser(Walker):
            def net(self, cfg):
                super().net(cfg)
                open("./datasets/lost.txt")
    """,
}


def write_checkout(root: Path, mark: str = "plain", extra: dict[str, str] | None = None) -> Path:
    """A checkout with the files above; `extra` files are added or take their place."""
    for name, text in {**FILES, "datasets/words.txt": mark, **(extra or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).replace("MARK_OF_THIS_CHECKOUT", mark).lstrip("\n"))
    return root


def write_config(path: Path, model: str = "Walker", more: str = "", width: int = 3) -> Path:
    """A config of one of the fake models, with random weights unless `more` says otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cfg = f"width: {width}, backbone_cfg: {{type: Columns, out: 4}}"
    inside = f"Walker: {{{cfg}}}" if model == "Twofold" else cfg
    path.write_text(
        f"data_cfg: {{dataset_name: Village}}\nmodel_cfg: {{model: {model}, {inside}}}\n"
        + (more or f"evaluator_cfg: {{save_name: {model}_run, restore_hint: 0}}\n")
    )
    return path
