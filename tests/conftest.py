from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.workshop import Workshop, furnish

torch.set_num_threads(1)  # the models of tests are small, and pytest-xdist keeps the other cores busy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need a checkout of OpenGait are skipped, saying so, where none is named."""
    if os.environ.get("OPENGAIT_ROOT"):
        return
    for item in items:
        if item.get_closest_marker("opengait"):
            item.add_marker(pytest.mark.skip(reason="needs a checkout of OpenGait: set OPENGAIT_ROOT to its folder"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What became of all models of OpenGait, where tests tried them: one table, in the order of the catalogue."""
    reports = (report for some in terminalreporter.stats.values() for report in some)
    found = {
        value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "zoo"
    }  # reports of set-up and tear-down repeat it
    if found:
        from tests.zoo.check import Result
        from tests.zoo.table import in_order, lines

        results = [Result.read(json.loads(text)) for text in found]
        terminalreporter.section("models of OpenGait")
        for line in lines(in_order(results)):
            terminalreporter.line(line)


@pytest.fixture
def opengait() -> Path:
    """The checkout that OPENGAIT_ROOT names."""
    return Path(os.environ["OPENGAIT_ROOT"])


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A config, a checkpoint and walks of one's own, with no checkout around."""
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    made = furnish(tmp_path / "work shop")
    monkeypatch.chdir(made.root)
    return made
