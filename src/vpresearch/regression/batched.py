"""Firth's regression of many datasets at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri

from vpresearch.regression import firth
from vpresearch.regression.design import REASONS, Design, Floats
from vpresearch.regression.firth import FALL, IMPOSSIBLE, QUANTILES, STEEPNESS


@dataclass(frozen=True)
class Rows:
    """Rows of m datasets, ready for their likelihoods."""

    sign: Floats
    z: Floats
    even: tuple[Floats, ...]
    odd: tuple[Floats, ...]
    reach: Floats
    penalised: bool

    def take(self, at: NDArray[np.int64]) -> Rows:
        """Keep the datasets at these places."""
        if np.array_equal(at, np.arange(len(self.z))):
            return self
        even, odd = (tuple(power[at] for power in powers) for powers in (self.even, self.odd))
        return Rows(self.sign[at], self.z[at], even, odd, self.reach[at], self.penalised)


class Point(NamedTuple):
    """What m likelihoods tell of their two coefficients."""

    height: Floats
    slope: Floats
    information: Floats
    curvature: Floats


def rows_of(z: Floats, y: Floats, weights: Floats, penalised: bool) -> Rows:
    """Prepare rows."""
    sign = np.where(y > 0, 1.0, -1.0)
    even = [weights]
    for _ in range(4 if penalised else 2):
        even.append(even[-1] * z)
    odd = tuple(sign * power for power in even[:-1])
    return Rows(sign, z, tuple(even), odd, np.abs(z).max(axis=1), penalised)


def measure(rows: Rows, beta: Floats) -> Point:
    """Take the likelihoods at these coefficients."""
    miss, weight, height = _by_row(rows, beta)
    slope = np.stack([_sum(power, miss) for power in rows.odd[:2]])
    information = np.stack([_sum(power, weight) for power in rows.even[:3]])
    if not rows.penalised:
        return Point(height, slope, information, information)
    penalty, pull, bend = _jeffreys(rows, information, miss, weight)
    # Where no row weighs anything the penalty is lost in rounding, and nobody should go there.
    height = np.where(np.isfinite(penalty), height + penalty, -np.inf)
    return Point(height, slope + pull, information, information - bend)


def height(rows: Rows, beta: Floats) -> Floats:
    """Take the heights of the likelihoods alone; parameters as of ``measure``."""
    _, weight, free = _by_row(rows, beta)
    if not rows.penalised:
        return free
    a, b, c = (_sum(power, weight) for power in rows.even[:3])
    whole = free + np.log(a * c - b * b) / 2
    return np.where(np.isfinite(whole), whole, -np.inf)


def _by_row(rows: Rows, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each row's chance of the other outcome and its weight, and the likelihoods."""
    u = rows.sign * (beta[0][:, None] + beta[1][:, None] * rows.z)
    e = np.exp(-np.abs(u))
    sure = 1 / (1 + e)
    miss = np.where(u > 0, e, 1.0) * sure
    return miss, e * sure * sure, _sum(rows.even[0], np.minimum(u, 0) + np.log(sure))


def _sum(power: Floats, values: Floats) -> Floats:
    total: Floats = np.einsum("mn,mn->m", power, values)
    return total


def augmented(rows: Rows, beta: Floats, information: Floats) -> Floats:
    """Return the information with every row counted once more by its leverage."""
    weight = _by_row(rows, beta)[1]
    a, b, c = (entry[:, None] for entry in information)
    leverage = weight * (c - 2 * b * rows.z + a * rows.z**2) / (a * c - b * b)
    return np.stack([_sum(power, (1 + leverage) * weight) for power in rows.even[:3]])


def _jeffreys(rows: Rows, information: Floats, miss: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Return half the log determinant of the information, and its first and second derivatives."""
    a, b, c = information
    determinant = a * c - b * b
    # The weights' first and second derivatives by the log odds, summed over powers of the predictor.
    lean = weight * (1 - 2 * miss)
    first = [-_sum(power, lean) for power in rows.odd]
    bent = weight * (1 - 6 * weight)
    second = [_sum(power, bent) for power in rows.even]

    def trace(sums: list[Floats], at: int) -> Floats:
        """Trace of the inverse information by a matrix of such sums."""
        summed: Floats = (c * sums[at] - 2 * b * sums[at + 1] + a * sums[at + 2]) / determinant
        return summed

    # The inverse information by its derivative along either coefficient.
    left = [
        (c * first[k] - b * first[k + 1], c * first[k + 1] - b * first[k + 2],
         a * first[k + 1] - b * first[k], a * first[k + 2] - b * first[k + 1])
        for k in (0, 1)
    ]  # fmt: skip
    pairs = [(left[0], left[0]), (left[0], left[1]), (left[1], left[1])]
    bend = [
        trace(second, at) - (p[0] * q[0] + p[1] * q[2] + p[2] * q[1] + p[3] * q[3]) / determinant**2
        for at, (p, q) in enumerate(pairs)
    ]
    pull = [trace(first, at) for at in (0, 1)]
    return np.log(determinant) / 2, np.stack(pull) / 2, np.stack(bend) / 2


_STEPS, _HALVINGS, _SEARCH = 100, 40, 60
_LONGEST_STEP, _SETTLED, _FOUND, _ROUNDING, _SECOND = 8.0, 1e-6, 1e-6, 1e-12, 1e-8
_HIGHER = 1e-9


class Best(NamedTuple):
    """Maxima of m likelihoods."""

    beta: Floats
    height: Floats
    covariance: Floats


def climb(rows: Rows, start: Floats, along: Floats | None = None) -> tuple[Floats, Point]:
    """Climb to the maxima by Newton's method, with step halving."""
    beta, point = start.copy(), measure(rows, start)
    live, part, at = np.arange(beta.shape[1]), rows, point
    for _ in range(_STEPS):
        step = _newton(at) if along is None else _newton_along(at, along[:, live])
        length, size = (np.abs(move[0]) + np.abs(move[1]) * part.reach for move in (step, beta[:, live]))
        step = step / np.maximum(1.0, length / (_LONGEST_STEP + size))
        settled = length <= _SETTLED
        beta[:, live[settled]] += step[:, settled]
        moving = np.flatnonzero(~settled)
        live, part, step = live[moving], part.take(moving), step[:, moving]
        if not live.size:
            break
        beta[:, live], at = _uphill(part, beta[:, live], step, at.height[moving])
        for values, new in zip(point, at, strict=True):
            values[..., live] = new
    beta[:, live] = np.nan
    return beta, point


def highest(rows: Rows) -> Floats:
    """Climb to the highest of several maxima, as ``firth.summit`` does."""
    beta = climb(rows, np.zeros((2, len(rows.z))))[0]
    top = _known(height(rows, beta), beta)
    places = np.quantile(rows.z, QUANTILES, axis=1)
    starts, owners = [], []
    for slope in STEEPNESS:
        steps = np.stack([-slope * places, np.full_like(places, slope)], axis=1)
        heights = np.stack([height(rows, step) for step in steps])
        best = heights.argmax(axis=0)
        owners.append(np.flatnonzero(heights.max(axis=0) > top - FALL))
        starts.append(steps[best[owners[-1]], :, owners[-1]].T)
    owner = np.concatenate(owners)
    again = rows.take(owner)
    found = climb(again, np.concatenate(starts, axis=1))[0]
    heights = _known(height(again, found), found)
    # The lowest first, so that the highest is what stays.
    for place in np.argsort(heights, kind="stable"):
        if heights[place] > top[owner[place]] + _HIGHER:
            beta[:, owner[place]] = found[:, place]
    return beta


def _known(heights: Floats, beta: Floats) -> Floats:
    """Put the heights of climbs that did not settle below all others."""
    return np.where(np.isnan(beta[0]), -np.inf, heights)


def _newton(point: Point) -> Floats:
    """Return Newton's step; where the likelihood is not concave, that of the information."""
    first, mixed, last = point.curvature
    concave = (first > 0) & (first * last > mixed**2)
    first, mixed, last = np.where(concave, point.curvature, point.information)
    across = np.stack([last * point.slope[0] - mixed * point.slope[1], first * point.slope[1] - mixed * point.slope[0]])
    step: Floats = across / (first * last - mixed**2)
    return step


def _newton_along(point: Point, along: Floats) -> Floats:
    """Return Newton's step in one direction; where the likelihood is not concave, that of the information."""
    curvature, information = (
        along[0] ** 2 * first + 2 * along[0] * along[1] * mixed + along[1] ** 2 * last
        for first, mixed, last in (point.curvature, point.information)
    )
    length = (along * point.slope).sum(axis=0) / np.where(curvature > 0, curvature, information)
    step: Floats = along * length
    return step


def _uphill(rows: Rows, beta: Floats, step: Floats, height: Floats) -> tuple[Floats, Point]:
    """Take a step, halved until it does not lower the likelihood by more than rounding does."""
    lowest = height - _ROUNDING * np.maximum(1.0, np.abs(height))
    reached = measure(rows, beta + step)
    worse = np.flatnonzero(~(reached.height >= lowest))
    for _ in range(_HALVINGS):
        if not worse.size:
            break
        step[:, worse] /= 2
        again = measure(rows.take(worse), beta[:, worse] + step[:, worse])
        for values, new in zip(reached, again, strict=True):
            values[..., worse] = new
        worse = worse[~(again.height >= lowest[worse])]
    return beta + step, reached


def spread(covariance: Floats, contrast: Floats) -> tuple[Floats, Floats]:
    """Return the variance of a contrast of the coefficients, and its covariances with them."""
    a, b, c = covariance
    shared = np.stack([a * contrast[0] + b * contrast[1], b * contrast[0] + c * contrast[1]])
    variance: Floats = (contrast * shared).sum(axis=0)
    return variance, shared


def limit(rows: Rows, best: Best, contrast: Floats, side: int, critical: float) -> Floats:
    """Find where the profiles of a contrast of the coefficients fall to the critical value, on one side.

    Newton's method on the root of the fall, which is nearly straight, between the last values inside and outside.
    """
    variance, shared = spread(best.covariance, contrast)
    centre: Floats = (contrast * best.beta).sum(axis=0)
    course, distance = shared / variance, side * np.sqrt(critical * variance)
    # The last distances inside and outside.
    bracket = np.stack([np.full_like(centre, side * end) for end in (0.0, np.inf)])
    along = np.stack([-contrast[1], contrast[0]])
    found, live = np.full(len(centre), np.nan), np.flatnonzero(np.isfinite(centre))
    for _ in range(_SEARCH):
        if not live.size:
            break
        start, away = best.beta[:, live], distance[live]
        beta, point = climb(rows.take(live), start + away * course[:, live], along[:, live])
        fall = 2 * (best.height[live] - point.height)
        steepness = -2 * (point.slope * course[:, live]).sum(axis=0)
        # Held coefficients that are likelier than the best ones would tell of a second maximum.
        lost = np.isnan(beta[0]) | (fall < -_SECOND)
        course[:, live] = (beta - start) / away
        bracket[np.where(fall < critical, 0, 1), live] = away
        distance[live], settled = _nearer(away, np.maximum(fall, 0), steepness, bracket[:, live], critical)
        done = live[settled & ~lost]
        found[done] = centre[done] + distance[done]
        live = live[~settled & ~lost]
    return found


def _nearer(
    away: Floats, fall: Floats, steepness: Floats, bracket: Floats, critical: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the next distance to try, and whether it is the limit."""
    inside, outside = bracket
    newton = away - 2 * np.sqrt(fall) * (np.sqrt(fall) - np.sqrt(critical)) / steepness
    settled = np.abs(newton - away) <= _FOUND * np.abs(away)
    # Whatever the side, as nought has its sign too.
    within = (newton / inside > 1) & (newton / outside < 1) & (newton / away <= 2)
    cautious = np.where(np.isfinite(outside), (inside + outside) / 2, 2 * away)
    return np.where(settled | within, newton, cautious), settled


Reasons = NDArray[np.str_]

# Cells of one block.
_BLOCK = 20_000
_NOISE = 1e-12
# Outcomes amiss up to which datasets are taken one by one, and standard deviations beyond which a predictor's outlier
# may bring about a second maximum.
_FEW, _FAR = 2, 4.0


@dataclass(frozen=True)
class Fits:
    """Logistic regressions of m datasets on an intercept and one predictor."""

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
    """Firth's logistic regressions of m datasets."""

    low: Floats
    high: Floats


def batched_firth(
    x: ArrayLike, y: ArrayLike, weights: ArrayLike = 1.0, alpha: float = 0.05, *, limits: bool = True
) -> FirthFits:
    """Fit Firth's logistic regression to many datasets at once; each is what ``firth.fit`` makes of it.

    Limits take nearly all of the time: whoever needs none gets NaN for them.

    Heinze G, Schemper M. Stat Med 2002;21:2409-2419.
    """
    critical = float(chdtri(1, alpha))

    def fit(data: _Data) -> dict[str, Floats]:
        rows = rows_of(data.z, data.y, data.weights, penalised=True)
        beta = highest(rows)
        point = measure(rows, beta)
        best = Best(beta, point.height, _inverse(augmented(rows, beta, point.information)))
        estimates = _estimates(rows, data, best)
        low, high = (
            np.stack([limit(rows, best, contrast, side, critical) for contrast in data.contrasts], axis=1)
            if limits
            else np.full_like(estimates["coef"], np.nan)
            for side in (-1, 1)
        )
        return {**estimates, "low": low, "high": high}

    fits = FirthFits(**_in_blocks(fit, IMPOSSIBLE, x, y, weights))
    data = _broadcast(x, y, weights)
    lost = (limits & np.isnan(fits.low + fits.high).any(axis=1)) | _nearly_separated(*data)
    # An outlier misleads the climbs to limits alone.
    hard = lost | (fits.reason == "not_converged") | (limits & _outlying(data[0], data[2]))
    for place in np.flatnonzero(hard):
        if fits.reason[place] not in IMPOSSIBLE and (lost[place] or _rivalled(fits, int(place), data, critical)):
            _with_care(fits, int(place), data, alpha)
    return fits


def _outlying(x: Floats, weights: Floats) -> NDArray[np.bool_]:
    """Return where a predictor lies far out: there too a profile can have several maxima."""
    with np.errstate(all="ignore"):
        z = _standardised(x, x, weights).z
    return np.asarray((np.abs(z) * (weights > 0)).max(axis=1, initial=0) > _FAR)


def _rivalled(fits: FirthFits, place: int, data: tuple[Floats, ...], critical: float) -> bool:
    """Return whether a climb from elsewhere might end higher than the one that led to a limit."""
    x, y = _repeated(data, place)
    top = firth.summit(x, y)
    ends = [(term, ends[place, term]) for term in (0, 1) for ends in (fits.low, fits.high)]
    return any(len(firth.places(x, y, top, term, end, top.loglik - critical / 2)) for term, end in ends)


def _nearly_separated(values: Floats, outcome: Floats, times: Floats) -> NDArray[np.bool_]:
    """Return where a step leaves few outcomes amiss: there a profile can have several maxima."""
    order = np.argsort(values, axis=1, kind="stable")
    count = np.take_along_axis(times * np.where(outcome > 0, 1.0, -1.0), order, axis=1)
    # Of outcomes of 1 how many more than of 0 lie up to each row: by that a step down leaves fewer amiss than none.
    gained = np.cumsum(count, axis=1)
    ones, n = (times * (outcome > 0)).sum(axis=1), times.sum(axis=1)
    amiss = np.minimum(ones - gained.max(axis=1), n - ones + gained.min(axis=1))
    return np.asarray(amiss <= _FEW)


def _repeated(data: tuple[Floats, ...], place: int) -> tuple[Floats, Floats]:
    """Return the design and the outcomes of one dataset, each row as often as it counts."""
    x, y, weights = (part[place] for part in data)
    times = weights.astype(int)
    return np.column_stack([np.ones(times.sum()), np.repeat(x, times)]), np.repeat(y, times)


def _with_care(fits: FirthFits, place: int, data: tuple[Floats, ...], alpha: float) -> None:
    """Fit one dataset anew that is too hard for all at once."""
    x, y = _repeated(data, place)
    whole = Design("", y, x, ("intercept", "x"), ("", ""), np.arange(len(y)))
    found = firth.fit(whole, alpha)
    fits.coef[place], fits.se[place], fits.low[place], fits.high[place] = np.array(
        [[each.estimate, each.se, each.ci_low, each.ci_high] for each in found]
    ).T
    fits.p_value[place] = found[1].p_value
    fits.reason[place] = "" if found[1].converged else found[1].reason


def batched_ml(x: ArrayLike, y: ArrayLike, weights: ArrayLike = 1.0, start: Sequence[float] = (0.0, 0.0)) -> Fits:
    """Fit logistic regression by maximum likelihood to many datasets at once."""

    def fit(data: _Data) -> dict[str, Floats]:
        rows = rows_of(data.z, data.y, data.weights, penalised=False)
        beta = climb(rows, data.standardised(start))[0]
        point = measure(rows, beta)
        return _estimates(rows, data, Best(beta, point.height, _inverse(point.information)))

    return Fits(**_in_blocks(fit, REASONS, x, y, weights))


def reasons(x: ArrayLike, y: ArrayLike, weights: ArrayLike = 1.0) -> Reasons:
    """Return why logistic likelihoods of one predictor have no finite maximum, in closed form.

    Albert A, Anderson JA. Biometrika 1984;71:1-10.
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
        """Return an intercept and a slope on the scale of each dataset's standardised predictor, shape (2, m)."""
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
    """Return coefficients and standard errors of both terms, and p of the slope."""
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
