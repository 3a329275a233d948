"""How often each method errs: datasets of the study's design, drawn where the truth is known."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtri, expit, logit
from scipy.stats import t

from vpresearch.core.errors import progress_bar
from vpresearch.core.files import put
from vpresearch.core.paths import BUILD, SIMULATION
from vpresearch.parallel import Workers, gather, running_code
from vpresearch.regression import bayes, exact, gee, mixed, resampling
from vpresearch.regression.batched import batched_firth, batched_ml
from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.gee import batched_gee

# Vertebrae of each of 27 patients, 41 in all.
SIZES = (1,) * 17 + (2,) * 7 + (3, 3) + (4,)
_SHARED_FILL = 0.5
_LARGE = 400_000
_RESAMPLES = 500
_NEWTON, _COARSER = 25, 0.7
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """What the datasets are drawn from."""

    slope: float = 0.0
    sd_patient: float = 2.0
    intercept: float = -0.9


@dataclass(frozen=True)
class Plan:
    """The design of the datasets: vertebrae of each patient, and how fill is distributed, percent."""

    sizes: tuple[int, ...] = SIZES
    mean_fill: float = 8.0
    sd_fill: float = 3.0
    fills: str = "normal"


NORMAL, SKEWED = Plan(), Plan(fills="lognormal")


def plan_of(study: Design) -> Plan:
    """Return the plan of a study: its sizes, and lognormal fills with its mean and SD."""
    sizes, fill = np.bincount(study.cluster), study.x[:, 1]
    return Plan(tuple(sorted(sizes.tolist())), float(fill.mean()), float(fill.std(ddof=1)), "lognormal")


class Drawn(NamedTuple):
    """Datasets: fill in percent, leaks of 0 and 1, shapes (m, n); whose vertebrae they are, shape (n,)."""

    fill_percent: Floats
    leak: Floats
    cluster: Ints


class Results(NamedTuple):
    """What a method makes of m datasets: 0 or 1, shape (m,); without a fit, 0 in both of the first."""

    rejected: Floats
    covered: Floats
    failed: Floats


def draw(truth: Truth, size: int, seed: int | np.random.SeedSequence, plan: Plan = NORMAL) -> Drawn:
    """Draw datasets of a plan.

    Half of the variance of fill, or of its logarithm, and the patients' own log odds, are shared by the vertebrae of a
    patient.
    """
    rng = np.random.default_rng(seed)
    patients, cluster = len(plan.sizes), np.repeat(np.arange(len(plan.sizes)), plan.sizes)
    shared, own = rng.standard_normal((size, patients)), rng.standard_normal((size, len(cluster)))
    z = np.sqrt(_SHARED_FILL) * shared[:, cluster] + np.sqrt(1 - _SHARED_FILL) * own
    fill = plan.mean_fill + plan.sd_fill * z
    if plan.fills == "lognormal":
        spread = np.log1p((plan.sd_fill / plan.mean_fill) ** 2)
        fill = plan.mean_fill * np.exp(np.sqrt(spread) * z - spread / 2)
    of_patients = truth.sd_patient * rng.standard_normal((size, patients))[:, cluster]
    risk = expit(truth.intercept + truth.slope * (fill - plan.mean_fill) + of_patients)
    # To a tenth of a percentage point, so that an exact test has a lattice.
    return Drawn(np.round(fill, 1), (rng.random(fill.shape) < risk).astype(float), cluster)


def marginal_slope(truth: Truth, plan: Plan = NORMAL) -> float:
    """Return the slope that a model over all patients aims at, from many vertebrae."""
    if truth.slope == 0:
        return 0.0
    rows = draw(truth, _LARGE // sum(plan.sizes), 1, plan)
    return float(batched_ml(rows.fill_percent.reshape(1, -1), rows.leak.reshape(1, -1)).coef[0, 1])


def batched_results(drawn: Drawn, slope: float) -> Mapping[str, Results]:
    """Try the methods that take all datasets at once."""
    fill, leak, cluster = drawn
    ml, firth, fits = batched_ml(fill, leak), batched_firth(fill, leak), batched_gee(fill, leak, cluster)
    with np.errstate(invalid="ignore"):
        df = float(fits.df.max(initial=1))
        found = {
            "ml:LR": _results(ml.p_value < 0.05, _ml_covers(drawn, ml.coef, slope), ml.coef[:, 1]),
            "firth:LR": _results(
                firth.p_value < 0.05, (firth.low[:, 1] <= slope) & (slope <= firth.high[:, 1]), firth.coef[:, 1]
            ),
            "gee_robust:z": _wald(fits.slope, fits.se["robust"], np.inf, slope),
        }
        clustered = {f"gee_{kind}:t": _wald(fits.slope, fits.se[kind], df, slope) for kind in fits.se}
    return found | clustered


def _results(rejected: Flags, covered: Flags, estimate: Floats) -> Results:
    failed = np.isnan(estimate)
    return Results((rejected & ~failed).astype(float), (covered & ~failed).astype(float), failed.astype(float))


def _wald(estimate: Floats, se: Floats, df: float, slope: float) -> Results:
    reach = t.isf(0.025, df) * se
    return _results(np.abs(estimate) > reach, np.abs(estimate - slope) <= reach, estimate)


def _ml_covers(drawn: Drawn, coef: Floats, slope: float) -> Flags:
    """Whether the likelihood-ratio interval has a slope: the intercept is fitted anew under it."""
    held = slope * drawn.fill_percent
    intercept = logit(drawn.leak.mean(axis=1)) - held.mean(axis=1)
    for _ in range(_NEWTON):
        p = expit(intercept[:, None] + held)
        intercept = intercept + np.clip((drawn.leak - p).sum(axis=1) / (p * (1 - p)).sum(axis=1), -2, 2)
    heights = [
        (drawn.leak * odds - np.logaddexp(0, odds)).sum(axis=1)
        for odds in (coef[:, :1] + coef[:, 1:] * drawn.fill_percent, intercept[:, None] + held)
    ]
    covers: Flags = 2 * (heights[0] - heights[1]) <= chdtri(1, 0.05)
    return covers


def _bayes(study: Design) -> tuple[Estimate, ...]:
    """Integrate on a coarser lattice: ends within a hundredth of their standard deviation, in half the time."""
    reason, margins = bayes.posterior(study, finer=_COARSER)
    slope = margins.get("fill_percent")
    if slope is None:
        return study.failed("bayes", reason)
    ends = slope.quantile(0.025), slope.quantile(0.975), "equal-tailed credible"
    return study.fitted("bayes", slope.moments()[0], slope.moments()[1], ends, (np.nan, ""))


_SINGLE: Mapping[str, Callable[[Design], tuple[Estimate, ...]]] = {
    "gee_kc:satterthwaite": partial(gee.fit, model="gee_kc_satterthwaite"),
    "mixed:z": mixed.fit,
    "mixed:LR": mixed.fit_profiled,
    "exact:exact": exact.fit,
    "bootstrap:percentile": partial(resampling.fit, resamples=_RESAMPLES),
    "bayes:posterior": _bayes,
}
SINGLE = tuple(_SINGLE)
# These aim at the slope within a patient.
CONDITIONAL = ("mixed:z", "mixed:LR", "bayes:posterior")
# Half a second each: of this many datasets one.
FEWER = {"mixed:LR": 20}
# With skewed fills, those that are quick, for what they say of the primary analysis.
OF_SKEWED = ("gee_kc:satterthwaite",)


def single_results(drawn: Drawn, method: str, slope: float) -> Results:
    """Try a method on one dataset after the other."""
    found = np.full((len(drawn.leak), 3), np.nan)
    for place, (fill, leak) in enumerate(zip(drawn.fill_percent, drawn.leak, strict=True)):
        x = np.column_stack([np.ones(len(fill)), fill])
        study = Design("leak", leak, x, ("intercept", "fill_percent"), ("", ""), drawn.cluster)
        estimate = _SINGLE[method](study)[1]
        if estimate.converged:
            found[place] = estimate.estimate, estimate.ci_low, estimate.ci_high
    estimates, low, high = found.T
    return _results((low > 0) | (high < 0), (low <= slope) & (slope <= high), estimates)


def summarise(nulls: Results, others: Results) -> dict[str, float]:
    """Count the errors of a method."""
    row: dict[str, float] = {"n": len(nulls.rejected)}
    for name, hits in (("type_one", nulls.rejected), ("coverage", others.covered), ("power", others.rejected)):
        share = float(hits.mean())
        row |= {name: share, f"{name}_error": float(np.sqrt(share * (1 - share) / len(hits)))}
    return row | {"failed": float(np.concatenate([nulls.failed, others.failed]).mean())}


def read_results() -> pd.DataFrame:
    """Read the results that the compendium ships."""
    return pd.read_csv(SIMULATION)


# Half as much again of the odds, a percentage point, within a patient.
TRUTHS = (Truth(slope=0.0), Truth(slope=0.4))
BLOCK = 100
# The quick methods take all datasets of a block at once, and are one piece of work.
_BATCHED = "batched"
_NUMBERS = 1000
_Task = tuple[str, int, int, int, int, float, Plan]
_Found = NDArray[np.float64]


def simulate(
    n: int,
    seed: int,
    workers: Workers,
    *,
    kept: Path | None = None,
    block: int = BLOCK,
    progress: str | None = None,
    plan: Plan = NORMAL,
    single: Sequence[str] = SINGLE,
) -> pd.DataFrame:
    """Count how often each method errs on datasets of a plan, without a slope and with one."""
    if n < 1:
        raise ValueError(f"a simulation has at least one dataset, not {n}")
    batched = list(batched_results(draw(TRUTHS[0], 2, 0), 0.0))
    sizes = {part: max(1, n // FEWER.get(part, 1)) for part in (_BATCHED, *single)}
    found = _done(list(_tasks(sizes, seed, block, plan)), workers, kept, progress)
    rows = []
    for part, size in sizes.items():
        numbers = _blocks(size, block)
        for place, name in enumerate(batched if part == _BATCHED else [part]):
            nulls, others = (
                Results(*np.concatenate([found[part, truth, number][place] for number in numbers], axis=1)[:, :size])
                for truth in range(len(TRUTHS))
            )
            rows.append({"method": name, "fills": plan.fills} | summarise(nulls, others))
    return pd.DataFrame(rows)


def _blocks(n: int, block: int) -> range:
    return range(-(-n // block))


def write_simulation(
    n: int, seed: int, out: Path, workers: Workers, progress: str | None = None, plan: Plan | None = None
) -> pd.DataFrame:
    """Simulate and write the table, whole or not at all; a run that was cut short goes on from its blocks.

    Without a plan, that of the paper with normal fills, and the quick methods with skewed ones.
    """
    run = partial(simulate, n, seed, workers, kept=BUILD / "simulation", progress=progress)
    tables = [run(plan=plan)] if plan else [run(), run(plan=SKEWED, single=OF_SKEWED)]
    table = pd.concat(tables, ignore_index=True)
    put(out, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return table


def _tasks(sizes: Mapping[str, int], seed: int, block: int, plan: Plan) -> Iterator[_Task]:
    """List what is to be done, the parts of a block together, so that the time left can be told from the first ones."""
    within, overall = [truth.slope for truth in TRUTHS], [marginal_slope(truth, plan) for truth in TRUTHS]
    for number, truth, part in product(_blocks(max(sizes.values()), block), range(len(TRUTHS)), sizes):
        if number in _blocks(sizes[part], block):
            yield part, truth, number, seed, block, (within if part in CONDITIONAL else overall)[truth], plan


def _done(
    tasks: list[_Task], workers: Workers, kept: Path | None, language: str | None
) -> dict[tuple[str, int, int], _Found]:
    places = {task: _place(kept, task) for task in tasks} if kept else {}
    found = {task[:3]: read for task, place in places.items() if (read := _read(place)) is not None}
    left = [task for task in tasks if task[:3] not in found]
    with progress_bar("blocks", len(tasks), language, done=len(found)) as bar:
        for task, results in gather(workers, work, left):
            found[task[:3]] = results
            if task in places:
                _write(places[task], results)
            bar.update()
    return found


def work(part: str, truth: int, number: int, seed: int, block: int, slope: float, plan: Plan = NORMAL) -> _Found:
    """Try a method, or all the quick ones, on one block of datasets."""
    # A sequence reads a missing number as 0: the first thousand blocks of seed 0 are those of a plain number each.
    entropy = np.random.SeedSequence((_NUMBERS * truth + number % _NUMBERS, number // _NUMBERS, seed))
    drawn = draw(TRUTHS[truth], block, entropy, plan)
    found = batched_results(drawn, slope).values() if part == _BATCHED else [single_results(drawn, part, slope)]
    return np.array(list(found))


def _place(kept: Path, task: _Task) -> Path:
    part, truth, number, seed, block, _, plan = task
    # What the slope depends on is code too.
    made_by = hashlib.sha256(f"{running_code()} {seed} {block} {plan}".encode()).hexdigest()[:16]
    return kept / made_by / f"{part.replace(':', '_')}-{truth}-{number}.npy"


def _read(place: Path) -> _Found | None:
    """Read a finished block; None if there is none, or none that can be read."""
    try:
        found: _Found = np.load(place, allow_pickle=False)
    except (OSError, EOFError, ValueError):
        return None
    return found


def _write(place: Path, results: _Found) -> None:
    content = io.BytesIO()
    np.save(content, results, allow_pickle=False)
    put(place, content.getvalue())
