"""The likelihood of the mixed model at very many places at once: one quadrature for all patients."""

from __future__ import annotations

import numpy as np

from vpresearch.regression.design import Floats
from vpresearch.regression.quadrature import Grouped

# In standard deviations of the intercepts, how far the nodes reach; in widths of the narrowest integrand, their steps.
_REACH, _STEP = 7.0, 0.9
# Numbers of one block, which stay in the processor's cache; an exponential that is not infinite.
_BLOCK, _CAP = 40_000, 700.0


def log_likelihoods(rows: Grouped, at: Floats) -> Floats:
    """Integrate the random intercepts out of the likelihood by the trapezoidal rule.

    Its nodes are the same for every patient and every place of one deviation, so that no mode is looked for; chances
    are multiplied, so that only their integrals are taken to logarithms. The error falls exponentially with the steps
    of the nodes, and stays below 1e-4 a patient whose outcomes are likelier than 1e-9.

    Parameters
    ----------
    rows : Grouped
    at : numpy.ndarray of float, shape (n_places, n_terms + 1)
        Coefficients, and the standard deviation of the intercepts; the fewer deviations differ, the faster.

    Returns
    -------
    numpy.ndarray of float, shape (n_places,)
        Natural logarithms; minus infinity where the likelihood is too small for a floating-point number.

    References
    ----------
    Trefethen LN, Weideman JAC. SIAM Rev 2014;56:385-458.

    Examples
    --------
    >>> rows = Grouped(np.ones((2, 1)), np.array([0.0, 1.0]), np.array([0, 0]), np.array([0]))
    >>> np.exp(log_likelihoods(rows, np.array([[0.0, 0.0], [0.0, 3.0]]))).round(4).tolist()
    [0.25, 0.1148]
    """
    heights = np.empty(len(at))
    for sd in np.unique(at[:, -1]):
        nodes, weights = _rule(float(sd), len(rows.layers))
        places = np.flatnonzero(at[:, -1] == sd)
        size = max(1, _BLOCK // (len(rows.starts) * len(nodes)))
        for start in range(0, len(places), size):
            block = places[start : start + size]
            heights[block] = _block(rows, at[block, :-1], sd * nodes, weights)
    return heights


def _rule(sd: float, most_rows: int) -> tuple[Floats, Floats]:
    """Give nodes, in standard deviations of the intercepts, and their weights; shapes (n_nodes,)."""
    # Each row of a patient bends the log integrand by a quarter of the variance at most.
    step = _STEP / np.sqrt(1 + most_rows * sd**2 / 4)
    ends = np.ceil(_REACH / step)
    nodes = step * np.arange(-ends, ends + 1)
    return nodes, step * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)


def _block(rows: Grouped, coefficients: Floats, intercepts: Floats, weights: Floats) -> Floats:
    away = (1 - 2 * rows.y)[:, None]
    logit, moved = away * (rows.x @ coefficients.T), away * intercepts
    odds = (np.exp(np.minimum(logit[layer, :, None] + moved[layer, None, :], _CAP)) for layer in rows.layers)
    with np.errstate(over="ignore", divide="ignore"):
        # One over the chance of each patient's outcomes, row after row of all patients that have as many.
        rarity = 1 + next(odds)
        for layer in odds:
            rarity[: len(layer)] *= 1 + layer
        likelihoods: Floats = np.log((1 / rarity) @ weights).sum(axis=0)
    return likelihoods
