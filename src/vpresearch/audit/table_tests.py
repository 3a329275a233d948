"""Tests of two-by-two tables, by the sums of two groups of noughts and ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, fisher_exact

from vpresearch.audit.witness import Ints

TABLE_TESTS: dict[str, Callable[[Ints], float]] = {
    "chi_squared": lambda table: float(chi2_contingency(table, correction=False).pvalue),
    "chi_squared_yates": lambda table: float(chi2_contingency(table, correction=True).pvalue),
    "fisher": lambda table: float(fisher_exact(table).pvalue),
}


def table_p(first: Ints, second: Ints, test: str) -> NDArray[np.float64]:
    """Test every dataset of one group against every one of the other.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shapes (n_first, n_a) and (n_second, n_b)
        Noughts and ones.
    test : {"chi_squared", "chi_squared_yates", "fisher"}

    Returns
    -------
    numpy.ndarray of float, shape (n_first, n_second)
        NaN where nobody, or everybody, has a one.

    Examples
    --------
    >>> table_p(np.array([[0, 1, 1]]), np.array([[0, 0, 0]]), "fisher").round(3).tolist()
    [[0.4]]
    """
    known: dict[tuple[int, int], float] = {}
    sums = [part.sum(axis=1).tolist() for part in (first, second)]
    sizes = first.shape[1], second.shape[1]
    for ones in {(one, other) for one in sums[0] for other in sums[1]}:
        table = np.array([[count, size - count] for count, size in zip(ones, sizes, strict=True)])
        known[ones] = TABLE_TESTS[test](table) if table.sum(axis=0).all() else np.nan
    return np.array([[known[one, other] for other in sums[1]] for one in sums[0]])
