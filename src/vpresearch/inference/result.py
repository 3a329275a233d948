"""What a test returns."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """Size of an effect.

    Attributes
    ----------
    kind : str
        ``hedges_g``, ``probability_of_superiority`` or ``cramers_v``.
    estimate : float
    low, high : float
        95% confidence interval; NaN where there is none.
    """

    kind: str
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class TestResult:
    """Result of one test.

    Attributes
    ----------
    test : str
        ``student``, ``welch``, ``kruskal``, ``mann_whitney``, ``chi_squared`` or ``fisher``.
    statistic : float
        NaN where the test could not be done.
    df : float
        Degrees of freedom; NaN for a test without them.
    p_value : float
        NaN where the test could not be done.
    effect : Effect or None
    reason : str
        Reason code where the test could not be done, or the empty string: ``group_empty``, ``too_few``,
        ``all_equal``, ``no_spread``, ``one_category`` or ``too_many_tables``.
    """

    # pytest collects classes called Test...; this is none of its own.
    __test__ = False

    test: str
    statistic: float
    df: float
    p_value: float
    effect: Effect | None = None
    reason: str = ""


def not_done(test: str, reason: str) -> TestResult:
    """Give the result of a test that could not be done.

    Parameters
    ----------
    test, reason : str

    Returns
    -------
    TestResult

    Examples
    --------
    >>> not_done("student", "too_few").p_value
    nan
    """
    return TestResult(test, math.nan, math.nan, math.nan, None, reason)
