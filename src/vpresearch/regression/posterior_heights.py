"""How high the posterior of the Bayesian model is: of few rows itself, of very many a polynomial close to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from vpresearch.regression.batched_mixed import log_likelihoods
from vpresearch.regression.design import Floats
from vpresearch.regression.mixed import ascent
from vpresearch.regression.quadrature import Grouped, gauss_hermite
from vpresearch.regression.surface import LogDensity, Surface, box, faces_low, interpolate

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

    Attributes
    ----------
    intercept : float
        Of the log odds where every predictor is at its mean.
    slope : float
        Of the log odds a standard deviation of the predictor.
    sd_patient : float
        Of the normal curve whose right half is the prior of the standard deviation between patients.

    References
    ----------
    Gelman A, Jakulin A, Pittau MG, Su YS. Ann Appl Stat 2008;2:1360-83. Gelman A. Bayesian Anal 2006;1:515-34.
    """

    intercept: float = 2.5
    slope: float = 2.5
    sd_patient: float = 2.5


@dataclass(frozen=True)
class Heights:
    """A log posterior on a lattice of coefficients over all patients and the deviation of the intercepts.

    Attributes
    ----------
    log_density : callable
        From places, shape (n_places, 3), to natural logarithms but for a constant, shape (n_places,).
    top : numpy.ndarray of float, shape (3,)
        Near where it is highest.
    room : numpy.ndarray of float, shape (3,)
        The least that each axis gives it there.
    """

    log_density: LogDensity
    top: Floats
    room: Floats


class Posteriors:
    """The posteriors of one set of rows under any priors: what very many rows say is worked out once.

    Parameters
    ----------
    rows : Grouped
        With standardised predictors.
    """

    def __init__(self, rows: Grouped) -> None:
        self._rows = rows
        self._known: tuple[Priors, Surface] | None = None

    def under(self, priors: Priors) -> Heights | None:
        """Give the posterior under some priors.

        Parameters
        ----------
        priors : Priors

        Returns
        -------
        Heights or None
            None where the rows are too many for it.
        """
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
        """Give no less than the rows tell of each coefficient, of itself, wherever the density counts."""
        x, told = self._rows.x, np.zeros(2)
        low, high = box(log_density, top, np.full(3, _FAR / np.sqrt(len(x))), 0.0)
        for end in (low, top, high):
            ends = np.array([[end[0], top[1]], [top[0], end[1]]])
            p = expit(ends @ x.T)
            told = np.maximum(told, ((p * (1 - p)) @ x**2).max(axis=0))
        # No row tells more than a quarter; where few have one of the outcomes, all of them tell far less.
        return np.minimum(_CAUTION * told, len(x) / 4)

    def _surface(self, priors: Priors) -> Surface | None:
        """Give the polynomial under some priors, or under others if it reaches as far as these need."""
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
    """Give how much farther from 0 the log odds of one patient are than those over all patients.

    On a lattice in the latter and the deviation, the posterior hardly leans.

    Parameters
    ----------
    sd : numpy.ndarray of float
        Deviation of the intercepts.

    Returns
    -------
    numpy.ndarray of float, of the shape of ``sd``
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
    """Give the logarithm of the prior on the lattice, but for a constant and for what the lattice does to it."""
    numbers = np.column_stack([at[:, :2] * stretch(at[:, 2:]), at[:, 2]])
    density: Floats = -((numbers / _sds(priors)) ** 2).sum(axis=1) / 2
    return density


def log_posterior(rows: Grouped, at: Floats, priors: Priors) -> Floats:
    """Give the log posterior on the lattice.

    Parameters
    ----------
    rows : Grouped
    at : numpy.ndarray of float, shape (n_places, 3)
    priors : Priors

    Returns
    -------
    numpy.ndarray of float, shape (n_places,)
        Natural logarithms, but for a constant.
    """
    farther = stretch(at[:, 2:])
    numbers = np.column_stack([at[:, :2] * farther, at[:, 2]])
    likelihood = np.sum([log_likelihoods(part, numbers) for part in rows.parts], axis=0)
    heights: Floats = likelihood + _log_prior(at, priors) + 2 * np.log(farther[:, 0])
    return heights
