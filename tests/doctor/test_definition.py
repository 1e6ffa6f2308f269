"""Where the class comes from, and what its code reads of the config."""

from __future__ import annotations

import textwrap

import pytest

from tests.doctor.asking import about, of, one
from tests.models.fake_checkout import write_checkout, write_config
from visual_analyse.doctor.model.definition import lacking_keys

CODE = """
    class Base:
        def build_network(self, model_cfg):
            self.first = Head(**model_cfg["head"])
            self.deep = model_cfg["block"]["layers"][0]
            self.third = model_cfg["third"] if "third" in model_cfg else 3
            if "fourth" in model_cfg:
                self.fourth = model_cfg["fourth"]
            self.fifth = model_cfg.get("fifth")
            model_cfg["sixth"] = 6
            for size in model_cfg["sizes"]:
                self.add(size)


    class Heir(Base): ...


    class Stranger(Outside): ...
"""


@pytest.mark.parametrize("name", ["Base", "Heir"])
def test_keys_that_are_read_in_every_case(tmp_path, name):
    file = tmp_path / "model.py"
    file.write_text(textwrap.dedent(CODE))
    lines = {text.strip(): number for number, text in enumerate(file.read_text().splitlines(), 1)}
    head = lines['self.first = Head(**model_cfg["head"])']
    assert lacking_keys(file, name, {}) == {"head": head, "block": head + 1, "sizes": head + 7}
    assert lacking_keys(file, name, {"head": {}, "block": {}, "sizes": []}) == {"block.layers": head + 1}
    assert lacking_keys(file, name, {"head": {}, "block": {"layers": [1]}, "sizes": []}) == {}


def test_what_cannot_be_read_lacks_nothing(tmp_path):
    file = tmp_path / "model.py"
    file.write_text(textwrap.dedent(CODE))
    assert lacking_keys(file, "Stranger", {}) == {}
    assert lacking_keys(tmp_path / "none.py", "Base", {}) == {}
    file.write_text("class Base(:")
    assert lacking_keys(file, "Base", {}) == {}


def test_the_file_of_a_class(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    root = write_checkout(tmp_path / "fork")
    config = write_config(root / "configs" / "mine.yaml")
    assert one(about(config, quick=True), "model", "ok").text.endswith("opengait/modeling/models/walker.py")
    write_config(config, "GaitSet")
    assert "built-in one serves" in one(about(config, quick=True), "model", "note").text
    write_config(config, "Walkr")
    wrong = one(about(config, quick=True), "model", "wrong").text
    assert "Walker" in wrong
    assert "spoilt.py" in wrong


def test_keys_that_lack_are_told_where_the_model_cannot_be_built(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    code = """
        import package_that_nobody_has

        from ..base_model import BaseModel


        class Picky(BaseModel):
            def build_network(self, model_cfg):
                self.size = model_cfg["size"]
    """
    root = write_checkout(tmp_path / "fork", extra={"opengait/modeling/models/picky.py": code})
    config = write_config(root / "configs" / "mine.yaml", "Picky")
    for quick in (True, False):
        found = of(about(config, quick=quick), "model", "missing")
        assert [("model_cfg.size (line 8)" in item.text, item.stops) for item in found] == [(True, True)]


def test_keys_of_a_built_in_model_are_looked_at_without_building_it(workshop):
    text = workshop.config.read_text().replace("bin_num", "bin_nums")
    workshop.config.write_text(text)
    assert "bin_num" in one(about(workshop.config, quick=True), "model", "wrong").text
    assert "bin_num" in one(about(workshop.config), "model", "wrong").text
