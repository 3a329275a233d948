"""Figures: the paper's own, and those that stand behind its tables."""

from vpresearch.figures.audited import audit_p
from vpresearch.figures.behind import leak_kinds, outcome, volumes
from vpresearch.figures.figure import Figure, write
from vpresearch.figures.paper import figure1, figure2

__all__ = ["Figure", "audit_p", "figure1", "figure2", "leak_kinds", "outcome", "volumes", "write"]
