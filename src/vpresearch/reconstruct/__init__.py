"""Datasets that satisfy a paper's printed numbers: one, many, and those furthest out."""

from vpresearch.reconstruct.anneal import NotFoundError
from vpresearch.reconstruct.dataset import Reconstruction, reconstruct, targeted
from vpresearch.reconstruct.ensemble import Ensemble
from vpresearch.reconstruct.extreme import Witness, extreme
from vpresearch.reconstruct.files import make_ensemble
from vpresearch.reconstruct.parallel import draw_ensemble, draw_extremes
from vpresearch.reconstruct.provenance import provenance
from vpresearch.reconstruct.spread import spread
from vpresearch.reconstruct.store import ENSEMBLE, read_ensemble, write_ensemble
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
