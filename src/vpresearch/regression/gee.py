"""Generalised estimating equations: odds over all patients, errors that go together within a patient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import expit
from scipy.stats import t

from vpresearch.regression.design import Design, Floats, Ints
from vpresearch.regression.logistic import maximise
from vpresearch.regression.result import Estimate
from vpresearch.regression.sandwich import bell_mccaffrey, covariance, too_few, why_too_few
from vpresearch.regression.scale import original_scale
from vpresearch.regression.separation import gate, standardised

# Working correlation and covariance of every model.
MODELS: Mapping[str, tuple[str, str]] = {
    "gee_robust": ("independence", "robust"),
    "gee_kc": ("independence", "kc"),
    "gee_kc_principal": ("independence", "kc_principal"),
    "gee_md": ("independence", "md"),
    "gee_fg": ("independence", "fg"),
    "gee_exchangeable": ("exchangeable", "kc_principal"),
    "gee_exchangeable_robust": ("exchangeable", "robust"),
}
_STEPS, _SETTLED, _FURTHEST, _CAP = 500, 1e-12, 30.0, 600.0


def fit(design: Design, alpha: float = 0.05, model: str = "gee_kc") -> tuple[Estimate, ...]:
    """Fit a logistic regression by generalised estimating equations, patients being the clusters.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.
    alpha : float
        One minus the coverage of the intervals.
    model : str
        One of ``MODELS``.

    Returns
    -------
    tuple of Estimate
        Interval and p by t with as many degrees of freedom as patients beyond terms. ``gee_kc`` takes the root of
        Kauermann and Carroll's correction that is known as CR2, ``gee_kc_principal`` the principal one. The
        Fay-Graubard covariance is that of predictors centred at their means, carried over to an intercept where every
        predictor is 0.

    References
    ----------
    Liang KY, Zeger SL. Biometrika 1986;73:13-22. Li P, Redden DT. Stat Med 2015;34:281-96.

    Examples
    --------
    >>> x = np.column_stack([np.ones(8), np.arange(1.0, 9.0)])
    >>> y = np.array([0, 0, 1, 0, 1, 0, 1, 1.0])
    >>> study = Design("leak", y, x, ("intercept", "fill"), ("", ""), np.arange(8) // 2)
    >>> _, robust = fit(study, model="gee_robust")
    >>> _, corrected = fit(study, model="gee_kc")
    >>> robust.estimate == corrected.estimate, robust.se < corrected.se, corrected.ci_kind
    (True, True, 't(2)')
    """
    reason, coefficients, spread = solve(design, model)
    return design.failed(model, reason) if reason else _estimates(design, model, coefficients, spread, alpha)


def solve(design: Design, model: str) -> tuple[str, Floats, Floats]:
    """Solve the equations of a model on standardised predictors.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.
    model : str
        One of ``MODELS``.

    Returns
    -------
    reason : str
        One of ``REASONS`` where there is no solution, or empty.
    coefficients : numpy.ndarray of float, shape (n_terms,)
    covariance : numpy.ndarray of float, shape (n_terms, n_terms)
    """
    working, kind = MODELS[model]
    nothing = np.full(len(design.terms), np.nan)
    reason = gate(design) or why_too_few(design)
    if reason:
        return reason, nothing, np.diag(nothing)
    x = standardised(design.x)
    coefficients, correlation = _SOLVERS[working](x, design.y, design.cluster)
    if np.isnan(coefficients).any():
        return "not_converged", nothing, np.diag(nothing)
    scores, information = cluster_sums(x, design.y, design.cluster, coefficients, correlation)
    if too_few(scores, information):
        return "too_few_clusters", nothing, np.diag(nothing)
    if kind != "kc":
        return "", coefficients, covariance(kind, scores, information)
    p = expit(x @ coefficients)
    return "", coefficients, bell_mccaffrey(x[None], design.y[None], p[None], design.cluster[None])[0]


def _estimates(
    design: Design, model: str, coefficients: Floats, covariance: Floats, alpha: float
) -> tuple[Estimate, ...]:
    back, df = original_scale(design.x), design.n_clusters - len(design.terms)
    estimate, se = back @ coefficients, np.sqrt(np.diag(back @ covariance @ back.T))
    reach, p = t.ppf(1 - alpha / 2, df) * se, 2 * t.sf(np.abs(estimate / se), df)
    centred = ", predictors centred at their means" if model == "gee_fg" else ""
    interval = estimate - reach, estimate + reach, f"t({df}){centred}"
    return design.fitted(model, estimate, se, interval, (p, f"Wald t({df}){centred}"))


def independence(x: Floats, y: Floats, cluster: Ints) -> tuple[Floats, float]:
    """Solve the equation under working independence, which is that of the maximum of the likelihood.

    Parameters and results are those of ``exchangeable``; the correlation is 0.
    """
    found = maximise(x, y)
    return found.coefficients if found.converged else np.full(x.shape[1], np.nan), 0.0


def exchangeable(x: Floats, y: Floats, cluster: Ints) -> tuple[Floats, float]:
    """Solve the equation under one working correlation between any two vertebrae of a patient.

    The correlation is the mean product of Pearson residuals over the pairs, both counts less the number of terms.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n, n_terms)
    y : numpy.ndarray of float, shape (n,)
    cluster : numpy.ndarray of int, shape (n,)

    Returns
    -------
    coefficients : numpy.ndarray of float, shape (n_terms,)
        NaN where the equation is not solved.
    correlation : float

    Examples
    --------
    >>> x, y = np.ones((6, 1)), np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    >>> coefficients, correlation = exchangeable(x, y, np.array([0, 0, 1, 1, 2, 2]))
    >>> bool(abs(coefficients[0]) < 1e-12), round(correlation, 4)
    (True, 0.4167)
    """
    coefficients = independence(x, y, cluster)[0]
    for _ in range(_STEPS):
        # Far out the variances vanish; a solution is not looked for there.
        if not np.abs(x @ coefficients).max() < _FURTHEST:
            break
        correlation = _moment(x, y, cluster, coefficients)
        if not -1 / max(1, np.bincount(cluster).max() - 1) < correlation < 1:
            break
        scores, information = cluster_sums(x, y, cluster, coefficients, correlation)
        step = np.linalg.solve(information.sum(axis=0), scores.sum(axis=0))
        coefficients = coefficients + step
        if np.abs(step).max() < _SETTLED * max(1.0, float(np.abs(coefficients).max())):
            return coefficients, correlation
    return np.full(x.shape[1], np.nan), np.nan


_SOLVERS = {"independence": independence, "exchangeable": exchangeable}


def _moment(x: Floats, y: Floats, cluster: Ints, coefficients: Floats) -> float:
    """Estimate the working correlation; NaN where there are no more pairs than terms, 0 where there are none."""
    pearson = _roots_and_residuals(x @ coefficients, y)[1]
    sizes = np.bincount(cluster)
    pairs = (sizes * (sizes - 1)).sum() / 2
    if pairs == 0:
        return 0.0
    products = (np.bincount(cluster, pearson) ** 2).sum() / 2 - (pearson**2).sum() / 2
    n, terms = x.shape
    dispersion = (pearson**2).sum() / (n - terms)
    return float(products / (pairs - terms) / dispersion) if pairs > terms else np.nan


def cluster_sums(
    x: Floats, y: Floats, cluster: Ints, coefficients: Floats, correlation: float
) -> tuple[Floats, Floats]:
    """Give every cluster's part of the equation and of its information under an exchangeable working correlation.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n, n_terms)
    y : numpy.ndarray of float, shape (n,)
    cluster : numpy.ndarray of int, shape (n,)
    coefficients : numpy.ndarray of float, shape (n_terms,)
    correlation : float

    Returns
    -------
    scores : numpy.ndarray of float, shape (n_clusters, n_terms)
    information : numpy.ndarray of float, shape (n_clusters, n_terms, n_terms)

    Examples
    --------
    >>> sums = cluster_sums(np.ones((3, 1)), np.array([0.0, 0.0, 1.0]), np.array([0, 0, 1]), np.zeros(1), 0.0)
    >>> [part.ravel().tolist() for part in sums]
    [[-1.0, 0.5], [0.5, 0.25]]
    """
    root, pearson = _roots_and_residuals(x @ coefficients, y)
    rows = x * root[:, None]
    # The inverse of the correlation matrix is (I - share 11') / (1 - correlation).
    share = correlation / (1 + (np.bincount(cluster) - 1) * correlation)
    sums = _totals(rows, cluster)
    scores = _totals(rows * pearson[:, None], cluster) - (share * np.bincount(cluster, pearson))[:, None] * sums
    information = _totals(rows[:, :, None] * rows[:, None, :], cluster)
    information -= share[:, None, None] * sums[:, :, None] * sums[:, None, :]
    return scores / (1 - correlation), information / (1 - correlation)


def _totals(values: Floats, cluster: Ints) -> Floats:
    """Sum over the rows of every cluster: from shape (n, ...) to (n_clusters, ...)."""
    columns = values.reshape(len(values), -1).T
    sums: Floats = np.stack([np.bincount(cluster, column) for column in columns], axis=-1).astype(float)
    return sums.reshape(-1, *values.shape[1:])


def _roots_and_residuals(logit: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Give the square roots of the variances, and Pearson's residuals; the cap keeps the roots from vanishing."""
    towards = np.clip(np.where(y > 0, logit, -logit), -_CAP, _CAP)
    root = np.sqrt(expit(towards) * expit(-towards))
    return root, np.where(y > 0, 1.0, -1.0) * np.exp(-towards / 2)
