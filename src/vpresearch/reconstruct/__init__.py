"""Datasets that satisfy a paper's printed numbers."""

from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.dataset import Reconstruction, reconstruct, targeted
from vpresearch.reconstruct.provenance import provenance

__all__ = ["NotFoundError", "Reconstruction", "provenance", "reconstruct", "targeted"]
