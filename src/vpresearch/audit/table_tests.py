"""Tests of two-by-two tables, by the sums of two groups of noughts and ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, fisher_exact, hypergeom

from vpresearch.audit.witness import Ints

Floats = NDArray[np.float64]
Side = Literal["two-sided", "less", "greater"]


def one_or_both(p: Floats, *, one_sided: bool) -> Floats:
    """Give a two-sided p, or both one-sided ones of a test with two equal tails, towards the difference first.

    Parameters
    ----------
    p : numpy.ndarray of float
    one_sided : bool

    Returns
    -------
    numpy.ndarray of float, of the same shape and one more axis

    Examples
    --------
    >>> one_or_both(np.array([0.2]), one_sided=True).tolist()
    [[0.1, 0.9]]
    """
    return np.stack([p / 2, 1 - p / 2], axis=-1) if one_sided else p[..., None]


def _chi_squared(table: Ints, one_sided: bool, *, correction: bool) -> Floats:
    return one_or_both(np.array(chi2_contingency(table, correction=correction).pvalue), one_sided=one_sided)


def _fisher(table: Ints, one_sided: bool) -> Floats:
    return np.array([fisher_exact(table, side).pvalue for side in sides(one_sided=one_sided)])


def _fisher_mid(table: Ints, one_sided: bool) -> Floats:
    """Leave half of the tables that count as the observed one out: doubled, as by likelihood, and of Fisher's p."""
    rows, columns = table.sum(axis=1).tolist(), table.sum(axis=0).tolist()
    corners = np.arange(max(0, columns[0] - rows[1]), min(rows[0], columns[0]) + 1)
    chance = hypergeom.pmf(corners, sum(rows), rows[0], columns[0])
    (own,) = chance[corners == table[0, 0]]
    one = [chance[side].sum() - own / 2 for side in (corners <= table[0, 0], corners >= table[0, 0])]
    if one_sided:
        return np.array(one)
    # Chances that differ in their last bits alone are equal, as everywhere.
    as_likely = chance[np.isclose(chance, own, rtol=1e-7, atol=0)].sum()
    by_likelihood = chance[chance <= own * (1 + 1e-7)].sum()
    return np.array([min(1.0, 2 * min(one)), by_likelihood - as_likely / 2, by_likelihood - own / 2])


def sides(*, one_sided: bool) -> tuple[Side, ...]:
    """Give the alternatives that a p can be of, by their names in scipy.

    Examples
    --------
    >>> sides(one_sided=True)
    ('less', 'greater')
    """
    return ("less", "greater") if one_sided else ("two-sided",)


# From a table, its p, or both one-sided ones.
TABLE_TESTS: dict[str, Callable[[Ints, bool], Floats]] = {
    "chi_squared": partial(_chi_squared, correction=False),
    "chi_squared_yates": partial(_chi_squared, correction=True),
    "fisher": _fisher,
    "fisher_mid": _fisher_mid,
}


def table_p(first: Ints, second: Ints, test: str, *, one_sided: bool = False) -> Floats:
    """Test every dataset of one group against every one of the other.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shapes (n_first, n_a) and (n_second, n_b)
        Noughts and ones.
    test : str
        One of `TABLE_TESTS`.
    one_sided : bool, default False

    Returns
    -------
    numpy.ndarray of float, shape (n_first, n_second, 1), or 2 in the last place where one-sided
        Of a two-sided mid-p the three ways that are in use. NaN where nobody, or everybody, has a one.

    Examples
    --------
    >>> table_p(np.array([[0, 1, 1]]), np.array([[0, 0, 0]]), "fisher").round(3).tolist()
    [[[0.4]]]
    """
    known: dict[tuple[int, int], Floats] = {}
    width = TABLE_TESTS[test](np.eye(2, dtype=np.int64), one_sided).size
    sums = [part.sum(axis=1).tolist() for part in (first, second)]
    sizes = first.shape[1], second.shape[1]
    for ones in {(one, other) for one in sums[0] for other in sums[1]}:
        table = np.array([[count, size - count] for count, size in zip(ones, sizes, strict=True)])
        known[ones] = TABLE_TESTS[test](table, one_sided) if table.sum(axis=0).all() else np.full(width, np.nan)
    return np.array([[known[one, other] for other in sums[1]] for one in sums[0]])
