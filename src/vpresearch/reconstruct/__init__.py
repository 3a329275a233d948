"""Datasets that satisfy a paper's printed numbers: one, many, and those furthest out."""

from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.dataset import Reconstruction, reconstruct, targeted
from vpresearch.reconstruct.ensemble import ENSEMBLE, Ensemble, read_ensemble, write_ensemble
from vpresearch.reconstruct.extreme import Witness, extreme, spread
from vpresearch.reconstruct.files import draw_ensemble, draw_extremes, make_ensemble, provenance
from vpresearch.reconstruct.targets import attainable
from vpresearch.reconstruct.verify import Failure, verify

__all__ = [
    "ENSEMBLE",
    "Ensemble",
    "Failure",
    "NotFoundError",
    "Reconstruction",
    "Witness",
    "attainable",
    "draw_ensemble",
    "draw_extremes",
    "extreme",
    "make_ensemble",
    "provenance",
    "read_ensemble",
    "reconstruct",
    "spread",
    "targeted",
    "verify",
    "write_ensemble",
]
