"""Climb many logistic likelihoods at once, and follow their profiles down to where the intervals end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vpresearch.regression.batched import Point, Rows, height, measure
from vpresearch.regression.design import Floats
from vpresearch.regression.firth import FALL, QUANTILES, STEEPNESS

_STEPS, _HALVINGS, _SEARCH = 100, 40, 60
_LONGEST_STEP, _SETTLED, _FOUND, _ROUNDING, _SECOND = 8.0, 1e-6, 1e-6, 1e-12, 1e-8
_HIGHER = 1e-9


class Best(NamedTuple):
    """Maxima of m likelihoods.

    Attributes
    ----------
    beta : numpy.ndarray of float, shape (2, m)
    height : numpy.ndarray of float, shape (m,)
        Log-likelihood, but for a constant.
    covariance : numpy.ndarray of float, shape (3, m)
        First, mixed and last entry.
    """

    beta: Floats
    height: Floats
    covariance: Floats


def climb(rows: Rows, start: Floats, along: Floats | None = None) -> tuple[Floats, Point]:
    """Climb to the maxima by Newton's method, with step halving.

    Parameters
    ----------
    rows : Rows
    start : numpy.ndarray of float, shape (2, m)
    along : numpy.ndarray of float, shape (2, m), optional
        The only direction in which the coefficients may move.

    Returns
    -------
    pair of numpy.ndarray of float, shape (2, m), and Point
        Coefficients, NaN where the climb did not settle, and the likelihoods before the last, tiny step.
    """
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
    """Climb to the highest of several maxima, as ``firth.summit`` does.

    Parameters
    ----------
    rows : Rows
        Penalised.

    Returns
    -------
    numpy.ndarray of float, shape (2, m)
        Coefficients, NaN where no climb settles.
    """
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
    """Give Newton's step; where the likelihood is not concave, that of the information."""
    first, mixed, last = point.curvature
    concave = (first > 0) & (first * last > mixed**2)
    first, mixed, last = np.where(concave, point.curvature, point.information)
    across = np.stack([last * point.slope[0] - mixed * point.slope[1], first * point.slope[1] - mixed * point.slope[0]])
    step: Floats = across / (first * last - mixed**2)
    return step


def _newton_along(point: Point, along: Floats) -> Floats:
    """Give Newton's step in one direction; where the likelihood is not concave, that of the information."""
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
    """Give the variance of a contrast of the coefficients, and its covariances with them.

    Parameters
    ----------
    covariance : numpy.ndarray of float, shape (3, m)
    contrast : numpy.ndarray of float, shape (2, m)

    Returns
    -------
    pair of numpy.ndarray of float, shapes (m,) and (2, m)
    """
    a, b, c = covariance
    shared = np.stack([a * contrast[0] + b * contrast[1], b * contrast[0] + c * contrast[1]])
    variance: Floats = (contrast * shared).sum(axis=0)
    return variance, shared


def limit(rows: Rows, best: Best, contrast: Floats, side: int, critical: float) -> Floats:
    """Find where the profiles of a contrast of the coefficients fall to the critical value, on one side.

    Newton's method on the root of the fall, which is nearly straight, between the last values inside and outside.

    Parameters
    ----------
    rows : Rows
    best : Best
    contrast : numpy.ndarray of float, shape (2, m)
    side : int
        1 for above, -1 for below.
    critical : float
        Of twice the fall.

    Returns
    -------
    numpy.ndarray of float, shape (m,)
        NaN where none is found.
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
    """Give the next distance to try, and whether it is the limit."""
    inside, outside = bracket
    newton = away - 2 * np.sqrt(fall) * (np.sqrt(fall) - np.sqrt(critical)) / steepness
    settled = np.abs(newton - away) <= _FOUND * np.abs(away)
    # Whatever the side, as nought has its sign too.
    within = (newton / inside > 1) & (newton / outside < 1) & (newton / away <= 2)
    cautious = np.where(np.isfinite(outside), (inside + outside) / 2, 2 * away)
    return np.where(settled | within, newton, cautious), settled
