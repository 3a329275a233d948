"""Figures: the paper's own, those that stand behind its tables, and those of leak risk on fill."""

from collections.abc import Callable, Mapping

from vpresearch.figures.audited import audit_p, identified_range
from vpresearch.figures.behind import leak_kinds, outcome, volumes
from vpresearch.figures.leak_risk import calibration, comparators_figure, leak_models, risk_curve
from vpresearch.figures.paper import figure1, figure2
from vpresearch.figures.sensitivity import specification_figure, spline_figure
from vpresearch.render.figure import Figure, LeftOut, write
from vpresearch.results import Results

# In the order of the report.
FIGURES: Mapping[str, Callable[[Results, str], Figure]] = {
    "figure1": figure1,
    "figure2": figure2,
    "leak_kinds": leak_kinds,
    "volumes": volumes,
    "outcome": outcome,
    "audit_p": lambda results, language: audit_p(results.checks, language),
    "leak_models": leak_models,
    "risk_curve": risk_curve,
    "calibration": calibration,
    "comparators": comparators_figure,
    "specification": specification_figure,
    "spline": spline_figure,
    "identified_range": identified_range,
}

__all__ = [
    "FIGURES",
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
