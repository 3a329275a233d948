"""A smooth log density of three numbers as a polynomial: of very many rows each of its values is dear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.chebyshev import chebval3d, chebvander

from vpresearch.regression.design import Floats

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
    """A polynomial in a box.

    Attributes
    ----------
    low, high : numpy.ndarray of float, shape (3,)
    coefficients : numpy.ndarray of float, shape (n_first, n_second, n_third)
        Of Chebyshev's polynomials on the box stretched to -1 to 1.
    """

    low: Floats
    high: Floats
    coefficients: Floats

    def __call__(self, at: Floats) -> Floats:
        """Give the heights at places of shape (n_places, 3); minus infinity outside of the box."""
        u = 2 * (at - self.low) / (self.high - self.low) - 1
        within = (np.abs(u) <= 1 + 1e-12).all(axis=1)
        heights = np.full(len(at), -np.inf)
        first, second, third = u[within].T
        heights[within] = chebval3d(first, second, third, self.coefficients)
        return heights


def interpolate(log_density: LogDensity, box: tuple[Floats, Floats], floor: float) -> Surface | None:
    """Interpolate a log density wherever it counts, between Chebyshev's points.

    Parameters
    ----------
    log_density : callable
        From places, shape (n_places, 3), to natural logarithms, shape (n_places,).
    box : pair of numpy.ndarray of float, shape (3,)
        From ``box``. It is widened where the density has not fallen on all of its faces.
    floor : float
        As of ``box``.

    Returns
    -------
    Surface or None
        None where no polynomial that is tried is close to the density.

    References
    ----------
    Trefethen LN. Approximation theory and approximation practice. SIAM 2013.

    Examples
    --------
    >>> def normal(at):
    ...     return -(at**2).sum(axis=1) / 2
    >>> found = interpolate(normal, box(normal, np.zeros(3), np.ones(3), -np.inf), -np.inf)
    >>> found(np.array([[1.0, 2.0, 2.0]])).round(6).tolist()
    [-4.5]
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
    """Find, along every axis to either side, where a density has fallen far enough.

    Parameters
    ----------
    log_density : callable
        As of ``interpolate``.
    top : numpy.ndarray of float, shape (3,)
        Near its top.
    reach : numpy.ndarray of float, shape (3,)
        First guess of how far it counts from there.
    floor : float
        Least value of the third number; the density may end there at any height.

    Returns
    -------
    low, high : numpy.ndarray of float, shape (3,)
    """
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
    """Give Chebyshev's points, those on the faces of the box included."""
    places = np.stack(np.meshgrid(*map(_nodes, points), indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(low + (places + 1) / 2 * (high - low), float)


def faces_low(found: Surface, log_density: LogDensity, floor: float) -> bool:
    """Tell whether a density has fallen on every face of a surface's box.

    Parameters
    ----------
    found : Surface
    log_density : callable
        Itself, or another one that counts nearly where it does.
    floor : float
        As of ``box``: there the density need not have fallen.

    Returns
    -------
    bool
    """
    points = found.coefficients.shape
    heights = log_density(_places(found.low, found.high, points)).reshape(points)
    # The points run from the high end to the low one.
    faces = [heights[0], heights[-1], heights[:, 0], heights[:, -1], heights[..., 0]]
    faces += [heights[..., -1]] if found.low[2] > floor else []
    return bool(max(face.max() for face in faces) < heights.max() - _LEAST_FALL)


def _close(log_density: LogDensity, found: Surface) -> bool:
    places = found.low + (_COMPARED + 1) / 2 * (found.high - found.low)
    return bool(np.abs(found(places) - log_density(places)).max() < _TOLERANCE)
