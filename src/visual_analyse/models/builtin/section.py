"""A section of a model's config, read key by key, with a sentence for every key that is not as it should be."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from visual_analyse.errors import VisualAnalyseError


class Section:
    """A mapping of a config that knows its own path, such as `model_cfg.SeparateFCs`.

    Every reader raises VisualAnalyseError where a key is missing or holds something else than it should. `known`, where
    given, are all keys that the section may hold.

    >>> Section({"class_num": 74}, "model_cfg").count("class_num")
    74
    """

    def __init__(self, values: object, path: str, known: Collection[str] = ()) -> None:
        if not isinstance(values, Mapping):
            raise VisualAnalyseError(f"{path} is {values!r}; it should be a section of keys and values.")
        self.values: Mapping[Any, Any] = values
        self.path = path
        for key in values:
            if known and key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise VisualAnalyseError(
                    f"{path} holds {key!r}, which the built-in models do not know.{hint} Known here: "
                    f"{', '.join(known)}. A class of your own fork is built from its checkout: name that with "
                    "--opengait DIR."
                )

    def has(self, key: str) -> bool:
        """Whether the section holds a key.

        >>> Section({}, "model_cfg").has("bin_num")
        False
        """
        return key in self.values

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number above zero.

        >>> Section({}, "backbone_cfg").count("in_channel", 1)
        1
        """
        value = self._get(key, "a whole number above 0", default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self._wrong(key, value, "a whole number above 0")
        return value

    def counts(self, key: str, length: int | Collection[int] = (), default: list[int] | None = None) -> list[int]:
        """A list of whole numbers above zero, of one of the given lengths where some are given.

        >>> Section({"bin_num": [16]}, "model_cfg").counts("bin_num")
        [16]
        """
        lengths = (length,) if isinstance(length, int) else tuple(length)
        many = " or ".join(map(str, lengths)) + " " if lengths else ""
        expected = f"a list of {many}whole numbers above 0"
        value = self._get(key, expected, default)
        whole = isinstance(value, list | tuple) and all(type(item) is int and item > 0 for item in value)
        if not whole or not value or (lengths and len(value) not in lengths):
            self._wrong(key, value, expected)
        return list(value)

    def words(self, key: str) -> list[str]:
        """A list of words that is not empty.

        >>> Section({"layers_cfg": ["BC-64", "M"]}, "backbone_cfg").words("layers_cfg")
        ['BC-64', 'M']
        """
        value = self._get(key, "a list of words")
        if not isinstance(value, list | tuple) or not value or not all(isinstance(item, str) for item in value):
            self._wrong(key, value, "a list of words")
        return list(value)

    def choice(self, key: str, choices: Collection[Any], default: Any = None) -> Any:
        """One of several values.

        >>> Section({"maxpool": False}, "backbone_cfg").choice("maxpool", (True, False))
        False
        """
        expected = " or ".join(map(repr, choices))
        value = self._get(key, expected, default)
        if not any(value == item and type(value) is type(item) for item in choices):
            self._wrong(key, value, expected)
        return value

    def share(self, key: str) -> float:
        """A number from 0 to 1.

        >>> Section({"dropout": 0.9}, "model_cfg").share("dropout")
        0.9
        """
        value = self._get(key, "a number from 0 to 1")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self._wrong(key, value, "a number from 0 to 1")
        return float(value)

    def section(self, key: str, known: Collection[str]) -> Section:
        """A section within this one, whose keys are known.

        >>> Section({"SeparateFCs": {"parts_num": 62}}, "model_cfg").section("SeparateFCs", ["parts_num"]).path
        'model_cfg.SeparateFCs'
        """
        return Section(self._get(key, f"a section with {', '.join(known)}"), f"{self.path}.{key}", known)

    def must_be(self, key: str, expected: int, why: str) -> int:
        """A whole number that other keys determine; `why` says how.

        >>> Section({"parts_num": 62}, "model_cfg.SeparateFCs").must_be("parts_num", 62, "")
        62
        """
        if self.count(key) != expected:
            raise VisualAnalyseError(f"{self.path}.{key} is {self.values[key]}; {why}. Write {key}: {expected}.")
        return expected

    def _get(self, key: str, expected: str, default: Any = None) -> Any:
        if key in self.values:
            return self.values[key]
        if default is not None:
            return default
        near = difflib.get_close_matches(key, [str(name) for name in self.values], 1)
        hint = f" Did you mean it by {near[0]!r}?" if near else ""
        raise VisualAnalyseError(
            f"{self.path} lacks {key!r} ({expected}); it holds {', '.join(map(str, self.values)) or 'nothing'}.{hint} "
            "Add it to the config, as the official config of this model has it."
        )

    def _wrong(self, key: str, value: object, expected: str) -> NoReturn:
        raise VisualAnalyseError(f"{self.path}.{key} is {value!r}; it should be {expected}. Mend it in the config.")
