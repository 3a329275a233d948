"""Datasets that satisfy a paper's printed numbers."""

from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.dataset import Reconstruction, reconstruct, targeted

__all__ = ["NotFoundError", "Reconstruction", "reconstruct", "targeted"]
