"""Parameters as people type them, and what is no parameter."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_analyse.embed.parameters import check_names, read_parameters
from visual_analyse.errors import VisualAnalyseError


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["{'perplexity': 10, 'method': 'exact'}"], {"perplexity": 10, "method": "exact"}),
        (['{"verbose": true, "angle": null}'], {"verbose": True, "angle": None}),
        (
            ["perplexity=12.5", "metric=cosine", "verbose=true"],
            {"perplexity": 12.5, "metric": "cosine", "verbose": True},
        ),
        (["perplexity=5", "{'perplexity': 7}"], {"perplexity": 7}),
        (["init=a=b"], {"init": "a=b"}),
    ],
)
def test_dictionaries_and_names(words: list[str], found: dict[str, object]) -> None:
    assert read_parameters(words, "-T") == found


@pytest.mark.parametrize("word", ["perplexity", "[1]", "{1: 2}", "{'a': ", "__import__('os')", "", "=3", "1=2"])
def test_what_is_no_dictionary_is_a_sentence(word: str) -> None:
    with pytest.raises(VisualAnalyseError, match=r"-T .*no dictionary"):
        read_parameters([word], "-T")


@given(st.text(max_size=60))
def test_no_text_runs_or_crashes(text: str) -> None:
    with contextlib.suppress(VisualAnalyseError):
        assert isinstance(read_parameters([text], "-T"), dict)


def test_an_unknown_name_lists_the_known_ones() -> None:
    check_names(["angle"], ["angle"], "-T", "TSNE")
    with pytest.raises(VisualAnalyseError, match=r"'perplexty' is no parameter of TSNE. Did you mean perplexity\?"):
        check_names(["perplexty"], ["perplexity", "angle"], "-T", "TSNE")
