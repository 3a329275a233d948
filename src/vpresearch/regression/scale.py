"""Back from standardised columns to those of the design."""

from __future__ import annotations

import numpy as np

from vpresearch.regression.design import Floats


def original_scale(x: Floats) -> Floats:
    """Give the linear map from coefficients of the standardised columns to those of the columns themselves.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n, n_terms)
        The first column is one; the others have spread.

    Returns
    -------
    numpy.ndarray of float, shape (n_terms, n_terms)
        ``map @ coefficients``, and ``map @ covariance @ map.T``, belong to ``x``, with the intercept where every
        predictor is 0.

    Examples
    --------
    >>> x = np.array([[1.0, 10.0], [1.0, 30.0]])
    >>> original_scale(x).tolist()
    [[1.0, -2.0], [0.0, 0.1]]
    """
    centre, spread = x[:, 1:].mean(axis=0), x[:, 1:].std(axis=0)
    back = np.diag(np.append(1.0, 1 / spread))
    back[0, 1:] = -centre / spread
    return back
