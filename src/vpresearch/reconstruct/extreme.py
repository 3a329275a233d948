"""How far the datasets of an ensemble differ in what the claims leave free."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog

from vpresearch.core.errors import failure
from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import Floats, Ints, NotFoundError
from vpresearch.reconstruct.dataset import Reconstruction
from vpresearch.reconstruct.ensemble import ENSEMBLE, Ensemble, read_ensemble
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


def leaks_of(ensemble: Ensemble) -> NDArray[np.bool_]:
    """Return which vertebra with a leak is whose; shape (n_datasets, n_patients, n_vertebrae)."""
    whose = ensemble.patient[:, None] == np.arange(ensemble.n_vertebrae_of.shape[1])[:, None]
    leaks: NDArray[np.bool_] = whose & ensemble.leak[:, None]
    return leaks


def _lumbar(ensemble: Ensemble) -> NDArray[np.bool_]:
    lumbar: NDArray[np.bool_] = np.char.startswith(ensemble.column("level"), "L")
    return lumbar


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
    "patients with a leak": lambda ensemble: leaks_of(ensemble).any(axis=2).sum(axis=1).astype(float),
    "leaks of lumbar vertebrae": lambda ensemble: (ensemble.leak & _lumbar(ensemble)).sum(axis=1).astype(float),
    "mean VAS at one month over patients": lambda ensemble: ensemble.of_patients("vas_1m").mean(axis=1),
}


RULE = (
    "of the ensemble, the dataset nearest its middle: the least sum, over what the claims leave free (tables/spread), "
    "of the distance from the median in interquartile ranges"
)


def central() -> Reconstruction:
    """Choose the reconstruction that stands for all: the one nearest the middle of the shipped ensemble."""
    ensemble = read_ensemble(ENSEMBLE)
    number = int(eccentricity(ensemble).argmin())
    place = {"number": number + 1, "of": len(ensemble)}
    return Reconstruction(ensemble.table(number), {"ensemble": ENSEMBLE.name, **place, "rule": RULE})


def eccentricity(ensemble: Ensemble) -> Floats:
    """Return how far each dataset is from the middle of an ensemble in what the claims leave free, by ``RULE``."""
    distance = np.zeros(len(ensemble))
    for statistic in SPREAD.values():
        values = statistic(ensemble)
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        # What most datasets share is told apart by its own steps.
        distance += np.abs(values - middle) / ((high - low) or 1.0)
    # Rounded, so that the last digit of a processor chooses nothing.
    return np.round(distance, 9)


Sign = Literal[-1, 1]
STATISTICS: Mapping[str, Callable[[Floats, NDArray[np.bool_]], Floats]] = {
    "mean fill": lambda fill_percent, _: fill_percent.mean(axis=1),
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
        ends = [fill.value - fill.half_unit, fill.value + fill.half_unit] if fill else [-math.inf, math.inf]
        self._fill = float(ends[0]) * (1 + 1e-9), float(ends[1]) * (1 - 1e-9)
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


# Grid points that stand for all at first; those that break the proof join them.
_SPARSE = 7
_EXCEEDED = 1e-7


def most_mean_fill(paper: Paper) -> float | None:
    """Bound the mean of cement over volume, percent, by everything else that is printed of the two.

    A linear programme over how many vertebrae of each leak group have each pair of volume and cement on a grid. The
    numbers may be fractions, and ranks and ties are left out. What lies between two points of the grid counts as a
    mixture of both: its mean is the same, its fill is not less, and its squares are greater by at most a quarter of the
    step's. So no data, however finely measured, have more than this. None where the paper does not print means,
    standard deviations and ends of both.
    """
    try:
        return _most_mean_fill(target(paper, "vertebral_volume_cc"), target(paper, "cement_volume_cc"))
    except KeyError:
        return None


@cache
def _most_mean_fill(*aims: Target) -> float | None:
    volume, cement = (axis.ravel() for axis in np.meshgrid(*(_grid(aim)[1] for aim in aims), indexing="ij"))
    fill = np.tile(100 * cement / volume, 2)
    n_groups = np.array([aims[0].no_leak.n, aims[0].leak.n], float)
    rows, highest = _limits(aims, [volume, cement])
    group = np.repeat(np.eye(2), len(volume), axis=1)
    kept = np.unique(np.linspace(0, len(fill) - 1, len(fill) // _SPARSE).astype(int))
    while True:
        found = linprog(-fill[kept], rows[:, kept], highest, group[:, kept], n_groups, method="highs")
        if found.fun is None:
            if len(kept) == len(fill):
                return None
            # Too few points to hold what is printed: it may be possible with all of them.
            kept = np.arange(len(fill))
            continue
        # What a pair of volume and cement adds beyond its price in the constraints, the bound forgot.
        price = -(found.ineqlin.marginals @ rows + found.eqlin.marginals @ group)
        forgotten = np.setdiff1d(np.flatnonzero(fill - price > _EXCEEDED), kept)
        if not forgotten.size:
            # Whatever the solver's rounding leaves open is added: the sum is a bound all the same.
            return float(-found.fun / n_groups.sum() + max(0.0, (fill - price).max()))
        kept = np.union1d(kept, forgotten)


def _grid(aim: Target) -> tuple[float, Floats]:
    """Return a step, and points from the least to the greatest that can print as the ends, all four limits included."""
    if aim.minimum is None or aim.maximum is None:
        raise KeyError(f"the minimum and maximum of {aim.variable} are not printed")
    step = min(aim.step, 2 * aim.minimum.half_unit, 2 * aim.maximum.half_unit)
    first = aim.minimum.value - aim.minimum.half_unit
    n_steps = int((aim.maximum.value + aim.maximum.half_unit - first) / step)
    return float(step), np.linspace(float(first), float(first + n_steps * step), n_steps + 1)


def _limits(aims: Sequence[Target], values: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return what is printed of volume and cement as sums over both groups that may not be exceeded."""
    nothing = np.zeros_like(values[0])
    rows: list[Floats] = []
    highest: list[float] = []

    def within(where: tuple[int, int], row: Floats, low: float, high: float) -> None:
        both = np.concatenate([row if holds else nothing for holds in where])
        rows.extend([both, -both])
        highest.extend([high, -low])

    for aim, value in zip(aims, values, strict=True):
        step, _ = _grid(aim)
        for where, printed in (((1, 0), aim.no_leak), ((0, 1), aim.leak), ((1, 1), aim.pooled)):
            if printed is None:
                continue
            n, centre, half = printed.n, float(printed.mean.value), float(printed.mean.half_unit)
            within(where, value, n * (centre - half), n * (centre + half))
            if printed.sd is not None:
                sd, reach = float(printed.sd.value), float(printed.sd.half_unit)
                # Squares about the printed mean are those about the true one and n times the square of its distance.
                low, high = (n - 1) * max(0.0, sd - reach) ** 2, (n - 1) * (sd + reach) ** 2 + n * half**2
                high += n * step**2 / 4
                within(where, (value - centre) ** 2, low, high)
        for end in filter(None, (aim.minimum, aim.maximum)):
            prints = abs(value - float(end.value)) < float(end.half_unit) + _EXCEEDED
            within((1, 1), prints.astype(float), 1, math.inf)
    finite = np.isfinite(highest)
    return np.array(rows)[finite], np.array(highest)[finite]
