"""Leak risk on fill ratio: one model a file."""

from vpresearch.regression.design import Design, Estimate, design

__all__ = ["Design", "Estimate", "design"]
