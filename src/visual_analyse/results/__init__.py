"""What is computed, as frozen records, and the .npz files they live in."""

from visual_analyse.results.archive import read_npz
from visual_analyse.results.embedding_map import Basis, EmbeddingMap, load_basis
from visual_analyse.results.evidence import Evidence
from visual_analyse.results.layer import InputKind, LayerEvidence
from visual_analyse.results.ledger import Ledger
from visual_analyse.results.summary import Group, Summary

__all__ = [
    "Basis",
    "EmbeddingMap",
    "Evidence",
    "Group",
    "InputKind",
    "LayerEvidence",
    "Ledger",
    "Summary",
    "load_basis",
    "read_npz",
]
