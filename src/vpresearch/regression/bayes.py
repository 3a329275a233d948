"""A smooth log density of three numbers as a polynomial: of very many rows each of its values is dear."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.chebyshev import chebval3d, chebvander
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit, sici

from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.firth import IMPOSSIBLE
from vpresearch.regression.logistic import gate, original_scale, standardised
from vpresearch.regression.mixed import Grouped, ascent, gauss_hermite, grouped, log_likelihoods

LogDensity = Callable[[Floats], Floats]

# Natural logarithms: how far the density is to have fallen at the ends of each axis, and at least on every face.
_FALL, _LEAST_FALL = 14.0, 9.0
_ROUNDS, _WIDENINGS, _TIMES = 12, 4, 1.3
# Points along the first two axes and the third, from the fewest; and how far from the density a polynomial may be.
_POINTS = ((5, 5, 7), (7, 7, 9), (9, 9, 13), (11, 11, 19))
_TOLERANCE = 1e-4
# Where in the box it is compared, in half widths.
_COMPARED = np.array(
    [[0.3 * a, 0.3 * b, 0.3 * c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    + [[0.5 * side * (axis == place) for axis in range(3)] for place in range(3) for side in (-1, 1)]
)


@dataclass(frozen=True)
class Surface:
    """A polynomial in a box."""

    low: Floats
    high: Floats
    coefficients: Floats

    def __call__(self, at: Floats) -> Floats:
        """Return the heights at places of shape (n_places, 3); minus infinity outside of the box."""
        u = 2 * (at - self.low) / (self.high - self.low) - 1
        within = (np.abs(u) <= 1 + 1e-12).all(axis=1)
        heights = np.full(len(at), -np.inf)
        first, second, third = u[within].T
        heights[within] = chebval3d(first, second, third, self.coefficients)
        return heights


def interpolate(log_density: LogDensity, box: tuple[Floats, Floats], floor: float) -> Surface | None:
    """Interpolate a log density wherever it counts, between Chebyshev's points.

    Trefethen LN. Approximation theory and approximation practice. SIAM 2013.
    """
    low, high = box
    for _ in range(_WIDENINGS):
        for points in _POINTS:
            found = _interpolated(log_density, low, high, points)
            if not faces_low(found, found, floor):
                break
            if _close(log_density, found):
                return found
        else:
            return None
        wider = (_TIMES - 1) * (high - low) / 2
        low, high = low - wider, high + wider
        low[2] = max(low[2], floor)
    return None


def box(log_density: LogDensity, top: Floats, reach: Floats, floor: float) -> tuple[Floats, Floats]:
    """Find, along every axis to either side, where a density has fallen far enough."""
    side = np.vstack([-np.eye(3), np.eye(3)])
    distance = np.tile(reach, 2)
    most = np.full(6, np.inf)
    most[2] = top[2] - floor
    height = log_density(top[None])[0]
    for _ in range(_ROUNDS):
        distance = np.minimum(distance, most)
        fall = height - log_density(top + side * distance[:, None])
        enough = (fall > 0.8 * _FALL) & (fall < 1.5 * _FALL) | ((distance == most) & (fall < _FALL))
        if enough.all():
            break
        scale = np.sqrt(_FALL / np.maximum(fall, 1e-3 * _FALL))
        distance = np.where(enough, distance, distance * np.clip(scale, 0.2, 3.0))
    return top - distance[:3], top + distance[3:]


def _interpolated(log_density: LogDensity, low: Floats, high: Floats, points: tuple[int, int, int]) -> Surface:
    coefficients = log_density(_places(low, high, points)).reshape(points)
    for axis, n in enumerate(points):
        inverse = np.linalg.inv(chebvander(_nodes(n), n - 1))
        coefficients = np.moveaxis(np.tensordot(inverse, coefficients, (1, axis)), 0, axis)
    return Surface(low, high, coefficients)


def _nodes(n: int) -> Floats:
    return np.asarray(np.cos(np.pi * np.arange(n) / (n - 1)))


def _places(low: Floats, high: Floats, points: tuple[int, ...]) -> Floats:
    """Return Chebyshev's points, those on the faces of the box included."""
    places = np.stack(np.meshgrid(*map(_nodes, points), indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(low + (places + 1) / 2 * (high - low), float)


def faces_low(found: Surface, log_density: LogDensity, floor: float) -> bool:
    """Return whether a density has fallen on every face of a surface's box."""
    points = found.coefficients.shape
    heights = log_density(_places(found.low, found.high, points)).reshape(points)
    # The points run from the high end to the low one.
    faces = [heights[0], heights[-1], heights[:, 0], heights[:, -1], heights[..., 0]]
    faces += [heights[..., -1]] if found.low[2] > floor else []
    return bool(max(face.max() for face in faces) < heights.max() - _LEAST_FALL)


def _close(log_density: LogDensity, found: Surface) -> bool:
    places = found.low + (_COMPARED + 1) / 2 * (found.high - found.low)
    return bool(np.abs(found(places) - log_density(places)).max() < _TOLERANCE)


# Enough nodes to come near the top by.
_ROUGH = gauss_hermite(9)
_WIDEST, _SCANNED = 6.0, 100
# Rows up to which the posterior itself is taken at every place of a lattice, and up to which it can be at need.
_MOST_DIRECT, _MOST_AT_NEED = 600, 2_000
# How many times what the rows tell along the axes the steps of the lattice allow for.
_CAUTION = 2.0
# Rows of one patient: beyond the one the likelihood is no floating-point number, beyond the other what is done at need
# takes minutes.
_MOST_OF_ONE, _MOST_OF_ONE_AT_NEED = 700, 7
# How far coefficients of many rows reach.
_FAR = 12.0
# Zeger SL, Liang KY, Albert PS. Biometrics 1988;44:1049-60.
_STRETCH = (16 * np.sqrt(3) / (15 * np.pi)) ** 2


@dataclass(frozen=True)
class Priors:
    """Standard deviations of independent normal priors with mean zero, in log odds.

    A slope of 2.5 moves the log odds by 5 from a predictor one standard deviation below its mean to one above, and
    so a risk from 0.01 to 0.5, or from 0.5 to 0.99; more is seldom seen. The prior of the spread between patients is
    half-normal: a half-t without its long tail, of which a few patients would say little. Of it 95% lies below 4.9, and
    an intraclass correlation of nearly any size remains possible.

    Gelman A, Jakulin A, Pittau MG, Su YS. Ann Appl Stat 2008;2:1360-83. Gelman A. Bayesian Anal 2006;1:515-34.
    """

    intercept: float = 2.5
    slope: float = 2.5
    sd_patient: float = 2.5


@dataclass(frozen=True)
class Heights:
    """A log posterior on a lattice of coefficients over all patients and the deviation of the intercepts."""

    log_density: LogDensity
    top: Floats
    room: Floats


class Posteriors:
    """The posteriors of one set of rows under any priors: what very many rows say is worked out once."""

    def __init__(self, rows: Grouped) -> None:
        self._rows = rows
        self._known: tuple[Priors, Surface] | None = None

    def under(self, priors: Priors) -> Heights | None:
        """Return the posterior under some priors."""
        n = len(self._rows.y)
        if len(self._rows.layers) > _MOST_OF_ONE:
            return None
        surface = self._surface(priors) if n > _MOST_DIRECT else None
        if surface is not None:
            base = self._known[0] if self._known else priors

            def close(at: Floats) -> Floats:
                return surface(_with_variance(at)) + _log_prior(at, priors) - _log_prior(at, base)

            sd = np.sqrt(np.linspace(surface.low[2], surface.high[2], _SCANNED))
            return self._heights(close, (surface.low[:2] + surface.high[:2]) / 2, sd, priors)
        if n > _MOST_AT_NEED or (n > _MOST_DIRECT and len(self._rows.layers) > _MOST_OF_ONE_AT_NEED):
            return None
        top = _top(self._rows, priors)
        sd = _WIDEST * priors.sd_patient * np.linspace(0, 1, _SCANNED) ** 2
        return self._heights(lambda at: log_posterior(self._rows, at, priors), top[:2] / stretch(top[2]), sd, priors)

    def _heights(self, log_density: LogDensity, coefficients: Floats, sd: Floats, priors: Priors) -> Heights:
        """Look along the deviation for the top, and how much room there is."""
        height = log_density(np.column_stack([np.tile(coefficients, (len(sd), 1)), sd]))
        share = np.exp(height - height.max()) * np.gradient(sd)
        mean = share @ sd / share.sum()
        room = np.sqrt(share @ (sd - mean) ** 2 / share.sum())
        top = np.append(coefficients, sd[height.argmax()])
        least = 1 / np.sqrt(self._most_told(log_density, top) + 1 / _sds(priors)[:2] ** 2)
        return Heights(log_density, top, np.append(least, room))

    def _most_told(self, log_density: LogDensity, top: Floats) -> Floats:
        """Return no less than the rows tell of each coefficient, of itself, wherever the density counts."""
        x, told = self._rows.x, np.zeros(2)
        low, high = box(log_density, top, np.full(3, _FAR / np.sqrt(len(x))), 0.0)
        for end in (low, top, high):
            ends = np.array([[end[0], top[1]], [top[0], end[1]]])
            p = expit(ends @ x.T)
            told = np.maximum(told, ((p * (1 - p)) @ x**2).max(axis=0))
        # No row tells more than a quarter; where few have one of the outcomes, all of them tell far less.
        return np.minimum(_CAUTION * told, len(x) / 4)

    def _surface(self, priors: Priors) -> Surface | None:
        """Return the polynomial under some priors, or under others if it reaches as far as these need."""
        if self._known is not None:
            base, known = self._known

            def moved(at: Floats) -> Floats:
                there = _with_deviation(at)
                return known(at) + _log_prior(there, priors) - _log_prior(there, base)

            if faces_low(known, moved, 0.0):
                return known
        found = self._interpolated(priors)
        self._known = None if found is None else (priors, found)
        return found

    def _interpolated(self, priors: Priors) -> Surface | None:
        # In the variance, as the posterior is the same on either side of a deviation of nought.
        def of_variance(at: Floats) -> Floats:
            return log_posterior(self._rows, _with_deviation(at), priors)

        top = _top(self._rows, priors)
        middle = np.append(top[:2] / stretch(top[2]), top[2] ** 2)
        far = _FAR / np.sqrt(len(self._rows.y))
        edges = box(of_variance, middle, np.array([far, far, middle[2] / 2 + 0.1]), 0.0)
        return interpolate(of_variance, edges, 0.0)


def _with_deviation(at: Floats) -> Floats:
    return np.column_stack([at[:, :2], np.sqrt(at[:, 2])])


def _with_variance(at: Floats) -> Floats:
    return np.column_stack([at[:, :2], at[:, 2] ** 2])


def _sds(priors: Priors) -> Floats:
    return np.array([priors.intercept, priors.slope, priors.sd_patient])


def stretch(sd: Floats) -> Floats:
    """Return how much farther from 0 the log odds of one patient are than those over all patients.

    On a lattice in the latter and the deviation, the posterior hardly leans.
    """
    farther: Floats = np.sqrt(1 + _STRETCH * sd**2)
    return farther


def _top(rows: Grouped, priors: Priors) -> Floats:
    """Find a place near the top of the posterior of a patient's coefficients and the deviation."""
    sds = _sds(priors)

    def descent(at: Floats) -> tuple[float, Floats]:
        height, gradient = ascent(rows, _ROUGH, at)
        return ((at / sds) ** 2).sum() / 2 - height, at / sds**2 - gradient

    return np.asarray(minimize(descent, [logit(rows.y.mean()), 0.0, 1.0], jac=True, method="BFGS").x, float)


def _log_prior(at: Floats, priors: Priors) -> Floats:
    """Return the logarithm of the prior on the lattice, but for a constant and for what the lattice does to it."""
    numbers = np.column_stack([at[:, :2] * stretch(at[:, 2:]), at[:, 2]])
    density: Floats = -((numbers / _sds(priors)) ** 2).sum(axis=1) / 2
    return density


def log_posterior(rows: Grouped, at: Floats, priors: Priors) -> Floats:
    """Return the log posterior on the lattice."""
    farther = stretch(at[:, 2:])
    numbers = np.column_stack([at[:, :2] * farther, at[:, 2]])
    likelihood = np.sum([log_likelihoods(part, numbers) for part in rows.parts], axis=0)
    heights: Floats = likelihood + _log_prior(at, priors) + 2 * np.log(farther[:, 0])
    return heights


# Heights in natural logarithms: what lies lower than this below the top counts for nothing.
_DEPTH = 14.0
_MOST_PLACES, _FINER, _MARGIN, _SIDE = 200_000, 64, 10, 1 << 20


@dataclass(frozen=True)
class Margin:
    """One number's distribution, from its density at equal steps.

    A smooth density that is known at steps shorter than its detail is known everywhere, as the sum of cardinal sines
    about the atoms; so are its integrals.
    """

    atoms: Floats
    mass: Floats
    step: Floats
    folded: bool = False

    def below(self, value: float) -> float:
        """Return the probability of a smaller number."""
        if self.folded:
            return float(self.mass @ (self._share(value - self.atoms) + self._share(value + self.atoms) - 1))
        return float(self.mass @ self._share(value - self.atoms))

    def _share(self, distance: Floats) -> Floats:
        """Integrate a cardinal sine up to a distance from its centre."""
        share: Floats = 0.5 + sici(np.pi * distance / self.step)[0] / np.pi
        return share

    def quantile(self, probability: float) -> float:
        """Return the number below which a probability lies."""
        low = 0.0 if self.folded else float((self.atoms - _MARGIN * self.step).min())
        high = float((self.atoms + _MARGIN * self.step).max())
        return float(brentq(lambda value: self.below(value) - probability, low, high, xtol=1e-12))

    def moments(self) -> tuple[float, float]:
        """Return the mean and the standard deviation."""
        square = float(self.mass @ self.atoms**2)
        mean = self._mean_of_folded() if self.folded else float(self.mass @ self.atoms)
        return mean, float(np.sqrt(square - mean**2))

    def _mean_of_folded(self) -> float:
        # An absolute value has a kink at zero, which the steps of the lattice would miss.
        # As many whole steps as there are, so that rounding adds none.
        finer = self.step.min() / _FINER
        at = finer * np.arange(round((self.atoms + self.step).max() / finer) + 1)
        near, far = (np.sinc((at[:, None] - sign * self.atoms) / self.step) for sign in (1, -1))
        return float(np.trapezoid(at * ((near + far) @ (self.mass / self.step)), at))


def explore(log_density: Callable[[Floats], Floats], origin: Floats, steps: Floats) -> tuple[Floats, Floats]:
    """Visit the places of a lattice around the top of a density, outwards, as far as the density counts."""
    shift = np.append(origin[:-1], 0.0)
    neighbours = np.vstack([np.eye(len(steps), dtype=int), -np.eye(len(steps), dtype=int)])
    edge = np.round((origin - shift) / steps).astype(np.int64)[None, :]
    visited, heights, seen = [edge], [log_density(shift + edge * steps)], _numbers(edge)
    while len(edge) and len(seen) < _MOST_PLACES:
        high = heights[-1] > max(height.max() for height in heights) - _DEPTH
        near = (visited[-1][high][:, None, :] + neighbours).reshape(-1, len(steps))
        near[:, -1] = np.abs(near[:, -1])
        new = np.setdiff1d(np.unique(_numbers(near)), seen, assume_unique=True)
        seen = np.append(seen, new)
        edge = np.column_stack(np.unravel_index(new, (_SIDE,) * len(steps))) - _SIDE // 2
        if len(edge):
            visited.append(edge)
            heights.append(log_density(shift + edge * steps))
    if len(edge):
        return np.empty((0, len(steps))), np.empty(0)
    places, height = np.concatenate(visited), np.concatenate(heights)
    # A place at zero stands for both sides, of which one counts.
    mass = np.exp(height - height.max()) * np.where(places[:, -1] == 0, 0.5, 1.0)
    return shift + places * steps, mass / mass.sum()


def _numbers(places: Ints) -> Ints:
    """Return each place of the lattice a number of its own."""
    return np.asarray(np.ravel_multi_index(tuple((places + _SIDE // 2).T), (_SIDE,) * places.shape[1]))


# Steps of the lattice, in the least room that each axis gives the posterior.
_SPACING = np.array([0.6, 0.6, 0.42])
PRIORS = Priors()
ALTERNATIVES: tuple[tuple[str, Priors], ...] = (
    ("narrow", Priors(1.0, 1.0, 1.0)),
    ("wide", Priors(5.0, 5.0, 5.0)),
    ("little clustering", Priors(sd_patient=0.5)),
)


def fit(design: Design, alpha: float = 0.05, priors: Priors = PRIORS) -> tuple[Estimate, ...]:
    """Return the posterior of a logistic regression on one predictor with a normal random intercept for every patient.

    Means, standard deviations and equal-tailed intervals, without p, of the terms, conditional on the patient, and of
    ``sd_patient``, the standard deviation of the intercepts. On separated data the prior alone keeps the numbers
    finite, and of one vertebra a patient the prior alone tells how the intercepts spread; the numbers stand beside the
    reason that says so.
    """
    return fit_each(design, (priors,), alpha)[0]


def fit_each(design: Design, priors: Sequence[Priors], alpha: float = 0.05) -> list[tuple[Estimate, ...]]:
    """Return the posterior under several priors, of very many rows in hardly more time than under one."""
    return [_estimates(design, alpha, *found) for found in _posteriors(design, priors)]


def _estimates(design: Design, alpha: float, reason: str, margins: Mapping[str, Margin]) -> tuple[Estimate, ...]:
    if not margins:
        return tuple(replace(empty, reason=reason) for empty in _rows(design))
    return tuple(
        replace(
            empty,
            estimate=margin.moments()[0],
            se=margin.moments()[1],
            ci_low=margin.quantile(alpha / 2),
            ci_high=margin.quantile(1 - alpha / 2),
            ci_kind="equal-tailed credible, conditional on the patient",
            converged=True,
            reason=reason,
        )
        for empty, margin in zip(_rows(design), margins.values(), strict=True)
    )


def probability_of_rise(design: Design) -> float:
    """Return the posterior probability that the odds rise with the predictor."""
    margins = posterior(design)[1]
    return 1 - margins[design.terms[1]].below(0.0) if margins else math.nan


def posterior(design: Design, priors: Priors = PRIORS, finer: float = 1.0) -> tuple[str, Mapping[str, Margin]]:
    """Integrate the posterior over a lattice in the coefficients and the standard deviation of the intercepts.

    Trefethen LN, Weideman JAC. SIAM Rev 2014;56:385-458.
    """
    return next(_posteriors(design, [priors], finer))


def _posteriors(
    design: Design, priors: Sequence[Priors], finer: float = 1.0
) -> Iterator[tuple[str, Mapping[str, Margin]]]:
    few = "too_few_clusters" if design.n_clusters < 2 else ""
    reason = "too_large" if len(design.terms) != 2 else gate(design) or few
    # One vertebra a patient says nothing of the intercepts: their spread is that of its prior.
    reason = reason or ("one_row_a_cluster" if design.n_clusters == design.n else "")
    if reason in ("too_large", "too_few_clusters", *IMPOSSIBLE):
        yield from ((reason, {}) for _ in priors)
        return
    found = Posteriors(grouped(standardised(design.x), design.y, design.cluster))
    for each in priors:
        heights = found.under(each)
        if heights is None:
            yield "too_large", {}
            continue
        steps = heights.room * _SPACING / finer
        places, mass = explore(heights.log_density, heights.top, steps)
        yield (reason, _margins(design, places, mass, steps)) if len(mass) else ("too_large", {})


def _margins(design: Design, places: Floats, mass: Floats, steps: Floats) -> Mapping[str, Margin]:
    back, farther = original_scale(design.x), stretch(places[:, 2])
    intercept, slope = back @ (places[:, :2] * farther[:, None]).T
    sd, which = np.unique(places[:, 2], return_inverse=True)
    of_sd = np.bincount(which, mass).astype(float)
    return {
        design.terms[0]: Margin(intercept, mass, steps[0] * farther),
        design.terms[1]: Margin(slope, mass, steps[1] * farther * back[1, 1]),
        "sd_patient": Margin(sd, of_sd, np.full(len(sd), steps[2]), folded=True),
    }


def _rows(design: Design) -> tuple[Estimate, ...]:
    """Return the rows of the result, still without a number."""
    terms = design.failed("bayes", "")
    return *terms, replace(terms[0], term="sd_patient")
