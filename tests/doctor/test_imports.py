"""What files import, by reading them."""

from __future__ import annotations

import textwrap

from visual_analyse.doctor.model.imports import read_imports

FILES = {
    "modeling/__init__.py": "",
    "modeling/models/__init__.py": "import pkgutil\nimport at_the_package\n",
    "modeling/models/mine.py": """
        import os.path, first.part as f
        from __future__ import annotations
        from second import thing
        from ..parts import Block
        from .helpers import deep
        from utils import note

        try:
            import swift
        except ImportError:
            swift = None

        try:
            import strict
        except ImportError as error:
            raise RuntimeError("install strict") from error

        try:
            import odd
        except ValueError:
            odd = None

        if TYPE_CHECKING:
            import typing_only

        if __name__ == "__main__":
            import main_only


        class Mine:
            def forward(self, x):
                from inner.module import run
                import plain_inner
    """,
    "modeling/models/helpers/__init__.py": "",
    "modeling/models/helpers/deep.py": "import torch.utils.tensorboard\nfrom . import broken\nfrom .... import data\n",
    "modeling/models/helpers/broken.py": "import (",
    "modeling/models/unasked.py": "import never",
    "modeling/parts.py": "import parts_need\nfrom modeling.models import mine\n",
    "utils.py": "import utils_need\n",
    "data/transform.py": "import transform_need\n",
    "data/__init__.py": "import data_need\n",
}


def write(root):
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return root


def test_imports_are_followed_within_the_code_and_told_from_outside(tmp_path):
    code = write(tmp_path / "code")
    mine = code / "modeling" / "models" / "mine.py"
    found = read_imports(code, [mine])
    asked = {one.name: one.inside for one in found.imports}
    assert asked == {
        "first.part": False, "second": False, "strict": False, "odd": False, "inner.module": True, "plain_inner": True,
        "at_the_package": False, "torch.utils.tensorboard": False, "parts_need": False, "utils_need": False,
        "data_need": False,
    }  # fmt: skip
    files = {file.relative_to(code).as_posix() for file in found.files}
    assert files == set(FILES) - {"modeling/models/unasked.py", "data/transform.py"}


def test_an_import_knows_its_place(tmp_path):
    code = write(tmp_path / "code")
    mine = code / "modeling" / "models" / "mine.py"
    (second,) = (one for one in read_imports(code, [mine]).imports if one.name == "second")
    lines = mine.read_text().splitlines()
    assert (second.file, lines[second.line - 1]) == (mine, "from second import thing")
    assert second.top == "second"
