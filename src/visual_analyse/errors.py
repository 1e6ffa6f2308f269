"""The one exception of the package."""

from __future__ import annotations


class VisualAnalyseError(Exception):
    """A mistake a user can mend: its message names what was found, what was expected, and what to type.

    Commands print the message alone and end with exit status 2.
    """
