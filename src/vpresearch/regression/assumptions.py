"""Leak on a curve of fill: the sensitivity analysis of the straight line of the other models."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vpresearch.core.frame import Framed
from vpresearch.regression import bayes, logistic, ordinal
from vpresearch.regression.design import Design, Estimate, Floats
from vpresearch.regression.models import PRIMARY, leak_design, severity_design
from vpresearch.regression.risk import along_fill, log_odds, risks

Knots = tuple[float, float, float]
KNOT_QUANTILES = (0.1, 0.5, 0.9)


def knots(design: Design) -> Knots:
    """Return the knots: the 10th, 50th and 90th centiles of the second column of a design."""
    low, middle, high = np.quantile(design.x[:, 1], KNOT_QUANTILES).tolist()
    return low, middle, high


def basis(values: ArrayLike, knots: Knots) -> Floats:
    """Return what a restricted cubic spline with three knots adds to a line.

    Stone CJ, Koo CY. Proc Stat Comput Sect Am Stat Assoc 1985:45-48. Harrell FE. Regression Modeling Strategies, 2nd
    ed. Springer 2015:26-28 (scaled, as here, by the square of the distance of the outer knots).
    """
    x, (first, middle, last) = np.asarray(values, float), knots
    if not first < middle < last:
        return np.zeros_like(x)
    cubes = [np.maximum(x - knot, 0) ** 3 for knot in knots]
    bent = cubes[0] - cubes[1] * (last - first) / (last - middle) + cubes[2] * (middle - first) / (last - middle)
    scaled: Floats = bent / (last - first) ** 2
    return scaled


def with_spline(design: Design, knots: Knots) -> Design:
    """Add the column of ``basis`` of a design's second column, named after it."""
    x = np.column_stack([design.x, basis(design.x[:, 1], knots)])
    terms, units = (*design.terms, f"{design.terms[1]}_spline"), (*design.units, design.units[1])
    return replace(design, x=x, terms=terms, units=units)


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit a logistic regression on a restricted cubic spline of the fill by maximum likelihood."""
    bent = with_spline(design, knots(design))
    if not bent.x[:, -1].any() and np.ptp(design.x[:, 1]) > 0:
        return bent.failed("spline", "knots_coincide")
    return tuple(replace(estimate, model="spline") for estimate in logistic.fit(bent, alpha))


def curve(design: Design, fill_percent: ArrayLike | None = None, alpha: float = 0.05) -> pd.DataFrame:
    """Return the curve of the spline along the fill, other predictors at their means, with patients as clusters."""
    chosen, x = knots(design), along_fill(design, fill_percent)
    fill = x[:, 1]
    fitted = log_odds(with_spline(design, chosen), PRIMARY)
    table = risks(fitted, np.column_stack([x, basis(fill, chosen)]), alpha).assign(reason=fitted.reason)
    table.insert(0, "fill_percent", fill)
    return table


@dataclass(frozen=True)
class Assumption(Framed):
    """One question to the models, and its answer."""

    question: str
    estimate: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    p_value: float = math.nan
    reason: str = ""


def assumptions(rows: pd.DataFrame, usual: Estimate | None = None) -> tuple[Assumption, ...]:
    """Test what the models take for granted, and fit the Bayesian one under other priors.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, the patient's repeated.
    usual : Estimate, optional
        The Bayesian slope under the usual priors, where it is known already.

    Returns
    -------
    tuple of Assumption

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> [each.question for each in vp.check_assumptions(study.rows)][:3]
    ['straight_line', 'proportional_odds', 'priors_usual']
    """
    study = leak_design(rows)
    bend, odds = fit(study)[-1], ordinal.proportional_odds(severity_design(rows))
    names, priors = zip(*bayes.ALTERNATIVES, strict=True)
    slopes = [usual or bayes.fit(study)[1], *(each[1] for each in bayes.fit_each(study, priors))]
    rise = bayes.probability_of_rise(study)
    return (
        Assumption("straight_line", p_value=bend.p_value, reason=bend.reason),
        Assumption("proportional_odds", p_value=odds.p_value, reason=odds.reason),
        *(
            Assumption(
                f"priors_{name.replace(' ', '_')}", slope.estimate, slope.ci_low, slope.ci_high, reason=slope.reason
            )
            for name, slope in zip(("usual", *names), slopes, strict=True)
        ),
        Assumption("probability_of_rise", rise, reason=slopes[0].reason),
    )
