"""Coefficients with their covariance, for whatever is computed from several of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from vpresearch.regression import firth, gee, logistic
from vpresearch.regression.design import Design, Floats
from vpresearch.regression.scale import original_scale
from vpresearch.regression.separation import gate


@dataclass(frozen=True)
class LogOdds:
    """Log odds that are linear in the columns of a design.

    Attributes
    ----------
    model : str
    coefficients : numpy.ndarray of float, shape (n_terms,)
        NaN where the fit failed.
    covariance : numpy.ndarray of float, shape (n_terms, n_terms)
        NaN where the fit failed.
    df : float
        Degrees of freedom of t; infinite for the normal distribution.
    reason : str
        One of ``REASONS`` where the fit failed, or the empty string.
    """

    model: str
    coefficients: Floats
    covariance: Floats
    df: float = math.inf
    reason: str = ""


def log_odds(design: Design, model: str = "gee_kc") -> LogOdds:
    """Fit a logistic model of which risks are wanted.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.
    model : str
        ``ml``; ``flic``, Firth's slopes under an intercept that makes the mean risk the observed one, with the inverse
        of the information there: on separated rows that is far too sure of itself, and so there is none;
        ``gee_robust`` or ``gee_kc``, working independence with t of as many degrees of freedom as patients beyond
        terms.

    Returns
    -------
    LogOdds

    Examples
    --------
    >>> x = np.column_stack([np.ones(8), np.arange(1.0, 9.0)])
    >>> y = np.array([0, 0, 1, 0, 1, 0, 1, 1.0])
    >>> study = Design("leak", y, x, ("intercept", "fill"), ("", ""), np.arange(8) // 2)
    >>> fitted = log_odds(study)
    >>> fitted.coefficients.round(4).tolist(), fitted.df
    ([-2.6734, 0.5941], 2)
    """
    return _MODELS[model](design, model)


def _ml(design: Design, model: str) -> LogOdds:
    reason = gate(design)
    if reason:
        return _failed(design, model, reason)
    found = logistic.maximise(design.x, design.y)
    return LogOdds(model, found.coefficients, found.covariance) if found.converged else _failed(design, model)


def _flic(design: Design, model: str) -> LogOdds:
    reason = gate(design)
    coefficients = firth.flic(design)
    if reason or np.isnan(coefficients).any():
        return _failed(design, model, reason or "not_converged")
    p = expit(design.x @ coefficients)
    triangle = np.linalg.qr(design.x * np.sqrt(p * (1 - p))[:, None], mode="r")
    inverse = np.linalg.inv(triangle)
    return LogOdds(model, coefficients, inverse @ inverse.T)


def _gee(design: Design, model: str) -> LogOdds:
    reason, coefficients, spread = gee.solve(design, model)
    if reason:
        return _failed(design, model, reason)
    back, df = original_scale(design.x), design.n_clusters - len(design.terms)
    return LogOdds(model, back @ coefficients, back @ spread @ back.T, df)


def _failed(design: Design, model: str, reason: str = "not_converged") -> LogOdds:
    terms = len(design.terms)
    return LogOdds(model, np.full(terms, np.nan), np.full((terms, terms), np.nan), reason=reason)


_MODELS: Mapping[str, Callable[[Design, str], LogOdds]] = {
    "ml": _ml,
    "flic": _flic,
    "gee_robust": _gee,
    "gee_kc": _gee,
}
