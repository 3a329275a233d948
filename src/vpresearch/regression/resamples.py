"""Resamples of patients as weights of rows: block by block, and equal rows of very many as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from vpresearch.regression.design import Design, Floats, Ints

# Weights of a block.
_CELLS = 4_000_000


@dataclass(frozen=True)
class Resampled:
    """Rows of an outcome and one predictor, ready to be weighted by how often their patients were drawn.

    Attributes
    ----------
    x, y : numpy.ndarray of float, shape (n_rows,)
        Predictor and outcome; every row of the design, or every different one where these are far fewer.
    """

    x: Floats
    y: Floats
    _cluster: Ints
    _times: csr_array | None

    def weights(self, counts: Ints) -> Floats:
        """Give how often every row counts.

        Parameters
        ----------
        counts : numpy.ndarray of int, shape (m, n_clusters)
            How often each patient was drawn.

        Returns
        -------
        numpy.ndarray of float, shape (m, n_rows)
        """
        if self._times is None:
            return counts[:, self._cluster].astype(float)
        return np.asarray((self._times @ counts.T.astype(float)).T, order="C")

    def draw(self, resamples: int, rng: np.random.Generator) -> Iterator[Ints]:
        """Draw as many patients as there are, over and over.

        Parameters
        ----------
        resamples : int
        rng : numpy.random.Generator

        Yields
        ------
        numpy.ndarray of int, shape (m, n_clusters)
            How often each was drawn; the blocks put together are the same for any size of theirs.
        """
        patients = int(self._cluster.max()) + 1
        size = max(1, _CELLS // len(self._cluster))
        for start in range(0, resamples, size):
            yield rng.multinomial(patients, np.full(patients, 1 / patients), size=min(size, resamples - start))


def resampled(design: Design) -> Resampled:
    """Prepare the rows of a design.

    Parameters
    ----------
    design : Design
        With one predictor.

    Returns
    -------
    Resampled

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [5.0, 5.0, 5.0, 7.0]])
    >>> rows = resampled(Design("leak", np.zeros(4), x, ("intercept", "fill"), ("", ""), np.array([0, 0, 1, 1])))
    >>> rows.x.tolist(), rows.weights(np.array([[2, 0]])).tolist()
    ([5.0, 7.0], [[4.0, 0.0]])
    """
    pairs = np.column_stack([design.x[:, 1], design.y])
    different, which = np.unique(pairs, axis=0, return_inverse=True)
    if 2 * len(different) > design.n:
        return Resampled(design.x[:, 1], design.y, design.cluster, None)
    shape = (len(different), design.n_clusters)
    times = csr_array((np.ones(design.n), (which.ravel(), design.cluster)), shape=shape)
    return Resampled(different[:, 0].copy(), different[:, 1].copy(), design.cluster, times)
