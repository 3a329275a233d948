"""Climb to the maximum of a likelihood, and follow its profiles down to where the intervals end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from vpresearch.regression.design import Design, Estimate, Floats


class Point(NamedTuple):
    """What a likelihood tells of the log odds of n rows, and so of every coefficient behind them."""

    height: float
    slope: Floats
    weight: Floats
    bend: Floats
    shared: Floats


Likelihood = Callable[[Floats], Point]
# Further places to climb from, for a term held at a value and a height reached: log odds, shape (n_places, n); and
# coefficients of lower maxima, shape (n_maxima, n_terms).
Places = tuple[Callable[[int, float, float], Floats], Floats]

_STEPS, _HALVINGS, _SEARCH, _SUMMITS = 100, 40, 60, 5
_LONGEST_STEP, _SETTLED, _FOUND, _ROUNDING, _SECOND = 8.0, 1e-6, 1e-6, 1e-12, 1e-8
_SINGULAR = 1e-13
# Standard errors between maxima that are not one.
_APART = 1e-3
# A height that no step raises by more than this is known, though the coefficients behind it may not be.
_FLAT = 1e-12


@dataclass(frozen=True)
class Maximum:
    """Where a likelihood is highest."""

    coefficients: Floats
    covariance: Floats
    loglik: float
    converged: bool


def climb(likelihood: Likelihood, x: Floats, start: Floats) -> Maximum:
    """Climb to the maximum of a likelihood by Newton's method on orthonormal columns, with step halving."""
    basis, triangle = np.linalg.qr(x)
    logit, point, settled = _ascend(likelihood, basis, start)
    information = (basis.T * point.weight) @ basis
    if not settled or _singular(triangle) or _singular(information):
        terms = x.shape[1]
        return Maximum(np.full(terms, np.nan), np.full((terms, terms), np.nan), math.nan, converged=False)
    inverse = np.linalg.inv(triangle)
    covariance = inverse @ np.linalg.inv(information) @ inverse.T
    return Maximum(inverse @ basis.T @ (logit - start), covariance, point.height, converged=True)


def _singular(matrix: Floats) -> bool:
    """Return whether columns, scaled alike, depend on each other but for rounding."""
    lengths = np.maximum(np.linalg.norm(matrix, axis=0), np.finfo(float).tiny)
    values = np.linalg.svd(matrix / lengths, compute_uv=False)
    return bool(values.min(initial=1.0) <= _SINGULAR)


def climb_from(likelihood: Likelihood, x: Floats, coefficients: Floats) -> Maximum:
    """Climb as ``climb`` does from these coefficients, and count from nought."""
    found = climb(likelihood, x, x @ coefficients)
    return replace(found, coefficients=coefficients + found.coefficients)


def _ascend(likelihood: Likelihood, basis: Floats, start: Floats, flat: float = 0.0) -> tuple[Floats, Point, bool]:
    """Return the log odds at the maximum, what the likelihood tells there, and whether the climb has settled.

    It has where the next step is tiny, or would raise the likelihood by no more than ``flat``.
    """
    logit, point, settled = start, likelihood(start), False
    for _ in range(_STEPS):
        try:
            step = _newton(basis, point, _FLAT if flat else 0.0)
        except np.linalg.LinAlgError:
            # The information has vanished: the climb has left for infinity.
            return logit, point, False
        length, size = float(np.abs(step).max()), float(np.abs(logit).max())
        settled = length <= _SETTLED or float(point.slope @ step) <= flat
        logit, point = _uphill(likelihood, logit, step / max(1.0, length / (_LONGEST_STEP + size)), point.height)
        if settled:
            break
    return logit, point, settled


def _newton(basis: Floats, point: Point, least: float) -> Floats:
    """Return Newton's step of the log odds; where the likelihood is not concave, that of the information.

    A curvature below ``least``, as where outcomes are all but certain, is taken for that.
    """
    shared = basis.T @ point.shared
    curvature = (basis.T * point.bend) @ basis + shared @ shared.T
    if np.linalg.eigvalsh(curvature).min(initial=1.0) <= 0:
        curvature = (basis.T * point.weight) @ basis
    slope = basis.T @ point.slope
    if least:
        sizes, axes = np.linalg.eigh(curvature)
        along: Floats = basis @ (axes @ (axes.T @ slope / np.maximum(sizes, least)))
        return along
    step: Floats = basis @ np.linalg.solve(curvature, slope)
    return step


def _uphill(likelihood: Likelihood, logit: Floats, step: Floats, height: float) -> tuple[Floats, Point]:
    """Take a step, halved until it does not lower the likelihood by more than rounding does."""
    lowest = height - _ROUNDING * max(1.0, abs(height))
    for _ in range(_HALVINGS):
        reached = likelihood(logit + step)
        if reached.height >= lowest:
            break
        step = step / 2
    return logit + step, reached


def profiled(
    design: Design,
    model: str,
    peak: tuple[Likelihood, Maximum],
    alpha: float,
    kinds: tuple[str, str],
    told: str = "",
    places: Places | None = None,
) -> tuple[Estimate, ...]:
    """Fit a likelihood with profile intervals and likelihood-ratio tests of every coefficient."""
    likelihood, best = peak
    critical = float(chi2.ppf(1 - alpha, 1))
    for _ in range(_SUMMITS):
        if not best.converged:
            return design.failed(model, "not_converged")
        profiles = [_Profile(likelihood, design.x, best, term, places) for term in range(len(design.terms))]
        rows = np.array([_inference(profile, best, term, critical) for term, profile in enumerate(profiles)])
        higher = [profile.higher for profile in profiles if profile.higher is not None]
        if not higher:
            break
        best = climb_from(likelihood, design.x, np.asarray(np.linalg.lstsq(design.x, higher[0])[0], float))
    se, low, high, p = rows.T
    estimates = design.fitted(model, best.coefficients, se, (low, high, kinds[0]), (p, kinds[1]))
    return tuple(
        replace(estimate, reason="not_converged" if np.isnan(row).any() else told)
        for estimate, row in zip(estimates, rows, strict=True)
    )


def _inference(profile: _Profile, best: Maximum, term: int, critical: float) -> tuple[float, ...]:
    """Return the standard error of one coefficient, its limits, and p of its being nought."""
    se, centre = math.sqrt(best.covariance[term, term]), float(best.coefficients[term])
    low = _limit(profile, -1, se, critical)
    high = _limit(profile, 1, se, critical)
    profile.restart()
    fall = profile.fall(-centre)[0]
    return se, centre + low, centre + high, float(chi2.sf(fall, 1))


class _Profile:
    """A likelihood where one coefficient is held away from its maximum and the others follow."""

    def __init__(
        self, likelihood: Likelihood, x: Floats, best: Maximum, term: int, places: Places | None = None
    ) -> None:
        self._likelihood, self._height = likelihood, best.loglik
        self._free = np.linalg.qr(np.delete(x, term, axis=1))[0]
        self._top = x @ best.coefficients
        self._centre, self._term = float(best.coefficients[term]), term
        self._places = places[0] if places else None
        # How far away other maxima lie.
        self.others = places[1][:, term] - self._centre if places and len(places[1]) else np.empty(0)
        self._first = x @ best.covariance[:, term] / best.covariance[term, term]
        # Log odds at which the likelihood is higher than at the maximum that was known.
        self.higher: Floats | None = None
        self.restart()

    def restart(self) -> None:
        """Leave the maximum anew: the log odds move at first as there, then as at the last value."""
        self._course = self._first

    def fall(self, away: float) -> tuple[float, float]:
        """Return twice the fall of the likelihood, and its derivative; NaN where the climb does not settle."""
        if away == 0:
            return 0.0, 0.0
        ends = [_ascend(self._likelihood, self._free, self._top + away * self._course, _FLAT)]
        if self._places is not None:
            known = ends[0][1].height if ends[0][2] else -math.inf
            further = self._places(self._term, self._centre + away, known)
            ends += [_ascend(self._likelihood, self._free, start, _FLAT) for start in further]
        # The highest of those that settled; of heights that rounding alone tells apart, the first.
        logit, point, settled = max(ends, key=lambda end: (end[2], round(end[1].height, 9)))
        fall = 2 * (self._height - point.height)
        if fall < -_SECOND:
            self.higher = logit
        if not settled or self.higher is not None:
            return math.nan, math.nan
        steepness = -2 * float(point.slope @ self._course)
        self._course = (logit - self._top) / away
        return max(0.0, fall), steepness


def _limit(profile: _Profile, side: int, se: float, critical: float) -> float:
    """Find how far away on one side the likelihood has fallen to the critical value, beyond every maximum within.

    Newton's method on the root of the fall, which is nearly straight, between the last values inside and outside.
    """
    within = [side * away for away in profile.others if side * away > _APART * se and profile.fall(away)[0] < critical]
    profile.restart()
    inside, outside = max(within, default=0.0), math.inf
    away = inside + se * math.sqrt(critical)
    for _ in range(_SEARCH):
        fall, steepness = profile.fall(side * away)
        if math.isnan(fall) or steepness == 0:
            break
        newton = away - 2 * math.sqrt(fall) * (math.sqrt(fall) - math.sqrt(critical)) / (side * steepness)
        if abs(newton - away) <= _FOUND * away:
            return side * newton
        inside, outside = (away, outside) if fall < critical else (inside, away)
        cautious = (inside + outside) / 2 if math.isfinite(outside) else 2 * away
        away = newton if inside < newton < min(outside, 2 * away) else cautious
    return math.nan
