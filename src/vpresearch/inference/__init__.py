"""Comparisons of groups by the paper's own protocol, with the alternatives that it passes over."""

from vpresearch.inference.protocol import ALPHA, Comparison, associate_with_leak, compare, compare_by_leak
from vpresearch.inference.tests import (
    Association,
    Effect,
    Normality,
    TestResult,
    associate,
    fisher,
    hedges_g,
    kruskal,
    mann_whitney,
    permutation_tails,
    probability_of_superiority,
    rank_permutation,
    shapiro_wilk,
    student,
    welch,
)

__all__ = [
    "ALPHA",
    "Association",
    "Comparison",
    "Effect",
    "Normality",
    "TestResult",
    "associate",
    "associate_with_leak",
    "compare",
    "compare_by_leak",
    "fisher",
    "hedges_g",
    "kruskal",
    "mann_whitney",
    "permutation_tails",
    "probability_of_superiority",
    "rank_permutation",
    "shapiro_wilk",
    "student",
    "welch",
]
