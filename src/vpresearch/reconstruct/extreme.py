"""How far the datasets of an ensemble differ in what the claims leave free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpresearch.core.errors import failure
from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import Floats, Ints, NotFoundError
from vpresearch.reconstruct.ensemble import Ensemble
from vpresearch.reconstruct.targets import Target, attainable, printed_fill, target
from vpresearch.reconstruct.verify import verify
from vpresearch.reconstruct.volumes import GroupEnergy
from vpresearch.regression.batched import batched_ml

Leaks = NDArray[np.bool_]

QUANTILES = (0.0, 0.025, 0.25, 0.5, 0.75, 0.975, 1.0)


def spread(ensemble: Ensemble) -> pd.DataFrame:
    """Return the quantiles of what the claims leave free over the datasets of an ensemble."""
    rows = [
        {"statistic": name, "quantile": quantile, "value": float(value)}
        for name, statistic in SPREAD.items()
        for quantile, value in zip(QUANTILES, np.quantile(statistic(ensemble), QUANTILES), strict=True)
    ]
    return pd.DataFrame(rows)


def group_means(values: Floats, leak: Leaks) -> tuple[Floats, Floats]:
    """Return the means without and with a leak."""
    without, with_leak = (np.where(kind, values, 0).sum(axis=1) / kind.sum(axis=1) for kind in (~leak, leak))
    return without, with_leak


def correlation(first: Floats, second: Floats) -> Floats:
    """Return Pearson's correlation in each row."""
    x, y = (values - values.mean(axis=1, keepdims=True) for values in (first, second))
    r: Floats = (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return r


def slope_of_leak_on_fill(fill_percent: Floats, leak: Leaks) -> Floats:
    """Return the logistic slope of leak on fill by maximum likelihood, log odds a percent."""
    slope: Floats = batched_ml(fill_percent, leak).coef[:, 1]
    return slope


def difference_of_mean_fill(fill_percent: Floats, leak: Leaks) -> Floats:
    """Return the mean fill with a leak minus that without, percent; shapes as in ``group_means``."""
    without, with_leak = group_means(fill_percent, leak)
    return with_leak - without


SPREAD: Mapping[str, Callable[[Ensemble], Floats]] = {
    "mean fill without leak": lambda ensemble: group_means(ensemble.fill_percent, ensemble.leak)[0],
    "mean fill with leak": lambda ensemble: group_means(ensemble.fill_percent, ensemble.leak)[1],
    "difference of mean fill": lambda ensemble: difference_of_mean_fill(ensemble.fill_percent, ensemble.leak),
    "logistic slope of leak on fill": lambda ensemble: slope_of_leak_on_fill(ensemble.fill_percent, ensemble.leak),
    "correlation of cement and volume": lambda ensemble: correlation(ensemble.cement, ensemble.volumes),
    "correlation of volume and leak": lambda ensemble: correlation(ensemble.volumes, ensemble.leak.astype(float)),
    "patients with several vertebrae": lambda ensemble: (ensemble.n_vertebrae_of > 1).sum(axis=1).astype(float),
    "most vertebrae of a patient": lambda ensemble: ensemble.n_vertebrae_of.max(axis=1).astype(float),
}


Sign = Literal[-1, 1]
STATISTICS: Mapping[str, Callable[[Floats, NDArray[np.bool_]], Floats]] = {
    "difference of mean fill": difference_of_mean_fill,
    "logistic slope of leak on fill": slope_of_leak_on_fill,
}
_CHAINS, STEPS = 48, 240_000
# So often, the chains that lag behind go on from where the others are.
_SELECTIONS = 40
# Temperatures, in standard deviations of the statistic over the ensemble.
_HOT, _COLD = 0.3, 0.001
_SHIFTS = np.array([-5, -2, -1, 1, 2, 5])
_SWAP, _MOVE_VOLUME = 0.4, 0.4


@dataclass(frozen=True)
class Witness:
    """A dataset at the far end of what a search found."""

    statistic: str
    sign: Sign
    value: float
    started: float
    table: pd.DataFrame


def extreme(paper: Paper, ensemble: Ensemble, statistic: str, sign: Sign, seed: int, steps: int = STEPS) -> Witness:
    """Push a statistic as far as a search gets under every attainable claim.

    Volumes and cement of the furthest members of the ensemble are changed by moves after which every claim still
    holds, among them swaps of cement between vertebrae of one leak group, which leave table 3 as it is. That volumes
    grow down the spine and that cement comes in halves is not claimed by the paper and not kept here.
    """
    rng = np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(1, sorted(STATISTICS).index(statistic), sign + 1))
    )
    measure = STATISTICS[statistic]
    values = sign * measure(ensemble.fill_percent, ensemble.leak)
    starts = np.argsort(-values, kind="stable")[:_CHAINS]
    search = _Search(paper, ensemble.take(starts.tolist()), lambda fill, leak: sign * measure(fill, leak))
    bases, states, found = search.climb(rng, np.geomspace(_HOT, _COLD, steps) * values.std())
    for row in np.argsort(-found, kind="stable"):
        table = search.table(int(bases[row]), states[row])
        if not verify(table, paper, attainable(paper)):
            return Witness(statistic, sign, float(sign * found[row]), float(sign * values.max()), table)
    raise failure("no_extreme", NotFoundError, statistic=statistic)


class _Search:
    """Chains of volumes and cement, each with the patients, levels, leaks and scores of one member of an ensemble.

    A state has shape (2, n_vertebrae), volumes and cement in steps of the grid, vertebrae without a leak first.
    """

    def __init__(self, paper: Paper, starts: Ensemble, measure: Callable[[Floats, NDArray[np.bool_]], Floats]) -> None:
        self._starts, self._measure = starts, measure
        self._volume, self._cement = target(paper, "vertebral_volume_cc"), target(paper, "cement_volume_cc")
        self._energies = GroupEnergy(self._volume), GroupEnergy(self._cement)
        fill = printed_fill(paper)
        self._fill = tuple(float(fill.value + sign * fill.half_unit) * (1 - sign * 1e-9) for sign in (-1, 1))
        self._order = np.argsort(starts.leak, axis=1, kind="stable")
        self._n_no_leak = self._volume.no_leak.n
        self._leak = np.arange(starts.leak.shape[1]) >= self._n_no_leak
        smallest, largest = self._volume.ends
        # The printed ends stay where they are: the paper says which level each of them belongs to.
        self._fixed = np.isin(self._states()[:, 0], (smallest, largest))

    def climb(self, rng: np.random.Generator, temperatures: Floats) -> tuple[Ints, Ints, Floats]:
        """Move the chains; give for each the member it comes from, its furthest state and the value there."""
        bases, states = np.arange(len(self._order)), self._states()
        values = self._value(states)
        best, found = states.copy(), values.copy()
        for step, temperature in enumerate(temperatures):
            candidates = self._propose(rng, states, self._fixed[bases])
            rows = np.flatnonzero(self._holds(candidates))
            news = self._value(candidates[rows])
            accepted = rng.random(len(rows)) < np.exp(np.minimum((news - values[rows]) / temperature, 0))
            rows, news = rows[accepted], news[accepted]
            states[rows], values[rows] = candidates[rows], news
            further = rows[news > found[rows]]
            best[further], found[further] = states[further], values[further]
            if step % (len(temperatures) // _SELECTIONS + 1) == 0:
                ranked = np.argsort(-values, kind="stable")
                ahead, behind = ranked[: len(ranked) // 2], ranked[-(len(ranked) // 2) :]
                for kept in (bases, states, values, best, found):
                    kept[behind] = kept[ahead]
        return bases, best, found

    def table(self, base: int, state: Ints) -> pd.DataFrame:
        """Return a member of the ensemble with the volumes and the cement of a state."""
        table = self._starts.table(base)
        for column, aim, values in zip(
            ("vertebral_volume_cc", "cement_volume_cc"), (self._volume, self._cement), state, strict=True
        ):
            cells = np.empty(len(values))
            cells[self._order[base]] = [float(int(value) * aim.step) for value in values]
            table[column] = cells
        return table

    def _states(self) -> Ints:
        both = [
            np.rint(values / float(aim.step)).astype(np.int64)
            for values, aim in ((self._starts.volumes, self._volume), (self._starts.cement, self._cement))
        ]
        return np.stack([np.take_along_axis(values, self._order, axis=1) for values in both], axis=1)

    def _value(self, states: Ints) -> Floats:
        return self._measure(self._fill_percent(states), np.broadcast_to(self._leak, (len(states), len(self._leak))))

    def _fill_percent(self, states: Ints) -> Floats:
        scale = 100 * float(self._cement.step / self._volume.step)
        fill: Floats = scale * states[:, 1] / states[:, 0]
        return fill

    def _holds(self, states: Ints) -> NDArray[np.bool_]:
        """Return which states keep every claim about volume and cement."""
        mean_fill = self._fill_percent(states).mean(axis=1)
        holds: NDArray[np.bool_] = (mean_fill >= self._fill[0]) & (mean_fill <= self._fill[1])
        for values, aim, energy in zip(
            (states[:, 0], states[:, 1]), (self._volume, self._cement), self._energies, strict=True
        ):
            holds &= (values.min(axis=1) == aim.ends[0]) & (values.max(axis=1) == aim.ends[1])
            holds &= ~_too_often(values, aim)
            holds &= energy(values[:, : self._n_no_leak], values[:, self._n_no_leak :]) == 0
        return holds

    def _propose(self, rng: np.random.Generator, states: Ints, fixed: NDArray[np.bool_]) -> Ints:
        """Swap cement within a leak group, or shift one or two of its volumes or of its cement."""
        n_chains, n = len(states), states.shape[2]
        rows, changed = np.arange(n_chains), states.copy()
        kind = rng.random(n_chains)
        first = rng.integers(n, size=n_chains)
        # Another place of the same leak group.
        size = np.where(self._leak[first], n - self._n_no_leak, self._n_no_leak)
        base = np.where(self._leak[first], self._n_no_leak, 0)
        second = base + (first - base + rng.integers(1, size)) % size
        swaps = rows[kind < _SWAP]
        changed[swaps, 1, first[swaps]] = states[swaps, 1, second[swaps]]
        changed[swaps, 1, second[swaps]] = states[swaps, 1, first[swaps]]
        shift, paired = rng.choice(_SHIFTS, n_chains), rng.random(n_chains) < 0.5
        which = np.where(kind < _SWAP + _MOVE_VOLUME, 0, 1)
        free = (which == 1) | ~(fixed[rows, first] | fixed[rows, second])
        moved = rows[(kind >= _SWAP) & free]
        changed[moved, which[moved], first[moved]] += shift[moved]
        both = moved[paired[moved]]
        changed[both, which[both], second[both]] -= shift[both]
        return changed


def _too_often(values: Ints, aim: Target) -> NDArray[np.bool_]:
    if aim.most_equal is None:
        return np.zeros(len(values), dtype=bool)
    ordered = np.sort(values, axis=1)
    too_often: NDArray[np.bool_] = (ordered[:, aim.most_equal :] == ordered[:, : -aim.most_equal]).any(axis=1)
    return too_often
