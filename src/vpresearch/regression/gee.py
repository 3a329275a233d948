"""Covariances of coefficients whose errors go together within clusters.

Every one of them is a bread around a meat of cluster scores, corrected in its own way for the residuals of a cluster
being smaller than its errors. The textbooks write the corrections as matrices of the size of the cluster,
``f(I - H)`` with the leverage ``H = D M D' V^-1``. As ``D' V^-1 f(I - H) = f(I - J M) D' V^-1``, with ``J = D' V^-1 D``
the cluster's part of the information, matrices of the size of the coefficients give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from scipy.stats import t

from vpresearch.regression.batched import Reasons, batched_ml
from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.logistic import gate, maximise, original_scale, standardised

# Fay and Graubard's own choice: no score grows to more than its double.
FAY_GRAUBARD_BOUND = 0.75
_SINGULAR = 1e-9


def covariance(kind: str, scores: Floats, information: Floats) -> Floats:
    """Return the sandwich covariance of the coefficients of an estimating equation.

    Liang KY, Zeger SL. Biometrika 1986;73:13-22. Kauermann G, Carroll RJ. J Am Stat Assoc 2001;96:1387-96. Mancl LA,
    DeRouen TA. Biometrics 2001;57:126-34. Fay MP, Graubard BI. Biometrics 2001;57:1198-206.
    """
    bread = np.linalg.inv(information.sum(axis=-3))
    return sandwiched(bread, _CORRECTIONS[kind](scores, information, bread))


def sandwiched(bread: Floats, scores: Floats) -> Floats:
    """Put the cross-products of cluster scores between two slices of bread; shapes as in ``covariance``."""
    meat = np.swapaxes(scores, -1, -2) @ scores
    covariance: Floats = bread @ meat @ bread
    return covariance


def too_few(scores: Floats, information: Floats) -> NDArray[np.bool_]:
    """Return whether the scores of the clusters leave a direction in which the sandwich would be zero.

    So it is where only one cluster says anything about a coefficient, or where the outcomes of every cluster balance:
    the standard error would come out as zero.
    """
    root = np.linalg.cholesky(np.linalg.inv(information.sum(axis=-3)))
    whitened = scores @ root
    smallest = np.linalg.eigvalsh(np.swapaxes(whitened, -1, -2) @ whitened)[..., 0]
    return np.asarray(smallest < _SINGULAR)


def too_few_outcomes(y: Floats, cluster: Ints, n_terms: int) -> NDArray[np.bool_]:
    """Return whether no more clusters than terms have one of the two outcomes.

    The sandwich then rests on so few scores that its standard errors come out far too small, without any sign of it.
    """
    m, most = len(cluster), int(cluster.max(initial=-1)) + 1
    place = (cluster + most * np.arange(m)[:, None]).ravel()
    having = [
        (np.bincount(place, kind.ravel(), minlength=m * most).reshape(m, most) > 0).sum(axis=1)
        for kind in (y > 0, y <= 0)
    ]
    return np.asarray(np.minimum(*having) <= n_terms)


def why_too_few(design: Design) -> str:
    """Return why a design has too few clusters for what is estimated from the spread between them."""
    if design.n_clusters <= len(design.terms):
        return "too_few_clusters"
    few = too_few_outcomes(design.y[None], design.cluster[None], len(design.terms))[0]
    return "too_few_outcomes" if few else ""


def _by_leverage(power: float) -> Callable[[Floats, Floats, Floats], Floats]:
    """Multiply scores by a power of ``I - J M``, in coordinates in which that is symmetric."""

    def correct(scores: Floats, information: Floats, bread: Floats) -> Floats:
        root = np.linalg.cholesky(bread)[..., None, :, :]
        turned = np.swapaxes(root, -1, -2)
        leverage, axes = np.linalg.eigh(turned @ information @ root)
        # A leverage of one, which only rounding can exceed, belongs to a score of zero.
        scale = np.maximum(1 - leverage, _SINGULAR) ** power
        along = np.swapaxes(axes, -1, -2) @ (turned @ scores[..., None])
        return np.linalg.solve(turned, axes @ (scale[..., None] * along))[..., 0]

    return correct


def _bounded(scores: Floats, information: Floats, bread: Floats) -> Floats:
    """Multiply each score by its own leverage to the power of -1/2, bounded."""
    leverage = np.diagonal(information @ bread[..., None, :, :], axis1=-2, axis2=-1)
    scaled: Floats = scores / np.sqrt(1 - np.minimum(leverage, FAY_GRAUBARD_BOUND))
    return scaled


_CORRECTIONS: Mapping[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "robust": lambda scores, information, bread: scores,
    "kc_principal": _by_leverage(-0.5),
    "md": _by_leverage(-1.0),
    "fg": _bounded,
}
KINDS = tuple(_CORRECTIONS)


def bell_mccaffrey(x: Floats, y: Floats, p: Floats, cluster: Ints) -> Floats:
    """Return Kauermann and Carroll's covariance under working independence with the root that is known as CR2.

    Their correction leaves open which root of ``I - H`` is taken, and roots differ where the variances of a cluster's
    rows do: this one is symmetric in the scale of the outcome, ``kc_principal`` is ``(I - H)^-1/2`` itself.

    Bell RM, McCaffrey DF. Surv Methodol 2002;28:169-81. Pustejovsky JE, Tipton E. J Bus Econ Stat 2018;36:672-83.
    """
    place, real = _rows_of_clusters(cluster)
    dataset = np.arange(len(x))[:, None, None]
    variance: Floats = p * (1 - p)
    bread: Floats = np.asarray(np.linalg.inv(np.swapaxes(x * variance[..., None], -1, -2) @ x), float)
    # Clusters are filled up with rows of no weight.
    weight = np.where(real, variance[dataset, place], 0.0)
    return sandwiched(bread, _symmetric(x[dataset, place], (y - p)[dataset, place], weight, bread))


def satterthwaite(x: Floats, p: Floats, cluster: Ints, contrasts: Floats) -> Floats:
    """Return degrees of freedom for Bell and McCaffrey's variance of contrasts, under the working model.

    Pustejovsky JE, Tipton E. J Bus Econ Stat 2018;36:672-83.
    """
    variance = p * (1 - p)
    weighted = x * variance[:, None]
    bread: Floats = np.asarray(np.linalg.inv(x.T @ weighted), float)
    # How each patient's residuals enter the coefficients: linearly, so that unit residuals tell.
    place, real = _rows_of_clusters(cluster[None])
    weight: Floats = np.where(real[0], variance[place[0]], 0.0).astype(float)
    entering = np.zeros((place.shape[1], *x.T.shape))
    for rank in range(place.shape[2]):
        unit = np.zeros(weight.shape)
        unit[:, rank] = real[0][:, rank]
        scores = _symmetric(x[place], unit[None], weight[None], bread[None])[0]
        own = np.flatnonzero(real[0][:, rank])
        entering[own, :, place[0][own, rank]] = scores[own]
    along = np.einsum("ct,gtn->cgn", contrasts @ bread, entering)
    # The covariance of the residuals where the working variance is right.
    shared = along @ (np.diag(variance) - weighted @ bread @ weighted.T) @ np.swapaxes(along, -1, -2)
    df: Floats = np.trace(shared, axis1=-2, axis2=-1) ** 2 / (shared**2).sum(axis=(-2, -1))
    return df


def _rows_of_clusters(cluster: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the rows of every cluster, shape (m, n_clusters, most rows), and which of them are real."""
    (m, n), most = cluster.shape, int(cluster.max(initial=-1)) + 1
    sizes = np.bincount((cluster + most * np.arange(m)[:, None]).ravel(), minlength=m * most).reshape(m, most)
    order = np.argsort(cluster, axis=1, kind="stable")
    owner = np.take_along_axis(cluster, order, axis=1)
    rank = np.arange(n) - np.take_along_axis(np.cumsum(sizes, axis=1) - sizes, owner, axis=1)
    place = np.zeros((m, sizes.shape[1], sizes.max(initial=0)), dtype=np.int64)
    place[np.arange(m)[:, None], owner, rank] = order
    return place, np.arange(place.shape[2]) < sizes[..., None]


def _symmetric(x: Floats, residual: Floats, variance: Floats, bread: Floats) -> Floats:
    """Corrected scores, shape (m, n_clusters, n_terms)."""
    root = np.sqrt(variance)
    steep = x * (variance * root)[..., None]
    inner = -steep @ bread[:, None] @ np.swapaxes(steep, -1, -2)
    inner[..., np.arange(root.shape[-1]), np.arange(root.shape[-1])] += variance**2
    size, axes = np.linalg.eigh(inner)
    # Rows that are as good as certain have neither variance nor residual.
    real = size > _SINGULAR * size.max(axis=-1, initial=0.0, keepdims=True)
    scale = np.where(real, 1 / np.sqrt(np.where(real, size, 1.0)), 0.0)
    along = scale * (np.swapaxes(axes, -1, -2) @ (root * residual)[..., None])[..., 0]
    scores: Floats = (np.swapaxes(x, -1, -2) @ (root[..., None] * (axes @ along[..., None])))[..., 0]
    return scores


@dataclass(frozen=True)
class GeeFits:
    """Slopes of m datasets."""

    slope: Floats
    se: Mapping[str, Floats]
    df: Ints
    reason: Reasons

    def p_value(self, kind: str = "kc") -> Floats:
        """Test the slopes by t: shape (m,), NaN where there is a reason."""
        return np.asarray(2 * t.sf(np.abs(self.slope / self.se[kind]), np.maximum(self.df, 1)), float)


def batched_gee(x: ArrayLike, y: ArrayLike, cluster: ArrayLike) -> GeeFits:
    """Fit many datasets by generalised estimating equations; each is what ``gee.fit`` makes of it."""
    values, outcome, own = np.broadcast_arrays(*(np.atleast_2d(np.asarray(part)) for part in (x, y, cluster)))
    fits = batched_ml(values, outcome)
    df = np.array([len(np.unique(row)) for row in own], np.int64) - 2
    few = np.select(
        [df <= 0, too_few_outcomes(outcome, own, 2)], ["too_few_clusters", "too_few_outcomes"], np.full(len(df), "")
    )
    reason = np.where(fits.reason == "", few, fits.reason)
    able = np.flatnonzero(reason == "")
    scores, information, spread = _cluster_sums(values[able], outcome[able], own[able], fits.coef[able])
    flat = too_few(scores, information)
    reason[able[flat]] = "too_few_clusters"
    able = able[~flat]
    spreads = {kind: covariance(kind, scores[~flat], information[~flat]) for kind in KINDS}
    spreads["kc"] = _bell_mccaffrey(values[able], outcome[able], own[able], fits.coef[able])
    se = {kind: np.full(len(values), np.nan) for kind in spreads}
    for kind, found in spreads.items():
        se[kind][able] = np.sqrt(found[:, 1, 1]) / spread[~flat]
    return GeeFits(np.where(reason == "", fits.coef[:, 1], np.nan), se, df, reason)


def _bell_mccaffrey(x: Floats, y: Floats, own: Ints, coef: Floats) -> Floats:
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return bell_mccaffrey(np.stack([np.ones_like(z), z], axis=-1), y, expit(coef[:, :1] + coef[:, 1:] * x), own)


def _cluster_sums(x: Floats, y: Floats, own: Ints, coef: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the scores and the information of every cluster, of the standardised predictor, and its divisor.

    Clusters that a dataset lacks have sums of nought.
    """
    spread = x.std(axis=1)
    z = (x - x.mean(axis=1, keepdims=True)) / spread[:, None]
    p = expit(coef[:, :1] + coef[:, 1:] * x)
    m, most = len(x), int(own.max(initial=-1)) + 1
    place = (own + most * np.arange(m)[:, None]).ravel()

    def total(rows: Floats) -> Floats:
        return np.asarray(np.bincount(place, rows.ravel(), minlength=m * most), float).reshape(m, most)

    weight = p * (1 - p)
    first, mixed, last = total(weight), total(weight * z), total(weight * z**2)
    scores = np.stack([total(y - p), total((y - p) * z)], axis=-1)
    information = np.stack([np.stack([first, mixed], axis=-1), np.stack([mixed, last], axis=-1)], axis=-2)
    return scores, information, spread


# Working correlation and covariance of every model.
MODELS: Mapping[str, tuple[str, str]] = {
    "gee_robust": ("independence", "robust"),
    "gee_kc": ("independence", "kc"),
    "gee_kc_satterthwaite": ("independence", "kc"),
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
        Interval and p by t with as many degrees of freedom as patients beyond terms, but for ``gee_kc_satterthwaite``:
        those of Satterthwaite, which fall where few patients settle a coefficient. ``gee_kc`` takes the root of
        Kauermann and Carroll's correction that is known as CR2, ``gee_kc_principal`` the principal one. The
        Fay-Graubard covariance is that of predictors centred at their means, carried over to an intercept where every
        predictor is 0.

    References
    ----------
    Liang KY, Zeger SL. Biometrika 1986;73:13-22. Li P, Redden DT. Stat Med 2015;34:281-96.

    Examples
    --------
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> _, robust = vp.fit_gee(design, model="gee_robust")
    >>> _, corrected = vp.fit_gee(design, model="gee_kc")
    >>> robust.estimate == corrected.estimate, robust.se < corrected.se
    (True, True)
    >>> corrected.ci_kind
    't(25)'
    """
    reason, coefficients, spread = solve(design, model)
    return design.failed(model, reason) if reason else _estimates(design, model, coefficients, spread, alpha)


def solve(design: Design, model: str, given: Floats | None = None) -> tuple[str, Floats, Floats]:
    """Solve the equations of a model on standardised predictors, or take the spread about given coefficients."""
    working, kind = MODELS[model]
    nothing = np.full(len(design.terms), np.nan)
    reason = gate(design) or why_too_few(design)
    if reason:
        return reason, nothing, np.diag(nothing)
    x = standardised(design.x)
    coefficients, correlation = (given, 0.0) if given is not None else _SOLVERS[working](x, design.y, design.cluster)
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
    back = original_scale(design.x)
    estimate, se = back @ coefficients, np.sqrt(np.diag(back @ covariance @ back.T))
    if model == "gee_kc_satterthwaite":
        x = standardised(design.x)
        return _by_satterthwaite(
            design, model, estimate, se, satterthwaite(x, expit(x @ coefficients), design.cluster, back), alpha
        )
    df = design.n_clusters - len(design.terms)
    reach, p = t.ppf(1 - alpha / 2, df) * se, 2 * t.sf(np.abs(estimate / se), df)
    centred = ", predictors centred at their means" if model == "gee_fg" else ""
    interval = estimate - reach, estimate + reach, f"t({df}){centred}"
    return design.fitted(model, estimate, se, interval, (p, f"Wald t({df}){centred}"))


def _by_satterthwaite(
    design: Design, model: str, estimate: Floats, se: Floats, df: Floats, alpha: float
) -> tuple[Estimate, ...]:
    reach, p = t.ppf(1 - alpha / 2, df) * se, 2 * t.sf(np.abs(estimate / se), df)
    terms = design.fitted(model, estimate, se, (estimate - reach, estimate + reach, ""), (p, ""))
    return tuple(
        replace(term, ci_kind=f"t({own:.1f}), Satterthwaite", p_kind=f"Wald t({own:.1f}), Satterthwaite")
        for term, own in zip(terms, df, strict=True)
    )


def independence(x: Floats, y: Floats, cluster: Ints) -> tuple[Floats, float]:
    """Solve the equation under working independence, which is that of the maximum of the likelihood.

    Parameters and results are those of ``exchangeable``; the correlation is 0.
    """
    found = maximise(x, y)
    return found.coefficients if found.converged else np.full(x.shape[1], np.nan), 0.0


def exchangeable(x: Floats, y: Floats, cluster: Ints) -> tuple[Floats, float]:
    """Solve the equation under one working correlation between any two vertebrae of a patient.

    The correlation is the mean product of Pearson residuals over the pairs, both counts less the number of terms.
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
    """Return every cluster's part of the equation and of its information under an exchangeable working correlation."""
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
    """Return the square roots of the variances, and Pearson's residuals; the cap keeps the roots from vanishing."""
    towards = np.clip(np.where(y > 0, logit, -logit), -_CAP, _CAP)
    root = np.sqrt(expit(towards) * expit(-towards))
    return root, np.where(y > 0, 1.0, -1.0) * np.exp(-towards / 2)
