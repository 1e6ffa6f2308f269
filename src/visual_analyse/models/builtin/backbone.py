"""The backbones that a config can name."""

from __future__ import annotations

from visual_analyse.models.builtin.plain import Plain
from visual_analyse.models.builtin.resnet import ResNet9
from visual_analyse.models.builtin.section import Section

_KEYS = {
    "Plain": ("type", "in_channels", "layers_cfg"),
    "ResNet9": ("type", "in_channel", "block", "channels", "layers", "strides", "maxpool"),
}


def backbone(cfg: Section) -> Plain | ResNet9:
    """The network of pictures that a config's section `backbone_cfg` describes.

    Raises VisualAnalyseError for an unknown type and for keys that do not belong to it.

    >>> backbone(Section({"backbone_cfg": {"type": "Plain", "layers_cfg": ["BC-8"]}}, "model_cfg")).out_channels
    8
    """
    every = sorted({key for keys in _KEYS.values() for key in keys})
    kind = cfg.section("backbone_cfg", every).choice("type", tuple(_KEYS))
    own = cfg.section("backbone_cfg", _KEYS[kind])
    return Plain(own) if kind == "Plain" else ResNet9(own)
