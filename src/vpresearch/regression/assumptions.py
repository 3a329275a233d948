"""What the models take for granted: the tests of it, and what other priors make of the Bayesian one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from vpresearch.regression import bayes, ordinal, spline
from vpresearch.regression.models import leak_design, severity_design


@dataclass(frozen=True)
class Assumption:
    """One question to the models, and its answer.

    Attributes
    ----------
    question : str
        ``straight_line``, ``proportional_odds``, or ``priors_`` and their name.
    estimate, ci_low, ci_high : float
        Slope of leak on fill, log odds a percentage point, with its 95% interval; NaN for a test.
    p_value : float
        NaN for a slope.
    reason : str
        Why there is no answer, or what limits it; empty otherwise.
    """

    question: str
    estimate: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    p_value: float = math.nan
    reason: str = ""


def assumptions(rows: pd.DataFrame) -> tuple[Assumption, ...]:
    """Test what the models take for granted, and fit the Bayesian one under other priors.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, the patient's repeated.

    Returns
    -------
    tuple of Assumption

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> [each.question for each in assumptions(load(RECONSTRUCTION).rows)][:3]
    ['straight_line', 'proportional_odds', 'priors_usual']
    """
    study = leak_design(rows)
    bend, odds = spline.fit(study)[-1], ordinal.proportional_odds(severity_design(rows))
    names, priors = zip(*bayes.ALTERNATIVES, strict=True)
    # Under the usual priors the models have it already.
    posteriors = bayes.fit(study), *bayes.fit_each(study, priors)
    return (
        Assumption("straight_line", p_value=bend.p_value, reason=bend.reason),
        Assumption("proportional_odds", p_value=odds.p_value, reason=odds.reason),
        *(
            Assumption(
                f"priors_{name.replace(' ', '_')}", slope.estimate, slope.ci_low, slope.ci_high, reason=slope.reason
            )
            for name, (_, slope, *_) in zip(("usual", *names), posteriors, strict=True)
        ),
    )
