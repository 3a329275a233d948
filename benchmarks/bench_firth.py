"""Time many Firth regressions at once against a loop over firthmodels."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
from firthmodels import FirthLogisticRegression
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.bench_common import Row
from vpresearch.regression.batched import FirthFits, batched_firth

Floats = NDArray[np.float64]

FITS, ROWS, LOOPED, RUNS = 10_000, 41, 300, 5
# At 1e-8 some of its likelihood-ratio tests do not converge; at its own 1e-4 its coefficients are off by 3e-5.
TOLERANCE, STEPS = 1e-6, 100
LEAST_RATIO, MOST_APART = 20, 1e-6


def datasets(seed: int) -> tuple[Floats, Floats]:
    """Draw fill ratios and leaks much as in the study: about 15 leaks of 41, risk rising with fill."""
    random = np.random.default_rng(seed)
    fill = random.normal(21, 7, (FITS, ROWS)).round(1)
    leak = random.random((FITS, ROWS)) < 1 / (1 + np.exp(3.55 - 0.121 * fill + random.normal(0, 0.5, (FITS, 1))))
    return fill, leak.astype(float)


def loop(fill: Floats, leak: Floats) -> Floats:
    """Fit one after the other; columns as in ``table``."""
    rows = []
    for x, y in zip(fill, leak, strict=True):
        model = FirthLogisticRegression(gtol=TOLERANCE, xtol=TOLERANCE, max_iter=STEPS).fit(x[:, None], y)
        limits = model.lrt(0).conf_int(method="pl", tol=TOLERANCE, max_iter=STEPS)
        # firthmodels has the intercept last.
        rows.append([model.intercept_, model.coef_[0], *model.bse_[::-1], model.lrt_pvalues_[0], *limits[::-1].ravel()])
    return np.array(rows)


def table(fits: FirthFits) -> Floats:
    """Give coefficients, standard errors, p of the slope and limits, a row a dataset."""
    limits = np.stack([fits.low, fits.high], axis=2).reshape(-1, 4)
    return np.column_stack([fits.coef, fits.se, fits.p_value, limits])


def seconds(work: Callable[[Floats, Floats], object], fill: Floats, leak: Floats) -> float:
    times = []
    for _ in range(RUNS):
        start = process_time()
        work(fill, leak)
        times.append(process_time() - start)
    return median(times)


def rows() -> list[Row]:
    fill, leak = datasets(1)
    # Processor time on one thread: a second one only slows matrices this small.
    with threadpool_limits(1):
        start = process_time()
        expected = loop(fill[:LOOPED], leak[:LOOPED])
        looped = (process_time() - start) * FITS / LOOPED
        batched = seconds(batched_firth, fill, leak)
        found = table(batched_firth(fill, leak))
    apart = (np.abs(found[:LOOPED] - expected) / np.maximum(1e-3, np.abs(expected))).max()
    if apart > MOST_APART:
        raise RuntimeError(f"the two differ by {apart:.1e}")
    lacking = int(np.isnan(found).any(axis=1).sum())
    figure = f"{FITS} Firth fits of {ROWS} x 2, p and profile limits"
    note = f"apart by {apart:.0e} at most; {lacking} without every number"
    return [Row(figure, batched, "s", f"firthmodels, {LOOPED} in a loop", looped, LEAST_RATIO, note=note)]
