"""Covariances of coefficients whose errors go together within clusters.

Every one of them is a bread around a meat of cluster scores, corrected in its own way for the residuals of a cluster
being smaller than its errors. The textbooks write the corrections as matrices of the size of the cluster,
``f(I - H)`` with the leverage ``H = D M D' V^-1``. As ``D' V^-1 f(I - H) = f(I - J M) D' V^-1``, with ``J = D' V^-1 D``
the cluster's part of the information, matrices of the size of the coefficients give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from vpresearch.regression.design import Design, Floats, Ints

# Fay and Graubard's own choice: no score grows to more than its double.
FAY_GRAUBARD_BOUND = 0.75
_SINGULAR = 1e-9


def covariance(kind: str, scores: Floats, information: Floats) -> Floats:
    """Give the sandwich covariance of the coefficients of an estimating equation.

    Parameters
    ----------
    kind : str
        ``robust`` (Liang and Zeger), ``kc_principal`` (Kauermann and Carroll), ``md`` (Mancl and DeRouen) or ``fg``
        (Fay and Graubard). Only the last depends on where the predictors have their zero.
    scores : numpy.ndarray of float, shape (..., n_clusters, n_terms)
        ``D' V^-1 (y - mu)`` of every cluster.
    information : numpy.ndarray of float, shape (..., n_clusters, n_terms, n_terms)
        ``D' V^-1 D`` of every cluster.

    Returns
    -------
    numpy.ndarray of float, shape (..., n_terms, n_terms)

    References
    ----------
    Liang KY, Zeger SL. Biometrika 1986;73:13-22. Kauermann G, Carroll RJ. J Am Stat Assoc 2001;96:1387-96. Mancl LA,
    DeRouen TA. Biometrics 2001;57:126-34. Fay MP, Graubard BI. Biometrics 2001;57:1198-206.

    Examples
    --------
    >>> scores = np.array([[1.0], [-2.0], [1.0]])
    >>> information = np.array([[[1.0]], [[2.0]], [[1.0]]])
    >>> [covariance(kind, scores, information).round(4).item() for kind in ("robust", "kc_principal", "md", "fg")]
    [0.375, 0.6667, 1.2222, 0.6667]
    """
    bread = np.linalg.inv(information.sum(axis=-3))
    return sandwiched(bread, _CORRECTIONS[kind](scores, information, bread))


def sandwiched(bread: Floats, scores: Floats) -> Floats:
    """Put the cross-products of cluster scores between two slices of bread; shapes as in ``covariance``."""
    meat = np.swapaxes(scores, -1, -2) @ scores
    covariance: Floats = bread @ meat @ bread
    return covariance


def too_few(scores: Floats, information: Floats) -> NDArray[np.bool_]:
    """Tell whether the scores of the clusters leave a direction in which the sandwich would be zero.

    So it is where only one cluster says anything about a coefficient, or where the outcomes of every cluster balance:
    the standard error would come out as zero.

    Parameters
    ----------
    scores, information : numpy.ndarray of float
        As in ``covariance``.

    Returns
    -------
    numpy.ndarray of bool, shape (...)
    """
    root = np.linalg.cholesky(np.linalg.inv(information.sum(axis=-3)))
    whitened = scores @ root
    smallest = np.linalg.eigvalsh(np.swapaxes(whitened, -1, -2) @ whitened)[..., 0]
    return np.asarray(smallest < _SINGULAR)


def too_few_outcomes(y: Floats, cluster: Ints, n_terms: int) -> NDArray[np.bool_]:
    """Tell whether no more clusters than terms have one of the two outcomes.

    The sandwich then rests on so few scores that its standard errors come out far too small, without any sign of it.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (m, n)
        0 or 1.
    cluster : numpy.ndarray of int, shape (m, n)
    n_terms : int

    Returns
    -------
    numpy.ndarray of bool, shape (m,)

    Examples
    --------
    >>> cluster = np.arange(6)[None] // 2
    >>> too_few_outcomes(np.array([[1.0, 0, 1, 0, 0, 0]]), cluster, 2).item()
    True
    """
    m, most = len(cluster), int(cluster.max(initial=-1)) + 1
    place = (cluster + most * np.arange(m)[:, None]).ravel()
    having = [
        (np.bincount(place, kind.ravel(), minlength=m * most).reshape(m, most) > 0).sum(axis=1)
        for kind in (y > 0, y <= 0)
    ]
    return np.asarray(np.minimum(*having) <= n_terms)


def why_too_few(design: Design) -> str:
    """Tell why a design has too few clusters for what is estimated from the spread between them.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1.

    Returns
    -------
    str
        ``too_few_clusters`` where there are no more clusters than terms; ``too_few_outcomes`` where no more of them
        than terms have one of the outcomes; else empty.

    Examples
    --------
    >>> x, y = np.column_stack([np.ones(4), np.arange(4.0)]), np.array([0.0, 1.0, 0.0, 0.0])
    >>> why_too_few(Design("leak", y, x, ("intercept", "fill"), ("", ""), np.arange(4)))
    'too_few_outcomes'
    """
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
    """Give Kauermann and Carroll's covariance under working independence with the root that is known as CR2.

    Their correction leaves open which root of ``I - H`` is taken, and roots differ where the variances of a cluster's
    rows do: this one is symmetric in the scale of the outcome, ``kc_principal`` is ``(I - H)^-1/2`` itself.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (m, n, n_terms)
    y, p : numpy.ndarray of float, shape (m, n)
        Outcomes of 0 and 1, and their fitted probabilities.
    cluster : numpy.ndarray of int, shape (m, n)

    Returns
    -------
    numpy.ndarray of float, shape (m, n_terms, n_terms)

    References
    ----------
    Bell RM, McCaffrey DF. Surv Methodol 2002;28:169-81. Pustejovsky JE, Tipton E. J Bus Econ Stat 2018;36:672-83.
    """
    place, real = _rows_of_clusters(cluster)
    dataset = np.arange(len(x))[:, None, None]
    variance: Floats = p * (1 - p)
    bread: Floats = np.asarray(np.linalg.inv(np.swapaxes(x * variance[..., None], -1, -2) @ x), float)
    # Clusters are filled up with rows of no weight.
    weight = np.where(real, variance[dataset, place], 0.0)
    return sandwiched(bread, _symmetric(x[dataset, place], (y - p)[dataset, place], weight, bread))


def _rows_of_clusters(cluster: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Give the rows of every cluster, shape (m, n_clusters, most rows), and which of them are real."""
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
