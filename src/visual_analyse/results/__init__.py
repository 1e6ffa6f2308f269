"""What is computed, as frozen records, and the .npz files they live in."""

from visual_analyse.results.archive import read_npz
from visual_analyse.results.embedding_map import Basis, EmbeddingMap, load_basis
from visual_analyse.results.evidence import Evidence
from visual_analyse.results.layer import InputKind, LayerEvidence
from visual_analyse.results.ledger import Ledger

__all__ = ["Basis", "EmbeddingMap", "Evidence", "InputKind", "LayerEvidence", "Ledger", "load_basis", "read_npz"]
