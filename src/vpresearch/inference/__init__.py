"""Comparisons of groups by the paper's own protocol, with the alternatives that it passes over."""

from vpresearch.inference.contingency import Association, associate, fisher
from vpresearch.inference.protocol import ALPHA, Comparison, associate_with_leak, compare, compare_by_leak
from vpresearch.inference.rank_tests import (
    kruskal,
    mann_whitney,
    permutation_tails,
    probability_of_superiority,
    rank_permutation,
)
from vpresearch.inference.result import Effect, TestResult
from vpresearch.inference.shapiro_wilk import Normality, shapiro_wilk
from vpresearch.inference.t_tests import hedges_g, student, welch

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
