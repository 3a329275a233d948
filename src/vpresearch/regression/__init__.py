"""Leak risk on fill ratio: one model a file."""

from vpresearch.regression.design import Design, design
from vpresearch.regression.result import Estimate

__all__ = ["Design", "Estimate", "design"]
