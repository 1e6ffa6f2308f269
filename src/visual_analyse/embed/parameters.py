"""Parameters of a library, as a user types them: a Python or JSON dictionary, or `name=value`."""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from visual_analyse.errors import VisualAnalyseError
from visual_analyse.names import plain


def read_parameters(words: Sequence[str], option: str) -> dict[str, Any]:
    """The parameters that some words name; later words replace earlier ones.

    Values are Python's or JSON's literals (`True`, `true`, `null`, `[1, 2]`); what is neither is text. Nothing is run.
    Raises VisualAnalyseError for what is no dictionary and no `name=value`; `option` is named in it.

    >>> read_parameters(["{'perplexity': 10}", "angle=0.2", "metric=cosine"], "-T")
    {'perplexity': 10, 'angle': 0.2, 'metric': 'cosine'}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.strip().isidentifier():
            found[name.strip()] = _literal(value.strip(), value.strip())
            continue
        whole = _literal(word.strip(), None)
        if not isinstance(whole, dict) or not all(isinstance(key, str) for key in whole):
            raise VisualAnalyseError(
                f"{option} {plain(word)} is no dictionary of parameters. Type a Python or JSON dictionary in quotes, "
                f"{option} \"{{'perplexity': 10}}\", or name=value, {option} perplexity=10."
            )
        found.update(whole)
    return found


def check_names(found: Iterable[str], known: Iterable[str], option: str, library: str) -> None:
    """Answer a parameter that a library does not have with those that it has.

    Raises VisualAnalyseError for the first unknown one.
    """
    names = sorted(set(known))
    for name in found:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1, 0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise VisualAnalyseError(
                f"{option}: {plain(name)!r} is no parameter of {library}.{hint} There are {', '.join(names)}."
            )


def _literal(text: str, otherwise: Any) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
