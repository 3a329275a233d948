"""Firth's and the unpenalised logistic regression on one predictor, of many datasets at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri

from vpresearch.regression import firth
from vpresearch.regression.batched import Rows, augmented, measure, rows_of
from vpresearch.regression.batched_climb import Best, climb, highest, limit, spread
from vpresearch.regression.design import Design, Floats
from vpresearch.regression.firth import IMPOSSIBLE
from vpresearch.regression.result import REASONS

Reasons = NDArray[np.str_]

# Cells of one block.
_BLOCK = 20_000
_NOISE = 1e-12
# Outcomes amiss up to which datasets are taken one by one.
_FEW = 2


@dataclass(frozen=True)
class Fits:
    """Logistic regressions of m datasets on an intercept and one predictor.

    Attributes
    ----------
    coef, se : numpy.ndarray of float, shape (m, 2)
        Intercept and slope on the scale of the predictor; NaN where there is a reason.
    p_value : numpy.ndarray of float, shape (m,)
        Of the slope, by likelihood ratio.
    reason : numpy.ndarray of str, shape (m,)
        One of ``REASONS``, or the empty string.
    """

    coef: Floats
    se: Floats
    p_value: Floats
    reason: Reasons

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Which fits have numbers."""
        done: NDArray[np.bool_] = self.reason == ""
        return done


@dataclass(frozen=True)
class FirthFits(Fits):
    """Firth's logistic regressions of m datasets.

    Attributes
    ----------
    low, high : numpy.ndarray of float, shape (m, 2)
        Penalised profile limits; NaN where none is found.
    """

    low: Floats
    high: Floats


def batched_firth(x: ArrayLike, y: ArrayLike, weights: ArrayLike = 1.0, alpha: float = 0.05) -> FirthFits:
    """Fit Firth's logistic regression to many datasets at once; each is what ``firth.fit`` makes of it.

    Parameters
    ----------
    x, y, weights : array_like of float, shapes that broadcast to (m, n)
        Predictor; outcome of 0 and 1; how often the row counts, such as in a resample.
    alpha : float
        One minus the coverage of the limits.

    Returns
    -------
    FirthFits

    References
    ----------
    Heinze G, Schemper M. Stat Med 2002;21:2409-2419.

    Examples
    --------
    >>> fits = batched_firth(np.arange(6.0), [[0, 0, 0, 1, 1, 1], [0, 0, 1, 0, 1, 1]])
    >>> fits.coef.round(4).tolist(), fits.p_value.round(4).tolist()
    ([[-2.8223, 1.1289], [-1.6927, 0.6771]], [0.0495, 0.1455])
    """
    critical = float(chdtri(1, alpha))

    def fit(data: _Data) -> dict[str, Floats]:
        rows = rows_of(data.z, data.y, data.weights, penalised=True)
        beta = highest(rows)
        point = measure(rows, beta)
        best = Best(beta, point.height, _inverse(augmented(rows, beta, point.information)))
        low, high = (
            np.stack([limit(rows, best, contrast, side, critical) for contrast in data.contrasts], axis=1)
            for side in (-1, 1)
        )
        return {**_estimates(rows, data, best), "low": low, "high": high}

    fits = FirthFits(**_in_blocks(fit, IMPOSSIBLE, x, y, weights))
    lost = (fits.reason == "") & (np.isnan(fits.low + fits.high).any(axis=1) | _nearly_separated(x, y, weights))
    for place in np.flatnonzero(lost | (fits.reason == "not_converged")):
        _with_care(fits, int(place), [part[place] for part in _broadcast(x, y, weights)], alpha)
    return fits


def _nearly_separated(x: ArrayLike, y: ArrayLike, weights: ArrayLike) -> NDArray[np.bool_]:
    """Tell where a step leaves few outcomes amiss: there a profile can have several maxima."""
    values, outcome, times = _broadcast(x, y, weights)
    order = np.argsort(values, axis=1, kind="stable")
    count = np.take_along_axis(times * np.where(outcome > 0, 1.0, -1.0), order, axis=1)
    # Of outcomes of 1 how many more than of 0 lie up to each row: by that a step down leaves fewer amiss than none.
    gained = np.cumsum(count, axis=1)
    ones, n = (times * (outcome > 0)).sum(axis=1), times.sum(axis=1)
    amiss = np.minimum(ones - gained.max(axis=1), n - ones + gained.min(axis=1))
    # Of a step that leaves all on one side nothing is asked.
    return np.asarray((amiss <= _FEW) & (amiss < np.minimum(ones, n - ones)))


def _with_care(fits: FirthFits, place: int, data: list[Floats], alpha: float) -> None:
    """Fit one dataset anew that is too hard for all at once."""
    x, y, weights = data
    times = weights.astype(int)
    whole = Design("", np.repeat(y, times), np.column_stack([np.ones(times.sum()), np.repeat(x, times)]),
                   ("intercept", "x"), ("", ""), np.arange(times.sum()))  # fmt: skip
    found = firth.fit(whole, alpha)
    fits.coef[place], fits.se[place], fits.low[place], fits.high[place] = np.array(
        [[each.estimate, each.se, each.ci_low, each.ci_high] for each in found]
    ).T
    fits.p_value[place] = found[1].p_value
    fits.reason[place] = "" if found[1].converged else found[1].reason


def batched_ml(x: ArrayLike, y: ArrayLike, weights: ArrayLike = 1.0, start: Sequence[float] = (0.0, 0.0)) -> Fits:
    """Fit logistic regression by maximum likelihood to many datasets at once.

    Parameters
    ----------
    x, y, weights : array_like of float, shapes that broadcast to (m, n)
        Predictor; outcome of 0 and 1; how often the row counts, such as in a resample.
    start : pair of float
        Coefficients that the maxima are near.

    Returns
    -------
    Fits

    Examples
    --------
    >>> fits = batched_ml(np.arange(6.0), [[0, 0, 0, 1, 1, 1], [0, 0, 1, 0, 1, 1]])
    >>> fits.coef[1].round(3).tolist(), fits.reason.tolist()
    ([-3.035, 1.214], ['complete_separation', ''])
    """

    def fit(data: _Data) -> dict[str, Floats]:
        rows = rows_of(data.z, data.y, data.weights, penalised=False)
        beta = climb(rows, data.standardised(start))[0]
        point = measure(rows, beta)
        return _estimates(rows, data, Best(beta, point.height, _inverse(point.information)))

    return Fits(**_in_blocks(fit, REASONS, x, y, weights))


def reasons(x: ArrayLike, y: ArrayLike, weights: ArrayLike = 1.0) -> Reasons:
    """Tell why logistic likelihoods of one predictor have no finite maximum, in closed form.

    Parameters
    ----------
    x, y, weights : array_like of float, shapes that broadcast to (m, n)
        Rows of weight 0 do not count.

    Returns
    -------
    numpy.ndarray of str, shape (m,)
        As ``gate`` tells it.

    References
    ----------
    Albert A, Anderson JA. Biometrika 1984;71:1-10.

    Examples
    --------
    >>> reasons([1, 2, 3, 3], [[0, 0, 1, 1], [0, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0]]).tolist()
    ['complete_separation', 'quasi_complete_separation', '', 'one_outcome']
    """
    values, outcome, times = _broadcast(x, y, weights)
    low, high = [], []
    for kind in ((outcome <= 0) & (times > 0), (outcome > 0) & (times > 0)):
        low.append(np.where(kind, values, np.inf).min(axis=1))
        high.append(np.where(kind, values, -np.inf).max(axis=1))
    # How far the outcomes are apart on the predictor, whichever of them is above.
    gap = np.maximum(low[1] - high[0], low[0] - high[1])
    least, greatest = np.minimum(*low), np.maximum(*high)
    # Equal ratios may differ in their last digit.
    noise = _NOISE * np.maximum(np.abs(least), np.abs(greatest))
    told = [
        (np.isinf(gap), "one_outcome"),
        (greatest - least <= noise, "constant"),
        (gap > noise, "complete_separation"),
        (gap >= -noise, "quasi_complete_separation"),
    ]
    return np.select([where for where, _ in told], [reason for _, reason in told], "")


class _Data(NamedTuple):
    """Datasets with their predictor standardised, and each term of theirs in terms of the standardised ones."""

    z: Floats
    y: Floats
    weights: Floats
    contrasts: tuple[Floats, Floats]

    def standardised(self, coefficients: Sequence[float]) -> Floats:
        """Give an intercept and a slope on the scale of each dataset's standardised predictor, shape (2, m)."""
        (_, shift), (_, scale) = self.contrasts
        slope = coefficients[1] / scale
        return np.stack([coefficients[0] - shift * slope, slope])


def _in_blocks(
    fit: Callable[[_Data], dict[str, Floats]], barred: Sequence[str], x: ArrayLike, y: ArrayLike, weights: ArrayLike
) -> dict[str, Any]:
    """Fit blocks of datasets that stay in the processor's cache."""
    arrays = _broadcast(x, y, weights)
    m, n = arrays[0].shape
    size = max(1, _BLOCK // max(1, n))
    with np.errstate(all="ignore"):
        blocks = [
            _block(fit, barred, *(array[start : start + size] for array in arrays))
            for start in range(0, max(1, m), size)
        ]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _broadcast(x: ArrayLike, y: ArrayLike, weights: ArrayLike) -> tuple[Floats, ...]:
    return np.broadcast_arrays(*(np.atleast_2d(np.asarray(values, float)) for values in (x, y, weights)))


def _block(
    fit: Callable[[_Data], dict[str, Floats]], barred: Sequence[str], x: Floats, y: Floats, weights: Floats
) -> dict[str, Any]:
    told = reasons(x, y, weights)
    reason = np.where(np.isin(told, barred), told, "")
    able = np.flatnonzero(reason == "")
    results: dict[str, Any] = {"reason": reason}
    for name, values in fit(_standardised(x[able], y[able], weights[able])).items():
        results[name] = np.full((len(x), *values.shape[1:]), np.nan)
        results[name][able] = values
    reason[(reason == "") & np.isnan(results["coef"]).any(axis=1)] = "not_converged"
    return results


def _standardised(x: Floats, y: Floats, weights: Floats) -> _Data:
    total = weights.sum(axis=1, keepdims=True)
    mean = (weights * x).sum(axis=1, keepdims=True) / total
    centred = x - mean
    sd = np.sqrt((weights * centred**2).sum(axis=1, keepdims=True) / total)
    intercept = np.stack([np.ones(len(x)), -(mean / sd)[:, 0]])
    return _Data(centred / sd, y, weights, (intercept, np.stack([np.zeros(len(x)), 1 / sd[:, 0]])))


def _estimates(rows: Rows, data: _Data, best: Best) -> dict[str, Floats]:
    """Give coefficients and standard errors of both terms, and p of the slope."""
    share = (data.weights * data.y).sum(axis=1) / data.weights.sum(axis=1)
    flat = np.stack([np.log(share / (1 - share)), np.zeros(len(share))])
    null, held = climb(rows, flat, np.stack([np.ones(len(share)), np.zeros(len(share))]))
    coef = [(contrast * best.beta).sum(axis=0) for contrast in data.contrasts]
    se = [np.sqrt(spread(best.covariance, contrast)[0]) for contrast in data.contrasts]
    lost = np.isnan(best.beta[0] + null[0])
    p = np.where(lost, np.nan, chdtrc(1, np.maximum(0, 2 * (best.height - held.height))))
    return {"coef": np.stack(coef, axis=1), "se": np.stack(se, axis=1), "p_value": p}


def _inverse(matrix: Floats) -> Floats:
    """Invert symmetric matrices of two by two, given by their first, mixed and last entries."""
    a, b, c = matrix
    inverse: Floats = np.stack([c, -b, a]) / (a * c - b * b)
    return inverse
