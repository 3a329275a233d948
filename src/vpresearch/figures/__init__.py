"""Figures: the paper's own, those that stand behind its tables, and those of leak risk on fill."""

from vpresearch.figures.audited import audit_p, identified_range
from vpresearch.figures.behind import leak_kinds, outcome, volumes
from vpresearch.figures.leak_risk import calibration, comparators_figure, leak_models, risk_curve
from vpresearch.figures.paper import figure1, figure2
from vpresearch.figures.sensitivity import specification_figure, spline_figure
from vpresearch.render.figure import Figure, LeftOut, write

__all__ = [
    "Figure",
    "LeftOut",
    "audit_p",
    "calibration",
    "comparators_figure",
    "figure1",
    "figure2",
    "identified_range",
    "leak_kinds",
    "leak_models",
    "outcome",
    "risk_curve",
    "specification_figure",
    "spline_figure",
    "volumes",
    "write",
]
