"""Resamples of patients as weights of rows: block by block, and equal rows of very many as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from vpresearch.parallel import InPlace, Workers, gather
from vpresearch.regression.batched import Reasons, batched_ml
from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.gee import why_too_few
from vpresearch.regression.logistic import gate, maximise

# Weights of a block.
_CELLS = 4_000_000


@dataclass(frozen=True)
class Resampled:
    """Rows of an outcome and one predictor, ready to be weighted by how often their patients were drawn."""

    x: Floats
    y: Floats
    _cluster: Ints
    _times: csr_array | None

    def weights(self, counts: Ints) -> Floats:
        """Return how often every row counts."""
        if self._times is None:
            return counts[:, self._cluster].astype(float)
        return np.asarray((self._times @ counts.T.astype(float)).T, order="C")

    def draw(self, resamples: int, rng: np.random.Generator) -> Iterator[Ints]:
        """Draw as many patients as there are, over and over."""
        patients = int(self._cluster.max()) + 1
        size = max(1, _CELLS // len(self._cluster))
        for start in range(0, resamples, size):
            yield rng.multinomial(patients, np.full(patients, 1 / patients), size=min(size, resamples - start))


def resampled(design: Design) -> Resampled:
    """Prepare the rows of a design."""
    pairs = np.column_stack([design.x[:, 1], design.y])
    different, which = np.unique(pairs, axis=0, return_inverse=True)
    if 2 * len(different) > design.n:
        return Resampled(design.x[:, 1], design.y, design.cluster, None)
    shape = (len(different), design.n_clusters)
    times = csr_array((np.ones(design.n), (which.ravel(), design.cluster)), shape=shape)
    return Resampled(different[:, 0].copy(), different[:, 1].copy(), design.cluster, times)


RESAMPLES = 2000
# Resamples of a block, half a second of work; the usual ones fit into one, which is not worth a process.
BLOCK = 20_000
_SEPARATED = ("complete_separation", "quasi_complete_separation")


@dataclass(frozen=True)
class Bootstrap:
    """Maximum-likelihood coefficients of resampled patients."""

    coefficients: Floats
    reason: Reasons

    @property
    def separated(self) -> int:
        """Resamples with infinite coefficients, which count in the percentiles."""
        return int(np.isin(self.reason, _SEPARATED).sum())

    @property
    def left_out(self) -> int:
        """Resamples with one outcome or one value of the predictor, or without a fit, which count for nothing."""
        return int(np.isnan(self.coefficients[:, 1]).sum())


def fit(
    design: Design,
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
    seed: int = 1,
    workers: Workers | None = None,
) -> tuple[Estimate, ...]:
    """Return maximum-likelihood coefficients with percentile intervals from resampled patients.

    Davison AC, Hinkley DV. Bootstrap Methods and their Application. Cambridge, 1997; sections 3.8 and 5.3. Field CA,
    Welsh AH. J R Stat Soc B 2007;69:369-90.
    """
    reason = "too_large" if len(design.terms) != 2 else gate(design) or why_too_few(design)
    if reason:
        return design.failed("bootstrap", reason)
    found = maximise(design.x, design.y)
    drawn = bootstrap(design, resamples, seed, workers)
    told = drawn.coefficients[~np.isnan(drawn.coefficients).any(axis=1)]
    if not (found.converged and len(told)):
        return design.failed("bootstrap", "not_converged")
    low, high = _percentiles(told, alpha)
    finite = np.isfinite(told).all() and len(told) > 1
    se = told.std(axis=0, ddof=1) if finite else np.nan
    interval = low, high, "percentile, patients resampled"
    return design.fitted("bootstrap", found.coefficients, se, interval, (np.nan, ""))


def bootstrap(design: Design, resamples: int = RESAMPLES, seed: int = 1, workers: Workers | None = None) -> Bootstrap:
    """Fit a logistic regression to resamples of as many patients as there are.

    Resamples are drawn in numbered blocks, each with its own generator.

    Parameters
    ----------
    design : Design
        With an outcome of 0 and 1, and one predictor.
    resamples : int
    seed : int
    workers : Workers, optional
        Share the blocks, and are handed the rows for it; this process where not given.

    Returns
    -------
    Bootstrap
        The same for any workers.

    Examples
    --------
    >>> import vpresearch as vp
    >>> design = vp.leak_design(vp.load(vp.RECONSTRUCTION).rows)
    >>> drawn = vp.bootstrap(design, resamples=200)
    >>> drawn.coefficients.shape, drawn.separated, drawn.left_out
    ((200, 2), 0, 0)
    """
    sizes = [min(BLOCK, resamples - start) for start in range(0, resamples, BLOCK)]
    tasks = [(design, size, seed, number) for number, size in enumerate(sizes)]
    found = {task[-1]: result for task, result in gather(workers or InPlace(), _block, tasks)}
    parts = [found[number] for number in range(len(tasks))]
    return Bootstrap(
        np.concatenate([part.coefficients for part in parts]), np.concatenate([part.reason for part in parts])
    )


def _block(design: Design, size: int, seed: int, number: int) -> Bootstrap:
    rows, found = resampled(design), maximise(design.x, design.y)
    # Resamples have their maxima near that of all patients.
    start = found.coefficients if found.converged else np.zeros(2)
    # A sequence reads a missing number as 0: the first block is that of the seed alone.
    rng = np.random.default_rng(np.random.SeedSequence((seed, number)))
    parts = [_fitted(rows, counts, start) for counts in rows.draw(size, rng)]
    return Bootstrap(
        np.concatenate([part.coefficients for part in parts]), np.concatenate([part.reason for part in parts])
    )


def _fitted(rows: Resampled, counts: Ints, start: Floats) -> Bootstrap:
    weights = rows.weights(counts)
    fits = batched_ml(rows.x, rows.y, weights, start.tolist())
    apart = np.isin(fits.reason, _SEPARATED)
    coefficients = fits.coef.copy()
    coefficients[apart] = _limits(rows.x, rows.y > 0, weights[apart] > 0)
    return Bootstrap(coefficients, fits.reason)


def _limits(x: Floats, event: NDArray[np.bool_], present: NDArray[np.bool_]) -> Floats:
    """Return where the coefficients of separated resamples go: to a step half-way between the outcomes."""
    (low_0, high_0), (low_1, high_1) = (
        (np.where(kind, x, np.inf).min(axis=1), np.where(kind, x, -np.inf).max(axis=1))
        for kind in (present & ~event, present & event)
    )
    rises = low_1 >= high_0
    step = np.where(rises, low_1 + high_0, low_0 + high_1) / 2
    slope = np.where(rises, np.inf, -np.inf)
    intercept = np.where((step > 0) == rises, -np.inf, np.inf)
    return np.column_stack([np.where(step == 0, 0.0, intercept), slope])


def _percentiles(values: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Return the values at equal ranks from either end, without interpolating, which infinite ones do not bear."""
    ranked, rank = np.sort(values, axis=0), int((len(values) + 1) * alpha / 2)
    if rank == 0:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    return ranked[rank - 1], ranked[-rank]
