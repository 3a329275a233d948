"""Tests of a table of counts."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from vpresearch.inference.result import Effect, TestResult, not_done

# Table weights are exact in 64-bit integers up to here.
_LARGEST_WEIGHT = 2**62
_SMALL_EXPECTED = 5


@dataclass(frozen=True)
class Association:
    """Association of two categorical variables.

    Attributes
    ----------
    observed : pandas.DataFrame, shape (n_rows, n_columns)
        Counts, empty rows and columns left out.
    expected : pandas.DataFrame, shape (n_rows, n_columns)
        Counts expected without association.
    chi_squared : TestResult
        Pearson's test without Yates' correction, with Cramér's V.
    fisher : TestResult or None
        Exact test, where an expected count is below 5.
    """

    observed: pd.DataFrame
    expected: pd.DataFrame
    chi_squared: TestResult
    fisher: TestResult | None


def associate(rows: pd.Series[str], columns: pd.Series[str]) -> Association:
    """Test the association of two categorical variables.

    Parameters
    ----------
    rows, columns : pandas.Series of str, shape (n,)
        Units that miss either one are left out.

    Returns
    -------
    Association

    References
    ----------
    Pearson K. Philos Mag 1900;50:157-175. Freeman GH, Halton JH. Biometrika 1951;38:141-149.

    Examples
    --------
    >>> import pandas as pd
    >>> sex = pd.Series(["F"] * 10 + ["M"] * 10)
    >>> leak = pd.Series(["yes"] * 3 + ["no"] * 7 + ["yes"] * 8 + ["no"] * 2)
    >>> result = associate(sex, leak)
    >>> round(result.chi_squared.p_value, 4), round(result.fisher.p_value, 4)
    (0.0246, 0.0698)
    """
    counts = pd.crosstab(rows, columns)
    if min(counts.shape) < 2:
        nothing = not_done("chi_squared", "one_category")
        return Association(counts, counts * math.nan, nothing, None)
    # Lazy: pingouin takes seconds to import, and no other test needs it.
    import pingouin

    with warnings.catch_warnings():
        # It warns of small expected counts; the exact test below answers them.
        warnings.simplefilter("ignore")
        table = pd.DataFrame({"rows": rows, "columns": columns})
        expected, _, tests = pingouin.chi2_independence(table, "rows", "columns", correction=False)
    pearson = tests.set_index("test").loc["pearson"]
    cramers_v = Effect("cramers_v", float(pearson["cramer"]))
    chi_squared = TestResult(
        "chi_squared", float(pearson["chi2"]), float(pearson["dof"]), float(pearson["pval"]), cramers_v
    )
    small = (expected < _SMALL_EXPECTED).any(axis=None)
    return Association(counts, expected, chi_squared, fisher(counts.to_numpy(dtype=np.int64)) if small else None)


def fisher(counts: NDArray[np.int64]) -> TestResult:
    """Do Fisher's exact test, by the Freeman-Halton rule in a table of more than two rows.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (n_rows, 2) or (2, n_columns)

    Returns
    -------
    TestResult
        Without a statistic; not done where the tables are too many to be weighed exactly.

    Examples
    --------
    >>> import numpy as np
    >>> round(fisher(np.array([[3, 1], [1, 3], [0, 4]])).p_value, 4)
    0.2
    """
    counts = counts if counts.shape[1] == 2 else counts.T
    if counts.shape == (2, 2):
        return TestResult("fisher", math.nan, math.nan, float(fisher_exact(counts).pvalue))
    n, drawn = int(counts.sum()), int(counts[:, 1].sum())
    if counts.shape[1] != 2 or math.comb(n, drawn) > _LARGEST_WEIGHT:
        return not_done("fisher", "too_many_tables")
    observed = math.prod(math.comb(int(a + b), int(b)) for a, b in counts)
    weights, tables = _weights_of_tables(counts.sum(axis=1), drawn)
    as_extreme = sum(int(w) * int(m) for w, m in zip(weights, tables, strict=True) if w <= observed)
    return TestResult("fisher", math.nan, math.nan, as_extreme / math.comb(n, drawn))


def _weights_of_tables(row_totals: NDArray[np.int64], drawn: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Weights of all tables with these margins, and how many tables have each weight."""
    one = np.ones(1, dtype=np.int64)
    by_sum = {0: (one, one)}
    left = int(row_totals.sum())
    for total in (int(total) for total in row_totals):
        left -= total
        grown: dict[int, list[tuple[NDArray[np.int64], NDArray[np.int64]]]] = {}
        for subtotal, (weights, tables) in by_sum.items():
            for count in range(max(0, drawn - subtotal - left), min(total, drawn - subtotal) + 1):
                grown.setdefault(subtotal + count, []).append((weights * math.comb(total, count), tables))
        by_sum = {subtotal: _merge(parts) for subtotal, parts in grown.items()}
    return by_sum[drawn]


def _merge(parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    weights, inverse = np.unique(np.concatenate([weights for weights, _ in parts]), return_inverse=True)
    tables = np.zeros(len(weights), dtype=np.int64)
    np.add.at(tables, inverse, np.concatenate([tables for _, tables in parts]))
    return weights, tables
