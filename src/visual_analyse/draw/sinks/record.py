"""What was drawn into a folder: a stopped run goes on from it, and no picture of an older run stays among new ones."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from visual_analyse.files import write_whole

_OURS = {".png", ".gif", ".mp4", ".txt", ".csv"}


class Record:
    """The file `drawn.json` of a folder: for each product ("merge", ...) what it was made of, and its files.

    >>> Record(Path("pictures")).is_done("merge", {"opacity": 0.6})
    False
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "drawn.json"
        self._products: dict[str, Any] = {}
        # A file that is cut short or edited by hand only means that everything is drawn anew.
        with contextlib.suppress(OSError, ValueError):
            stored = json.loads(self._path.read_text(encoding="utf-8"))
            self._products = stored if isinstance(stored, dict) else {}

    def is_done(self, product: str, made_of: Mapping[str, Any]) -> bool:
        """Whether the product was made whole of the same things, and all its files are still there."""
        entry = self._entry(product)
        if entry.get("whole") is not True or entry.get("made_of") != _plain(made_of):
            return False
        files = self._files(product)
        return bool(files) and all(path.is_file() for path in files)

    def begin(self, product: str, made_of: Mapping[str, Any], files: Iterable[Path]) -> None:
        """Note, before anything is drawn, what will be; a run stopped midway is then known as such."""
        kept = {*self._files(product), *files}
        self._note(product, made_of, kept, whole=False)

    def finish(self, product: str, made_of: Mapping[str, Any], files: Iterable[Path]) -> None:
        """Note that all is drawn, and remove what older runs drew and this one did not."""
        new = set(files)
        for old in set(self._files(product)) - new:
            with contextlib.suppress(OSError):
                old.unlink()
                old.parent.rmdir()  # only where it is empty now
        self._note(product, made_of, new, whole=True)

    def drop(self, product: str) -> None:
        """Remove what older runs drew of a product that there is none of any more."""
        if product in self._products:
            self.finish(product, {}, [])

    def _note(self, product: str, made_of: Mapping[str, Any], files: set[Path], whole: bool) -> None:
        names = sorted(path.relative_to(self.folder).as_posix() for path in files)
        self._products[product] = {"made_of": _plain(made_of), "whole": whole, "files": names}
        text = json.dumps(self._products, indent=1).encode()
        write_whole(self._path, lambda stream: stream.write(text))

    def _entry(self, product: str) -> dict[str, Any]:
        entry = self._products.get(product)
        return entry if isinstance(entry, dict) else {}

    def _files(self, product: str) -> list[Path]:
        """The files noted, those alone that lie below the folder and are of kinds drawn here."""
        names = self._entry(product).get("files")
        paths = [PurePosixPath(name) for name in names if isinstance(name, str)] if isinstance(names, list) else []
        return [
            self.folder / path
            for path in paths
            if path.suffix in _OURS and (self.folder / path).resolve().is_relative_to(self.folder.resolve())
        ]


def _plain(made_of: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(made_of))
