"""The unpenalised logistic regression on any number of predictors, of many datasets at once."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_expit

from vpresearch.regression.design import Floats

# Log odds beyond which a row's weight is taken for no smaller, so that no information vanishes.
_FAR = 30.0
_STEPS, _SETTLED = 25, 1e-6


def maximise_each(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Maximise logistic likelihoods by Newton's method from nought.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (m, n, n_terms)
        The first column of every dataset is one.
    y : numpy.ndarray of float, shape (m, n)
        0 or 1.

    Returns
    -------
    coefficients : numpy.ndarray of float, shape (m, n_terms)
        On the scale of the columns; NaN where the method does not settle, as on separated rows, and where columns
        depend on each other.
    heights : numpy.ndarray of float, shape (m,)
        Log-likelihoods at the maxima; NaN where there is none.

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), np.arange(6.0)])
    >>> coefficients, _ = maximise_each(np.stack([x, x]), np.array([[0.0, 0, 1, 0, 1, 1], [0, 0, 0, 1, 1, 1]]))
    >>> coefficients.round(3).tolist()
    [[-3.035, 1.214], [nan, nan]]
    """
    coefficients, heights = np.full(x.shape[::2], np.nan), np.full(len(x), np.nan)
    able = np.linalg.matrix_rank(x) == x.shape[2]
    basis, triangle = np.linalg.qr(x[able])
    # Towards each row's own outcome, and the log odds of it.
    signed = basis * (2 * y[able] - 1)[..., None]
    beta = np.zeros(basis.shape[::2])
    for _ in range(_STEPS):
        miss = expit(-np.clip(_along(signed, beta), -_FAR, _FAR))
        turned = np.swapaxes(signed, 1, 2)
        information = (turned * (miss * (1 - miss))[:, None, :]) @ signed
        step = np.linalg.solve(information, turned @ miss[..., None])[..., 0]
        beta += step
        settled = np.abs(step).max(axis=1, initial=0) <= _SETTLED
        if settled.all():
            break
    found = np.flatnonzero(able)[settled]
    coefficients[found] = np.linalg.solve(triangle, beta[..., None])[settled, :, 0]
    heights[found] = log_expit(_along(signed, beta))[settled].sum(axis=1)
    return coefficients, heights


def _along(x: Floats, beta: Floats) -> Floats:
    odds: Floats = (x @ beta[..., None])[..., 0]
    return odds
