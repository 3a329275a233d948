"""Datasets that satisfy a paper's printed numbers: one, many, and those furthest out."""

from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.dataset import Reconstruction, reconstruct, targeted
from vpresearch.reconstruct.ensemble import ANY_FILL, ENSEMBLE, EXTREMES, Ensemble, read_ensemble
from vpresearch.reconstruct.extreme import Witness, central, extreme, most_mean_fill, spread
from vpresearch.reconstruct.files import draw_ensemble, draw_extremes, make_ensemble, provenance
from vpresearch.reconstruct.targets import attainable
from vpresearch.reconstruct.verify import Failure, verify

__all__ = [
    "ANY_FILL",
    "ENSEMBLE",
    "EXTREMES",
    "Ensemble",
    "Failure",
    "NotFoundError",
    "Reconstruction",
    "Witness",
    "attainable",
    "central",
    "draw_ensemble",
    "draw_extremes",
    "extreme",
    "make_ensemble",
    "most_mean_fill",
    "provenance",
    "read_ensemble",
    "reconstruct",
    "spread",
    "targeted",
    "verify",
]
