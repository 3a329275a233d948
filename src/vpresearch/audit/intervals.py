"""Confidence intervals of the odds ratio and the risk ratio of a two-by-two table, by the methods that are in use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln, ndtri

from vpresearch.audit.check import Range

Table = NDArray[np.float64]
Ratio = Literal["or", "rr"]

# Logarithms of ratios between which an end is looked for, and counts up to which exact ones are.
_FAR, _MOST_EXACT = 30.0, 100_000


def intervals_of(table: NDArray[np.int64], ratio: Ratio, level: float) -> list[Range]:
    """List the intervals of a ratio whichever way the table is set: the risk of either column or row, and inverted."""
    cells = table.astype(float)
    # An odds ratio is the same of the table turned.
    ways = (cells,) if ratio == "or" else (cells, cells[:, ::-1], cells.T, cells.T[:, ::-1])
    logs = [ends for way in ways for ends in _logs(way, ratio, level)]
    logs += [(-high, -low) for low, high in logs]
    return [(math.exp(low), math.exp(high)) for low, high in logs]


def _logs(table: Table, ratio: Ratio, level: float) -> Iterator[Range]:
    z = float(ndtri((1 + level) / 2))
    # Programs and books take 1.96 as well.
    for factor in (z, round(z, 2)):
        yield from _by_error(table, ratio, factor)
    for statistic in _STATISTICS if ratio == "or" else _STATISTICS[:3]:
        yield _inverted(partial(_signed, table, ratio, statistic), z)
    if ratio == "or" and table.sum() <= _MOST_EXACT:
        for mid in (0.0, 0.5):
            yield _exact(table, (1 - level) / 2, mid)


def _by_error(table: Table, ratio: Ratio, z: float) -> Iterator[Range]:
    """Estimate and standard error of its logarithm, also with 0.5 added; and as far from 1 as the test of it is.

    Woolf B. Ann Hum Genet 1955;19:251-253. Haldane JBS. Ann Hum Genet 1956;20:309-311. Katz D et al. Biometrics
    1978;34:469-474. Walter SD. Biometrics 1975;31:371-374. Miettinen O. Am J Epidemiol 1976;103:226-235.
    """
    # The last adds to the events and to the sizes.
    for more in ([0.0, 0.0], [0.5, 0.5], [0.5, 0.0])[: 2 + (ratio == "rr")]:
        cells = table + more
        if not cells.all():
            continue
        (a, b), (c, d) = cells
        sizes = cells.sum(axis=1)
        if ratio == "or":
            estimate, errors = math.log(a * d / (b * c)), [math.sqrt((1 / cells).sum())]
        else:
            estimate = math.log(a / sizes[0] / (c / sizes[1]))
            # The second is of a Poisson regression without robust errors.
            errors = [math.sqrt(1 / a + 1 / c - (1 / sizes).sum()), math.sqrt(1 / a + 1 / c)]
        yield from ((estimate - z * error, estimate + z * error) for error in errors)
        apart = np.abs(cells - np.outer(sizes, cells.sum(axis=0)) / cells.sum())[0, 0]
        for excess in (apart, max(0.0, apart - 0.5)):
            chi = excess * math.sqrt(cells.sum() ** 3 / (sizes.prod() * cells.sum(axis=0).prod()))
            if chi > 0:
                yield estimate - z * abs(estimate) / chi, estimate + z * abs(estimate) / chi


def _fitted(table: Table, ratio: Ratio, log_ratio: float) -> Table:
    """Return the likeliest expected counts with the rows of a table and a given ratio; with its columns too."""
    (n, m), (events, _), by = table.sum(axis=1), table.sum(axis=0), math.exp(log_ratio)
    if ratio == "or":
        half = by * (n + events) + m - events
        first = 2 * by * n * events / (half + math.sqrt(max(0.0, half**2 - 4 * by * (by - 1) * n * events)))
        second = events - first
    else:
        half = by * (n + table[1, 0]) + table[0, 0] + m
        risk = 2 * events / (half + math.sqrt(max(0.0, half**2 - 4 * (n + m) * by * events)))
        first, second = n * by * risk, m * risk
    fitted: Table = np.maximum([[first, n - first], [second, m - second]], 1e-300)
    return fitted


# Score (Koopman PAR. Biometrics 1984;40:513-517; Cornfield J. 1956), that of Miettinen and Nurminen (Stat Med
# 1985;4:213-226), the profile of the likelihood, and Cornfield's with a correction for continuity.
_STATISTICS: tuple[Callable[[Table, Table], float], ...] = (
    lambda table, fitted: float(((table - fitted) ** 2 / fitted).sum()),
    lambda table, fitted: float(((table - fitted) ** 2 / fitted).sum() * (1 - 1 / table.sum())),
    lambda table, fitted: float(2 * (table * np.log(np.where(table > 0, table, 1) / fitted))[table > 0].sum()),
    lambda table, fitted: float((np.maximum(0, np.abs(table - fitted) - 0.5) ** 2 / fitted).sum()),
)


def _signed(table: Table, ratio: Ratio, statistic: Callable[[Table, Table], float], log_ratio: float) -> float:
    top, bottom = table[:, 0] * (table[::-1, 1] if ratio == "or" else table[::-1].sum(axis=1))
    root = math.sqrt(max(0.0, statistic(table, _fitted(table, ratio, log_ratio))))
    return root if top > math.exp(log_ratio) * bottom else -root


def _inverted(signed: Callable[[float], float], z: float) -> Range:
    """Return the ratios that a test does not reject: its signed root falls from the one end to the other."""
    return _root(lambda log_ratio: signed(log_ratio) - z), _root(lambda log_ratio: signed(log_ratio) + z)


def _root(falling: Callable[[float], float]) -> float:
    if falling(-_FAR) <= 0:
        return -math.inf
    return math.inf if falling(_FAR) >= 0 else float(brentq(falling, -_FAR, _FAR, xtol=1e-10))


def _exact(table: Table, tail: float, mid: float) -> Range:
    """Return the conditional limits, exact or by mid-p, of an odds ratio.

    Cornfield J. Proc 3rd Berkeley Symp 1956;4:135-148. Berry G, Armitage P. Statistician 1995;44:417-423.
    """
    (n, m), events, own = table.sum(axis=1), table[:, 0].sum(), table[0, 0]
    counts = np.arange(max(0, events - m), min(n, events) + 1)
    ways = -sum(gammaln(each + 1) for each in (counts, n - counts, events - counts, m - events + counts))

    def beyond(log_ratio: float, sign: int) -> float:
        logs = ways + counts * log_ratio
        chances = np.exp(logs - logs.max())
        return float((chances @ (sign * counts > sign * own) + (1 - mid) * chances[counts == own][0]) / chances.sum())

    return _root(lambda log_ratio: tail - beyond(log_ratio, 1)), _root(lambda log_ratio: beyond(log_ratio, -1) - tail)
