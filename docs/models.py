"""Try every model of OpenGait, and write what became of each: `OPENGAIT_ROOT=... python -m docs.models`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from tests.zoo.check import Result, check
from tests.zoo.rows import ROWS
from tests.zoo.table import HEAD, outcome, row, share
from visual_analyse.doctor.model.checkout import commit_of
from visual_analyse.files import write_whole

HERE = Path(__file__).parent
BEGIN, END = "<!-- models:begin -->", "<!-- models:end -->"
ABOUT = """\
# Every model of OpenGait, as it was tried

`make models` builds each model from its own config by its checkout's own code, with random weights, and does with it
what a user would: embeds walks and makes a map of them, explains a probe on every convolution and linear layer, draws
figures. Random weights show whether everything works and lies where it should; what a model has learned they do not.
{commit}
* **layers**: convolutions and linear layers. **reached**: those that the gradient of the smallest distance reaches (of
  a classifier: that of its answer), found by autograd alone. **drawn**: those with a map, finite and not flat.
* **frames**: one frame of the input is changed, and each layer's output, put back to frames, must change most on the
  step of that frame. **places**: the same with a band of rows, a joint or a few points. Layers that passed, of those
  that have steps, or a grid; those where a change spreads over all of the input (attention may) are not counted, but
  named in the notes. A layer passes that does so on one of three walks: one that is laid wrongly fails on all.
* **walks**: walks on the map that `tsne` made. **figures**: those that `visual_gradcam` drew of the probe.
"""
ENGLISH = ("model", "input", "drawn on", "frames", "places", "remark")
CHINESE = ("模型", "输入", "可画出的层", "帧", "位置", "说明")


@dataclass(frozen=True)
class Words:
    """A README and what its block says."""

    path: Path
    head: tuple[str, ...]
    summary: str
    after: str
    remarks: dict[str, str]


READMES = (
    Words(
        HERE.parent / "README.md", ENGLISH,
        "All {count} configs, phases and variants of OpenGait's models, as they were tried ({works} are explained)",
        "*drawn on*: convolutions and linear layers with a map, of those that the gradient reaches. *frames* and "
        "*places*: layers that put a change of one frame, or of one place, back where it was made, of all that have "
        "steps, or a grid. "
        "[More, and why](docs/models.md).",
        {},
    ),
    Words(
        HERE.parent / "README.zh-CN.md", CHINESE,
        "OpenGait 全部 {count} 个模型配置、阶段与变体的实测结果（其中 {works} 个可以解释）",
        "*可画出的层*：有热力图的卷积层和线性层，分母是梯度能到达的层。*帧*、*位置*：改动某一帧或某一处之后，输出变化最大处正好落在改动处的层，"
        "分母是所有带时间步或空间网格的层。[完整表格与原因（英文）](docs/models.md)。",
        {
            "is not built here": "此处无法构建",
            "has no embedding to compare walks by": "没有可用来比较行走的嵌入",
            "cuts the gradient above all of its layers": "模型在所有层之上切断了梯度",
            "has layers that are put back to where they do not lie": "有的层没有放回原处",
            "is not drawn on all layers": "有的层没有画出",
        },
    ),
)  # fmt: skip


def main() -> None:
    """Try all rows, one after another, and write the page and the blocks of both READMEs."""
    if not os.environ.get("OPENGAIT_ROOT"):
        sys.exit("OPENGAIT_ROOT is not set: name the folder of an OpenGait checkout, e.g. OPENGAIT_ROOT=~/OpenGait.")
    torch.set_num_threads(1)
    opengait = Path(os.environ["OPENGAIT_ROOT"]).expanduser()
    results = []
    for tried in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            results.append(check(tried, opengait, Path(folder)))
        print(f"{tried.name}: {outcome(results[-1]) or 'works'}", flush=True)
    commit = commit_of(opengait).split(" ")[0]
    _write(HERE / "models.md", "\n".join(page(results, commit)) + "\n")
    for words in READMES:
        _write(words.path, _with_block(words.path.read_text(encoding="utf-8"), "\n".join(block(results, words))))


def page(results: Sequence[Result], commit: str) -> Iterator[str]:
    """The whole table, and what is said of each model."""
    yield ABOUT.format(commit=f"OpenGait was at commit {commit}.\n" if commit else "")
    yield from _table((HEAD[0], "config", "input", *HEAD[1:]), [_cells(result) for result in results])
    yield ""
    yield "## Notes"
    for result in results:
        said = [*([result.reason] if result.reason else []), *result.notes, *result.missing, *result.complaints]
        if said:
            yield ""
            yield f"**{result.name}**"
            yield ""
            yield from (f"* {_plain(text)}" for text in said)


def block(results: Sequence[Result], words: Words) -> Iterator[str]:
    """The short table of a README."""
    works = sum(not outcome(result) for result in results)
    yield BEGIN
    yield "<details>"
    yield f"<summary>{words.summary.format(count=len(results), works=works)}</summary>"
    yield ""
    yield from _table(words.head, [_short(result, words) for result in results])
    yield ""
    yield words.after
    yield ""
    yield "</details>"
    yield END


def _cells(result: Result) -> tuple[str, ...]:
    config = next(some.config for some in ROWS if some.name == result.name)
    name, *others = row(result)
    return (name, f"`{config}`", ", ".join(result.inputs), *others)


def _short(result: Result, words: Words) -> tuple[str, ...]:
    why = outcome(result)
    first = (result.name, ", ".join(result.inputs))
    judged = (share(result.frames), share(result.places)) if result.embedded else ("-", "-")
    drawn = "-" if why else share((result.drawn, result.reached))
    return (*first, drawn, *judged, words.remarks.get(why, why))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for cells in rows:
        yield f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Text that Markdown takes as it is."""
    return text if text.startswith("`") else text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def _with_block(text: str, block: str) -> str:
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit(f"One {BEGIN} and one {END} are expected in each README.")
    before, _, rest = text.partition(BEGIN)
    return before + block + rest.partition(END)[2]


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda stream: stream.write(text.encode()))


if __name__ == "__main__":
    main()
