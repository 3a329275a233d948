"""Distributions known on a lattice: where to look, and what lies below a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import sici

from vpresearch.regression.design import Floats, Ints

# Heights in natural logarithms: what lies lower than this below the top counts for nothing.
_DEPTH = 14.0
_MOST_PLACES, _FINER, _MARGIN, _SIDE = 200_000, 64, 10, 1 << 20


@dataclass(frozen=True)
class Margin:
    """One number's distribution, from its density at equal steps.

    A smooth density that is known at steps shorter than its detail is known everywhere, as the sum of cardinal sines
    about the atoms; so are its integrals.

    Attributes
    ----------
    atoms : numpy.ndarray of float, shape (n_atoms,)
    mass : numpy.ndarray of float, shape (n_atoms,)
        Sums to one.
    step : numpy.ndarray of float, shape (n_atoms,)
        From each atom to its neighbours on the line through the lattice along which the number moves.
    folded : bool
        Whether the number is an absolute value: its density goes on below zero as it is above.
    """

    atoms: Floats
    mass: Floats
    step: Floats
    folded: bool = False

    def below(self, value: float) -> float:
        """Give the probability of a smaller number."""
        if self.folded:
            return float(self.mass @ (self._share(value - self.atoms) + self._share(value + self.atoms) - 1))
        return float(self.mass @ self._share(value - self.atoms))

    def _share(self, distance: Floats) -> Floats:
        """Integrate a cardinal sine up to a distance from its centre."""
        share: Floats = 0.5 + sici(np.pi * distance / self.step)[0] / np.pi
        return share

    def quantile(self, probability: float) -> float:
        """Give the number below which a probability lies.

        Examples
        --------
        >>> atoms = np.arange(-8, 8.5, 0.5)
        >>> normal = Margin(atoms, np.exp(-(atoms**2) / 2) * 0.5 / np.sqrt(2 * np.pi), np.full(33, 0.5))
        >>> round(normal.quantile(0.975), 6)
        1.959964
        """
        low = 0.0 if self.folded else float((self.atoms - _MARGIN * self.step).min())
        high = float((self.atoms + _MARGIN * self.step).max())
        return float(brentq(lambda value: self.below(value) - probability, low, high, xtol=1e-12))

    def moments(self) -> tuple[float, float]:
        """Give the mean and the standard deviation."""
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
    """Visit the places of a lattice around the top of a density, outwards, as far as the density counts.

    Parameters
    ----------
    log_density : callable
        From places, shape (n_places, n_axes), to natural logarithms of the density, shape (n_places,). It is the same
        on either side of zero of the last axis.
    origin : numpy.ndarray of float, shape (n_axes,)
        Near the top; the last axis has its places at multiples of its step.
    steps : numpy.ndarray of float, shape (n_axes,)

    Returns
    -------
    places : numpy.ndarray of float, shape (n_places, n_axes)
    mass : numpy.ndarray of float, shape (n_places,)
        Sums to one. Neither has a row where there are too many places to visit.

    Examples
    --------
    >>> places, mass = explore(lambda at: -(at**2).sum(axis=1) / 2, np.array([0.3, 0.0]), np.array([0.5, 0.5]))
    >>> bool(places[:, 1].min() >= 0), float((mass @ places[:, 1] ** 2).round(5))
    (True, 1.0)
    """
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
    """Give each place of the lattice a number of its own."""
    return np.asarray(np.ravel_multi_index(tuple((places + _SIDE // 2).T), (_SIDE,) * places.shape[1]))
